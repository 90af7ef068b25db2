//! A batch of people: what each row means is decided in order, then everything is written at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::batch::{Applied, Batch};
use super::decision::{Decision, Duplicate, NotTaken, Original, Outcome};
use super::fire::Fired;
use super::incoming::{CheckedContact, Incoming, Policy, RecordTimes, combined, with_notes};
use super::journal::{self, Journal};
use super::stored::Duplicates;
use super::telling::{
    added, contact_not_taken, custom_not_taken, made_categories, made_contact, made_custom, missing, times_not_taken,
};
use crate::change::Change;
use crate::contact::{Contact, Keys};
use crate::derived::{person_changed, person_with_custom_text};
use crate::entity::import_records::RowEffect;
use crate::error::Result;
use crate::fold::fold;
use crate::handle::Unit;
use crate::item::ItemKind;
use crate::matching::{Candidates, Known, MatchedBy};
use crate::query::custom_values;
use crate::query::people::{Person, changed, new_row, write};

pub(super) async fn apply<'u>(
    batch: &Batch<'u>,
    mut journal: Journal<'u>,
    rows: Vec<CheckedContact>,
) -> Result<Applied<'u>> {
    let Batch { unit, policy, tells, .. } = *batch;
    let (rows, keys): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|CheckedContact { incoming, keys }| (incoming, keys)).unzip();
    let ids: Vec<_> = rows.iter().filter_map(|row| row.id).collect();
    let scope = policy.scope(unit);
    let mut candidates = Candidates::load(&scope, &ids, &keys).await?;
    if rows.iter().any(|row| !row.person_values.is_empty()) {
        candidates.load_custom(&scope).await?;
    }
    journal.recall(&candidates.ids().collect::<Vec<_>>()).await?;
    let (writes, fired) = (PeopleWrites::default(), Vec::new());
    let mut work = Work { unit, policy, tells, journal, candidates, writes, fired };
    let mut decisions = Vec::with_capacity(rows.len());
    for (row, keys) in rows.into_iter().zip(keys) {
        decisions.push(work.decide(row, keys));
    }
    let Work { journal, mut writes, candidates, fired, .. } = work;
    // As the last of the rows leaves them: a later one may have renamed somebody.
    let name = |person: Uuid| candidates.get(person).map(|known| known.person.sort_key.clone()).unwrap_or_default();
    let fired = fired.into_iter().map(|(row, person)| Fired { row, item: journal::person(person), name: name(person) });
    let fired = fired.collect();
    unit.pg_plan_cache_auto().await?;
    writes.write(unit).await?;
    writes.finish(batch).await?;
    Ok(Applied { decisions, fired, journal })
}

struct Work<'a> {
    unit: &'a Unit,
    policy: &'a Policy,
    tells: bool,
    journal: Journal<'a>,
    candidates: Candidates,
    writes: PeopleWrites,
    /// Which rows have made or changed whom.
    fired: Vec<(u64, Uuid)>,
}

impl Work<'_> {
    fn decide(&mut self, row: Incoming, keys: Keys) -> Decision {
        let journal = &self.journal;
        let allowed = |known: &Known| journal.last(known.person.id).is_none_or(|seen| seen.may_repeat(row.id));
        let Some((known, by)) = self.candidates.find(row.id, &keys, allowed) else {
            return self.create(row, keys);
        };
        let item = journal::person(known.person.id);
        let decision = |outcome, changes, of| Decision {
            row: row.row,
            outcome,
            record: Some(item.id),
            changes,
            duplicate: Some(duplicate(by, row.id, &keys, of)),
            made: Vec::new(),
            not_taken: Vec::new(),
        };
        if let Some(earlier) = self.journal.last(item.id).filter(|seen| seen.may_repeat(row.id)) {
            let of = Original::Row(earlier.row);
            return Decision { record: None, ..decision(Outcome::Skipped, Vec::new(), of) };
        }
        let of = Original::Record(known.person.contact().display_name());
        let change = PersonChange::of(self.policy.duplicates, known, &row);
        let outcome = match (&change, self.policy.duplicates) {
            (None, _) => Outcome::Unchanged,
            (Some(_), Duplicates::Ignore) => Outcome::Skipped,
            (Some(_), Duplicates::Replace | Duplicates::Merge) => Outcome::Updated,
        };
        let (Some(change), Outcome::Updated) = (change, outcome) else {
            self.journal.note(row.row, item, RowEffect::Matched, row.id);
            let not_taken = if outcome == Outcome::Unchanged { not_taken(&row, known) } else { Vec::new() };
            return Decision { not_taken, ..decision(outcome, Vec::new(), of) };
        };
        let changes = change.changes.clone();
        let times = times_not_taken(row.times, known.person.created_at, known.person.updated_at);
        let known = self.writes.update(self.unit, known, change);
        let mut not_taken = person_not_taken(&row, &known);
        not_taken.extend(times);
        self.journal.note(row.row, item, RowEffect::Updated, row.id);
        self.journal.changed(item, known.person.version, &changes);
        self.fired.push((row.row, item.id));
        self.candidates.renew(known);
        Decision { not_taken, ..decision(Outcome::Updated, changes, of) }
    }

    fn create(&mut self, row: Incoming, keys: Keys) -> Decision {
        let (number, given) = (row.row, row.id);
        let (times, categories) = (row.times, self.tells.then(|| row.categories.clone()));
        let known = self.writes.create(self.unit, self.policy, row, keys, times);
        let made = categories.map(|names| made_person(&known).into_iter().chain(made_categories(&names)).collect());
        let item = journal::person(known.person.id);
        self.journal.note(number, item, RowEffect::Created, given);
        self.fired.push((number, item.id));
        self.candidates.add(known);
        Decision { made: made.unwrap_or_default(), ..Decision::created(number) }
    }
}

/// What a new person will hold, but for their categories.
pub(super) fn made_person(known: &Known) -> Vec<Change> {
    made_contact(&known.person.contact()).chain(made_custom(&known.custom)).collect()
}

/// What a person who stays like this does not take of a row that means them.
fn not_taken(row: &Incoming, known: &Known) -> Vec<NotTaken> {
    let mut not_taken = person_not_taken(row, known);
    not_taken.extend(times_not_taken(row.times, known.person.created_at, known.person.updated_at));
    not_taken
}

/// What a person who is like this after a row does not take of it, but for the times of the record.
pub(super) fn person_not_taken(row: &Incoming, after: &Known) -> Vec<NotTaken> {
    let mut not_taken = contact_not_taken(row, &after.person.contact());
    not_taken.extend(custom_not_taken(&row.person_values, &after.custom));
    not_taken
}

/// What a row makes of a person who is there.
pub(super) struct PersonChange {
    contact: Contact,
    custom: BTreeMap<Uuid, String>,
    /// The names of the categories that they come into.
    categories: Vec<String>,
    pub(super) changes: Vec<Change>,
}

impl PersonChange {
    /// `None` where the row says nothing new.
    pub(super) fn of(policy: Duplicates, known: &Known, row: &Incoming) -> Option<Self> {
        let current = known.person.contact();
        let contact = combined(policy, &current, row);
        let custom = custom_after(policy, &known.custom, &row.person_values);
        let categories = missing(&row.categories, &known.categories);
        let mut changes = differences(&current, &contact);
        changes.extend(custom_differences(&known.custom, &custom));
        changes.extend(added(&categories));
        (!changes.is_empty()).then_some(Self { contact, custom, categories, changes })
    }
}

/// What the fields of two contacts differ in.
fn differences(before: &Contact, after: &Contact) -> Vec<Change> {
    let text = |value: Option<&str>| value.map(ToOwned::to_owned);
    let pairs = before.fields().into_iter().zip(after.fields());
    let changed = pairs.filter(|((_, before), (_, after))| before != after);
    let change = |((field, before), (_, after)): ((&str, _), (_, _))| Change {
        field: field.to_owned(),
        before: text(before),
        after: text(after),
    };
    changed.map(change).collect()
}

/// The custom values that a record would have: as the policy says of fields.
pub(super) fn custom_after(
    policy: Duplicates,
    before: &BTreeMap<Uuid, String>,
    given: &[(Uuid, String)],
) -> BTreeMap<Uuid, String> {
    let mut after = before.clone();
    for (field, value) in given {
        match policy {
            Duplicates::Merge => after.entry(*field).or_insert_with(|| value.clone()),
            Duplicates::Ignore | Duplicates::Replace => {
                after.insert(*field, value.clone());
                continue;
            }
        };
    }
    after
}

/// What custom values differ in.
pub(super) fn custom_differences(before: &BTreeMap<Uuid, String>, after: &BTreeMap<Uuid, String>) -> Vec<Change> {
    let changed = after.iter().filter(|(field, value)| before.get(*field) != Some(*value));
    let change = |(field, value): (&Uuid, &String)| Change {
        field: Change::custom(*field),
        before: before.get(field).cloned(),
        after: Some(value.clone()),
    };
    changed.map(change).collect()
}

pub(super) fn folded(names: &[String]) -> BTreeSet<String> {
    names.iter().map(|name| fold(name)).collect()
}

/// What a batch writes about people: each once, as the last of its rows leaves them.
#[derive(Default)]
pub(super) struct PeopleWrites {
    rows: Vec<Person>,
    /// Where somebody's row is.
    places: HashMap<Uuid, usize>,
    /// Who was there before, with transactions perhaps.
    updated: BTreeSet<usize>,
    /// Those of them, once they are written.
    changed: Vec<Person>,
    /// Who goes into the category of which name.
    categories: Vec<(Uuid, String)>,
    /// Who has which value in which field.
    values: BTreeMap<(Uuid, Uuid), String>,
}

impl PeopleWrites {
    /// Notes down the person that a row with these keys creates at these times, and gives them as they will be.
    pub(super) fn create(
        &mut self,
        unit: &Unit,
        policy: &Policy,
        row: Incoming,
        keys: Keys,
        times: RecordTimes,
    ) -> Known {
        let Incoming { contact, foreign_notes, categories, person_values, .. } = row;
        let (created_at, updated_at) = times.of_new(unit.now);
        let custom: BTreeMap<_, _> = person_values.into_iter().collect();
        let contact = with_notes(contact, foreign_notes.as_deref());
        let keys = if foreign_notes.is_none() { keys } else { contact.keys() };
        let person = new_row(unit, contact, keys);
        let person = Person { created_by: policy.owner.or(person.created_by), created_at, updated_at, ..person };
        let person = person_with_custom_text(person, custom_values::text_by_field(&custom));
        let known = Known { person: person.clone(), categories: folded(&categories), custom };
        self.categories.extend(categories.into_iter().map(|name| (person.id, name)));
        self.put(person.id, &known.custom);
        self.places.insert(person.id, self.rows.len());
        self.rows.push(person);
        known
    }

    /// Notes down a change, and gives the person as they will be.
    pub(super) fn update(&mut self, unit: &Unit, known: &Known, change: PersonChange) -> Known {
        let PersonChange { contact, custom, categories, changes: _ } = change;
        let id = known.person.id;
        self.categories.extend(categories.iter().map(|name| (id, name.clone())));
        self.put(id, &custom);
        let mut person = changed(unit, &known.person, contact);
        if custom != known.custom {
            person = person_with_custom_text(person, custom_values::text_by_field(&custom));
        }
        let place = self.places.get(&id).copied().unwrap_or(self.rows.len());
        if let Some(earlier) = self.rows.get_mut(place) {
            // An earlier row of the batch has made or changed them: it is one change. Transactions of the batch may hold what that
            // row has said.
            person.version = earlier.version;
            *earlier = person.clone();
        } else {
            self.places.insert(id, place);
            self.rows.push(person.clone());
        }
        self.updated.insert(place);
        let categories = known.categories.union(&folded(&categories)).cloned().collect();
        Known { person, categories, custom }
    }

    /// Writes the people.
    pub(super) async fn write(&mut self, unit: &Unit) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.changed = self.updated.iter().map(|place| rows[*place].clone()).collect();
        write(unit, rows).await
    }

    /// Renews what transactions derive from the people who were changed, and assigns categories and custom values.
    pub(super) async fn finish(self, batch: &Batch<'_>) -> Result<()> {
        if !self.changed.is_empty() {
            person_changed(batch.unit, &self.changed.iter().collect::<Vec<_>>()).await?;
        }
        let values = self.values.into_iter().map(|((person, field), value)| (person, field, value));
        custom_values::put(batch.unit, values.collect()).await?;
        batch.add_categories(ItemKind::Person, &self.categories).await
    }

    fn put(&mut self, person: Uuid, custom: &BTreeMap<Uuid, String>) {
        self.values.extend(custom.iter().map(|(field, value)| ((person, *field), value.clone())));
    }
}

/// Why a row means a record.
pub(super) fn duplicate(by: MatchedBy, id: Option<Uuid>, keys: &Keys, of: Original) -> Duplicate {
    Duplicate { by, values: by.values(id, keys), of }
}
