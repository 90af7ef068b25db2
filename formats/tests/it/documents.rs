//! Reads and writes whole documents for the other tests.

use bytes::BytesMut;
use formats::{DecodeError, DecodeOptions, EncodeOptions, Findings, Person, Record, Row, Section, Source, Transaction};

/// What a document gives: its rows, what the file has for each, why reading ended early if it did, and what was found out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) rows: Vec<Row>,
    pub(crate) sources: Vec<Option<Source<'static>>>,
    pub(crate) error: Option<DecodeError>,
    pub(crate) findings: Findings,
}

/// Reads a document in pieces of the given sizes, which repeat.
pub(crate) fn read_cut(
    format: &str,
    section: Section,
    options: &DecodeOptions,
    document: &[u8],
    sizes: &[usize],
) -> Reading {
    let registry = formats::builtin();
    let codec = registry.get(format).expect("the tests name built-in formats");
    let mut decoder = codec.decoder(section, options).expect("the tests name sections that can be read");
    let mut sizes = sizes.iter().cycle();
    let (mut input, mut rest, mut rows, mut sources) = (BytesMut::new(), document, Vec::new(), Vec::new());
    // Each call gives a row or takes a piece, and neither is longer than the document.
    for _ in 0..=2 * document.len() + 2 {
        let at_end = rest.is_empty();
        match decoder.row(&mut input, at_end) {
            Ok(Some(row)) => {
                rows.push(row);
                sources.push(decoder.source().map(Source::into_owned));
            }
            Ok(None) if at_end => return Reading { rows, sources, error: None, findings: decoder.findings() },
            Ok(None) => {
                let size = *sizes.next().expect("the sizes repeat for ever");
                let (piece, after) = rest.split_at(size.clamp(1, rest.len()));
                input.extend_from_slice(piece);
                rest = after;
            }
            Err(error) => return Reading { rows, sources, error: Some(error), findings: decoder.findings() },
        }
    }
    panic!("the decoder neither finishes nor fails");
}

/// Reads a document, and once more where there was something to learn first, as who imports it does.
pub(crate) fn read(format: &str, section: Section, document: &[u8]) -> Reading {
    let first = read_cut(format, section, &DecodeOptions::default(), document, &[usize::MAX]);
    let survey = first.findings.survey.clone();
    if survey.is_none() {
        return first;
    }
    read_cut(format, section, &DecodeOptions { survey, ..DecodeOptions::default() }, document, &[usize::MAX])
}

/// The rows of a document that must not fail.
pub(crate) fn rows(format: &str, section: Section, document: &str) -> Vec<Row> {
    let reading = read(format, section, document.as_bytes());
    assert_eq!(reading.error, None);
    reading.rows
}

/// The people of a document in which everything is right.
pub(crate) fn people(format: &str, document: &str) -> Vec<Person> {
    let person = |row: Row| match row.record {
        Some(Record::Person(person)) => *person,
        _ => panic!("not a person: {row:?}"),
    };
    rows(format, Section::People, document).into_iter().map(person).collect()
}

/// The leads of a document in which everything is right.
pub(crate) fn leads(format: &str, document: &str) -> Vec<Transaction> {
    let transaction = |row: Row| match row.record {
        Some(Record::Transaction(transaction)) => *transaction,
        _ => panic!("not a transaction: {row:?}"),
    };
    rows(format, Section::Leads, document).into_iter().map(transaction).collect()
}

/// The only reason why the only bad row of a document is bad, with its position and field.
pub(crate) fn complaint(format: &str, section: Section, document: &str) -> String {
    let bad: Vec<Row> = rows(format, section, document).into_iter().filter(|row| row.record.is_none()).collect();
    let [row] = bad.as_slice() else { panic!("not one bad row: {bad:?}") };
    let [diagnostic] = row.diagnostics.as_slice() else { panic!("not one diagnostic: {row:?}") };
    format!("{}: {diagnostic}", row.position)
}

/// The message with which a document ends.
pub(crate) fn failure(format: &str, section: Section, document: &[u8]) -> String {
    read(format, section, document).error.expect("the document should fail").to_string()
}

/// Writes a whole document.
pub(crate) fn write(format: &str, section: Section, records: &[Record]) -> Vec<u8> {
    write_as(format, section, records, &EncodeOptions::default())
}

pub(crate) fn write_as(format: &str, section: Section, records: &[Record], options: &EncodeOptions) -> Vec<u8> {
    let registry = formats::builtin();
    let codec = registry.get(format).expect("the tests name built-in formats");
    let mut encoder = codec.encoder(section, options).expect("the tests name sections that can be written");
    let mut out = BytesMut::new();
    encoder.begin(&mut out).expect("a document can begin");
    for record in records {
        encoder.record(record, &mut out).expect("the record belongs to the section");
    }
    encoder.end(&mut out).expect("a document can end");
    out.to_vec()
}
