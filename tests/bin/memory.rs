//! Prints how many bytes of heap a format needs at its peak: `memory FORMAT SECTION records|row|PLACE COUNT`.
//!
//! `records` writes so many of them and reads them at the same time; `row` reads one row of so many KiB. Any other word is a place in
//! a workbook that has a text of so many KiB.

use std::env;

use harness::memory::{Hoarder, endless_row, large_workbook, read_workbook, records};
use peak_alloc::PeakAlloc;

// It is a program of its own, because an allocator belongs to a whole process and other tests would disturb the count.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [format, section, work, count] = arguments.as_slice() else { panic!("not four arguments: {arguments:?}") };
    let mut registry = formats::builtin();
    registry.register(Hoarder).expect("no built-in format is called hoarder");
    let codec = registry.get(format).expect("the format exists").as_ref();
    let section = section.parse().expect("the section exists");
    let count = count.parse().expect("the count is a number");

    let book = match work.as_str() {
        "records" | "row" => None,
        place => Some(large_workbook(place, count)),
    };
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let (rows, expected) = match work.as_str() {
        "records" => (records(codec, section, count), count),
        // The long row fails.
        "row" => (endless_row(codec, section, count), 2),
        _ => (read_workbook(codec, section, book.expect("it was made")), 2),
    };
    assert_eq!(rows, expected, "rows that could be read");
    println!("{}", HEAP.peak_usage() - before);
}
