//! How the row of another program's calendar becomes an event: its date and time stand in columns of their own.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use super::cell::Cell;
use super::dates::{Dates, time_of_day};
use super::foreign::{category_names, is_worth_keeping};
use super::meaning::Meaning;
use crate::record::{CATEGORY_SEPARATOR, Column, Draft, names, yes_or_no};
use crate::{Diagnostic, Moment, Position};

/// Makes an event of a row, and says what is wrong with it. What has no field of ours goes to the foreign values.
pub(super) fn draft(cells: &[Cell<'_>], position: Position, dates: &mut Dates) -> (Draft, Vec<Diagnostic>) {
    let mut draft = Draft::default();
    let mut faults = Vec::new();
    let mut span = Span::default();
    for cell in cells {
        if let Err(reason) = add(cell, position, dates, &mut span, &mut draft) {
            faults.push(Diagnostic { field: Some(cell.header.to_owned()), reason });
        }
    }
    let (start, end) = span.moments();
    if let Some(start) = start {
        draft.set_moment(Column::StartsAt, start);
    }
    if let Some(end) = end {
        draft.set_moment(Column::EndsAt, end);
    }
    (draft, faults)
}

fn add(
    cell: &Cell<'_>,
    position: Position,
    dates: &mut Dates,
    span: &mut Span,
    draft: &mut Draft,
) -> Result<(), String> {
    match cell.meaning {
        Meaning::StartDate | Meaning::Own(Column::StartsOn | Column::StartsAt) => {
            take(&mut span.start, dates.read(position, cell.header, cell.text)?, cell, draft);
        }
        Meaning::EndDate if span.end_time.is_none() && time_of_day(cell.text).is_ok() => {
            span.end_time = time_of_day(cell.text)?;
        }
        Meaning::EndDate | Meaning::Own(Column::EndsOn | Column::EndsAt) => {
            take(&mut span.end, dates.read(position, cell.header, cell.text)?, cell, draft);
        }
        Meaning::StartTime => take(&mut span.start_time, time_of_day(cell.text)?, cell, draft),
        Meaning::EndTime => take(&mut span.end_time, time_of_day(cell.text)?, cell, draft),
        Meaning::AllDay => span.is_all_day = yes_or_no(cell.text.trim())?,
        Meaning::Categories => draft.add_categories(category_names(*cell)),
        Meaning::Own(column) if draft.has(column) => draft.add_foreign(cell.header, cell.text),
        Meaning::Own(Column::Associations) => draft.set_names(Column::Associations, associations(cell.text)),
        Meaning::Own(column) => draft.set(column, cell.text)?,
        _ if is_worth_keeping(cell) => draft.add_foreign(cell.header, cell.text),
        _ => {}
    }
    Ok(())
}

/// Keeps the first value of several columns with one meaning; the others are not lost.
fn take<T>(known: &mut Option<T>, found: Option<T>, cell: &Cell<'_>, draft: &mut Draft) {
    match (&known, found) {
        (Some(_), Some(_)) => draft.add_foreign(cell.header, cell.text),
        (None, Some(found)) => *known = Some(found),
        (_, None) => {}
    }
}

fn associations(text: &str) -> Vec<String> {
    let separator = if text.contains(CATEGORY_SEPARATOR.trim()) { CATEGORY_SEPARATOR.trim() } else { ";" };
    names(text.split(separator))
}

/// When an event is, as several columns say it.
#[derive(Default)]
struct Span {
    start: Option<Moment>,
    start_time: Option<Time>,
    end: Option<Moment>,
    end_time: Option<Time>,
    is_all_day: bool,
}

impl Span {
    /// The beginning and the end.
    fn moments(self) -> (Option<Moment>, Option<Moment>) {
        let Span { start, start_time, end, end_time, is_all_day } = self;
        if is_all_day {
            let first = start.map(day);
            let last = end.map(|end| last_day(day(end), time_of(end).or(end_time)));
            let last = last.filter(|last| first.is_none_or(|first| first < *last));
            return (first.map(Moment::Day), last.map(Moment::Day));
        }
        // An end that is only a time is on the day of the beginning.
        let end = end.or_else(|| start.map(|start| Moment::Day(day(start))).filter(|_| end_time.is_some()));
        let (start, end) = (start.map(|start| at(start, start_time)), end.map(|end| at(end, end_time)));
        match (start, end) {
            (Some(Moment::Day(first)), Some(Moment::Day(last))) if first == last => (start, None),
            // A day has no time at which something on it could end.
            (Some(Moment::Local(_) | Moment::At(_)), Some(Moment::Day(last))) if start.map(day) == Some(last) => {
                (start, None)
            }
            found => found,
        }
    }
}

/// The last day of an event of whole days, which some programs end at the midnight after it.
fn last_day(end: Date, time: Option<Time>) -> Date {
    if time == Some(Time::midnight()) { end.checked_sub(1.day()).unwrap_or(end) } else { end }
}

fn at(moment: Moment, time: Option<Time>) -> Moment {
    match (moment, time) {
        (Moment::Day(date), Some(time)) => Moment::Local(DateTime::from_parts(date, time)),
        (moment, _) => moment,
    }
}

fn day(moment: Moment) -> Date {
    match moment {
        Moment::Day(date) => date,
        Moment::Local(time) => time.date(),
        Moment::At(time) => jiff::tz::Offset::UTC.to_datetime(time).date(),
    }
}

fn time_of(moment: Moment) -> Option<Time> {
    if let Moment::Local(time) = moment { Some(time.time()) } else { None }
}
