//! People: reading, creating and updating them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::contact::{Contact, Keys};
use crate::derived::{self, person_with_custom_text};
pub use crate::entity::people::Model as Person;
use crate::entity::{people, transactions};
use crate::error::Result;
use crate::filter::of_view;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::item::ItemKind;
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::custom_fields::Target;
use crate::query::custom_values::{self, CustomValueInput};
use crate::query::{categories, edits};
use crate::reading::Load;
use crate::record::{self, IDS_A_STATEMENT, Recorded, recorded};
use crate::text::lines;
use crate::view::View;

/// What makes a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// The contact data.
    pub contact: Contact,
    /// The names of the categories; those that are not there are made.
    pub categories: Vec<String>,
    /// The values of custom fields.
    pub custom_values: Vec<CustomValueInput>,
}

/// A change of a person.
#[derive(Clone, Debug)]
pub struct PersonEdit {
    /// Whom it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The categories that the person shall be in, or `None` to leave them.
    pub categories: Option<Vec<String>>,
    /// The custom values that it changes; the others stay.
    pub custom_values: Vec<CustomValueInput>,
}

recorded!(people, "person", by SortKey sort_key, keeps CreatedBy);

/// A page of the people of a view.
///
/// Errors: [`crate::Error::NotFound`] for a category that is not there, [`crate::Error::Invalid`] for a cursor of another order.
pub async fn list(reader: &Reader, view: &View, order: Order, request: &PageRequest) -> Result<Page<Person>> {
    let scope = reader.scope_for(Load::of(view));
    let query = of_view::<people::Entity>(&scope, view).await?;
    record::listed(&scope, query, order, request).await
}

/// How many people a view holds.
pub async fn count(reader: &Reader, view: &View) -> Result<u64> {
    let scope = reader.scope_for(Load::of_count(view));
    let query = of_view::<people::Entity>(&scope, view).await?;
    super::count(&scope, query).await
}

/// The people with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Person>> {
    record::by_ids::<people::Entity>(&reader.scope(), ids).await
}

/// The people of transactions that were read already, also one who has gone into the trash with them since.
pub async fn of_transactions(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Person>> {
    let scope = reader.scope();
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let query = people::Entity::find().filter(people::Column::AccountId.eq(scope.account));
        found.extend(query.filter(people::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?);
    }
    Ok(found)
}

/// Puts a person into the trash, with their transactions; events and messages stay.
///
/// Errors: [`crate::Error::NotFound`], [`crate::Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<people::Entity>(&unit, id, version).await?;
            let mut subjects = trash_transactions(&unit, id).await?;
            subjects.push(id);
            derived::transaction_changed(&unit, &subjects).await?;
            unit.publish(Noun::Person, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// Makes a person, always: an e-mail address is not unique.
pub async fn create(writer: &Writer, new: NewPerson) -> Result<Person> {
    let new = &new;
    writer.write(|unit| async move { create_in(&unit, new.clone()).await }).await
}

/// Changes a person: `edit` gets the contact data as they are.
///
/// Errors: [`crate::Error::NotFound`], [`crate::Error::Conflict`] where the version is stale, [`crate::Error::Invalid`].
pub async fn update(writer: &Writer, change: PersonEdit, edit: impl Fn(&mut Contact) + Sync) -> Result<Person> {
    let (change, edit) = (&change, &edit);
    writer
        .write(|unit| async move {
            let PersonEdit { id, version, categories, custom_values } = change;
            let values = custom_values::check(&unit, Target::Person, custom_values).await?;
            let person = record::for_change::<people::Entity>(&unit, *id, *version).await?;
            let person = give(&unit, person, &values).await?;
            let mut contact = person.contact();
            let email = contact.email.clone();
            edit(&mut contact);
            // What stood there before may be no address, and whoever sends it back has not made it so.
            let contact = if contact.email == email { contact.cleaned()? } else { contact.with_address()? };
            let person = save(&unit, &person, contact).await?;
            if let Some(names) = categories {
                categories::set(&unit, ItemKind::Person.item(person.id), names).await?;
            }
            unit.publish(Noun::Person, Verb::Updated, person.id).await?;
            Ok(person)
        })
        .await
}

/// Puts the transactions of a person into the trash, and gives their ids.
async fn trash_transactions(unit: &Unit, person: Uuid) -> Result<Vec<Uuid>> {
    let scope = unit.locking_scope();
    let found = record::live::<transactions::Entity>(&scope)
        .filter(transactions::Column::PersonId.eq(person))
        .all(&scope.on)
        .await?;
    let ids = found.iter().map(|transaction| transaction.id).collect();
    let trashed = found.into_iter().map(|row| <transactions::Entity as Recorded>::trashed(row, unit.now));
    record::write::<transactions::Entity>(unit, trashed.collect()).await?;
    Ok(ids)
}

pub(crate) async fn create_in(unit: &Unit, new: NewPerson) -> Result<Person> {
    let NewPerson { contact, categories, custom_values } = new;
    let values = custom_values::check(unit, Target::Person, &custom_values).await?;
    let contact = contact.with_address()?;
    let keys = contact.keys();
    let person = person_with_custom_text(new_row(unit, contact, keys), custom_values::text_of_new(&values));
    write(unit, vec![person.clone()]).await?;
    custom_values::set(unit, person.id, &values).await?;
    categories::set(unit, ItemKind::Person.item(person.id), &categories).await?;
    unit.publish(Noun::Person, Verb::Created, person.id).await?;
    Ok(person)
}

/// A live person, locked on PostgreSQL until the unit ends. Errors: [`crate::Error::NotFound`].
pub(crate) async fn for_update(unit: &Unit, id: Uuid) -> Result<Person> {
    record::for_update::<people::Entity>(unit, id).await
}

/// Stores a cleaned contact as the person's, with its keys, and renews what others derive from it.
///
/// Errors: [`crate::Error::Conflict`] where the person is not at the version that was read.
pub(crate) async fn save(unit: &Unit, person: &Person, contact: Contact) -> Result<Person> {
    let before = edits::of_contact(&person.contact());
    let stored = changed(unit, person, contact);
    write(unit, vec![stored.clone()]).await?;
    edits::note_differences(unit, stored.id, stored.version, &before, &edits::of_contact(&stored.contact())).await?;
    derived::person_changed(unit, &[&stored]).await?;
    Ok(stored)
}

/// Gives a person custom values, and gives the person as those leave them; the row is for the caller to [`save`].
pub(crate) async fn give(unit: &Unit, person: Person, values: &[custom_values::Checked]) -> Result<Person> {
    if values.is_empty() {
        return Ok(person);
    }
    custom_values::edit(unit, person.id, person.version + 1, values).await?;
    let custom_text = derived::custom_texts(unit, &[person.id]).await?.remove(&person.id).unwrap_or_default();
    Ok(person_with_custom_text(person, custom_text))
}

/// Writes people in one statement: who is not there is inserted, who is there is updated from the version before.
///
/// Errors: [`crate::Error::Conflict`] where somebody is not at the version before.
pub(crate) async fn write(unit: &Unit, people: Vec<Person>) -> Result<()> {
    record::write::<people::Entity>(unit, people).await
}

/// A person with another, cleaned contact, at the next version; nothing is written.
pub(crate) fn changed(unit: &Unit, person: &Person, contact: Contact) -> Person {
    let Person { account_id, id, created_by, version, created_at, updated_at, .. } = *person;
    let updated_at = unit.after(updated_at);
    let stamps = Stamps { account_id, id, created_by, version: version + 1, created_at, updated_at };
    let keys = contact.keys();
    row(contact, keys, person.custom_text.clone(), stamps)
}

/// The row of a new person with a cleaned contact and its keys; it is not inserted.
pub(crate) fn new_row(unit: &Unit, contact: Contact, keys: Keys) -> Person {
    let stamps = Stamps {
        account_id: unit.account,
        id: Uuid::now_v7(),
        created_by: unit.user(),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    row(contact, keys, String::new(), stamps)
}

/// The live people of the account.
pub(crate) fn live(scope: &Scope<'_>) -> Select<people::Entity> {
    record::live(scope)
}

/// What a person's row holds beside contact and keys.
#[derive(Clone, Copy)]
struct Stamps {
    account_id: Uuid,
    id: Uuid,
    created_by: Option<Uuid>,
    version: i64,
    created_at: crate::value::Timestamp,
    updated_at: crate::value::Timestamp,
}

fn row(contact: Contact, keys: Keys, custom_text: String, stamps: Stamps) -> Person {
    let Keys {
        sort_key,
        email_key,
        name_key,
        company_key,
        city_key,
        state_key,
        country_key,
        phone_digits,
        search_text: contact_text,
    } = keys;
    let search_text = lines([&contact_text, &custom_text]);
    let Stamps { account_id, id, created_by, version, created_at, updated_at } = stamps;
    Person {
        sort_key,
        email_key,
        name_key,
        company_key,
        phone_digits,
        city_key,
        state_key,
        country_key,
        custom_text,
        search_text,
        created_by,
        version,
        created_at,
        updated_at,
        ..Person::blank(account_id, id).with_contact(contact)
    }
}
