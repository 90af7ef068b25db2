//! People: reading, creating and updating them.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable, QueryFilter, Select};
use uuid::Uuid;

use crate::contact::{Contact, Keys};
use crate::entity::people;
pub use crate::entity::people::Model as Person;
use crate::error::{Error, Result};
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::outbox::Topic;
use crate::page::{Listed, Order, Page, PageRequest, SortKey, page, paged};
use crate::query::{categories, transactions};
use crate::view::View;

/// What makes a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// The contact data.
    pub contact: Contact,
    /// The names of the categories; those that are not there are made.
    pub categories: Vec<String>,
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
}

impl Listed for people::Entity {
    fn id() -> Self::Column {
        people::Column::Id
    }

    fn sort_column(key: SortKey) -> Self::Column {
        match key {
            SortKey::Name => people::Column::SortKey,
            SortKey::Created => people::Column::CreatedAt,
            SortKey::Updated => people::Column::UpdatedAt,
        }
    }
}

impl Person {
    /// The contact data alone.
    pub fn contact(&self) -> Contact {
        Contact {
            name: self.name.clone(),
            company: self.company.clone(),
            title: self.title.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            mobile: self.mobile.clone(),
            fax: self.fax.clone(),
            url: self.url.clone(),
            address: self.address.clone(),
            city: self.city.clone(),
            state: self.state.clone(),
            zip: self.zip.clone(),
            country: self.country.clone(),
            notes: self.notes.clone(),
        }
    }
}

/// A page of the people of a view.
///
/// Errors: [`Error::NotFound`] for a category that is not there, [`Error::Invalid`] for a cursor of another order.
pub async fn list(reader: &Reader, view: &View, order: Order, request: &PageRequest) -> Result<Page<Person>> {
    let scope = reader.scope();
    let query = paged(of_view(&scope, view).await?, order, request).ok_or_else(super::wrong_cursor)?;
    Ok(page(query.all(&scope.on).await?, request))
}

/// How many people a view holds.
pub async fn count(reader: &Reader, view: &View) -> Result<u64> {
    let scope = reader.scope();
    let query = of_view(&scope, view).await?;
    super::count(&scope, query).await
}

/// The people with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Person>> {
    let scope = reader.scope();
    Ok(live(&scope).filter(people::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?)
}

/// Makes a person, always: an e-mail address is not unique (design.md section 12).
pub async fn create(writer: &Writer, new: NewPerson) -> Result<Person> {
    let new = &new;
    writer.write(|unit| async move { create_in(&unit, new.clone()).await }).await
}

/// Changes a person: `edit` gets the contact data as they are.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale, [`Error::Invalid`].
pub async fn update(writer: &Writer, change: PersonEdit, edit: impl Fn(&mut Contact) + Sync) -> Result<Person> {
    let (change, edit) = (&change, &edit);
    writer
        .write(|unit| async move {
            let PersonEdit { id, version, categories } = change;
            let person = for_update(&unit, *id).await?;
            check_version(*version, person.version)?;
            let mut contact = person.contact();
            edit(&mut contact);
            let person = save(&unit, &person, contact.cleaned()?).await?;
            if let Some(names) = categories {
                categories::check_count(names)?;
                let ids: Vec<_> =
                    categories::ensure(&unit, names.iter().map(String::as_str)).await?.into_values().collect();
                categories::keep_of_person(&unit, person.id, &ids).await?;
                add_categories(&unit, person.id, &ids).await?;
            }
            unit.publish(Topic::PersonUpdated, person.id).await?;
            Ok(person)
        })
        .await
}

/// Errors: [`Error::Conflict`] where a caller changes a version that is no longer the current one.
pub(crate) fn check_version(seen: Option<i64>, current: i64) -> Result<()> {
    match seen {
        Some(seen) if seen != current => Err(Error::Conflict {
            reason: format!(
                "it was changed meanwhile: you saw version {seen}, and version {current} is the current one"
            ),
        }),
        _ => Ok(()),
    }
}

pub(crate) async fn create_in(unit: &Unit, new: NewPerson) -> Result<Person> {
    let NewPerson { contact, categories } = new;
    categories::check_count(&categories)?;
    let person = new_row(unit, contact.cleaned()?);
    write(unit, vec![person.clone()]).await?;
    let ids: Vec<_> = categories::ensure(unit, categories.iter().map(String::as_str)).await?.into_values().collect();
    add_categories(unit, person.id, &ids).await?;
    unit.publish(Topic::PersonCreated, person.id).await?;
    Ok(person)
}

/// A live person, locked on PostgreSQL until the unit ends. Errors: [`Error::NotFound`].
pub(crate) async fn for_update(unit: &Unit, id: Uuid) -> Result<Person> {
    let scope = unit.locking_scope();
    let query = live(&scope).filter(people::Column::Id.eq(id));
    query.one(&scope.on).await?.ok_or(Error::NotFound { what: "person" })
}

/// Errors: [`Error::Conflict`] where fewer rows were written than there should have been: somebody was quicker.
pub(crate) fn check_written(written: u64, rows: usize) -> Result<()> {
    if written == rows as u64 {
        return Ok(());
    }
    Err(Error::Conflict { reason: "somebody else changed the same record at the same moment; try again".to_owned() })
}

/// Stores a cleaned contact as the person's, with its keys, and renews what transactions derive from it.
///
/// Errors: [`Error::Conflict`] where the person is not at the version that was read.
pub(crate) async fn save(unit: &Unit, person: &Person, contact: Contact) -> Result<Person> {
    let stored = changed(unit, person, contact);
    write(unit, vec![stored.clone()]).await?;
    transactions::renew_keys(unit, &[&stored]).await?;
    Ok(stored)
}

/// Writes people in one statement: who is not there is inserted, who is there is updated from the version before.
///
/// Errors: [`Error::Conflict`] where somebody is not at the version before.
pub(crate) async fn write(unit: &Unit, people: Vec<Person>) -> Result<()> {
    use people::Column;
    if people.is_empty() {
        return Ok(());
    }
    let count = people.len();
    let kept = [Column::AccountId, Column::Id, Column::CreatedBy, Column::CreatedAt, Column::DeletedAt];
    let updated = Column::iter().filter(|column| kept.iter().all(|kept| kept.as_str() != column.as_str()));
    let written = people::Entity::insert_many(people.into_iter().map(people::ActiveModel::from))
        .on_conflict(on_version_before(people::Entity, [Column::AccountId, Column::Id], Column::Version, updated))
        .exec_without_returning(unit.on())
        .await?;
    check_written(written, count)
}

/// What to do with a row that is there: update these columns if it is at the version before the new one.
pub(crate) fn on_version_before<E: EntityTrait>(
    entity: E,
    key: [E::Column; 2],
    version: E::Column,
    columns: impl Iterator<Item = E::Column>,
) -> OnConflict {
    let stored = Expr::col((entity, version));
    let new = Expr::col((Alias::new("excluded"), version));
    OnConflict::columns(key).update_columns(columns).action_and_where(stored.add(1).eq(new)).to_owned()
}

/// A person with another, cleaned contact, at the next version; nothing is written.
pub(crate) fn changed(unit: &Unit, person: &Person, contact: Contact) -> Person {
    let Person { account_id, id, created_by, version, created_at, .. } = *person;
    let keys = contact.keys();
    row(contact, keys, Stamps { account_id, id, created_by, version: version + 1, created_at, updated_at: unit.now })
}

/// The row of a new person with a cleaned contact; it is not inserted.
pub(crate) fn new_row(unit: &Unit, contact: Contact) -> Person {
    let keys = contact.keys();
    row(
        contact,
        keys,
        Stamps {
            account_id: unit.account,
            id: Uuid::now_v7(),
            created_by: unit.user(),
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        },
    )
}

/// The live people of the account: the one place that leaves out the trash.
pub(crate) fn live(scope: &Scope<'_>) -> Select<people::Entity> {
    let live = people::Entity::find()
        .filter(people::Column::AccountId.eq(scope.account))
        .filter(people::Column::DeletedAt.is_null());
    scope.held(live)
}

async fn of_view(scope: &Scope<'_>, view: &View) -> Result<Select<people::Entity>> {
    let View { search, category, stage: _, person } = view;
    let mut query = live(scope);
    if !search.is_empty() {
        query = query.filter(search.condition(people::Column::SearchText));
    }
    if let Some(category) = category {
        query = query.filter(categories::holds_person(scope, categories::find(scope, category).await?));
    }
    if let Some(person) = person {
        query = query.filter(people::Column::Id.eq(*person));
    }
    Ok(query)
}

async fn add_categories(unit: &Unit, person: Uuid, ids: &[Uuid]) -> Result<()> {
    let pairs: Vec<_> = ids.iter().map(|category| (person, *category)).collect();
    categories::add_people(unit, &pairs).await
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

fn row(contact: Contact, keys: Keys, stamps: Stamps) -> Person {
    let Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes } =
        contact;
    let Keys { sort_key, email_key, name_key, company_key, phone_digits, search_text } = keys;
    let Stamps { account_id, id, created_by, version, created_at, updated_at } = stamps;
    Person {
        account_id,
        id,
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
        sort_key,
        email_key,
        name_key,
        company_key,
        phone_digits,
        search_text,
        created_by,
        version,
        created_at,
        updated_at,
        deleted_at: None,
    }
}
