//! The events that an event template makes.

use sea_orm::entity::prelude::*;

use crate::value::TimeOfDay;

/// One event of a template.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_template_items")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The template.
    #[sea_orm(primary_key, auto_increment = false)]
    pub template_id: Uuid,
    /// Its place in the template, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// On which day, such as `+1 Week`.
    pub day_offset: String,
    /// At what time; all day where it is empty.
    pub time_of_day: Option<TimeOfDay>,
    /// The title of the event.
    pub title: String,
    /// Where.
    pub location: Option<String>,
    /// What for.
    pub description: Option<String>,
    /// The mail that goes with it.
    pub email_template_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
