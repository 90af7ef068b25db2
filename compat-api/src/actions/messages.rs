//! `create=message` and `get=message`.

use graphql_client::GraphQLQuery;
use service::Error;

use super::{DateTime, categories, day, line, lines, names};
use crate::call::Call;
use crate::form::Form;
use crate::page::{Page, PageRequest};
use crate::reply::xml::MESSAGE;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_message.graphql")]
struct CreateMessage;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_messages.graphql")]
struct GetMessages;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_messages.graphql")]
struct CountMessages;

/// What happens to operators such as `[category:Meetings]` in the body: only the webhook's page speaks of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orders {
    /// They are text.
    Kept,
    /// They are obeyed and taken out.
    Obeyed,
}

/// Makes a message. The lines of the field `files` are addresses of files.
pub(crate) async fn create(call: &Call, form: &Form, orders: Orders) -> Result<(), Error> {
    use create_message::{CreateMessageInput, MessageFileInput, OperatorHandling, Variables};
    let files = form.get("files").filter(|_| orders == Orders::Obeyed).unwrap_or_default();
    let urls = files.lines().map(str::trim).filter(|url| !url.is_empty());
    let file = |url: &str| MessageFileInput { name: file_name(url), url: url.to_owned(), media_type: None };
    let input = CreateMessageInput {
        title: line(form, "title"),
        body: lines(form, "body"),
        emailed_from: None,
        emailed_to: None,
        files: urls.map(file).collect(),
        categories: categories(form),
        associations: Vec::new(),
        operators: match orders {
            Orders::Kept => OperatorHandling::KEEP,
            Orders::Obeyed => OperatorHandling::OBEY,
        },
    };
    call.run::<CreateMessage>(Variables { input }).await?;
    Ok(())
}

/// The name of the file at an address: what stands behind the last slash, else the address itself.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().filter(|name| !name.is_empty());
    name.unwrap_or(url).to_owned()
}

/// A page of the messages that a search finds, the newest first.
pub(crate) async fn page(call: &Call, PageRequest { search, first, after }: PageRequest) -> Result<Page, Error> {
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
