//! Items of any kind: whether they are there.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::{events, messages, people, transactions};
use crate::error::{Error, Result};
use crate::handle::{Scope, Unit};
use crate::item::{Item, ItemKind};
use crate::record::{IDS_A_STATEMENT, Recorded, live};

/// How many items a request may name.
const ITEMS_LIMIT: usize = 1_000;

/// Errors: [`Error::NotFound`] where one of these items is not alive in the account, [`Error::Invalid`] for more than a
/// request may name.
pub(crate) async fn check(unit: &Unit, items: &[Item]) -> Result<()> {
    if items.len() > ITEMS_LIMIT {
        let reason = format!("{} items are given, and {ITEMS_LIMIT} is the most", items.len());
        return Err(Error::invalid("items", reason));
    }
    for kind in ItemKind::ALL {
        let wanted: BTreeSet<_> = items.iter().filter(|item| item.kind == kind).map(|item| item.id).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let scope = unit.scope();
        let found = match kind {
            ItemKind::Person => alive::<people::Entity>(&scope, &wanted).await?,
            ItemKind::Transaction => alive::<transactions::Entity>(&scope, &wanted).await?,
            ItemKind::Event => alive::<events::Entity>(&scope, &wanted).await?,
            ItemKind::Message => alive::<messages::Entity>(&scope, &wanted).await?,
        };
        if found != wanted.len() {
            return Err(Error::NotFound { what: kind.noun() });
        }
    }
    Ok(())
}

/// How many of these ids are those of live records.
async fn alive<E: Recorded>(scope: &Scope<'_>, ids: &[Uuid]) -> Result<usize> {
    let mut count = 0;
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let query = live::<E>(scope).select_only().column(E::id()).filter(E::id().is_in(ids.iter().copied()));
        count += query.into_tuple::<Uuid>().all(&scope.on).await?.len();
    }
    Ok(count)
}
