//! Accounts: making one with its first admin, and finding them by subdomain.

use jiff::tz::TimeZone;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait};
use uuid::Uuid;

use crate::connect::Storage;
pub use crate::entity::accounts::Model as Account;
use crate::entity::{accounts, directory, users};
use crate::error::{Error, Result, on_unique};
use crate::handle::Unit;
use crate::query::users::{NewUser, User, new_row};
use crate::value::Timestamp;

/// What makes an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Lower-case letters, digits and hyphens, at most 63, as in a host name (RFC 1123 section 2.1).
    pub subdomain: String,
    /// What the account calls itself.
    pub name: String,
    /// An IANA time zone.
    pub time_zone: String,
}

/// Makes an account and its first admin.
///
/// Errors: [`Error::Invalid`] for a subdomain or time zone that is none, [`Error::Conflict`] for one that is taken.
pub async fn create(storage: &Storage, new: NewAccount, admin: NewUser, now: Timestamp) -> Result<(Account, User)> {
    let NewAccount { subdomain, name, time_zone } = new;
    check_subdomain(&subdomain)?;
    check_time_zone(&time_zone)?;
    let account_id = Uuid::now_v7();
    let unit = storage.writer.begin().await?;
    let entry = directory::ActiveModel { subdomain: Set(subdomain.clone()), account_id: Set(account_id) };
    let taken = || format!("the subdomain {subdomain} is taken");
    directory::Entity::insert(entry).exec_without_returning(&unit).await.map_err(|error| on_unique(error, taken))?;
    let account = Account {
        account_id,
        subdomain: subdomain.clone(),
        name,
        time_zone,
        language: "en".to_owned(),
        currency: "USD".to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    accounts::Entity::insert(accounts::ActiveModel::from(account.clone())).exec_without_returning(&unit).await?;
    let admin = new_row(account_id, admin, now)?;
    users::Entity::insert(users::ActiveModel::from(admin.clone())).exec_without_returning(&unit).await?;
    unit.commit().await?;
    Ok((account, admin))
}

/// All accounts, by subdomain.
pub async fn list(storage: &Storage) -> Result<Vec<Account>> {
    Ok(accounts::Entity::find().order_by_asc(accounts::Column::Subdomain).all(&storage.readers).await?)
}

/// The account of a subdomain, in any case.
pub async fn by_subdomain(storage: &Storage, subdomain: &str) -> Result<Option<Account>> {
    let entry = directory::Entity::find_by_id(subdomain.to_ascii_lowercase()).one(&storage.readers).await?;
    match entry {
        Some(entry) => by_id(storage, entry.account_id).await,
        None => Ok(None),
    }
}

/// The account of an id.
pub async fn by_id(storage: &Storage, id: Uuid) -> Result<Option<Account>> {
    Ok(accounts::Entity::find().filter(accounts::Column::AccountId.eq(id)).one(&storage.readers).await?)
}

/// The time zone of the unit's account. On PostgreSQL the account keeps it until the unit ends, so that nothing is written
/// by a zone that is being changed.
pub(crate) async fn zone(unit: &Unit) -> Result<TimeZone> {
    let query = accounts::Entity::find().select_only().column(accounts::Column::TimeZone);
    let query = query.filter(accounts::Column::AccountId.eq(unit.account)).lock_shared();
    let name: Option<String> = query.into_tuple().one(unit.on()).await?;
    Ok(name.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC))
}

fn check_subdomain(subdomain: &str) -> Result<()> {
    let letters = subdomain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if letters && (1..=63).contains(&subdomain.len()) && !subdomain.starts_with('-') && !subdomain.ends_with('-') {
        return Ok(());
    }
    Err(Error::invalid(
        "subdomain",
        "a subdomain has 1 to 63 lower-case letters, digits and inner hyphens, such as acme",
    ))
}

fn check_time_zone(name: &str) -> Result<()> {
    TimeZone::get(name).map(drop).map_err(|_| {
        Error::invalid("timeZone", format!("{name:?} is no time zone; write it like Europe/Berlin or UTC"))
    })
}
