//! The XML of `get`: the documented elements in the documented order, under a DTD that is valid.
//!
//! The page's own DTD lacks the space that XML demands after an element's name (XML 1.0, production 45), and most
//! parsers refuse it; here it has the space, allows any number of records and declares every element.

use quick_xml::escape::partial_escape;
use serde::{Deserialize, Serialize};

use super::charset::Charset;

/// Which document type declaration a reply has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtd {
    /// One that is well-formed, and for which every reply is valid.
    #[default]
    Valid,
    /// The bytes of the original's page, which most parsers refuse.
    Documented,
    /// None.
    None,
}

/// A kind of record: its element, and the elements in it in the order of the original's page.
pub(crate) struct Shape<const N: usize> {
    record: &'static str,
    elements: [&'static str; N],
}

pub(crate) const PERSON: Shape<13> = Shape {
    record: "person",
    elements: [
        "name", "title", "phone", "mobile", "fax", "email", "url", "address", "city", "state", "zip", "country",
        "update",
    ],
};

/// The page shows `date` twice in an event, and once in its DTD.
pub(crate) const EVENT: Shape<7> = Shape {
    record: "event",
    elements: ["date", "title", "date", "location", "description", "complete", "association"],
};

pub(crate) const MESSAGE: Shape<7> = Shape {
    record: "message",
    elements: ["title", "body", "creator", "emailedfrom", "emailedto", "update", "association"],
};

/// The shape of a transaction, whose element is named after its stage.
pub(crate) const fn transaction(stage: &'static str) -> Shape<16> {
    Shape {
        record: stage,
        elements: [
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
        ],
    }
}

/// What stands behind the last record.
pub(crate) const TAIL: &str = "</result>\n";

impl<const N: usize> Shape<N> {
    /// What stands before the first record.
    pub(crate) fn head(&self, dtd: Dtd, charset: Charset) -> String {
        let mut head = format!("<?xml version=\"1.0\"{}?>\n", charset.declaration());
        if dtd != Dtd::None {
            self.declare(dtd, &mut head);
        }
        head.push_str("<result>\n");
        head
    }

    /// A record with its values in the order of the elements. Characters that XML forbids are dropped.
    pub(crate) fn record(&self, values: [String; N]) -> String {
        let mut text = format!("<{}>\n", self.record);
        for (element, value) in self.elements.iter().zip(values) {
            let value: String = value.chars().filter(|c| is_allowed(*c)).collect();
            text.extend(["<", element, ">", &partial_escape(value), "</", element, ">\n"]);
        }
        text.extend(["</", self.record, ">\n"]);
        text
    }

    fn declare(&self, dtd: Dtd, text: &mut String) {
        let mut known = Vec::new();
        for element in self.elements {
            if !known.contains(&element) {
                known.push(element);
            }
        }
        let record = self.record;
        text.push_str("<!DOCTYPE result [\n");
        text.push_str(&match dtd {
            Dtd::Documented => {
                format!("<!ELEMENT result({record}) >\n<!ELEMENT {record}({}) >\n", known.join(", "))
            }
            Dtd::Valid | Dtd::None => {
                format!("<!ELEMENT result ({record}*) >\n<!ELEMENT {record} ({}) >\n", self.elements.join(", "))
            }
        });
        for element in known {
            text.extend(["<!ELEMENT ", element, " (#PCDATA) >\n"]);
        }
        text.push_str("]>\n");
    }
}

/// XML 1.0, production 2. A carriage return is allowed, but a parser would turn it into a line feed, so it goes too.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::{Charset, Dtd, Shape};

    const THING: Shape<3> = Shape { record: "thing", elements: ["day", "name", "day"] };

    #[test]
    fn values_are_escaped_and_forbidden_characters_dropped() {
        let values = ["1", "A & <B> x\u{0}\u{b}\u{ffff}y\r\nz \"q\" ]]>", "2"];
        let record = THING.record(values.map(ToOwned::to_owned));
        let name = "<name>A &amp; &lt;B&gt; xy\nz \"q\" ]]&gt;</name>";
        assert_eq!(record, format!("<thing>\n<day>1</day>\n{name}\n<day>2</day>\n</thing>\n"));
    }

    #[test]
    fn the_declaration_of_the_document_type_is_valid_documented_or_none() {
        let elements = "<!ELEMENT day (#PCDATA) >\n<!ELEMENT name (#PCDATA) >\n]>\n<result>\n";
        let valid = "<!DOCTYPE result [\n<!ELEMENT result (thing*) >\n<!ELEMENT thing (day, name, day) >\n";
        let documented = "<!DOCTYPE result [\n<!ELEMENT result(thing) >\n<!ELEMENT thing(day, name) >\n";
        for (dtd, charset, head) in [
            (Dtd::Valid, Charset::Utf8, format!("<?xml version=\"1.0\"?>\n{valid}{elements}")),
            (Dtd::Documented, Charset::Utf8, format!("<?xml version=\"1.0\"?>\n{documented}{elements}")),
            (Dtd::None, Charset::Latin1, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<result>\n".to_owned()),
        ] {
            assert_eq!(THING.head(dtd, charset), head);
        }
    }
}
