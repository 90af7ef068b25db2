//! Random histories of an account: what is drawn, and how it is done. Numbers mean the n-th of what is there at that moment, so
//! that a shorter history stays one.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use storage::import::{Duplicates, Incoming, IncomingTerms, Policy, Target};
use storage::query::events::Progress;
use storage::query::transactions::Stage;
use storage::{Contact, Decimal, ItemKind};
use uuid::Uuid;

use super::account::{Account, DEAL, Plan, SIZE, SIZES};

/// What happens, and which of the two users does it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    by: usize,
    deed: Deed,
}

#[derive(Clone, Debug)]
enum Deed {
    Import(Box<Upload>),
    /// An import that is undone and put back at once.
    ThereAndBack(Box<Upload>),
    Undo(usize),
    Redo(usize),
    NewPerson(Box<Contact>, Vec<String>),
    NewTransaction {
        person: usize,
        stage: Stage,
        value: i64,
    },
    NewEvent {
        on: usize,
        title: &'static str,
    },
    NewMessage {
        on: usize,
        title: &'static str,
    },
    EditPerson {
        person: usize,
        fields: Edits,
        categories: Option<Vec<String>>,
    },
    EditTransaction {
        transaction: usize,
        fields: Edits,
    },
    Move {
        transaction: usize,
        stage: Stage,
    },
    EditEvent {
        event: usize,
        title: &'static str,
    },
    Complete {
        event: usize,
        progress: Progress,
    },
    AddItem {
        item: usize,
        category: &'static str,
    },
    RemoveItem {
        item: usize,
        category: &'static str,
    },
    Delete {
        kind: ItemKind,
        item: usize,
    },
    DeleteCategory(&'static str),
    RenameOption {
        option: usize,
        name: &'static str,
    },
}

type Edits = BTreeMap<&'static str, Option<&'static str>>;

/// A file and how it is imported.
#[derive(Clone, Debug)]
struct Upload {
    target: Target,
    duplicates: Duplicates,
    categories: Vec<String>,
    defaults: IncomingTerms,
    owner: Option<usize>,
    has_template: bool,
    rows: Vec<Row>,
    at_once: usize,
    plan: Plan,
}

#[derive(Clone, Debug)]
struct Row {
    id: Option<Reference>,
    person_id: Option<Reference>,
    contact: Contact,
    foreign_notes: Option<String>,
    categories: Vec<String>,
    terms: IncomingTerms,
    size: Option<&'static str>,
    deal: Option<&'static str>,
}

/// The id of a live record, or of one in another account.
#[derive(Clone, Copy, Debug)]
enum Reference {
    Live(usize),
    Foreign(u8),
}

const NAMES: [&str; 3] = ["Ada", "Bob", "Zoë"];
const COMPANIES: [&str; 2] = ["Acme", "Umbrella"];
const EMAILS: [&str; 3] = ["a@e.example", "b@e.example", "c@e.example"];
const PHONES: [&str; 2] = ["+1 555", "0800-7"];
const CITIES: [&str; 2] = ["Köln", "Rome"];
const TITLES: [&str; 3] = ["Lunch", "Visit", "Contract"];
const CATEGORIES: [&str; 3] = ["Press", "VIP", "Fair"];
/// What options are called later; two of them are the same but for case.
const OPTIONS: [&str; 4] = ["small", "Small", "LARGE", "XL"];
const STAGES: [Stage; 3] = [Stage::Lead, Stage::Customer, Stage::Archive];

/// A history of 10 to 25 steps.
pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    vec((0..2_usize, deed()).prop_map(|(by, deed)| Step { by, deed }), 10..=25)
}

fn deed() -> impl Strategy<Value = Deed> {
    let any_of = 0..64_usize;
    let title = || select(TITLES.as_slice());
    let category = || select(CATEGORIES.as_slice());
    let stage = || select(STAGES.as_slice());
    let edit_person = (any_of.clone(), edits(&PERSON_FIELDS), of(categories()))
        .prop_map(|(person, fields, categories)| Deed::EditPerson { person, fields, categories });
    let makes = prop_oneof![
        2 => (contact(), categories()).prop_map(|(contact, categories)| Deed::NewPerson(Box::new(contact), categories)),
        2 => (any_of.clone(), stage(), 0..3_i64)
            .prop_map(|(person, stage, value)| Deed::NewTransaction { person, stage, value: value * 10_000 }),
        1 => (any_of.clone(), title()).prop_map(|(on, title)| Deed::NewEvent { on, title }),
        1 => (any_of.clone(), title()).prop_map(|(on, title)| Deed::NewMessage { on, title }),
    ];
    let changes = prop_oneof![
        4 => edit_person,
        2 => (any_of.clone(), edits(&TRANSACTION_FIELDS))
            .prop_map(|(transaction, fields)| Deed::EditTransaction { transaction, fields }),
        2 => (any_of.clone(), stage()).prop_map(|(transaction, stage)| Deed::Move { transaction, stage }),
        1 => (any_of.clone(), title()).prop_map(|(event, title)| Deed::EditEvent { event, title }),
        1 => (any_of.clone(), select([Progress::Open, Progress::Complete].as_slice()))
            .prop_map(|(event, progress)| Deed::Complete { event, progress }),
        2 => (any_of.clone(), category()).prop_map(|(item, category)| Deed::AddItem { item, category }),
        2 => (any_of.clone(), category()).prop_map(|(item, category)| Deed::RemoveItem { item, category }),
        2 => (any_of.clone(), select(OPTIONS.as_slice())).prop_map(|(option, name)| Deed::RenameOption { option, name }),
    ];
    let deletes = prop_oneof![
        6 => (select(ItemKind::ALL.as_slice()), any_of.clone()).prop_map(|(kind, item)| Deed::Delete { kind, item }),
        1 => category().prop_map(Deed::DeleteCategory),
    ];
    prop_oneof![
        10 => upload().prop_map(|upload| Deed::Import(Box::new(upload))),
        2 => upload().prop_map(|upload| Deed::ThereAndBack(Box::new(upload))),
        8 => any_of.clone().prop_map(Deed::Undo),
        5 => any_of.prop_map(Deed::Redo),
        3 => makes,
        6 => changes,
        2 => deletes,
    ]
}

/// Fields with what they may hold. The custom field goes by its name here, not by its id.
const PERSON_FIELDS: [(&str, &[&str]); 6] = [
    ("name", &NAMES),
    ("company", &COMPANIES),
    ("email", &EMAILS),
    ("phone", &PHONES),
    ("city", &CITIES),
    (SIZE, &SIZES),
];
const TRANSACTION_FIELDS: [(&str, &[&str]); 4] =
    [("value", &["0", "1", "2"]), ("moreInfo", &TITLES), (DEAL, &SIZES), ("stage", &["lead", "customer", "archive"])];

fn edits(fields: &'static [(&'static str, &'static [&'static str])]) -> impl Strategy<Value = Edits> {
    let field = select(fields).prop_flat_map(|(name, values)| {
        let may_be_empty = !matches!(name, "value" | "stage");
        (Just(name), of(select(values)).prop_map(move |value| value.or((!may_be_empty).then_some(values[0]))))
    });
    vec(field, 1..=3).prop_map(|fields| fields.into_iter().collect())
}

fn contact() -> impl Strategy<Value = Contact> {
    let one = |values: &'static [&'static str]| of(select(values).prop_map(ToOwned::to_owned));
    let parts = (one(&NAMES), one(&COMPANIES), one(&EMAILS), one(&PHONES), one(&CITIES), one(&TITLES));
    parts.prop_map(|(name, company, email, phone, city, notes)| {
        let nobody = name.is_none() && company.is_none() && email.is_none() && phone.is_none();
        let name = if nobody { Some(NAMES[0].to_owned()) } else { name };
        Contact { name, company, email, phone, city, notes, ..Contact::default() }
    })
}

fn categories() -> impl Strategy<Value = Vec<String>> {
    vec(select(CATEGORIES.as_slice()).prop_map(ToOwned::to_owned), 0..=2)
}

fn terms() -> impl Strategy<Value = IncomingTerms> {
    let number = |scaled: i64| Decimal::from_scaled(scaled);
    let parts =
        (of((0..3_i64).prop_map(move |n| number(n * 10_000))), of((0..3_i64).prop_map(move |n| number(n * 2_500))));
    (parts, of(select(TITLES.as_slice()))).prop_map(|((value, probability), more_info)| IncomingTerms {
        value,
        probability,
        more_info: more_info.map(ToOwned::to_owned),
    })
}

fn row() -> impl Strategy<Value = Row> {
    let reference = || {
        prop_oneof![
            6 => Just(None),
            2 => (0..64_usize).prop_map(|number| Some(Reference::Live(number))),
            1 => (0..3_u8).prop_map(|number| Some(Reference::Foreign(number))),
        ]
    };
    let foreign = of(Just("Birthday: 1 May".to_owned()));
    let custom = (of(select(SIZES.as_slice())), of(select(SIZES.as_slice())));
    (reference(), reference(), contact(), foreign, categories(), terms(), custom).prop_map(
        |(id, person_id, contact, foreign_notes, categories, terms, (size, deal))| Row {
            id,
            person_id,
            contact,
            foreign_notes,
            categories,
            terms,
            size,
            deal,
        },
    )
}

fn upload() -> impl Strategy<Value = Upload> {
    let target = prop_oneof![Just(Target::People), select(STAGES.as_slice()).prop_map(Target::Stage)];
    let duplicates = select([Duplicates::Ignore, Duplicates::Replace, Duplicates::Merge].as_slice());
    let plan =
        prop_oneof![3 => Just(Plan::None), 1 => Just(Plan::Rehearsed), 1 => Just(Plan::Kept), 1 => Just(Plan::Stale)];
    let has_template = prop_oneof![3 => Just(false), 1 => Just(true)];
    let policy = (target, duplicates, categories(), terms(), of(0..2_usize), has_template);
    (policy, vec(row(), 1..=5), 1..=5_usize, plan).prop_map(
        |((target, duplicates, categories, defaults, owner, has_template), rows, at_once, plan)| Upload {
            target,
            duplicates,
            categories,
            defaults,
            owner,
            has_template,
            rows,
            at_once,
            plan,
        },
    )
}

/// Does all steps, and compares the account with its model after each. Answers how many steps there were.
pub(super) async fn run(account: &mut Account, history: &[Step]) -> usize {
    for step in history {
        step.run(account).await;
        account.check().await;
    }
    account.check_search().await;
    history.len()
}

impl Step {
    #[expect(clippy::too_many_lines, reason = "each deed has its arm")]
    async fn run(&self, account: &mut Account) {
        let by = self.by;
        let kinds = |account: &Account, kinds: &[ItemKind]| -> Vec<Uuid> {
            kinds.iter().flat_map(|kind| account.live(*kind)).collect()
        };
        let subject =
            |account: &Account, number| nth(&kinds(account, &[ItemKind::Person, ItemKind::Transaction]), number);
        match &self.deed {
            Deed::Import(upload) => {
                upload.run(account, by).await;
            }
            Deed::ThereAndBack(upload) => upload.there_and_back(account, by).await,
            Deed::Undo(number) => {
                if let Some(import) = nth(&account.imports(true), *number) {
                    account.undo(by, import).await;
                }
            }
            Deed::Redo(number) => {
                if let Some(import) = nth(&account.imports(false), *number) {
                    account.redo(by, import).await;
                }
            }
            Deed::NewPerson(contact, categories) => {
                account.person(by, Contact::clone(contact), categories).await;
            }
            Deed::NewTransaction { person, stage, value } => {
                if let Some(person) = nth(&account.live(ItemKind::Person), *person) {
                    account.transaction(by, person, *stage, *value).await;
                }
            }
            Deed::NewEvent { on, title } => {
                if let Some(on) = subject(account, *on) {
                    account.event(by, on, title).await;
                }
            }
            Deed::NewMessage { on, title } => {
                if let Some(on) = subject(account, *on) {
                    account.message(by, on, title).await;
                }
            }
            Deed::EditPerson { person, fields, categories } => {
                if let Some(person) = nth(&account.live(ItemKind::Person), *person) {
                    let fields = layers(account, fields);
                    account.edit_person(by, person, &fields, categories.as_deref()).await;
                }
            }
            Deed::EditTransaction { transaction, fields } => {
                if let Some(transaction) = nth(&account.live(ItemKind::Transaction), *transaction) {
                    let fields = layers(account, fields);
                    account.edit_transaction(by, transaction, &fields).await;
                }
            }
            Deed::Move { transaction, stage } => {
                if let Some(transaction) = nth(&account.live(ItemKind::Transaction), *transaction) {
                    account.move_to(by, transaction, *stage).await;
                }
            }
            Deed::EditEvent { event, title } => {
                if let Some(event) = nth(&account.live(ItemKind::Event), *event) {
                    account.edit_event(by, event, title).await;
                }
            }
            Deed::Complete { event, progress } => {
                if let Some(event) = nth(&account.live(ItemKind::Event), *event) {
                    account.complete(by, event, *progress).await;
                }
            }
            Deed::AddItem { item, category } => {
                if let Some(item) = nth(&kinds(account, &ItemKind::ALL), *item) {
                    account.add_item(by, item, category).await;
                }
            }
            Deed::RemoveItem { item, category } => {
                if let Some(item) = nth(&kinds(account, &ItemKind::ALL), *item) {
                    account.remove_item(by, item, category).await;
                }
            }
            Deed::Delete { kind, item } => {
                if let Some(item) = nth(&account.live(*kind), *item) {
                    account.delete(by, item).await;
                }
            }
            Deed::DeleteCategory(name) => account.delete_category(by, name).await,
            Deed::RenameOption { option, name } => account.rename_option(by, *option, name).await,
        }
    }
}

impl Upload {
    async fn run(&self, account: &mut Account, by: usize) -> Option<usize> {
        let Self { target, duplicates, categories, defaults, owner, has_template, rows, at_once, plan } = self;
        let policy = Policy {
            categories: categories.clone(),
            defaults: defaults.clone(),
            owner: owner.map(|owner| account.users[owner]),
            event_template: has_template.then_some(account.template),
            ..Policy::new(*target, *duplicates)
        };
        let rows: Vec<_> = (1..).zip(rows).map(|(number, row)| row.incoming(account, *target, number)).collect();
        account.import(by, &policy, &rows, *at_once, *plan).await
    }

    /// An undo at once leaves everything as it was before the import, and a redo as it was before the undo.
    async fn there_and_back(&self, account: &mut Account, by: usize) {
        let upload = Self { plan: Plan::None, ..self.clone() };
        let (before, has_orphans) = (account.dump().await, account.model.has_orphans());
        let Some(import) = upload.run(account, by).await else { return };
        account.check().await;
        let after = account.dump().await;
        account.undo(by, import).await;
        if !has_orphans {
            assert_eq!(account.dump().await, before, "the undo leaves nothing of the import");
        }
        account.redo(by, import).await;
        if !has_orphans {
            assert_eq!(account.dump().await, after, "the redo leaves nothing of the undo");
        }
    }
}

impl Row {
    fn incoming(&self, account: &Account, target: Target, number: u64) -> Incoming {
        let kind = if target == Target::People { ItemKind::Person } else { ItemKind::Transaction };
        let id = |reference: Option<Reference>, kind| match reference? {
            Reference::Live(number) => nth(&account.live(kind), number),
            Reference::Foreign(number) => Some(Uuid::from_u128(u128::from(number) + 1)),
        };
        let custom = [(SIZE, self.size.map(|size| account.option(size))), (DEAL, self.deal.map(ToOwned::to_owned))];
        let custom = custom.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Incoming {
            row: number,
            line: number + 1,
            id: id(self.id, kind),
            person_id: (target != Target::People).then(|| id(self.person_id, ItemKind::Person)).flatten(),
            contact: self.contact.clone(),
            foreign_notes: self.foreign_notes.clone(),
            categories: self.categories.clone(),
            terms: self.terms.clone(),
            custom: custom.collect(),
            ..Incoming::default()
        }
    }
}

fn nth<T: Copy>(all: &[T], number: usize) -> Option<T> {
    all.get(number.checked_rem(all.len())?).copied()
}

/// Fields by the names of their layers.
fn layers(account: &Account, fields: &Edits) -> BTreeMap<String, Option<String>> {
    let name = |field: &str| match field {
        SIZE => account.size.clone(),
        DEAL => account.deal.clone(),
        field => field.to_owned(),
    };
    let value = |field: &str, value: &str| match field {
        SIZE => account.option(value),
        _ => value.to_owned(),
    };
    fields.iter().map(|(field, held)| (name(field), held.map(|held| value(field, held)))).collect()
}
