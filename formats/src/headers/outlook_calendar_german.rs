//! Outlook's calendar as "Comma Separated Values (Windows)" in German.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, AllDay, Categories, EndDate, EndTime, Extra, ExtraUnlessDefault, Ignored, Own, StartDate, StartTime,
};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Outlook calendar (German)", columns: COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: &[(&str, Meaning)] = &[
    ("betreff", Own(Column::Title)),
    ("beginnt am", StartDate),
    ("beginnt um", StartTime),
    ("endet am", EndDate),
    ("endet um", EndTime),
    ("ganztägiges ereignis", AllDay),
    ("ort", Own(Column::Location)),
    ("beschreibung", Own(Column::Description)),
    ("kategorien", Categories),
    ("besprechungsplanung", Extra),
    ("erforderliche teilnehmer", Extra),
    ("optionale teilnehmer", Extra),
    ("besprechungsressourcen", Extra),
    ("abrechnungsinformation", Extra),
    ("reisekilometer", Extra),
    ("priorität", ExtraUnlessDefault),
    ("privat", ExtraUnlessDefault),
    ("vertraulichkeit", ExtraUnlessDefault),
    ("erinnerung ein/aus", Ignored),
    ("erinnerung am", Ignored),
    ("erinnerung um", Ignored),
    ("zeitspanne zeigen als", Ignored),
];
