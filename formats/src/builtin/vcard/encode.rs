//! Writes a card for each record: vCard 3.0 (RFC 2426) or 4.0 (RFC 6350).

use std::fmt::Write;

use bytes::BytesMut;
use jiff::Timestamp;

use super::own::{self, PRODUCT};
use super::parts::has_scheme;
use super::uri;
use crate::content_line::{as_kept, is_forbidden, push_line, push_text};
use crate::record::Column;
use crate::{Contact, Encode, EncodeError, EncodeOptions, Record, Section, Transaction, VCardVersion};

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    version: VCardVersion,
    custom_fields: Vec<String>,
    /// The line that is being put together; kept, so that not every line needs memory of its own.
    line: String,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        let custom_fields = options.custom_fields.clone();
        Encoder { section, version: options.vcard, custom_fields, line: String::new() }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "vcard")?;
        let (id, contact, categories, updated_at) = match record {
            Record::Person(person) => (&person.id, &person.contact, &person.categories, person.updated_at),
            Record::Transaction(transaction) => {
                let Transaction { id, contact, categories, updated_at, .. } = transaction.as_ref();
                (id, contact, categories, *updated_at)
            }
            other => unreachable!("{other:?} belongs to no section that is written"),
        };
        let mut card = Card { version: self.version, line: &mut self.line, out };
        card.head(contact);
        card.text("TITLE", contact.title.as_deref());
        card.reach(contact);
        card.address(contact);
        card.url(contact.url.as_deref());
        card.text("NOTE", contact.notes.as_deref());
        card.list("CATEGORIES", ',', categories);
        card.uid(id.as_deref());
        card.revision(updated_at);
        for (column, cell) in Column::of(self.section).iter().zip(record.cells()) {
            if let Some(name) = own::extension(*column) {
                card.text(name, Some(&cell));
            }
        }
        let values = self.custom_fields.iter().map(|field| (field, visible(Some(record.custom_value(field)))));
        for (number, (field, value)) in (1..).zip(values.filter_map(|(field, value)| Some((field, value?)))) {
            card.raw(&own::field(number, field, value));
        }
        card.raw("END:VCARD");
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// A card of which the lines are appended one after the other.
struct Card<'a> {
    version: VCardVersion,
    line: &'a mut String,
    out: &'a mut BytesMut,
}

impl Card<'_> {
    /// What every card has, and what it is about. The formatted name must not be empty: who has none is called by the company, the
    /// e-mail address or a telephone number, and an empty N tells that apart from a name.
    fn head(&mut self, contact: &Contact) {
        let Contact { name, company, email, phone, mobile, fax, url, .. } = contact;
        let name = visible(name.as_deref());
        let company = visible(company.as_deref());
        let is_company = name.is_none() && company.is_some();
        let others = [email, phone, mobile, fax, url].into_iter().find_map(|text| visible(text.as_deref()));
        self.raw("BEGIN:VCARD");
        self.raw(self.by_version("VERSION:3.0", "VERSION:4.0"));
        self.text("PRODID", Some(PRODUCT));
        if self.version == VCardVersion::V4 {
            self.raw(if is_company { "KIND:org" } else { "KIND:individual" });
        }
        self.text("FN", name.or(company).or(others).or(Some("Unnamed")));
        let (given, family) = given_and_family(name.unwrap_or_default());
        self.list("N", ';', &[family, given, "", "", ""]);
        self.text("ORG", company);
        if is_company {
            self.raw("X-ABShowAs:COMPANY");
        }
    }

    /// The e-mail address and the telephone numbers, of which the first is preferred.
    fn reach(&mut self, contact: &Contact) {
        let Contact { email, phone, mobile, fax, .. } = contact;
        self.text(self.by_version("EMAIL;TYPE=INTERNET,PREF", "EMAIL;PREF=1"), email.as_deref());
        self.number(self.by_version("TEL;TYPE=WORK,VOICE,PREF", "TEL;TYPE=work,voice;PREF=1"), phone.as_deref());
        self.number(self.by_version("TEL;TYPE=CELL", "TEL;TYPE=cell"), mobile.as_deref());
        self.number(self.by_version("TEL;TYPE=WORK,FAX", "TEL;TYPE=work,fax"), fax.as_deref());
    }

    /// A telephone number. vCard 4.0 wants a URI, which can only be had of an international number without spaces; others stay the
    /// text that somebody has entered.
    fn number(&mut self, head: &str, number: Option<&str>) {
        match number {
            Some(number) if self.version == VCardVersion::V4 && uri::is_international(number) => {
                self.raw(&format!("{head};VALUE=uri:tel:{number}"));
            }
            // What begins like a URI and was not entered as one stays what it is.
            Some(number) if has_scheme(&as_kept(number)) => self.text(&format!("{head};VALUE=text"), Some(number)),
            _ => self.text(head, number),
        }
    }

    fn address(&mut self, contact: &Contact) {
        let parts = [&contact.address, &contact.city, &contact.state, &contact.zip, &contact.country];
        let [street, city, state, zip, country] = parts.map(|part| visible(part.as_deref()).unwrap_or_default());
        if [street, city, state, zip, country].iter().any(|part| !part.is_empty()) {
            let head = self.by_version("ADR;TYPE=WORK", "ADR;TYPE=work");
            self.list(head, ';', &["", "", street, city, state, zip, country]);
        }
    }

    /// A web site, as URI, and as it was entered where that is something else.
    fn url(&mut self, url: Option<&str>) {
        let Some(url) = visible(url) else { return };
        let url = as_kept(url);
        let uri = uri::of_web_site(&url);
        if let Some(uri) = &uri {
            self.raw(&format!("URL:{uri}"));
        }
        if uri.as_deref() != Some(&url) {
            self.text(own::URL, Some(&url));
        }
    }

    /// The id, by which an address book knows the card again.
    fn uid(&mut self, id: Option<&str>) {
        match id {
            Some(id) if self.version == VCardVersion::V4 && uri::is_uuid(id) => self.raw(&format!("UID:urn:uuid:{id}")),
            _ => self.text(self.by_version("UID", "UID;VALUE=text"), id),
        }
    }

    /// When the record was changed last, as exactly as both versions can say it.
    fn revision(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        let format = self.by_version("%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%SZ");
        let time = time.strftime(format).to_string();
        // There is no year before 0 in a vCard.
        if !time.starts_with('-') {
            self.raw(&format!("REV:{time}"));
        }
    }

    fn by_version<T>(&self, three: T, four: T) -> T {
        match self.version {
            VCardVersion::V3 => three,
            VCardVersion::V4 => four,
        }
    }

    /// A line of one text, unless there is nothing to be seen in it.
    fn text(&mut self, head: &str, text: Option<&str>) {
        if let Some(text) = visible(text) {
            self.list(head, ';', &[text]);
        }
    }

    /// A line of several texts, unless there are none.
    fn list<T: AsRef<str>>(&mut self, head: &str, separator: char, texts: &[T]) {
        self.line.clear();
        write!(self.line, "{head}:").expect("a string can always be written to");
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.line.push(separator);
            }
            push_text(text.as_ref(), self.line);
        }
        if !texts.is_empty() {
            push_line(self.line, self.out);
        }
    }

    /// A line that is already written as it must be.
    fn raw(&mut self, line: &str) {
        push_line(line, self.out);
    }
}

/// A text in which there is anything to be seen, when what a card cannot hold is left out of it.
fn visible(text: Option<&str>) -> Option<&str> {
    text.filter(|text| text.chars().any(|char| !char.is_whitespace() && !is_forbidden(char)))
}

/// The name, of which nobody has said where the family name begins: the last word is taken for it, and a single word for the given
/// name. Who reads our card takes the name from FN, which is exact; the parts are what address books sort by.
fn given_and_family(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.rsplit_once(char::is_whitespace).map_or((name, ""), |(given, family)| (given.trim_end(), family))
}
