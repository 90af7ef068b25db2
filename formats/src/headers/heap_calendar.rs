//! The columns of tasks and events for Heap CRM. A date may be empty there.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, Own, StartDate};
use crate::record::Column;

pub(super) static CLIENT: Client = Client { name: "Heap CRM", columns: COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: &[(&str, Meaning)] = &[
    ("date", StartDate),
    ("category", Own(Column::Categories)),
    ("association", Own(Column::Associations)),
    ("title", Own(Column::Title)),
];
