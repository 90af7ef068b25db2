//! The tabular and the serde view of a record: one value a column.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::{
    Column, Contact, CustomValue, EmailTemplate, Event, File, Message, Moment, Person, Record, Stage, TemplateItem,
    Transaction,
};

/// Stands between the names of categories in one cell. Commas and semicolons occur in names, this does not (Google Contacts
/// joins its labels in the same way).
pub(crate) const CATEGORY_SEPARATOR: &str = " ::: ";

impl Record {
    /// The tabular view: one text a column, in the order of [`columns`](crate::columns); empty where there is nothing.
    pub fn cells(&self) -> Vec<Cow<'_, str>> {
        self.values().map(|(_, value)| value.text()).collect()
    }

    /// The value of a custom field; empty where there is none.
    pub fn custom_value(&self, field: &str) -> &str {
        let custom: &[CustomValue] = match self {
            Record::Person(person) => &person.custom,
            Record::Transaction(transaction) => &transaction.custom,
            Record::Event(_) | Record::Message(_) | Record::EmailTemplate(_) | Record::TemplateItem(_) => &[],
        };
        custom.iter().find(|value| value.field == field).map_or("", |value| value.value.as_str())
    }

    /// The serde view with the values of custom fields after our own columns.
    pub(crate) fn with_custom_fields<'a>(&'a self, fields: &'a [String]) -> WithCustomFields<'a> {
        WithCustomFields { record: self, fields }
    }

    /// What the columns hold, in the order of [`columns`](crate::columns), for formats that write numbers and dates as such.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Column, Value<'_>)> {
        let columns = match self {
            Record::Person(_) => Column::OF_PERSON,
            Record::Transaction(_) => Column::OF_TRANSACTION,
            Record::Event(_) => Column::OF_EVENT,
            Record::Message(_) => Column::OF_MESSAGE,
            Record::EmailTemplate(_) => Column::OF_EMAIL_TEMPLATE,
            Record::TemplateItem(_) => Column::OF_TEMPLATE_ITEM,
        };
        columns.iter().map(move |&column| (column, self.value(column)))
    }

    fn value(&self, column: Column) -> Value<'_> {
        match self {
            Record::Person(person) => person_value(person, column),
            Record::Transaction(transaction) => transaction_value(transaction, column),
            Record::Event(event) => event_value(event, column),
            Record::Message(message) => message_value(message, column),
            Record::EmailTemplate(template) => email_template_value(template, column),
            Record::TemplateItem(item) => template_item_value(item, column),
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_custom_fields(&[]).serialize(serializer)
    }
}

/// The serde view of a record with some of its custom values.
pub(crate) struct WithCustomFields<'a> {
    record: &'a Record,
    fields: &'a [String],
}

impl Serialize for WithCustomFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (column, value) in self.record.values() {
            object.serialize_entry(column.name(), &value)?;
        }
        for field in self.fields {
            let value = Some(self.record.custom_value(field)).filter(|value| !value.is_empty());
            object.serialize_entry(field, &value)?;
        }
        object.end()
    }
}

/// What one column holds, not yet written down.
pub(crate) enum Value<'a> {
    Nothing,
    Text(&'a str),
    Number(Decimal),
    Time(Timestamp),
    Stage(Stage),
    Names(&'a [String]),
    Day(Date),
    Local(DateTime),
    Flag(bool),
    Count(u64),
    Files(&'a [File]),
}

impl<'a> Value<'a> {
    /// The text of the tabular view; empty where there is nothing.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Value::Nothing => Cow::Borrowed(""),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(plain(number)),
            Value::Time(time) => Cow::Owned(time.to_string()),
            Value::Stage(stage) => Cow::Borrowed(stage.as_str()),
            Value::Names(names) => names_text(names),
            Value::Day(day) => Cow::Owned(day.to_string()),
            Value::Local(time) => Cow::Owned(time.to_string()),
            Value::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            Value::Count(count) => Cow::Owned(count.to_string()),
            Value::Files(files) => {
                names_text(&files.iter().map(|file| file.url.clone()).collect::<Vec<_>>()).into_owned().into()
            }
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
            Value::Day(day) => serializer.collect_str(day),
            Value::Local(time) => serializer.collect_str(time),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Count(count) => serializer.serialize_u64(*count),
            Value::Files(files) => files.serialize(serializer),
        }
    }
}

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("File", 3)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("url", &self.url)?;
        object.serialize_field("mediaType", &self.media_type)?;
        object.end()
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

fn event_value(event: &Event, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(event.id.as_deref()),
        Column::Title => text(event.title.as_deref()),
        Column::StartsOn => day(event.start),
        Column::EndsOn => day(event.end),
        Column::StartsAt => moment(event.start),
        Column::EndsAt => moment(event.end),
        Column::Location => text(event.location.as_deref()),
        Column::Description => text(event.description.as_deref()),
        Column::Complete => event.complete.map_or(Value::Nothing, Value::Flag),
        Column::Owner => text(event.owner.as_deref()),
        Column::EmailTemplate => text(event.email_template.as_deref()),
        Column::Associations => Value::Names(&event.associations),
        Column::Categories => Value::Names(&event.categories),
        Column::SourceUid => text(event.source_uid.as_deref()),
        Column::SourceSequence => event.source_sequence.map_or(Value::Nothing, Value::Count),
        Column::RecurrenceId => text(event.recurrence_id.as_deref()),
        Column::Recurrence => text(event.recurrence.as_deref()),
        Column::CreatedAt => time(event.created_at),
        Column::UpdatedAt => time(event.updated_at),
        other => unreachable!("{} is no column of an event", other.name()),
    }
}

fn message_value(message: &Message, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(message.id.as_deref()),
        Column::Title => text(message.title.as_deref()),
        Column::Body => text(message.body.as_deref()),
        Column::EmailedFrom => text(message.emailed_from.as_deref()),
        Column::EmailedTo => text(message.emailed_to.as_deref()),
        Column::Creator => text(message.creator.as_deref()),
        Column::Files => Value::Files(&message.files),
        Column::Associations => Value::Names(&message.associations),
        Column::Categories => Value::Names(&message.categories),
        Column::CreatedAt => time(message.created_at),
        Column::UpdatedAt => time(message.updated_at),
        other => unreachable!("{} is no column of a message", other.name()),
    }
}

fn email_template_value(template: &EmailTemplate, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(template.id.as_deref()),
        Column::Name => Value::Text(&template.name),
        Column::Subject => Value::Text(&template.subject),
        Column::Body => Value::Text(&template.body),
        Column::CreatedAt => time(template.created_at),
        Column::UpdatedAt => time(template.updated_at),
        other => unreachable!("{} is no column of an e-mail template", other.name()),
    }
}

fn template_item_value(item: &TemplateItem, column: Column) -> Value<'_> {
    match column {
        Column::Id => text(item.id.as_deref()),
        Column::Name => Value::Text(&item.name),
        Column::Item => Value::Count(item.item),
        Column::Offset => Value::Text(&item.offset),
        Column::TimeOfDay => text(item.time_of_day.as_deref()),
        Column::Title => Value::Text(&item.title),
        Column::Location => text(item.location.as_deref()),
        Column::Description => text(item.description.as_deref()),
        Column::EmailTemplate => text(item.email_template.as_deref()),
        Column::CreatedAt => time(item.created_at),
        Column::UpdatedAt => time(item.updated_at),
        other => unreachable!("{} is no column of an event template", other.name()),
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

fn day(moment: Option<Moment>) -> Value<'static> {
    if let Some(Moment::Day(day)) = moment { Value::Day(day) } else { Value::Nothing }
}

fn moment(moment: Option<Moment>) -> Value<'static> {
    match moment {
        Some(Moment::Local(time)) => Value::Local(time),
        Some(Moment::At(time)) => Value::Time(time),
        Some(Moment::Day(_)) | None => Value::Nothing,
    }
}

/// A decimal without trailing zeros: `5000`, `0.25`.
pub(crate) fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

fn names_text(names: &[String]) -> Cow<'_, str> {
    match names {
        [] => Cow::Borrowed(""),
        [only] => Cow::Borrowed(only),
        several => Cow::Owned(several.join(CATEGORY_SEPARATOR)),
    }
}
