//! The items that clients name by their ids.

use async_graphql::ID;
use service::{Code, GlobalId};
use storage::Item;

use crate::error::{Error, Result};

/// The items of these ids. Errors: `NOT_FOUND` for one that is the id of nothing that can be an item.
pub(crate) fn items(ids: &[ID]) -> Result<Vec<Item>> {
    let item = |id: &ID| {
        let id: Option<GlobalId> = id.parse().ok();
        let item = id.and_then(|GlobalId { kind, id }| Some(kind.item()?.item(id)));
        item.ok_or_else(|| Error::new(Code::NotFound, "there is no such item"))
    };
    ids.iter().map(item).collect()
}
