//! Outlook's calendar as "Comma Separated Values (Windows)" in French. `Début` and `Fin` stand twice, first the date and then the time.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, AllDay, Categories, EndDate, EndTime, Extra, ExtraUnlessDefault, Ignored, Own, StartDate, StartTime,
};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Outlook calendar (French)", columns: COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: &[(&str, Meaning)] = &[
    ("objet", Own(Column::Title)),
    ("début", StartDate),
    ("date de début", StartDate),
    ("début", StartTime),
    ("heure de début", StartTime),
    ("fin", EndDate),
    ("date de fin", EndDate),
    ("fin", EndTime),
    ("heure de fin", EndTime),
    ("journée entière", AllDay),
    ("emplacement", Own(Column::Location)),
    ("description", Own(Column::Description)),
    ("catégories", Categories),
    ("organisateur d'une réunion", Extra),
    ("organisateur de la réunion", Extra),
    ("participants obligatoires", Extra),
    ("participants facultatifs", Extra),
    ("ressources de la réunion", Extra),
    ("informations facturation", Extra),
    ("kilométrage", Extra),
    ("priorité", ExtraUnlessDefault),
    ("privé", ExtraUnlessDefault),
    ("critère de diffusion", ExtraUnlessDefault),
    ("rappel actif/inactif", Ignored),
    ("date de rappel", Ignored),
    ("rappel le", Ignored),
    ("heure du rappel", Ignored),
    ("rappel à", Ignored),
    ("afficher la disponibilité", Ignored),
];
