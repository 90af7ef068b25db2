//! A Salesforce report of contacts, whose last rows may be remarks such as the report's name and the copyright.

use super::client::{Client, Footer};
use super::meaning::Block::{Business, Other};
use super::meaning::Meaning::{
    self, Address, Company, Email, Extra, ExtraUnlessDefault, Fax, FirstName, JobTitle, LastName, MiddleName, Mobile,
    Notes, Own, Phone, Url,
};
use super::meaning::Part::{City, Country, State, Street, Zip};
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Salesforce", columns: &COLUMNS, base: None, footer: Footer::SingleCells };

const COLUMNS: [(&str, Meaning); 54] = [
    ("salutation", Extra),
    ("first name", FirstName),
    ("middle name", MiddleName),
    ("last name", LastName),
    ("suffix", Extra),
    ("full name", Own(Column::Name)),
    ("contact name", Own(Column::Name)),
    ("title", JobTitle),
    ("department", Extra),
    ("account name", Company),
    ("company / account", Company),
    ("phone", Phone(0)),
    ("business phone", Phone(1)),
    ("home phone", Phone(2)),
    ("other phone", Phone(3)),
    ("asst. phone", Extra),
    ("assistant", Extra),
    ("fax", Fax(0)),
    ("business fax", Fax(1)),
    ("mobile", Mobile(0)),
    ("mobile phone", Mobile(1)),
    ("email", Email(0)),
    ("website", Url(0)),
    ("description", Notes),
    ("birthdate", ExtraUnlessDefault),
    ("lead source", Extra),
    ("account owner", Extra),
    ("contact owner", Extra),
    ("reports to", Extra),
    ("contact id", Extra),
    ("account id", Extra),
    ("created date", Extra),
    ("last modified date", Extra),
    ("last activity", Extra),
    ("mailing street", Address(Business, Street(0))),
    ("mailing address line 1", Address(Business, Street(0))),
    ("mailing address line 2", Address(Business, Street(1))),
    ("mailing address line 3", Address(Business, Street(2))),
    ("mailing city", Address(Business, City)),
    ("mailing state/province", Address(Business, State)),
    ("mailing state/province (text only)", Address(Business, State)),
    ("mailing zip/postal code", Address(Business, Zip)),
    ("mailing country", Address(Business, Country)),
    ("mailing country (text only)", Address(Business, Country)),
    ("other street", Address(Other, Street(0))),
    ("other address line 1", Address(Other, Street(0))),
    ("other address line 2", Address(Other, Street(1))),
    ("other address line 3", Address(Other, Street(2))),
    ("other city", Address(Other, City)),
    ("other state/province", Address(Other, State)),
    ("other state/province (text only)", Address(Other, State)),
    ("other zip/postal code", Address(Other, Zip)),
    ("other country", Address(Other, Country)),
    ("other country (text only)", Address(Other, Country)),
];
