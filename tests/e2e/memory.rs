//! Memory does not grow with a document: measured by an allocator that counts, in a process of its own for each figure.

use std::path::Path;

use formats::{Container, Descriptor, Section};
use harness::memory::{PLACES, ROW_LIMIT};
use harness::program;

/// What varies from run to run, such as the sizes to which buffers happen to grow.
const SLACK: usize = 32 * 1024;

#[test]
fn a_document_of_many_records_needs_no_more_memory_than_one_of_few() {
    for (format, section) in written() {
        assert_eq!(growth(format.name, section), None, "{} {section}", format.name);
    }
}

#[test]
fn a_row_without_end_needs_no_more_memory_than_its_limit() {
    const TIMES: usize = 8;
    // The caller limits what must be seen whole.
    let is_read = |(format, section): &(&Descriptor, Section)| {
        format.decodes.contains(section) && format.container == Container::Stream
    };
    for (format, section) in written().into_iter().filter(is_read) {
        let peak = peak(format.name, section, "row", 128 * ROW_LIMIT / 1024);
        assert!(peak <= TIMES * ROW_LIMIT, "{} {section} needs {peak} bytes for a row without end", format.name);
    }
}

#[test]
fn a_workbook_with_a_text_without_end_needs_no_more_memory_than_one_with_a_long_one() {
    for place in PLACES {
        let (long, endless) =
            (peak("xlsx", Section::People, place, 256), peak("xlsx", Section::People, place, 32 * 1024));
        eprintln!("{place}: {long} bytes of heap for a text of 256 KiB, {endless} for one of 32 MiB");
        assert!(endless <= long + long / 5 + SLACK, "{place}: {long} bytes, and {endless} for a longer text");
    }
}

#[test]
fn a_codec_that_hoards_is_caught() {
    assert!(growth("hoarder", Section::People).is_some(), "it keeps the whole document");
    assert!(peak("hoarder", Section::People, "row", 1024) > 1024 * 1024, "it keeps the whole row");
}

/// The peaks with few and with many records, if they differ by more than a fifth and a little.
fn growth(format: &str, section: Section) -> Option<(usize, usize)> {
    // Fewer would not fill the buffers of a format that packs what it writes.
    let (few, many) = (peak(format, section, "records", 10_000), peak(format, section, "records", 50_000));
    eprintln!("{format} {section}: {few} bytes of heap for 10,000 records, {many} for 50,000");
    (many > few + few / 5 + SLACK).then_some((few, many))
}

/// The formats that are built in, each with a section of each kind of record that it can write: people and leads, whose records are
/// wider, events and messages.
fn written() -> Vec<(&'static Descriptor, Section)> {
    const SECTIONS: [Section; 4] = [Section::People, Section::Leads, Section::Calendar, Section::Messages];
    let registry = formats::builtin();
    let formats = registry.iter().map(|codec| codec.descriptor());
    let cells = formats.flat_map(|format| SECTIONS.map(|section| (format, section)));
    cells.filter(|(format, section)| format.encodes.contains(section)).collect()
}

/// The bytes of heap that the work needs.
fn peak(format: &str, section: Section, work: &str, count: usize) -> usize {
    let arguments = [format, section.name(), work, &count.to_string()];
    let output = program::run(env!("CARGO_BIN_EXE_memory"), Path::new("/"), &arguments, "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    let stdout = String::from_utf8(output.stdout).expect("it prints a number");
    stdout.trim().parse().expect("it prints a number")
}
