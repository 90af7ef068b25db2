//! Twenty: people. A field with parts has a column for each, `Emails / Primary Email`, which earlier versions write as
//! `Primary Email (emails)`; lists in a cell are JSON.

use super::client::{Client, Footer};
use super::meaning::Block::{Business, Loose};
use super::meaning::Meaning::{
    self, Address, CallingCode, Company, Email, Extra, ExtraUnlessDefault, FirstName, Ignored, JobTitle, LastName,
    Mobile, Notes, Phone, Url,
};
use super::meaning::Part::{City, Country, State, Street, Zip};

pub(super) static CLIENT: Client = Client { name: "Twenty", columns: &COLUMNS, base: None, footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const MARKS: &[&str] = &[
    "name / first name",
    "name / last name",
    "emails / primary email",
    "phones / primary phone number",
    "first name (name)",
    "primary email (emails)",
    "primary phone number (phones)",
];

const COLUMNS: [(&str, Meaning); 62] = [
    ("id", Ignored),
    ("name / first name", FirstName),
    ("name / last name", LastName),
    ("first name (name)", FirstName),
    ("last name (name)", LastName),
    ("emails / primary email", Email(0)),
    ("emails / additional emails", Email(1)),
    ("primary email (emails)", Email(0)),
    ("additional emails (emails)", Email(1)),
    ("phones / primary phone number", Phone(0)),
    ("phones / primary phone calling code", CallingCode),
    ("phones / primary phone country code", Ignored),
    ("phones / additional phones", Phone(1)),
    ("primary phone number (phones)", Phone(0)),
    ("primary phone calling code (phones)", CallingCode),
    ("primary phone country code (phones)", Ignored),
    ("additional phones (phones)", Phone(1)),
    ("whatsapp / primary phone number", Mobile(0)),
    ("whatsapp / primary phone calling code", Extra),
    ("whatsapp / primary phone country code", Ignored),
    ("whatsapp / additional phones", ExtraUnlessDefault),
    ("mobile / primary phone number", Mobile(0)),
    ("job title", JobTitle),
    ("company", Company),
    ("company / name", Company),
    ("company id", Ignored),
    ("company / id", Ignored),
    ("company (id)", Ignored),
    ("companyid", Ignored),
    ("companydomain", Url(1)),
    ("company / domain name", Url(1)),
    ("linkedin / link url", Extra),
    ("linkedin / link label", Ignored),
    ("linkedin / secondary links", ExtraUnlessDefault),
    ("link url (linkedin)", Extra),
    ("link label (linkedin)", Ignored),
    ("x / link url", Extra),
    ("x / link label", Ignored),
    ("x / secondary links", ExtraUnlessDefault),
    ("link url (x)", Extra),
    ("link label (x)", Ignored),
    ("website / link url", Url(0)),
    ("website / link label", Ignored),
    ("city", Address(Loose, City)),
    ("address / address 1", Address(Business, Street(0))),
    ("address / address 2", Address(Business, Street(1))),
    ("address / city", Address(Business, City)),
    ("address / state", Address(Business, State)),
    ("address / post code", Address(Business, Zip)),
    ("address / country", Address(Business, Country)),
    ("address / latitude", Ignored),
    ("address / longitude", Ignored),
    ("intro", Notes),
    ("avatar", Ignored),
    ("avatar url", Ignored),
    ("position", Ignored),
    ("creation date", Ignored),
    ("last update", Ignored),
    ("deleted at", Ignored),
    ("created by / source", Ignored),
    ("created by / name", Ignored),
    ("created by", Ignored),
];
