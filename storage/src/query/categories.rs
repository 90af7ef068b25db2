//! Categories: named groups, made when they are first needed.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::among;
pub use crate::entity::categories::Model as Category;
use crate::entity::{categories, item_categories, undone_categories};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::item::{Item, ItemKind};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::items;
use crate::record::{self, IDS_A_STATEMENT, recorded};
use crate::rows;
use crate::view::NameOrId;

/// How many categories an item may be given at once.
const ITEM_LIMIT: usize = 100;

/// What separates names in our CSV and in Google's.
const SEPARATOR: &str = " ::: ";

recorded!(categories, "category", by NameKey name_key, keeps);

/// A page of the categories.
pub async fn list(reader: &Reader, order: Order, request: &PageRequest) -> Result<Page<Category>> {
    let scope = reader.scope();
    record::listed(&scope, live(&scope), order, request).await
}

/// The categories with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Category>> {
    record::by_ids::<categories::Entity>(&reader.scope(), ids).await
}

/// How many categories there are.
pub async fn count(reader: &Reader) -> Result<u64> {
    super::count(&reader.scope(), live(&reader.scope())).await
}

/// The categories of each of these items, by name.
pub async fn of_items(reader: &Reader, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    of_items_in(&reader.scope(), items).await
}

pub(crate) async fn of_items_in(scope: &Scope<'_>, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<Category>>> {
    use item_categories::{Column, Entity};
    let mut joins = Vec::new();
    for ids in items.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(among::common(scope, Column::AccountId, scope.account));
        let rows = query.filter(among::ids(scope, Column::ItemId, ids)).all(&scope.on).await?;
        joins.extend(rows.into_iter().map(|row| (row.item_id, row.category_id)));
    }
    grouped(scope, joins).await
}

/// Makes a category. Errors: [`Error::Invalid`] for a name that cannot be, [`Error::Conflict`] for one that is taken.
pub async fn create(writer: &Writer, name: &str) -> Result<Category> {
    writer
        .write(|unit| async move {
            let name = check_name_in(name, "name")?;
            let category = Category {
                account_id: unit.account,
                id: Uuid::now_v7(),
                name: name.to_owned(),
                name_key: fold(name),
                version: 1,
                created_at: unit.now,
                updated_at: unit.now,
                deleted_at: None,
            };
            write(&unit, &category).await?;
            unit.publish(Noun::Category, Verb::Created, category.id).await?;
            Ok(category)
        })
        .await
}

/// Renames a category. Errors: as [`create`], [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn rename(writer: &Writer, id: Uuid, version: Option<i64>, name: &str) -> Result<Category> {
    writer
        .write(|unit| async move {
            let category = record::for_change::<categories::Entity>(&unit, id, version).await?;
            let name = check_name_in(name, "name")?;
            let category = Category {
                name: name.to_owned(),
                name_key: fold(name),
                version: category.version + 1,
                updated_at: unit.after(category.updated_at),
                ..category
            };
            write(&unit, &category).await?;
            unit.publish(Noun::Category, Verb::Updated, id).await?;
            Ok(category)
        })
        .await
}

/// Puts a category into the trash; what is in it stays.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<categories::Entity>(&unit, id, version).await?;
            unit.publish(Noun::Category, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// Puts items into a category, which is made where it has a name that none has; what is in it already stays. The items
/// count as unchanged.
///
/// Errors: [`Error::NotFound`] for a category or an item that is not there, [`Error::Invalid`] for a name that cannot be.
pub async fn add_items(writer: &Writer, items: &[Item], category: &NameOrId) -> Result<Category> {
    writer
        .write(|unit| async move {
            items::check(&unit, items).await?;
            let id = match category {
                NameOrId::Id(_) => find(&unit.scope(), category).await?,
                NameOrId::Name(name) => {
                    let name = check_name_in(name, "category")?;
                    ensure(&unit, [name]).await?[&fold(name)]
                }
            };
            for kind in ItemKind::ALL {
                let of_kind = items.iter().filter(|item| item.kind == kind);
                add(&unit, kind, &of_kind.map(|item| (item.id, id)).collect::<Vec<_>>()).await?;
            }
            changed(&unit, id).await
        })
        .await
}

/// Takes items out of a category; those that are not in it stay out. The items count as unchanged.
///
/// Errors: [`Error::NotFound`] for a category or an item that is not there.
pub async fn remove_items(writer: &Writer, items: &[Item], category: &NameOrId) -> Result<Category> {
    use item_categories::Column;
    writer
        .write(|unit| async move {
            items::check(&unit, items).await?;
            let id = find(&unit.scope(), category).await?;
            let of_items = Column::ItemId.is_in(items.iter().map(|item| item.id));
            leave(&unit, Condition::all().add(Column::CategoryId.eq(id)).add(of_items)).await?;
            changed(&unit, id).await
        })
        .await
}

/// The category that a view names. Errors: [`Error::NotFound`], so that a typing error is no empty list.
pub(crate) async fn find(scope: &Scope<'_>, category: &NameOrId) -> Result<Uuid> {
    let query = match category {
        NameOrId::Id(id) => live(scope).filter(categories::Column::Id.eq(*id)),
        NameOrId::Name(name) => live(scope).filter(categories::Column::NameKey.eq(fold(name))),
    };
    query.one(&scope.on).await?.map(|found| found.id).ok_or(Error::NotFound { what: "category" })
}

/// The category of a folded name, if there is one.
pub(crate) async fn named(scope: &Scope<'_>, key: &str) -> Result<Vec<Uuid>> {
    let found = live(scope).filter(categories::Column::NameKey.eq(key)).all(&scope.on).await?;
    Ok(found.into_iter().map(|category| category.id).collect())
}

/// The ids of the categories with these names, by folded name; those that are not there are made.
///
/// Errors: [`Error::Invalid`] for a name that is empty or too long.
pub(crate) async fn ensure<'n>(unit: &Unit, names: impl IntoIterator<Item = &'n str>) -> Result<HashMap<String, Uuid>> {
    ensure_noting(unit, names).await.map(|(found, _)| found)
}

/// As [`ensure`], with the ids of those that it made.
pub(crate) async fn ensure_noting<'n>(
    unit: &Unit,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<(HashMap<String, Uuid>, Vec<Uuid>)> {
    let mut wanted = BTreeMap::new();
    for name in names {
        let name = check_name(name)?;
        wanted.entry(fold(name)).or_insert(name);
    }
    let mut found = existing(&unit.scope(), wanted.keys().cloned()).await?;
    let missing: Vec<_> = wanted.iter().filter(|(key, _)| !found.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok((found, Vec::new()));
    }
    let ids: Vec<_> = missing.iter().map(|_| Uuid::now_v7()).collect();
    let rows = missing.iter().zip(&ids).map(|((key, name), id)| categories::ActiveModel {
        account_id: Set(unit.account),
        id: Set(*id),
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
    if wanted.keys().any(|key| !found.contains_key(key)) {
        return Err(Error::Conflict { reason: "somebody deleted a category at this moment; try again".to_owned() });
    }
    let made = ids.into_iter().filter(|id| found.values().any(|found| found == id)).collect();
    Ok((found, made))
}

/// Errors: [`Error::Invalid`] for more categories than an item may be in.
pub(crate) fn check_count(names: &[String]) -> Result<()> {
    if names.len() <= ITEM_LIMIT {
        return Ok(());
    }
    let reason = format!("{} categories are given, and {ITEM_LIMIT} is the most for one item", names.len());
    Err(Error::invalid("categories", reason))
}

/// The name of a category of an item as it may be stored. Errors: [`Error::Invalid`].
pub(crate) fn check_name(name: &str) -> Result<&str> {
    check_name_in(name, "categories")
}

/// The name as it may be stored. Errors: [`Error::Invalid`] about the field where it was given.
fn check_name_in<'n>(name: &'n str, field: &'static str) -> Result<&'n str> {
    if name.contains(SEPARATOR) {
        let reason = format!("the name of a category cannot hold {SEPARATOR:?}, which separates names in CSV");
        return Err(Error::invalid(field, reason));
    }
    name::checked(name, "a category", field)
}

/// Errors: [`Error::Conflict`] for a name that another category has.
async fn write(unit: &Unit, category: &Category) -> Result<()> {
    let taken = || format!("there is a category {} already", category.name);
    record::write::<categories::Entity>(unit, vec![category.clone()]).await.map_err(|error| error.or_taken(taken))
}

/// The category whose items have changed.
async fn changed(unit: &Unit, id: Uuid) -> Result<Category> {
    unit.publish(Noun::Category, Verb::Updated, id).await?;
    let found = record::by_ids::<categories::Entity>(&unit.scope(), &[id]).await?.pop();
    found.ok_or(Error::NotFound { what: "category" })
}

/// Puts items into categories: pairs of an item and a category. What is in one already stays.
pub(crate) async fn add(unit: &Unit, kind: ItemKind, pairs: &[(Uuid, Uuid)]) -> Result<()> {
    add_by(unit, kind, pairs, None).await
}

/// As [`add`], by an import, which an undo takes out again.
pub(crate) async fn add_by(unit: &Unit, kind: ItemKind, pairs: &[(Uuid, Uuid)], import: Option<Uuid>) -> Result<()> {
    let row = |(item_id, category_id): &(Uuid, Uuid)| item_categories::Model {
        account_id: unit.account,
        category_id: *category_id,
        kind,
        item_id: *item_id,
        import_id: import,
    };
    rows::insert::<item_categories::Entity>(unit, pairs.iter().map(row).collect(), rows::DO_NOTHING).await?;
    Ok(())
}

/// Has an item in the categories of these names and in no others; those that are not there are made.
///
/// Errors: [`Error::Invalid`] for too many of them, or one whose name cannot be.
pub(crate) async fn set(unit: &Unit, item: Item, names: &[String]) -> Result<()> {
    check_count(names)?;
    let ids: Vec<_> = ensure(unit, names.iter().map(String::as_str)).await?.into_values().collect();
    let others = item_categories::Column::CategoryId.is_not_in(ids.iter().copied());
    leave(unit, Condition::all().add(item_categories::Column::ItemId.eq(item.id)).add(others)).await?;
    let pairs: Vec<_> = ids.into_iter().map(|category| (item.id, category)).collect();
    add(unit, item.kind, &pairs).await
}

/// Takes items out of categories for good: no import that is put back puts them there again.
async fn leave(unit: &Unit, which: Condition) -> Result<()> {
    use item_categories::{Column, Entity};
    use undone_categories::Column as Undone;
    let which = which.add(Column::AccountId.eq(unit.account));
    let of_both = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .cond_where(which.clone())
        .and_where(Expr::col((Entity, Column::ItemId)).equals((undone_categories::Entity, Undone::ItemId)))
        .and_where(Expr::col((Entity, Column::CategoryId)).equals((undone_categories::Entity, Undone::CategoryId)))
        .to_owned();
    undone_categories::Entity::delete_many()
        .filter(Undone::AccountId.eq(unit.account))
        .filter(Expr::exists(of_both))
        .exec(unit.on())
        .await?;
    Entity::delete_many().filter(which).exec(unit.on()).await?;
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
    let found = record::by_ids::<categories::Entity>(scope, &ids).await?;
    let categories: HashMap<_, _> = found.into_iter().map(|category| (category.id, category)).collect();
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
    record::live(scope)
}
