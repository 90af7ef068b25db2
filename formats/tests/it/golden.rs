//! Reads every file of `tests/golden/<format>/<section>.<case>.<extension>` and compares it with the text file beside it.
//!
//! A case may have a file `<section>.<case>.options`, whose lines say how it is to be read: `map=Header=field`, `custom=Shoe size`
//! `date_order=dmy` or `decimal=comma`. Then the expectation has what became of each column as well.
//!
//! `UPDATE_EXPECT=1 cargo test -p formats` writes the text files anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use formats::{ColumnReport, Deal, DecodeOptions, Findings, Record, Section, columns, conformance};

use crate::documents::{Reading, read_cut};

#[test]
fn the_law_of_codecs_holds_for_files_as_well() {
    let cases = cases();
    for codec in formats::builtin().iter() {
        let own = cases.iter().filter(|case| case.format == codec.descriptor().name);
        let documents: Vec<_> = own.map(|case| (case.section, case.document.as_slice())).collect();
        conformance::check_with(codec.as_ref(), &documents).expect("a built-in codec obeys the law");
    }
}

#[test]
fn files_read_as_expected() {
    for case in cases() {
        let reading = case.read(&case.document, usize::MAX);
        expect_file![case.path.with_extension("txt")].assert_eq(&described(&reading, &case.options));
    }
}

#[test]
fn the_cut_of_the_bytes_does_not_matter() {
    for case in cases() {
        let whole = case.read(&case.document, usize::MAX);
        for size in sizes(case.document.len()) {
            let cut = case.read(&case.document, size);
            assert_eq!(cut, whole, "{} in pieces of {size}", case.path.display());
        }
    }
}

#[test]
fn every_prefix_ends() {
    for case in cases() {
        for length in sizes(case.document.len()) {
            let reading = case.read(&case.document[..length], 61);
            let whole = reading.rows.iter().all(|row| row.record.is_some() || !row.diagnostics.is_empty());
            assert!(whole, "{} up to byte {length}", case.path.display());
        }
    }
}

#[test]
fn every_known_program_has_a_file() {
    let found: Vec<_> =
        cases().iter().filter_map(|case| case.read(&case.document, usize::MAX).findings.client).collect();
    let missing: Vec<_> = formats::clients().filter(|client| !found.contains(client)).collect();
    assert!(missing.is_empty(), "no golden file is recognised as one of {missing:?}");
}

/// All sizes up to that of a small document, and of a larger one the small sizes and some of the others.
fn sizes(length: usize) -> impl Iterator<Item = usize> {
    let every = if length < 400 { length } else { 24 };
    (1..length.min(every)).chain((every..length).step_by(89))
}

struct Case {
    path: PathBuf,
    format: String,
    section: Section,
    options: DecodeOptions,
    document: Vec<u8>,
}

impl Case {
    /// Reads a document as the case wants it, in pieces of one size; and once more where its dates have told their order, or there was
    /// something to learn first, as who imports it does.
    fn read(&self, document: &[u8], size: usize) -> Reading {
        let reading = read_cut(&self.format, self.section, &self.options, document, &[size]);
        let survey = reading.findings.survey.clone();
        let date_order = self.options.date_order.or(reading.findings.date_orders.order().unwrap_or_default());
        if survey.is_none() && date_order == self.options.date_order {
            return reading;
        }
        let options = DecodeOptions { date_order, survey, ..self.options.clone() };
        read_cut(&self.format, self.section, &options, document, &[size])
    }
}

fn cases() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = entries(&golden).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    let is_document = |file: &PathBuf| file.extension().is_some_and(|name| name != "txt" && name != "options");
    // Those that we write are compared elsewhere.
    let is_read = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str());
        is_document(file) && !name.is_some_and(|name| name.starts_with("written."))
    };
    let cases: Vec<Case> = files.filter(is_read).map(case).collect();
    assert!(cases.len() >= 10, "the golden files are gone");
    cases
}

fn case(path: PathBuf) -> Case {
    let parts: Vec<&str> = path.iter().rev().filter_map(|part| part.to_str()).take(2).collect();
    let [file, format] = parts[..] else { panic!("{} is not in a format's folder", path.display()) };
    let section = file.split('.').next().and_then(|name| name.parse().ok());
    Case {
        section: section.unwrap_or_else(|| panic!("{file} should begin with the name of a section")),
        format: format.to_owned(),
        options: options(&path.with_extension("options")),
        document: fs::read(&path).expect("the file was listed"),
        path,
    }
}

/// What a file of options says, if there is one.
fn options(path: &Path) -> DecodeOptions {
    let mut options = DecodeOptions::default();
    for line in fs::read_to_string(path).unwrap_or_default().lines() {
        let unknown = || panic!("{} says `{line}`, which is no option", path.display());
        match line.split_once('=') {
            Some(("map", mapping)) => options.map.push(mapping.parse().expect("Header=field")),
            Some(("custom", field)) => options.custom_fields.push(field.into()),
            Some(("date_order", order)) => options.date_order = Some(order.parse().expect("dmy or mdy")),
            Some(("decimal", separator)) => options.decimal = Some(separator.parse().expect("comma or point")),
            _ => unknown(),
        }
    }
    options
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the golden files are in the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

fn described(reading: &Reading, options: &DecodeOptions) -> String {
    let mut text = String::new();
    for (row, source) in reading.rows.iter().zip(&reading.sources) {
        line(&mut text, &format!("{}:", row.position));
        row.record.iter().for_each(|record| describe(&mut text, record));
        let word = if row.record.is_some() { "NOTE" } else { "FAILED" };
        row.diagnostics.iter().for_each(|diagnostic| line(&mut text, &format!("  {word} {diagnostic}")));
        let cells = source.iter().filter(|_| row.record.is_none()).flat_map(|source| &source.cells);
        for cell in cells.filter(|cell| !cell.text.is_empty()) {
            line(&mut text, &format!("  | {}: {:?}", cell.column, cell.text));
        }
    }
    let Findings { charset, delimiter, client, header_line, ignored, report, date_orders, decimals, .. } =
        &reading.findings;
    // Files that are read in a way of their own show what became of their columns.
    let report = if *options == DecodeOptions::default() { &[] } else { report.as_slice() };
    for ColumnReport { name, field, filled, samples, .. } in report {
        let field = field.as_deref().unwrap_or("nothing");
        line(&mut text, &format!("COLUMN {name:?} as {field}, {filled} filled, such as {samples:?}"));
    }
    let is_said = (date_orders.day_first, date_orders.month_first) != (0, 0);
    if is_said || date_orders.ambiguous.is_some() {
        let order = date_orders.order().map_or_else(|error| error.to_string(), |order| format!("{order:?}"));
        line(&mut text, &format!("DATES {order}"));
    }
    if let Some(ambiguous) = &decimals.ambiguous {
        line(&mut text, &format!("NUMBERS {ambiguous}"));
    }
    let found = [
        charset.map(|charset| charset.to_string()),
        delimiter.map(|delimiter| format!("delimiter {delimiter}")),
        client.map(|client| format!("columns of {client}")),
        header_line.map(|line| format!("header in line {line}")),
        (!ignored.is_empty()).then(|| format!("ignored {ignored:?}")),
    ];
    line(&mut text, &format!("FOUND {}", found.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    if let Some(error) = &reading.error {
        line(&mut text, &format!("ERROR {error}"));
    }
    text
}

fn describe(text: &mut String, record: &Record) {
    let (names, custom, foreign) = match record {
        Record::Person(person) => (columns(Section::People), person.custom.as_slice(), person.foreign.as_slice()),
        Record::Transaction(record) => (columns(Section::Leads), record.custom.as_slice(), record.foreign.as_slice()),
        Record::Event(event) => (columns(Section::Calendar), [].as_slice(), event.foreign.as_slice()),
        other => unreachable!("no format reads {other:?}"),
    };
    for (name, cell) in names.iter().zip(record.cells()).filter(|(_, cell)| !cell.is_empty()) {
        line(text, &format!("  {name} = {cell:?}"));
    }
    for value in custom {
        line(text, &format!("  {} = {:?} (custom)", value.field, value.value));
    }
    if let Record::Transaction(transaction) = record
        && let Some(Deal { line: of, outcome }) = &transaction.deal
    {
        line(text, &format!("  deal {of:?}, {outcome:?}"));
    }
    for value in foreign {
        line(text, &format!("  + {}: {:?}", value.header, value.value));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string can always be written to");
}
