//! Custom fields and their values: from clients to the database and back.

use service::{Kind, name_or_id};
use storage::query::custom_fields as stored;
use storage::query::custom_values;

use crate::custom_fields::{CustomField, CustomValue, CustomValueInput};
use crate::scalar::{Date, DateTime, Decimal};

pub(crate) fn to_graphql(field: stored::CustomField) -> CustomField {
    let stored::CustomField {
        account_id: _,
        id,
        target,
        name,
        name_key: _,
        value_type,
        created_by: _,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = field;
    CustomField {
        id: Kind::CustomField.global(id).into(),
        version,
        target: target.into(),
        name,
        value_type: value_type.into(),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        key: id,
    }
}

pub(crate) fn value(value: custom_values::CustomValue) -> CustomValue {
    let (number, date, is_yes) = (value.number().map(Decimal), value.date().map(Date), value.is_yes());
    let custom_values::CustomValue { field, value } = value;
    CustomValue { field: to_graphql(field), value: value.into(), number, date, is_yes }
}

/// The values of a client as storage takes them.
pub(crate) fn given(values: Vec<CustomValueInput>) -> Vec<custom_values::CustomValueInput> {
    let given = |CustomValueInput { field, value }| {
        let field = name_or_id(Kind::CustomField, field);
        custom_values::CustomValueInput { field, value }
    };
    values.into_iter().map(given).collect()
}
