//! Events: reading, creating, updating, completing and deleting them.

use uuid::Uuid;

use crate::entity::events;
pub use crate::entity::events::Model as Event;
use crate::error::Result;
use crate::fold::fold;
use crate::handle::Unit;
use crate::query::people::lines;
use crate::record::{self, recorded};

recorded!(events, "event", by SortKey sort_key, keeps CreatedBy);

/// Gives events the names of what they belong to; only those whose names have changed are written.
pub(crate) async fn renew_names(unit: &Unit, events: Vec<Event>, names: impl Fn(Uuid) -> String) -> Result<()> {
    let renewed = events.into_iter().filter_map(|event| {
        let names_text = names(event.id);
        let search_text = lines([&own_text(&event), &names_text]);
        (event.search_text != search_text).then_some(Event { names_text, search_text, ..event })
    });
    record::rewrite::<events::Entity>(unit, renewed.collect()).await
}

/// What a search looks in, of the event itself.
fn own_text(event: &Event) -> String {
    let folded = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
    lines([&fold(&event.title), &folded(&event.location), &folded(&event.description)])
}
