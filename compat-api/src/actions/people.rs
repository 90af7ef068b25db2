//! `create=person` and `get=people`.

use graphql_client::GraphQLQuery;
use service::Error;

use super::custom_values::{self, Owner};
use super::{DateTime, Matching, Named, categories, day, line, lines, named, person_match};
use crate::call::Call;
use crate::form::Form;
use crate::page::{Page, PageRequest};
use crate::reply::xml::PERSON;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_person.graphql")]
struct CreatePerson;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_people.graphql")]
struct GetPeople;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_people.graphql")]
struct CountPeople;

/// Makes a person, or takes the one who is there.
pub(crate) async fn create(call: &Call, form: &Form, matching: Matching) -> Result<(), Error> {
    use create_person::{CreatePersonInput, CustomValueInput, Variables};
    let Named { name, company, email, notes } = named(form);
    let values = custom_values::given(call, form, Some(Owner::Person)).await?;
    let input = CreatePersonInput {
        name,
        company,
        title: line(form, "title"),
        email,
        phone: line(form, "phone"),
        mobile: line(form, "mobile"),
        fax: line(form, "fax"),
        url: line(form, "url"),
        address: lines(form, "address"),
        city: line(form, "city"),
        state: line(form, "state"),
        zip: line(form, "zip"),
        country: line(form, "country"),
        notes,
        categories: categories(form),
        custom_values: values
            .into_iter()
            .map(|given| CustomValueInput { field: given.field, value: Some(given.value) })
            .collect(),
        person_match: person_match!(create_person, matching),
    };
    call.run::<CreatePerson>(Variables { input }).await?;
    Ok(())
}

/// A page of the people that a search finds.
pub(crate) async fn page(call: &Call, PageRequest { search, first, after }: PageRequest) -> Result<Page, Error> {
    let zone = call.session.time_zone();
    let people = call.run::<GetPeople>(get_people::Variables { search, first, after }).await?.people;
    let text = Option::unwrap_or_default;
    let records = people.nodes.into_iter().map(|person| {
        PERSON.record([
            person.display_name,
            text(person.title),
            text(person.phone),
            text(person.mobile),
            text(person.fax),
            text(person.email),
            text(person.url),
            text(person.address),
            text(person.city),
            text(person.state),
            text(person.zip),
            text(person.country),
            day(person.updated_at, &zone),
        ])
    });
    let next = people.page_info.end_cursor.filter(|_| people.page_info.has_next_page);
    Ok(Page { records: records.collect(), next })
}

/// How many people a search finds.
pub(crate) async fn count(call: &Call, search: Option<String>) -> Result<i64, Error> {
    Ok(call.run::<CountPeople>(count_people::Variables { search }).await?.people.total_count)
}
