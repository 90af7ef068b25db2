//! `create=event` and `get=event`.

use graphql_client::GraphQLQuery;
use jiff::tz::TimeZone;
use service::Error;

use super::{Date, DateTime, categories, line, lines, names, written};
use crate::call::Call;
use crate::date;
use crate::form::Form;
use crate::page::{Page, PageRequest};
use crate::reply::xml::EVENT;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/create_event.graphql")]
struct CreateEvent;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_events.graphql")]
struct GetEvents;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_events.graphql")]
struct CountEvents;

/// Makes an event on a day. The page has no association to create one with.
pub(crate) async fn create(call: &Call, form: &Form) -> Result<(), Error> {
    use create_event::{CreateEventInput, Variables};
    let input = CreateEventInput {
        // Without a title the mutation says that an event needs one.
        title: line(form, "title").unwrap_or_default(),
        starts_on: Some(date::of(form)?),
        starts_at: None,
        ends_on: None,
        ends_at: None,
        location: line(form, "location"),
        description: lines(form, "description"),
        is_complete: false,
        owner: None,
        email_template: None,
        categories: categories(form),
        associations: Vec::new(),
    };
    call.run::<CreateEvent>(Variables { input }).await?;
    Ok(())
}

/// A page of the events that a search finds, done or not.
pub(crate) async fn page(call: &Call, PageRequest { search, first, after }: PageRequest) -> Result<Page, Error> {
    use get_events::GetEventsEventsNodesAssociations::{Person, Transaction};
    let zone = call.session.time_zone();
    let events = call.run::<GetEvents>(get_events::Variables { search, first, after }).await?.events;
    let text = Option::unwrap_or_default;
    let records = events.nodes.into_iter().map(|event| {
        let date = written(event.starts_on);
        let associations = event.associations.into_iter().map(|subject| match subject {
            Person(person) => person.display_name,
            Transaction(transaction) => transaction.person.display_name,
        });
        EVENT.record([
            date.clone(),
            titled(&event.title, event.starts_at, event.ends_at, &zone),
            date,
            text(event.location),
            text(event.description),
            if event.is_complete { "1".to_owned() } else { String::new() },
            names(associations),
        ])
    });
    let next = events.page_info.end_cursor.filter(|_| events.page_info.has_next_page);
    Ok(Page { records: records.collect(), next })
}

/// How many events a search finds.
pub(crate) async fn count(call: &Call, search: Option<String>) -> Result<i64, Error> {
    Ok(call.run::<CountEvents>(count_events::Variables { search }).await?.events.total_count)
}

/// The title with the times of an event that has some: `Opera with Josh at 06:15 PM to 10:30 PM`.
fn titled(title: &str, starts_at: Option<DateTime>, ends_at: Option<DateTime>, zone: &TimeZone) -> String {
    let time = |moment: DateTime| moment.to_zoned(zone.clone()).strftime("%I:%M %p").to_string();
    match (starts_at.map(time), ends_at.map(time)) {
        (None, _) => title.to_owned(),
        (Some(start), None) => format!("{title} at {start}"),
        (Some(start), Some(end)) => format!("{title} at {start} to {end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{TimeZone, titled};

    #[test]
    fn times_stand_behind_the_title() {
        let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
        let moment = |text: &str| Some(text.parse().expect("a moment"));
        let (evening, noon) = (moment("2026-05-09T01:15:00Z"), moment("2026-05-09T19:00:00Z"));
        assert_eq!(titled("Opera", None, None, &zone), "Opera");
        assert_eq!(titled("Opera", evening, None, &zone), "Opera at 06:15 PM");
        assert_eq!(titled("Opera", evening, noon, &zone), "Opera at 06:15 PM to 12:00 PM");
    }
}
