//! Behaviour of the CSV codec, one rule a test.

use bytes::BytesMut;
use expect_test::expect;
use formats::{Contact, DecodeOptions, Person, Record, Section, Stage, Transaction, columns};

use crate::documents::{complaint, failure, leads, people, read_cut, rows, write};

#[test]
fn no_records_are_a_header() {
    let document = write("csv", Section::People, &[]);
    expect!["id,name,company,title,email,phone,mobile,fax,url,address,city,state,zip,country,notes,categories,createdAt,updatedAt\r\n"]
        .assert_eq(&String::from_utf8_lossy(&document));
    assert_eq!(people("csv", &String::from_utf8_lossy(&document)), []);
}

#[test]
fn marks_where_files_were_joined_are_no_part_of_cells() {
    let document =
        "\u{feff}name,city\r\nAnn,Ulm\r\n\u{feff}\"Bob, Jr.\",Graz\r\n\r\n\u{feff}\u{200b}Cay,Bern\r\n\u{1a}";
    let found = people("csv", document).into_iter().map(|person| (person.contact.name, person.contact.city));
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        found.collect::<Vec<_>>(),
        [(some("Ann"), some("Ulm")), (some("Bob, Jr."), some("Graz")), (some("Cay"), some("Bern"))]
    );
    for size in [1, 2, 3] {
        let cut = read_cut("csv", Section::People, &DecodeOptions::default(), document.as_bytes(), &[size]);
        assert_eq!(cut.rows.len(), 3, "in pieces of {size}");
    }
}

#[test]
fn a_header_in_the_middle_is_no_person() {
    let document = "name,city,email\nAnn,Ulm,a@b.example\nname,city,email\r\n\"name\", city ,email\nBob,Graz,b@b.example\nname,x,email\n";
    for size in [1, 5, usize::MAX] {
        let reading = read_cut("csv", Section::People, &DecodeOptions::default(), document.as_bytes(), &[size]);
        let found: Vec<_> = reading
            .rows
            .iter()
            .map(|row| {
                let name = row.record.as_ref().map(|record| record.cells()[1].to_string()).unwrap_or_default();
                let notes: Vec<_> = row.diagnostics.iter().map(ToString::to_string).collect();
                format!("{}: {name} {}", row.position, notes.join("; "))
            })
            .collect();
        assert_eq!(
            found,
            [
                "row 1, line 2: Ann ",
                "row 2, line 5: Bob line 4 before it has the names of the columns once more, and is passed over",
                "row 3, line 6: name ",
            ]
        );
    }
}

#[test]
fn an_independent_reader_understands_what_is_written() {
    let transaction = Transaction {
        id: Some("t1".into()),
        person_id: Some("p1".into()),
        contact: Contact {
            name: Some("Ada \"Countess\" Lovelace".into()),
            notes: Some(" one,\r\ntwo\rthree\n".into()),
            ..Contact::default()
        },
        stage: Some(Stage::Opportunity),
        value: Some("5000.00".parse().expect("a decimal")),
        probability: Some("0.250".parse().expect("a decimal")),
        more_info: Some("=1+1".into()),
        categories: vec!["A; B".into(), "C, D".into()],
        custom: Vec::new(),
        foreign: Vec::new(),
        deal: None,
        created_at: Some("2026-11-22T01:02:03Z".parse().expect("a time")),
        updated_at: Some("2026-11-22T01:02:03.000004Z".parse().expect("a time")),
    };
    let document = write("csv", Section::Leads, &[Record::Transaction(Box::new(transaction))]);
    let mut reader = csv::Reader::from_reader(document.as_slice());
    let header: Vec<String> = reader.headers().expect("a header").iter().map(String::from).collect();
    assert_eq!(header, columns(Section::Leads));
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("all rows have equal lengths");
    let cells: Vec<(&str, &str)> =
        header.iter().map(String::as_str).zip(rows[0].iter()).filter(|(_, cell)| !cell.is_empty()).collect();
    assert_eq!(
        cells,
        [
            ("id", "t1"),
            ("name", "Ada \"Countess\" Lovelace"),
            ("notes", " one,\r\ntwo\rthree\n"),
            ("stage", "OPPORTUNITY"),
            ("value", "5000"),
            ("probability", "0.25"),
            ("moreInfo", "=1+1"),
            ("personId", "p1"),
            ("categories", "A; B ::: C, D"),
            ("createdAt", "2026-11-22T01:02:03Z"),
            ("updatedAt", "2026-11-22T01:02:03.000004Z"),
        ]
    );
}

#[test]
fn each_column_sets_its_own_field() {
    for section in [Section::People, Section::Leads] {
        for (at, column) in columns(section).iter().enumerate() {
            let cell = match *column {
                "stage" => "CUSTOMER",
                "value" | "probability" => "0.5",
                "createdAt" | "updatedAt" => "2026-11-22T01:02:03Z",
                other => other,
            };
            let row = rows("csv", section, &format!("{column}\n{cell}\n")).remove(0);
            let record = row.record.expect("the cell is right");
            let cells = record.cells();
            assert_eq!(cells[at], cell, "{column}");
            assert_eq!(cells.iter().filter(|cell| !cell.is_empty()).count(), 1, "{column}");
        }
    }
}

#[test]
fn white_space_is_trimmed_but_where_it_is_meant() {
    let person =
        people("csv", "name,city,notes,address\n  Ada ,\u{a0}London\t,\" two\n lines \",\" 1 St \"\n").remove(0);
    assert_eq!(person.contact.name.as_deref(), Some("Ada"));
    assert_eq!(person.contact.city.as_deref(), Some("London"));
    assert_eq!(person.contact.notes.as_deref(), Some(" two\n lines "));
    assert_eq!(person.contact.address.as_deref(), Some(" 1 St "));
}

#[test]
fn blank_cells_are_nothing() {
    let person = people("csv", "name,city,notes,categories\nAda,  ,\"\n \",\" ::: \"\n").remove(0);
    let contact = Contact { name: Some("Ada".into()), ..Contact::default() };
    assert_eq!(person, Person { contact, ..Person::default() });
}

#[test]
fn nul_characters_are_dropped() {
    let person = people("csv", "name,email\nA\0da,\0\n").remove(0);
    assert_eq!(person.contact.name.as_deref(), Some("Ada"));
    assert_eq!(person.contact.email, None);
}

#[test]
fn categories_may_hold_commas_semicolons_and_stars() {
    let person = people("csv", "name,categories\nAda,\"A; B ::: C, D ::: * E\"\n").remove(0);
    assert_eq!(person.categories, ["A; B", "C, D", "* E"]);
}

#[test]
fn numbers_are_read_exactly() {
    for (text, number) in [
        ("5000.00", "5000"),
        (".25", "0.25"),
        ("-3.10", "-3.1"),
        ("7.", "7"),
        (" 12 ", "12"),
        ("-0", "0"),
        ("0.10", "0.1"),
    ] {
        let lead = leads("csv", &format!("name,value\nAda,{text}\n")).remove(0);
        let record = Record::Transaction(Box::new(lead));
        assert_eq!(record.cells()[16], number, "{text}");
    }
}

#[test]
fn what_is_no_number_fails_its_row() {
    for text in ["abc", "1e", "5 00", "1_000", "+-5", "--5", ".", "-", "1.2.3", "0x10", "٣"] {
        let reason = complaint("csv", Section::Leads, &format!("name,Value\nAda,{text}\n"));
        assert_eq!(
            reason,
            format!("row 1, line 2: column Value: `{text}` is not a number; write it like 5000 or 0.25")
        );
    }
    let reason = complaint("csv", Section::Leads, "name,value\nAda,1.00000000000000000000000000000000001\n");
    assert!(reason.ends_with("has more digits than a number here can have, which is 28"), "{reason}");
}

#[test]
fn stages_and_times_say_what_is_right() {
    expect!["row 1, line 2: column stage: `WON` is not a stage; write LEAD, OPPORTUNITY, CUSTOMER or ARCHIVE"]
        .assert_eq(&complaint("csv", Section::Leads, "name,stage\nAda,WON\n"));
    // When the record was made is worth no row.
    let row = rows("csv", Section::People, "name,createdAT\nAda,yesterday\n").remove(0);
    let [note] = &row.diagnostics[..] else { panic!("{row:?}") };
    assert_eq!((row.record.is_some(), note.field.as_deref()), (true, Some("createdAT")));
    expect!["`yesterday` is not a time; write it like 2026-11-22T01:02:03Z"].assert_eq(&note.reason);
    assert_eq!(leads("csv", "name,stage\nAda,customer\n")[0].stage, Some(Stage::Customer));
}

#[test]
fn one_row_may_have_several_faults() {
    let row = rows("csv", Section::Leads, "name,value,stage\nAda,x,y\n").remove(0);
    let fields: Vec<_> = row.diagnostics.iter().map(|diagnostic| diagnostic.field.as_deref()).collect();
    assert_eq!(fields, [Some("value"), Some("stage")]);
    assert_eq!(row.record, None);
}

#[test]
fn lines_are_physical_ones() {
    let positions = |document: &str| -> Vec<_> {
        rows("csv", Section::People, document).iter().map(|row| (row.position.row, row.position.line)).collect()
    };
    let document = "\n\r\nname,notes\nA,\"1\r\n2\n3\r4\"\r\n\r\n , \nB,\n\r\nC,x";
    assert_eq!(positions(document), [(1, 4), (2, 10), (3, 12)]);
    assert_eq!(positions("\r\rname,notes\rA,\"1\n2\r3\"\r\r , \rB,\r\rC,x"), [(1, 4), (2, 9), (3, 11)]);
}

#[test]
fn a_lone_cr_ends_rows_only_where_all_rows_end_so() {
    let found = people("csv", "name,city,notes\r\nA\rda,London,a\r\r\nBob,Paris,\"b\r\"\r\r\n");
    let cities: Vec<_> = found.iter().map(|person| person.contact.city.as_deref()).collect();
    assert_eq!(cities, [Some("London"), Some("Paris")]);
    let notes: Vec<_> = found.iter().map(|person| person.contact.notes.as_deref()).collect();
    assert_eq!(notes, [Some("a"), Some("b\r")]);
    assert_eq!(people("csv", "name,notes\rAda,\"a\nb\"\rBob,c\r").len(), 2);
}

#[test]
fn a_short_row_is_fine_and_a_long_one_only_if_nothing_is_lost() {
    let found = people("csv", "name,email,city\nAda\nBob,b@example.com,,,  ,\n");
    assert_eq!(found[0].contact.email, None);
    assert_eq!(found[1].contact.email.as_deref(), Some("b@example.com"));
    expect![
        "row 1, line 2: the row has 4 cells, but the header names 2 columns; put a text with `,` in it between quotes"
    ]
    .assert_eq(&complaint("csv", Section::People, "name,city\nAda,a,,b\nBob,c\n"));
}

#[test]
fn a_quote_that_is_never_closed_fails_its_row_where_it_opens() {
    let document = "name,notes,city\nAda,fine,\nBob,\"two\nlines\",\"London\nCleo,,\n";
    let found = rows("csv", Section::People, document);
    let found: Vec<_> = found.iter().map(|row| (row.position.line, row.record.is_some())).collect();
    assert_eq!(found, [(2, true), (4, false), (5, true)]);
    expect!["row 2, line 4: the quote that opens in line 4 is never closed"].assert_eq(&complaint(
        "csv",
        Section::People,
        document,
    ));
    assert_eq!(people("csv", "name\n\"Ada\"")[0].contact.name.as_deref(), Some("Ada"));
}

#[test]
fn a_row_over_the_limit_fails_and_reading_goes_on() {
    let options = DecodeOptions { row_limit: 20, ..DecodeOptions::default() };
    let exact = "a".repeat(20);
    let document = format!("name,city\r\n{exact}\r\n{exact}b\r\n\"{}\",x,y,\r\nAda,London", "\n,".repeat(50_000));
    for size in [1, 7, 4096, usize::MAX] {
        let reading = read_cut("csv", Section::People, &options, document.as_bytes(), &[size]);
        assert_eq!(reading.error, None);
        let lines: Vec<_> = reading.rows.iter().map(|row| (row.position.line, row.record.is_some())).collect();
        // The quotes of the long row are not closed within the limit, so that its last line is a row that begins with a comma.
        let expected = [(2, true), (3, false), (4, false), (50_004, false), (50_005, true)];
        assert_eq!(lines, expected, "pieces of {size}");
        assert_eq!(reading.rows[1].diagnostics[0].reason, "the row is longer than 20 bytes; is a quote missing in it?");
    }
}

#[test]
fn input_is_taken_as_it_is_used() {
    let registry = formats::builtin();
    let csv = registry.get("csv").expect("csv is built in");
    let mut decoder = csv.decoder(Section::People, &DecodeOptions::default()).expect("people can be read");
    let mut input = BytesMut::from("name\n");
    input.extend_from_slice("Ada\n".repeat(100_000).as_bytes());
    input.extend_from_slice(b"\"Bob");
    for line in 2..100_002 {
        let row = decoder.row(&mut input, false).expect("the document is right").expect("a row is there");
        assert_eq!(row.position.line, line);
    }
    assert_eq!(decoder.row(&mut input, false), Ok(None));
    assert!(input.is_empty(), "a row that goes on is kept by the decoder");
}

#[test]
fn documents_fail_with_what_would_have_been_right() {
    let fail = |document: &[u8]| failure("csv", Section::People, document);
    expect!["the file is empty; its first row must name the columns, such as id, name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes, categories, createdAt and updatedAt"]
        .assert_eq(&fail(b"\xef\xbb\xbf\r\n , \r\n"));
    expect!["no column in line 1 is known (it begins with `Ada`); our own columns are id, name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes, categories, createdAt and updatedAt"]
        .assert_eq(&fail(b"Ada,Lovelace\n"));
    expect!["the header cannot be read: the quote that opens in line 1 is never closed"]
        .assert_eq(&fail(b"name,\"city\nAda,London\n"));
    expect!["the header in line 1 has 1025 columns; at most 1024 are read"]
        .assert_eq(&fail(format!("name{}\n", ",".repeat(1024)).as_bytes()));
    expect!["the header in line 1 is longer than 1048576 bytes"].assert_eq(&fail("name,".repeat(300_000).as_bytes()));
}

#[test]
fn one_bad_byte_is_one_bad_cell() {
    let document = b"name,city\nZo\xc3\xab,K\xc3\xb6ln\nAnn,M\xfcnchen\nBob,Graz\n";
    let reading = read_cut("csv", Section::People, &DecodeOptions::default(), document, &[usize::MAX]);
    let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("{reading:?}") };
    assert_eq!((person.contact.name.as_deref(), person.contact.city.as_deref()), (Some("Zoë"), Some("Köln")));
    assert_eq!(reading.rows[1].diagnostics[0].field.as_deref(), Some("city"));
    assert!(reading.rows[1].record.is_none() && reading.rows[2].record.is_some());
}

#[test]
fn what_programs_put_for_nothing_is_empty_where_no_text_can_stand() {
    for word in ["NA", "null", "None", "#N/A"] {
        let row = rows("csv", Section::Leads, &format!("name,value,probability\n{word},{word},0.5\n")).remove(0);
        let Some(Record::Transaction(lead)) = &row.record else { panic!("{row:?}") };
        assert_eq!((lead.contact.name.as_deref(), lead.value), (Some(word), None));
        let [note] = &row.diagnostics[..] else { panic!("{row:?}") };
        assert_eq!(
            (note.field.as_deref(), note.reason.as_str()),
            (Some("value"), &*format!("`{word}` is taken for an empty cell"))
        );
    }
}

#[test]
fn a_table_of_google_is_told_by_its_header() {
    let registry = formats::builtin();
    let recognised = |head: &[u8], name| registry.recognise(head, Some(name)).expect("a format").descriptor().name;
    let current = b"First Name,Middle Name,Last Name,Phonetic First Name,Organization Name,Custom Field 1 - Label\n";
    let classic = b"Name,Given Name,Additional Name,Given Name Yomi,E-mail 1 - Type,E-mail 1 - Value\r\n";
    assert_eq!(recognised(current, "contacts.csv"), "google-contacts");
    assert_eq!(recognised(classic, "kontakte (1).csv"), "google-contacts");
    assert_eq!(recognised(b"First Name,Last Name,E-mail Address\n", "contacts.csv"), "csv");
}
