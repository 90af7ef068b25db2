//! `create=lead` and `get=lead`, and the same for the other three stages.

use graphql_client::GraphQLQuery;

use super::{DateTime, Decimal, MOST_RECORDS, categories, day, four_places, line, name_and_company};
use crate::action::Stage;
use crate::form::Form;
use crate::number;
use crate::reply::Reply;
use crate::reply::xml::{Document, TRANSACTION};
use crate::run::{Call, Refusal};

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_transaction.graphql")]
struct CreateTransaction;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_transactions.graphql")]
struct GetTransactions;

/// Makes a transaction with the person who matches, or with a new one. (design.md section 12.)
pub(crate) async fn create(call: &Call<'_>, stage: Stage, form: &Form) -> Result<Reply, Refusal> {
    use create_transaction::{CreateTransactionInput, PersonInput, PersonMatch, Stage as Wire};
    let (name, company) = name_and_company(form);
    let person = PersonInput {
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
        categories: Vec::new(),
        custom_values: Vec::new(),
    };
    let input = CreateTransactionInput {
        stage: match stage {
            Stage::Lead => Wire::LEAD,
            Stage::Opportunity => Wire::OPPORTUNITY,
            Stage::Customer => Wire::CUSTOMER,
            Stage::Archive => Wire::ARCHIVE,
        },
        value: form.get("value").map(number::value).transpose()?,
        probability: form.get("probability").map(number::probability).transpose()?,
        more_info: line(form, "moreinfo"),
        person_id: None,
        person: Some(person),
        person_match: PersonMatch::MERGE,
        managers: Vec::new(),
        categories: categories(form),
        custom_values: Vec::new(),
    };
    call.run::<CreateTransaction>(create_transaction::Variables { input }).await?;
    Ok(Reply::success())
}

/// Answers the transactions of a stage that a search finds, all of them without one.
pub(crate) async fn get(call: &Call<'_>, stage: Stage, form: &Form) -> Result<Reply, Refusal> {
    use get_transactions::Stage as Wire;
    let zone = call.session.time_zone();
    let mut document = Document::new(stage.element(), TRANSACTION);
    let (mut after, mut written) = (None, 0);
    loop {
        let stage = match stage {
            Stage::Lead => Wire::LEAD,
            Stage::Opportunity => Wire::OPPORTUNITY,
            Stage::Customer => Wire::CUSTOMER,
            Stage::Archive => Wire::ARCHIVE,
        };
        let variables = get_transactions::Variables { stage, search: line(form, "search"), after };
        let transactions = call.run::<GetTransactions>(variables).await?.transactions;
        for transaction in transactions.nodes.into_iter().take(MOST_RECORDS - written) {
            written += 1;
            let person = transaction.person;
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
                // A lead on the page shows the data of both, so either's change is one of the lead.
                day(transaction.updated_at.max(person.updated_at), &zone),
                four_places(&transaction.probability),
                four_places(&transaction.value),
                text(transaction.more_info),
            ]);
        }
        let page = transactions.page_info;
        after = page.end_cursor.filter(|_| page.has_next_page && written < MOST_RECORDS);
        if after.is_none() {
            return Ok(Reply::xml(document.finish()));
        }
    }
}
