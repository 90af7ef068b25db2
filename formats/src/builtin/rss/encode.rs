//! Writes a feed.

use bytes::BytesMut;

use super::address::address;
use super::item::{Enclosure, Item, LAST_RESORT};
use crate::builtin::vcard::VCard;
use crate::{
    Codec, Contact, Encode, EncodeError, EncodeOptions, File, Heading, Message, Person, Record, Section, Transaction,
    VCardVersion,
};

const OPENING: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">"#,
    "\n<channel>\n",
);

/// Where a feed links to that knows of no site.
const NO_SITE: &str = "http://localhost/";

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    options: EncodeOptions,
    items: u64,
    /// The vCard of the person that is being written, for its length.
    card: BytesMut,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        let options = EncodeOptions { vcard: VCardVersion::V3, ..options.clone() };
        Encoder { section, options, items: 0, card: BytesMut::new() }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let Heading { title, site, this, cards: _, refresh } = &self.options.heading;
        let title = if title.is_empty() { self.section.name() } else { title };
        let minutes = (*refresh).unwrap_or(60).max(1).to_string();
        let mut channel = Item::default();
        channel.element("title", title);
        let site = site.as_deref().and_then(address);
        channel.element("link", site.as_deref().unwrap_or(NO_SITE));
        channel.element("description", &format!("A feed of {} by Cairn", self.section));
        if let Some(this) = this.as_deref().and_then(address) {
            channel.empty("atom:link", &[("href", &this), ("rel", "self"), ("type", "application/rss+xml")]);
        }
        channel.element("generator", "Cairn");
        channel.element("ttl", &minutes);
        out.extend_from_slice(OPENING.as_bytes());
        out.extend_from_slice(channel.xml().as_bytes());
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "rss")?;
        self.items += 1;
        let item = match record {
            Record::Message(message) => self.message(message),
            Record::Person(person) => self.person(person, record)?,
            Record::Transaction(transaction) => self.transaction(transaction),
            other => unreachable!("{other:?} belongs to no section that is written"),
        };
        out.extend_from_slice(b"<item>\n");
        out.extend_from_slice(item.xml().as_bytes());
        out.extend_from_slice(b"</item>\n");
        Ok(())
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.extend_from_slice(b"</channel>\n</rss>\n");
        Ok(())
    }
}

impl Encoder {
    fn message(&self, message: &Message) -> Item {
        let Message {
            id,
            title,
            body,
            emailed_from,
            emailed_to: _,
            creator,
            files,
            associations: _,
            categories,
            created_at,
            updated_at: _,
        } = message;
        let mut item = Item::default();
        item.texts(title.as_deref(), body.as_deref());
        item.identity(id.as_deref(), self.items);
        item.date(*created_at);
        if let Some(author) = emailed_from.as_deref().and_then(author) {
            item.element("author", &author);
        }
        if let Some(creator) = creator {
            item.element("dc:creator", creator);
        }
        item.categories(categories);
        for File { name: _, url, media_type } in files {
            let kind = media_type.as_deref().unwrap_or("application/octet-stream");
            item.enclosure(Enclosure { url, length: None, kind });
        }
        item
    }

    /// A person, whose vCard has the length that it has as a document of its own.
    fn person(&mut self, person: &Person, record: &Record) -> Result<Item, EncodeError> {
        let Person { id, contact, categories, custom: _, foreign: _, created_at, updated_at: _ } = person;
        let mut item = Item::default();
        item.texts(Some(&display_name(contact)), Some(&details(contact, None)));
        item.identity(id.as_deref(), self.items);
        item.date(*created_at);
        item.categories(categories);
        if let (Some(cards), Some(id)) = (&self.options.heading.cards, id) {
            self.card.clear();
            let mut encoder = VCard
                .encoder(Section::People, &self.options)
                .expect("vCard writes people: the law of codecs holds it to its descriptor");
            encoder.begin(&mut self.card)?;
            encoder.record(record, &mut self.card)?;
            encoder.end(&mut self.card)?;
            let length = Some(self.card.len());
            item.enclosure(Enclosure { url: &format!("{cards}{id}"), length, kind: "text/vcard" });
        }
        Ok(item)
    }

    /// A transaction, and the vCard of its person, of whom it does not know all that decides the length.
    fn transaction(&self, transaction: &Transaction) -> Item {
        let Transaction { id, person_id, contact, more_info, categories, created_at, .. } = transaction;
        let mut item = Item::default();
        item.texts(Some(&display_name(contact)), Some(&details(contact, more_info.as_deref())));
        item.identity(id.as_deref(), self.items);
        item.date(*created_at);
        item.categories(categories);
        if let (Some(cards), Some(id)) = (&self.options.heading.cards, person_id) {
            item.enclosure(Enclosure { url: &format!("{cards}{id}"), length: None, kind: "text/vcard" });
        }
        item
    }
}

/// `Name - Company`, or whichever of both, the e-mail address and the telephone number there is.
fn display_name(contact: &Contact) -> String {
    let Contact { name, company, email, phone, .. } = contact;
    match (name, company) {
        (Some(name), Some(company)) => format!("{name} - {company}"),
        _ => [name, company, email, phone].into_iter().flatten().next().map_or(LAST_RESORT, String::as_str).to_owned(),
    }
}

/// How to reach somebody, a line for each way, and what is noted.
fn details(contact: &Contact, more_info: Option<&str>) -> String {
    let Contact {
        name: _,
        company: _,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
    } = contact;
    let place = [city, state, zip, country].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    let place = Some(place).filter(|place| !place.is_empty());
    let fax = fax.as_ref().map(|fax| format!("Fax {fax}"));
    let lines = [title, email, phone, mobile, &fax, url, address, &place, notes];
    lines.into_iter().flatten().map(String::as_str).chain(more_info).collect::<Vec<_>>().join("\n")
}

/// An e-mail address, and the name that stands with it, as `author` has them: `ada@example.com (Ada)`. `None` without an address.
fn author(from: &str) -> Option<String> {
    let from = from.trim();
    if is_email(from) {
        return Some(from.to_owned());
    }
    let (name, address) = from.strip_suffix('>')?.rsplit_once('<')?;
    let name: String = name.trim().trim_matches('"').chars().filter(|char| !"()".contains(*char)).collect();
    let (name, address) = (name.trim(), address.trim());
    match (is_email(address), name.is_empty()) {
        (false, _) => None,
        (true, true) => Some(address.to_owned()),
        (true, false) => Some(format!("{address} ({name})")),
    }
}

/// Whether a text is an e-mail address and nothing else.
fn is_email(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|char| !char.is_whitespace() && !"@<>,;\"()".contains(char));
    text.split_once('@').is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}

#[cfg(test)]
mod tests {
    use super::author;

    #[test]
    fn an_author_is_an_address_and_perhaps_a_name() {
        for (from, expected) in [
            ("bo@example.com", Some("bo@example.com")),
            (" Bo Berg <bo@example.com> ", Some("bo@example.com (Bo Berg)")),
            ("\"Berg, Bo\" <bo@example.com>", Some("bo@example.com (Berg, Bo)")),
            ("Bo (work) <bo@example.com>", Some("bo@example.com (Bo work)")),
            ("<bo@example.com>", Some("bo@example.com")),
            ("Bo <nobody>", None),
            ("Bo Berg", None),
            ("", None),
        ] {
            assert_eq!(author(from).as_deref(), expected, "{from}");
        }
    }
}
