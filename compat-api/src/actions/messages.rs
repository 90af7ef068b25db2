//! `create=message` and `get=message`.

use graphql_client::GraphQLQuery;
use schema::Error;

use super::{DateTime, categories, day, line, lines, names};
use crate::form::Form;
use crate::listing::{Ask, Page};
use crate::reply::xml::MESSAGE;
use crate::run::Call;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_message.graphql")]
struct CreateMessage;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_messages.graphql")]
struct GetMessages;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_messages.graphql")]
struct CountMessages;

/// Makes a message. Operators in its body stay text: only the webhook's page speaks of them.
pub(crate) async fn create(call: &Call, form: &Form) -> Result<(), Error> {
    use create_message::{CreateMessageInput, OperatorHandling, Variables};
    let input = CreateMessageInput {
        title: line(form, "title"),
        body: lines(form, "body"),
        emailed_from: None,
        emailed_to: None,
        files: Vec::new(),
        categories: categories(form),
        associations: Vec::new(),
        operators: OperatorHandling::KEEP,
    };
    call.run::<CreateMessage>(Variables { input }).await?;
    Ok(())
}

/// A page of the messages that a search finds, the newest first.
pub(crate) async fn page(call: &Call, Ask { search, first, after }: Ask) -> Result<Page, Error> {
    use get_messages::GetMessagesMessagesNodesAssociations::{Person, Transaction};
    let zone = call.session.time_zone();
    let messages = call.run::<GetMessages>(get_messages::Variables { search, first, after }).await?.messages;
    let text = Option::unwrap_or_default;
    let records = messages.nodes.into_iter().map(|message| {
        let associations = message.associations.into_iter().map(|subject| match subject {
            Person(person) => person.display_name,
            Transaction(transaction) => transaction.person.display_name,
        });
        MESSAGE.record([
            text(message.title),
            text(message.body),
            message.created_by.map(|user| user.name).unwrap_or_default(),
            text(message.emailed_from),
            text(message.emailed_to),
            day(message.updated_at, &zone),
            names(associations),
        ])
    });
    let next = messages.page_info.end_cursor.filter(|_| messages.page_info.has_next_page);
    Ok(Page { records: records.collect(), next })
}

/// How many messages a search finds.
pub(crate) async fn count(call: &Call, search: Option<String>) -> Result<i64, Error> {
    Ok(call.run::<CountMessages>(count_messages::Variables { search }).await?.messages.total_count)
}
