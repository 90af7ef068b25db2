//! Behaviour of the JSON codec, one rule a test.

use expect_test::expect;
use formats::{Contact, DecodeOptions, Person, Record, Section, Transaction, columns};

use crate::documents::{complaint, failure, leads, people, read, read_cut, rows, write};

#[test]
fn no_records_are_an_empty_array() {
    assert_eq!(write("json", Section::People, &[]), b"[\n]\n");
    assert_eq!(people("json", "[\n]\n"), []);
    assert_eq!(people("json", "\u{feff} [ ] "), []);
}

#[test]
fn members_stand_in_the_order_of_the_columns() {
    let transaction = Transaction {
        contact: Contact { name: Some("Ada \"Countess\"\u{2028}".into()), ..Contact::default() },
        value: Some("5000.00".parse().expect("a decimal")),
        categories: vec!["A".into(), "B".into()],
        created_at: Some("2026-11-22T01:02:03Z".parse().expect("a time")),
        ..Transaction::default()
    };
    let record = Record::Transaction(Box::new(transaction));
    let document = write("json", Section::Archives, &[record.clone(), record]);
    let text = String::from_utf8(document).expect("JSON is UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[3]), (4, "[", "]"));
    assert_eq!(format!("{},", lines[2]), lines[1]);
    expect![[r#"{"id":null,"name":"Ada \"Countess\" ","company":null,"title":null,"email":null,"phone":null,"mobile":null,"fax":null,"url":null,"address":null,"city":null,"state":null,"zip":null,"country":null,"notes":null,"stage":null,"value":"5000","probability":null,"moreInfo":null,"personId":null,"categories":["A","B"],"createdAt":"2026-11-22T01:02:03Z","updatedAt":null}"#]]
        .assert_eq(lines[2]);
    let positions: Vec<usize> = columns(Section::Archives)
        .iter()
        .map(|name| text.find(&format!("\"{name}\":")).expect("every column is there"))
        .collect();
    assert!(positions.is_sorted());
}

#[test]
fn what_is_missing_null_or_unknown_is_nothing() {
    let person = people("json", r#"[{"name": "Ada", "email": null, "city": " ", "shoe": {"size": [38]}}]"#).remove(0);
    let contact = Contact { name: Some("Ada".into()), ..Contact::default() };
    assert_eq!(person, Person { contact, ..Person::default() });
}

#[test]
fn numbers_are_taken_digit_by_digit() {
    let lead =
        leads("json", r#"[{"value": 12345678901234567.8900, "probability": ".250", "zip": 4711, "stage": "lead"}]"#)
            .remove(0);
    assert_eq!(lead.value.expect("a value").to_string(), "12345678901234567.8900");
    assert_eq!(lead.probability.expect("a probability").normalize().to_string(), "0.25");
    assert_eq!(lead.contact.zip.as_deref(), Some("4711"));
}

#[test]
fn escapes_are_undone_and_nul_dropped() {
    let person =
        people("json", r#"[{"name": "Z\u006f\u00eb \ud83d\ude00\u0000", "notes": "a\r\n\"b\" [{,"}]"#).remove(0);
    assert_eq!(person.contact.name.as_deref(), Some("Zoë 😀"));
    assert_eq!(person.contact.notes.as_deref(), Some("a\r\n\"b\" [{,"));
}

#[test]
fn a_bad_element_fails_alone() {
    let fail = |element: &str| {
        complaint("json", Section::Leads, &format!("[{{\"name\": \"Ada\"}},\n\n{element}\n,{{\"name\": \"Bob\"}}]"))
    };
    expect!["row 2, line 3: there should be an object like {\"name\": \"Ada\"}, not a number"].assert_eq(&fail("12"));
    expect!["row 2, line 3: there should be an object like {\"name\": \"Ada\"}, not null"].assert_eq(&fail("null"));
    expect!["row 2, line 3: there should be an object like {\"name\": \"Ada\"}, not something that is not JSON"]
        .assert_eq(&fail("nul"));
    expect!["row 2, line 3: this is not JSON: key must be a string (line 4)"].assert_eq(&fail("{\n name: 1}"));
    expect!["row 2, line 3: column value: `a` is not a number; write it like 5000 or 0.25"]
        .assert_eq(&fail(r#"{"value": "a"}"#));
    expect!["row 2, line 3: column name: there should be a text, not a list"].assert_eq(&fail(r#"{"name": []}"#));
    expect!["row 2, line 3: column categories: there should be a list of names like [\"Customers\"], not a number"]
        .assert_eq(&fail(r#"{"categories": 1}"#));
    expect!["row 2, line 3: column name: the text cannot be read: unexpected end of hex escape"]
        .assert_eq(&fail(r#"{"name": "\ud800"}"#));
    expect!["row 2, line 3: the element is nested more than 32 deep"].assert_eq(&fail(&format!(
        "{{\"x\": {}{}}}",
        "[".repeat(32),
        "]".repeat(32)
    )));
}

#[test]
fn a_source_has_the_members_before_a_fault() {
    let sources = |document: &str, format: &str| {
        let sources = read(format, Section::People, document.as_bytes()).sources.into_iter().flatten();
        let cell = |cell: &formats::SourceCell<'_>| format!("{}={}", cell.column, cell.text);
        sources.map(|source| source.cells.iter().map(cell).collect::<Vec<_>>().join("; ")).collect::<Vec<_>>()
    };
    for (element, expected) in [
        (
            r#"{"email":"a@example.com","name":"Ann","city":oops}"#,
            r#"name=Ann; email=a@example.com; _surplus={"email":"a@example.com","name":"Ann","city":oops}"#,
        ),
        (r#"{"name":"Ann", zip: 1}"#, r#"name=Ann; _surplus={"name":"Ann", zip: 1}"#),
        (r#"{"name":"Ann","shoe":38"#, r#"name=Ann; shoe=38; _surplus={"name":"Ann","shoe":38"#),
        (r#"{"name":"Ann","value":[]}"#, "name=Ann; value=[]"),
        ("[1]", "_surplus=[1]"),
    ] {
        assert_eq!(sources(&format!("{element}\n"), "ndjson"), [expected], "{element}");
    }
    assert_eq!(
        sources(r#"[{"name":"Ann","city":oops}]"#, "json"),
        [r#"name=Ann; _surplus={"name":"Ann","city":oops}"#]
    );
}

#[test]
fn arrays_may_stand_one_behind_another() {
    for document in [
        "[{\"name\":\"Ann\"},{\"name\":\"Bob\"}]\n[]\n[{\"name\":\"Cay\"}]\n",
        "[{\"name\":\"Ann\"}][{\"name\":\"Bob\"}][{\"name\":\"Cay\"}]",
        "\u{feff}[{\"name\":\"Ann\"}]\u{feff}[{\"name\":\"Bob\"}]\r\n\u{feff}[{\"name\":\"Cay\"}]\u{1a}",
    ] {
        for size in [1, 3, usize::MAX] {
            let reading = read_cut("json", Section::People, &DecodeOptions::default(), document.as_bytes(), &[size]);
            let name = |row: &formats::Row| row.record.as_ref().expect("a person").cells()[1].to_string();
            let names: Vec<_> = reading.rows.iter().map(name).collect();
            assert_eq!((names.join(" "), reading.error), ("Ann Bob Cay".to_owned(), None), "{document}");
        }
    }
}

#[test]
fn nesting_up_to_the_limit_is_passed_over() {
    let element = format!("[{{\"name\": \"Ada\", \"x\": {}{}}}]", "[".repeat(31), "]".repeat(31));
    assert_eq!(people("json", &element).len(), 1);
}

#[test]
fn an_element_over_the_limit_fails_and_reading_goes_on() {
    let options = DecodeOptions { row_limit: 14, ..DecodeOptions::default() };
    let document = format!("[{{\"name\":\"Ada\"}},\n{{\"name\":\"{}\"}},\n{{\"zip\":1}}]", "\\n,]}".repeat(30_000));
    for size in [1, 7, 4096, usize::MAX] {
        let reading = read_cut("json", Section::People, &options, document.as_bytes(), &[size]);
        assert_eq!(reading.error, None);
        let found: Vec<_> = reading.rows.iter().map(|row| (row.position.line, row.record.is_some())).collect();
        assert_eq!(found, [(1, true), (2, false), (3, true)]);
        assert_eq!(reading.rows[1].diagnostics[0].reason, "the element is longer than 14 bytes");
    }
}

#[test]
fn rows_before_a_fault_of_the_document_are_given() {
    let reading = read("json", Section::People, b"[{\"name\": \"Ada\"} {\"name\": \"Bob\"}]");
    assert_eq!(reading.rows.len(), 1);
    assert!(reading.error.is_some());
}

#[test]
fn documents_fail_with_what_would_have_been_right() {
    let fail = |document: &str| failure("json", Section::People, document.as_bytes());
    expect![[r#"line 1 should begin with `[` or `{`, since the file must be an array like [{"name": "Ada"}] or objects one behind another, but nothing stands there"#]]
        .assert_eq(&fail(""));
    expect![[r#"line 2 should begin with `[` or `{`, since the file must be an array like [{"name": "Ada"}] or objects one behind another, but `n` stands there"#]]
        .assert_eq(&fail("\r\nname"));
    expect!["`{` in line 2 is out of place; a comma or the `]` that ends the array should stand there"]
        .assert_eq(&fail("[{}\n{}]"));
    expect!["`]` in line 1 is out of place; an object like {\"name\": \"Ada\"} should stand there"]
        .assert_eq(&fail("[{},]"));
    expect!["`,` in line 1 is out of place; an object like {\"name\": \"Ada\"} should stand there"]
        .assert_eq(&fail("[,{}]"));
    expect!["`x` in line 2 is out of place; nothing more, or another array or object should stand there"]
        .assert_eq(&fail("[{}]\nx"));
    expect!["the file ends in line 3 before its array does; the last element begins in line 2, and `]` is missing"]
        .assert_eq(&fail("[{},\n{\"name\":\n"));
    expect!["the file ends in line 1 before its array does; the last element begins in line 1, and `]` is missing"]
        .assert_eq(&fail("["));
    expect!["the file ends in line 2 before its array does; the last element begins in line 1, and `]` is missing"]
        .assert_eq(&fail("{\"name\":\n"));
}

#[test]
fn values_may_stand_one_behind_another() {
    let names = |document: &str| -> Vec<_> {
        people("json", document).into_iter().map(|person| person.contact.name.unwrap_or_default()).collect()
    };
    for document in [
        "{\"name\": \"Ada\"}{\"name\": \"Bob\"}",
        "{\n  \"name\": \"Ada\"\n}\n{\n  \"name\": \"Bob\"\n}\n",
        "[{\"name\": \"Ada\"}]\n{\"name\": \"Bob\"}",
        "{\"name\": \"Ada\"}\u{feff}[{\"name\": \"Bob\"}]",
    ] {
        assert_eq!(names(document), ["Ada", "Bob"], "{document:?}");
    }
}

#[test]
fn objects_of_several_lines_are_no_lines_of_ndjson() {
    let registry = formats::builtin();
    let recognised = |head: &str| registry.recognise(head.as_bytes(), None).expect("a format").descriptor().name;
    assert_eq!(recognised("{\"name\": \"Ada\"}\n{\n  \"name\": \"Bob\"\n}\n"), "json");
    assert_eq!(recognised("{\n  \"name\": \"Bob\"\n}\n"), "json");
    assert_eq!(recognised("{\"name\": \"Ada\"}\n{\"name\": \"Bob\"}\n"), "ndjson");
}

#[test]
fn json_is_read_in_its_charset() {
    let charset = |label: &str| Some(label.parse().expect("a charset"));
    let utf_16 = |text: &str| -> Vec<u8> {
        ['\u{feff}']
            .into_iter()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let text = "[{\"name\": \"Zoë\", \"city\": \"Köln\"}]";
    let line = "{\"name\": \"Zoë\", \"city\": \"Köln\"}\n";
    let latin_1 =
        |text: &str| -> Vec<u8> { text.chars().map(|char| u8::try_from(char).expect("it is there")).collect() };
    for (format, document, said, found) in [
        ("json", text.as_bytes().to_vec(), None, "utf-8"),
        ("json", utf_16(text), None, "utf-16le"),
        ("ndjson", utf_16(line), None, "utf-16le"),
        ("json", latin_1(text), None, "windows-1252"),
        ("json", latin_1(text), charset("latin1"), "windows-1252"),
        ("ndjson", latin_1(line), charset("windows-1252"), "windows-1252"),
    ] {
        let options = DecodeOptions { charset: said, ..DecodeOptions::default() };
        let reading = read_cut(format, Section::People, &options, &document, &[7]);
        let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("{format} {found}: {reading:?}") };
        assert_eq!((person.contact.name.as_deref(), person.contact.city.as_deref()), (Some("Zoë"), Some("Köln")));
        assert_eq!(reading.findings.charset.map(|charset| charset.to_string()).as_deref(), Some(found));
    }
    // One bad byte fails its element.
    let document = b"[{\"name\": \"Zo\xc3\xab\"},\n{\"name\": \"Zo\xeb\"}]";
    let reading = read_cut("json", Section::People, &DecodeOptions::default(), document, &[usize::MAX]);
    assert!(reading.rows[0].record.is_some());
    assert_eq!(
        reading.rows[1].diagnostics[0].reason,
        "line 2 has a character that cannot be read in the file's charset"
    );
}

#[test]
fn names_may_be_one_text() {
    let people = people("json", "[{\"categories\": \"A ::: B, C\"}]");
    assert_eq!(people[0].categories, ["A", "B, C"]);
}

#[test]
fn an_object_without_anything_is_still_a_row() {
    assert_eq!(rows("json", Section::People, "[{}]")[0].record, Some(Record::Person(Box::default())));
}
