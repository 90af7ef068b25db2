//! What fields allow now: an undo or a redo puts nothing into a field that the field would not take from anybody else. Since a value
//! was written down the options, the type or the field itself may have gone, or the template that an event had.

use std::collections::HashMap;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::handle::{Rows, Scope, Unit};
use crate::query::custom_fields::{self, CustomField};
use crate::query::field_values;

/// The field of an event that names a template.
pub(super) const EMAIL_TEMPLATE: &str = "emailTemplate";

/// The custom fields of the account as they are, and stay until the unit ends.
pub(super) struct Allowed {
    fields: HashMap<Uuid, CustomField>,
    options: HashMap<Uuid, Vec<String>>,
}

impl Allowed {
    /// Before any record is locked, as whoever changes a field locks the field first.
    pub(super) async fn load(unit: &Unit) -> Result<Self> {
        let scope = Scope { rows: Rows::Shared, ..unit.scope() };
        let fields = custom_fields::live(&scope).all(&scope.on).await?;
        let ids: Vec<_> = fields.iter().map(|field| field.id).collect();
        let options = custom_fields::options_in(&unit.scope(), &ids).await?;
        Ok(Self { fields: fields.into_iter().map(|field| (field.id, field)).collect(), options })
    }

    /// A value as its field holds it. Errors, the inner ones: why it cannot.
    pub(super) fn value(&self, field: Uuid, text: &str) -> std::result::Result<Option<String>, Why> {
        let field = self.fields.get(&field).ok_or(Why::Gone)?;
        let options = self.options.get(&field.id).map(Vec::as_slice).unwrap_or_default();
        field_values::parse(field, options, text).map_err(|error| match error {
            Error::Invalid { reason, .. } => Why::Refused(reason),
            error => Why::Refused(error.to_string()),
        })
    }
}

pub(super) enum Why {
    Gone,
    Refused(String),
}
