//! vCard: what golden files cannot show well.

use expect_test::expect;
use formats::{DecodeOptions, Record, Section};

use crate::documents::{leads, people, read, read_cut};

#[test]
fn a_picture_larger_than_the_limit_does_not_count() {
    let picture = "QUJD".repeat(5_000);
    for property in ["PHOTO;ENCODING=b;TYPE=JPEG", "item1.photo", "KEY", "LOGO", "SOUND;ENCODING=BASE64"] {
        let card = format!("BEGIN:VCARD\nFN:Ann\n{property}:{picture}\n {picture}\nTEL:1\nEND:VCARD\n");
        let options = DecodeOptions { row_limit: 100, ..DecodeOptions::default() };
        let reading = read_cut("vcard", Section::People, &options, card.as_bytes(), &[100]);
        let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("no person: {reading:?}") };
        assert_eq!(person.contact.phone.as_deref(), Some("1"), "{property}");
    }
}

#[test]
fn a_card_over_the_limit_fails_alone() {
    let long = "x".repeat(200);
    let notes = "NOTE:short\n".repeat(20);
    for middle in [format!("NOTE:{long}\n"), notes, format!("NOTE:{}\n", "y\n ".repeat(200))] {
        let cards = format!(
            "BEGIN:VCARD\nFN:Ann\nEND:VCARD\nBEGIN:VCARD\nFN:Long\n{middle}END:VCARD\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n"
        );
        let options = DecodeOptions { row_limit: 100, ..DecodeOptions::default() };
        let reading = read_cut("vcard", Section::People, &options, cards.as_bytes(), &[7]);
        let good: Vec<bool> = reading.rows.iter().map(|row| row.record.is_some()).collect();
        assert_eq!(good, [true, false, true]);
        expect!["the card is longer than 100 bytes"].assert_eq(&reading.rows[1].diagnostics[0].to_string());
        assert_eq!(reading.sources[1], None);
    }
}

#[test]
fn a_stage_has_the_persons_fields() {
    let [lead] = &leads("vcard", "BEGIN:VCARD\nFN:Ann\nX-CAIRN-ID:018f\nCATEGORIES:A\nBDAY:20000102\nEND:VCARD\n")[..]
    else {
        panic!("one lead")
    };
    assert_eq!((lead.id.as_deref(), lead.contact.name.as_deref()), (Some("018f"), Some("Ann")));
    assert_eq!((lead.categories.as_slice(), lead.foreign[0].value.as_str()), (&["A".to_owned()][..], "2000-01-02"));
}

#[test]
fn a_source_has_what_an_import_would_keep() {
    let card =
        "BEGIN:VCARD\nFN:Ann\nNOTE:Own\nBDAY:20000102\nEMAIL:a@example.com\nEMAIL;TYPE=HOME:b@example.com\nEND:VCARD\n";
    let reading = read("vcard", Section::People, card.as_bytes());
    let source = reading.sources[0].as_ref().expect("a card has a source");
    let notes = source.cells.iter().find(|cell| cell.column == "notes").expect("notes are a column");
    assert_eq!(notes.text, "Own\nBirthday: 2000-01-02\nEmail (home): b@example.com");
}

#[test]
fn work_comes_before_what_is_preferred() {
    let person = |lines: &str| people("vcard", &format!("BEGIN:VCARD\nFN:A\n{lines}END:VCARD\n")).remove(0).contact;
    let contact = person("TEL;HOME;PREF:1\nTEL;WORK:2\nADR;HOME;PREF:;;Home 1\nADR;WORK:;;Work 2\n");
    assert_eq!((contact.phone.as_deref(), contact.address.as_deref()), (Some("2"), Some("Work 2")));
    let contact = person("TEL:1\nTEL;HOME;PREF:2\nEMAIL:a@b\nEMAIL;PREF=1:c@d\nADR:;;First\nADR;HOME;PREF:;;Second\n");
    assert_eq!((contact.phone.as_deref(), contact.email.as_deref()), (Some("2"), Some("c@d")));
    assert_eq!(contact.address.as_deref(), Some("Second"));
}

#[test]
fn a_company_has_no_name() {
    let of = |lines: &str| {
        let contact = people("vcard", &format!("BEGIN:VCARD\n{lines}END:VCARD\n")).remove(0).contact;
        (contact.name, contact.company)
    };
    let acme = || Some("Acme".to_owned());
    assert_eq!(of("FN:Acme\nORG:Acme\n"), (None, acme()));
    assert_eq!(of("FN:Acme\nN:;;;;\nORG:Acme;\n"), (None, acme()));
    assert_eq!(of("FN:Acme\nN:Acme\nORG:Acme\nX-ABShowAs:COMPANY\n"), (None, acme()));
    assert_eq!(of("FN:Acme\nN:Acme\nORG:Acme\n"), (acme(), acme()));
    assert_eq!(of("FN:Ann\nORG:Acme\nX-ABShowAs:COMPANY\n"), (Some("Ann".to_owned()), acme()));
}

#[test]
fn a_card_within_a_card_is_another_persons() {
    let agent = "BEGIN:VCARD\nFN:Agent\nTEL:9\nEND:VCARD\n";
    for lines in
        [format!("AGENT:\n{agent}"), format!("AGENT:{agent}"), "AGENT:BEGIN:VCARD\\nFN:Agent\\nEND:VCARD\n".to_owned()]
    {
        let people = people("vcard", &format!("BEGIN:VCARD\nFN:Ann\n{lines}TEL:1\nEND:VCARD\n"));
        assert_eq!(people.len(), 1, "{lines}");
        assert_eq!(people[0].contact.phone.as_deref(), Some("1"), "{lines}");
        assert_eq!(people[0].contact.name.as_deref(), Some("Ann"), "{lines}");
    }
}

#[test]
fn a_quoted_list_is_a_list() {
    let of = |lines: &str| people("vcard", &format!("BEGIN:VCARD\nFN:A\n{lines}END:VCARD\n")).remove(0);
    for types in
        ["\"fax,work\"", "\"FAX, Work\"", "\"work\\,fax\"", "work\\,fax", "\"work;fax\"", "work,\"fax\"", "'fax'"]
    {
        for property in [format!("TEL;TYPE={types}"), format!("item1.tel;type={types}")] {
            let contact = of(&format!("{property}:1\n")).contact;
            assert_eq!((contact.phone, contact.fax.as_deref()), (None, Some("1")), "{property}");
        }
    }
    for types in ["\"CELL,VOICE\"", "CELL,VOICE", "\"cell\\,voice\"", "CELL;VOICE"] {
        assert_eq!(of(&format!("TEL;{types}:1\n")).contact.mobile.as_deref(), Some("1"), "{types}");
    }
    for preferred in ["TYPE=\"home,pref\"", "PREF=\"1\"", "PREF=1", "TYPE=pref", "PREF", "\"HOME,PREF\""] {
        let person = of(&format!("EMAIL:a@b\nEMAIL;{preferred}:c@d\nURL:http://a\nURL;{preferred}:http://b\n"));
        let contact = person.contact;
        assert_eq!((contact.email.as_deref(), contact.url.as_deref()), (Some("c@d"), Some("http://b")), "{preferred}");
    }
    // A comma in what is no list is one.
    assert_eq!(of("ADR;LABEL=\"1 Main St, Ulm\":;;;;;;\n").contact.address.as_deref(), Some("1 Main St, Ulm"));
    let person = of("IMPP;X-SERVICE-TYPE=\"Chat, Inc\":x:ann\n");
    assert_eq!(person.foreign[0].header, "Chat, Inc");
}

#[test]
fn a_number_in_a_uri_is_a_number() {
    let own = "PRODID:-//Cairn//Cairn contacts//EN\nN:;A;;;\n";
    for (written, number) in [
        ("TEL;TYPE=\"work,voice\";VALUE=uri:tel:+49-30-1", "+49-30-1"),
        ("TEL;TYPE=WORK,VOICE:tel:+49-30-1", "+49-30-1"),
        ("TEL;TYPE=WORK,VOICE;VALUE=URI:TEL:+49-30-1;EXT=12", "+49-30-1 ext. 12"),
        ("TEL;TYPE=WORK,VOICE;VALUE=uri:tel:7042;phone-context=+49-30;ext=5", "7042 (+49-30) ext. 5"),
        ("TEL;TYPE=WORK,VOICE;VALUE=uri:tel:7042;isub=1;phone-context=example.com", "7042 (example.com)"),
        ("TEL;TYPE=WORK,VOICE;VALUE=uri:tel:%2B49%2030%201", "+49 30 1"),
        ("TEL;TYPE=WORK,VOICE:callto://+49301", "+49301"),
        ("TEL;TYPE=WORK,VOICE:+49 30 1", "+49 30 1"),
    ] {
        for head in ["", own] {
            let person = people("vcard", &format!("BEGIN:VCARD\nFN:A\n{head}{written}\nEND:VCARD\n")).remove(0);
            assert_eq!(person.contact.phone.as_deref(), Some(number), "{head}{written}");
        }
    }
}

#[test]
fn every_fault_of_a_card_is_in_its_source() {
    let document = "BEGIN:VCARD\nFN:Ann\nX-CAIRN-VALUE:much\nX-CAIRN-PROBABILITY:0.5\nX-CAIRN-STAGE:maybe\nEND:VCARD\n";
    let reading = read("vcard", Section::Leads, document.as_bytes());
    let fields: Vec<_> = reading.rows[0].diagnostics.iter().filter_map(|found| found.field.as_deref()).collect();
    assert_eq!(fields, ["X-CAIRN-VALUE", "X-CAIRN-STAGE"]);
    let source = reading.sources[0].as_ref().expect("a card has a source");
    let cells = source.cells.iter().filter(|cell| !cell.text.is_empty());
    let cells: Vec<_> = cells.map(|cell| format!("{}={}", cell.column, cell.text)).collect();
    assert_eq!(cells, ["name=Ann", "stage=maybe", "value=much", "probability=0.5"]);
}

#[test]
fn a_file_without_a_card_is_none() {
    for document in ["TEL:1\nEND:VCARD\n", "name,email\n\n1,2\n", "BEGIN:VCALENDAR\nEND:VCALENDAR\n"] {
        let error = read("vcard", Section::People, document.as_bytes()).error.expect("no card, no file").to_string();
        let first = document.lines().next().expect("it has a line");
        assert_eq!(
            error,
            format!("the file has no line BEGIN:VCARD, so it is none of this format; line 1 reads `{first}`")
        );
    }
}

#[test]
fn carets_in_parameters_are_undone_once() {
    let of = |label: &str| {
        let document = format!("BEGIN:VCARD\nFN:A\nADR;LABEL=\"{label}\":;;;;;;\nEND:VCARD\n");
        people("vcard", &document).remove(0).contact.address.expect("the label is the address")
    };
    assert_eq!(of("1 ^'Main^' St^nRear"), "1 \"Main\" St\nRear");
    assert_eq!(of("a^^nb^^^'c^xé^"), "a^nb^\"c^xé^");
}

#[test]
fn a_file_that_ends_in_the_middle_of_a_card_takes_nobody_of_the_next_with_it() {
    let document = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nNOTE:hal\u{1a}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\n\
        EMAIL:b@x.example\r\nEND:VCARD\r\n";
    let found = people("vcard", document);
    let names: Vec<_> = found.iter().map(|person| person.contact.name.as_deref().unwrap_or_default()).collect();
    assert_eq!(names, ["Ann", "Bob"]);
    assert_eq!((found[0].contact.notes.as_deref(), found[0].contact.email.as_deref()), (Some("hal"), None));
    assert_eq!(found[1].contact.email.as_deref(), Some("b@x.example"));
}
