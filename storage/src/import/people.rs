//! A batch of people: what each row means is decided in order, then everything is written at once.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::journal::Journal;
use super::matching::{Candidates, Known};
use super::{Duplicates, Incoming, Outcome, Policy, combined, created_contact, in_categories};
use crate::contact::{Contact, Keys};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::Unit;
use crate::item::ItemKind;
use crate::query::categories;
use crate::query::people::{Person, changed, new_row, renew_keys, write};

pub(super) async fn apply(
    unit: &Unit,
    policy: &Policy,
    mut journal: Journal<'_>,
    rows: Vec<Incoming>,
) -> Result<Vec<Outcome>> {
    let ids: Vec<_> = rows.iter().filter_map(|row| row.id).collect();
    let keys: Vec<_> = rows.iter().map(|row| row.contact.keys()).collect();
    let mut candidates = Candidates::load(&policy.scope(unit), &ids, &keys).await?;
    journal.recall_people(&candidates.ids().collect::<Vec<_>>()).await?;
    let mut writes = PeopleWrites::default();
    let mut outcomes = Vec::with_capacity(rows.len());
    for (row, keys) in rows.iter().zip(&keys) {
        outcomes.push(decide(unit, policy, &mut journal, &mut candidates, &mut writes, row, keys));
    }
    writes.write(unit).await?;
    writes.finish(unit).await?;
    journal.write().await?;
    Ok(outcomes)
}

fn decide(
    unit: &Unit,
    policy: &Policy,
    journal: &mut Journal<'_>,
    candidates: &mut Candidates,
    writes: &mut PeopleWrites,
    row: &Incoming,
    keys: &Keys,
) -> Outcome {
    let allowed = |known: &Known| journal.person(known.person.id).is_none_or(|seen| seen.may_repeat(row.id));
    let Some((known, by)) = candidates.find(row.id, keys, allowed) else {
        let person = writes.create(unit, row);
        journal.note_person(person.id, row);
        candidates.add(Known { person, categories: folded(&row.categories) });
        return Outcome::Created;
    };
    if let Some(earlier) = journal.person(known.person.id).filter(|seen| seen.may_repeat(row.id)) {
        return Outcome::Skipped(format!("it repeats row {}: {}", earlier.row, by.words()));
    }
    journal.note_person(known.person.id, row);
    let Some(change) = change(policy.duplicates, known, row) else {
        return Outcome::Unchanged;
    };
    if policy.duplicates == Duplicates::Ignore {
        return Outcome::Skipped(format!("{} is there already: {}", known.person.contact().display_name(), by.words()));
    }
    let categories = known.categories.union(&folded(&row.categories)).cloned().collect();
    let person = writes.update(unit, &known.person, change, &row.categories);
    candidates.renew(Known { person, categories });
    Outcome::Updated
}

/// The contact that the row gives a person, or `None` where neither it nor the categories would change.
pub(super) fn change(policy: Duplicates, known: &Known, row: &Incoming) -> Option<Contact> {
    let current = known.person.contact();
    let contact = combined(policy, &current, row);
    let in_all = folded(&row.categories).is_subset(&known.categories);
    (contact != current || !in_all).then_some(contact)
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
    /// Who goes into the category of which name.
    categories: Vec<(Uuid, String)>,
}

impl PeopleWrites {
    /// Notes down the person that a row creates, with the row's categories.
    pub(super) fn create(&mut self, unit: &Unit, row: &Incoming) -> Person {
        let person = self.create_without_categories(unit, row);
        self.categories.extend(row.categories.iter().map(|name| (person.id, name.clone())));
        person
    }

    /// Notes down the person that a row creates; the row's categories are for its transaction.
    pub(super) fn create_without_categories(&mut self, unit: &Unit, row: &Incoming) -> Person {
        let person = new_row(unit, created_contact(row));
        self.push(person.clone());
        person
    }

    /// Notes down a change, and gives the person as they will be.
    pub(super) fn update(&mut self, unit: &Unit, person: &Person, contact: Contact, categories: &[String]) -> Person {
        self.categories.extend(categories.iter().map(|name| (person.id, name.clone())));
        let changed = changed(unit, person, contact);
        if let Some(place) = self.places.get(&person.id) {
            // An earlier row of the batch has made or changed them: it is one change.
            let version = self.rows[*place].version;
            let changed = Person { version, ..changed };
            self.rows[*place] = changed.clone();
            // Transactions of the batch may hold what the earlier row has said.
            self.updated.insert(*place);
            return changed;
        }
        self.updated.insert(self.rows.len());
        self.push(changed.clone());
        changed
    }

    /// Writes the people.
    pub(super) async fn write(&mut self, unit: &Unit) -> Result<()> {
        write(unit, self.rows.clone()).await
    }

    /// Renews what transactions derive from the people who were changed, and assigns the categories.
    pub(super) async fn finish(self, unit: &Unit) -> Result<()> {
        let updated: Vec<_> = self.updated.iter().map(|place| &self.rows[*place]).collect();
        if !updated.is_empty() {
            renew_keys(unit, &updated).await?;
        }
        categories::add(unit, ItemKind::Person, &in_categories(unit, &self.categories).await?).await
    }

    fn push(&mut self, person: Person) {
        self.places.insert(person.id, self.rows.len());
        self.rows.push(person);
    }
}
