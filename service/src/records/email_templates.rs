//! E-mail templates: from the database to files.

use storage::query::email_templates as stored;

use crate::id::Kind;

/// An e-mail template of the database as files carry it.
pub(crate) fn to_file(template: stored::EmailTemplate) -> formats::EmailTemplate {
    let stored::EmailTemplate {
        account_id: _,
        id,
        name,
        name_key: _,
        subject,
        body,
        created_by: _,
        version: _,
        created_at,
        updated_at,
        deleted_at: _,
    } = template;
    formats::EmailTemplate {
        id: Some(Kind::EmailTemplate.global(id).to_string()),
        name,
        subject,
        body,
        created_at: Some(created_at.into()),
        updated_at: Some(updated_at.into()),
    }
}
