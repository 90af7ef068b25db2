//! Transactions: reading, creating and moving them from stage to stage.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::derived::{self, own_lines, text_of_transaction, transaction_with_custom_text};
pub use crate::entity::transaction_stages::Model as Step;
pub use crate::entity::transactions::{Model as Transaction, Stage};
use crate::entity::{transaction_managers, transaction_stages, transactions};
use crate::error::{Error, Result};
use crate::filter::of_view;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::item::ItemKind;
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::custom_fields::Target;
use crate::query::custom_values::{self, CustomValueInput};
use crate::query::firing::Firing;
use crate::query::people::{self, NewPerson, Person};
use crate::query::upsert::{self, MatchPolicy};
use crate::query::{categories, edits, firing, users};
use crate::reading::Load;
use crate::record::{self, CHILD, IDS_A_STATEMENT, PARENT, recorded};
use crate::text::plain;
use crate::value::{Decimal, Timestamp};
use crate::view::View;

/// How many users may manage a transaction.
const MANAGERS_LIMIT: usize = 100;

/// The largest more info, in bytes.
const MORE_INFO_LIMIT: usize = 1 << 20;

/// What makes a transaction.
#[derive(Clone, Debug)]
pub struct NewTransaction {
    /// With whom.
    pub person: PersonRef,
    /// Where it begins.
    pub stage: Stage,
    /// What, how likely, and more.
    pub terms: Terms,
    /// The users who manage it.
    pub managers: Vec<Uuid>,
    /// The names of its categories; those that are not there are made.
    pub categories: Vec<String>,
    /// The values of custom fields.
    pub custom_values: Vec<CustomValueInput>,
    /// The event template that is fired on it.
    pub event_template: Option<Uuid>,
}

/// A change of a transaction.
#[derive(Clone, Debug)]
pub struct TransactionEdit {
    /// Which one it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The stage that it shall be in, or `None` to leave it.
    pub stage: Option<Stage>,
    /// The users who shall manage it, or `None` to leave them.
    pub managers: Option<Vec<Uuid>>,
    /// The categories that it shall be in, or `None` to leave them.
    pub categories: Option<Vec<String>>,
    /// The custom values that it changes; the others stay.
    pub custom_values: Vec<CustomValueInput>,
}

/// What a transaction is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What it is worth.
    pub value: Decimal,
    /// How likely it is, 0 to 1.
    pub probability: Decimal,
    /// More about it.
    pub more_info: Option<String>,
}

/// With whom a new transaction is.
#[derive(Clone, Debug)]
pub enum PersonRef {
    /// With the person of this id.
    Id(Uuid),
    /// With a new person, whoever is there already.
    New(NewPerson),
    /// With the person who is there already, and who then gets what [`MatchPolicy`] says; else with a new person.
    Known(NewPerson, MatchPolicy),
}

recorded!(transactions, "transaction", by SortKey sort_key, keeps CreatedBy, PersonId);

impl Terms {
    /// The terms as they may be stored. Errors: [`Error::Invalid`] for a probability outside 0 to 1 and for a text
    /// over its limit.
    pub fn cleaned(self) -> Result<Self> {
        let Self { value, probability, more_info } = self;
        if !(Decimal::ZERO..=Decimal::ONE).contains(&probability) {
            let reason = format!("a probability lies between 0 and 1, and {probability} does not; write 25 % as 0.25");
            return Err(Error::invalid("probability", reason));
        }
        let more_info = more_info.map(|text| plain(&text).into_owned()).filter(|text| !text.trim().is_empty());
        if let Some(size) = more_info.as_ref().map(String::len).filter(|size| *size > MORE_INFO_LIMIT) {
            let reason = format!("moreInfo has {size} bytes, and {MORE_INFO_LIMIT} is the most");
            return Err(Error::invalid("moreInfo", reason));
        }
        Ok(Self { value, probability, more_info })
    }
}

impl Transaction {
    /// What it is about.
    pub fn terms(&self) -> Terms {
        Terms { value: self.value, probability: self.probability, more_info: self.more_info.clone() }
    }
}

/// A page of the transactions of a view. Errors: as [`people::list`].
pub async fn list(reader: &Reader, view: &View, order: Order, request: &PageRequest) -> Result<Page<Transaction>> {
    let scope = reader.scope_for(Load::of(view));
    let query = of_view::<transactions::Entity>(&scope, view).await?;
    record::listed(&scope, query, order, request).await
}

/// A page of the transactions of each of these people, in one stage or in all.
pub async fn of_people(
    reader: &Reader,
    people: &[Uuid],
    stage: Option<Stage>,
    order: Order,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<Transaction>>> {
    use transactions::Column::{PersonId, Stage};
    let scope = reader.scope_for(Load::of_pages(people.len(), request));
    let mut query = live(&scope);
    if let Some(stage) = stage {
        query = query.filter(Stage.eq(stage));
    }
    let mut pages = HashMap::new();
    for people in people.chunks(IDS_A_STATEMENT) {
        let pairs = record::alive::<transactions::Entity>(scope.account)
            .select_only()
            .expr_as(PersonId.into_expr(), PARENT)
            .expr_as(transactions::Column::Id.into_expr(), CHILD)
            .filter(PersonId.is_in(people.iter().copied()))
            .into_query();
        pages.extend(record::children(&scope, query.clone(), pairs, order, request).await?);
    }
    Ok(pages)
}

/// How many transactions a view holds.
pub async fn count(reader: &Reader, view: &View) -> Result<u64> {
    let scope = reader.scope_for(Load::of_count(view));
    let query = of_view::<transactions::Entity>(&scope, view).await?;
    super::count(&scope, query).await
}

/// The transactions with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Transaction>> {
    record::by_ids::<transactions::Entity>(&reader.scope(), ids).await
}

/// Makes a transaction, and its person where [`PersonRef`] says so.
///
/// Errors: [`Error::NotFound`] for a person or an event template that is not there, [`Error::Invalid`].
pub async fn create(writer: &Writer, new: NewTransaction) -> Result<Transaction> {
    let new = &new;
    writer
        .write(|unit| async move {
            let NewTransaction { person, stage, terms, managers, categories, custom_values, event_template } =
                new.clone();
            let terms = terms.cleaned()?;
            let values = custom_values::check(&unit, Target::Transaction, &custom_values).await?;
            let person = resolve(&unit, person).await?;
            let transaction = new_row(&unit, &person, stage, terms);
            let transaction = transaction_with_custom_text(transaction, custom_values::text_of_new(&values));
            let id = transaction.id;
            write(&unit, vec![transaction.clone()]).await?;
            custom_values::set(&unit, id, &values).await?;
            log_steps(&unit, &[Came::of(&transaction)]).await?;
            set_managers(&unit, id, &managers).await?;
            categories::set(&unit, ItemKind::Transaction.item(id), &categories).await?;
            unit.publish(Noun::Transaction, Verb::Created, id).await?;
            if let Some(template) = event_template {
                firing::fire_in(&unit, &Firing::of_new(template, firing::Target::Transaction(id))).await?;
            }
            Ok(transaction)
        })
        .await
}

/// Changes a transaction: `edit` gets the terms as they are.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale, [`Error::Invalid`].
pub async fn update(writer: &Writer, change: TransactionEdit, edit: impl Fn(&mut Terms) + Sync) -> Result<Transaction> {
    let (change, edit) = (&change, &edit);
    writer
        .write(|unit| async move {
            let TransactionEdit { id, version, stage, managers, categories, custom_values } = change;
            let values = custom_values::check(&unit, Target::Transaction, custom_values).await?;
            let transaction = record::for_change::<transactions::Entity>(&unit, *id, *version).await?;
            let transaction = give(&unit, transaction, &values).await?;
            let mut terms = transaction.terms();
            edit(&mut terms);
            let (before, after) = (transaction.stage, stage.unwrap_or(transaction.stage));
            let transaction = save(&unit, transaction, after, terms.cleaned()?).await?;
            if before != after {
                log_steps(&unit, &[Came::of(&transaction)]).await?;
            }
            if let Some(managers) = managers {
                set_managers(&unit, *id, managers).await?;
            }
            if let Some(names) = categories {
                categories::set(&unit, ItemKind::Transaction.item(*id), names).await?;
            }
            unit.publish(Noun::Transaction, Verb::Updated, *id).await?;
            Ok(transaction)
        })
        .await
}

/// Moves a transaction to a stage. Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn move_to(writer: &Writer, id: Uuid, stage: Stage, version: Option<i64>) -> Result<Transaction> {
    writer
        .write(|unit| async move {
            let transaction = record::for_change::<transactions::Entity>(&unit, id, version).await?;
            if transaction.stage == stage {
                return Ok(transaction);
            }
            let terms = transaction.terms();
            let moved = save(&unit, transaction, stage, terms).await?;
            log_steps(&unit, &[Came::of(&moved)]).await?;
            unit.publish(Noun::Transaction, Verb::Moved, id).await?;
            Ok(moved)
        })
        .await
}

/// Puts a transaction into the trash; its person, events and messages stay.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<transactions::Entity>(&unit, id, version).await?;
            derived::transaction_changed(&unit, &[id]).await?;
            unit.publish(Noun::Transaction, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// The steps of each of these transactions from stage to stage, the first one first.
pub async fn steps_of(reader: &Reader, transactions: &[Uuid]) -> Result<HashMap<Uuid, Vec<Step>>> {
    use transaction_stages::{Column, Entity};
    let scope = reader.scope();
    let mut steps: HashMap<_, Vec<_>> = HashMap::new();
    for ids in transactions.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let query = query.filter(Column::UndoneAt.is_null()).filter(Column::TransactionId.is_in(ids.iter().copied()));
        for step in query.all(&scope.on).await? {
            steps.entry(step.transaction_id).or_default().push(step);
        }
    }
    for steps in steps.values_mut() {
        // The ids of two gateways need not be in the order of their moments.
        steps.sort_by_key(|step| (step.created_at, step.id));
    }
    Ok(steps)
}

/// The ids of the users who manage each of these transactions.
pub async fn managers_of(reader: &Reader, transactions: &[Uuid]) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    use transaction_managers::{Column, Entity};
    let scope = reader.scope();
    let mut managers: HashMap<_, Vec<_>> = HashMap::new();
    for ids in transactions.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        for row in query.filter(Column::TransactionId.is_in(ids.iter().copied())).all(&scope.on).await? {
            managers.entry(row.transaction_id).or_default().push(row.user_id);
        }
    }
    Ok(managers)
}

/// A transaction that came into a stage, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub(crate) transaction: Uuid,
    stage: Stage,
    at: Timestamp,
}

impl Came {
    /// A transaction that its last change made or moved.
    pub(crate) fn of(transaction: &Transaction) -> Self {
        Self { transaction: transaction.id, stage: transaction.stage, at: transaction.updated_at }
    }
}

/// Notes down that transactions came into stages.
pub(crate) async fn log_steps(unit: &Unit, steps: &[Came]) -> Result<()> {
    log_steps_by(unit, steps, None).await
}

/// As [`log_steps`], of transactions that an import moves, which an undo takes back.
pub(crate) async fn log_steps_by(unit: &Unit, steps: &[Came], import: Option<Uuid>) -> Result<()> {
    for steps in steps.chunks(IDS_A_STATEMENT) {
        let rows = steps.iter().map(|Came { transaction, stage, at }| transaction_stages::ActiveModel {
            account_id: Set(unit.account),
            id: Set(Uuid::now_v7()),
            transaction_id: Set(*transaction),
            stage: Set(*stage),
            user_id: Set(unit.user()),
            created_at: Set(*at),
            import_id: Set(import),
            undone_at: Set(None),
        });
        transaction_stages::Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

/// Makes these users, and no others, the managers of a transaction. Errors: [`Error::NotFound`] for a user who is not
/// there.
async fn set_managers(unit: &Unit, transaction: Uuid, managers: &[Uuid]) -> Result<()> {
    use transaction_managers::{ActiveModel, Column, Entity};
    if managers.len() > MANAGERS_LIMIT {
        let reason = format!("{} managers are given, and {MANAGERS_LIMIT} is the most", managers.len());
        return Err(Error::invalid("managers", reason));
    }
    users::check(unit, managers).await?;
    Entity::delete_many()
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::TransactionId.eq(transaction))
        .exec(unit.on())
        .await?;
    let managers: BTreeSet<_> = managers.iter().copied().collect();
    if managers.is_empty() {
        return Ok(());
    }
    let rows = managers.into_iter().map(|user| ActiveModel {
        account_id: Set(unit.account),
        user_id: Set(user),
        transaction_id: Set(transaction),
    });
    Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    Ok(())
}

/// Makes a user one of the managers of new transactions. That the user is there is the caller's to check.
pub(crate) async fn add_managers(unit: &Unit, user: Uuid, transactions: impl Iterator<Item = Uuid>) -> Result<()> {
    use transaction_managers::{ActiveModel, Entity};
    let transactions: Vec<_> = transactions.collect();
    for transactions in transactions.chunks(IDS_A_STATEMENT) {
        let rows = transactions.iter().map(|transaction| ActiveModel {
            account_id: Set(unit.account),
            user_id: Set(user),
            transaction_id: Set(*transaction),
        });
        Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

/// The row of a new transaction; it is not inserted.
pub(crate) fn new_row(unit: &Unit, person: &Person, stage: Stage, terms: Terms) -> Transaction {
    let Terms { value, probability, more_info } = terms;
    Transaction {
        account_id: unit.account,
        id: Uuid::now_v7(),
        person_id: person.id,
        stage,
        value,
        probability,
        sort_key: person.sort_key.clone(),
        custom_text: String::new(),
        search_text: text_of_transaction(person, more_info.as_deref(), ""),
        more_info,
        created_by: unit.user(),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        deleted_at: None,
    }
}

/// A transaction in a stage and with cleaned terms, at the next version; nothing is written.
pub(crate) fn changed(unit: &Unit, transaction: Transaction, stage: Stage, terms: Terms) -> Transaction {
    let Terms { value, probability, more_info } = terms;
    let own = own_lines(transaction.more_info.as_deref(), &transaction.custom_text);
    let person_lines = transaction.search_text.strip_suffix(&own).unwrap_or(&transaction.search_text);
    let search_text = format!("{person_lines}{}", own_lines(more_info.as_deref(), &transaction.custom_text));
    Transaction {
        stage,
        value,
        probability,
        more_info,
        search_text,
        version: transaction.version + 1,
        updated_at: unit.after(transaction.updated_at),
        ..transaction
    }
}

/// Stores a transaction that somebody puts into a stage and gives cleaned terms.
///
/// Errors: [`Error::Conflict`] where it is not at the version that was read.
async fn save(unit: &Unit, transaction: Transaction, stage: Stage, terms: Terms) -> Result<Transaction> {
    let before = edits::of_transaction(&transaction);
    let stored = changed(unit, transaction, stage, terms);
    write(unit, vec![stored.clone()]).await?;
    edits::note_differences(unit, stored.id, stored.version, &before, &edits::of_transaction(&stored)).await?;
    Ok(stored)
}

/// Writes transactions in one statement: what is not there is inserted, what is there is updated from the version before.
///
/// Errors: [`Error::Conflict`] where one is not at the version before.
pub(crate) async fn write(unit: &Unit, transactions: Vec<Transaction>) -> Result<()> {
    record::write::<transactions::Entity>(unit, transactions).await
}

/// Gives a transaction custom values, and gives it as those leave it; the row is for the caller to write.
async fn give(unit: &Unit, transaction: Transaction, values: &[custom_values::Checked]) -> Result<Transaction> {
    if values.is_empty() {
        return Ok(transaction);
    }
    let id = transaction.id;
    custom_values::edit(unit, id, transaction.version + 1, values).await?;
    let custom_text = derived::custom_texts(unit, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(transaction_with_custom_text(transaction, custom_text))
}

/// The live transactions of the account.
pub(crate) fn live(scope: &Scope<'_>) -> Select<transactions::Entity> {
    record::live(scope)
}

async fn resolve(unit: &Unit, person: PersonRef) -> Result<Person> {
    match person {
        PersonRef::Id(id) => people::for_update(unit, id).await,
        PersonRef::New(new) => people::create_in(unit, new).await,
        PersonRef::Known(new, policy) => upsert::find_or_create_in(unit, new, policy).await,
    }
}
