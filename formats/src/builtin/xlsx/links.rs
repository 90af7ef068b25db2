//! Where the cells of a sheet lead: its hyperlinks, which stand behind its rows, and formulas that are one.

use std::collections::HashMap;

use super::package::{Package, damaged};
use super::reference::column;
use super::relationships::{relationships, relationships_of};
use super::xml::{Node, Xml, attribute};
use crate::DecodeError;

/// The longest address that is read, as of Excel.
pub(super) const LONGEST: usize = 2_083;

/// The most links of a sheet. Excel itself takes 65,530.
const MOST: usize = 100_000;

/// How many bytes an element may have.
const ELEMENT: usize = 64 * 1024;

/// The addresses behind cells, by row (from 1) and column (from 0).
#[derive(Default)]
pub(super) struct Links(HashMap<(u64, usize), String>);

impl Links {
    /// Reads those of a sheet by the name of its part. Errors: more than there can be.
    pub(super) fn read(package: &Package, sheet: &str) -> Result<Links, DecodeError> {
        let mut links = Links::default();
        let targets = relationships(package.part(&relationships_of(sheet))?)?;
        let targets: HashMap<_, _> = targets
            .into_iter()
            .filter(|target| target.kind == "hyperlink" && target.target.len() <= LONGEST)
            .map(|target| (target.id, target.target))
            .collect();
        let Some(part) = package.part(sheet)?.filter(|_| !targets.is_empty()) else { return Ok(links) };
        let mut xml = Xml::new(part, ELEMENT);
        loop {
            match xml.next()? {
                Node::Start(start) | Node::Empty(start) if start.local_name().as_ref() == "hyperlink" => {
                    let (place, id) = (attribute(&start, "ref"), attribute(&start, "id"));
                    let (Some(place), Some(id)) = (place, id) else { continue };
                    // Of a range the first cell has the text.
                    let first = place.split(':').next().unwrap_or_default();
                    let row = first.trim_start_matches(|char: char| char.is_ascii_alphabetic()).parse().ok();
                    if let (Some(row), Some(column), Some(target)) = (row, column(first), targets.get(&id)) {
                        if links.0.len() == MOST {
                            return Err(damaged(&format!("a sheet of it has more than {MOST} links; save it as CSV")));
                        }
                        links.0.insert((row, column), target.clone());
                    }
                }
                Node::Eof => return Ok(links),
                _ => {}
            }
        }
    }

    /// Where a cell leads.
    pub(super) fn of(&self, row: u64, column: usize) -> Option<&str> {
        if self.0.is_empty() { None } else { self.0.get(&(row, column)).map(String::as_str) }
    }
}

/// Where a formula such as `HYPERLINK("mailto:ann@example.com","Ann")` leads.
pub(super) fn of_formula(formula: &str) -> Option<&str> {
    const NAME: &str = "HYPERLINK(";
    let formula = formula.trim();
    let arguments =
        formula.get(..NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME)).map(|_| &formula[NAME.len()..])?;
    let address = arguments.trim_start().strip_prefix('"')?.split('"').next()?;
    Some(address).filter(|address| !address.is_empty())
}
