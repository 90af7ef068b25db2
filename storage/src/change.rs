//! A change of a field, as plans, the journal of imports and edits name it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a row makes of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field by its GraphQL name, `custom:` and the id of a custom field, or [`Change::CATEGORIES`].
    pub field: String,
    /// What it held.
    pub before: Option<String>,
    /// What it holds now; of categories the names of those that are added.
    pub after: Option<String>,
}

impl Change {
    /// The field of a change that adds categories.
    pub const CATEGORIES: &'static str = "categories";
    /// What stands before the id of a custom field.
    pub const CUSTOM: &'static str = "custom:";

    /// The name of a custom field's layer.
    pub(crate) fn custom(field: Uuid) -> String {
        format!("{}{field}", Self::CUSTOM)
    }
}
