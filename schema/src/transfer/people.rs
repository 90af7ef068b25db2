//! People: from clients and files to the database, and from the database to both.

use storage::import::{Incoming, RecordTimes};
use storage::query::custom_values::CustomValue;
use storage::query::people as stored;
use storage::query::portions::CarriedPerson;

use super::contact;
use crate::id::Kind;
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
pub(crate) fn client(person: stored::Person) -> Person {
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

/// A person of the database as files carry it.
pub(crate) fn record(person: CarriedPerson, custom: Vec<CustomValue>) -> formats::Person {
    let CarriedPerson { id, contact: stored, categories, created_at, updated_at } = person;
    formats::Person {
        id: Some(Kind::Person.global(id).to_string()),
        contact: contact::carried(stored),
        categories,
        custom: super::custom_fields::carried(custom),
        foreign: Vec::new(),
        created_at: Some(created_at.into()),
        updated_at: Some(updated_at.into()),
    }
}

/// A row of a file as the import takes it.
pub(crate) fn incoming(person: formats::Person, row: u64) -> Incoming {
    let formats::Person { id, contact: carried, categories, custom, foreign, created_at, updated_at } = person;
    Incoming {
        row,
        id: id.and_then(|id| Kind::Person.parse(&id)),
        times: RecordTimes { created_at: created_at.map(Into::into), updated_at: updated_at.map(Into::into) },
        contact: contact::stored(carried),
        foreign_notes: contact::foreign_lines(&foreign),
        categories,
        custom: custom.into_iter().map(|value| (value.field, value.value)).collect(),
        ..Incoming::default()
    }
}
