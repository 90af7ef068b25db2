//! Our own columns, and the few other names for them that cannot be mistaken.

use crate::Section;
use crate::record::Column;

/// The name of the program, as a receipt has it.
pub(super) const CLIENT: &str = "Cairn";

/// A column that only exports of ours have, whatever custom fields an account may have defined.
pub(super) const MARK: &str = "createdat";

/// The column of a section with this name, which is in small letters.
pub(super) fn column(key: &str, section: Section) -> Option<Column> {
    let columns = Column::of(section).iter().copied();
    let synonym = SYNONYMS.iter().find(|(name, _)| *name == key).map(|(_, column)| *column);
    let mut found = columns.filter(|column| synonym == Some(*column) || column.name().eq_ignore_ascii_case(key));
    found.next()
}

/// Whether one of a section's columns has this name, which is in small letters.
pub(super) fn is_name(key: &str, section: Section) -> bool {
    Column::of(section).iter().any(|column| column.name().eq_ignore_ascii_case(key))
}

const SYNONYMS: [(&str, Column); 20] = [
    ("full name", Column::Name),
    ("company name", Column::Company),
    ("organization", Column::Company),
    ("organisation", Column::Company),
    ("e-mail", Column::Email),
    ("email address", Column::Email),
    ("telephone", Column::Phone),
    ("phone number", Column::Phone),
    ("telephone number", Column::Phone),
    ("mobile phone", Column::Mobile),
    ("mobile number", Column::Mobile),
    ("cell phone", Column::Mobile),
    ("street", Column::Address),
    ("zip code", Column::Zip),
    ("postal code", Column::Zip),
    ("post code", Column::Zip),
    ("postcode", Column::Zip),
    ("web site", Column::Url),
    ("website", Column::Url),
    ("more info", Column::MoreInfo),
];
