//! E-mail templates: from clients to the database and back.

use service::Kind;
use storage::query::email_templates as stored;

use crate::email_templates::{CreateEmailTemplateInput, EmailTemplate};
use crate::scalar::DateTime;

/// The input of a client as storage takes it.
pub(crate) fn new(input: CreateEmailTemplateInput) -> stored::Draft {
    let CreateEmailTemplateInput { name, subject, body } = input;
    stored::Draft { name, subject, body }
}

/// An e-mail template of the database as clients see it.
pub(crate) fn to_graphql(template: stored::EmailTemplate) -> EmailTemplate {
    let stored::EmailTemplate {
        account_id: _,
        id,
        name,
        name_key: _,
        subject,
        body,
        created_by: _,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = template;
    EmailTemplate {
        id: Kind::EmailTemplate.global(id).into(),
        version,
        name,
        subject,
        body: body.into(),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
    }
}
