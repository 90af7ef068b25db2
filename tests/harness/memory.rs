//! Work for the program `memory`: documents of any length that are never whole in memory, and codecs that hoard.

use std::convert::Infallible;
use std::io::Write as _;

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use formats::{
    Codec, Contact, Container, DateOrder, Decode, DecodeError, DecodeOptions, Descriptor, Encode, EncodeOptions, Event,
    Message, Moment, Person, Record, Row, Section, Transaction, Unsupported, read_date,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};

/// The longest row in [`endless_row`].
pub const ROW_LIMIT: usize = 64 * 1024;

/// Writes records and reads what was written at the same time; answers how many came back. Of a format that does not read, or
/// only what it has seen whole, how many were written.
pub fn records(codec: &dyn Codec, section: Section, count: usize) -> usize {
    const PAGE: usize = 500;
    let encoder = codec.encoder(section, &EncodeOptions::default()).expect("the section can be written");
    let pages = (0..count).step_by(PAGE).map(move |first| {
        let page = (first..count.min(first + PAGE)).map(|number| record(section, number));
        Ok::<Vec<Record>, Infallible>(page.collect())
    });
    let chunks = formats::encode(encoder, stream::iter(pages));
    match codec.decoder(section, &DecodeOptions::default()) {
        Ok(decoder) if codec.descriptor().container == Container::Stream => good_rows(formats::decode(decoder, chunks)),
        Ok(_) | Err(_) => ready(chunks.fold(0, async |_, chunk| chunk.map(|_| count).expect("nothing fails"))),
    }
}

/// Reads one row of so many KiB between two short ones, with a limit of [`ROW_LIMIT`]; answers how many rows could be read.
pub fn endless_row(codec: &dyn Codec, section: Section, kibibytes: usize) -> usize {
    const MARK: &[u8] = b"endless row";
    let mut document = BytesMut::new();
    let mut encoder = codec.encoder(section, &EncodeOptions::default()).expect("the section can be written");
    encoder.begin(&mut document).expect("a document can begin");
    for record in [record(section, 0), of_contact(section, "endless row", 1), record(section, 2)] {
        encoder.record(&record, &mut document).expect("the record belongs to the section");
    }
    encoder.end(&mut document).expect("a document can end");
    let at = document.windows(MARK.len()).position(|bytes| bytes == MARK).expect("the text is written as it is");
    let document = document.freeze();
    let middle = std::iter::repeat_n(Bytes::from_static(&[b'x'; 1024]), kibibytes);
    let pieces = [document.slice(..at)].into_iter().chain(middle).chain([document.slice(at..)]);
    let options = DecodeOptions { row_limit: ROW_LIMIT, ..DecodeOptions::default() };
    let decoder = codec.decoder(section, &options).expect("the section can be read");
    good_rows(formats::decode(decoder, stream::iter(pieces.map(Ok::<_, Infallible>))))
}

/// The places in a workbook that can have a text of any length.
pub const PLACES: [&str; 6] = ["inline", "runs", "formula", "shared", "shared runs", "style"];

/// A workbook with three rows of people, of which the second has a text of so many KiB in a place, packed into some kilobytes.
pub fn large_workbook(place: &str, kibibytes: usize) -> Bytes {
    let (x, run) = ("x".repeat(1024), format!("<r><t>{}</t></r>", "x".repeat(1006)));
    let (before, piece, after) = match place {
        "inline" => ("<c t=\"inlineStr\"><is><t>", &x, "</t></is></c>"),
        "runs" => ("<c t=\"inlineStr\"><is>", &run, "</is></c>"),
        "formula" => ("<c t=\"str\"><v>", &x, "</v></c>"),
        "shared" => ("<si><t>", &x, "</t></si>"),
        "shared runs" => ("<si>", &run, "</si>"),
        "style" => ("<numFmt numFmtId=\"200\"/><numFmt numFmtId=\"201\">", &x, "</numFmt>"),
        other => panic!("a workbook has no place called {other}"),
    };
    let long = (before, piece.as_str(), after);
    let (none, is_shared) = (("", "", ""), place.starts_with("shared"));
    let cell = |text: &str| format!("<row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    let (in_sheet, head) = match place {
        "style" => (none, format!("{}{}<row>", cell("name"), cell("Ann"))),
        _ if is_shared => (none, format!("{}{}<row><c t=\"s\"><v>0</v></c>", cell("name"), cell("Ann"))),
        _ => (long, format!("{}{}<row>", cell("name"), cell("Ann"))),
    };
    let tail = format!("</row>{}</sheetData></worksheet>", cell("Bob"));
    let head = format!("<worksheet><sheetData>{head}");
    let (strings, styles) = (if is_shared { long } else { none }, if place == "style" { long } else { none });
    archive(&[
        ("xl/workbook.xml", "<workbook/>", none, "", 0),
        ("xl/sharedStrings.xml", "<sst>", strings, "</sst>", kibibytes),
        ("xl/styles.xml", "<styleSheet><numFmts>", styles, "</numFmts></styleSheet>", kibibytes),
        ("xl/worksheets/sheet1.xml", &head, in_sheet, &tail, kibibytes),
    ])
}

/// Reads a workbook with a limit of [`ROW_LIMIT`]; answers how many rows could be read.
pub fn read_workbook(codec: &dyn Codec, section: Section, book: Bytes) -> usize {
    let options = DecodeOptions { row_limit: ROW_LIMIT, ..DecodeOptions::default() };
    let decoder = codec.decoder(section, &options).expect("the section can be read");
    good_rows(formats::decode(decoder, stream::iter([Ok::<_, Infallible>(book)])))
}

/// A part of an archive: its name, how it begins, what stands there once, often and once more, and how it ends.
type Part<'a> = (&'a str, &'a str, (&'a str, &'a str, &'a str), &'a str, usize);

/// An archive as simple as can be (APPNOTE.TXT of PKWARE), whose parts are packed as they are made.
fn archive(parts: &[Part<'_>]) -> Bytes {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, begin, (before, piece, after), end, count) in parts {
        let (mut encoder, mut crc, mut size) =
            (DeflateEncoder::new(Vec::new(), Compression::best()), flate2::Crc::new(), 0);
        let many = std::iter::repeat_n(*piece, *count);
        for text in [*begin, *before].into_iter().chain(many).chain([*after, *end]) {
            encoder.write_all(text.as_bytes()).expect("a vector can always be written to");
            crc.update(text.as_bytes());
            size += text.len();
        }
        let packed = encoder.finish().expect("a vector can always be written to");
        let number = |number: usize| u32::try_from(number).expect("the workbook is small").to_le_bytes();
        let sizes = [crc.sum().to_le_bytes(), number(packed.len()), number(size), number(name.len())].concat();
        let head = [&[20, 0, 0, 0, 8, 0, 0, 0, 33, 84][..], &sizes].concat();
        let start = number(file.len());
        file.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
        directory.extend([b"PK\x01\x02\x14\0", &head[..], &[0; 10], &start, name.as_bytes()].concat());
    }
    let number = |number: usize| u32::try_from(number).expect("the workbook is small").to_le_bytes();
    let (start, length) = (number(file.len()), number(directory.len()));
    let count = u16::try_from(parts.len()).expect("there are few parts").to_le_bytes();
    file.extend(directory);
    file.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, &[0, 0]].concat());
    file.into()
}

fn good_rows<E: std::fmt::Debug>(rows: impl Stream<Item = Result<Row, E>>) -> usize {
    ready(rows.fold(0, async |good, row| good + usize::from(row.expect("nothing fails").record.is_some())))
}

/// The result of a future that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("streams of values that are there never wait")
}

fn record(section: Section, number: usize) -> Record {
    // As long as such notes are, so that few records are several chunks as well.
    of_contact(section, &"Called, \"call again\".\r\n".repeat(number % 20 + 1), number)
}

fn of_contact(section: Section, notes: &str, number: usize) -> Record {
    match section {
        Section::Calendar => return Record::Event(Box::new(event(notes, number))),
        Section::Messages => return Record::Message(Box::new(message(notes, number))),
        _ => {}
    }
    let contact = Contact {
        name: Some(format!("Person {number}")),
        company: Some("Smith, Jones & Sons".to_owned()),
        email: Some(format!("person{number}@example.com")),
        notes: Some(notes.to_owned()),
        ..Contact::default()
    };
    match section.stage() {
        None => Record::Person(Box::new(Person { contact, ..Person::default() })),
        stage => Record::Transaction(Box::new(Transaction { contact, stage, ..Transaction::default() })),
    }
}

fn event(description: &str, number: usize) -> Event {
    Event {
        title: Some(format!("Event {number}")),
        start: read_date("2026-05-25", DateOrder::DayFirst).map(Moment::Day),
        description: Some(description.to_owned()),
        ..Event::default()
    }
}

fn message(body: &str, number: usize) -> Message {
    Message { title: Some(format!("Message {number}")), body: Some(body.to_owned()), ..Message::default() }
}

/// CSV whose decoder begins when it has everything.
pub struct Hoarder;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "hoarder",
    title: "CSV that is kept whole",
    media_type: "text/csv",
    extensions: &["hoarder.csv"],
    encodes: &[Section::People],
    decodes: &[Section::People],
    container: Container::Stream,
    loses: &[],
};

impl Codec for Hoarder {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        formats::builtin().get("csv").expect("it is built in").encoder(section, options)
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        let csv = formats::builtin().get("csv").expect("it is built in").decoder(section, options)?;
        Ok(Box::new(Patient { csv, kept: BytesMut::new() }))
    }
}

/// Takes the input away, so that only the allocator sees how much there is.
struct Patient {
    csv: Box<dyn Decode>,
    kept: BytesMut,
}

impl Decode for Patient {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        self.kept.unsplit(input.split());
        if at_end { self.csv.row(&mut self.kept, true) } else { Ok(None) }
    }
}
