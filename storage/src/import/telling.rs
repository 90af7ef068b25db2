//! What is told of a row beside what it changes: what a record that it makes will hold, and which of its values its record does not take.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::decision::NotTaken;
use super::incoming::{Incoming, IncomingTerms, RecordTimes};
use crate::change::Change;
use crate::contact::Contact;
use crate::fold::fold;
use crate::item::Item;
use crate::query::events::{Details, Progress, Source, Times};
use crate::query::transactions::{Stage, Terms};
use crate::text::{cut, plain};
use crate::value::Timestamp;

/// How many characters of a value are told of that a new record will hold.
const LONGEST_MADE: usize = 1_000;

/// What a row makes of a field of a new record.
fn made(field: impl Into<String>, value: &str) -> Change {
    Change { field: field.into(), before: None, after: Some(cut(value, LONGEST_MADE)) }
}

/// What a new person, or the person of a new transaction, will hold.
pub(super) fn made_contact(contact: &Contact) -> impl Iterator<Item = Change> {
    contact.fields().into_iter().filter_map(|(field, value)| Some(made(field, value?)))
}

/// Which custom values a new record will have.
pub(super) fn made_custom(custom: &BTreeMap<Uuid, String>) -> impl Iterator<Item = Change> {
    custom.iter().map(|(field, value)| made(Change::custom(*field), value))
}

/// In which categories a new record will be, each once.
pub(super) fn made_categories(names: &[String]) -> Option<Change> {
    added(&missing(names, &BTreeSet::new()))
}

/// What a new transaction will hold beside its person.
pub(super) fn made_terms(stage: Stage, terms: &Terms) -> Vec<Change> {
    fields_of_terms(stage, terms).into_iter().filter_map(|(field, value)| Some(made(field, &value?))).collect()
}

/// What a new event will hold.
pub(super) fn made_event(details: &Details) -> Vec<Change> {
    let fields = fields_of_event(details).into_iter();
    let is_said = |(field, _): &(&str, _)| *field != "complete" || details.progress == Progress::Complete;
    fields.filter(is_said).filter_map(|(field, value)| Some(made(field, &value?))).collect()
}

/// Whom a new event will belong to.
pub(super) fn made_associations(names: &str) -> Option<Change> {
    (!names.is_empty()).then(|| made("associations", names))
}

/// The contact data of a row that its person, who is like this after the row, does not take.
pub(super) fn contact_not_taken(row: &Incoming, after: &Contact) -> Vec<NotTaken> {
    let pairs = row.contact.fields().into_iter().zip(after.fields());
    let differing = pairs.filter_map(|((field, given), (_, stands))| {
        let given = given.filter(|given| stands.is_none_or(|stands| *given != stands && *given != plain(stands)))?;
        // The record was made by this very row: its notes begin with those of the row.
        let is_within = field == "notes" && stands.is_some_and(|notes| has_line(notes, given));
        (!is_within).then(|| NotTaken::new(field, stands, given))
    });
    let lines = row.foreign_notes.as_deref().map(|lines| lines_not_taken("notes", lines, after.notes.as_deref()));
    differing.chain(lines.into_iter().flatten()).collect()
}

/// The custom values of a row that its record, which has these after the row, does not take.
pub(super) fn custom_not_taken(given: &[(Uuid, String)], after: &BTreeMap<Uuid, String>) -> Vec<NotTaken> {
    let differing = given.iter().filter(|(field, value)| after.get(field) != Some(value));
    differing
        .map(|(field, value)| NotTaken::new(Change::custom(*field), after.get(field).map(String::as_str), value))
        .collect()
}

/// When a row says that its record was made and changed, where that is not so.
pub(super) fn times_not_taken(row: RecordTimes, created_at: Timestamp, updated_at: Timestamp) -> Vec<NotTaken> {
    let pairs = [("createdAt", row.created_at, created_at), ("updatedAt", row.updated_at, updated_at)];
    let differing = pairs.into_iter().filter_map(|(field, given, stands)| {
        let given = given.filter(|given| *given != stands)?;
        Some(NotTaken::new(field, Some(&moment(stands)), &moment(given)))
    });
    differing.collect()
}

/// What a row says of a transaction that is like this after it.
pub(super) fn terms_not_taken(
    (given_stage, row): (Stage, &IncomingTerms),
    stage: Stage,
    after: &Terms,
) -> Vec<NotTaken> {
    let decimal = |value: Option<crate::Decimal>| value.map(|value| value.to_string());
    let given = [
        Some(given_stage.name().to_owned()),
        decimal(row.value),
        decimal(row.probability),
        row.more_info.as_deref().map(|text| plain(text).into_owned()),
    ];
    not_taken(given, fields_of_terms(stage, after))
}

/// What a row says of an event that is like this after it; `says` tells which of these fields the row has.
pub(super) fn event_not_taken(given: &Details, says: impl Fn(&str) -> bool, after: &Details) -> Vec<NotTaken> {
    let said = fields_of_event(given).map(|(field, value)| value.filter(|_| says(field)));
    not_taken(said, fields_of_event(after))
}

/// Lines for the notes of a new record that the record which is there does not have, each by what stands before its colon.
pub(super) fn lines_not_taken(field: &str, lines: &str, stands: Option<&str>) -> Vec<NotTaken> {
    let stands = stands.unwrap_or_default();
    if stands.contains(lines) {
        return Vec::new();
    }
    let mut found: Vec<NotTaken> = Vec::new();
    for line in lines.lines().filter(|line| !has_line(stands, line)) {
        match line.split_once(": ") {
            Some((header, value)) => found.push(NotTaken::new(field_of_line(header), None, value)),
            None => found.push(NotTaken::new(field, None, line)),
        }
    }
    found
}

/// The field that a line of ours for the notes is about; those of others are called as the file calls them.
fn field_of_line(header: &str) -> &str {
    match header {
        "Email" => "email",
        "Association" => "associations",
        "Owner" => "owner",
        "E-mail template" => "emailTemplate",
        header => header,
    }
}

fn not_taken<const N: usize>(given: [Option<String>; N], after: [(&'static str, Option<String>); N]) -> Vec<NotTaken> {
    let differing = given.into_iter().zip(after).filter_map(|(given, (field, stands))| {
        let given = given.filter(|given| stands.as_ref() != Some(given))?;
        Some(NotTaken::new(field, stands.as_deref(), &given))
    });
    differing.collect()
}

fn fields_of_terms(stage: Stage, terms: &Terms) -> [(&'static str, Option<String>); 4] {
    let Terms { value, probability, more_info } = terms;
    [
        ("stage", Some(stage.name().to_owned())),
        ("value", Some(value.to_string())),
        ("probability", Some(probability.to_string())),
        ("moreInfo", more_info.clone()),
    ]
}

fn fields_of_event(details: &Details) -> [(&'static str, Option<String>); 14] {
    let Details { title, when, location, description, progress, owner, email_template, source } = details;
    let Source { uid, sequence, recurrence_id, recurrence } = source;
    let Times { starts_on, ends_on, starts_at, ends_at } = (*when).into();
    [
        ("title", Some(title.clone())),
        ("startsOn", starts_on.map(|day| day.to_string())),
        ("endsOn", ends_on.map(|day| day.to_string())),
        ("startsAt", starts_at.map(moment)),
        ("endsAt", ends_at.map(moment)),
        ("location", location.clone()),
        ("description", description.clone()),
        ("complete", Some((*progress == Progress::Complete).to_string())),
        ("owner", owner.map(|id| id.to_string())),
        ("emailTemplate", email_template.map(|id| id.to_string())),
        ("sourceUid", uid.clone()),
        ("sourceSequence", sequence.map(|sequence| sequence.to_string())),
        ("recurrenceId", recurrence_id.clone()),
        ("recurrence", recurrence.clone()),
    ]
}

/// Of what a row wants its event to belong to, whether the event does not.
pub(super) fn associations_not_taken(wanted: &BTreeSet<Item>, held: &BTreeSet<Item>, names: &str) -> Option<NotTaken> {
    (!wanted.is_subset(held)).then(|| NotTaken::new("associations", None, names))
}

/// A moment as clients read it (RFC 3339).
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from(at).to_string()
}

/// Whether a text has these whole lines.
fn has_line(text: &str, lines: &str) -> bool {
    let ends_line = |end: usize| text[end..].is_empty() || text[end..].starts_with('\n');
    let begins_line = |start: usize| start == 0 || text[..start].ends_with('\n');
    text.match_indices(lines).any(|(start, found)| begins_line(start) && ends_line(start + found.len()))
}

/// The names that are not among these folded ones, each once.
pub(super) fn missing(names: &[String], known: &BTreeSet<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| !known.contains(&fold(name)) && seen.insert(fold(name))).cloned().collect()
}

/// The change that adds categories.
pub(super) fn added(names: &[String]) -> Option<Change> {
    let after = (!names.is_empty()).then(|| names.join(" ::: "))?;
    Some(Change { field: Change::CATEGORIES.to_owned(), before: None, after: Some(after) })
}
