//! Relationships: which part of a workbook leads to which, by the rules of the Open Packaging Conventions (ECMA-376 part 2, clause 6.5).

use super::package::{Part, damaged};
use super::xml::{Node, Xml, attribute};
use crate::DecodeError;

/// The longest name of a part or of a relationship in bytes; others are none of a workbook that a program writes.
pub(super) const NAME: usize = 1024;

/// How many bytes an element may have.
const ELEMENT: usize = 64 * 1024;

/// The longest address of a relationship, and the most relationships of a part, of which those of a sheet are its links.
const ADDRESS: usize = 4096;

const ADDRESSES: usize = 16 << 20;

const RELATIONSHIPS: usize = 120_000;

/// A relationship of a part.
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last word of its type, such as `worksheet`.
    pub(super) kind: String,
    /// Where it leads, as it is written.
    pub(super) target: String,
}

/// The name of the part that has the relationships of another (ECMA-376 part 2 section 6.5.2).
pub(super) fn relationships_of(part: &str) -> String {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    format!("{folder}/_rels/{name}.rels")
}

/// The name of the part to which a relationship of another leads.
pub(super) fn part_of(of: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let folder = of.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// The relationships that a part has.
pub(super) fn relationships(part: Option<Part>) -> Result<Vec<Relationship>, DecodeError> {
    let Some(part) = part else { return Ok(Vec::new()) };
    let (mut xml, mut found, mut size) = (Xml::new(part, ELEMENT), Vec::new(), 0);
    loop {
        match xml.next()? {
            Node::Start(start) | Node::Empty(start) if start.local_name().as_ref() == "Relationship" => {
                let (id, kind, target) =
                    (attribute(&start, "Id"), attribute(&start, "Type"), attribute(&start, "Target"));
                let (Some(id), Some(kind), Some(target)) = (id, kind, target) else { continue };
                if found.len() == RELATIONSHIPS || id.len() > NAME || kind.len() > NAME || target.len() > ADDRESS {
                    continue;
                }
                size += target.len();
                if size > ADDRESSES {
                    return Err(damaged("a part of it has more than 16 MiB of links; save it as CSV"));
                }
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.push(Relationship { id, kind, target });
            }
            Node::Eof => return Ok(found),
            _ => {}
        }
    }
}

pub(super) fn target(targets: &[Relationship], kind: &str, usual: &str) -> String {
    targets.iter().find(|found| found.kind == kind).map_or(usual, |found| &found.target).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{part_of, relationships_of};

    #[test]
    fn relationships_lead_from_the_part_that_has_them() {
        for (of, target, part) in [
            ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/workbook.xml", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/workbook.xml", "./styles.xml", "xl/styles.xml"),
            ("book/workbook2.xml", "../other/sheet.xml", "other/sheet.xml"),
            ("", "xl/workbook2.xml", "xl/workbook2.xml"),
            ("", "../../x.xml", "x.xml"),
        ] {
            assert_eq!(part_of(of, target), part);
        }
        assert_eq!(relationships_of("xl/workbook2.xml"), "xl/_rels/workbook2.xml.rels");
        assert_eq!(relationships_of("workbook.xml"), "/_rels/workbook.xml.rels");
    }
}
