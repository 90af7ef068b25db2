//! People: from clients and files to the database, and from the database to both.

use service::Kind;
use storage::query::people as stored;

use crate::people::{Person, PersonInput};
use crate::scalar::{DateTime, Text};

/// The input of a client as storage takes it.
pub(crate) fn new(input: PersonInput) -> stored::NewPerson {
    let PersonInput {
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
        categories,
        custom_values,
    } = input;
    let contact = storage::Contact {
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
    };
    stored::NewPerson { contact, categories, custom_values: super::custom_fields::given(custom_values) }
}

/// A person of the database as clients see it.
pub(crate) fn to_graphql(person: stored::Person) -> Person {
    let display_name = person.contact().display_name();
    let stored::Person {
        account_id: _,
        id,
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
        sort_key: _,
        email_key: _,
        name_key: _,
        company_key: _,
        phone_digits: _,
        city_key: _,
        state_key: _,
        country_key: _,
        custom_text: _,
        search_text: _,
        created_by,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = person;
    Person {
        id: Kind::Person.global(id).into(),
        version,
        display_name,
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url: url.map(Text::from),
        address: address.map(Text::from),
        city,
        state,
        zip,
        country,
        notes: notes.map(Text::from),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        creator_key: created_by,
        key: id,
    }
}
