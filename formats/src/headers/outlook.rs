//! The columns of Outlook's "Comma Separated Values (Windows)" in English: the 92 of Outlook 2007 to 2019, and the countries of
//! Outlook 97 to 2003, whose names lack `/Region`.

use super::foreign::Block::{Business, Home, Other};
use super::foreign::Meaning::{
    self, Address, Categories, Company, Email, EmailType, Extra, ExtraUnless, Fax, FirstName, Honorific, Ignored,
    JobTitle, LastName, MiddleName, Mobile, Notes, Phone, Url,
};
use super::foreign::Part::{City, Country, PoBox, State, Street, Zip};
use super::own;

/// Whether a header with these names is Outlook's. Any of the three names tells it, since ours keep a name in one column; an export
/// of ours may have them as custom fields.
pub(super) fn wrote(keys: &[String]) -> bool {
    let has = |name: &str| keys.iter().any(|key| key == name);
    !has(own::MARK) && ["first name", "last name", "e-mail address"].into_iter().any(has)
}

/// What Outlook means by this name, which is in small letters.
pub(super) fn meaning(key: &str) -> Option<Meaning> {
    COLUMNS.iter().find(|(name, _)| *name == key).map(|(_, meaning)| *meaning)
}

/// How Outlook writes that there is no date.
const NO_DATE: Meaning = ExtraUnless("0/0/00");

const COLUMNS: [(&str, Meaning); 95] = [
    ("title", Honorific),
    ("first name", FirstName),
    ("middle name", MiddleName),
    ("last name", LastName),
    ("suffix", Extra),
    ("company", Company),
    ("department", Extra),
    ("job title", JobTitle),
    ("business street", Address(Business, Street(0))),
    ("business street 2", Address(Business, Street(1))),
    ("business street 3", Address(Business, Street(2))),
    ("business city", Address(Business, City)),
    ("business state", Address(Business, State)),
    ("business postal code", Address(Business, Zip)),
    ("business country/region", Address(Business, Country)),
    ("business country", Address(Business, Country)),
    ("home street", Address(Home, Street(0))),
    ("home street 2", Address(Home, Street(1))),
    ("home street 3", Address(Home, Street(2))),
    ("home city", Address(Home, City)),
    ("home state", Address(Home, State)),
    ("home postal code", Address(Home, Zip)),
    ("home country/region", Address(Home, Country)),
    ("home country", Address(Home, Country)),
    ("other street", Address(Other, Street(0))),
    ("other street 2", Address(Other, Street(1))),
    ("other street 3", Address(Other, Street(2))),
    ("other city", Address(Other, City)),
    ("other state", Address(Other, State)),
    ("other postal code", Address(Other, Zip)),
    ("other country/region", Address(Other, Country)),
    ("other country", Address(Other, Country)),
    ("assistant's phone", Extra),
    ("business fax", Fax(0)),
    ("business phone", Phone(0)),
    ("business phone 2", Phone(1)),
    ("callback", Extra),
    ("car phone", Phone(7)),
    ("company main phone", Phone(3)),
    ("home fax", Fax(1)),
    ("home phone", Phone(4)),
    ("home phone 2", Phone(5)),
    ("isdn", Extra),
    ("mobile phone", Mobile),
    ("other fax", Fax(2)),
    ("other phone", Phone(6)),
    ("pager", Extra),
    ("primary phone", Phone(2)),
    ("radio phone", Extra),
    ("tty/tdd phone", Extra),
    ("telex", Extra),
    ("account", Extra),
    ("anniversary", NO_DATE),
    ("assistant's name", Extra),
    ("billing information", Extra),
    ("birthday", NO_DATE),
    ("business address po box", Address(Business, PoBox)),
    ("categories", Categories),
    ("children", Extra),
    ("directory server", Ignored),
    ("e-mail address", Email(0)),
    ("e-mail type", EmailType(0)),
    ("e-mail display name", Ignored),
    ("e-mail 2 address", Email(1)),
    ("e-mail 2 type", EmailType(1)),
    ("e-mail 2 display name", Ignored),
    ("e-mail 3 address", Email(2)),
    ("e-mail 3 type", EmailType(2)),
    ("e-mail 3 display name", Ignored),
    ("gender", ExtraUnless("Unspecified")),
    ("government id number", Extra),
    ("hobby", Extra),
    ("home address po box", Address(Home, PoBox)),
    ("initials", Ignored),
    ("internet free busy", Ignored),
    ("keywords", Extra),
    ("language", Extra),
    ("location", Extra),
    ("manager's name", Extra),
    ("mileage", Extra),
    ("notes", Notes),
    ("office location", Extra),
    ("organizational id number", Extra),
    ("other address po box", Address(Other, PoBox)),
    ("priority", ExtraUnless("Normal")),
    ("private", ExtraUnless("False")),
    ("profession", Extra),
    ("referred by", Extra),
    ("sensitivity", ExtraUnless("Normal")),
    ("spouse", Extra),
    ("user 1", Extra),
    ("user 2", Extra),
    ("user 3", Extra),
    ("user 4", Extra),
    ("web page", Url),
];
