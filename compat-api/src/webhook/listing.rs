//! Answering `search`: a bare JSON array of objects whose values are all texts, read a page at a time and written as it comes.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use graphql_client::GraphQLQuery;
use serde::Serializer;
use service::{Code, Error};

use crate::actions::{DateTime, Decimal, four_places, people};
use crate::call::Call;
use crate::form::Form;
use crate::reply::{Body, Reply};

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/search_people.graphql")]
struct SearchPeople;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/search_prospects.graphql")]
struct SearchProspects;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/count_prospects.graphql")]
struct CountProspects;

/// How many records GraphQL is asked for at a time.
const PAGE: usize = 200;

/// How many records of the largest size GraphQL answers at a time.
const SMALL_PAGE: usize = 10;

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Transactions of every stage.
    Prospects,
    People,
}

/// What a form searches for; `None` for one that has neither `search` nor `searchpeople`.
pub(super) fn parse(form: &Form) -> Option<Wanted> {
    let people = form
        .get("searchpeople")
        .is_some_and(|text| ["true", "yes", "1", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes)));
    match (people, form.raw("search")) {
        (true, _) => Some(Wanted::People),
        (false, Some(_)) => Some(Wanted::Prospects),
        (false, None) => None,
    }
}

/// Answers what a search finds, everything without one. The first page is read before it answers, so that a wrong search is a
/// sentence and no broken document.
pub(super) async fn find(call: Call, wanted: Wanted, search: Option<String>) -> Result<Reply, Error> {
    let most = call.settings.result_cap.get();
    let listing = Listing { call, wanted, search };
    let Page { objects, next } = listing.page(most, None).await?;
    let remaining = most.saturating_sub(objects.len());
    let text = format!("[{}", objects.join(","));
    let Some(next) = next else {
        return Ok(Reply::json(Body::Whole(Bytes::from(text + "]")), None));
    };
    // A header stands before the records, so it takes a count; only a reply of several pages needs one.
    let cap = (listing.count().await? > most).then_some(most);
    let state = StreamState { text, next: Some(next).filter(|_| remaining > 0), remaining };
    let chunks = stream::try_unfold((listing, Some(state)), async |(listing, state)| {
        let Some(StreamState { text, next, remaining }) = state else { return Ok(None) };
        let Some(after) = next else { return Ok(Some((Bytes::from(text + "]"), (listing, None)))) };
        let Page { objects, next } = listing.page(remaining, Some(after)).await?;
        let remaining = remaining.saturating_sub(objects.len());
        let more: String = objects.iter().map(|object| format!(",{object}")).collect();
        let state = StreamState { text: more, next: next.filter(|_| remaining > 0), remaining };
        Ok(Some((Bytes::from(text), (listing, Some(state)))))
    });
    Ok(Reply::json(Body::Stream(chunks.boxed()), cap))
}

/// How far a reply is written.
struct StreamState {
    /// What was read and is not written yet.
    text: String,
    next: Option<String>,
    /// How many records it may still hold.
    remaining: usize,
}

/// A page of objects, as JSON.
struct Page {
    objects: Vec<String>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
}

/// What a reply lists.
struct Listing {
    call: Call,
    wanted: Wanted,
    search: Option<String>,
}

impl Listing {
    /// A page of at most so many records, of fewer where they are long.
    async fn page(&self, most: usize, after: Option<String>) -> Result<Page, Error> {
        match self.page_of(most.min(PAGE), after.clone()).await {
            Err(error) if error.code == Code::Limited && most > SMALL_PAGE => self.page_of(SMALL_PAGE, after).await,
            page => page,
        }
    }

    async fn page_of(&self, most: usize, after: Option<String>) -> Result<Page, Error> {
        let first = i64::try_from(most).expect("a page is small");
        match self.wanted {
            Wanted::People => self.people(first, after).await,
            Wanted::Prospects => self.prospects(first, after).await,
        }
    }

    async fn people(&self, first: i64, after: Option<String>) -> Result<Page, Error> {
        let variables = search_people::Variables { search: self.search.clone(), first, after };
        let people = self.call.run::<SearchPeople>(variables).await?.people;
        let objects = people.nodes.into_iter().map(|person| {
            let mut object = Object::of(person.id, person.display_name);
            object.fill([
                ("title", person.title),
                ("email", person.email),
                ("phone", person.phone),
                ("mobile", person.mobile),
                ("fax", person.fax),
                ("address", person.address),
                ("city", person.city),
                ("state", person.state),
                ("zip", person.zip),
                ("country", person.country),
                ("website", person.url),
                ("notes", person.notes),
            ]);
            object.put("categories", lines(person.categories.into_iter().map(|category| category.name)));
            object.put("timestamp", self.moment(person.updated_at));
            for value in person.custom_values {
                object.put_unless_there(value.field.name, value.value);
            }
            object.json()
        });
        let objects = objects.collect();
        Ok(Page { objects, next: people.page_info.end_cursor.filter(|_| people.page_info.has_next_page) })
    }

    async fn prospects(&self, first: i64, after: Option<String>) -> Result<Page, Error> {
        let variables = search_prospects::Variables { search: self.search.clone(), first, after };
        let prospects = self.call.run::<SearchProspects>(variables).await?.transactions;
        let objects = prospects.nodes.into_iter().map(|prospect| {
            let person = prospect.person;
            let mut object = Object::of(prospect.id, person.display_name);
            object.put("type", stage(&prospect.stage).to_owned());
            object.fill([
                ("title", person.title),
                ("email", person.email),
                ("phone", person.phone),
                ("mobile", person.mobile),
                ("fax", person.fax),
                ("address", person.address),
                ("city", person.city),
                ("state", person.state),
                ("zip", person.zip),
                ("country", person.country),
                ("website", person.url),
                ("notes", person.notes),
            ]);
            object.put("categories", lines(prospect.categories.into_iter().map(|category| category.name)));
            object.put("value", four_places(&prospect.value));
            object.put("probability", four_places(&prospect.probability));
            object.put("moreinfo", prospect.more_info.unwrap_or_default());
            // A prospect shows the data of both, so either's change is one of the prospect.
            object.put("timestamp", self.moment(prospect.updated_at.max(person.updated_at)));
            for value in prospect.custom_values {
                object.put_unless_there(value.field.name, value.value);
            }
            for value in person.custom_values {
                object.put_unless_there(value.field.name, value.value);
            }
            object.json()
        });
        let objects = objects.collect();
        Ok(Page { objects, next: prospects.page_info.end_cursor.filter(|_| prospects.page_info.has_next_page) })
    }

    /// How many records there are.
    async fn count(&self) -> Result<usize, Error> {
        let search = self.search.clone();
        let count = match self.wanted {
            Wanted::People => people::count(&self.call, search).await?,
            Wanted::Prospects => {
                let counted = self.call.run::<CountProspects>(count_prospects::Variables { search }).await?;
                counted.transactions.total_count
            }
        };
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// A moment as the original wrote it, `2009-11-23 00:00:00`, in the account's time zone.
    fn moment(&self, moment: DateTime) -> String {
        moment.to_zoned(self.call.session.time_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn stage(stage: &search_prospects::Stage) -> &'static str {
    match stage {
        search_prospects::Stage::OPPORTUNITY => "opportunity",
        search_prospects::Stage::CUSTOMER => "customer",
        search_prospects::Stage::ARCHIVE => "archive",
        search_prospects::Stage::LEAD | search_prospects::Stage::Other(_) => "lead",
    }
}

fn lines(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join("\n")
}

/// An object whose values are all texts, in the order in which they are put in.
struct Object(Vec<(String, String)>);

impl Object {
    fn of(key: String, name: String) -> Self {
        Self(vec![("key".to_owned(), key), ("name".to_owned(), name)])
    }

    fn put(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    fn fill<const N: usize>(&mut self, fields: [(&str, Option<String>); N]) {
        for (name, value) in fields {
            self.put(name, value.unwrap_or_default());
        }
    }

    /// A custom value may not hide a field: its name is compared as a form's would be.
    fn put_unless_there(&mut self, name: String, value: String) {
        let is_same = |(there, _): &&(String, String)| there.to_lowercase() == name.to_lowercase();
        if self.0.iter().find(is_same).is_none() {
            self.0.push((name, value));
        }
    }

    fn json(self) -> String {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut bytes);
        serializer.collect_map(self.0).expect("texts are JSON, and a vector takes all of it");
        String::from_utf8(bytes).expect("serde_json writes UTF-8")
    }
}
