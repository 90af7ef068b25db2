//! Outlook's calendar as "Comma Separated Values (Windows)" in English.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, AllDay, Categories, EndDate, EndTime, Extra, ExtraUnlessDefault, Ignored, Own, StartDate, StartTime,
};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Outlook calendar", columns: COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: &[(&str, Meaning)] = &[
    ("subject", Own(Column::Title)),
    ("start date", StartDate),
    ("start time", StartTime),
    ("end date", EndDate),
    ("end time", EndTime),
    ("all day event", AllDay),
    ("location", Own(Column::Location)),
    ("description", Own(Column::Description)),
    ("categories", Categories),
    ("meeting organizer", Extra),
    ("required attendees", Extra),
    ("optional attendees", Extra),
    ("meeting resources", Extra),
    ("billing information", Extra),
    ("mileage", Extra),
    ("priority", ExtraUnlessDefault),
    ("private", ExtraUnlessDefault),
    ("sensitivity", ExtraUnlessDefault),
    ("reminder on/off", Ignored),
    ("reminder date", Ignored),
    ("reminder time", Ignored),
    ("show time as", Ignored),
];
