//! Whether an encoder writes what it is given, and only appends.

use super::drive::{Document, Failure, write, write_in_pieces};
use super::samples::samples;
use super::violation::{Law, Violation, Violations, excerpt};
use crate::{Codec, Record, Section};

/// Answers with documents of the section: one without records, one for each record of ours, one of all of them.
pub(super) fn check(codec: &dyn Codec, section: Section, violations: &mut Violations) -> Vec<Document> {
    let samples = samples(section);
    let mut documents = Vec::new();
    match write(codec, section, &[]) {
        Ok(document) => documents.push(document),
        Err(failure) => violations.add(Violation::of_section(Law::Empty, section, failure.to_string())),
    }
    for sample in &samples {
        match write(codec, section, std::slice::from_ref(sample)) {
            Ok(document) => documents.push(document),
            Err(failure) => violations.add(unwritten(section, &failure, sample)),
        }
    }
    if let Ok(document) = write(codec, section, &samples) {
        if let Some(found) = difference(&document, write_in_pieces(codec, section, &samples)) {
            violations.add(Violation::of_section(Law::Encoding, section, found).reading(&document));
        }
        documents.push(document);
    }
    documents
}

fn unwritten(section: Section, failure: &Failure, sample: &Record) -> Violation {
    let cells = sample.cells();
    let filled: Vec<_> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    let values = excerpt(&format!("{filled:?}"));
    Violation::of_section(Law::Encoding, section, format!("{failure}; the record has the values {values}"))
}

/// What is wrong with a document that was written with a new buffer at each step.
fn difference(whole: &Document, pieces: Result<Document, Failure>) -> Option<String> {
    let pieces = match pieces {
        Ok(pieces) if pieces == *whole => return None,
        Ok(pieces) => pieces,
        Err(failure) => return Some(format!("when each step has a new buffer, {failure}")),
    };
    let at = whole.iter().zip(&pieces).take_while(|(one, other)| one == other).count();
    Some(format!("written again, with a new buffer at each step, the same records give other bytes from byte {at} on"))
}
