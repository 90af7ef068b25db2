//! Workbooks that are larger than they look, or not what they say.

use std::io::{Cursor, Write};

use expect_test::expect;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use formats::{Contact, DecodeOptions, Person, Record, Section};

use crate::documents::{failure, read, read_cut, write};

/// A part of an archive: its name, its content, and the size that the archive says it has.
struct Part<'a>(&'a str, &'a [u8], Option<u32>);

/// An archive as simple as can be (APPNOTE.TXT of PKWARE).
fn archive(parts: &[Part<'_>]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut directory = Vec::new();
    let mut put = |bytes: &[u8]| {
        let start = file.position();
        file.write_all(bytes).expect("a vector can always be written to");
        u32::try_from(start).expect("the archive is small")
    };
    let bytes = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    for Part(name, content, said) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).expect("a vector can always be written to");
        let packed = encoder.finish().expect("a vector can always be written to");
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let length = |length: usize| u32::try_from(length).expect("the part is small");
        let sizes = [crc.sum(), length(packed.len()), said.unwrap_or(length(content.len()))];
        let head = [&[20, 0, 0, 0, 8, 0, 0, 0, 33, 84][..], &bytes(&sizes), &bytes(&[length(name.len())])].concat();
        let start = put(&[b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
        let tail = [&[0; 10][..], &bytes(&[start]), name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02\x14\0", &head[..], &tail].concat());
    }
    let start = put(&directory);
    let count = u16::try_from(parts.len()).expect("there are few parts").to_le_bytes();
    let sizes = bytes(&[u32::try_from(directory.len()).expect("the directory is small"), start]);
    put(&[b"PK\x05\x06\0\0\0\0", &count[..], &count, &sizes, &[0, 0]].concat());
    file.into_inner()
}

const BOOK: Part<'_> = Part("xl/workbook.xml", b"<workbook/>", None);

fn sheet(rows: &str) -> Vec<u8> {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()
}

fn text(cell: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>")
}

#[test]
fn a_bomb_is_refused_by_what_it_says() {
    let bomb = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(""), Some(300 << 20))]);
    expect!["the file is too large: the content of a workbook of more than 256 MiB cannot be read"]
        .assert_eq(&failure("xlsx", Section::People, &bomb));
}

#[test]
fn a_bomb_that_lies_is_refused_as_it_goes_off() {
    let row = format!("<row>{}</row>", text("name"));
    let long = sheet(&row.repeat(100_000));
    let bomb = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &long, Some(1_000))]);
    expect!["the file cannot be read: its XML is broken; save it as xlsx again"].assert_eq(&failure(
        "xlsx",
        Section::People,
        &bomb,
    ));
}

#[test]
fn a_sheet_with_far_corners_takes_no_memory_for_what_lies_between() {
    let far = format!("<row r=\"1\">{}</row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", text("name"));
    let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&far), None)]);
    let reading = read("xlsx", Section::People, &book);
    assert_eq!(reading.error, None);
    let [row] = &reading.rows[..] else { panic!("not one row: {reading:?}") };
    assert_eq!(row.position.line, 1_048_576);
    assert!(row.diagnostics[0].reason.contains("name the columns of the others"), "{row:?}");
}

#[test]
fn a_sheet_has_the_limits_of_a_table() {
    let options = DecodeOptions { row_limit: 1_000, column_limit: 3, ..DecodeOptions::default() };
    let long = format!(
        "<row>{}</row><row>{}</row><row>{}</row><row>{}</row>",
        text("name"),
        text("Ann"),
        text(&"x".repeat(5_000)),
        text("Bob")
    );
    let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&long), None)]);
    let reading = read_cut("xlsx", Section::People, &options, &book, &[100]);
    assert_eq!(reading.rows.iter().map(|row| row.record.is_some()).collect::<Vec<_>>(), [true, false, true]);
    let wide = format!("<row>{}</row>", text("name").repeat(20));
    let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&wide), None)]);
    let reading = read_cut("xlsx", Section::People, &options, &book, &[100]);
    let error = reading.error.expect("there are too many columns").to_string();
    assert!(error.contains("at most 3 are read"), "{error}");
}

/// Workbooks whose second record has a text of so many bytes, in each place where a workbook can have one.
fn long_texts(bytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    // With a line end, behind which nothing becomes a row of its own.
    let (x, entities) = ("x\n".repeat(bytes), "&amp;".repeat(bytes));
    let runs = "<r><rPr/><t>x\n</t></r>".repeat(bytes);
    let shared = |index: usize| format!("<c t=\"s\"><v>{index}</v></c>");
    let inline =
        |long: &str| [text("name"), text("Ann"), format!("<c t=\"inlineStr\"><is>{long}</is></c>"), text("Bob")];
    let formula =
        |long: &str| [text("name"), text("Ann"), format!("<c t=\"str\"><f>A1</f><v>{long}</v></c>"), text("Bob")];
    let of_strings = || [shared(0), shared(1), shared(2), shared(3)];
    let places = [
        ("inline", inline(&format!("<t>{x}</t>")), String::new()),
        ("inline runs", inline(&runs), String::new()),
        ("inline entities", inline(&format!("<t>{entities}</t>")), String::new()),
        ("inline escapes", inline(&format!("<t>{}</t>", "_x0041_".repeat(bytes))), String::new()),
        ("formula", formula(&x), String::new()),
        ("number", [text("name"), text("Ann"), format!("<c><v>{x}</v></c>"), text("Bob")], String::new()),
        ("shared", of_strings(), format!("<t>{x}</t>")),
        ("shared runs", of_strings(), runs.clone()),
        ("shared entities", of_strings(), format!("<t>{entities}</t>")),
    ];
    let book = |(place, cells, long): (&'static str, [String; 4], String)| {
        let rows: String = cells.iter().map(|cell| format!("<row>{cell}</row>")).collect();
        let si = |text: &str| format!("<si>{text}</si>");
        let strings = [si("<t>name</t>"), si("<t>Ann</t>"), si(&long), si("<t>Bob</t>")].concat();
        let strings = format!("<sst>{strings}</sst>");
        let (sheet, strings) = (sheet(&rows), strings.into_bytes());
        let parts =
            [BOOK, Part("xl/worksheets/sheet1.xml", &sheet, None), Part("xl/sharedStrings.xml", &strings, None)];
        (place, archive(&parts))
    };
    places.into_iter().map(book).collect()
}

#[test]
fn a_text_over_the_limit_of_a_row_fails_its_row_alone_wherever_it_stands() {
    for limit in [1_000, 100_000] {
        let options = DecodeOptions { row_limit: limit, ..DecodeOptions::default() };
        for (place, book) in long_texts(limit + 1) {
            let reading = read_cut("xlsx", Section::People, &options, &book, &[100]);
            assert_eq!(reading.error, None, "{place}");
            let good: Vec<_> = reading.rows.iter().map(|row| row.record.is_some()).collect();
            assert_eq!(good, [true, false, true], "{place} of more than {limit}");
            let reason = &reading.rows[1].diagnostics[0].reason;
            assert!(reason.contains(&format!("longer than {limit} bytes")), "{place}: {reason}");
        }
        // Room for the quotes of CSV, and for what stands for a character.
        for (place, book) in long_texts(limit / 10) {
            let reading = read_cut("xlsx", Section::People, &options, &book, &[100]);
            let good: Vec<_> = reading.rows.iter().map(|row| row.record.is_some()).collect();
            assert_eq!(good, [true, true, true], "{place} of {}", limit / 10);
        }
    }
}

#[test]
fn an_element_or_a_comment_that_is_too_long_is_an_error_of_its_own() {
    let options = DecodeOptions { row_limit: 1_000, ..DecodeOptions::default() };
    let long = "x".repeat(200_000);
    let sections = "<".repeat(200_000);
    for piece in [
        format!("<!--{long}-->"),
        format!("<!--{sections}-->"),
        format!("<?x {long}?>"),
        format!("<![CDATA[{sections}]]>"),
        format!("<c r=\"{long}\"><v>1</v></c>"),
        format!("<c {}><v>1</v></c>", "a=\"\" ".repeat(40_000)),
    ] {
        let rows = format!("<row>{}</row><row>{piece}</row>", text("name"));
        let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&rows), None)]);
        let reading = read_cut("xlsx", Section::People, &options, &book, &[1 << 20]);
        let error = reading.error.expect("it is too long").to_string();
        let said =
            "the file cannot be read: it has an element or a comment of more than 65536 bytes; save it as xlsx again";
        assert_eq!(error, said, "{}", &piece[..20]);
    }
}

#[test]
fn a_directory_of_too_many_parts_is_not_even_read() {
    let names: Vec<_> = (0..10_001).map(|number| format!("xl/{number}")).collect();
    let mut parts: Vec<_> = names.iter().map(|name| Part(name, b"", None)).collect();
    parts.push(BOOK);
    expect!["the file cannot be read: it has too many parts"].assert_eq(&failure(
        "xlsx",
        Section::People,
        &archive(&parts),
    ));
}

#[test]
fn more_than_the_limit_is_not_even_kept() {
    let zeros = vec![0; 33 << 20];
    let options = DecodeOptions::default();
    let reading = read_cut("xlsx", Section::People, &options, &zeros, &[1 << 20]);
    expect!["the file is too large: a workbook of more than 32 MiB cannot be read"]
        .assert_eq(&reading.error.expect("it is too large").to_string());
}

#[test]
fn a_text_that_no_cell_holds_is_cut_and_says_so() {
    let notes = |text: String| {
        let contact = Contact { name: Some("Ada".into()), notes: Some(text), ..Contact::default() };
        let document =
            write("xlsx", Section::People, &[Record::Person(Box::new(Person { contact, ..Person::default() }))]);
        match read("xlsx", Section::People, &document).rows.remove(0).record {
            Some(Record::Person(person)) => person.contact.notes.expect("there are notes"),
            other => panic!("not a person: {other:?}"),
        }
    };
    let longest = "é".repeat(32_767);
    assert_eq!(notes(longest.clone()), longest);
    let cut = notes("note ".repeat(20_000));
    assert_eq!(cut.encode_utf16().count(), 32_767);
    expect!["te note note no… [cut here: a cell of Excel cannot hold more; CSV and JSON have the whole text]"]
        .assert_eq(&cut[cut.len() - 97..]);
}

#[test]
fn rows_are_numbered_as_in_the_sheet() {
    let rows = format!(
        "<row r=\"3\">{}{}</row><row r=\"5\">{}</row><row r=\"6\"/><row r=\"9\">{}</row>",
        text("name"),
        text("no\ntes"),
        text("Two&#10;lines"),
        text("Bob"),
    );
    let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&rows), None)]);
    let reading = read("xlsx", Section::People, &book);
    let lines: Vec<u64> = reading.rows.iter().map(|row| row.position.line).collect();
    assert_eq!((lines, reading.findings.header_line), (vec![5, 9], Some(3)));
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is the workbook")]
fn a_workbook_of_another_program_means_what_it_shows() {
    let relationships = |entries: &str| format!("<Relationships>{entries}</Relationships>").into_bytes();
    let relationship = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"{id}\" Target=\"{target}\" \
             Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\"/>"
        )
    };
    let root = relationships(&relationship("rId1", "officeDocument", "xl/main book.xml"));
    let of_book = relationships(&format!(
        "{}{}",
        relationship("rId7", "worksheet", "tables/first.xml"),
        relationship("rId8", "styles", "looks.xml")
    ));
    let of_sheet = relationships(&format!(
        "{}{}",
        relationship("rId1", "hyperlink", "mailto:ann@e.example?subject=Hi"),
        relationship("rId2", "hyperlink", "https://e.example/bob")
    ));
    let book =
        b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"People\" sheetId=\"1\" r:id=\"rId7\"/></sheets></workbook>";
    let styles = b"<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"00000\"/></numFmts>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>";
    let placed = |place: &str, cell: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>");
    let header = ["name", "email", "phone", "url", "zip", "value", "createdAt"].map(text).concat();
    let rows = format!(
        "<row r=\"1\">{header}</row>\
         <row r=\"2\">{}{}{}{}<c r=\"E2\" s=\"1\"><v>1234</v></c><c r=\"F2\"><v>1234.5600000000001</v></c></row>\
         <row r=\"3\">{}{}{}{}<c r=\"E3\" s=\"1\"><v>123456</v></c><c r=\"F3\"><v>0.30000000000000004</v></c></row>",
        // Our guard against formulas, which the other program has written as it stands.
        placed("A2", "'=Ann"),
        placed("B2", "Write to Ann"),
        placed("C2", "+43 1 5550100"),
        placed("D2", "https://e.example/ann"),
        placed("A3", "Bob"),
        placed("B3", "bob@e.example"),
        placed("C3", "0664 123"),
        placed("D3", "His page"),
    );
    let sheet = format!(
        "<worksheet xmlns:r=\"r\"><sheetData>{rows}</sheetData>\
         <hyperlinks><hyperlink ref=\"B2\" r:id=\"rId1\"/><hyperlink ref=\"D3\" r:id=\"rId2\"/></hyperlinks></worksheet>"
    );
    let file = archive(&[
        Part("_rels/.rels", &root, None),
        Part("xl/main book.xml", book, None),
        Part("xl/_rels/main book.xml.rels", &of_book, None),
        Part("xl/looks.xml", styles, None),
        Part("xl/tables/first.xml", sheet.as_bytes(), None),
        Part("xl/tables/_rels/first.xml.rels", &of_sheet, None),
    ]);
    let reading = read("xlsx", Section::Leads, &file);
    assert_eq!(reading.error, None);
    let found: Vec<_> = reading
        .rows
        .iter()
        .map(|row| {
            let Some(Record::Transaction(lead)) = &row.record else { panic!("{row:?}") };
            let Contact { name, email, phone, url, zip, .. } = &lead.contact;
            let texts = [name, email, phone, url, zip].map(|text| text.clone().unwrap_or_default());
            (texts, lead.value.map(|value| value.to_string()).unwrap_or_default())
        })
        .collect();
    let expected = [
        (["=Ann", "ann@e.example", "+43 1 5550100", "https://e.example/ann", "01234"], "1234.56"),
        (["Bob", "bob@e.example", "0664 123", "https://e.example/bob", "123456"], "0.3"),
    ];
    assert_eq!(found, expected.map(|(texts, value)| (texts.map(str::to_owned), value.to_owned())));
}

#[test]
fn a_formula_without_a_value_is_told() {
    let rows = format!(
        "<row>{}{}{}</row><row>{}<c><f>A1</f><v></v></c><c><f>\"4\"&amp;\"9\"</f></c></row><row>{}<c t=\"str\"><f>B1</f><v>1</v></c></row>\
         <row><c/><c><f>A1</f><v/></c><c><f t=\"shared\" si=\"0\"/></c></row>",
        text("name"),
        text("notes"),
        text("phone"),
        text("Ann"),
        text("Bob"),
    );
    let book = archive(&[BOOK, Part("xl/worksheets/sheet1.xml", &sheet(&rows), None)]);
    let reading = read("xlsx", Section::People, &book);
    let said: Vec<_> =
        reading.rows.iter().map(|row| row.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>()).collect();
    let reason =
        "the formula has no value in the file: open it in a spreadsheet program and save it there, so that it has one";
    let first = ["notes", "phone"].map(|column| format!("column {column}: {reason}")).to_vec();
    assert_eq!(said, [first, Vec::new()], "a row of nothing else is none");
}
