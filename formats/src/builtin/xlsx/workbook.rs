//! Finds the sheet to read, and what its cells refer to.

use std::collections::{HashMap, HashSet, VecDeque};

use super::date::Epoch;
use super::package::{PARTS, Package, Part, damaged};
use super::sheet::{Context, Sheet, Strings};
use super::styles::Styles;
use super::xml::{Node, Xml, attribute};
use crate::DecodeError;

/// The most sheets that are looked at for one that is not empty.
const SHEETS: usize = 256;

/// The longest name of a part or of a relationship in bytes; others are none of a workbook that a program writes.
const NAME: usize = 1024;

/// How many bytes an element of the workbook may have.
const ELEMENT: usize = 64 * 1024;

/// The first sheet that has a filled cell, those that are shown before hidden ones; else the first. Then the names of the parts that
/// have the sheets after it.
pub(super) fn sheets(
    package: &Package,
    row_limit: usize,
    column_limit: usize,
) -> Result<(Sheet, VecDeque<String>), DecodeError> {
    let Some(part) = package.part("xl/workbook.xml")? else {
        let reason = if package.has("xl/workbook.bin") {
            "it is an .xlsb; save it as xlsx"
        } else {
            "it is an archive without a workbook; save it as xlsx"
        };
        return Err(damaged(reason));
    };
    let Workbook { sheets, epoch } = Workbook::read(part)?;
    let targets = targets(package.part("xl/_rels/workbook.xml.rels")?)?;
    let strings = Strings::read(package.part(&target(&targets, "sharedStrings", "xl/sharedStrings.xml"))?, row_limit)?;
    let styles = Styles::read(package.part(&target(&targets, "styles", "xl/styles.xml"))?)?;
    let mut context = Some(Context { strings, styles, epoch, row_limit, column_limit });
    let (mut names, mut known): (Vec<String>, HashSet<String>) = (Vec::new(), HashSet::new());
    let sheets_by_id: HashMap<_, _> =
        targets.iter().rev().filter(|target| target.kind == "worksheet").map(|target| (&target.id, target)).collect();
    for id in sheets {
        let found = sheets_by_id.get(&id);
        names.extend(found.map(|target| target.part.clone()).filter(|name| known.insert(name.clone())));
    }
    if names.is_empty() {
        names.push("xl/worksheets/sheet1.xml".to_owned());
    }
    let mut last = None;
    for (at, name) in names.iter().enumerate().take(SHEETS) {
        let (Some(part), Some(known)) = (package.part(name)?, context.take()) else { continue };
        let mut sheet = Sheet::new(part, known);
        if sheet.is_filled()? {
            return Ok((sheet, names.drain(at + 1..).collect()));
        }
        context = Some(sheet.into_context());
        last = Some(name);
    }
    let empty = last.and_then(|name| package.part(name).transpose()).transpose()?;
    match (empty, context) {
        (Some(part), Some(context)) => Ok((Sheet::new(part, context), VecDeque::new())),
        _ => Err(damaged("it has no sheet with cells")),
    }
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

/// Where a relationship of the workbook leads.
struct Target {
    id: String,
    /// The last word of its type, such as `worksheet`.
    kind: String,
    part: String,
}

fn targets(part: Option<Part>) -> Result<Vec<Target>, DecodeError> {
    let Some(part) = part else { return Ok(Vec::new()) };
    let (mut xml, mut targets) = (Xml::new(part, ELEMENT), Vec::new());
    loop {
        match xml.next()? {
            Node::Start(start) | Node::Empty(start) if start.local_name().as_ref() == "Relationship" => {
                let (id, kind, target) =
                    (attribute(&start, "Id"), attribute(&start, "Type"), attribute(&start, "Target"));
                let (Some(id), Some(kind), Some(target)) = (id, kind, target) else { continue };
                if targets.len() == PARTS || [&id, &kind, &target].iter().any(|text| text.len() > NAME) {
                    continue;
                }
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let part = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None => format!("xl/{}", target.trim_start_matches("./")),
                };
                targets.push(Target { id, kind, part });
            }
            Node::Eof => return Ok(targets),
            _ => {}
        }
    }
}

fn target(targets: &[Target], kind: &str, usual: &str) -> String {
    targets.iter().find(|target| target.kind == kind).map_or(usual, |target| &target.part).to_owned()
}
