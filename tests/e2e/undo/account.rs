//! An account whose database is compared with its model after everything that is done to it.

use std::collections::{BTreeMap, BTreeSet};

use storage::import::{
    Announcement, Begun, Change, Decision, Import, Incoming, KeptReason, NewPlan, Outcome, Policy, Report, Target,
    announce, announce_plan, end, preview_undo, redo, undo,
};
use storage::query::custom_fields::{self, CustomFieldEdit, NewCustomField, ValueType};
use storage::query::custom_values::{self, CustomValueInput};
use storage::query::event_templates::{self, NewEventTemplate, TemplateItem};
use storage::query::events::{Details, Event, EventEdit, NewEvent, Progress, Source, When};
use storage::query::imports::{Counts, File, Status, Summary};
use storage::query::messages::{Message, NewMessage, Text};
use storage::query::people::{NewPerson, Person, PersonEdit};
use storage::query::transactions::{NewTransaction, PersonRef, Stage, Terms, Transaction, TransactionEdit};
use storage::query::users::{self, NewUser, Role};
use storage::query::{accounts, associations, categories, events, messages, people, transactions};
use storage::{
    Actor, Contact, Day, Decimal, Error, Item, ItemKind, NameOrId, Order, PageRequest, Reader, Search, Storage,
    Timestamp, View, Writer, fold,
};
use uuid::Uuid;

use super::model::{self, Fields, Line, Model, Record};

/// The custom fields of people, which is a choice, and of transactions.
pub(super) const SIZE: &str = "Size";
pub(super) const DEAL: &str = "Deal";

/// The options of the choice at first.
pub(super) const SIZES: [&str; 2] = ["small", "LARGE"];

/// An account and what it should hold.
pub(super) struct Account {
    pub(super) reader: Reader,
    /// An admin and a member.
    pub(super) writers: [Writer; 2],
    pub(super) users: [Uuid; 2],
    pub(super) template: Uuid,
    /// The layers' names of both custom fields.
    pub(super) size: String,
    pub(super) deal: String,
    /// The options of the choice as they are called now.
    options: Vec<String>,
    pub(super) model: Model,
}

/// How an import is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Not at all.
    None,
    /// It is rehearsed, and then applied without a plan.
    Rehearsed,
    /// It is applied against a plan that was kept.
    Kept,
    /// Likewise, and somebody makes a person like the first row in between.
    Stale,
}

impl Account {
    /// A new account with two users, a custom field of each sort and an event template.
    pub(super) async fn new(storage: &Storage, subdomain: &str) -> Self {
        let user = |email: &str, role| NewUser {
            email: email.to_owned(),
            name: String::new(),
            role,
            password_hash: "none".to_owned(),
        };
        let new = accounts::NewAccount {
            subdomain: subdomain.to_owned(),
            name: subdomain.to_owned(),
            time_zone: "UTC".to_owned(),
        };
        let admin = user("admin@acme.example", Role::Admin);
        let (account, admin) = accounts::create(storage, new, admin, now()).await.expect("a new account");
        let account = account.account_id;
        let writer = storage.writer(account, Actor::User(admin.id), now());
        let member = users::create(&writer, user("member@acme.example", Role::Member)).await.expect("a new user");
        let mut fields = Vec::new();
        let sizes = SIZES.map(ToOwned::to_owned).to_vec();
        for (target, name, value_type, options) in [
            (custom_fields::Target::Person, SIZE, ValueType::Choice, sizes.clone()),
            (custom_fields::Target::Transaction, DEAL, ValueType::Text, Vec::new()),
        ] {
            let new = NewCustomField { target, name: name.to_owned(), value_type, options };
            let field = custom_fields::create(&writer, new).await.expect("a new field");
            fields.push(format!("{}{}", Change::CUSTOM, field.id));
        }
        let item = TemplateItem {
            offset: "+1 Day".parse().expect("an offset"),
            time_of_day: None,
            title: "Call".to_owned(),
            location: None,
            description: None,
            email_template: None,
        };
        let items = vec![item.clone(), TemplateItem { title: "Write".to_owned(), ..item }];
        let template = NewEventTemplate { name: "Follow up".to_owned(), items };
        let template = event_templates::create(&writer, template).await.expect("a new template").id;
        let deal = fields.pop().expect("two fields");
        let size = fields.pop().expect("two fields");
        Self {
            reader: storage.reader(account),
            writers: [writer, storage.writer(account, Actor::User(member.id), now())],
            users: [admin.id, member.id],
            template,
            size,
            deal,
            options: sizes,
            model: Model::default(),
        }
    }

    /// The live records of a kind, the oldest first.
    pub(super) fn live(&self, kind: ItemKind) -> Vec<Uuid> {
        let live = self.model.records.iter().filter(|(_, record)| record.kind == kind && record.is_there());
        live.map(|(id, _)| *id).collect()
    }

    /// The imports that are applied, or those that are undone, by their numbers.
    pub(super) fn imports(&self, applied: bool) -> Vec<usize> {
        let imports = 0..self.model.imports.len();
        imports.filter(|import| self.model.imports[*import].applied == applied).collect()
    }

    // ------------------------------------------------------------------------------------------ What users do

    /// Makes a person.
    pub(super) async fn person(&mut self, by: usize, contact: Contact, names: &[String]) -> Uuid {
        let contact = contact.cleaned().expect("a contact that can be");
        let new = NewPerson { contact: contact.clone(), categories: names.to_vec(), custom_values: Vec::new() };
        let id = people::create(&self.writers[by], new).await.expect("a person").id;
        self.model.create(id, Record::new(ItemKind::Person, of_contact(&contact), Vec::new()), names);
        id
    }

    /// Makes a transaction.
    pub(super) async fn transaction(&mut self, by: usize, person: Uuid, stage: Stage, value: i64) -> Uuid {
        let terms = Terms { value: Decimal::from_scaled(value), ..Terms::default() };
        let fields = of_terms(stage, &terms);
        let new = NewTransaction {
            person: PersonRef::Id(person),
            stage,
            terms,
            managers: vec![self.users[by]],
            categories: Vec::new(),
            custom_values: Vec::new(),
            event_template: None,
        };
        let id = transactions::create(&self.writers[by], new).await.expect("a transaction").id;
        let record = Record::new(ItemKind::Transaction, fields, vec![person]).managed_by([self.users[by]]);
        self.model.create(id, record, &[]);
        id
    }

    /// Makes an event on a person or a transaction.
    pub(super) async fn event(&mut self, by: usize, on: Uuid, title: &str) -> Uuid {
        let first: Day = "2026-06-01".parse().expect("a day");
        let details = Details {
            title: title.to_owned(),
            when: When::Day { first, last: None },
            location: None,
            description: None,
            progress: Progress::Open,
            owner: None,
            email_template: None,
            source: Source::default(),
        };
        let new = NewEvent { details, categories: Vec::new(), associations: vec![self.item(on)] };
        let id = events::create(&self.writers[by], new).await.expect("an event").id;
        let record = Record::new(ItemKind::Event, of_event(title, first, self.users[by]), vec![on]);
        self.model.create(id, record, &[]);
        id
    }

    /// Makes a message on a person or a transaction.
    pub(super) async fn message(&mut self, by: usize, on: Uuid, title: &str) -> Uuid {
        let text = Text { title: Some(title.to_owned()), ..Text::default() };
        let new = NewMessage { text, associations: vec![self.item(on)], ..NewMessage::default() };
        let id = messages::create(&self.writers[by], new).await.expect("a message").id;
        let fields = [("title".to_owned(), title.to_owned())].into();
        self.model.create(id, Record::new(ItemKind::Message, fields, vec![on]), &[]);
        id
    }

    /// Changes fields of a person, one of which may be the custom one, and perhaps has them in just these categories. A change that
    /// would leave nothing by which the person is known is refused.
    pub(super) async fn edit_person(
        &mut self,
        by: usize,
        id: Uuid,
        fields: &BTreeMap<String, Option<String>>,
        names: Option<&[String]>,
    ) {
        let custom_values = custom(&self.size, SIZE, fields);
        let change = PersonEdit { id, version: None, categories: names.map(<[_]>::to_vec), custom_values };
        let edited = people::update(&self.writers[by], change, |contact| {
            for (name, value) in contact.fields_mut() {
                if let Some(given) = fields.get(name) {
                    value.clone_from(given);
                }
            }
        });
        match edited.await {
            Ok(_) => {
                self.model.edit(id, fields, self.users[by]);
                if let Some(names) = names {
                    self.model.set_categories(id, names);
                }
            }
            Err(Error::Invalid { field: None, .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Changes fields of a transaction, stage and custom field among them.
    pub(super) async fn edit_transaction(&mut self, by: usize, id: Uuid, fields: &BTreeMap<String, Option<String>>) {
        let given = |name: &str| fields.get(name).cloned();
        let stage = given("stage").flatten().map(|name| stage_named(&name));
        let custom_values = custom(&self.deal, DEAL, fields);
        let change = TransactionEdit { id, version: None, stage, managers: None, categories: None, custom_values };
        let edited = transactions::update(&self.writers[by], change, |terms| {
            if let Some(value) = given("value").flatten() {
                terms.value = value.parse().expect("a number");
            }
            if let Some(more_info) = given("moreInfo") {
                terms.more_info = more_info;
            }
        });
        edited.await.expect("the transaction is there");
        self.model.edit(id, fields, self.users[by]);
    }

    /// Moves a transaction.
    pub(super) async fn move_to(&mut self, by: usize, id: Uuid, stage: Stage) {
        transactions::move_to(&self.writers[by], id, stage, None).await.expect("the transaction is there");
        let fields = [("stage".to_owned(), Some(stage.name().to_owned()))].into();
        self.model.edit(id, &fields, self.users[by]);
    }

    /// Gives an event another title.
    pub(super) async fn edit_event(&mut self, by: usize, id: Uuid, title: &str) {
        let change = EventEdit { id, version: None, categories: None, associations: None };
        let edited = events::update(&self.writers[by], change, |details| {
            title.clone_into(&mut details.title);
            Ok(())
        });
        edited.await.expect("the event is there");
        let fields = [("title".to_owned(), Some(title.to_owned()))].into();
        self.model.edit(id, &fields, self.users[by]);
    }

    /// Says that an event is done, or not.
    pub(super) async fn complete(&mut self, by: usize, id: Uuid, progress: Progress) {
        events::complete(&self.writers[by], id, progress, None).await.expect("the event is there");
        let at = (progress == Progress::Complete).then(|| now().microseconds().to_string());
        self.model.edit(id, &[("completedAt".to_owned(), at)].into(), self.users[by]);
    }

    /// Puts an item into a category.
    pub(super) async fn add_item(&mut self, by: usize, id: Uuid, name: &str) {
        let category = NameOrId::Name(name.to_owned());
        categories::add_items(&self.writers[by], &[self.item(id)], &category).await.expect("the item is there");
        self.model.add_to_categories(id, &[name.to_owned()]);
    }

    /// Takes an item out of a category that is there.
    pub(super) async fn remove_item(&mut self, by: usize, id: Uuid, name: &str) {
        let Some(category) = self.model.live_category(name) else { return };
        let named = NameOrId::Name(name.to_owned());
        categories::remove_items(&self.writers[by], &[self.item(id)], &named).await.expect("the category is there");
        self.model.remove_from_category(id, category);
    }

    /// Deletes a record.
    pub(super) async fn delete(&mut self, by: usize, id: Uuid) {
        let writer = &self.writers[by];
        let deleted = match self.model.records[&id].kind {
            ItemKind::Person => people::delete(writer, id, None).await,
            ItemKind::Transaction => transactions::delete(writer, id, None).await,
            ItemKind::Event => events::delete(writer, id, None).await,
            ItemKind::Message => messages::delete(writer, id, None).await,
        };
        deleted.expect("the record is there");
        self.model.delete(id);
    }

    /// Deletes a category that is there.
    pub(super) async fn delete_category(&mut self, by: usize, name: &str) {
        let Some(number) = self.model.live_category(name) else { return };
        let page = categories::list(&self.reader, Order::default(), &all()).await.expect("a page");
        let found = page.items.iter().find(|category| category.name == self.model.categories[number].name);
        categories::delete(&self.writers[by], found.expect("it is there").id, None).await.expect("it is there");
        self.model.categories[number].presence = model::Presence::Deleted;
    }

    /// What an option is called now that was called so at first.
    pub(super) fn option(&self, first: &str) -> String {
        let place = SIZES.iter().position(|size| *size == first).expect("one of the first options");
        self.options[place % self.options.len()].clone()
    }

    /// Gives an option another name. Another option that is called so already takes its values.
    pub(super) async fn rename_option(&mut self, by: usize, place: usize, name: &str) {
        let old = self.options[place % self.options.len()].clone();
        let is_other = |option: &String| *option != old && fold(option) != fold(name);
        let renamed = |option: &String| if *option == old { name.to_owned() } else { option.clone() };
        let options = self.options.iter().filter(|option| **option == old || is_other(option)).map(renamed);
        let options: Vec<_> = options.collect();
        let edit = CustomFieldEdit {
            id: self.size.strip_prefix(Change::CUSTOM).and_then(|id| id.parse().ok()).expect("a custom field"),
            version: None,
            name: None,
            value_type: None,
            renamed_options: vec![(old.clone(), name.to_owned())],
            options: Some(options.clone()),
        };
        custom_fields::update(&self.writers[by], edit).await.expect("an option that is there");
        self.model.rename(&self.size, &old, name);
        self.options = options;
    }

    fn item(&self, id: Uuid) -> Item {
        self.model.records[&id].kind.item(id)
    }

    // ------------------------------------------------------------------------------------------ What imports do

    /// Imports rows, some at a time, and gives the number of the import; none where its plan was stale.
    pub(super) async fn import(
        &mut self,
        by: usize,
        policy: &Policy,
        rows: &[Incoming],
        at_once: usize,
        plan: Plan,
    ) -> Option<usize> {
        let planned = match plan {
            Plan::None => None,
            _ => Some(self.rehearse(by, policy, rows, at_once, plan != Plan::Rehearsed).await),
        };
        if plan == Plan::Stale
            && let Some(row) = rows.first()
        {
            self.person(by, row.contact.clone(), &[]).await;
        }
        let writer = self.writers[by].clone();
        let id = match &planned {
            Some((_, Some(id))) => {
                announce_plan(&writer, *id, HASH).await.expect("it is a plan");
                *id
            }
            _ => announce(&writer, &announcement(policy)).await.expect("nobody else imports"),
        };
        let before = self.dump().await;
        let Begun::Mine(mut import) = Import::begin(&writer, id, policy.clone()).await.expect("its turn") else {
            panic!("nobody else has run it")
        };
        let mut decisions = Vec::new();
        for rows in rows.chunks(at_once) {
            let rows = rows.iter().map(|row| import.checker().check(row.clone()).expect("a good row")).collect();
            decisions.extend(import.rows(rows).await.expect("fewer than twenty rows"));
        }
        let differ = |planned: &[Decision]| deeds(planned, true) != deeds(&decisions, true);
        let is_stale = planned.as_ref().is_some_and(|(planned, kept)| kept.is_some() && differ(planned));
        assert!(!is_stale || plan == Plan::Stale, "{planned:#?}\n{decisions:#?}");
        match import.commit(summary()).await {
            Ok(done) => assert!(!is_stale && done.status == Status::Applied),
            Err(Error::Conflict { reason }) if is_stale => {
                assert!(reason.contains("nothing was imported"), "{reason}");
                end(&writer, id, Status::Failed, Some(&reason)).await.expect("it ends");
                assert_eq!(self.dump().await, before, "a stale plan changes nothing");
                return None;
            }
            Err(error) => panic!("{error:?}"),
        }
        if let (Plan::Rehearsed, Some((planned, _))) = (plan, planned) {
            // What new records hold is only told of plans.
            assert_eq!(deeds(&planned, false), deeds(&decisions, false), "the rehearsal is what happens");
        }
        Some(self.note(by, id, policy, rows, decisions).await)
    }

    /// What an import would do now, and the id of the plan where it is kept.
    async fn rehearse(
        &self,
        by: usize,
        policy: &Policy,
        rows: &[Incoming],
        at_once: usize,
        keep: bool,
    ) -> (Vec<Decision>, Option<Uuid>) {
        let before = self.dump().await;
        let writer = &self.writers[by];
        let mut import = Import::rehearse(writer, policy.clone()).await.expect("its turn");
        let mut decisions = Vec::new();
        for rows in rows.chunks(at_once) {
            let rows = rows.iter().map(|row| import.checker().check(row.clone()).expect("a good row")).collect();
            decisions.extend(import.rows(rows).await.expect("good rows"));
        }
        let kept = if keep {
            let plan = NewPlan { request: REQUEST.to_owned(), hash: HASH.to_owned(), upload: None, summary: summary() };
            Some(import.keep_plan(writer, plan).await.expect("it is kept").id)
        } else {
            import.abandon().await;
            None
        };
        assert_eq!(self.dump().await, before, "a rehearsal changes nothing");
        (decisions, kept)
    }

    /// Has the model follow an import by what was decided of its rows.
    #[expect(clippy::too_many_lines, reason = "each kind of row has its arm")]
    async fn note(
        &mut self,
        by: usize,
        id: Uuid,
        policy: &Policy,
        rows: &[Incoming],
        decisions: Vec<Decision>,
    ) -> usize {
        let import = self.model.import(id);
        let found = Found::of(&self.reader).await;
        let is_new = |id: &Uuid| !self.model.records.contains_key(id);
        let new_people: Vec<_> = found.people.iter().map(|person| person.id).filter(is_new).collect();
        let new_transactions: Vec<_> =
            found.transactions.iter().map(|found| (found.id, found.person_id)).filter(|(id, _)| is_new(id)).collect();
        let new_events: Vec<_> = found.events.iter().map(|event| event.id).filter(is_new).collect();
        let (mut new_people, mut new_transactions) = (new_people.into_iter(), new_transactions.into_iter());
        let mut fired = Vec::new();
        for (row, decision) in rows.iter().zip(decisions) {
            let Decision { row: number, outcome, record, changes, .. } = decision;
            assert_eq!(number, row.row);
            let mut names = row.categories.clone();
            names.extend(policy.categories.iter().cloned());
            let is_touched = matches!(outcome, Outcome::Created | Outcome::Updated);
            match (policy.target, record) {
                (Target::People, None) if outcome == Outcome::Created => {
                    let person = new_people.next().expect("a person was made");
                    self.model.imported(import, person, self.person_of(row), &names);
                    fired.push(person);
                }
                (Target::Stage(stage), None) if outcome == Outcome::Created => {
                    let (transaction, person) = new_transactions.next().expect("a transaction was made");
                    if self.model.records.contains_key(&person) {
                        self.model.changed(import, person, &changes);
                    } else {
                        self.model.imported(import, person, self.person_of(row), &[]);
                    }
                    let record = self.transaction_of(row, policy, stage, person);
                    self.model.imported(import, transaction, record, &names);
                    fired.push(transaction);
                }
                (Target::Events, _) => panic!("nobody imports events here"),
                (_, None) => assert_eq!(outcome, Outcome::Skipped, "it repeats a row"),
                (Target::People, Some(person)) => {
                    self.model.changed(import, person, &changes);
                    fired.extend(is_touched.then_some(person));
                }
                (Target::Stage(_), Some(transaction)) => {
                    let is_own = |change: &Change| {
                        let own = ["stage", "value", "probability", "moreInfo", Change::CATEGORIES, &self.deal];
                        own.contains(&&*change.field)
                    };
                    let (own, of_person): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_own);
                    let person = self.model.records[&transaction].belongs_to[0];
                    self.model.changed(import, person, &of_person);
                    self.model.changed(import, transaction, &own);
                    fired.extend(is_touched.then_some(transaction));
                }
            }
        }
        let is_other = |person: &Uuid| !self.model.records.contains_key(person);
        assert_eq!((new_people.find(is_other), new_transactions.next()), (None, None), "nothing else was made");
        if policy.event_template.is_some() {
            let of_each = fired.iter().flat_map(|subject| ["Call", "Write"].map(|title| (*subject, title)));
            let of_each: Vec<_> = of_each.collect();
            assert_eq!(of_each.len(), new_events.len(), "each record that was touched has its events");
            for ((subject, title), event) in of_each.into_iter().zip(new_events) {
                let owner = policy.owner.unwrap_or(self.users[by]);
                let fields = of_event(title, now().day().next(), owner);
                self.model.imported(import, event, Record::new(ItemKind::Event, fields, vec![subject]), &[]);
            }
        }
        import
    }

    fn person_of(&self, row: &Incoming) -> Record {
        let mut contact = row.contact.clone();
        contact.notes = match (contact.notes, &row.foreign_notes) {
            (Some(notes), Some(lines)) => Some(format!("{notes}\n{lines}")),
            (notes, lines) => notes.or_else(|| lines.clone()),
        };
        let mut fields = of_contact(&contact);
        fields.extend(value_of(row, SIZE).map(|value| (self.size.clone(), value)));
        Record::new(ItemKind::Person, fields, Vec::new())
    }

    fn transaction_of(&self, row: &Incoming, policy: &Policy, stage: Stage, person: Uuid) -> Record {
        let terms = Terms {
            value: row.terms.value.or(policy.defaults.value).unwrap_or_default(),
            probability: row.terms.probability.or(policy.defaults.probability).unwrap_or_default(),
            more_info: row.terms.more_info.clone(),
        };
        let mut fields = of_terms(stage, &terms);
        fields.extend(value_of(row, DEAL).map(|value| (self.deal.clone(), value)));
        Record::new(ItemKind::Transaction, fields, vec![person]).managed_by(policy.owner)
    }

    // ------------------------------------------------------------------------------------------ Undo and redo

    /// Undoes an import: the preview says what happens and changes nothing.
    pub(super) async fn undo(&mut self, by: usize, import: usize) -> Report {
        let id = self.model.imports[import].id;
        let before = self.dump().await;
        let preview = preview_undo(&self.writers[by], id).await.expect("it is applied");
        assert_eq!(self.dump().await, before, "a preview changes nothing");
        let report = undo(&self.writers[by], id).await.expect("it is applied");
        assert_eq!(format!("{preview:?}"), format!("{report:?}"), "the preview is what happens");
        assert_eq!((report.import.id, report.import.status), (id, Status::Undone));
        let expected = self.model.undo(import);
        assert_eq!(self.reported(&report, import), expected);
        self.check_reported(&report, &before).await;
        report
    }

    /// Puts an import back.
    pub(super) async fn redo(&mut self, by: usize, import: usize) -> Report {
        let id = self.model.imports[import].id;
        let before = self.dump().await;
        let report = redo(&self.writers[by], id).await.expect("it is undone");
        assert_eq!((report.import.id, report.import.status), (id, Status::Applied));
        let expected = self.model.redo(import);
        assert_eq!(self.reported(&report, import), expected);
        self.check_reported(&report, &before).await;
        report
    }

    /// A report that says nothing of records is one of a step that did nothing to them.
    async fn check_reported(&self, report: &Report, before: &str) {
        let of_records = |dump: &str| -> Vec<_> {
            dump.lines().filter(|line| !line.starts_with("category ")).map(ToOwned::to_owned).collect()
        };
        if report.removed + report.restored + report.kept == 0 {
            assert_eq!(of_records(before), of_records(&self.dump().await), "the report tells of what was done");
        }
    }

    /// A report as the model gives it.
    fn reported(&self, report: &Report, import: usize) -> model::Report {
        assert_eq!(report.kept, report.keeps.len() as u64);
        let words = report.keeps.iter().map(|kept| {
            let id = kept.item.id;
            match &kept.reason {
                KeptReason::Edited { .. } if self.model.made(import, id) => format!("{id}: edited"),
                KeptReason::Edited { field, by, .. } => {
                    format!("{id}: {field} edited by {}", by.expect("a user edits"))
                }
                KeptReason::Imported(import) => format!("{id}: imported {import}"),
                KeptReason::Transactions => format!("{id}: transactions"),
                KeptReason::Events => format!("{id}: events"),
                KeptReason::Messages => format!("{id}: messages"),
                KeptReason::Deleted => format!("{id}: deleted"),
                KeptReason::NotAllowed { field, .. } => format!("{id}: {field} not allowed"),
            }
        });
        model::Report { removed: report.removed, keeps: words.collect() }
    }

    // ------------------------------------------------------------------------------------------ What is there

    /// Compares the database with the model.
    pub(super) async fn check(&self) {
        let (held, expected) = (self.dump().await, self.model.dump());
        if held != expected {
            let missing = expected.lines().filter(|line| !held.contains(line)).map(|line| format!("- {line}"));
            let surplus = held.lines().filter(|line| !expected.contains(line)).map(|line| format!("+ {line}"));
            panic!("not as the model has it:\n{}", missing.chain(surplus).collect::<Vec<_>>().join("\n"));
        }
    }

    /// Looks for each person by name.
    pub(super) async fn check_search(&self) {
        for id in self.live(ItemKind::Person) {
            let name = self.model.display_name(id);
            let view = View { search: Search::parse(&format!("\"{name}\"")).expect("a search"), ..View::default() };
            let found = people::list(&self.reader, &view, Order::default(), &all()).await.expect("a page");
            assert!(found.items.iter().any(|person| person.id == id), "{name} is found");
        }
    }

    /// The whole account as text.
    pub(super) async fn dump(&self) -> String {
        let found = Found::of(&self.reader).await;
        let ids: Vec<_> = found.ids().collect();
        let of_items = categories::of_items(&self.reader, &ids).await.expect("an answer");
        let values = custom_values::values_of(&self.reader, &ids).await.expect("an answer");
        let steps = transactions::steps_of(&self.reader, &ids).await.expect("an answer");
        let managers = transactions::managers_of(&self.reader, &ids).await.expect("an answer");
        let subjects = associations::subjects_of(&self.reader, &ids).await.expect("an answer");
        let line = |kind, id, fields: Fields, found_by: &str, person: Option<Uuid>| {
            let mut fields = fields;
            let custom = values.get(&id).into_iter().flatten();
            fields.extend(custom.map(|value| (format!("{}{}", Change::CUSTOM, value.field.id), value.value.clone())));
            let names = of_items.get(&id).into_iter().flatten().map(|category| category.name.clone());
            let mut names: Vec<_> = names.collect();
            names.sort();
            let subjects = subjects.get(&id).into_iter().flatten().map(|item| item.id);
            Line {
                kind,
                id,
                fields,
                belongs_to: subjects.chain(person).collect(),
                managers: managers.get(&id).into_iter().flatten().copied().collect(),
                steps: steps.get(&id).into_iter().flatten().map(|step| step.stage.name().to_owned()).collect(),
                categories: names,
                found_by: found_by.lines().map(ToOwned::to_owned).collect(),
            }
            .text()
        };
        let mut lines: Vec<_> = found.categories.iter().map(|name| format!("category {name}")).collect();
        for person in &found.people {
            lines.push(line(ItemKind::Person, person.id, of_contact(&person.contact()), &person.search_text, None));
        }
        for found in &found.transactions {
            let fields = of_terms(found.stage, &found.terms());
            lines.push(line(ItemKind::Transaction, found.id, fields, &found.search_text, Some(found.person_id)));
        }
        for event in &found.events {
            let owner = event.owner_id.expect("every event has an owner");
            let mut fields = of_event(&event.title, event.starts_on, owner);
            fields.extend(event.completed_at.map(|at| ("completedAt".to_owned(), at.microseconds().to_string())));
            lines.push(line(ItemKind::Event, event.id, fields, &event.search_text, None));
        }
        for message in &found.messages {
            let fields = message.title.iter().map(|title| ("title".to_owned(), title.clone())).collect();
            lines.push(line(ItemKind::Message, message.id, fields, &message.search_text, None));
        }
        lines.join("\n")
    }
}

/// Everything that is live, by id.
struct Found {
    people: Vec<Person>,
    transactions: Vec<Transaction>,
    events: Vec<Event>,
    messages: Vec<Message>,
    categories: BTreeSet<String>,
}

impl Found {
    async fn of(reader: &Reader) -> Self {
        let (view, order) = (View::default(), Order::default());
        let mut found = Self {
            people: people::list(reader, &view, order, &all()).await.expect("a page").items,
            transactions: transactions::list(reader, &view, order, &all()).await.expect("a page").items,
            events: events::list(reader, &view, None, order, &all()).await.expect("a page").items,
            messages: messages::list(reader, &view, order, &all()).await.expect("a page").items,
            categories: BTreeSet::new(),
        };
        let categories = categories::list(reader, order, &all()).await.expect("a page").items;
        found.categories = categories.into_iter().map(|category| category.name).collect();
        found.people.sort_by_key(|person| person.id);
        found.transactions.sort_by_key(|transaction| transaction.id);
        found.events.sort_by_key(|event| event.id);
        found.messages.sort_by_key(|message| message.id);
        found
    }

    fn ids(&self) -> impl Iterator<Item = Uuid> {
        let people = self.people.iter().map(|person| person.id);
        let transactions = self.transactions.iter().map(|transaction| transaction.id);
        let events = self.events.iter().map(|event| event.id);
        people.chain(transactions).chain(events).chain(self.messages.iter().map(|message| message.id))
    }
}

/// What is asked of imports here, and the hash of a plan.
const REQUEST: &str = r#"{"by":"a test"}"#;
const HASH: &str = "5ca1ab1e";

pub(super) fn now() -> Timestamp {
    Timestamp::from_microseconds(1_779_710_400_000_000)
}

pub(super) fn announcement(policy: &Policy) -> Announcement {
    Announcement {
        section: "people".to_owned(),
        request: REQUEST.to_owned(),
        fingerprint: None,
        since: Uuid::now_v7(),
        idempotency_key: None,
        file: File::default(),
        duplicates: policy.duplicates,
        categories: policy.categories.clone(),
    }
}

pub(super) fn summary() -> Summary {
    Summary {
        section: "people".to_owned(),
        file: File::default(),
        counts: Counts::default(),
        skips: Vec::new(),
        ignored: Vec::new(),
        columns: Vec::new(),
        finished_at: now(),
        details: "{}".to_owned(),
    }
}

fn all() -> PageRequest {
    PageRequest::first(1_000, None)
}

fn of_contact(contact: &Contact) -> Fields {
    contact.fields().into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

fn of_terms(stage: Stage, terms: &Terms) -> Fields {
    let mut fields: Fields = [
        ("stage".to_owned(), stage.name().to_owned()),
        ("value".to_owned(), terms.value.to_string()),
        ("probability".to_owned(), terms.probability.to_string()),
    ]
    .into();
    fields.extend(terms.more_info.iter().map(|text| ("moreInfo".to_owned(), text.clone())));
    fields
}

fn of_event(title: &str, day: Day, owner: Uuid) -> Fields {
    [
        ("title".to_owned(), title.to_owned()),
        ("startsOn".to_owned(), day.to_string()),
        ("owner".to_owned(), owner.to_string()),
    ]
    .into()
}

fn stage_named(name: &str) -> Stage {
    Stage::ALL.into_iter().find(|stage| stage.name() == name).expect("a stage")
}

fn value_of(row: &Incoming, field: &str) -> Option<String> {
    row.custom.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
}

fn custom(layer: &str, name: &str, fields: &BTreeMap<String, Option<String>>) -> Vec<CustomValueInput> {
    let input =
        |value: &Option<String>| CustomValueInput { field: NameOrId::Name(name.to_owned()), value: value.clone() };
    fields.get(layer).map(input).into_iter().collect()
}

/// What is done about rows, which does not depend on what their records do not take; with what new records hold, or without.
fn deeds(decisions: &[Decision], with_made: bool) -> Vec<Decision> {
    let deed = |decision: &Decision| {
        let made = if with_made { decision.made.clone() } else { Vec::new() };
        Decision { made, not_taken: Vec::new(), ..decision.clone() }
    };
    decisions.iter().map(deed).collect()
}
