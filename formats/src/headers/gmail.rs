//! Gmail's "Outlook CSV", classic and current: Outlook's names and each address a second time as a whole.

use super::client::{Client, Footer};
use super::meaning::Block::{Business, Home, Other};
use super::meaning::Meaning::{self, Address};
use super::meaning::Part::Whole;
use super::outlook;

pub(super) static CLIENT: Client =
    Client { name: "Gmail (Outlook CSV)", columns: &COLUMNS, base: Some(&outlook::CLIENT), footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 3] = [
    ("home address", Address(Home, Whole)),
    ("business address", Address(Business, Whole)),
    ("other address", Address(Other, Whole)),
];
