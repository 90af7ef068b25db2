//! Categories: named groups, made when they are first needed.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::among;
pub use crate::entity::categories::Model as Category;
use crate::entity::{categories, people, person_categories, transaction_categories, transactions};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit};
use crate::page::{Listed, Order, Page, PageRequest, SortKey, page, paged};
use crate::view::CategoryRef;

/// The longest name of a category, in characters.
const NAME_LIMIT: usize = 500;

/// How many categories an item may be given at once.
const ITEM_LIMIT: usize = 100;

/// What separates names in our CSV and in Google's.
const SEPARATOR: &str = " ::: ";

/// How many ids one statement looks for; SQLite binds 32,766 values at most.
const IDS_A_STATEMENT: usize = 1_000;

impl Listed for categories::Entity {
    fn id() -> Self::Column {
        categories::Column::Id
    }

    fn sort_column(key: SortKey) -> Self::Column {
        match key {
            SortKey::Name => categories::Column::NameKey,
            SortKey::Created => categories::Column::CreatedAt,
            SortKey::Updated => categories::Column::UpdatedAt,
        }
    }
}

/// A page of the categories.
pub async fn list(reader: &Reader, order: Order, request: &PageRequest) -> Result<Page<Category>> {
    let scope = reader.scope();
    let query = paged(live(&scope), order, request).ok_or_else(super::wrong_cursor)?;
    Ok(page(query.all(&scope.on).await?, request))
}

/// The categories with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Category>> {
    let scope = reader.scope();
    Ok(live(&scope).filter(categories::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?)
}

/// How many categories there are.
pub async fn count(reader: &Reader) -> Result<u64> {
    super::count(&reader.scope(), live(&reader.scope())).await
}

/// The categories of each of these people, by name.
pub async fn of_people(reader: &Reader, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    of_people_in(&reader.scope(), people).await
}

/// The categories of each of these transactions, by name.
pub async fn of_transactions(reader: &Reader, transactions: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    of_transactions_in(&reader.scope(), transactions).await
}

pub(crate) async fn of_people_in(scope: &Scope<'_>, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    use person_categories::{Column, Entity};
    let mut joins = Vec::new();
    for ids in people.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let rows = query.filter(among::ids(scope, Column::PersonId, ids)).all(&scope.on).await?;
        joins.extend(rows.into_iter().map(|row| (row.person_id, row.category_id)));
    }
    grouped(scope, joins).await
}

pub(crate) async fn of_transactions_in(scope: &Scope<'_>, of: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    use transaction_categories::{Column, Entity};
    let mut joins = Vec::new();
    for ids in of.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let rows = query.filter(among::ids(scope, Column::TransactionId, ids)).all(&scope.on).await?;
        joins.extend(rows.into_iter().map(|row| (row.transaction_id, row.category_id)));
    }
    grouped(scope, joins).await
}

/// The category that a view names. Errors: [`Error::NotFound`], so that a typing error is no empty list.
pub(crate) async fn find(scope: &Scope<'_>, category: &CategoryRef) -> Result<Uuid> {
    let query = match category {
        CategoryRef::Id(id) => live(scope).filter(categories::Column::Id.eq(*id)),
        CategoryRef::Name(name) => live(scope).filter(categories::Column::NameKey.eq(fold(name))),
    };
    query.one(&scope.on).await?.map(|found| found.id).ok_or(Error::NotFound { what: "category" })
}

/// The condition that a person is in a category.
pub(crate) fn holds_person(scope: &Scope<'_>, category: Uuid) -> Condition {
    let members = person_categories::Entity::find()
        .select_only()
        .column(person_categories::Column::PersonId)
        .filter(person_categories::Column::AccountId.eq(scope.account))
        .filter(person_categories::Column::CategoryId.eq(category));
    Condition::all().add(people::Column::Id.in_subquery(members.into_query()))
}

/// The condition that a transaction is in a category.
pub(crate) fn holds_transaction(scope: &Scope<'_>, category: Uuid) -> Condition {
    let members = transaction_categories::Entity::find()
        .select_only()
        .column(transaction_categories::Column::TransactionId)
        .filter(transaction_categories::Column::AccountId.eq(scope.account))
        .filter(transaction_categories::Column::CategoryId.eq(category));
    Condition::all().add(transactions::Column::Id.in_subquery(members.into_query()))
}

/// The ids of the categories with these names, by folded name; those that are not there are made.
///
/// Errors: [`Error::Invalid`] for a name that is empty or too long.
pub(crate) async fn ensure<'n>(unit: &Unit, names: impl IntoIterator<Item = &'n str>) -> Result<HashMap<String, Uuid>> {
    let mut wanted = BTreeMap::new();
    for name in names {
        let name = check_name(name)?;
        wanted.entry(fold(name)).or_insert(name);
    }
    let mut found = existing(&unit.scope(), wanted.keys().cloned()).await?;
    let missing: Vec<_> = wanted.iter().filter(|(key, _)| !found.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let rows = missing.iter().map(|(key, name)| categories::ActiveModel {
        account_id: Set(unit.account),
        id: Set(Uuid::now_v7()),
        name: Set((**name).to_owned()),
        name_key: Set((*key).clone()),
        version: Set(1),
        created_at: Set(unit.now),
        updated_at: Set(unit.now),
        deleted_at: Set(None),
    });
    // Another writer may make the same category at this moment: whoever comes second takes the first one's.
    categories::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(unit.on())
        .await?;
    found.extend(existing(&unit.scope(), missing.into_iter().map(|(key, _)| key.clone())).await?);
    Ok(found)
}

/// Errors: [`Error::Invalid`] for more categories than an item may be in.
pub(crate) fn check_count(names: &[String]) -> Result<()> {
    if names.len() <= ITEM_LIMIT {
        return Ok(());
    }
    let reason = format!("{} categories are given, and {ITEM_LIMIT} is the most for one item", names.len());
    Err(Error::invalid("categories", reason))
}

/// The name as it may be stored. Errors: [`Error::Invalid`].
pub(crate) fn check_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.contains(SEPARATOR) || name.contains('\0') {
        let reason = format!("the name of a category cannot hold {SEPARATOR:?}, which separates names in CSV, or NUL");
        return Err(Error::invalid("categories", reason));
    }
    let length = name.chars().count();
    if length == 0 || fold(name).is_empty() {
        return Err(Error::invalid("categories", "the name of a category is empty"));
    }
    if length > NAME_LIMIT {
        let reason = format!("the name of a category has {length} characters, and {NAME_LIMIT} is the most");
        return Err(Error::invalid("categories", reason));
    }
    Ok(name)
}

/// Puts people into categories; who is in one already stays.
pub(crate) async fn add_people(unit: &Unit, pairs: &[(Uuid, Uuid)]) -> Result<()> {
    for pairs in pairs.chunks(IDS_A_STATEMENT) {
        let rows = pairs.iter().map(|(person, category)| person_categories::ActiveModel {
            account_id: Set(unit.account),
            category_id: Set(*category),
            person_id: Set(*person),
        });
        person_categories::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(unit.on())
            .await?;
    }
    Ok(())
}

/// Puts transactions into categories; what is in one already stays.
pub(crate) async fn add_transactions(unit: &Unit, pairs: &[(Uuid, Uuid)]) -> Result<()> {
    for pairs in pairs.chunks(IDS_A_STATEMENT) {
        let rows = pairs.iter().map(|(transaction, category)| transaction_categories::ActiveModel {
            account_id: Set(unit.account),
            category_id: Set(*category),
            transaction_id: Set(*transaction),
        });
        transaction_categories::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(unit.on())
            .await?;
    }
    Ok(())
}

/// Takes a person out of all categories but these.
pub(crate) async fn keep_of_person(unit: &Unit, person: Uuid, keep: &[Uuid]) -> Result<()> {
    person_categories::Entity::delete_many()
        .filter(person_categories::Column::AccountId.eq(unit.account))
        .filter(person_categories::Column::PersonId.eq(person))
        .filter(person_categories::Column::CategoryId.is_not_in(keep.iter().copied()))
        .exec(unit.on())
        .await?;
    Ok(())
}

async fn existing(scope: &Scope<'_>, keys: impl Iterator<Item = String>) -> Result<HashMap<String, Uuid>> {
    let found = live(scope).filter(categories::Column::NameKey.is_in(keys)).all(&scope.on).await?;
    Ok(found.into_iter().map(|category| (category.name_key, category.id)).collect())
}

async fn grouped(scope: &Scope<'_>, joins: Vec<(Uuid, Uuid)>) -> Result<HashMap<Uuid, Vec<Category>>> {
    let mut ids: Vec<_> = joins.iter().map(|(_, category)| *category).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut categories = HashMap::new();
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let found = live(scope).filter(categories::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?;
        categories.extend(found.into_iter().map(|category| (category.id, category)));
    }
    let mut grouped: HashMap<Uuid, Vec<Category>> = HashMap::new();
    for (item, category) in joins {
        grouped.entry(item).or_default().extend(categories.get(&category).cloned());
    }
    for list in grouped.values_mut() {
        list.sort_by(|a, b| (&a.name_key, a.id).cmp(&(&b.name_key, b.id)));
    }
    Ok(grouped)
}

fn live(scope: &Scope<'_>) -> Select<categories::Entity> {
    categories::Entity::find()
        .filter(categories::Column::AccountId.eq(scope.account))
        .filter(categories::Column::DeletedAt.is_null())
}
