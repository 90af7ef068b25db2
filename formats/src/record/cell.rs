//! The tabular and the serde view of a record: one value a column.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Column, Contact, Person, Record, Stage, Transaction};

/// Stands between the names of categories in one cell. Commas and semicolons occur in names, this does not (Google Contacts
/// joins its labels in the same way).
pub(crate) const CATEGORY_SEPARATOR: &str = " ::: ";

impl Record {
    /// The tabular view: one text a column, in the order of [`columns`](crate::columns); empty where there is nothing.
    pub fn cells(&self) -> Vec<Cow<'_, str>> {
        self.values().map(|(_, value)| value.text()).collect()
    }

    fn values(&self) -> impl Iterator<Item = (Column, Value<'_>)> {
        let columns = match self {
            Record::Person(_) => Column::OF_PERSON,
            Record::Transaction(_) => Column::OF_TRANSACTION,
            Record::Event(_) => &[],
        };
        columns.iter().map(move |&column| (column, self.value(column)))
    }

    fn value(&self, column: Column) -> Value<'_> {
        match self {
            Record::Person(person) => person_value(person, column),
            Record::Transaction(transaction) => transaction_value(transaction, column),
            Record::Event(_) => Value::Nothing,
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (column, value) in self.values() {
            object.serialize_entry(column.name(), &value)?;
        }
        object.end()
    }
}

impl Contact {
    /// What a column of the contact holds; `None` also for a column of the record around it.
    pub(crate) fn text(&self, column: Column) -> Option<&str> {
        let field = match column {
            Column::Name => &self.name,
            Column::Company => &self.company,
            Column::Title => &self.title,
            Column::Email => &self.email,
            Column::Phone => &self.phone,
            Column::Mobile => &self.mobile,
            Column::Fax => &self.fax,
            Column::Url => &self.url,
            Column::Address => &self.address,
            Column::City => &self.city,
            Column::State => &self.state,
            Column::Zip => &self.zip,
            Column::Country => &self.country,
            Column::Notes => &self.notes,
            _ => return None,
        };
        field.as_deref()
    }
}

/// What one column holds, not yet written down.
enum Value<'a> {
    Nothing,
    Text(&'a str),
    Number(Decimal),
    Time(Timestamp),
    Stage(Stage),
    Names(&'a [String]),
}

impl<'a> Value<'a> {
    fn text(self) -> Cow<'a, str> {
        match self {
            Value::Nothing => Cow::Borrowed(""),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(plain(number)),
            Value::Time(time) => Cow::Owned(time.to_string()),
            Value::Stage(stage) => Cow::Borrowed(stage.as_str()),
            Value::Names(names) => names_text(names),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Nothing => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_str(&plain(*number)),
            Value::Time(time) => serializer.collect_str(time),
            Value::Stage(stage) => serializer.serialize_str(stage.as_str()),
            Value::Names(names) => names.serialize(serializer),
        }
    }
}

fn person_value(person: &Person, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(person.id.as_deref()),
        Column::Categories => Value::Names(&person.categories),
        Column::CreatedAt => time(person.created_at),
        Column::UpdatedAt => time(person.updated_at),
        _ => contact_value(&person.contact, column),
    }
}

fn transaction_value(transaction: &Transaction, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(transaction.id.as_deref()),
        Column::PersonId => text(transaction.person_id.as_deref()),
        Column::Stage => transaction.stage.map_or(Value::Nothing, Value::Stage),
        Column::Value => number(transaction.value),
        Column::Probability => number(transaction.probability),
        Column::MoreInfo => text(transaction.more_info.as_deref()),
        Column::Categories => Value::Names(&transaction.categories),
        Column::CreatedAt => time(transaction.created_at),
        Column::UpdatedAt => time(transaction.updated_at),
        _ => contact_value(&transaction.contact, column),
    }
}

fn contact_value(contact: &Contact, column: Column) -> Value<'_> {
    text(contact.text(column))
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Nothing, Value::Text)
}

fn number(number: Option<Decimal>) -> Value<'static> {
    number.map_or(Value::Nothing, Value::Number)
}

fn time(time: Option<Timestamp>) -> Value<'static> {
    time.map_or(Value::Nothing, Value::Time)
}

/// A decimal without trailing zeros: `5000`, `0.25`.
fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

fn names_text(names: &[String]) -> Cow<'_, str> {
    match names {
        [] => Cow::Borrowed(""),
        [only] => Cow::Borrowed(only),
        several => Cow::Owned(several.join(CATEGORY_SEPARATOR)),
    }
}
