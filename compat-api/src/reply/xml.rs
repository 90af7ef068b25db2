//! The XML of `get`: the documented elements in the documented order, under a DTD that is valid.
//!
//! The page's own DTD lacks the space that XML demands after an element's name (XML 1.0, production 45), and most
//! parsers refuse it; here it has the space, allows any number of records and declares every element.

use quick_xml::escape::partial_escape;

/// The elements of a kind of record, in the order of heap-api.txt.
pub type Elements<const N: usize> = [&'static str; N];

/// The elements of a person.
pub const PERSON: Elements<13> =
    ["name", "title", "phone", "mobile", "fax", "email", "url", "address", "city", "state", "zip", "country", "update"];

/// The elements of a transaction.
pub const TRANSACTION: Elements<16> = [
    "name",
    "title",
    "phone",
    "mobile",
    "fax",
    "email",
    "url",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "update",
    "probability",
    "value",
    "moreinfo",
];

/// A reply with records of one kind.
pub struct Document<const N: usize> {
    record: &'static str,
    elements: Elements<N>,
    text: String,
}

impl<const N: usize> Document<N> {
    /// A reply without records.
    pub fn new(record: &'static str, elements: Elements<N>) -> Self {
        let mut text = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE result [\n");
        text.extend(["<!ELEMENT result (", record, "*) >\n"]);
        text.extend(["<!ELEMENT ", record, " (", &elements.join(", "), ") >\n"]);
        for element in elements {
            text.extend(["<!ELEMENT ", element, " (#PCDATA) >\n"]);
        }
        text.push_str("]>\n<result>\n");
        Self { record, elements, text }
    }

    /// Adds a record: its values in the order of the elements. Characters that XML forbids are dropped.
    pub fn push(&mut self, values: [String; N]) {
        self.text.extend(["<", self.record, ">\n"]);
        for (element, value) in self.elements.iter().zip(values) {
            let value: String = value.chars().filter(|c| is_allowed(*c)).collect();
            self.text.extend(["<", element, ">", &partial_escape(value), "</", element, ">\n"]);
        }
        self.text.extend(["</", self.record, ">\n"]);
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</result>\n");
        self.text
    }
}

/// XML 1.0, production 2. A carriage return is allowed, but a parser would turn it into a line feed, so it goes too.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn values_are_escaped_and_forbidden_characters_dropped() {
        let mut document = Document::new("thing", ["name", "note"]);
        document.push(["A & <B>".to_owned(), "x\u{0}\u{b}\u{ffff}y\r\nz \"q\"".to_owned()]);
        let text = document.finish();
        assert!(text.contains("<!ELEMENT result (thing*) >\n<!ELEMENT thing (name, note) >\n"), "{text}");
        assert!(text.contains("<name>A &amp; &lt;B&gt;</name>\n<note>xy\nz \"q\"</note>\n"), "{text}");
    }
}
