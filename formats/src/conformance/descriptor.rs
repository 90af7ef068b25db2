//! Whether a descriptor tells the truth.

use super::{Law, Violation, Violations};
use crate::{Codec, DecodeOptions, Descriptor, Direction, EncodeOptions, Loss, Section, Unsupported, columns};

pub(super) fn check(codec: &dyn Codec, violations: &mut Violations) {
    let descriptor = codec.descriptor();
    for found in misnomers(descriptor) {
        let document = Vec::new();
        violations.add(Violation { law: Law::Descriptor, section: None, found, document });
    }
    for section in Section::ALL {
        let encoder = codec.encoder(section, &EncodeOptions::default()).err();
        let decoder = codec.decoder(section, &DecodeOptions::default()).err();
        let lies = [
            lie(descriptor, section, Direction::Encode, descriptor.encodes, encoder),
            lie(descriptor, section, Direction::Decode, descriptor.decodes, decoder),
        ];
        for found in lies.into_iter().flatten() {
            violations.add(Violation::of_section(Law::Descriptor, section, found));
        }
    }
}

/// What is wrong with the texts of a descriptor.
fn misnomers(descriptor: &Descriptor) -> Vec<String> {
    let Descriptor { name, title, media_type, extensions, encodes, decodes, loses, container: _ } = *descriptor;
    let mut found = Vec::new();
    if !is_name(name) {
        found.push(format!("the name {name:?} is not of small letters, digits, `-`, `_` and `.`"));
    }
    if title.trim().is_empty() {
        found.push("the title is blank".to_owned());
    }
    if !is_media_type(media_type) {
        found.push(format!(
            "the media type {media_type:?} is not like `text/csv; charset=utf-8` (RFC 9110 section 8.3.1)"
        ));
    }
    if extensions.is_empty() {
        found.push("there is no extension".to_owned());
    }
    let bad_extensions = extensions.iter().filter(|extension| !is_name(extension));
    found.extend(
        bad_extensions.map(|bad| format!("the extension {bad:?} is not like `csv`: small letters, no dot in front")),
    );
    for (list, sections) in [("encodes", encodes), ("decodes", decodes)] {
        let mut repeated = sections.iter().enumerate().filter(|(at, section)| sections[..*at].contains(section));
        found.extend(repeated.next().map(|(_, section)| format!("{section} stands in `{list}` twice")));
    }
    found.extend(loses.iter().filter_map(|loss| match loss {
        Loss::Column(column) if !is_column(column) => Some(format!("`loses` names {column:?}, which is no column")),
        Loss::Column(_) | Loss::LineEnds => None,
    }));
    found
}

/// What is wrong with the answer of a codec that is asked for a section.
fn lie(
    descriptor: &Descriptor,
    section: Section,
    direction: Direction,
    listed: &'static [Section],
    refusal: Option<Unsupported>,
) -> Option<String> {
    let list = match direction {
        Direction::Encode => "encodes",
        Direction::Decode => "decodes",
    };
    let honest = Unsupported { format: descriptor.name, section, direction, instead: listed };
    match (listed.contains(&section), refusal) {
        (true, None) => None,
        (true, Some(refusal)) => Some(format!("`{list}` lists {section}, which is refused: {refusal}")),
        (false, None) => Some(format!("`{list}` does not list {section}, which is not refused")),
        (false, Some(refusal)) if refusal == honest => None,
        (false, Some(refusal)) => Some(format!("{section} is refused with `{refusal}` instead of `{honest}`")),
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(is_allowed)
}

fn is_column(name: &str) -> bool {
    Section::ALL.iter().any(|section| columns(*section).contains(&name))
}

/// Whether a text is a media type with its parameters; one inside quotes has no semicolon here, as nobody needs that.
fn is_media_type(text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let is_type =
        |essence: &str| essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    parts.next().is_some_and(is_type) && parts.all(|parameter| parameter.split_once('=').is_some_and(is_parameter))
}

fn is_parameter((name, value): (&str, &str)) -> bool {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    is_token(name) && (is_token(value) || quoted.is_some_and(|text| !text.contains(['"', '\\']) && text.is_ascii()))
}

/// A token as RFC 9110 section 5.6.2 has it.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
