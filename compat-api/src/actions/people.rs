//! `create=person` and `get=people`.

use graphql_client::GraphQLQuery;

use super::{DateTime, MOST_RECORDS, categories, day, line, name_and_company};
use crate::form::Form;
use crate::reply::Reply;
use crate::reply::xml::{Document, PERSON};
use crate::run::{Call, Refusal};

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_person.graphql")]
struct CreatePerson;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_people.graphql")]
struct GetPeople;

/// Makes a person. (COMPATIBILITY.md: whoever is there already.)
pub(crate) async fn create(call: &Call<'_>, form: &Form) -> Result<Reply, Refusal> {
    let (name, company) = name_and_company(form);
    let input = create_person::CreatePersonInput {
        name,
        company,
        title: line(form, "title"),
        email: line(form, "email"),
        phone: line(form, "phone"),
        mobile: line(form, "mobile"),
        fax: line(form, "fax"),
        url: line(form, "url"),
        address: line(form, "address"),
        city: line(form, "city"),
        state: line(form, "state"),
        zip: line(form, "zip"),
        country: line(form, "country"),
        notes: line(form, "notes"),
        categories: categories(form),
        custom_values: Vec::new(),
    };
    call.run::<CreatePerson>(create_person::Variables { input }).await?;
    Ok(Reply::success())
}

/// Answers the people that a search finds, all of them without one.
pub(crate) async fn get(call: &Call<'_>, form: &Form) -> Result<Reply, Refusal> {
    let zone = call.session.time_zone();
    let mut document = Document::new("person", PERSON);
    let (mut after, mut written) = (None, 0);
    loop {
        let variables = get_people::Variables { search: line(form, "search"), after };
        let people = call.run::<GetPeople>(variables).await?.people;
        for person in people.nodes.into_iter().take(MOST_RECORDS - written) {
            written += 1;
            let text = Option::unwrap_or_default;
            document.push([
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
            ]);
        }
        after = people.page_info.end_cursor.filter(|_| people.page_info.has_next_page && written < MOST_RECORDS);
        if after.is_none() {
            return Ok(Reply::xml(document.finish()));
        }
    }
}
