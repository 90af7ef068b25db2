//! HubSpot deals. The user chooses the columns; the first is always `Record ID`.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, Associated, Deal, DealId, DealName, DealStage, Ended, Ignored, Own};
use crate::Outcome::{Lost, Won};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "HubSpot deals", columns: &COLUMNS, base: None, footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const MARKS: &[&str] = &["deal name", "deal stage", "deal owner"];

const COLUMNS: [(&str, Meaning); 43] = [
    ("record id", DealId),
    ("record id - deal", DealId),
    ("deal id", DealId),
    ("deal name", DealName),
    ("deal stage", DealStage),
    ("pipeline", Deal),
    ("close date", Deal),
    ("create date", Deal),
    ("amount", Own(Column::Value)),
    ("amount in company currency", Deal),
    ("annual contract value", Deal),
    ("annual recurring revenue", Deal),
    ("monthly recurring revenue", Deal),
    ("total contract value", Deal),
    ("forecast amount", Deal),
    ("weighted amount", Deal),
    ("currency", Deal),
    ("deal probability", Own(Column::Probability)),
    ("deal owner", Deal),
    ("deal type", Deal),
    ("deal description", Deal),
    ("deal source", Deal),
    ("priority", Deal),
    ("next step", Deal),
    ("closed lost reason", Deal),
    ("closed won reason", Deal),
    ("is closed won", Ended(Won)),
    ("is closed lost", Ended(Lost)),
    ("is deal closed?", Ignored),
    ("last activity date", Ignored),
    ("last contacted", Ignored),
    ("last modified date", Ignored),
    ("number of associated contacts", Ignored),
    ("number of sales activities", Ignored),
    ("hubspot team", Ignored),
    ("associated contact", Associated(Column::Name)),
    ("associated contacts", Associated(Column::Name)),
    ("primary contact", Associated(Column::Name)),
    ("associated contact ids", Ignored),
    ("associated company", Associated(Column::Company)),
    ("associated company (primary)", Associated(Column::Company)),
    ("primary company", Associated(Column::Company)),
    ("associated company ids", Ignored),
];
