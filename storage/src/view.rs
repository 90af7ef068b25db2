//! A view: what one is looking at. Lists, exports and the legacy API all take this one type.

use uuid::Uuid;

use crate::entity::transactions::Stage;
use crate::search::Search;
use crate::value::Day;

/// A filter over a section; all parts must hold. What a section cannot have, such as the stage of an event, it has through
/// what it is associated with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// Only what a search finds.
    pub search: Search,
    /// Only what is in this category.
    pub category: Option<NameOrId>,
    /// Only what bears this label of the viewer.
    pub label: Option<NameOrId>,
    /// Only what this user made, manages or owns.
    pub user: Option<NameOrId>,
    /// Only transactions in this stage. People have none and are not filtered by it; events and messages are those of
    /// such transactions.
    pub stage: Option<Stage>,
    /// Only this person, and what belongs to them or to their transactions.
    pub person: Option<Uuid>,
    /// Only this transaction, its person, and what belongs to it.
    pub transaction: Option<Uuid>,
    /// Of events and messages only those that belong to the people or transactions of another view.
    pub related: Option<Box<Related>>,
    /// Only from this day on: the day of an event, elsewhere of the last change.
    pub from: Option<Day>,
    /// Only up to this day and with it.
    pub to: Option<Day>,
}

/// Whose events and messages are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Related {
    /// Those of people, and of their transactions.
    ToPeople(View),
    /// Those of transactions.
    ToTransactions(View),
}

/// A category, a label or a user, as a view names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameOrId {
    /// By its id.
    Id(Uuid),
    /// By its name, whatever its case and accents; a user also by e-mail address.
    Name(String),
}
