//! Finds the sheet to read, and what its cells refer to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;

use super::date::Epoch;
use super::encode::STYLES;
use super::links::Links;
use super::package::{PARTS, Package, Part, damaged};
use super::relationships::{NAME, part_of, relationships, relationships_of, target};
use super::sheet::{Context, Sheet, Strings};
use super::styles::Styles;
use super::xml::{Node, Xml, attribute};
use crate::DecodeError;

/// The most sheets that are looked at for one that is not empty.
const SHEETS: usize = 256;

/// How many bytes an element of the workbook may have.
const ELEMENT: usize = 64 * 1024;

/// What a workbook has to be read.
pub(super) struct Found {
    /// The first sheet that has a filled cell, those that are shown before hidden ones; else the first.
    pub(super) sheet: Sheet,
    /// The names of the parts that have the sheets after it.
    pub(super) later: VecDeque<String>,
    /// Whether a program other than ours has written it.
    pub(super) is_foreign: bool,
}

/// Finds the sheets of a workbook, which is the part that the archive says it is.
pub(super) fn find(package: &Package, row_limit: usize, column_limit: usize) -> Result<Found, DecodeError> {
    let book = relationships(package.part("_rels/.rels")?)?;
    let book = book.into_iter().filter(|found| found.kind == "officeDocument").map(|found| part_of("", &found.target));
    let book =
        book.chain(["xl/workbook.xml".to_owned()]).find(|name| package.has(name)).filter(|name| !is_binary(name));
    let part = book.as_ref().map(|name| package.part(name)).transpose()?.flatten();
    let (Some(book), Some(part)) = (book, part) else {
        let reason = if package.has("xl/workbook.bin") {
            "it is an .xlsb; save it as xlsx"
        } else {
            "it is an archive without a workbook; save it as xlsx"
        };
        return Err(damaged(reason));
    };
    let Workbook { sheets, epoch } = Workbook::read(part)?;
    let mut targets = relationships(package.part(&relationships_of(&book))?)?;
    for found in &mut targets {
        found.target = part_of(&book, &found.target);
    }
    let strings = Strings::read(package.part(&target(&targets, "sharedStrings", "xl/sharedStrings.xml"))?, row_limit)?;
    let styles_part = target(&targets, "styles", "xl/styles.xml");
    let is_foreign = !has_our_styles(package.part(&styles_part)?)?;
    let styles = Styles::read(package.part(&styles_part)?)?;
    let mut context = Some(Context { strings, styles, epoch, row_limit, column_limit });
    let (mut names, mut known): (Vec<String>, HashSet<String>) = (Vec::new(), HashSet::new());
    let sheets_by_id: HashMap<_, _> =
        targets.iter().rev().filter(|found| found.kind == "worksheet").map(|found| (&found.id, found)).collect();
    for id in sheets {
        let found = sheets_by_id.get(&id);
        names.extend(found.map(|found| found.target.clone()).filter(|name| known.insert(name.clone())));
    }
    if names.is_empty() {
        names.push("xl/worksheets/sheet1.xml".to_owned());
    }
    let mut last = None;
    for (at, name) in names.iter().enumerate().take(SHEETS) {
        let (Some(part), Some(known)) = (package.part(name)?, context.take()) else { continue };
        let mut sheet = Sheet::new(part, Links::read(package, name)?, known);
        if sheet.is_filled()? {
            return Ok(Found { sheet, later: names.drain(at + 1..).collect(), is_foreign });
        }
        context = Some(sheet.into_context());
        last = Some(name);
    }
    let empty = last.and_then(|name| package.part(name).transpose()).transpose()?;
    match (empty, context) {
        (Some(part), Some(context)) => {
            Ok(Found { sheet: Sheet::new(part, Links::default(), context), later: VecDeque::new(), is_foreign })
        }
        _ => Err(damaged("it has no sheet with cells")),
    }
}

fn is_binary(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("bin"))
}

/// Whether the styles are those that we write: every program that saves a workbook writes its own.
fn has_our_styles(part: Option<Part>) -> Result<bool, DecodeError> {
    let Some(part) = part else { return Ok(false) };
    let mut styles = Vec::with_capacity(STYLES.len() + 1);
    let read = part.take(STYLES.len() as u64 + 1).read_to_end(&mut styles);
    read.map_err(|_| damaged("its styles cannot be read; save it as xlsx again"))?;
    Ok(styles == STYLES.as_bytes())
}

struct Workbook {
    /// The sheets by the ids of their relationships, the hidden ones last.
    sheets: Vec<String>,
    epoch: Epoch,
}

impl Workbook {
    fn read(part: Part) -> Result<Workbook, DecodeError> {
        let mut xml = Xml::new(part, ELEMENT);
        let (mut shown, mut hidden, mut epoch) = (Vec::new(), Vec::new(), Epoch::default());
        loop {
            match xml.next()? {
                Node::Start(start) | Node::Empty(start) => match start.local_name().as_ref() {
                    "workbookPr" if matches!(attribute(&start, "date1904").as_deref(), Some("1" | "true")) => {
                        epoch = Epoch::Year1904;
                    }
                    "sheet" => {
                        let is_hidden = attribute(&start, "state").is_some_and(|state| state != "visible");
                        let list_room = shown.len() + hidden.len() < PARTS;
                        let list = if is_hidden { &mut hidden } else { &mut shown };
                        list.extend(attribute(&start, "id").filter(|id| id.len() <= NAME && list_room));
                    }
                    _ => {}
                },
                Node::Eof => {
                    shown.append(&mut hidden);
                    return Ok(Workbook { sheets: shown, epoch });
                }
                Node::End(_) | Node::Text(_) => {}
            }
        }
    }
}
