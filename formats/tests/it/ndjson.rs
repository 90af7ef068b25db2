//! NDJSON: one object a line, as JSON has them in its array.

use expect_test::expect;
use formats::{Contact, DecodeOptions, Person, Record, Section};

use crate::documents::{complaint, failure, people, read, read_cut, write};

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

#[test]
fn several_objects_may_stand_in_a_line() {
    for (document, lines) in [
        ("{\"name\":\"Ann\"}\n{\"name\":\"Bob\"}{\"name\":\"Cay\"}\n{\"name\":\"Dan\"}\n", [1, 2, 2, 3]),
        ("{\"name\":\"Ann\"} {\"name\":\"Bob\"}\t{\"name\":\"Cay\"}\n\n{\"name\":\"Dan\"}", [1, 1, 1, 3]),
        // As files are that were joined without a line end between them.
        (
            "{\"name\":\"Ann\"}\u{feff}{\"name\":\"Bob\"}\u{1a}\u{feff}{\"name\":\"Cay\"}\n{\"name\":\"Dan\"}\n",
            [1, 1, 1, 2],
        ),
    ] {
        for size in [1, 3, usize::MAX] {
            let reading = read_cut("ndjson", Section::People, &DecodeOptions::default(), document.as_bytes(), &[size]);
            let rows = reading.rows.iter().map(|row| (row.position.line, row.diagnostics.len()));
            assert_eq!(rows.collect::<Vec<_>>(), lines.map(|line| (line, 0)), "{document:?}");
            let cells =
                reading.sources.iter().flatten().map(|source| source.cells.iter().find(|cell| cell.column == "name"));
            let names: Vec<_> = cells.map(|cell| cell.expect("each has a name").text.as_ref()).collect();
            assert_eq!(names, ["Ann", "Bob", "Cay", "Dan"], "{document:?}");
        }
    }
    // What looks so in a text is a text.
    let person = people("ndjson", "{\"name\":\"Ann\",\"notes\":\"{\\\"a\\\":{}}{} } {\"}\n");
    assert_eq!(person[0].contact.notes.as_deref(), Some("{\"a\":{}}{} } {"));
    expect!["row 2, line 1: this is not JSON: trailing characters (line 1)"].assert_eq(&complaint(
        "ndjson",
        Section::People,
        "{\"name\":\"Ann\"}{\"name\":\"Bob\"} and more\n{\"name\":\"Cay\"}\n",
    ));
}

#[test]
fn a_last_line_that_is_cut_says_so() {
    for cut in ["{\"name\":\"Bo", "{\"name\":", "{\"name\":\"Bob\"", "{", "{\"name\":\"Cay\"}{\"na"] {
        let document = format!("{{\"name\":\"Ann\"}}\n{cut}");
        let reading = read("ndjson", Section::People, document.as_bytes());
        let last = reading.rows.last().expect("there are rows");
        let said = last.diagnostics[0].reason.as_str();
        assert!(last.record.is_none() && said.ends_with("; the file may be cut off in it"), "{cut}: {said}");
        // Not where the line has its end, nor where something else is wrong.
        for whole in [format!("{document}\n"), format!("{{\"name\":\"Ann\"}}\n{{\"name\":Bob}}")] {
            let reading = read("ndjson", Section::People, whole.as_bytes());
            let said = reading.rows.last().expect("there are rows").diagnostics[0].reason.clone();
            assert!(!said.contains("cut off"), "{whole}: {said}");
        }
    }
}

#[test]
fn a_file_that_begins_in_the_middle_of_a_line_is_still_one() {
    let registry = formats::builtin();
    let document = "ame\":\"Ann, Bob\",\"notes\":\"x;y\"}\n{\"name\":\"Cay\"}\n";
    for name in [None, Some("half.csv"), Some("half.txt")] {
        let found = registry.recognise(document.as_bytes(), name).expect("it is recognised");
        assert_eq!(found.descriptor().name, "ndjson", "{name:?}");
    }
    let rows = crate::documents::rows("ndjson", Section::People, document);
    assert_eq!(rows.iter().map(|row| row.record.is_some()).collect::<Vec<_>>(), [false, true]);
}
