//! The law that every codec obeys, ours and others', as a check that a codec's own tests call in one line.
//!
//! ```
//! let registry = formats::builtin();
//! let json = registry.get("json")?;
//! formats::conformance::check(json.as_ref())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The records and bytes that it tries are built in and the same at every run: [`Law`] says what is asked and why. A panic is
//! caught where panics unwind, as they do in tests; a codec that never comes back from one call makes the check wait with it. What
//! a codec keeps for itself only an allocator can tell.

mod decoding;
mod descriptor;
mod drive;
mod encoding;
mod noise;
mod round_trip;
mod samples;
mod violation;

pub use self::violation::{Law, Violation, Violations};
use crate::{Codec, Direction, Section};

use self::drive::Document;

/// Tries a codec against every [`Law`], in each section that it writes or reads.
///
/// The error has the first violation of each law in each section.
pub fn check(codec: &dyn Codec) -> Result<(), Violations> {
    check_with(codec, &[])
}

/// Like [`check`], and reads these documents as well, good or bad. A codec that only reads has no others that are near its
/// format, since what it cannot write nobody can make up.
pub fn check_with(codec: &dyn Codec, documents: &[(Section, &[u8])]) -> Result<(), Violations> {
    let format = codec.descriptor().name;
    let mut violations = Violations { format, found: Vec::new() };
    descriptor::check(codec, &mut violations);
    for section in Section::ALL {
        let mut known: Vec<Document> = Vec::new();
        // A section that is listed and refused breaks the first law already.
        let can = |listed: &[Section], way| listed.contains(&section) && drive::ask(codec, section, way).is_ok();
        if can(codec.descriptor().encodes, Direction::Encode) {
            known.extend(encoding::check(codec, section, &mut violations));
        }
        if can(codec.descriptor().decodes, Direction::Decode) {
            round_trip::check(codec, section, &mut violations);
            known.extend(documents.iter().filter(|(of, _)| *of == section).map(|(_, bytes)| bytes.to_vec()));
            decoding::check(codec, section, &known, &mut violations);
        }
    }
    if violations.found.is_empty() { Ok(()) } else { Err(violations) }
}
