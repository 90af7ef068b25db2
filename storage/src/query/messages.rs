//! Messages: reading, creating, updating and deleting them.

use uuid::Uuid;

use crate::entity::messages;
pub use crate::entity::messages::Model as Message;
use crate::error::Result;
use crate::fold::fold;
use crate::handle::Unit;
use crate::query::people::lines;
use crate::record::{self, recorded};

recorded!(messages, "message", by SortKey sort_key, keeps CreatedBy);

/// Gives messages the names of what they belong to; only those whose names have changed are written.
pub(crate) async fn renew_names(unit: &Unit, messages: Vec<Message>, names: impl Fn(Uuid) -> String) -> Result<()> {
    let renewed = messages.into_iter().filter_map(|message| {
        let names_text = names(message.id);
        let search_text = lines([&own_text(&message), &names_text]);
        (message.search_text != search_text).then_some(Message { names_text, search_text, ..message })
    });
    record::rewrite::<messages::Entity>(unit, renewed.collect()).await
}

/// What a search looks in, of the message itself.
fn own_text(message: &Message) -> String {
    let Message { title, body, emailed_from, emailed_to, .. } = message;
    let folded = [title, body, emailed_from, emailed_to].map(|text| text.as_deref().map(fold).unwrap_or_default());
    lines(&folded)
}
