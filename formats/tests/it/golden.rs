//! Reads every file of `tests/golden/<format>/<section>.<case>.<extension>` and compares it with the text file beside it.
//!
//! `UPDATE_EXPECT=1 cargo test -p formats` writes the text files anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use formats::{DecodeOptions, Findings, Record, Section, columns, conformance};

use crate::documents::{Reading, read, read_cut};

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
        let reading = read(&case.format, case.section, &case.document);
        expect_file![case.path.with_extension("txt")].assert_eq(&described(&reading));
    }
}

#[test]
fn the_cut_of_the_bytes_does_not_matter() {
    for case in cases() {
        let whole = read(&case.format, case.section, &case.document);
        for size in sizes(case.document.len()) {
            let cut = read_cut(&case.format, case.section, &DecodeOptions::default(), &case.document, &[size]);
            assert_eq!(cut, whole, "{} in pieces of {size}", case.path.display());
        }
    }
}

#[test]
fn every_prefix_ends() {
    for case in cases() {
        for length in sizes(case.document.len()) {
            let reading =
                read_cut(&case.format, case.section, &DecodeOptions::default(), &case.document[..length], &[61]);
            let whole = reading.rows.iter().all(|row| row.record.is_some() == row.diagnostics.is_empty());
            assert!(whole, "{} up to byte {length}", case.path.display());
        }
    }
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
    document: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = entries(&golden).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    let cases: Vec<Case> =
        files.filter(|file| file.extension().is_some_and(|extension| extension != "txt")).map(case).collect();
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
        document: fs::read(&path).expect("the file was listed"),
        path,
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the golden files are in the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

fn described(reading: &Reading) -> String {
    let mut text = String::new();
    for (row, source) in reading.rows.iter().zip(&reading.sources) {
        line(&mut text, &format!("{}:", row.position));
        row.record.iter().for_each(|record| describe(&mut text, record));
        row.diagnostics.iter().for_each(|diagnostic| line(&mut text, &format!("  FAILED {diagnostic}")));
        let cells = source.iter().filter(|_| row.record.is_none()).flat_map(|source| &source.cells);
        for cell in cells.filter(|cell| !cell.text.is_empty()) {
            line(&mut text, &format!("  | {}: {:?}", cell.column, cell.text));
        }
    }
    let Findings { charset, delimiter, client, header_line, ignored, .. } = &reading.findings;
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
    let (names, foreign) = match record {
        Record::Person(person) => (columns(Section::People), &person.foreign),
        Record::Transaction(transaction) => (columns(Section::Leads), &transaction.foreign),
        Record::Event(event) => (columns(Section::Calendar), &event.foreign),
    };
    for (name, cell) in names.iter().zip(record.cells()).filter(|(_, cell)| !cell.is_empty()) {
        line(text, &format!("  {name} = {cell:?}"));
    }
    for value in foreign {
        line(text, &format!("  + {}: {:?}", value.header, value.value));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string can always be written to");
}
