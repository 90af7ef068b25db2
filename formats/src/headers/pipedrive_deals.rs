//! Pipedrive deals, with the columns of their person and organization that the user has chosen.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, Categories, Company, Deal, DealId, DealName, DealStage, DealStatus, Ignored, Own, Percent,
};
use super::pipedrive;
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Pipedrive deals", columns: &COLUMNS, base: Some(&pipedrive::CLIENT), footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const MARKS: &[&str] = &["deal - title", "deal - id", "deal - value", "deal - stage", "deal - status"];

const COLUMNS: [(&str, Meaning); 51] = [
    ("deal - id", DealId),
    ("deal - title", DealName),
    ("deal - value", Own(Column::Value)),
    ("deal - currency", Deal),
    ("deal - currency of value", Deal),
    ("deal - weighted value", Deal),
    ("deal - currency of weighted value", Ignored),
    ("deal - probability", Percent),
    ("deal - organization", Company),
    ("deal - contact person", Own(Column::Name)),
    ("deal - pipeline", Deal),
    ("deal - stage", DealStage),
    ("deal - status", DealStatus),
    ("deal - label", Categories),
    ("deal - labels", Categories),
    ("deal - expected close date", Deal),
    ("deal - won time", Deal),
    ("deal - lost time", Deal),
    ("deal - lost reason", Deal),
    ("deal - deal closed on", Deal),
    ("deal - deal created", Deal),
    ("deal - owner", Deal),
    ("deal - creator", Ignored),
    ("deal - source channel", Deal),
    ("deal - source origin", Deal),
    ("deal - source channel id", Ignored),
    ("deal - source origin id", Ignored),
    ("deal - archive status", Ignored),
    ("deal - update time", Ignored),
    ("deal - last stage change", Ignored),
    ("deal - next activity date", Ignored),
    ("deal - last activity date", Ignored),
    ("deal - done activities", Ignored),
    ("deal - total activities", Ignored),
    ("deal - activities to do", Ignored),
    ("deal - email messages count", Ignored),
    ("deal - last email received", Ignored),
    ("deal - last email sent", Ignored),
    ("deal - visible to", Ignored),
    ("deal - product name", Deal),
    ("deal - product quantity", Deal),
    ("deal - product amount", Deal),
    ("deal - organization id", Ignored),
    ("deal - contact person id", Ignored),
    ("deal - arr", Deal),
    ("deal - mrr", Deal),
    ("deal - acv", Deal),
    ("deal - currency of arr", Ignored),
    ("deal - currency of mrr", Ignored),
    ("deal - currency of acv", Ignored),
    ("person - id", Ignored),
];
