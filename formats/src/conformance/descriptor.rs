//! Whether a descriptor tells the truth.

use super::drive::{Failure, ask};
use super::violation::{Law, Violation, Violations};
use crate::{Codec, Descriptor, Direction, Loss, Section, Unsupported, columns};

pub(super) fn check(codec: &dyn Codec, violations: &mut Violations) {
    let descriptor = codec.descriptor();
    for found in misnomers(descriptor) {
        let document = Vec::new();
        violations.add(Violation { law: Law::Descriptor, section: None, found, document });
    }
    check_sections(codec, Direction::Encode, descriptor.encodes, violations);
    check_sections(codec, Direction::Decode, descriptor.decodes, violations);
}

/// Asks for every section. Of refusals that mislead one is enough.
fn check_sections(codec: &dyn Codec, direction: Direction, listed: &'static [Section], violations: &mut Violations) {
    let mut misleading = None;
    let mut lies = false;
    for section in Section::ALL {
        let honest = Unsupported { format: codec.descriptor().name, section, direction, instead: listed };
        let found = match (listed.contains(&section), ask(codec, section, direction)) {
            (true, Ok(())) => continue,
            (true, Err(failure)) => format!("{section} is listed as something it can {direction}, but {failure}"),
            (false, Ok(())) => format!("{section} is not listed as something it can {direction}, but is not refused"),
            (false, Err(Failure::Refused(refusal))) if refusal == honest => continue,
            (false, Err(Failure::Refused(refusal))) => {
                let found = format!("{section} is refused with `{refusal}` instead of `{honest}`");
                misleading.get_or_insert(Violation::of_section(Law::Descriptor, section, found));
                continue;
            }
            (false, Err(failure)) => format!("{section} should be refused, but {failure}"),
        };
        lies = true;
        violations.add(Violation::of_section(Law::Descriptor, section, found));
    }
    // Where the list is wrong, so are the refusals that are made of it.
    misleading.into_iter().filter(|_| !lies).for_each(|violation| violations.add(violation));
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
        Loss::Column(_) | Loss::LineEnds | Loss::ControlCharacters | Loss::Beyond(_) => None,
    }));
    found
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
