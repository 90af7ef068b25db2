//! Views and orders as clients write them.

use async_graphql::{Enum, ID, InputObject};
use service::{Kind, ViewRequest, name_or_id};
use storage::query::transactions as stored;
use storage::{Direction, Order, Search, SortKey, View};

use crate::error::Result;
use crate::scalar::Date;

/// What one is looking at; all parts must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct ViewInput {
    /// Words, "quoted phrases" and selectors such as `category:Customers`, all of which must hold; `-` negates one.
    /// Selectors are category, user, label, stage, person, name, company, email, phone, url, city, state, zip, country, value
    /// (`>1000`, `1000..5000`), probability (`>=50%`), before, after, created, updated (`2026-05-25..2026-06-01`), is (complete,
    /// open), has and no (email, category, …). A word with a colon that is none of them is text, and the extension `search` of
    /// the answer says so.
    pub(crate) search: Option<String>,
    /// The name or id of a category.
    pub(crate) category: Option<String>,
    /// The name or id of one of your labels.
    pub(crate) label: Option<String>,
    /// The name, e-mail address or id of a user, or `me`: who made it, manages it or owns it.
    pub(crate) user: Option<String>,
    /// A person: they themselves, and what belongs to them or to their transactions.
    pub(crate) person: Option<ID>,
    /// A transaction: its person, itself, and what belongs to it.
    pub(crate) transaction: Option<ID>,
    /// From this day on: the day of an event, elsewhere of the last change.
    pub(crate) from: Option<Date>,
    /// Up to this day and with it.
    pub(crate) to: Option<Date>,
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

impl From<ViewInput> for ViewRequest {
    fn from(input: ViewInput) -> Self {
        let ViewInput { search, category, label, user, person, transaction, from, to } = input;
        Self {
            search,
            category,
            label,
            user,
            person: person.map(|id| id.0),
            transaction: transaction.map(|id| id.0),
            from: from.map(|day| day.0.to_string()),
            to: to.map(|day| day.0.to_string()),
        }
    }
}

impl ViewInput {
    /// What it costs to find what it holds. What cannot be read is not looked for.
    pub(crate) fn price(&self) -> usize {
        self.clone().view().map_or(0, |view| view.price())
    }

    /// The view of storage. Errors: `INVALID` for a search over its limits, `NOT_FOUND` for an id of nothing.
    pub(crate) fn view(self) -> Result<View> {
        let Self { search, category, label, user, person, transaction, from, to } = self;
        Ok(View {
            search: search.as_deref().map(Search::parse).transpose()?.unwrap_or_default(),
            category: category.map(|text| name_or_id(Kind::Category, text)),
            label: label.map(|text| name_or_id(Kind::Label, text)),
            user: user.map(|text| name_or_id(Kind::User, text)),
            stage: None,
            person: person.map(|id| Kind::Person.expect(&id)).transpose()?,
            transaction: transaction.map(|id| Kind::Transaction.expect(&id)).transpose()?,
            related: None,
            from: from.map(|day| day.0),
            to: to.map(|day| day.0),
        })
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
