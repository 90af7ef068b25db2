//! Associations: which events and messages belong to which people and transactions.
//!
//! An event or a message is found by the names of what it belongs to, so it keeps them in its `names_text`, which is
//! renewed whenever a name changes.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::derived;
use crate::entity::associations::{ActiveModel, Column, Entity};
use crate::entity::transactions;
use crate::error::{Error, Result};
use crate::filter::Viewed;
use crate::handle::{Reader, Rows, Scope, Unit, Writer};
use crate::item::{Item, ItemKind};
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::items;
use crate::record::{self, CHILD, IDS_A_STATEMENT, PARENT, live};
use crate::text::lines;

/// How many people and transactions an event or a message may belong to.
const SUBJECTS_LIMIT: usize = 100;

/// How many events and messages may be associated at once.
const ITEMS_LIMIT: usize = 1_000;

/// The people and transactions that each of these events and messages belongs to, in the order of their ids.
pub async fn subjects_of(reader: &Reader, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<Item>>> {
    derived::subjects_in(&reader.scope(), items).await
}

/// Has events and messages belong to people and transactions; what belongs already stays.
///
/// Errors: [`Error::NotFound`] for one that is not there, [`Error::Invalid`] for a pair that cannot be or too many.
pub async fn associate(writer: &Writer, items: &[Item], subjects: &[Item]) -> Result<()> {
    writer
        .write(|unit| async move {
            check(&unit, items, subjects).await?;
            hold(&unit, subjects).await?;
            insert(&unit, items, subjects).await?;
            let ids: Vec<_> = items.iter().map(|item| item.id).collect();
            check_room(&unit, &ids).await?;
            derived::associations_changed(&unit, &ids).await?;
            publish(&unit, items).await
        })
        .await
}

/// Has events and messages belong to people and transactions no longer. Errors: as [`associate`].
pub async fn dissociate(writer: &Writer, items: &[Item], subjects: &[Item]) -> Result<()> {
    writer
        .write(|unit| async move {
            check(&unit, items, subjects).await?;
            let ids: Vec<_> = items.iter().map(|item| item.id).collect();
            for ids in ids.chunks(IDS_A_STATEMENT) {
                Entity::delete_many()
                    .filter(Column::AccountId.eq(unit.account))
                    .filter(Column::ItemId.is_in(ids.iter().copied()))
                    .filter(Column::SubjectId.is_in(subjects.iter().map(|subject| subject.id)))
                    .exec(unit.on())
                    .await?;
            }
            derived::associations_changed(&unit, &ids).await?;
            publish(&unit, items).await
        })
        .await
}

/// A page of the events or messages of a query that belong to each of these people and transactions, read by one
/// statement. To a person belongs also what belongs to their transactions, each item once.
pub(crate) async fn children<E: Viewed>(
    scope: &Scope<'_>,
    query: Select<E>,
    subjects: &[Uuid],
    order: Order,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<E::Model>>> {
    let mut pages = HashMap::new();
    for subjects in subjects.chunks(IDS_A_STATEMENT) {
        let pairs = pairs::<E>(scope, subjects);
        pages.extend(record::children(scope, query.clone(), pairs, order, request).await?);
    }
    Ok(pages)
}

/// `(parent, child)` of what belongs to these people and transactions.
fn pairs<E: Viewed>(scope: &Scope<'_>, subjects: &[Uuid]) -> SelectStatement {
    let of_subjects = Query::select()
        .expr_as(Expr::col((Entity, Column::SubjectId)), PARENT)
        .expr_as(Expr::col((Entity, Column::ItemId)), CHILD)
        .from(Entity)
        .and_where(Column::AccountId.eq(scope.account))
        .and_where(Column::Kind.eq(E::KIND))
        .and_where(Column::SubjectId.is_in(subjects.iter().copied()))
        .to_owned();
    let of_their_transactions = live::<transactions::Entity>(scope)
        .select_only()
        .expr_as(transactions::Column::PersonId.into_expr(), PARENT)
        .expr_as(Expr::col((Entity, Column::ItemId)), CHILD)
        .filter(transactions::Column::PersonId.is_in(subjects.iter().copied()))
        .into_query()
        .inner_join(
            Entity,
            Condition::all()
                .add(Column::AccountId.eq(scope.account))
                .add(Column::Kind.eq(E::KIND))
                .add(Expr::col((Entity, Column::SubjectId)).equals((transactions::Entity, transactions::Column::Id))),
        )
        .to_owned();
    let mut pairs = of_subjects;
    // Not ALL: an item may belong to a person and to their transactions.
    pairs.union(UnionType::Distinct, of_their_transactions);
    pairs
}

/// Has an event or a message belong to these people and transactions and to no others; its `names_text` is for the
/// caller to renew, with what [`hold`] gave. Errors: as [`associate`].
pub(crate) async fn set(unit: &Unit, item: Item, subjects: &[Item]) -> Result<()> {
    check(unit, &[item], subjects).await?;
    Entity::delete_many()
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::ItemId.eq(item.id))
        .filter(Column::SubjectId.is_not_in(subjects.iter().map(|subject| subject.id)))
        .exec(unit.on())
        .await?;
    insert(unit, &[item], subjects).await
}

/// The folded names of people and transactions, each once, in lines. On PostgreSQL they keep their names until the unit
/// ends: whoever renames one meanwhile would not see yet that something more belongs to it.
///
/// To be called before anything that belongs to them is locked, as a renaming locks the person first.
pub(crate) async fn hold(unit: &Unit, subjects: &[Item]) -> Result<String> {
    if subjects.len() > SUBJECTS_LIMIT {
        return Err(too_many(subjects.len()));
    }
    let ids: Vec<_> = subjects.iter().map(|subject| subject.id).collect();
    let scope = Scope { rows: Rows::Shared, ..unit.scope() };
    let names = derived::names(&scope, &ids).await?;
    let names: BTreeSet<_> = names.into_values().collect();
    Ok(lines(&names))
}

async fn insert(unit: &Unit, items: &[Item], subjects: &[Item]) -> Result<()> {
    let pairs: Vec<_> = items.iter().flat_map(|item| subjects.iter().map(move |subject| (*item, *subject))).collect();
    add(unit, &pairs).await
}

/// Has items belong to subjects: pairs of both, each of which the caller has checked. What belongs already stays.
pub(crate) async fn add(unit: &Unit, pairs: &[(Item, Item)]) -> Result<()> {
    for pairs in pairs.chunks(IDS_A_STATEMENT) {
        let rows = pairs.iter().map(|(item, subject)| ActiveModel {
            account_id: Set(unit.account),
            subject_id: Set(subject.id),
            subject_kind: Set(subject.kind),
            kind: Set(item.kind),
            item_id: Set(item.id),
        });
        Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(unit.on())
            .await?;
    }
    Ok(())
}

/// Errors: [`Error::Invalid`] for an item that is neither event nor message, or a subject that is neither person nor
/// transaction, or too many; [`Error::NotFound`].
async fn check(unit: &Unit, of: &[Item], subjects: &[Item]) -> Result<()> {
    let belongs = |item: &Item| matches!(item.kind, ItemKind::Event | ItemKind::Message);
    if !of.iter().all(belongs) || subjects.iter().any(belongs) {
        let reason = "an event or a message can belong to a person or a transaction, and nothing else to anything else";
        return Err(Error::invalid("associations", reason));
    }
    if of.len() > ITEMS_LIMIT {
        let reason = format!("{} events and messages are given, and {ITEMS_LIMIT} is the most at once", of.len());
        return Err(Error::invalid("items", reason));
    }
    if subjects.len() > SUBJECTS_LIMIT {
        return Err(too_many(subjects.len()));
    }
    items::check(unit, of).await?;
    items::check(unit, subjects).await
}

async fn check_room(unit: &Unit, items: &[Uuid]) -> Result<()> {
    let most = derived::subjects_in(&unit.scope(), items).await?.values().map(Vec::len).max().unwrap_or_default();
    if most > SUBJECTS_LIMIT { Err(too_many(most)) } else { Ok(()) }
}

fn too_many(count: usize) -> Error {
    let reason = format!("{count} associations are given, and {SUBJECTS_LIMIT} is the most for one event or message");
    Error::invalid("associations", reason)
}

async fn publish(unit: &Unit, items: &[Item]) -> Result<()> {
    for item in items {
        let noun = if item.kind == ItemKind::Event { Noun::Event } else { Noun::Message };
        unit.publish(noun, Verb::Updated, item.id).await?;
    }
    Ok(())
}
