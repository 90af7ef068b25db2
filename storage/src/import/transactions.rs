//! A batch of one stage: each row is a person and a transaction with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::QueryFilter;
use uuid::Uuid;

use super::batch::Applied;
use super::decision::{Decision, NotTaken, Original, Outcome};
use super::fire::Fired;
use super::incoming::{CheckedContact, Incoming, IncomingTerms, Policy, RecordTimes};
use super::journal::{self, Journal};
use super::people::{
    PeopleWrites, PersonChange, custom_after, custom_differences, duplicate, folded, made_person, person_not_taken,
};
use super::stored::Duplicates;
use super::telling::{
    added, custom_not_taken, made_categories, made_custom, made_terms, missing, terms_not_taken, times_not_taken,
};
use crate::among;
use crate::change::Change;
use crate::contact::Keys;
use crate::derived::transaction_with_custom_text;
use crate::entity::import_records::RowEffect;
use crate::entity::transactions;
use crate::error::Result;
use crate::handle::{Scope, Unit};
use crate::item::{Item, ItemKind};
use crate::matching::{Candidates, Known, MatchedBy};
use crate::query::people::Person;
use crate::query::transactions::{
    Came, Stage, Terms, Transaction, add_managers, changed, live, log_steps, log_steps_by, new_row, write,
};
use crate::query::{categories, custom_values};

pub(super) async fn apply<'u>(
    of: &super::batch::Batch<'u>,
    stage: Stage,
    journal: Journal<'u>,
    rows: Vec<CheckedContact>,
) -> Result<Applied<'u>> {
    let (rows, keys): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|CheckedContact { incoming, keys }| (incoming, keys)).unzip();
    let mut batch = Batch::load(of, stage, journal, &rows, &keys).await?;
    let mut decisions = Vec::with_capacity(rows.len());
    for (row, keys) in rows.iter().zip(&keys) {
        decisions.push(batch.decide(row, keys));
    }
    let (fired, journal) = batch.write(of).await?;
    Ok(Applied { decisions, fired, journal })
}

/// The terms of a row, cleaned. Errors: [`crate::Error::Invalid`] where they could not be stored.
pub(super) fn checked_terms(terms: &IncomingTerms) -> Result<IncomingTerms> {
    let Terms { value: _, probability: _, more_info } = created_terms(terms).cleaned()?;
    Ok(IncomingTerms { more_info, ..*terms })
}

struct Batch<'a> {
    unit: &'a Unit,
    policy: &'a Policy,
    tells: bool,
    stage: Stage,
    journal: Journal<'a>,
    people: Candidates,
    transactions: HashMap<Uuid, KnownTransaction>,
    /// The transactions of a person in this stage, and in all where rows have deals; the newest first.
    of_person: HashMap<Uuid, Vec<Uuid>>,
    people_writes: PeopleWrites,
    /// The transactions that rows made or changed; what they are like is in `transactions`.
    touched: Vec<Uuid>,
    /// Which of them began in which stage, and which came into which.
    begun: Vec<Came>,
    moved: Vec<Came>,
    categories: Vec<(Uuid, String)>,
    values: BTreeMap<(Uuid, Uuid), String>,
    fired: Vec<(u64, Uuid)>,
}

struct KnownTransaction {
    transaction: Transaction,
    /// The folded names of its categories.
    categories: BTreeSet<String>,
    /// Its custom values by field, where rows have some.
    custom: BTreeMap<Uuid, String>,
}

/// What a row makes of a transaction that is there.
struct TransactionChange {
    stage: Stage,
    terms: Terms,
    custom: BTreeMap<Uuid, String>,
    /// The names of the categories that it comes into.
    categories: Vec<String>,
    changes: Vec<Change>,
}

/// By which key a row means a record, and what both have in it.
#[derive(Clone, Copy)]
struct Meant<'k> {
    by: MatchedBy,
    id: Option<Uuid>,
    keys: &'k Keys,
}

impl<'a> Batch<'a> {
    async fn load(
        of: &super::batch::Batch<'a>,
        stage: Stage,
        mut journal: Journal<'a>,
        rows: &[Incoming],
        keys: &[Keys],
    ) -> Result<Self> {
        let super::batch::Batch { unit, policy, tells, .. } = *of;
        let scope = policy.scope(unit);
        let given: Vec<_> = rows.iter().filter_map(|row| row.id).collect();
        let by_id = transactions_with(&scope, transactions::Column::Id, &given).await?;
        let mut person_ids: Vec<_> = rows.iter().filter_map(|row| row.person_id).collect();
        person_ids.extend(by_id.iter().map(|transaction| transaction.person_id));
        let mut people = Candidates::load(&scope, &person_ids, keys).await?;
        let has_values = rows.iter().any(|row| !row.values.is_empty() || !row.person_values.is_empty());
        if has_values {
            people.load_custom(&scope).await?;
        }
        let candidates: Vec<_> = people.ids().collect();
        let mut found = transactions_with(&scope, transactions::Column::PersonId, &candidates).await?;
        let has_deals = rows.iter().any(|row| row.deal.is_some());
        found.retain(|transaction| transaction.stage == stage || has_deals);
        let mut of_person: HashMap<_, Vec<_>> = HashMap::new();
        for transaction in &found {
            of_person.entry(transaction.person_id).or_default().push(transaction.id);
        }
        let with_person = found.into_iter().chain(by_id).filter(|found| people.get(found.person_id).is_some());
        let mut transactions = with_categories(&scope, with_person).await?;
        let known: Vec<_> = transactions.keys().copied().collect();
        if has_values {
            for (id, values) in custom_values::values_in(&scope, &known).await? {
                let known = transactions.get_mut(&id).expect("only values of these were asked for");
                known.custom = values.into_iter().map(|value| (value.field.id, value.value)).collect();
            }
        }
        let records: Vec<_> = candidates.into_iter().chain(known).collect();
        journal.recall(&records).await?;
        Ok(Self {
            unit,
            policy,
            tells,
            stage,
            journal,
            people,
            transactions,
            of_person,
            people_writes: PeopleWrites::default(),
            touched: Vec::new(),
            begun: Vec::new(),
            moved: Vec::new(),
            categories: Vec::new(),
            values: BTreeMap::new(),
            fired: Vec::new(),
        })
    }

    fn decide(&mut self, row: &Incoming, keys: &Keys) -> Decision {
        if let Some(id) = row.id.filter(|id| self.transactions.contains_key(id)) {
            return self.meet(id, Meant { by: MatchedBy::Id, id: row.id, keys }, row);
        }
        let journal = &self.journal;
        let allowed = |known: &Known| journal.first(known.person.id).is_none_or(|seen| seen.may_repeat(row.person_id));
        let Some((known, by)) = self.people.find(row.person_id, keys, allowed) else {
            // The categories of the row are the transaction's.
            let of_person = Incoming { categories: Vec::new(), ..row.clone() };
            let known =
                self.people_writes.create(self.unit, self.policy, of_person, keys.clone(), RecordTimes::default());
            let person = known.person.clone();
            let of_person = if self.tells { made_person(&known) } else { Vec::new() };
            self.people.add(known);
            self.journal.note(row.row, journal::person(person.id), RowEffect::Created, row.person_id);
            let decision = self.create(&person, row);
            return Decision { made: of_person.into_iter().chain(decision.made).collect(), ..decision };
        };
        let person = known.person.clone();
        let meant = Meant { by, id: row.person_id, keys };
        if let Some(transaction) = self.of_person(person.id, row) {
            return self.meet(transaction, meant, row);
        }
        let name = person.contact().display_name();
        let (person, changes) = self.change_person(person, row);
        let duplicate = Some(duplicate(meant.by, meant.id, meant.keys, Original::Record(name)));
        let not_taken = self.person_not_taken(person.id, row);
        Decision { changes, duplicate, not_taken, ..self.create(&person, row) }
    }

    /// The stage in which a row belongs.
    fn stage_of(&self, row: &Incoming) -> Stage {
        row.deal.as_ref().and_then(|deal| deal.stage).unwrap_or(self.stage)
    }

    /// The transaction of a person that is the deal of the row, or the newest in the row's stage that it may mean.
    fn of_person(&self, person: Uuid, row: &Incoming) -> Option<Uuid> {
        let of_person = self.of_person.get(&person)?.iter().copied();
        if let Some(line) = row.deal.as_ref().and_then(|deal| deal.line.as_deref()) {
            let has_line = |id: &Uuid| {
                let more_info = self.transactions[id].transaction.more_info.as_deref().unwrap_or_default();
                more_info.lines().any(|other| other.trim_end().eq_ignore_ascii_case(line.trim_end()))
            };
            return of_person.into_iter().find(has_line);
        }
        let stage = self.stage_of(row);
        let may_mean = |id: &Uuid| {
            let is_in_stage = self.transactions[id].transaction.stage == stage;
            is_in_stage && self.journal.last(*id).is_none_or(|seen| seen.may_repeat(row.id))
        };
        let mut meant = of_person.filter(may_mean);
        // The file of another account may have several of one person. Where it is imported again, each row means the
        // transaction that it made.
        let made = row.id.and_then(|_| meant.clone().find(|id| self.says_nothing_new(*id, row)));
        made.or_else(|| meant.next())
    }

    /// Whether the row leaves a transaction and its person as they are.
    fn says_nothing_new(&self, id: Uuid, row: &Incoming) -> bool {
        let known = &self.transactions[&id];
        self.change_of(known, row).is_none() && self.change_of_person(self.person_of(known), row).is_none()
    }

    fn person_of(&self, known: &KnownTransaction) -> &Known {
        self.people.get(known.transaction.person_id).expect("the people of known transactions are loaded")
    }

    /// A row that means a transaction that is there.
    fn meet(&mut self, id: Uuid, meant: Meant<'_>, row: &Incoming) -> Decision {
        let Meant { by, id: given, keys } = meant;
        let item = journal::transaction(id);
        let decision = |outcome, of| Decision {
            row: row.row,
            outcome,
            record: Some(id),
            changes: Vec::new(),
            duplicate: Some(duplicate(by, given, keys, of)),
            made: Vec::new(),
            not_taken: Vec::new(),
        };
        if let Some(earlier) = self.journal.last(id).filter(|seen| seen.may_repeat(row.id)) {
            return Decision { record: None, ..decision(Outcome::Skipped, Original::Row(earlier.row)) };
        }
        let known = &self.transactions[&id];
        let person = self.person_of(known).person.clone();
        let of_person = journal::person(person.id);
        let of = Original::Transaction(person.contact().display_name());
        let change = self.change_of(known, row);
        let is_new = change.is_some() || self.change_of_person(self.person_of(known), row).is_some();
        if !is_new || self.policy.duplicates == Duplicates::Ignore {
            self.journal.note(row.row, item, RowEffect::Matched, row.id);
            self.meet_person(of_person, row);
            if is_new {
                return decision(Outcome::Skipped, of);
            }
            return Decision { not_taken: self.not_taken(id, row), ..decision(Outcome::Unchanged, of) };
        }
        let times = self.times_not_taken(id, row);
        let (_, mut changes) = self.change_person(person, row);
        self.meet_person(of_person, row);
        self.fired.push((row.row, id));
        let Some(change) = change else {
            self.journal.note(row.row, item, RowEffect::Matched, row.id);
            return Decision { changes, not_taken: self.not_taken(id, row), ..decision(Outcome::Updated, of) };
        };
        let own = change.changes.clone();
        self.categories.extend(change.categories.iter().map(|name| (id, name.clone())));
        self.journal.note(row.row, item, RowEffect::Updated, row.id);
        let version = self.change(id, change);
        self.journal.changed(item, version, &own);
        changes.extend(own);
        let mut not_taken = self.values_not_taken(id, row);
        not_taken.extend(times);
        Decision { changes, not_taken, ..decision(Outcome::Updated, of) }
    }

    /// What a transaction that stays like this, and its person, do not take of a row that means them.
    fn not_taken(&self, id: Uuid, row: &Incoming) -> Vec<NotTaken> {
        let mut not_taken = self.values_not_taken(id, row);
        not_taken.extend(self.times_not_taken(id, row));
        not_taken
    }

    /// What a transaction that is like this after a row, and its person, do not take of it, but for the times of the record.
    fn values_not_taken(&self, id: Uuid, row: &Incoming) -> Vec<NotTaken> {
        let KnownTransaction { transaction, custom, .. } = &self.transactions[&id];
        let mut not_taken = self.person_not_taken(transaction.person_id, row);
        let given = (self.stage_of(row), &row.terms);
        not_taken.extend(terms_not_taken(given, transaction.stage, &transaction.terms()));
        not_taken.extend(custom_not_taken(&row.values, custom));
        not_taken
    }

    fn times_not_taken(&self, id: Uuid, row: &Incoming) -> Vec<NotTaken> {
        let transaction = &self.transactions[&id].transaction;
        times_not_taken(row.times, transaction.created_at, transaction.updated_at)
    }

    fn person_not_taken(&self, person: Uuid, row: &Incoming) -> Vec<NotTaken> {
        self.people.get(person).map(|known| person_not_taken(row, known)).unwrap_or_default()
    }

    /// Notes down the person of a row, unless a row has already.
    fn meet_person(&mut self, person: Item, row: &Incoming) {
        if self.journal.first(person.id).is_none() {
            self.journal.note(row.row, person, RowEffect::Matched, row.person_id);
        }
    }

    /// Notes down a change, for the rows that follow and for the end of the batch. Answers the version of the transaction with it.
    fn change(&mut self, id: Uuid, change: TransactionChange) -> i64 {
        let TransactionChange { stage, terms, custom, categories, changes: _ } = change;
        let known = self.transactions.get_mut(&id).expect("an updated transaction is known");
        known.categories.extend(folded(&categories));
        self.values.extend(custom.iter().map(|(field, value)| ((id, *field), value.clone())));
        let before = known.transaction.clone();
        let (person, version, came_in) = (before.person_id, before.version, before.stage != stage);
        let text = custom_values::text_by_field(&custom);
        let is_other = custom != known.custom;
        known.transaction = changed(self.unit, before, stage, terms);
        if is_other {
            known.transaction = transaction_with_custom_text(known.transaction.clone(), text);
            known.custom = custom;
        }
        if self.touched.contains(&id) {
            // An earlier row of the batch has made or changed it: it is one change.
            known.transaction.version = version;
        } else {
            self.touched.push(id);
        }
        let version = known.transaction.version;
        if came_in {
            self.moved.push(Came::of(&known.transaction));
            let of_person = self.of_person.entry(person).or_default();
            if !of_person.contains(&id) {
                let newer = of_person.iter().take_while(|other| **other > id).count();
                of_person.insert(newer, id);
            }
        }
        version
    }

    fn create(&mut self, person: &Person, row: &Incoming) -> Decision {
        let custom: BTreeMap<_, _> = row.values.iter().cloned().collect();
        let stage = self.stage_of(row);
        let transaction = new_row(self.unit, person, stage, self.created_terms(&row.terms));
        let mut made = Vec::new();
        if self.tells {
            made.extend(made_terms(stage, &transaction.terms()));
            made.extend(made_custom(&custom));
            made.extend(made_categories(&row.categories));
        }
        let created_by = self.policy.owner.or(transaction.created_by);
        let (created_at, updated_at) = row.times.of_new(self.unit.now);
        let transaction = Transaction { created_by, created_at, updated_at, ..transaction };
        let transaction = transaction_with_custom_text(transaction, custom_values::text_by_field(&custom));
        let id = transaction.id;
        self.journal.note(row.row, journal::transaction(id), RowEffect::Created, row.id);
        self.meet_person(journal::person(person.id), row);
        self.values.extend(custom.iter().map(|(field, value)| ((id, *field), value.clone())));
        self.of_person.entry(person.id).or_default().insert(0, id);
        self.categories.extend(row.categories.iter().map(|name| (id, name.clone())));
        self.fired.push((row.row, id));
        self.touched.push(id);
        self.begun.push(Came::of(&transaction));
        self.transactions.insert(id, KnownTransaction { transaction, categories: folded(&row.categories), custom });
        Decision { made, ..Decision::created(row.row) }
    }

    /// The person as the row leaves them: `ignore` leaves them untouched.
    fn change_person(&mut self, person: Person, row: &Incoming) -> (Person, Vec<Change>) {
        let known = self.people.get(person.id).expect("the person was found there");
        if self.policy.duplicates == Duplicates::Ignore {
            return (person, Vec::new());
        }
        let Some(change) = self.change_of_person(known, row) else {
            return (person, Vec::new());
        };
        let (item, changes) = (journal::person(person.id), change.changes.clone());
        let known = self.people_writes.update(self.unit, known, change);
        self.journal.note(row.row, item, RowEffect::Updated, row.person_id);
        self.journal.changed(item, known.person.version, &changes);
        let person = known.person.clone();
        self.people.renew(known);
        (person, changes)
    }

    /// The change of a person by a row of a stage, whose categories are for the transaction.
    fn change_of_person(&self, known: &Known, row: &Incoming) -> Option<PersonChange> {
        PersonChange::of(self.policy.duplicates, known, &Incoming { categories: Vec::new(), ..row.clone() })
    }

    /// What the row makes of a transaction; `None` where it says nothing new of it.
    fn change_of(&self, known: &KnownTransaction, row: &Incoming) -> Option<TransactionChange> {
        let (stage, terms) = self.terms_after(known, row);
        let custom = custom_after(self.policy.duplicates, &known.custom, &row.values);
        let categories = missing(&row.categories, &known.categories);
        let before = known.transaction.terms();
        let decimal = |value: crate::Decimal| Some(value.to_string());
        let pairs = [
            ("stage", Some(known.transaction.stage.name().to_owned()), Some(stage.name().to_owned())),
            ("value", decimal(before.value), decimal(terms.value)),
            ("probability", decimal(before.probability), decimal(terms.probability)),
            ("moreInfo", before.more_info, terms.more_info.clone()),
        ];
        let differing = pairs.into_iter().filter(|(_, before, after)| before != after);
        let mut changes: Vec<_> =
            differing.map(|(field, before, after)| Change { field: field.to_owned(), before, after }).collect();
        changes.extend(custom_differences(&known.custom, &custom));
        changes.extend(added(&categories));
        (!changes.is_empty()).then_some(TransactionChange { stage, terms, custom, categories, changes })
    }

    fn terms_after(&self, known: &KnownTransaction, row: &Incoming) -> (Stage, Terms) {
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
        (self.stage_of(row), terms)
    }

    /// The terms of a transaction that a row makes: where the row has none, those of the import.
    fn created_terms(&self, terms: &IncomingTerms) -> Terms {
        let IncomingTerms { value, probability, .. } = self.policy.defaults;
        let terms = terms.clone();
        created_terms(&IncomingTerms {
            value: terms.value.or(value),
            probability: terms.probability.or(probability),
            more_info: terms.more_info,
        })
    }

    async fn write(self, of: &super::batch::Batch<'a>) -> Result<(Vec<Fired>, Journal<'a>)> {
        let Self { unit, journal, people, mut people_writes, mut transactions, touched, begun, moved, .. } = self;
        unit.pg_plan_cache_auto().await?;
        people_writes.write(unit).await?;
        // A row may have renamed the person of an earlier one.
        let name =
            |id: &Uuid| people.get(transactions[id].transaction.person_id).map(|known| known.person.sort_key.clone());
        let fired = self.fired.iter().map(|(row, id)| Fired {
            row: *row,
            item: journal::transaction(*id),
            name: name(id).unwrap_or_default(),
        });
        let fired = fired.collect();
        let rows = touched.iter().filter_map(|id| transactions.remove(id)).map(|known| known.transaction);
        write(unit, rows.collect()).await?;
        log_steps(unit, &begun).await?;
        log_steps_by(unit, &moved, Some(of.import)).await?;
        if let Some(owner) = self.policy.owner {
            add_managers(unit, owner, begun.iter().map(|came| came.transaction)).await?;
        }
        // After the transactions: a later row may have changed the person of an earlier one.
        people_writes.finish(of).await?;
        let values = self.values.into_iter().map(|((transaction, field), value)| (transaction, field, value));
        custom_values::put(unit, values.collect()).await?;
        of.add_categories(ItemKind::Transaction, &self.categories).await?;
        Ok((fired, journal))
    }
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
        .map(|transaction| {
            (transaction.id, KnownTransaction { transaction, categories: BTreeSet::new(), custom: BTreeMap::new() })
        })
        .collect();
    let ids: Vec<_> = known.keys().copied().collect();
    for (id, categories) in categories::of_items_in(scope, &ids).await? {
        if let Some(known) = known.get_mut(&id) {
            known.categories = categories.into_iter().map(|category| category.name_key).collect();
        }
    }
    Ok(known)
}
