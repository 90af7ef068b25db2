//! The scalars of the schema: moments and decimals, both written as strings, and texts that may be long.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, MaybeUndefined, OutputType, Positioned, Scalar, ScalarType,
    ServerResult, Value,
};
use storage::Allowance;

use crate::error::Error;

/// A moment in UTC, such as `2026-11-22T09:30:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) storage::Timestamp);

/// A moment in UTC, such as `2026-11-22T09:30:00Z` (RFC 3339), with up to six decimal places of the second.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let moment: jiff::Timestamp =
            text.parse().map_err(|_| InputValueError::custom("a moment is written like 2026-11-22T09:30:00Z"))?;
        Ok(Self(moment.into()))
    }

    fn to_value(&self) -> Value {
        Value::String(jiff::Timestamp::from(self.0).to_string())
    }
}

/// A day of the calendar, such as `2026-05-25` (RFC 3339, full-date).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) storage::Day);

/// A day of the calendar, such as `2026-05-25` (RFC 3339, full-date).
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A decimal number with at most four places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) storage::Decimal);

/// A decimal number with at most four places, as a string without trailing zeros, such as `"0.25"`. A number is read
/// as well.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        text.parse().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The value of a field that is not absent; null is the empty value.
pub(crate) fn given<T: Default>(field: MaybeUndefined<T>) -> Option<T> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(T::default()),
        MaybeUndefined::Value(value) => Some(value),
    }
}

/// A string of up to a MiB. Each time that it is answered counts towards the size of the answer; until then its clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(Arc<String>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(text))
    }
}

impl OutputType for Text {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if let Some(allowance) = ctx.data_opt::<Allowance>() {
            let refused = |error| Error::from(error).at(field.pos);
            allowance.take(self.0.len()).map_err(|error| ctx.set_error_path(refused(error)))?;
        }
        Ok(Value::String(String::clone(&self.0)))
    }
}
