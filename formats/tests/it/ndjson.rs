//! NDJSON: one object a line, as JSON has them in its array.

use expect_test::expect;
use formats::{Contact, Person, Record, Section};

use crate::documents::{complaint, failure, people, write};

#[test]
fn a_line_is_an_object() {
    let person = |name: &str| {
        let contact = Contact { name: Some(name.into()), ..Contact::default() };
        Record::Person(Box::new(Person { contact, ..Person::default() }))
    };
    let document = write("ndjson", Section::People, &[person("Ada\nLovelace"), person("Bob")]);
    let text = String::from_utf8(document).expect("JSON is UTF-8");
    assert_eq!(text.lines().count(), 2);
    assert!(text.ends_with("}\n"));
    let names: Vec<_> = people("ndjson", &text).into_iter().map(|person| person.contact.name).collect();
    assert_eq!(names, [Some("Ada\nLovelace".to_owned()), Some("Bob".to_owned())]);
}

#[test]
fn a_bad_line_is_a_bad_row() {
    expect!["row 2, line 3: column name: there should be a text, not a list"].assert_eq(&complaint(
        "ndjson",
        Section::People,
        "{\"name\":\"Ann\"}\n\n{\"name\":[]}\n{\"name\":\"Bob\"}\n",
    ));
}

#[test]
fn marks_where_files_were_joined_are_no_part_of_lines() {
    let document = "\u{feff}{\"name\":\"Ann\"}\n\u{feff}{\"name\":\"Bob\"}\r\n\u{200b}{\"name\":\"Cay\"}\u{1a}\n\u{1a}";
    let names: Vec<_> = people("ndjson", document).into_iter().filter_map(|person| person.contact.name).collect();
    assert_eq!(names, ["Ann", "Bob", "Cay"]);
}

#[test]
fn nothing_is_nobody() {
    assert_eq!(people("ndjson", ""), []);
    assert_eq!(people("ndjson", "\n \r\n"), []);
    expect!["the file has no line BEGIN:VCARD, so it is none of this format; line 1 reads `{}`"].assert_eq(&failure(
        "vcard",
        Section::People,
        b"{}",
    ));
}
