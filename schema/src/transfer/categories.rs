//! Categories: from the database to clients.

use service::Kind;
use storage::query::categories as stored;

use crate::categories::Category;
use crate::scalar::DateTime;

pub(crate) fn to_graphql(category: stored::Category) -> Category {
    let stored::Category { account_id: _, id, name, name_key: _, version, created_at, updated_at, deleted_at: _ } =
        category;
    Category {
        id: Kind::Category.global(id).into(),
        version,
        name,
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
    }
}
