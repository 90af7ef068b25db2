//! Excel workbooks (ECMA-376, Office Open XML): the first sheet that is not empty is read as a table like one of CSV, and such a
//! table is written, on several sheets where one is full; these are read as one again.
//!
//! A workbook is read whole, as the directory of its archive stands at its end, and written as it comes: a sheet of texts that stand
//! in their cells, not in a list that they share, needs no more memory for a million rows than for one. That is why it is not
//! written by rust_xlsxwriter, which makes the archive when it has all of the sheet, be it in a temporary file.
//!
//! Text is always text: `=1+1` is no formula, and 00123 keeps its zeros. A cell holds 32,767 UTF-16 units (a text of ours may have
//! thirty times that), and Excel refuses to open a workbook that has more in one. A longer text is cut and ends with a sentence that says
//! so, since nothing else is better: several columns for one field cannot be known when the header is written, several rows for one
//! record cannot be sorted, and neither comes back from Excel as what it was.

mod archive;
mod cell;
mod date;
mod decode;
mod digits;
mod encode;
mod links;
mod meter;
mod package;
mod reference;
mod relationships;
mod sheet;
mod styles;
mod workbook;
mod xml;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Loss, Section, Unsupported};

/// The format `xlsx`.
pub(super) struct Xlsx;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "xlsx",
    title: "Excel workbook",
    media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extensions: &["xlsx"],
    encodes: &Section::EXPORTED,
    decodes: &Section::IMPORTED,
    container: Container::WholeDocument,
    loses: &[Loss::LineEnds, Loss::Beyond(cell::LONGEST)],
};

impl Codec for Xlsx {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(encode::Encoder::new(section, options)))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(section, options)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        // Names stand in an archive as they are.
        head.starts_with(b"PK\x03\x04") && head.windows(3).any(|part| part == b"xl/")
    }
}
