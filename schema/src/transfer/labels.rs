//! Labels: from the database to the one client who may see them.

use service::Kind;
use storage::query::labels as stored;

use crate::labels::Label;
use crate::scalar::DateTime;

pub(crate) fn to_graphql(label: stored::Label) -> Label {
    let stored::Label { account_id: _, id, user_id: _, name, name_key: _, version, created_at, updated_at } = label;
    Label {
        id: Kind::Label.global(id).into(),
        version,
        name,
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
    }
}
