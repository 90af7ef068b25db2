//! A batch of one stage: each row is a person and a transaction with them.

use std::collections::{BTreeSet, HashMap};

use sea_orm::QueryFilter;
use uuid::Uuid;

use super::journal::Journal;
use super::matching::{Candidates, Known};
use super::people::{PeopleWrites, change, folded};
use super::{Duplicates, Incoming, IncomingTerms, Outcome, Policy, in_categories};
use crate::among;
use crate::contact::{Contact, Keys};
use crate::entity::transactions;
use crate::error::Result;
use crate::handle::{Scope, Unit};
use crate::item::ItemKind;
use crate::query::categories;
use crate::query::people::Person;
use crate::query::transactions::{Stage, Terms, Transaction, changed, live, log_steps, new_row, write};

pub(super) async fn apply(
    unit: &Unit,
    policy: &Policy,
    stage: Stage,
    journal: Journal<'_>,
    rows: Vec<Incoming>,
) -> Result<Vec<Outcome>> {
    let keys: Vec<_> = rows.iter().map(|row| row.contact.keys()).collect();
    let mut batch = Batch::load(unit, policy, stage, journal, &rows, &keys).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for (row, keys) in rows.iter().zip(&keys) {
        outcomes.push(batch.decide(row, keys));
    }
    batch.write().await?;
    Ok(outcomes)
}

/// The terms of a row, cleaned. Errors: [`crate::Error::Invalid`] where they could not be stored.
pub(super) fn checked_terms(terms: &IncomingTerms) -> Result<IncomingTerms> {
    let Terms { value: _, probability: _, more_info } = created_terms(terms).cleaned()?;
    Ok(IncomingTerms { more_info, ..*terms })
}

struct Batch<'a> {
    unit: &'a Unit,
    policy: &'a Policy,
    stage: Stage,
    journal: Journal<'a>,
    people: Candidates,
    transactions: HashMap<Uuid, KnownTransaction>,
    /// The transactions of a person in this stage, the newest first.
    of_person: HashMap<Uuid, Vec<Uuid>>,
    people_writes: PeopleWrites,
    /// The transactions that rows made or changed; what they are like is in `transactions`.
    touched: Vec<Uuid>,
    /// Which of them came into which stage.
    steps: Vec<(Uuid, Stage)>,
    categories: Vec<(Uuid, String)>,
}

struct KnownTransaction {
    transaction: Transaction,
    /// The folded names of its categories.
    categories: BTreeSet<String>,
}

impl<'a> Batch<'a> {
    async fn load(
        unit: &'a Unit,
        policy: &'a Policy,
        stage: Stage,
        mut journal: Journal<'a>,
        rows: &[Incoming],
        keys: &[Keys],
    ) -> Result<Self> {
        let scope = policy.scope(unit);
        let given: Vec<_> = rows.iter().filter_map(|row| row.id).collect();
        let by_id = transactions_with(&scope, transactions::Column::Id, &given).await?;
        let mut person_ids: Vec<_> = rows.iter().filter_map(|row| row.person_id).collect();
        person_ids.extend(by_id.iter().map(|transaction| transaction.person_id));
        let people = Candidates::load(&scope, &person_ids, keys).await?;
        let candidates: Vec<_> = people.ids().collect();
        let mut found = transactions_with(&scope, transactions::Column::PersonId, &candidates).await?;
        found.retain(|transaction| transaction.stage == stage);
        let mut of_person: HashMap<_, Vec<_>> = HashMap::new();
        for transaction in &found {
            of_person.entry(transaction.person_id).or_default().push(transaction.id);
        }
        let with_person = found.into_iter().chain(by_id).filter(|found| people.get(found.person_id).is_some());
        let transactions = with_categories(&scope, with_person).await?;
        let known: Vec<_> = transactions.keys().copied().collect();
        journal.recall_stage(&candidates, &known).await?;
        Ok(Self {
            unit,
            policy,
            stage,
            journal,
            people,
            transactions,
            of_person,
            people_writes: PeopleWrites::default(),
            touched: Vec::new(),
            steps: Vec::new(),
            categories: Vec::new(),
        })
    }

    fn decide(&mut self, row: &Incoming, keys: &Keys) -> Outcome {
        if let Some(id) = row.id.filter(|id| self.transactions.contains_key(id)) {
            return self.meet(id, "the same id", row);
        }
        let journal = &self.journal;
        let allowed = |known: &Known| journal.person(known.person.id).is_none_or(|seen| seen.may_repeat(row.person_id));
        let Some((known, by)) = self.people.find(row.person_id, keys, allowed) else {
            let person = self.people_writes.create_without_categories(self.unit, row);
            self.people.add(Known { person: person.clone(), categories: BTreeSet::new() });
            return self.create(&person, row);
        };
        let person = known.person.clone();
        if let Some(transaction) = self.of_person_in_stage(person.id, row) {
            return self.meet(transaction, by.words(), row);
        }
        let person = self.change_person(person, row);
        self.create(&person, row)
    }

    /// The newest transaction of a person in the stage that the row may mean.
    fn of_person_in_stage(&self, person: Uuid, row: &Incoming) -> Option<Uuid> {
        let may_mean = |id: &Uuid| self.journal.transaction(*id).is_none_or(|seen| seen.may_repeat(row.id));
        let mut meant = self.of_person.get(&person)?.iter().copied().filter(may_mean);
        // The file of another account may have several of one person. Where it is imported again, each row means the
        // transaction that it made.
        let made = row.id.and_then(|_| meant.clone().find(|id| self.says_nothing_new(*id, row)));
        made.or_else(|| meant.next())
    }

    /// Whether the row leaves a transaction and its person as they are.
    fn says_nothing_new(&self, id: Uuid, row: &Incoming) -> bool {
        let known = &self.transactions[&id];
        let (stage, terms) = self.change_of_terms(known, row);
        let same = stage == known.transaction.stage && terms == known.transaction.terms();
        let in_all = folded(&row.categories).is_subset(&known.categories);
        same && in_all && change_of_contact(self.policy.duplicates, self.person_of(known), row).is_none()
    }

    fn person_of(&self, known: &KnownTransaction) -> &Known {
        self.people.get(known.transaction.person_id).expect("the people of known transactions are loaded")
    }

    /// A row that means a transaction that is there.
    fn meet(&mut self, id: Uuid, same: &str, row: &Incoming) -> Outcome {
        if let Some(earlier) = self.journal.transaction(id).filter(|seen| seen.may_repeat(row.id)) {
            return Outcome::Skipped(format!("it repeats row {}: {same}", earlier.row));
        }
        self.journal.note_transaction(id, self.transactions[&id].transaction.person_id, row);
        if self.says_nothing_new(id, row) {
            return Outcome::Unchanged;
        }
        let known = &self.transactions[&id];
        let person = self.person_of(known);
        if self.policy.duplicates == Duplicates::Ignore {
            let name = person.person.contact().display_name();
            return Outcome::Skipped(format!("{name} has such a transaction already: {same}"));
        }
        let (stage, terms) = self.change_of_terms(known, row);
        let person = person.person.clone();
        self.categories.extend(row.categories.iter().map(|name| (id, name.clone())));
        self.change_person(person, row);
        self.change(id, stage, terms, &row.categories);
        Outcome::Updated
    }

    /// Notes down a change, for the rows that follow and for the end of the batch.
    fn change(&mut self, id: Uuid, stage: Stage, terms: Terms, categories: &[String]) {
        let known = self.transactions.get_mut(&id).expect("an updated transaction is known");
        known.categories.extend(folded(categories));
        let before = known.transaction.clone();
        let (person, version, came_in) =
            (before.person_id, before.version, stage == self.stage && before.stage != stage);
        known.transaction = changed(self.unit, before, stage, terms);
        if self.touched.contains(&id) {
            // An earlier row of the batch has made or changed it: it is one change.
            known.transaction.version = version;
        } else {
            self.touched.push(id);
        }
        if came_in {
            self.steps.push((id, stage));
            let of_person = self.of_person.entry(person).or_default();
            let newer = of_person.iter().take_while(|other| **other > id).count();
            of_person.insert(newer, id);
        }
    }

    fn create(&mut self, person: &Person, row: &Incoming) -> Outcome {
        let transaction = new_row(self.unit, person, self.stage, created_terms(&row.terms));
        let id = transaction.id;
        self.journal.note_transaction(id, person.id, row);
        self.of_person.entry(person.id).or_default().insert(0, id);
        self.categories.extend(row.categories.iter().map(|name| (id, name.clone())));
        let categories = folded(&row.categories);
        self.touched.push(id);
        self.steps.push((id, self.stage));
        self.transactions.insert(id, KnownTransaction { transaction, categories });
        Outcome::Created
    }

    /// The person as the row leaves them: `ignore` leaves them untouched.
    fn change_person(&mut self, person: Person, row: &Incoming) -> Person {
        let known = self.people.get(person.id).expect("the person was found there");
        if self.policy.duplicates == Duplicates::Ignore {
            return person;
        }
        let Some(contact) = change_of_contact(self.policy.duplicates, known, row) else {
            return person;
        };
        let categories = known.categories.clone();
        let changed = self.people_writes.update(self.unit, &person, contact, &[]);
        self.people.renew(Known { person: changed.clone(), categories });
        changed
    }

    fn change_of_terms(&self, known: &KnownTransaction, row: &Incoming) -> (Stage, Terms) {
        let current = known.transaction.terms();
        let IncomingTerms { value, probability, more_info } = row.terms.clone();
        if self.policy.duplicates == Duplicates::Merge {
            // Value and probability are never empty: there is nothing to fill.
            let terms = Terms { more_info: current.more_info.clone().or(more_info), ..current };
            return (known.transaction.stage, terms);
        }
        let terms = Terms {
            value: value.unwrap_or(current.value),
            probability: probability.unwrap_or(current.probability),
            more_info: more_info.or(current.more_info),
        };
        (self.stage, terms)
    }

    async fn write(self) -> Result<()> {
        let Self { unit, journal, mut people_writes, mut transactions, touched, steps, categories: names, .. } = self;
        journal.write().await?;
        people_writes.write(unit).await?;
        let rows = touched.iter().filter_map(|id| transactions.remove(id)).map(|known| known.transaction);
        write(unit, rows.collect()).await?;
        log_steps(unit, &steps).await?;
        // After the transactions: a later row may have changed the person of an earlier one.
        people_writes.finish(unit).await?;
        categories::add(unit, ItemKind::Transaction, &in_categories(unit, &names).await?).await
    }
}

/// The change of a person by a row of a stage, whose categories are for the transaction.
fn change_of_contact(policy: Duplicates, known: &Known, row: &Incoming) -> Option<Contact> {
    change(policy, known, &Incoming { categories: Vec::new(), ..row.clone() })
}

fn created_terms(terms: &IncomingTerms) -> Terms {
    let IncomingTerms { value, probability, more_info } = terms.clone();
    Terms { value: value.unwrap_or_default(), probability: probability.unwrap_or_default(), more_info }
}

async fn transactions_with(scope: &Scope<'_>, column: transactions::Column, ids: &[Uuid]) -> Result<Vec<Transaction>> {
    let mut found = Vec::new();
    for ids in ids.chunks(1_000) {
        let query = live(scope).filter(among::ids(scope, column, ids));
        found.extend(query.all(&scope.on).await?);
    }
    // Here and not there: SQLite would follow the index of the order through the whole account.
    found.sort_by_key(|transaction| std::cmp::Reverse(transaction.id));
    Ok(found)
}

async fn with_categories(
    scope: &Scope<'_>,
    found: impl Iterator<Item = Transaction>,
) -> Result<HashMap<Uuid, KnownTransaction>> {
    let mut known: HashMap<_, _> = found
        .map(|transaction| (transaction.id, KnownTransaction { transaction, categories: BTreeSet::new() }))
        .collect();
    let ids: Vec<_> = known.keys().copied().collect();
    for (id, categories) in categories::of_items_in(scope, &ids).await? {
        if let Some(known) = known.get_mut(&id) {
            known.categories = categories.into_iter().map(|category| category.name_key).collect();
        }
    }
    Ok(known)
}
