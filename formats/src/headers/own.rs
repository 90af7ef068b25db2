//! Our own columns, and the few other names for them that cannot be mistaken.

use crate::Section;
use crate::record::Column;

/// A column that only exports of ours have, whatever custom fields an account may have defined.
pub(super) const MARK: &str = "createdat";

/// The column of a section with this name, which is in small letters.
pub(super) fn column(key: &str, section: Section) -> Option<Column> {
    let columns = Column::of(section).iter().copied();
    let synonym = SYNONYMS.iter().find(|(name, _)| *name == key).map(|(_, column)| *column);
    let mut found = columns.filter(|column| synonym == Some(*column) || column.name().eq_ignore_ascii_case(key));
    found.next()
}

const SYNONYMS: [(&str, Column); 7] = [
    ("e-mail", Column::Email),
    ("mobile phone", Column::Mobile),
    ("zip code", Column::Zip),
    ("postal code", Column::Zip),
    ("web site", Column::Url),
    ("website", Column::Url),
    ("more info", Column::MoreInfo),
];
