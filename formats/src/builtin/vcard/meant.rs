//! As what the properties of a card are read, for the report about its file.

use std::borrow::Cow;

use super::own;
use super::parts::known;
use crate::Charset;
use crate::content_line::ContentLine;
use crate::headers::properties::{Meant, Properties};
use crate::headers::target::Targets;
use crate::record::Column;

/// The properties that say something of the card and nothing of anybody.
const OF_CARD: &[&str] =
    &["VERSION", "PRODID", "REV", "KIND", "X-ADDRESSBOOKSERVER-KIND", "X-ABSHOWAS", "X-ABLABEL", "SOURCE", "CLASS"];

/// Counts the properties of a card.
pub(super) fn count(properties: &mut Properties, lines: &[ContentLine], charset: Charset, targets: &Targets) {
    let told = lines.iter().filter(|line| !OF_CARD.contains(&line.name.as_str()));
    let named = told.map(|line| (name(line, charset, targets), line));
    let value = |line: &ContentLine| custom(line, charset, targets).map(|(_, value)| value);
    properties.pass(named, charset, |line| meant(line, charset, targets), value);
}

/// The name under which a property is counted: telephone numbers by their kind, custom fields by theirs.
fn name<'l>(line: &'l ContentLine, charset: Charset, targets: &Targets) -> Cow<'l, str> {
    let name = line.name.as_str();
    match name {
        "TEL" | "X-MS-TEL" if is_fax(line) => Cow::Owned(format!("{name} (fax)")),
        "TEL" | "X-MS-TEL" if is_mobile(line) => Cow::Owned(format!("{name} (mobile)")),
        _ => match custom(line, charset, targets) {
            Some((field, _)) => Cow::Owned(format!("X-CAIRN-FIELD ({field})")),
            None => Cow::Borrowed(name),
        },
    }
}

fn meant(line: &ContentLine, charset: Charset, targets: &Targets) -> Meant {
    let field_of = |name: &str| targets.custom(name).and_then(|target| targets.name(target));
    if let Some((field, _)) = custom(line, charset, targets) {
        return field_of(&field).map_or_else(|| Meant::line(Column::Notes.name(), &field), Meant::field);
    }
    let column = match line.name.as_str() {
        "FN" | "N" => Column::Name,
        "ORG" => Column::Company,
        "TITLE" | "ROLE" => Column::Title,
        "EMAIL" => Column::Email,
        "TEL" | "X-MS-TEL" if is_fax(line) => Column::Fax,
        "TEL" | "X-MS-TEL" if is_mobile(line) => Column::Mobile,
        "TEL" | "X-MS-TEL" => Column::Phone,
        "ADR" | "LABEL" => Column::Address,
        "URL" | own::URL => Column::Url,
        "NOTE" => Column::Notes,
        "CATEGORIES" => Column::Categories,
        name => match (own::extended(name), known(name)) {
            (Some(column), _) => column,
            (None, Some(header)) => {
                // What has no field of ours may have one of the account's, such as a birthday.
                return field_of(header).map_or_else(|| Meant::line(Column::Notes.name(), header), Meant::field);
            }
            (None, None) if super::card::is_read(name) || is_related(name) => {
                return Meant::line(Column::Notes.name(), name);
            }
            (None, None) => return Meant::default(),
        },
    };
    Meant::field(column.name())
}

/// The custom field of a property of ours, and its value.
fn custom(line: &ContentLine, charset: Charset, targets: &Targets) -> Option<(String, String)> {
    if !own::is_own_property(&line.name) {
        return None;
    }
    own::custom_value(line, charset, |name| targets.custom(name).is_some())
}

/// Whether a property has no field and a header that its label decides.
fn is_related(name: &str) -> bool {
    matches!(name, "X-SOCIALPROFILE" | "X-ABRELATEDNAMES" | "X-RELATION" | "X-ANDROID-CUSTOM")
}

fn is_fax(line: &ContentLine) -> bool {
    line.has("TYPE", "FAX")
}

fn is_mobile(line: &ContentLine) -> bool {
    ["CELL", "MOBILE", "IPHONE"].iter().any(|kind| line.has("TYPE", kind))
}
