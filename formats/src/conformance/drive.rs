//! Runs encoders and decoders so that a panic, or a document without an end, comes back as a value.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::BytesMut;

use crate::{
    Codec, Container, DecodeError, DecodeOptions, Direction, Encode, EncodeError, EncodeOptions, Record, Row, Section,
    Source, Survey, Unsupported,
};

/// The bytes of a file.
pub(super) type Document = Vec<u8>;

/// Whether the codec makes an encoder or a decoder for a section.
pub(super) fn ask(codec: &dyn Codec, section: Section, direction: Direction) -> Result<(), Failure> {
    guarded(|| match direction {
        Direction::Encode => Ok(codec.encoder(section, &EncodeOptions::default()).map(drop)?),
        Direction::Decode => Ok(codec.decoder(section, &DecodeOptions::default()).map(drop)?),
    })
}

/// Writes a document.
pub(super) fn write(codec: &dyn Codec, section: Section, records: &[Record]) -> Result<Document, Failure> {
    guarded(|| {
        let mut out = BytesMut::new();
        each_step(codec, section, records, |encoder, step| Ok(step(encoder, &mut out)?))?;
        Ok(out.to_vec())
    })
}

/// Writes a document piece by piece: each step has a new buffer, which holds something already.
pub(super) fn write_in_pieces(codec: &dyn Codec, section: Section, records: &[Record]) -> Result<Document, Failure> {
    const BEFORE: &[u8] = b"[\"1,\r\n";
    guarded(|| {
        let mut document = Document::new();
        each_step(codec, section, records, |encoder, step| {
            let mut out = BytesMut::from(BEFORE);
            step(encoder, &mut out)?;
            document.extend_from_slice(out.strip_prefix(BEFORE).ok_or(Failure::Overwrites)?);
            Ok(())
        })?;
        Ok(document)
    })
}

type Step<'a> = &'a dyn Fn(&mut dyn Encode, &mut BytesMut) -> Result<(), EncodeError>;

fn each_step(
    codec: &dyn Codec,
    section: Section,
    records: &[Record],
    mut run: impl FnMut(&mut dyn Encode, Step<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut encoder = codec.encoder(section, &EncodeOptions::default())?;
    run(encoder.as_mut(), &|encoder, out| encoder.begin(out))?;
    for record in records {
        run(encoder.as_mut(), &|encoder, out| encoder.record(record, out))?;
    }
    run(encoder.as_mut(), &|encoder, out| encoder.end(out))
}

/// What a document gives.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Its rows, as far as it could be read.
    pub(super) rows: Vec<Row>,
    /// What the file has for each of them, as far as the decoder can tell.
    pub(super) sources: Vec<Option<Source<'static>>>,
    /// Why reading ended early.
    pub(super) error: Option<DecodeError>,
    /// The most bytes for which the input buffer had room when the decoder asked for more.
    pub(super) kept: usize,
}

/// Reads a document in pieces of one size, twice where the first reading learns what the second should know.
pub(super) fn read(
    codec: &dyn Codec,
    section: Section,
    options: &DecodeOptions,
    document: &[u8],
    size: usize,
) -> Result<Reading, Failure> {
    guarded(|| {
        let (first, survey) = read_unguarded(codec, section, options, document, size)?;
        if survey.is_none() {
            return Ok(first);
        }
        let options = DecodeOptions { survey, ..options.clone() };
        let (again, _) = read_unguarded(codec, section, &options, document, size)?;
        Ok(Reading { kept: first.kept.max(again.kept), ..again })
    })
}

fn read_unguarded(
    codec: &dyn Codec,
    section: Section,
    options: &DecodeOptions,
    document: &[u8],
    size: usize,
) -> Result<(Reading, Option<Survey>), Failure> {
    let most_rows = most_rows(codec.descriptor().container, document);
    let mut decoder = codec.decoder(section, options)?;
    let (mut input, mut pieces, mut at_end) = (BytesMut::new(), document.chunks(size), false);
    let mut reading = Reading::default();
    while reading.rows.len() <= most_rows {
        match decoder.row(&mut input, at_end) {
            Ok(Some(row)) => {
                reading.rows.push(row);
                reading.sources.push(decoder.source().map(Source::into_owned));
            }
            Ok(None) if at_end => return Ok((reading, decoder.findings().survey)),
            Ok(None) => {
                reading.kept = reading.kept.max(input.capacity());
                match pieces.next() {
                    Some(piece) => input.extend_from_slice(piece),
                    None => at_end = true,
                }
            }
            Err(error) => return Ok((Reading { error: Some(error), ..reading }, None)),
        }
    }
    Err(Failure::Endless { rows: reading.rows.len() })
}

/// More rows than this mean that there is no end of them: a row takes a byte at least, except where documents are packed.
fn most_rows(container: Container, document: &[u8]) -> usize {
    const PACKED: usize = 1 << 16;
    match container {
        Container::Stream => document.len() + 1,
        Container::WholeDocument => document.len() + PACKED,
    }
}

/// Why there is neither a document nor a reading.
#[derive(Debug)]
pub(super) enum Failure {
    /// The codec refused the section.
    Refused(Unsupported),
    /// The encoder gave up.
    Unwritten(EncodeError),
    /// The encoder changed what was in the buffer.
    Overwrites,
    /// The codec panicked with this message.
    Panic(String),
    /// The decoder gives rows and rows.
    Endless {
        /// How many there were when that was enough.
        rows: usize,
    },
}

impl From<Unsupported> for Failure {
    fn from(refusal: Unsupported) -> Failure {
        Failure::Refused(refusal)
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Failure {
        Failure::Unwritten(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(refusal) => write!(f, "it is refused: {refusal}"),
            Failure::Unwritten(error) => write!(f, "the encoder fails: {error}"),
            Failure::Overwrites => f.write_str("the encoder changes what the buffer held before"),
            Failure::Panic(message) => write!(f, "it panics: {message}"),
            Failure::Endless { rows } => write!(f, "it hangs: {rows} rows, and no end"),
        }
    }
}

/// Runs a codec; its panic is a failure like others. What the panic leaves behind is dropped with the codec's own objects.
fn guarded<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(Failure::Panic(message(panic.as_ref()))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
