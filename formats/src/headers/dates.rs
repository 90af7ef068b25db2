//! The dates of a file: read in the order that is said, or each by itself, with a note of what they tell about the order.

use jiff::civil::{Date, Time};

use crate::record::{Day, Found, excerpt, moment, time};
use crate::{AmbiguousDate, DateEvidence, DateOrder, Moment, Position};

/// A reader of all the dates of a file.
pub(crate) struct Dates {
    order: Option<DateOrder>,
    evidence: DateEvidence,
}

impl Dates {
    pub(crate) fn new(order: Option<DateOrder>) -> Dates {
        Dates { order, evidence: DateEvidence::default() }
    }

    /// What the dates have told so far.
    pub(crate) fn evidence(&self) -> &DateEvidence {
        &self.evidence
    }

    /// Reads a cell; `None` where it is blank, or one of the dates by which Outlook says that there is none.
    pub(crate) fn read(&mut self, position: Position, column: &str, text: &str) -> Result<Option<Moment>, String> {
        let Some((found, order)) = self.found(position, column, text)? else { return Ok(None) };
        found.moment(order).map(Some).ok_or_else(|| contradicting(text, order))
    }

    /// Reads a cell of which the day counts, as it stands there, with the time that stands behind it.
    pub(crate) fn read_day(
        &mut self,
        position: Position,
        column: &str,
        text: &str,
    ) -> Result<Option<(Date, Option<Time>)>, String> {
        let Some((found, order)) = self.found(position, column, text)? else { return Ok(None) };
        let day = found.day.in_order(order).ok_or_else(|| contradicting(text, order))?;
        Ok(Some((day, found.time)))
    }

    /// What a cell says, and the order in which it is meant.
    fn found(&mut self, position: Position, column: &str, text: &str) -> Result<Option<(Found, DateOrder)>, String> {
        let text = text.trim();
        if text.is_empty() || is_empty_date(text) {
            return Ok(None);
        }
        let found = moment(text).ok_or_else(|| no_date(text))?;
        self.note(position, column, text, found);
        Ok(Some((found, self.order.unwrap_or_else(|| found.day.likely()))))
    }

    fn note(&mut self, position: Position, column: &str, text: &str, found: Found) {
        match found.day {
            Day::Sure(_) => {}
            Day::Dmy(_) => self.evidence.day_first += 1,
            Day::Mdy(_) => self.evidence.month_first += 1,
            Day::Either { .. } => {
                self.evidence.ambiguous.get_or_insert_with(|| AmbiguousDate {
                    row: position.row,
                    line: position.line,
                    column: column.to_owned(),
                    text: text.to_owned(),
                });
            }
        }
    }
}

/// Whether this is a date of zeros alone, such as `0/0/00` or `0000-00-00 00:00:00`.
fn is_empty_date(text: &str) -> bool {
    let zeros = text.bytes().filter(|byte| *byte == b'0').count();
    let separators = text.bytes().filter(|byte| b"/.-".contains(byte)).count();
    zeros >= 3 && separators >= 2 && text.bytes().all(|byte| b"0/.-: T".contains(&byte))
}

fn contradicting(text: &str, order: DateOrder) -> String {
    let first = if order == DateOrder::DayFirst { "day" } else { "month" };
    format!("`{}` is no date with the {first} first, as the other dates have it", excerpt(text.trim()))
}

/// Reads a time of day; `None` where the text is blank.
pub(super) fn time_of_day(text: &str) -> Result<Option<Time>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let no_time = || format!("`{}` is not a time of day; write it like 14:30", excerpt(text));
    time(text).map(Some).ok_or_else(no_time)
}

fn no_date(text: &str) -> String {
    format!("`{}` is not a date; write it like 2026-05-25, or 2026-05-25T14:30 with a time", excerpt(text))
}
