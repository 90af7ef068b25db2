//! One search over all sections.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Object, Response, Value};
use storage::{Order, Search, View};

use crate::context::session;
use crate::error::Result;
use crate::events::{self, EventOrder, EventsPage};
use crate::messages::{self, MessageOrder, MessagesPage};
use crate::page::PageArguments;
use crate::people::{self, People, Person};
use crate::transactions::{self, Transaction, Transactions};

/// What a search finds, section by section; a section that is not asked for is not searched.
pub(crate) struct Found {
    view: View,
}

#[Object(name = "SearchResult")]
impl Found {
    /// The people, by name.
    #[graphql(complexity = "crate::cost::section(first, last, child_complexity)")]
    async fn people(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Person, People, EmptyFields>> {
        let page = PageArguments { first, after, last, before };
        people::of_view(ctx, self.view.clone(), Order::default(), page).await
    }

    /// The transactions of all stages, by the name of their person.
    #[graphql(complexity = "crate::cost::section(first, last, child_complexity)")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Transaction, Transactions, EmptyFields>> {
        let page = PageArguments { first, after, last, before };
        transactions::of_view(ctx, self.view.clone(), Order::default(), page).await
    }

    /// The events, done or not, by date.
    #[graphql(complexity = "crate::cost::section(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<EventsPage> {
        let page = PageArguments { first, after, last, before };
        events::of_view(ctx, self.view.clone(), None, EventOrder::default(), page).await
    }

    /// The messages, the newest first.
    #[graphql(complexity = "crate::cost::section(first, last, child_complexity)")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessagesPage> {
        let page = PageArguments { first, after, last, before };
        messages::of_view(ctx, self.view.clone(), MessageOrder::default(), page).await
    }
}

/// What is to be said of the searches of a request, such as a word that looks like a selector and is none.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<BTreeSet<String>>>);

impl Notes {
    /// Puts the notes into an answer, as the extension `search`.
    pub(crate) fn add_to(&self, answer: &mut Response) {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.is_empty() {
            let notes = notes.iter().map(|note| Value::from(note.as_str())).collect();
            answer.extensions.insert("search".to_owned(), Value::List(notes));
        }
    }
}

/// Notes what is to be said of a search.
pub(crate) fn note(ctx: &Context<'_>, search: &Search) {
    let found = search.notes();
    if !found.is_empty()
        && let Some(Notes(notes)) = ctx.data_opt::<Notes>()
    {
        notes.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    }
}

/// The sentences for the words of a search that look like selectors and are none; none where it is no search.
pub fn search_notes(search: &str) -> Vec<String> {
    Search::parse(search).map(|search| search.notes()).unwrap_or_default()
}

/// The query that searches everything.
#[derive(Default)]
pub(crate) struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Searches all sections at once, by the words, "quoted phrases" and selectors that `ViewInput.search` takes.
    #[graphql(complexity = "crate::cost::search(&query, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the engine wants every field asynchronous")]
    async fn search(&self, ctx: &Context<'_>, query: String) -> Result<Found> {
        session(ctx)?;
        let search = Search::parse(&query)?;
        note(ctx, &search);
        Ok(Found { view: View { search, ..View::default() } })
    }
}
