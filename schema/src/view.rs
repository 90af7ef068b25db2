//! Views and orders as clients write them.

use async_graphql::{Enum, InputObject};
use storage::query::transactions as stored;
use storage::{Direction, NameOrId, Order, Search, SortKey, View};

use crate::error::Result;
use crate::id::Kind;

/// What one is looking at; all parts must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct ViewInput {
    /// Words and "quoted phrases", all of which must occur in the contact data (or in more info).
    pub(crate) search: Option<String>,
    /// The name or id of a category.
    pub(crate) category: Option<String>,
}

/// By what people are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(name = "PersonOrder")]
pub(crate) enum PersonOrder {
    #[default]
    NameAsc,
    NameDesc,
    CreatedAsc,
    CreatedDesc,
    UpdatedAsc,
    UpdatedDesc,
}

/// By what transactions are ordered; the name is that of their person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "PersonOrder")]
pub(crate) enum TransactionOrder {
    #[default]
    NameAsc,
    NameDesc,
    CreatedAsc,
    CreatedDesc,
    UpdatedAsc,
    UpdatedDesc,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::query::transactions::Stage")]
pub(crate) enum Stage {
    /// A first contact.
    Lead,
    /// Business that may come.
    Opportunity,
    /// Business that came.
    Customer,
    /// Business that is over.
    Archive,
}

impl ViewInput {
    /// The view of storage.
    pub(crate) fn view(self) -> Result<View> {
        let Self { search, category } = self;
        view(search.as_deref(), category.as_deref())
    }

    /// The view of transactions in a stage.
    pub(crate) fn in_stage(self, stage: Option<Stage>) -> Result<View> {
        Ok(View { stage: stage.map(stored::Stage::from), ..self.view()? })
    }
}

impl PersonOrder {
    /// The order of storage.
    pub(crate) fn order(self) -> Order {
        let (key, direction) = match self {
            Self::NameAsc => (SortKey::Name, Direction::Ascending),
            Self::NameDesc => (SortKey::Name, Direction::Descending),
            Self::CreatedAsc => (SortKey::Created, Direction::Ascending),
            Self::CreatedDesc => (SortKey::Created, Direction::Descending),
            Self::UpdatedAsc => (SortKey::Updated, Direction::Ascending),
            Self::UpdatedDesc => (SortKey::Updated, Direction::Descending),
        };
        Order { key, direction }
    }
}

/// The view of a search text and a category. Errors: `INVALID` for a search over its limits.
pub(crate) fn view(search: Option<&str>, category: Option<&str>) -> Result<View> {
    let search = search.map(Search::parse).transpose()?.unwrap_or_default();
    Ok(View { search, category: category.map(category_ref), ..View::default() })
}

/// A category as a client names it: by its id, or else by its name.
fn category_ref(text: &str) -> NameOrId {
    match Kind::Category.parse(text) {
        Some(id) => NameOrId::Id(id),
        None => NameOrId::Name(text.to_owned()),
    }
}
