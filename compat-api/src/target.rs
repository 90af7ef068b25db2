//! What an action is about: one of the kinds of records of the original.

/// A kind of record. The original's page lists `people` and its text says `person`: both are accepted everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `person` or `people`.
    Person,
    /// `lead`, `opportunity`, `customer` or `archive`.
    Stage(Stage),
    /// `event`.
    Event,
    /// `message`.
    Message,
}

/// The stage of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the page")]
pub enum Stage {
    Lead,
    Opportunity,
    Customer,
    Archive,
}

/// A text that names no kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTarget;
