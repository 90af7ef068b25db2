//! The columns that Google Calendar imports.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, AllDay, EndDate, EndTime, ExtraUnlessDefault, Own, StartDate, StartTime};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Google Calendar", columns: COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: &[(&str, Meaning)] = &[
    ("subject", Own(Column::Title)),
    ("start date", StartDate),
    ("start time", StartTime),
    ("end date", EndDate),
    ("end time", EndTime),
    ("all day event", AllDay),
    ("description", Own(Column::Description)),
    ("location", Own(Column::Location)),
    ("private", ExtraUnlessDefault),
];
