//! What only cards of ours have: properties for what vCard has none for, and texts that come back letter by letter.

use super::parts::{has_scheme, number, percent_decoded};
use super::uri;
use crate::content_line::{ContentLine, as_kept};
use crate::record::{Column, names};
use crate::{Charset, Contact};

/// By this PRODID a card of ours is known. It has no version, so that a card changes only with its record.
pub(super) const PRODUCT: &str = "-//Cairn//Cairn contacts//EN";

/// The value of a custom field, `X-CAIRN-FIELD-1`, `-2` and so on: the field's name, `=` and the value, both percent-encoded. Some programs
/// keep only the last property of a name, and others write the separators of a value anew. Without a number it is the form in which it
/// was written before: name, `;`, value.
const FIELD: &str = "X-CAIRN-FIELD";

/// The property of a custom field. It loses what every text of a card does: the kind of line ends, and control characters.
pub(super) fn field(number: usize, name: &str, value: &str) -> String {
    format!("{FIELD}-{number}:{}={}", uri::escaped(&as_kept(name)), uri::escaped(&as_kept(value)))
}

/// The name of a custom field and its value, if the line has one. In the form without a number the first `;` ends the name, unless
/// what stands before another one names a field; programs that do not know the property escape it.
pub(super) fn custom_value(
    line: &ContentLine,
    charset: Charset,
    is_field: impl Fn(&str) -> bool,
) -> Option<(String, String)> {
    let rest = line.name.strip_prefix(FIELD)?;
    if !rest.is_empty() {
        // Some programs drop a hyphen before a digit.
        let number = rest.strip_prefix('-').unwrap_or(rest);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let text = line.text(charset);
        let (name, value) = text.split_once('=').filter(|_| is_number)?;
        return Some((percent_decoded(name.trim()).trim().to_owned(), percent_decoded(value)));
    }
    let parts = line.parts(&[';'], charset);
    let (field, value) = parts.split_first().expect("a value has one part at least");
    if !value.is_empty() {
        return Some((field.trim().to_owned(), value.join(";")));
    }
    // Every separator is escaped, or there is none.
    let mut splits = field.match_indices(';').map(|(at, _)| (field[..at].trim(), &field[at + 1..]));
    let first = splits.clone().next().unwrap_or((field.trim(), ""));
    let (name, value) = splits.find(|(name, _)| is_field(name)).unwrap_or(first);
    Some((name.to_owned(), value.to_owned()))
}

/// Whether only we write a property of this name.
pub(super) fn is_own_property(name: &str) -> bool {
    name.starts_with("X-CAIRN-")
}

/// The web site as somebody has entered it, where that is not the URI which URL has.
pub(super) const URL: &str = "X-CAIRN-URL";

/// The property of a column that vCard has none for, or only a coarse one.
pub(super) fn extension(column: Column) -> Option<&'static str> {
    EXTENSIONS.into_iter().find(|(known, _)| *known == column).map(|(_, name)| name)
}

/// The column that such a property holds. It is read of every card, as many address books keep what they do not know.
pub(super) fn extended(property: &str) -> Option<Column> {
    EXTENSIONS.into_iter().find(|(_, name)| *name == property).map(|(column, _)| column)
}

const EXTENSIONS: [(Column, &str); 8] = [
    (Column::Id, "X-CAIRN-ID"),
    (Column::PersonId, "X-CAIRN-PERSON-ID"),
    (Column::Stage, "X-CAIRN-STAGE"),
    (Column::Value, "X-CAIRN-VALUE"),
    (Column::Probability, "X-CAIRN-PROBABILITY"),
    (Column::MoreInfo, "X-CAIRN-MORE-INFO"),
    (Column::CreatedAt, "X-CAIRN-CREATED-AT"),
    (Column::UpdatedAt, "X-CAIRN-UPDATED-AT"),
];

/// Whether a card is as we have written it, or nearly so.
pub(super) fn is_own(lines: &[ContentLine], charset: Charset) -> bool {
    only(lines, "PRODID", |_| true).is_some_and(|line| line.text(charset) == PRODUCT)
}

/// Sets what a card of ours says exactly: what is tidied up in the cards of others is meant in ours. Where somebody has added a
/// second value, the rules for the cards of others hold.
pub(super) fn set_exact(contact: &mut Contact, lines: &[ContentLine], charset: Charset) {
    let only = |name, is_meant: fn(&ContentLine) -> bool| only(lines, name, is_meant);
    for (column, name) in [(Column::Title, "TITLE"), (Column::Email, "EMAIL"), (Column::Notes, "NOTE")] {
        if let Some(line) = only(name, |_| true) {
            contact.set(column, &line.text(charset));
        }
    }
    if let (Some(formatted), Some(parts)) = (only("FN", |_| true), only("N", |_| true)) {
        let is_empty = parts.parts(&[';'], charset).iter().all(|part| part.trim().is_empty());
        let formatted = if is_empty { String::new() } else { formatted.text(charset) };
        contact.set(Column::Name, &formatted);
    }
    if let Some(line) = only("ORG", |_| true) {
        let parts = line.parts(&[';'], charset);
        if let [company] = &parts[..] {
            contact.set(Column::Company, company);
        }
    }
    let numbers = [(Column::Phone, is_voice as fn(&_) -> _), (Column::Mobile, is_mobile), (Column::Fax, is_fax)];
    for (column, is_meant) in numbers {
        if let Some(line) = only("TEL", is_meant) {
            let text = line.text(charset);
            let is_text = line.has("VALUE", "TEXT");
            let is_uri = line.has("VALUE", "URI") || (!is_text && has_scheme(&text));
            contact.set(column, if is_uri { number(&text) } else { text }.as_str());
        }
    }
    if let Some(line) = only("ADR", |_| true) {
        let parts = line.parts(&[';'], charset);
        if let [_, _, street, city, state, zip, country] = &parts[..] {
            contact.set(Column::Address, street);
            contact.set(Column::City, city);
            contact.set(Column::State, state);
            contact.set(Column::Zip, zip);
            contact.set(Column::Country, country);
        }
    }
    if let Some(line) = only(URL, |_| true) {
        let entered = line.text(charset);
        // Another program may have changed the one and not the other.
        let is_same = uri::of_web_site(&entered).as_deref() == contact.url.as_deref();
        if contact.url.is_none() || is_same {
            contact.set(Column::Url, &entered);
        }
    }
}

/// The categories of a card of ours, whatever they are called.
pub(super) fn categories(lines: &[ContentLine], charset: Charset) -> Vec<String> {
    let lines = lines.iter().filter(|line| line.name == "CATEGORIES");
    names(lines.flat_map(|line| line.parts(&[','], charset)))
}

/// The line of a property of which there is one.
fn only<'a>(lines: &'a [ContentLine], name: &str, is_meant: impl Fn(&ContentLine) -> bool) -> Option<&'a ContentLine> {
    let mut found = lines.iter().filter(|line| line.name == name && is_meant(line));
    found.next().filter(|_| found.next().is_none())
}

fn is_voice(line: &ContentLine) -> bool {
    line.has("TYPE", "VOICE")
}

fn is_mobile(line: &ContentLine) -> bool {
    line.has("TYPE", "CELL")
}

fn is_fax(line: &ContentLine) -> bool {
    line.has("TYPE", "FAX")
}
