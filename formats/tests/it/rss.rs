//! RSS: a feed that readers of others accept, whatever is in it.

use std::collections::HashMap;

use formats::{EncodeOptions, Heading, Message, Person, Record, Section};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::documents::{write, write_as};
use crate::round_trip::{block, cases, categories, person, single, time};

/// An item, by the names of its elements; attributes of an enclosure stand with it, an empty element is an empty text.
type Elements = Vec<(String, String)>;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_are_in_a_feed(messages in vec(message(), 0..5)) {
        let records: Vec<Record> = messages.iter().map(|message| Record::Message(Box::new(message.clone()))).collect();
        let items = checked(&write("rss", Section::Messages, &records));
        prop_assert_eq!(items.len(), messages.len());
        for (item, message) in items.iter().zip(&messages) {
            let text = |name: &str| item.iter().find(|(own, _)| own == name).map(|(_, text)| text.clone());
            let shown = text("description").map(|html| lines(&shown(&html)));
            prop_assert_eq!(shown, message.body.as_deref().and_then(held).map(|body| lines(&body)));
            if let Some(title) = message.title.as_deref().and_then(held) {
                prop_assert_eq!(text("title"), Some(title));
            }
            prop_assert_eq!(text("dc:creator"), message.creator.as_deref().map(without_forbidden));
        }
    }

    #[test]
    fn people_are_in_a_feed(people in vec(person(), 0..5)) {
        let records: Vec<Record> = people.iter().map(|person| Record::Person(Box::new(person.clone()))).collect();
        prop_assert_eq!(checked(&write("rss", Section::People, &records)).len(), people.len());
    }
}

#[test]
fn a_persons_vcard_is_enclosed_with_its_length() {
    let mut options = EncodeOptions::default();
    options.heading = Heading { cards: Some("https://crm.example.com/cards/".into()), ..Heading::default() };
    let mut person = Person { id: Some("person_1".into()), ..Person::default() };
    person.contact.name = Some("Zoë".into());
    let record = [Record::Person(Box::new(person))];
    let length = write("vcard", Section::People, &record).len();
    let feed = String::from_utf8(write_as("rss", Section::People, &record, &options)).expect("it is UTF-8");
    let expected =
        format!("<enclosure url=\"https://crm.example.com/cards/person_1\" length=\"{length}\" type=\"text/vcard\"/>");
    assert!(feed.contains(&expected), "{feed}");
    let without = String::from_utf8(write("rss", Section::People, &record)).expect("it is UTF-8");
    assert!(!without.contains("enclosure"), "{without}");
}

/// The text that a reader shows of a description, which is HTML; ours is well-formed XML, too.
fn shown(html: &str) -> String {
    let document = format!("<description>{}</description>", html.replace("<br>", "<br/>"));
    let mut reader = Reader::from_str(&document);
    let mut shown = String::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {html}")) {
            Event::Text(text) => shown.push_str(&text),
            Event::GeneralRef(name) => shown.push_str(match &*name {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                other => panic!("{other}: {html}"),
            }),
            Event::Start(start) if ["description", "p", "a"].contains(&start.name().as_ref()) => {}
            Event::Empty(start) if start.name().as_ref() == "br" => {}
            Event::End(_) => {}
            Event::Eof => return shown,
            other => panic!("{other:?}: {html}"),
        }
    }
}

/// The lines of a text that are not blank, as white space is nothing in HTML.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The items of a feed, which has all that RSS demands.
fn checked(feed: &[u8]) -> Vec<Elements> {
    let text = std::str::from_utf8(feed).expect("it is UTF-8");
    let mut reader = Reader::from_str(text);
    let (mut path, mut items): (Vec<String>, Vec<Elements>) = (Vec::new(), Vec::new());
    let mut channel: HashMap<String, String> = HashMap::new();
    let mut current = String::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}")) {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                current.clear();
                if path.len() == 3 && path[2] == "item" {
                    items.push(Elements::new());
                }
            }
            Event::Empty(start) if path.len() == 3 => {
                let attributes = start.attributes().map(|attribute| attribute.expect("it is well-formed"));
                let attributes: Vec<String> =
                    attributes.map(|attribute| format!("{}={}", attribute.key.as_ref(), attribute.value)).collect();
                items
                    .last_mut()
                    .expect("it is in an item")
                    .push((start.name().as_ref().to_owned(), attributes.join(" ")));
            }
            Event::Text(piece) => current.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().expect("it is a reference") {
                Some(char) => current.push(char),
                None => current.push_str(quick_xml::escape::resolve_predefined_entity(&reference).expect("XML has it")),
            },
            Event::End(_) => {
                let name = path.pop().expect("it has begun");
                match (path.len(), items.last_mut()) {
                    (2, _) if name != "item" => drop(channel.insert(name, std::mem::take(&mut current))),
                    (3, Some(item)) => item.push((name, std::mem::take(&mut current))),
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(path.is_empty() && text.contains("<rss version=\"2.0\""), "{text}");
    for required in ["title", "link", "description"] {
        assert!(channel.get(required).is_some_and(|text| !text.is_empty()), "{required}: {text}");
    }
    for item in &items {
        let count = |name: &str| item.iter().filter(|(own, _)| own == name).count();
        assert!(count("title") + count("description") > 0, "{item:?}");
        assert!(
            ["title", "description", "guid", "pubDate", "dc:creator"].iter().all(|name| count(name) <= 1),
            "{item:?}"
        );
        assert_eq!(count("guid"), 1, "{item:?}");
    }
    items
}

/// A text as XML can hold it, unless nothing of it is left to be seen.
fn held(text: &str) -> Option<String> {
    Some(without_forbidden(text)).filter(|text| !text.trim().is_empty())
}

fn without_forbidden(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{1}', '\u{ffff}'], "")
}

fn message() -> impl Strategy<Value = Message> {
    (of(single()), of(single()), of(block()), of(single()), of(single()), categories(), of(time())).prop_map(
        |(id, title, body, emailed_from, creator, categories, created_at)| Message {
            id,
            title,
            body,
            emailed_from,
            creator,
            categories,
            created_at,
            ..Message::default()
        },
    )
}
