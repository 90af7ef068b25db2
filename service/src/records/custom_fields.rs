//! Custom fields and their values: from the database to files.

use formats::Holds;
use storage::query::custom_fields as stored;
use storage::query::custom_values;

/// A field of the database as a file may fill it.
pub(crate) fn fillable(field: stored::CustomField) -> formats::CustomField {
    let holds = match field.value_type {
        stored::ValueType::Text | stored::ValueType::Choice => Holds::Text,
        stored::ValueType::Number => Holds::Number,
        stored::ValueType::Date => Holds::Date,
        stored::ValueType::YesNo => Holds::YesNo,
    };
    formats::CustomField { name: field.name, holds }
}

/// The values of the database as files carry them.
pub(crate) fn to_file(values: Vec<custom_values::CustomValue>) -> Vec<formats::CustomValue> {
    values.into_iter().map(|value| formats::CustomValue { field: value.field.name, value: value.value }).collect()
}
