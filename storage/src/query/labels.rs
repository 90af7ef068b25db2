//! Labels: the private marks of a user on items.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

pub use crate::entity::labels::Model as Label;
use crate::entity::{item_labels, labels};
use crate::error::{Error, Result, on_unique};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::item::Item;
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::query::items;
use crate::record::{IDS_A_STATEMENT, check_version};
use crate::view::NameOrId;

/// How many labels a user may have.
const LABELS_OF_USER: u64 = 1_000;

/// How many labels a request may put on items or take from them.
const LABELS_AT_ONCE: usize = 100;

/// The labels of the viewer, by name; there are at most 1,000.
pub async fn list(reader: &Reader) -> Result<Vec<Label>> {
    let scope = reader.scope();
    Ok(own(&scope, scope.viewer.user).order_by_asc(labels::Column::NameKey).all(&scope.on).await?)
}

/// The viewer's labels with these ids; one that is not there or is somebody else's is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Label>> {
    let scope = reader.scope();
    let query = own(&scope, scope.viewer.user).filter(labels::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(&scope.on).await?)
}

/// The labels of the viewer on each of these items, by name.
pub async fn of_items(reader: &Reader, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<Label>>> {
    use item_labels::{Column, Entity};
    let scope = reader.scope();
    let labels = list(reader).await?;
    if labels.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = labels.iter().map(|label| label.id).collect();
    let mut on_items: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for items in items.chunks(IDS_A_STATEMENT) {
        let query = Entity::find()
            .filter(Column::AccountId.eq(scope.account))
            .filter(Column::ItemId.is_in(items.iter().copied()))
            .filter(Column::LabelId.is_in(ids.iter().copied()));
        for row in query.all(&scope.on).await? {
            on_items.entry(row.item_id).or_default().push(row.label_id);
        }
    }
    let named = |ids: Vec<Uuid>| labels.iter().filter(|label| ids.contains(&label.id)).cloned().collect();
    Ok(on_items.into_iter().map(|(item, ids)| (item, named(ids))).collect())
}

/// Makes a label of the writer's user.
///
/// Errors: [`Error::Invalid`] for a name that is empty or too long, [`Error::Conflict`] for one that the user has already.
pub async fn create(writer: &Writer, name: &str) -> Result<Label> {
    writer
        .write(|unit| async move {
            let user = user_of(&unit)?;
            let name = check_name(name, "name")?;
            let label = new_row(&unit, user, name);
            check_room(&unit, user, 1).await?;
            let taken = || format!("you have a label {name} already");
            labels::Entity::insert(labels::ActiveModel::from(label.clone()))
                .exec_without_returning(unit.on())
                .await
                .map_err(|error| on_unique(error, taken))?;
            unit.publish(Noun::Label, Verb::Created, label.id).await?;
            Ok(label)
        })
        .await
}

/// Renames a label of the writer's user. Errors: as [`create`], and [`Error::NotFound`].
pub async fn rename(writer: &Writer, id: Uuid, version: Option<i64>, name: &str) -> Result<Label> {
    writer
        .write(|unit| async move {
            let label = for_change(&unit, id, version).await?;
            let name = check_name(name, "name")?;
            let label = Label {
                name: name.to_owned(),
                name_key: fold(name),
                version: label.version + 1,
                updated_at: unit.after(label.updated_at),
                ..label
            };
            let taken = || format!("you have a label {name} already");
            labels::Entity::update_many()
                .set(labels::ActiveModel {
                    name: Set(label.name.clone()),
                    name_key: Set(label.name_key.clone()),
                    version: Set(label.version),
                    updated_at: Set(label.updated_at),
                    ..Default::default()
                })
                .filter(labels::Column::AccountId.eq(unit.account))
                .filter(labels::Column::Id.eq(id))
                .exec(unit.on())
                .await
                .map_err(|error| on_unique(error, taken))?;
            unit.publish(Noun::Label, Verb::Updated, id).await?;
            Ok(label)
        })
        .await
}

/// Deletes a label of the writer's user, also from all items. Errors: [`Error::NotFound`], [`Error::Conflict`].
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            for_change(&unit, id, version).await?;
            labels::Entity::delete_many()
                .filter(labels::Column::AccountId.eq(unit.account))
                .filter(labels::Column::Id.eq(id))
                .exec(unit.on())
                .await?;
            unit.publish(Noun::Label, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// Puts labels of the writer's user on items, and gives the labels; a name that the user has no label of makes one. The
/// items count as unchanged.
///
/// Errors: [`Error::NotFound`] for an item or a label that is not there, [`Error::Invalid`] for a name that cannot be or
/// too many.
pub async fn add(writer: &Writer, on: &[Item], labels: &[NameOrId]) -> Result<Vec<Label>> {
    writer
        .write(|unit| async move {
            items::check(&unit, on).await?;
            check_count(labels)?;
            let labels = ensure(&unit, labels).await?;
            for label in &labels {
                for on in on.chunks(IDS_A_STATEMENT) {
                    let rows = on.iter().map(|item| item_labels::ActiveModel {
                        account_id: Set(unit.account),
                        label_id: Set(label.id),
                        kind: Set(item.kind),
                        item_id: Set(item.id),
                    });
                    item_labels::Entity::insert_many(rows)
                        .on_conflict(OnConflict::new().do_nothing().to_owned())
                        .exec_without_returning(unit.on())
                        .await?;
                }
                unit.publish(Noun::Label, Verb::Updated, label.id).await?;
            }
            Ok(labels)
        })
        .await
}

/// Takes labels of the writer's user from items, and gives the labels. The items count as unchanged.
///
/// Errors: [`Error::NotFound`] for a label or an item that is not there, [`Error::Invalid`] for too many.
pub async fn remove(writer: &Writer, from: &[Item], labels: &[NameOrId]) -> Result<Vec<Label>> {
    writer
        .write(|unit| async move {
            user_of(&unit)?;
            items::check(&unit, from).await?;
            check_count(labels)?;
            let labels = meant(&unit, labels).await?;
            let ids = labels.iter().map(|label| label.id);
            item_labels::Entity::delete_many()
                .filter(item_labels::Column::AccountId.eq(unit.account))
                .filter(item_labels::Column::LabelId.is_in(ids))
                .filter(item_labels::Column::ItemId.is_in(from.iter().map(|item| item.id)))
                .exec(unit.on())
                .await?;
            for label in &labels {
                unit.publish(Noun::Label, Verb::Updated, label.id).await?;
            }
            Ok(labels)
        })
        .await
}

/// The viewer's label that a view names. Errors: [`Error::NotFound`].
pub(crate) async fn find(scope: &Scope<'_>, label: &NameOrId) -> Result<Uuid> {
    let own = own(scope, scope.viewer.user);
    let query = match label {
        NameOrId::Id(id) => own.filter(labels::Column::Id.eq(*id)),
        NameOrId::Name(name) => own.filter(labels::Column::NameKey.eq(fold(name))),
    };
    query.one(&scope.on).await?.map(|found| found.id).ok_or(Error::NotFound { what: "label" })
}

/// The viewer's label of a folded name, if there is one.
pub(crate) async fn named(scope: &Scope<'_>, key: &str) -> Result<Vec<Uuid>> {
    let found = own(scope, scope.viewer.user).filter(labels::Column::NameKey.eq(key)).all(&scope.on).await?;
    Ok(found.into_iter().map(|label| label.id).collect())
}

async fn for_change(unit: &Unit, id: Uuid, version: Option<i64>) -> Result<Label> {
    let scope = unit.locking_scope();
    let query = scope.held(own(&scope, Some(user_of(unit)?)).filter(labels::Column::Id.eq(id)));
    let found = query.one(unit.on()).await?.ok_or(Error::NotFound { what: "label" })?;
    check_version(version, found.version)?;
    Ok(found)
}

/// The labels of the writer's user that a request means, by name; names that the user has no label of make one.
async fn ensure(unit: &Unit, labels: &[NameOrId]) -> Result<Vec<Label>> {
    let user = user_of(unit)?;
    let mut wanted = BTreeMap::new();
    for label in labels {
        if let NameOrId::Name(name) = label {
            let name = check_name(name, "labels")?;
            wanted.entry(fold(name)).or_insert(name);
        }
    }
    let found = own(&unit.scope(), Some(user)).filter(labels::Column::NameKey.is_in(wanted.keys()));
    for label in found.all(unit.on()).await? {
        wanted.remove(&label.name_key);
    }
    if !wanted.is_empty() {
        check_room(unit, user, wanted.len()).await?;
        // The user may make the same label twice at this moment: whoever comes second takes the first one's.
        labels::Entity::insert_many(wanted.values().map(|name| labels::ActiveModel::from(new_row(unit, user, name))))
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(unit.on())
            .await?;
    }
    meant(unit, labels).await
}

/// The labels of the writer's user that a request means, by name. Errors: [`Error::NotFound`] where one is not there.
async fn meant(unit: &Unit, labels: &[NameOrId]) -> Result<Vec<Label>> {
    let mut wanted = BTreeSet::new();
    for label in labels {
        wanted.insert(find(&unit.scope(), label).await?);
    }
    let query = own(&unit.scope(), unit.user()).filter(labels::Column::Id.is_in(wanted));
    Ok(query.order_by_asc(labels::Column::NameKey).all(unit.on()).await?)
}

fn new_row(unit: &Unit, user: Uuid, name: &str) -> Label {
    Label {
        account_id: unit.account,
        id: Uuid::now_v7(),
        user_id: user,
        name: name.to_owned(),
        name_key: fold(name),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    }
}

/// Errors: [`Error::Invalid`] for more labels than a request may name.
fn check_count(labels: &[NameOrId]) -> Result<()> {
    if labels.len() <= LABELS_AT_ONCE {
        return Ok(());
    }
    let reason = format!("{} labels are given, and {LABELS_AT_ONCE} is the most", labels.len());
    Err(Error::invalid("labels", reason))
}

/// Errors: [`Error::Invalid`] where the user would have more labels than they may have.
async fn check_room(unit: &Unit, user: Uuid, more: usize) -> Result<()> {
    let count = super::count(&unit.scope(), own(&unit.scope(), Some(user))).await?;
    if count + more as u64 <= LABELS_OF_USER {
        return Ok(());
    }
    Err(Error::invalid("labels", format!("you have {count} labels, and {LABELS_OF_USER} is the most")))
}

fn check_name<'n>(name: &'n str, field: &'static str) -> Result<&'n str> {
    name::checked(name, "a label", field)
}

/// Labels belong to a user, so only a user can have them.
fn user_of(unit: &Unit) -> Result<Uuid> {
    let nobody = || Error::Invalid { field: None, reason: "only a user of the account has labels".to_owned() };
    unit.user().ok_or_else(nobody)
}

fn own(scope: &Scope<'_>, user: Option<Uuid>) -> Select<labels::Entity> {
    labels::Entity::find()
        .filter(labels::Column::AccountId.eq(scope.account))
        .filter(labels::Column::UserId.eq(user.unwrap_or_default()))
}
