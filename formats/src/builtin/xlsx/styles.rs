//! What the formats of cells say: which numbers are dates, and which are shown with zeros or signs that belong to them.

use std::collections::HashMap;
use std::sync::Arc;

use super::digits::Digits;
use super::package::Part;
use super::xml::{Node, Xml, attribute};
use crate::DecodeError;

/// What a number stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Kind {
    #[default]
    Number,
    /// A day, or a day and a time where it is not midnight.
    Date,
    /// A time of day or a duration.
    Time,
    /// Digits as they are shown, such as 01234 of a postal code.
    Digits(Arc<Digits>),
}

/// The most formats and styles that are looked at; Excel itself takes 65,490 styles.
const STYLES: usize = 100_000;

/// How long the code of a format may be.
const CODE: usize = 4096;

/// How many bytes an element of the styles may have.
const ELEMENT: usize = 64 * 1024;

/// What the cells of each style hold.
#[derive(Default)]
pub(super) struct Styles(Vec<Kind>);

impl Styles {
    pub(super) fn read(part: Option<Part>) -> Result<Styles, DecodeError> {
        let Some(part) = part else { return Ok(Styles::default()) };
        let mut xml = Xml::new(part, ELEMENT);
        let (mut custom, mut kinds, mut is_in_cells) = (HashMap::new(), Vec::new(), false);
        loop {
            match xml.next()? {
                Node::Start(start) | Node::Empty(start) => match start.local_name().as_ref() {
                    "numFmt" if custom.len() < STYLES => {
                        let id = attribute(&start, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                        let code = attribute(&start, "formatCode").unwrap_or_default();
                        let code = &code[..code.floor_char_boundary(CODE)];
                        // The first of a number counts.
                        if let Some(id) = id {
                            custom.entry(id).or_insert_with(|| kind_of_code(code));
                        }
                    }
                    "cellXfs" => is_in_cells = true,
                    "xf" if is_in_cells && kinds.len() < STYLES => {
                        let id =
                            attribute(&start, "numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or_default();
                        kinds.push(custom.get(&id).cloned().unwrap_or_else(|| kind_of_id(id)));
                    }
                    _ => {}
                },
                Node::End(name) if name == "cellXfs" => is_in_cells = false,
                Node::Eof => return Ok(Styles(kinds)),
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }

    /// What the numbers of cells with a style stand for.
    pub(super) fn kind(&self, style: usize) -> &Kind {
        self.0.get(style).unwrap_or(&Kind::Number)
    }
}

/// The formats that need no code, among them those of East Asian Excel (ECMA-376 part 1 section 18.8.30).
fn kind_of_id(id: u32) -> Kind {
    match id {
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=58 => Kind::Date,
        18..=21 | 32 | 33 | 45..=47 => Kind::Time,
        _ => Kind::Number,
    }
}

/// A code such as `yyyy\-mm\-dd;@` is of a date where a letter for a part of one stands outside of quotes.
fn kind_of_code(code: &str) -> Kind {
    let (mut has_day, mut has_month, mut has_time) = (false, false, false);
    let mut chars = code.chars();
    while let Some(char) = chars.next() {
        match char.to_ascii_lowercase() {
            '"' => while chars.next().is_some_and(|char| char != '"') {},
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|char| *char != ']').collect();
                // `[h]` counts hours; others are colours, languages and conditions.
                has_time |=
                    !inside.is_empty() && inside.chars().all(|char| matches!(char, 'h' | 'H' | 'm' | 'M' | 's' | 'S'));
            }
            'y' | 'd' => has_day = true,
            'm' => has_month = true,
            'h' | 's' => has_time = true,
            ';' => break,
            'g' if code.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("general")) => return Kind::Number,
            _ => {}
        }
    }
    match (has_day, has_time, has_month) {
        (true, _, _) | (false, false, true) => Kind::Date,
        (false, true, _) => Kind::Time,
        (false, false, false) => Digits::read(code).map_or(Kind::Number, |digits| Kind::Digits(Arc::new(digits))),
    }
}
