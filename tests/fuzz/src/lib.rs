//! What the targets of the codecs share: a document is read twice, cut in different places, and must be the same rows.

use bytes::BytesMut;
use formats::{Codec, DateOrder, DecimalSeparator, DecodeError, DecodeOptions, Row, Section};

/// More rows than bytes mean that there is no end of them; a workbook is packed, and has more by this at most.
const PACKED: usize = 1 << 20;

/// Reads a document with a codec. Its first two bytes say in which section, with which options and how it is cut.
///
/// # Panics
///
/// The codec breaks its law: rows without an end, a row with neither a record nor a reason, a number that is left out, or
/// other rows where the document is cut elsewhere.
pub fn read_twice(codec: &dyn Codec, data: &[u8]) {
    let [choice, cut, document @ ..] = data else { return };
    let sections = codec.descriptor().decodes;
    let section = sections[usize::from(*choice) % sections.len()];
    let options = DecodeOptions {
        date_order: [None, None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)][usize::from(choice >> 4) % 4],
        decimal: [None, Some(DecimalSeparator::Comma)][usize::from(choice >> 6) % 2],
        // Small enough that the limit is met.
        row_limit: [1 << 20, 1 << 10][usize::from(choice >> 7)],
        custom_fields: vec!["Shoe size".into()],
        ..DecodeOptions::default()
    };
    let whole = read(codec, section, &options, document, document.len().max(1));
    let pieces = read(codec, section, &options, document, usize::from(*cut).max(1));
    assert_eq!(whole, pieces, "cut by {cut}");
    for (number, row) in (1..).zip(&whole.0) {
        assert_eq!(row.position.row, number, "rows are numbered without a gap");
        assert!(row.record.is_some() || !row.diagnostics.is_empty(), "{}: neither a record nor a reason", row.position);
    }
}

/// The rows of a document that comes in pieces of one size, and why reading ended early.
fn read(
    codec: &dyn Codec,
    section: Section,
    options: &DecodeOptions,
    document: &[u8],
    size: usize,
) -> (Vec<Row>, Option<DecodeError>) {
    let mut decoder = codec.decoder(section, options).expect("the descriptor lists the section");
    let (mut input, mut pieces, mut at_end) = (BytesMut::new(), document.chunks(size), false);
    let mut rows = Vec::new();
    loop {
        match decoder.row(&mut input, at_end) {
            Ok(Some(row)) => {
                // Whoever writes down failed rows asks for it.
                drop(decoder.source());
                rows.push(row);
                assert!(rows.len() <= document.len() + PACKED, "there is no end of rows");
            }
            Ok(None) if at_end => return (rows, None),
            Ok(None) => match pieces.next() {
                Some(piece) => input.extend_from_slice(piece),
                None => at_end = true,
            },
            Err(error) => return (rows, Some(error)),
        }
    }
}
