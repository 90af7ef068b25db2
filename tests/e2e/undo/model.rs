//! What an account holds after any history of imports, edits, deletes, undos and redos: the specification of undo, without a
//! database.
//!
//! - A field is a pile of layers: what it held first, then one for each import that changed it and for each edit of a user. It shows
//!   the uppermost layer, those of undone imports left out. Membership in a category likewise: a user put an item there, or imports
//!   did of which one at least is applied.
//! - A record that an import made goes when that import is undone, or a later one that touched it, unless something holds it: an
//!   edit, an applied import that changed it, a live transaction, event or message that belongs to it. It comes back when an import
//!   is put back that made or changed it, or that brings back what belongs to it. What a user deletes stays deleted.
//! - An option of a choice that gets another name gets it in every layer.
//! - A category that an import made goes when that import is undone and nobody is in it, and comes back with either; a category that
//!   somebody has given its name meanwhile takes its members.

use std::collections::{BTreeMap, BTreeSet};

use storage::import::Change;
use storage::{ItemKind, digits, fold};
use uuid::Uuid;

/// Fields by their GraphQL names or `custom:` and the id of a custom field, and what they hold.
pub(super) type Fields = BTreeMap<String, String>;

/// The fields by which a person is known; one of them stays.
const KNOWN_BY: [&str; 5] = ["name", "company", "email", "phone", "mobile"];

/// The account.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) records: BTreeMap<Uuid, Record>,
    pub(super) imports: Vec<Import>,
    pub(super) categories: Vec<Category>,
    /// Counts the layers of users.
    edits: u64,
}

/// A person, a transaction, an event or a message.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) kind: ItemKind,
    /// Which import made it.
    made_by: Option<usize>,
    pub(super) presence: Presence,
    fields: BTreeMap<String, Vec<Layer>>,
    edited: bool,
    /// The person of a transaction; the people and transactions that an event or a message belongs to.
    pub(super) belongs_to: Vec<Uuid>,
    managers: BTreeSet<Uuid>,
    steps: Vec<(By, String)>,
    /// By the number of the category.
    memberships: BTreeMap<usize, Membership>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    There,
    /// An undo has put it into the trash.
    Undone,
    /// A user has, and there it stays.
    Deleted,
}

#[derive(Clone)]
struct Layer {
    by: By,
    value: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    First,
    Import(usize),
    /// Which edit, counted from 1, and whose.
    User(u64, Uuid),
}

#[derive(Clone, Default)]
struct Membership {
    by_user: bool,
    by_imports: BTreeSet<usize>,
}

#[derive(Clone)]
pub(super) struct Category {
    pub(super) name: String,
    made_by: Option<usize>,
    pub(super) presence: Presence,
}

/// An import, and what its rows did with records.
#[derive(Clone)]
pub(super) struct Import {
    pub(super) id: Uuid,
    pub(super) applied: bool,
    /// What its rows made, changed or met.
    touched: BTreeSet<Uuid>,
    /// What they changed of what was there, be it that they put it into a category.
    changed: BTreeSet<Uuid>,
}

/// What an undo or a redo reports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// How many records went or came back.
    pub(super) removed: u64,
    /// What stays, and why.
    pub(super) keeps: BTreeSet<String>,
}

impl Record {
    /// A record with what it holds first.
    pub(super) fn new(kind: ItemKind, fields: Fields, belongs_to: Vec<Uuid>) -> Self {
        let first = |value| vec![Layer { by: By::First, value: Some(value) }];
        let steps = fields.get("stage").map(|stage| (By::First, stage.clone()));
        Self {
            kind,
            made_by: None,
            presence: Presence::There,
            fields: fields.into_iter().map(|(field, value)| (field, first(value))).collect(),
            edited: false,
            belongs_to,
            managers: BTreeSet::new(),
            steps: steps.into_iter().collect(),
            memberships: BTreeMap::new(),
        }
    }

    pub(super) fn managed_by(self, managers: impl IntoIterator<Item = Uuid>) -> Self {
        Self { managers: managers.into_iter().collect(), ..self }
    }

    pub(super) fn is_there(&self) -> bool {
        self.presence == Presence::There
    }

    fn push(&mut self, field: &str, by: By, value: Option<String>) {
        let layers = self.fields.entry(field.to_owned()).or_default();
        match layers.iter_mut().find(|layer| layer.by == by) {
            // Several rows of a file are one layer.
            Some(layer) => layer.value = value,
            None => layers.push(Layer { by, value }),
        }
    }
}

impl Model {
    // ------------------------------------------------------------------------------------------ What users do

    pub(super) fn create(&mut self, id: Uuid, record: Record, categories: &[String]) {
        self.records.insert(id, record);
        self.add_to_categories(id, categories);
    }

    /// Gives fields other values; what a field holds already is no edit.
    pub(super) fn edit(&mut self, id: Uuid, fields: &BTreeMap<String, Option<String>>, user: Uuid) {
        self.edits += 1;
        for (field, value) in fields {
            if self.value(id, field) == *value {
                continue;
            }
            let by = By::User(self.edits, user);
            let record = self.record(id);
            record.edited = true;
            record.push(field, by, value.clone());
            if field == "stage" {
                record.steps.push((by, value.clone().expect("a stage has a name")));
            }
        }
    }

    pub(super) fn add_to_categories(&mut self, id: Uuid, names: &[String]) {
        for name in names {
            let category = self.ensure(name, None);
            if !self.is_in(id, category) {
                self.record(id).memberships.entry(category).or_default().by_user = true;
            }
        }
    }

    pub(super) fn remove_from_category(&mut self, id: Uuid, category: usize) {
        if self.is_in(id, category) {
            self.record(id).memberships.remove(&category);
        }
    }

    /// Has an item in these categories and in no others.
    pub(super) fn set_categories(&mut self, id: Uuid, names: &[String]) {
        let wanted: Vec<_> = names.iter().map(|name| self.ensure(name, None)).collect();
        for category in 0..self.categories.len() {
            if !wanted.contains(&category) {
                self.remove_from_category(id, category);
            }
        }
        self.add_to_categories(id, names);
    }

    /// Gives an option of a choice another name, wherever somebody or an import has put it. What is called so already is the same.
    pub(super) fn rename(&mut self, field: &str, from: &str, to: &str) {
        let names = [fold(from), fold(to)];
        let layers = self.records.values_mut().filter_map(|record| record.fields.get_mut(field)).flatten();
        for value in layers.filter_map(|layer| layer.value.as_mut()) {
            if names.contains(&fold(value)) {
                to.clone_into(value);
            }
        }
    }

    /// Puts a record into the trash, a person with their transactions.
    pub(super) fn delete(&mut self, id: Uuid) {
        self.record(id).presence = Presence::Deleted;
        if self.records[&id].kind == ItemKind::Person {
            let is_theirs = |record: &&mut Record| {
                record.kind == ItemKind::Transaction && record.is_there() && record.belongs_to.contains(&id)
            };
            self.records.values_mut().filter(is_theirs).for_each(|record| record.presence = Presence::Deleted);
        }
    }

    pub(super) fn live_category(&self, name: &str) -> Option<usize> {
        let is_it = |category: &Category| category.presence == Presence::There && fold(&category.name) == fold(name);
        self.categories.iter().position(is_it)
    }

    fn ensure(&mut self, name: &str, made_by: Option<usize>) -> usize {
        self.live_category(name).unwrap_or_else(|| {
            self.categories.push(Category { name: name.to_owned(), made_by, presence: Presence::There });
            self.categories.len() - 1
        })
    }

    // ------------------------------------------------------------------------------------------ What imports do

    /// A new import, and its number.
    pub(super) fn import(&mut self, id: Uuid) -> usize {
        self.imports.push(Import { id, applied: true, touched: BTreeSet::new(), changed: BTreeSet::new() });
        self.imports.len() - 1
    }

    pub(super) fn imported(&mut self, import: usize, id: Uuid, record: Record, categories: &[String]) {
        self.records.insert(id, Record { made_by: Some(import), ..record });
        self.met(import, id);
        for name in categories {
            let category = self.ensure(name, Some(import));
            self.record(id).memberships.entry(category).or_default().by_user = true;
        }
    }

    pub(super) fn met(&mut self, import: usize, id: Uuid) {
        self.imports[import].touched.insert(id);
    }

    /// What a row changes of a record. What it changes of one that the import itself made is what that holds first.
    pub(super) fn changed(&mut self, import: usize, id: Uuid, changes: &[Change]) {
        self.met(import, id);
        if changes.is_empty() {
            return;
        }
        self.imports[import].changed.insert(id);
        let made_it = self.records[&id].made_by == Some(import);
        for Change { field, before, after } in changes {
            if field == Change::CATEGORIES {
                for name in after.iter().flat_map(|names| names.split(" ::: ")) {
                    let category = self.ensure(name, Some(import));
                    let membership = self.record(id).memberships.entry(category).or_default();
                    if made_it {
                        membership.by_user = true;
                    } else {
                        membership.by_imports.insert(import);
                    }
                }
                continue;
            }
            assert_eq!(self.value(id, field), *before, "the decision says what {field} of {id} held");
            let by = if made_it { By::First } else { By::Import(import) };
            let record = self.record(id);
            record.push(field, by, after.clone());
            if field == "stage" {
                record.steps.push((by, after.clone().expect("a stage has a name")));
            }
        }
    }

    // ------------------------------------------------------------------------------------------ Undo and redo

    pub(super) fn undo(&mut self, import: usize) -> Report {
        let before = self.clone();
        self.imports[import].applied = false;
        let mut keeps: BTreeSet<_> = self.edited_above(import).into_iter().collect();
        keeps.extend(self.keep_known(&before, import));
        let mut removed = 0;
        for kind in [ItemKind::Event, ItemKind::Transaction, ItemKind::Person] {
            for id in self.touched(import, kind) {
                if self.records[&id].is_there() && self.is_undone(id) && self.holder(id).is_none() {
                    self.record(id).presence = Presence::Undone;
                    removed += 1;
                }
            }
        }
        let made = self.records.iter().filter(|(_, record)| record.made_by == Some(import));
        keeps.extend(made.filter_map(|(id, record)| match record.presence {
            Presence::Undone => None,
            Presence::There => Some(format!("{id}: {}", self.holder(*id).expect("else it had gone"))),
            Presence::Deleted => Some(format!("{id}: deleted")),
        }));
        self.follow_members();
        Report { removed, keeps }
    }

    pub(super) fn redo(&mut self, import: usize) -> Report {
        self.imports[import].applied = true;
        let mut removed = 0;
        for kind in [ItemKind::Event, ItemKind::Transaction, ItemKind::Person] {
            for id in self.touched(import, kind) {
                let record = &self.records[&id];
                let held = record.made_by == Some(import)
                    || self.imports[import].changed.contains(&id)
                    || self.attached(id).is_some();
                let with_person = record.kind != ItemKind::Transaction
                    || record.belongs_to.iter().any(|person| self.records[person].presence != Presence::Deleted);
                if record.presence == Presence::Undone && held && with_person {
                    self.record(id).presence = Presence::There;
                    removed += 1;
                }
            }
        }
        let mut keeps: BTreeSet<_> = self.edited_above(import).into_iter().collect();
        keeps.extend(self.gone(import));
        self.follow_members();
        Report { removed, keeps }
    }

    /// What an import that is put back cannot put back: records that a user has deleted or whose person is, and memberships in
    /// categories that are.
    fn gone(&self, import: usize) -> Vec<String> {
        let made = self.records.iter().filter(|(_, record)| record.made_by == Some(import));
        let records = made.filter_map(|(id, record)| match record.presence {
            Presence::There => None,
            Presence::Undone => Some(format!("{id}: personId not allowed")),
            Presence::Deleted => Some(format!("{id}: deleted")),
        });
        let is_deleted = |number: &usize| self.categories[*number].presence == Presence::Deleted;
        let is_out = |record: &Record| {
            let mut of_import = record.memberships.iter().filter(|(_, by)| by.by_imports.contains(&import));
            of_import.any(|(number, _)| is_deleted(number))
        };
        let out = self.records.iter().filter(|(_, record)| record.is_there() && is_out(record));
        records.chain(out.map(|(id, _)| format!("{id}: categories not allowed"))).collect()
    }

    /// Live records and categories that are there though the import which made them is undone and nothing holds them any more, as a
    /// user has deleted what did: the next undo that meets them takes them along.
    pub(super) fn has_orphans(&self) -> bool {
        let orphan =
            |(id, record): (&Uuid, &Record)| record.is_there() && self.is_undone(*id) && self.holder(*id).is_none();
        let empty = |number: usize| {
            let Category { made_by, presence, .. } = &self.categories[number];
            *presence == Presence::There
                && made_by.is_some_and(|by| !self.imports[by].applied)
                && !self.has_members(number)
        };
        self.records.iter().any(orphan) || (0..self.categories.len()).any(empty)
    }

    fn touched(&self, import: usize, kind: ItemKind) -> Vec<Uuid> {
        let touched = self.imports[import].touched.iter().copied();
        touched.filter(|id| self.records[id].kind == kind).collect()
    }

    fn is_undone(&self, id: Uuid) -> bool {
        self.records[&id].made_by.is_some_and(|import| !self.imports[import].applied)
    }

    /// Why a record stays whose import is undone.
    fn holder(&self, id: Uuid) -> Option<String> {
        if self.records[&id].edited {
            return Some("edited".to_owned());
        }
        let changed = self.imports.iter().filter(|import| import.applied && import.changed.contains(&id));
        let latest = changed.map(|import| import.id).max().map(|import| format!("imported {import}"));
        latest.or_else(|| self.attached(id).map(ToOwned::to_owned))
    }

    /// What is there that belongs to a record.
    fn attached(&self, id: Uuid) -> Option<&'static str> {
        let kinds =
            [(ItemKind::Event, "events"), (ItemKind::Message, "messages"), (ItemKind::Transaction, "transactions")];
        let has = |kind| {
            let mut of_kind = self.records.values().filter(|record| record.kind == kind && record.is_there());
            of_kind.any(|record| record.belongs_to.contains(&id))
        };
        kinds.into_iter().find(|(kind, _)| has(*kind)).map(|(_, name)| name)
    }

    /// The fields of the import's layers that are hidden by an edit, with no applied import above.
    fn edited_above(&self, import: usize) -> Vec<String> {
        let mut keeps = Vec::new();
        for (id, record) in self.records.iter().filter(|(_, record)| record.is_there()) {
            for (field, layers) in &record.fields {
                let Some(place) = layers.iter().position(|layer| layer.by == By::Import(import)) else { continue };
                let above = &layers[place + 1..];
                let is_import = |layer: &Layer| matches!(layer.by, By::Import(other) if self.imports[other].applied);
                if above.iter().any(is_import) {
                    continue;
                }
                let edit = above.iter().rev().find_map(|layer| match layer.by {
                    By::User(_, user) => Some(user),
                    _ => None,
                });
                keeps.extend(edit.map(|user| format!("{id}: {field} edited by {user}")));
            }
        }
        keeps
    }

    /// A person keeps the fields by which they are known where an undo would leave them none, as somebody has emptied the others: they
    /// count as edited by whoever did.
    fn keep_known(&mut self, before: &Self, import: usize) -> Vec<String> {
        let mut keeps = Vec::new();
        for id in self.touched(import, ItemKind::Person) {
            if !self.records[&id].is_there() || KNOWN_BY.iter().any(|field| self.value(id, field).is_some()) {
                continue;
            }
            let layers = KNOWN_BY.iter().filter_map(|field| self.records[&id].fields.get(*field)).flatten();
            let edits = layers.filter_map(|layer| match layer.by {
                By::User(number, user) => Some((number, user)),
                _ => None,
            });
            let (_, user) = edits.max_by_key(|(number, _)| *number).expect("only a user empties fields");
            self.edits += 1;
            for field in KNOWN_BY {
                if let Some(value) = before.value(id, field) {
                    let by = By::User(self.edits, user);
                    let record = self.record(id);
                    record.edited = true;
                    record.push(field, by, Some(value));
                    keeps.push(format!("{id}: {field} edited by {user}"));
                }
            }
        }
        keeps
    }

    /// Categories go with their members and come back with them.
    fn follow_members(&mut self) {
        for number in 0..self.categories.len() {
            let Category { made_by, presence, .. } = self.categories[number];
            let is_undone = made_by.is_some_and(|by| !self.imports[by].applied);
            if presence == Presence::There && is_undone && !self.has_members(number) {
                self.categories[number].presence = Presence::Undone;
            }
        }
        for number in 0..self.categories.len() {
            let Category { name, made_by, presence } = self.categories[number].clone();
            let is_applied = made_by.is_some_and(|by| self.imports[by].applied);
            if presence != Presence::Undone || !(is_applied || self.has_members(number)) {
                continue;
            }
            match self.live_category(&name) {
                None => self.categories[number].presence = Presence::There,
                Some(namesake) => {
                    self.categories[number].presence = Presence::Deleted;
                    for record in self.records.values_mut() {
                        let Some(from) = record.memberships.remove(&number) else { continue };
                        let into = record.memberships.entry(namesake).or_default();
                        into.by_user |= from.by_user;
                        into.by_imports.extend(from.by_imports);
                    }
                }
            }
        }
    }

    fn has_members(&self, category: usize) -> bool {
        self.records.iter().any(|(id, record)| record.is_there() && self.is_in(*id, category))
    }

    // ------------------------------------------------------------------------------------------ What is shown

    /// What a field of a record holds.
    pub(super) fn value(&self, id: Uuid, field: &str) -> Option<String> {
        let is_shown = |layer: &&Layer| !matches!(layer.by, By::Import(import) if !self.imports[import].applied);
        self.records[&id].fields.get(field)?.iter().rev().find(is_shown)?.value.clone()
    }

    fn is_in(&self, id: Uuid, category: usize) -> bool {
        self.records[&id].memberships.get(&category).is_some_and(|membership| {
            membership.by_user || membership.by_imports.iter().any(|import| self.imports[*import].applied)
        })
    }

    /// The names of the live categories that an item is in.
    pub(super) fn categories_of(&self, id: Uuid) -> Vec<String> {
        let numbers = 0..self.categories.len();
        let shown =
            numbers.filter(|number| self.categories[*number].presence == Presence::There && self.is_in(id, *number));
        let mut names: Vec<_> = shown.map(|number| self.categories[number].name.clone()).collect();
        names.sort();
        names
    }

    /// Whether an import made a record.
    pub(super) fn made(&self, import: usize, id: Uuid) -> bool {
        self.records[&id].made_by == Some(import)
    }

    /// The whole account as text, a line each thing.
    pub(super) fn dump(&self) -> String {
        let mut lines: Vec<_> =
            self.categories.iter().filter(|category| category.presence == Presence::There).collect();
        lines.sort_by_key(|category| &category.name);
        let mut lines: Vec<_> = lines.iter().map(|category| format!("category {}", category.name)).collect();
        for kind in ItemKind::ALL {
            let of_kind = self.records.iter().filter(|(_, record)| record.kind == kind && record.is_there());
            lines.extend(of_kind.map(|(id, record)| self.line(*id, record)));
        }
        lines.join("\n")
    }

    fn line(&self, id: Uuid, record: &Record) -> String {
        let shown = |field: &String| self.value(id, field).map(|value| (field.clone(), value));
        let is_applied = |(by, _): &&(By, String)| !matches!(by, By::Import(import) if !self.imports[*import].applied);
        Line {
            kind: record.kind,
            id,
            fields: record.fields.keys().filter_map(shown).collect(),
            belongs_to: record.belongs_to.iter().copied().collect(),
            managers: record.managers.clone(),
            steps: record.steps.iter().filter(is_applied).map(|(_, stage)| stage.clone()).collect(),
            categories: self.categories_of(id),
            found_by: self.found_by(id, record),
        }
        .text()
    }

    /// The lines by which a search finds a record.
    fn found_by(&self, id: Uuid, record: &Record) -> Vec<String> {
        let value = |field: &str| self.value(id, field);
        let folded = |fields: &[&str]| {
            fields.iter().filter_map(|field| value(field)).map(|text| fold(&text)).collect::<Vec<_>>()
        };
        // In the order in which the fields were made, which is that of their ids.
        let custom = || -> Vec<_> {
            let of_field = record.fields.keys().filter(|field| field.starts_with(Change::CUSTOM));
            of_field.filter_map(|field| value(field)).map(|text| fold(&text)).collect()
        };
        let names = |model: &Self| -> BTreeSet<_> {
            let subjects = record.belongs_to.iter().filter(|subject| model.records[subject].is_there());
            subjects.map(|subject| fold(&model.display_name(*subject))).collect()
        };
        match record.kind {
            ItemKind::Person => {
                let mut lines = vec![fold(&self.display_name(id))];
                lines.extend(folded(&["title", "email", "phone", "mobile", "fax", "url", "address"]));
                lines.extend(folded(&["city", "state", "zip", "country", "notes"]));
                let phones: Vec<_> = ["phone", "mobile", "fax"].into_iter().filter_map(value).collect();
                let phones: Vec<_> = phones.iter().map(|phone| digits(phone)).collect();
                lines.extend(Some(phones.join(" ")).filter(|phones| !phones.is_empty()));
                lines.extend(custom());
                lines
            }
            ItemKind::Transaction => {
                let person = record.belongs_to[0];
                let mut lines = self.found_by(person, &self.records[&person]);
                lines.extend(folded(&["moreInfo"]));
                lines.extend(custom());
                lines
            }
            ItemKind::Event | ItemKind::Message => {
                let mut lines = folded(&["title"]);
                lines.extend(names(self));
                lines
            }
        }
    }

    /// What a person or the person of a transaction is called.
    pub(super) fn display_name(&self, id: Uuid) -> String {
        let record = &self.records[&id];
        if record.kind == ItemKind::Transaction {
            return self.display_name(record.belongs_to[0]);
        }
        match (self.value(id, "name"), self.value(id, "company")) {
            (Some(name), Some(company)) => format!("{name} - {company}"),
            _ => KNOWN_BY.iter().find_map(|field| self.value(id, field)).unwrap_or_default(),
        }
    }

    fn record(&mut self, id: Uuid) -> &mut Record {
        self.records.get_mut(&id).expect("the record is known")
    }
}

/// A record as a dump shows it, whether the model makes it or the database.
pub(super) struct Line {
    pub(super) kind: ItemKind,
    pub(super) id: Uuid,
    pub(super) fields: Fields,
    pub(super) belongs_to: BTreeSet<Uuid>,
    pub(super) managers: BTreeSet<Uuid>,
    pub(super) steps: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) found_by: Vec<String>,
}

impl Line {
    pub(super) fn text(&self) -> String {
        let Self { kind, id, fields, belongs_to, managers, steps, categories, found_by } = self;
        let noun = kind.noun();
        format!(
            "{noun} {id} {fields:?} of {belongs_to:?} managed by {managers:?} steps {steps:?} in {categories:?} found by {found_by:?}"
        )
    }
}
