//! `create=lead` and `get=lead`, and the same for the other three stages.

use graphql_client::GraphQLQuery;
use service::Error;

use super::custom_values::{self, Owner};
use super::{DateTime, Decimal, Matching, Named, categories, day, four_places, line, lines, named, person_match};
use crate::call::Call;
use crate::form::Form;
use crate::number;
use crate::page::{Page, PageRequest};
use crate::reply::xml::{Shape, transaction};
use crate::target::Stage;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_transaction.graphql")]
struct CreateTransaction;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_transactions.graphql")]
struct GetTransactions;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_transactions.graphql")]
struct CountTransactions;

/// The stage as a document of this module has it.
macro_rules! stage {
    ($module:ident, $stage:expr) => {
        match $stage {
            Stage::Lead => $module::Stage::LEAD,
            Stage::Opportunity => $module::Stage::OPPORTUNITY,
            Stage::Customer => $module::Stage::CUSTOMER,
            Stage::Archive => $module::Stage::ARCHIVE,
        }
    };
}

/// The elements of the transactions of a stage.
pub(crate) const fn shape(stage: Stage) -> Shape<16> {
    transaction(match stage {
        Stage::Lead => "lead",
        Stage::Opportunity => "opportunity",
        Stage::Customer => "customer",
        Stage::Archive => "archive",
    })
}

/// Makes a transaction with the person who matches, or with a new one, and fires the event template of this name on it.
pub(crate) async fn create(
    call: &Call,
    stage: Stage,
    form: &Form,
    matching: Matching,
    event_template: Option<String>,
) -> Result<(), Error> {
    use create_transaction::{CreateTransactionInput, CustomValueInput, PersonInput, Variables};
    let Named { name, company, email, notes } = named(form);
    let values = custom_values::given(call, form, None).await?;
    let (of_person, of_transaction): (Vec<_>, Vec<_>) =
        values.into_iter().partition(|given| given.owner == Owner::Person);
    let custom_value = |given: custom_values::Given| CustomValueInput { field: given.field, value: Some(given.value) };
    let person = PersonInput {
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
        categories: Vec::new(),
        custom_values: of_person.into_iter().map(custom_value).collect(),
    };
    let input = CreateTransactionInput {
        stage: stage!(create_transaction, stage),
        value: form.get("value").map(|text| number::value("value", text)).transpose()?,
        probability: form.get("probability").map(number::probability).transpose()?,
        more_info: lines(form, "moreinfo"),
        person_id: None,
        person: Some(person),
        person_match: person_match!(create_transaction, matching),
        managers: Vec::new(),
        categories: categories(form),
        custom_values: of_transaction.into_iter().map(custom_value).collect(),
        event_template,
    };
    call.run::<CreateTransaction>(Variables { input }).await?;
    Ok(())
}

/// A page of the transactions of a stage that a search finds.
pub(crate) async fn page(
    call: &Call,
    stage: Stage,
    PageRequest { search, first, after }: PageRequest,
) -> Result<Page, Error> {
    let zone = call.session.time_zone();
    let shape = shape(stage);
    let variables = get_transactions::Variables { stage: stage!(get_transactions, stage), search, first, after };
    let transactions = call.run::<GetTransactions>(variables).await?.transactions;
    let text = Option::unwrap_or_default;
    let records = transactions.nodes.into_iter().map(|transaction| {
        let person = transaction.person;
        shape.record([
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
        ])
    });
    let next = transactions.page_info.end_cursor.filter(|_| transactions.page_info.has_next_page);
    Ok(Page { records: records.collect(), next })
}

/// How many transactions of a stage a search finds.
pub(crate) async fn count(call: &Call, stage: Stage, search: Option<String>) -> Result<i64, Error> {
    let variables = count_transactions::Variables { stage: stage!(count_transactions, stage), search };
    Ok(call.run::<CountTransactions>(variables).await?.transactions.total_count)
}
