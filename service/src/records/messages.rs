//! Messages: from the database to files.

use storage::query::categories::Category;
use storage::query::messages as stored;

use crate::id::Kind;

/// What stands around a message in a file.
pub(crate) struct MessageContext {
    pub(crate) categories: Vec<Category>,
    /// The display names of what it belongs to.
    pub(crate) associations: Vec<String>,
    pub(crate) files: Vec<stored::File>,
    /// The name of the user who made it.
    pub(crate) creator: Option<String>,
}

/// A message of the database as files carry it.
pub(crate) fn to_file(message: stored::Message, context: MessageContext) -> formats::Message {
    let MessageContext { categories, associations, files, creator } = context;
    let stored::Message {
        account_id: _,
        id,
        title,
        body,
        emailed_from,
        emailed_to,
        sort_key: _,
        names_text: _,
        search_text: _,
        created_by: _,
        version: _,
        created_at,
        updated_at,
        deleted_at: _,
    } = message;
    let file = |stored::File { name, url, media_type }| formats::File { name, url, media_type };
    formats::Message {
        id: Some(Kind::Message.global(id).to_string()),
        title,
        body,
        emailed_from,
        emailed_to,
        creator,
        files: files.into_iter().map(file).collect(),
        associations,
        categories: categories.into_iter().map(|category| category.name).collect(),
        created_at: Some(created_at.into()),
        updated_at: Some(updated_at.into()),
    }
}
