//! Transactions: reading, creating and moving them from stage to stage.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::contact::Contact;
use crate::entity::transactions;
pub use crate::entity::transactions::{Model as Transaction, Stage};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::import::Candidates;
use crate::outbox::Topic;
use crate::page::{Listed, Order, Page, PageRequest, SortKey, page, paged};
use crate::query::categories;
use crate::query::people::{self, NewPerson, Person, check_version, check_written, on_version_before};
use crate::value::Decimal;
use crate::view::View;

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
    /// The names of its categories; those that are not there are made.
    pub categories: Vec<String>,
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
    /// With the person who matches by the import's keys, whose empty fields are filled; else with a new person.
    Merged(NewPerson),
}

impl Listed for transactions::Entity {
    fn id() -> Self::Column {
        transactions::Column::Id
    }

    fn sort_column(key: SortKey) -> Self::Column {
        match key {
            SortKey::Name => transactions::Column::SortKey,
            SortKey::Created => transactions::Column::CreatedAt,
            SortKey::Updated => transactions::Column::UpdatedAt,
        }
    }
}

impl Terms {
    /// The terms as they may be stored. Errors: [`Error::Invalid`] for a probability outside 0 to 1 and for a text
    /// over its limit.
    pub fn cleaned(self) -> Result<Self> {
        let Self { value, probability, more_info } = self;
        if !(Decimal::ZERO..=Decimal::ONE).contains(&probability) {
            let reason = format!("a probability lies between 0 and 1, and {probability} does not; write 25 % as 0.25");
            return Err(Error::invalid("probability", reason));
        }
        let more_info = more_info.map(|text| text.replace('\0', "")).filter(|text| !text.trim().is_empty());
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
    let scope = reader.scope();
    let query = paged(of_view(&scope, view).await?, order, request).ok_or_else(super::wrong_cursor)?;
    Ok(page(query.all(&scope.on).await?, request))
}

/// How many transactions a view holds.
pub async fn count(reader: &Reader, view: &View) -> Result<u64> {
    let scope = reader.scope();
    let query = of_view(&scope, view).await?;
    super::count(&scope, query).await
}

/// The transactions with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Transaction>> {
    let scope = reader.scope();
    Ok(live(&scope).filter(transactions::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?)
}

/// Makes a transaction, and its person where [`PersonRef`] says so.
///
/// Errors: [`Error::NotFound`] for a person who is not there, [`Error::Invalid`].
pub async fn create(writer: &Writer, new: NewTransaction) -> Result<Transaction> {
    let new = &new;
    writer
        .write(|unit| async move {
            let NewTransaction { person, stage, terms, categories } = new.clone();
            let terms = terms.cleaned()?;
            categories::check_count(&categories)?;
            let person = resolve(&unit, person).await?;
            let transaction = new_row(&unit, &person, stage, terms);
            write(&unit, vec![transaction.clone()]).await?;
            let ids = categories::ensure(&unit, categories.iter().map(String::as_str)).await?;
            let pairs: Vec<_> = ids.into_values().map(|category| (transaction.id, category)).collect();
            categories::add_transactions(&unit, &pairs).await?;
            unit.publish(Topic::TransactionCreated, transaction.id).await?;
            Ok(transaction)
        })
        .await
}

/// Moves a transaction to a stage. Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn move_to(writer: &Writer, id: Uuid, stage: Stage, version: Option<i64>) -> Result<Transaction> {
    writer
        .write(|unit| async move {
            let scope = unit.locking_scope();
            let found = live(&scope).filter(transactions::Column::Id.eq(id)).one(&scope.on).await?;
            let transaction = found.ok_or(Error::NotFound { what: "transaction" })?;
            check_version(version, transaction.version)?;
            if transaction.stage == stage {
                return Ok(transaction);
            }
            let terms = transaction.terms();
            let moved = changed(&unit, transaction, stage, terms);
            write(&unit, vec![moved.clone()]).await?;
            unit.publish(Topic::TransactionMoved, id).await?;
            Ok(moved)
        })
        .await
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
        search_text: search_text(person, more_info.as_deref()),
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
    let person_lines = match &transaction.more_info {
        Some(old) => transaction.search_text.strip_suffix(&info_line(old)).unwrap_or(&transaction.search_text),
        None => &transaction.search_text,
    };
    let search_text = with_info(person_lines, more_info.as_deref());
    Transaction {
        stage,
        value,
        probability,
        more_info,
        search_text,
        version: transaction.version + 1,
        updated_at: unit.now,
        ..transaction
    }
}

/// Writes transactions in one statement: what is not there is inserted, what is there is updated from the version before.
///
/// Errors: [`Error::Conflict`] where one is not at the version before.
pub(crate) async fn write(unit: &Unit, transactions: Vec<Transaction>) -> Result<()> {
    use transactions::Column::{
        AccountId, Id, MoreInfo, Probability, SearchText, SortKey, Stage, UpdatedAt, Value, Version,
    };
    if transactions.is_empty() {
        return Ok(());
    }
    let count = transactions.len();
    let updated = [Stage, Value, Probability, MoreInfo, SortKey, SearchText, Version, UpdatedAt];
    let on_conflict = on_version_before(transactions::Entity, [AccountId, Id], Version, updated.into_iter());
    let written = transactions::Entity::insert_many(transactions.into_iter().map(transactions::ActiveModel::from))
        .on_conflict(on_conflict)
        .exec_without_returning(unit.on())
        .await?;
    check_written(written, count)
}

/// Gives the transactions of people the keys that follow from the people; they count as unchanged. Only the keys are
/// written, and the rows are locked: somebody may be moving one at this moment.
pub(crate) async fn renew_keys(unit: &Unit, people: &[&Person]) -> Result<()> {
    use transactions::Column::{AccountId, Id, PersonId, SearchText, SortKey};
    let people: HashMap<_, _> = people.iter().map(|person| (person.id, *person)).collect();
    let of_people = transactions::Entity::find()
        .filter(AccountId.eq(unit.account))
        .filter(PersonId.is_in(people.keys().copied()))
        .lock_exclusive();
    let mut stale = Vec::new();
    for transaction in of_people.all(unit.on()).await? {
        let person = people[&transaction.person_id];
        let search_text = search_text(person, transaction.more_info.as_deref());
        if transaction.sort_key != person.sort_key || transaction.search_text != search_text {
            stale.push(Transaction { sort_key: person.sort_key.clone(), search_text, ..transaction });
        }
    }
    for stale in stale.chunks(crate::import::BATCH) {
        // They are all there, so every one of them meets the conflict.
        let keys = OnConflict::columns([AccountId, Id]).update_columns([SortKey, SearchText]).to_owned();
        transactions::Entity::insert_many(stale.iter().cloned().map(transactions::ActiveModel::from))
            .on_conflict(keys)
            .exec_without_returning(unit.on())
            .await?;
    }
    Ok(())
}

/// The live transactions of the account: the one place that leaves out the trash.
pub(crate) fn live(scope: &Scope<'_>) -> Select<transactions::Entity> {
    let live = transactions::Entity::find()
        .filter(transactions::Column::AccountId.eq(scope.account))
        .filter(transactions::Column::DeletedAt.is_null());
    scope.held(live)
}

async fn of_view(scope: &Scope<'_>, view: &View) -> Result<Select<transactions::Entity>> {
    let View { search, category, stage, person } = view;
    let mut query = live(scope);
    if let Some(stage) = stage {
        query = query.filter(transactions::Column::Stage.eq(*stage));
    }
    if let Some(person) = person {
        query = query.filter(transactions::Column::PersonId.eq(*person));
    }
    if !search.is_empty() {
        query = query.filter(search.condition(transactions::Column::SearchText));
    }
    if let Some(category) = category {
        query = query.filter(categories::holds_transaction(scope, categories::find(scope, category).await?));
    }
    Ok(query)
}

async fn resolve(unit: &Unit, person: PersonRef) -> Result<Person> {
    match person {
        PersonRef::Id(id) => people::for_update(unit, id).await,
        PersonRef::New(new) => people::create_in(unit, new).await,
        PersonRef::Merged(new) => merge(unit, new).await,
    }
}

/// The match of a new person with its empty fields filled, or the new person.
async fn merge(unit: &Unit, new: NewPerson) -> Result<Person> {
    let contact = new.contact.clone().cleaned()?;
    let keys = contact.keys();
    let candidates = Candidates::load(&unit.scope(), &[], std::slice::from_ref(&keys)).await?;
    let Some((found, _)) = candidates.find(None, &keys, |_| true) else {
        return people::create_in(unit, new).await;
    };
    let person = people::for_update(unit, found.person.id).await?;
    let filled = filled(person.contact(), contact);
    if filled == person.contact() {
        return Ok(person);
    }
    let person = people::save(unit, &person, filled).await?;
    unit.publish(Topic::PersonUpdated, person.id).await?;
    Ok(person)
}

/// A contact whose empty fields are filled from another.
pub(crate) fn filled(mut contact: Contact, mut from: Contact) -> Contact {
    for ((_, field), (_, other)) in contact.fields_mut().into_iter().zip(from.fields_mut()) {
        if field.is_none() {
            *field = other.take();
        }
    }
    contact
}

fn search_text(person: &Person, more_info: Option<&str>) -> String {
    with_info(&person.search_text, more_info)
}

fn with_info(person_lines: &str, more_info: Option<&str>) -> String {
    match more_info {
        Some(info) => format!("{person_lines}{}", info_line(info)),
        None => person_lines.to_owned(),
    }
}

fn info_line(info: &str) -> String {
    format!("\n{}", fold(info))
}
