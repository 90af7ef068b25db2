//! Zoho CRM: deals. What links to another record has a second column with its number, such as `Account Name.id`.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, Categories, Company, Deal, DealId, DealName, DealStage, Email, Ignored, Mobile, Own, Percent, Phone,
};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Zoho CRM deals", columns: &COLUMNS, base: None, footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const MARKS: &[&str] = &[
    "deal owner.id",
    "contact name.id",
    "closing date",
    "potential name",
    "sales cycle duration",
    "deal category status",
];

const COLUMNS: [(&str, Meaning); 46] = [
    ("record id", DealId),
    ("deal id", DealId),
    ("potential id", DealId),
    ("deal name", DealName),
    ("potential name", DealName),
    ("stage", DealStage),
    ("amount", Own(Column::Value)),
    ("currency", Deal),
    ("exchange rate", Deal),
    ("closing date", Deal),
    ("probability (%)", Percent),
    ("probability", Percent),
    ("expected revenue", Deal),
    ("pipeline", Deal),
    ("type", Deal),
    ("lead source", Deal),
    ("next step", Deal),
    ("description", Deal),
    ("campaign source", Deal),
    ("reason for loss", Deal),
    ("deal owner", Deal),
    ("potential owner", Deal),
    ("contact name", Own(Column::Name)),
    ("account name", Company),
    ("email", Email(0)),
    ("phone", Phone(0)),
    ("mobile", Mobile(0)),
    ("tag", Categories),
    ("deal owner.id", Ignored),
    ("potential owner.id", Ignored),
    ("contact name.id", Ignored),
    ("account name.id", Ignored),
    ("campaign source.id", Ignored),
    ("created by", Ignored),
    ("created by.id", Ignored),
    ("modified by", Ignored),
    ("modified by.id", Ignored),
    ("created time", Deal),
    ("modified time", Ignored),
    ("last activity time", Ignored),
    ("layout", Ignored),
    ("layout.id", Ignored),
    ("deal category status", Ignored),
    ("lead conversion time", Ignored),
    ("sales cycle duration", Ignored),
    ("overall sales duration", Ignored),
];
