//! Cuts operators out of a body such that what stands around them still reads well.

use std::ops::Range;

/// What may stand around a name.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// The body without some ranges of it, which are in order and do not overlap.
pub(super) fn without(body: &str, ranges: &[Range<usize>]) -> String {
    if ranges.is_empty() {
        return body.to_owned();
    }
    let lines = lines(body, ranges);
    let says_something = |line: &Line| !line.text.trim().is_empty();
    let first = lines.iter().position(says_something).unwrap_or(lines.len());
    let last = lines.iter().rposition(says_something).map_or(0, |last| last + 1);
    let is_cut = |lines: &[Line]| lines.iter().any(|line| line.cut == Cut::Some);
    let (cut_before, cut_after) = (is_cut(&lines[..first]), is_cut(&lines[last..]));
    let stays = |(index, line): &(usize, &Line)| {
        let at_an_end = cut_before && *index < first || cut_after && *index >= last;
        says_something(line) || line.cut == Cut::None && !at_an_end
    };
    let mut text: String = lines.iter().enumerate().filter(stays).map(|(_, line)| line.text.as_str()).collect();
    if cut_after {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text
}

/// A line of what is left, with its line end.
#[derive(Default)]
struct Line {
    text: String,
    cut: Cut,
}

/// Whether operators were cut out of a line.
#[derive(Clone, Copy, Default, PartialEq)]
enum Cut {
    #[default]
    None,
    Some,
}

fn lines(body: &str, ranges: &[Range<usize>]) -> Vec<Line> {
    let starts = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    let ends = ranges.iter().map(|range| range.start).chain([body.len()]);
    let mut lines = Vec::new();
    let mut line = Line::default();
    for (start, end) in starts.zip(ends) {
        let mut piece = &body[start..end];
        if start > 0 {
            line.cut = Cut::Some;
            piece = join(&mut line.text, piece, &body[start..]);
        }
        for part in piece.split_inclusive('\n') {
            line.text.push_str(part);
            if part.ends_with('\n') {
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    lines.push(line);
    lines
}

/// Takes away one of the blanks on both sides of a cut, or the one before a cut at the end of a line.
fn join<'a>(before: &mut String, piece: &'a str, rest: &str) -> &'a str {
    let follows_blank = before.ends_with(BLANKS);
    if let Some(piece) = piece.strip_prefix(BLANKS).filter(|_| follows_blank || before.is_empty()) {
        return piece;
    }
    if follows_blank && (rest.is_empty() || rest.starts_with(['\r', '\n'])) {
        before.pop();
    }
    piece
}
