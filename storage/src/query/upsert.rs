//! A person who may be in the account already: found by the keys of the import, or created.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::contact::{Contact, Keys};
use crate::error::Result;
use crate::handle::{Unit, Writer};
use crate::item::ItemKind;
use crate::matching::Candidates;
use crate::outbox::{Noun, Verb};
use crate::query::categories;
use crate::query::custom_fields::Target;
use crate::query::custom_values::{self, Checked};
use crate::query::people::{self, NewPerson, Person};

/// What a person who is there already gets of what is given; categories are always added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchPolicy {
    /// Empty fields are filled.
    Filled,
    /// Fields that are given are replaced, the others stay. Notes that the person does not have yet are put under theirs, as
    /// somebody may have written them.
    Updated,
}

/// The person who is there already and then gets what the policy says; a new one only where there is none.
///
/// Errors: as [`people::create`].
pub async fn find_or_create(writer: &Writer, new: NewPerson, policy: MatchPolicy) -> Result<Person> {
    let new = &new;
    writer.write(|unit| async move { find_or_create_in(&unit, new.clone(), policy).await }).await
}

/// The match of a new person, or the new person.
///
/// Errors: [`crate::Error::Invalid`] where the e-mail address is none, unless the match has the very same.
pub(crate) async fn find_or_create_in(unit: &Unit, new: NewPerson, policy: MatchPolicy) -> Result<Person> {
    let read = new.contact.clone().with_address();
    let contact = match &read {
        Ok(contact) => contact.clone(),
        Err(_) => new.contact.clone().cleaned()?,
    };
    let values = custom_values::check(unit, Target::Person, &new.custom_values).await?;
    let keys = contact.keys();
    lock_keys(unit, &keys).await?;
    let candidates = Candidates::load(&unit.scope(), &[], std::slice::from_ref(&keys)).await?;
    let Some((found, _)) = candidates.find(None, &keys, |_| true) else {
        return people::create_in(unit, new).await;
    };
    let person = people::for_update(unit, found.person.id).await?;
    if contact.email != person.email {
        read?;
    }
    categories::check_count(&new.categories)?;
    let ids = categories::ensure(unit, new.categories.iter().map(String::as_str)).await?;
    let pairs: Vec<_> = ids.into_values().map(|category| (person.id, category)).collect();
    categories::add(unit, ItemKind::Person, &pairs).await?;
    let contact = match policy {
        MatchPolicy::Filled => person.contact().filled(contact),
        MatchPolicy::Updated => updated(person.contact(), contact).cleaned()?,
    };
    let there = custom_values::values_in(&unit.scope(), &[person.id]).await?.remove(&person.id).unwrap_or_default();
    let changes = |value: &Checked| {
        let there = there.iter().find(|there| there.field.id == value.field.id);
        value.value.is_some()
            && match policy {
                MatchPolicy::Filled => there.is_none(),
                MatchPolicy::Updated => there.map(|there| &there.value) != value.value.as_ref(),
            }
    };
    let values: Vec<_> = values.into_iter().filter(changes).collect();
    if contact == person.contact() && values.is_empty() {
        return Ok(person);
    }
    let person = people::give(unit, person, &values).await?;
    let person = people::save(unit, &person, contact).await?;
    unit.publish(Noun::Person, Verb::Updated, person.id).await?;
    Ok(person)
}

/// Has whoever brings the same person at this moment wait, so that the second one finds whom the first has made. SQLite has one
/// writer anyway; on PostgreSQL these locks end with the unit.
async fn lock_keys(unit: &Unit, keys: &Keys) -> Result<()> {
    let on = unit.on();
    if on.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let account = unit.account;
    let email = keys.email_key.as_ref().map(|email| format!("{account} email {email}"));
    let names = [keys.name_key.as_str(), keys.company_key.as_str()];
    let name = (names != ["", ""]).then(|| format!("{account} name {}\n{}", names[0], names[1]));
    // Always the address first, so that no two wait for each other.
    for key in email.into_iter().chain(name) {
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        on.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, lock, [key.into()])).await?;
    }
    Ok(())
}

/// A contact with the filled fields of another.
fn updated(mut contact: Contact, mut given: Contact) -> Contact {
    let more = given.notes.take();
    for ((_, field), (_, other)) in contact.fields_mut().into_iter().zip(given.fields_mut()) {
        if other.is_some() {
            *field = other.take();
        }
    }
    contact.notes = match (contact.notes, more) {
        (Some(notes), Some(more)) if !notes.contains(more.trim()) => Some(format!("{}\n\n{more}", notes.trim_end())),
        (notes, more) => notes.or(more),
    };
    contact
}
