//! The table of events: something on a day, or at a time with an end perhaps.

use sea_orm::entity::prelude::*;

use crate::value::{Day, Timestamp};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What happens.
    pub title: String,
    /// The day; of a timed event the day of its beginning in the time zone of the account.
    pub starts_on: Day,
    /// The last day of an all-day event that has several.
    pub ends_on: Option<Day>,
    /// When it begins; all day where it is empty.
    pub starts_at: Option<Timestamp>,
    /// When a timed event ends.
    pub ends_at: Option<Timestamp>,
    /// Where.
    pub location: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Since when it is complete.
    pub completed_at: Option<Timestamp>,
    /// The user whom it is for.
    pub owner_id: Option<Uuid>,
    /// The mail that goes with it.
    pub email_template_id: Option<Uuid>,
    /// What the calendar from which it comes calls it: its UID.
    pub source_uid: Option<String>,
    /// Which version that calendar had of it.
    pub source_sequence: Option<i64>,
    /// Of one of a series that was changed there: when it would have been, as iCalendar writes it.
    pub recurrence_id: Option<String>,
    /// The rule of a series of which this is the first that takes place: lines of iCalendar.
    pub recurrence: Option<String>,
    /// The day, and for a timed event `T` and the time in the time zone of the account.
    pub sort_key: String,
    /// The folded names of what it is associated with, in lines.
    pub names_text: String,
    /// What a search looks in: title, location and description, then the names.
    pub search_text: String,
    /// The user who made it.
    pub created_by: Option<Uuid>,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
