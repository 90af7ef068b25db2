//! HubSpot contacts. The user chooses the columns; the first is always `Record ID`.

use super::client::{Client, Footer};
use super::meaning::Block::Business;
use super::meaning::Meaning::{
    self, Address, Company, Email, Extra, Fax, FirstName, Ignored, JobTitle, LastName, Mobile, Phone, Url,
};
use super::meaning::Part::{City, Country, State, Street, Zip};

pub(super) static CLIENT: Client = Client { name: "HubSpot", columns: &COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 32] = [
    ("record id", Extra),
    ("record id - contact", Extra),
    ("first name", FirstName),
    ("last name", LastName),
    ("salutation", Extra),
    ("email", Email(0)),
    ("additional email addresses", Email(1)),
    ("work email", Email(2)),
    ("phone number", Phone(0)),
    ("mobile phone number", Mobile(0)),
    ("fax number", Fax(0)),
    ("job title", JobTitle),
    ("company name", Company),
    ("associated company", Company),
    ("primary company", Company),
    ("website url", Url(0)),
    ("street address", Address(Business, Street(0))),
    ("street address 2", Address(Business, Street(1))),
    ("city", Address(Business, City)),
    ("state/region", Address(Business, State)),
    ("postal code", Address(Business, Zip)),
    ("country/region", Address(Business, Country)),
    ("contact owner", Extra),
    ("lifecycle stage", Extra),
    ("lead status", Extra),
    ("create date", Extra),
    ("last activity date", Extra),
    ("last contacted", Extra),
    ("industry", Extra),
    ("original source", Extra),
    ("marketing contact status", Extra),
    ("associated company ids", Ignored),
];
