//! Outlook.com and Outlook 365 on the web today, and live.com about 2013: Outlook's names and some of its own.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, Extra, Url};
use super::outlook;

pub(super) static CLIENT: Client =
    Client { name: "Outlook.com", columns: &COLUMNS, base: Some(&outlook::CLIENT), footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 10] = [
    ("nickname", Extra),
    ("given yomi", Extra),
    ("surname yomi", Extra),
    ("company yomi", Extra),
    ("given name yomi", Extra),
    ("family name yomi", Extra),
    ("imaddress", Extra),
    ("im address", Extra),
    ("schools", Extra),
    ("personal web page", Url(1)),
];
