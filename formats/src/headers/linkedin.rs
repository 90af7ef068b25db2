//! LinkedIn's `Connections.csv`, whose header stands below a remark.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, Company, Email, Extra, FirstName, JobTitle, LastName, Url};

pub(super) static CLIENT: Client = Client { name: "LinkedIn", columns: &COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 7] = [
    ("first name", FirstName),
    ("last name", LastName),
    ("url", Url(0)),
    ("email address", Email(0)),
    ("company", Company),
    ("position", JobTitle),
    ("connected on", Extra),
];
