//! People: from files to the database, and from the database to files.

use storage::import::{Incoming, RecordTimes};
use storage::query::custom_values::CustomValue;
use storage::query::portions::CarriedPerson;

use super::{contact, custom_fields};
use crate::id::Kind;

/// A person of the database as files carry it.
pub(crate) fn to_file(person: CarriedPerson, custom: Vec<CustomValue>) -> formats::Person {
    let CarriedPerson { id, contact: stored, categories, created_at, updated_at } = person;
    formats::Person {
        id: Some(Kind::Person.global(id).to_string()),
        contact: contact::to_file(stored),
        categories,
        custom: custom_fields::to_file(custom),
        foreign: Vec::new(),
        created_at: Some(created_at.into()),
        updated_at: Some(updated_at.into()),
    }
}

/// A row of a file as the import takes it.
pub(crate) fn from_file(person: formats::Person, row: u64) -> Incoming {
    let formats::Person { id, contact: carried, categories, custom, foreign, created_at, updated_at } = person;
    Incoming {
        row,
        id: id.and_then(|id| Kind::Person.parse(&id)),
        times: RecordTimes { created_at: created_at.map(Into::into), updated_at: updated_at.map(Into::into) },
        contact: contact::from_file(carried),
        foreign_notes: contact::foreign_lines(&foreign),
        categories,
        custom: custom.into_iter().map(|value| (value.field, value.value)).collect(),
        ..Incoming::default()
    }
}
