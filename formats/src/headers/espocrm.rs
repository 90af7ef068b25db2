//! EspoCRM: contacts and leads. Its CSV has the names of its attributes, its workbooks have labels.

use super::client::{Client, Footer};
use super::meaning::Block::Business;
use super::meaning::Meaning::{
    self, Address, Categories, Company, Email, Extra, ExtraUnlessDefault, FirstName, Ignored, JobTitle, LastName,
    MiddleName, Notes, Own, Phone, Url,
};
use super::meaning::Part::{City, Country, State, Street, Whole, Zip};
use crate::record::Column;

pub(super) static CLIENT: Client = Client { name: "EspoCRM", columns: &COLUMNS, base: None, footer: Footer::Nothing };

pub(super) static WORKBOOK: Client = Client { name: "EspoCRM", columns: &LABELS, base: None, footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const MARKS: &[&str] = &[
    "salutationname",
    "emailaddress",
    "emailaddressisoptedout",
    "phonenumber",
    "accountname",
    "addressstreet",
    "addresspostalcode",
    "assigneduserid",
    "assignedusername",
    "modifiedat",
    "createdbyid",
];

/// Labels that nobody else has.
pub(super) const WORKBOOK_MARKS: &[&str] = &["assigned user", "modified at", "account title"];

/// Whether a header is of its CSV: it has several of its own names.
pub(super) fn is_its(keys: &[String]) -> bool {
    keys.iter().filter(|key| MARKS.contains(&key.as_str())).count() > 1
}

const COLUMNS: [(&str, Meaning); 47] = [
    ("id", Ignored),
    ("name", Own(Column::Name)),
    ("salutationname", Extra),
    ("firstname", FirstName),
    ("middlename", MiddleName),
    ("lastname", LastName),
    ("title", JobTitle),
    ("accountid", Ignored),
    ("accountname", Company),
    ("accountsids", Ignored),
    ("accountsnames", Ignored),
    ("accountrole", ExtraUnlessDefault),
    ("accountisinactive", ExtraUnlessDefault),
    ("accounttype", Extra),
    ("emailaddress", Email(0)),
    ("emailaddressisoptedout", ExtraUnlessDefault),
    ("emailaddressisinvalid", ExtraUnlessDefault),
    ("phonenumber", Phone(0)),
    ("phonenumberisoptedout", ExtraUnlessDefault),
    ("phonenumberisinvalid", ExtraUnlessDefault),
    ("website", Url(0)),
    ("donotcall", ExtraUnlessDefault),
    ("description", Notes),
    ("addressstreet", Address(Business, Street(0))),
    ("addresscity", Address(Business, City)),
    ("addressstate", Address(Business, State)),
    ("addresspostalcode", Address(Business, Zip)),
    ("addresscountry", Address(Business, Country)),
    ("tags", Categories),
    ("status", Extra),
    ("source", Extra),
    ("industry", Extra),
    ("campaignid", Ignored),
    ("campaignname", Extra),
    ("createdat", Ignored),
    ("modifiedat", Ignored),
    ("streamupdatedat", Ignored),
    ("createdbyid", Ignored),
    ("createdbyname", Ignored),
    ("modifiedbyid", Ignored),
    ("modifiedbyname", Ignored),
    ("assigneduserid", Ignored),
    ("assignedusername", Ignored),
    ("teamsids", Ignored),
    ("teamsnames", Ignored),
    ("targetlistsids", Ignored),
    ("targetlistsnames", Extra),
];

const LABELS: [(&str, Meaning); 37] = [
    ("id", Ignored),
    ("name", Own(Column::Name)),
    ("salutation", Extra),
    ("first name", FirstName),
    ("middle name", MiddleName),
    ("last name", LastName),
    ("title", JobTitle),
    ("account title", JobTitle),
    ("account", Company),
    ("account name", Company),
    ("accounts", Ignored),
    ("email", Email(0)),
    ("phone", Phone(0)),
    ("website", Url(0)),
    ("do not call", ExtraUnlessDefault),
    ("description", Notes),
    ("address", Address(Business, Whole)),
    ("address street", Address(Business, Street(0))),
    ("address city", Address(Business, City)),
    ("address state", Address(Business, State)),
    ("address postal code", Address(Business, Zip)),
    ("address country", Address(Business, Country)),
    ("street", Address(Business, Street(0))),
    ("city", Address(Business, City)),
    ("state", Address(Business, State)),
    ("postal code", Address(Business, Zip)),
    ("country", Address(Business, Country)),
    ("tags", Categories),
    ("status", Extra),
    ("source", Extra),
    ("campaign", Extra),
    ("created at", Ignored),
    ("modified at", Ignored),
    ("created by", Ignored),
    ("modified by", Ignored),
    ("assigned user", Ignored),
    ("teams", Ignored),
];
