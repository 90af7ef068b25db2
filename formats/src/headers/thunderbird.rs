//! Thunderbird, also as built for the United Kingdom. Old versions end their header with an empty column.

use super::client::{Client, Footer};
use super::meaning::Block::{Business, Home};
use super::meaning::Meaning::{
    self, Address, Company, Email, Extra, ExtraUnlessDefault, Fax, FirstName, JobTitle, LastName, Mobile, Notes, Own,
    Phone, Url,
};
use super::meaning::Part::{City, Country, State, Street, Zip};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Thunderbird", columns: &COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 39] = [
    ("first name", FirstName),
    ("last name", LastName),
    ("display name", Own(Column::Name)),
    ("nickname", Extra),
    ("primary email", Email(0)),
    ("secondary email", Email(1)),
    ("screen name", Extra),
    ("work phone", Phone(0)),
    ("home phone", Phone(1)),
    ("fax number", Fax(0)),
    ("pager number", Extra),
    ("mobile number", Mobile(0)),
    ("work address", Address(Business, Street(0))),
    ("work address 2", Address(Business, Street(1))),
    ("work city", Address(Business, City)),
    ("work state", Address(Business, State)),
    ("work county", Address(Business, State)),
    ("work zipcode", Address(Business, Zip)),
    ("work post code", Address(Business, Zip)),
    ("work country", Address(Business, Country)),
    ("home address", Address(Home, Street(0))),
    ("home address 2", Address(Home, Street(1))),
    ("home city", Address(Home, City)),
    ("home state", Address(Home, State)),
    ("home county", Address(Home, State)),
    ("home zipcode", Address(Home, Zip)),
    ("home post code", Address(Home, Zip)),
    ("home country", Address(Home, Country)),
    ("job title", JobTitle),
    ("department", Extra),
    ("organization", Company),
    ("organisation", Company),
    ("web page 1", Url(0)),
    ("web page 2", Url(1)),
    ("birth year", ExtraUnlessDefault),
    ("birth month", ExtraUnlessDefault),
    ("birth day", ExtraUnlessDefault),
    ("custom #", Extra),
    ("notes", Notes),
];
