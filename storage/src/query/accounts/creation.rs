//! Making an account with its first admin.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{Account, check_subdomain, check_time_zone};
use crate::connect::Storage;
use crate::entity::{accounts, directory, users};
use crate::error::{Result, on_unique};
use crate::name;
use crate::pool::PATIENCE;
use crate::query::users::{NewUser, User, enter_in_directory, new_row};
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
/// Errors: [`crate::Error::Invalid`] for a subdomain or time zone that is none, [`crate::Error::Conflict`] for one that is taken.
pub async fn create(storage: &Storage, new: NewAccount, admin: NewUser, now: Timestamp) -> Result<(Account, User)> {
    let NewAccount { subdomain, name, time_zone } = new;
    check_subdomain(&subdomain)?;
    let name = name::checked(&name, "an account", "name")?.to_owned();
    let time_zone = check_time_zone(&time_zone)?;
    let account_id = Uuid::now_v7();
    let unit = storage.writer.begin(PATIENCE).await?;
    let entry = directory::ActiveModel { subdomain: Set(subdomain.clone()), account_id: Set(account_id) };
    let taken = || format!("the subdomain {subdomain} is taken");
    directory::Entity::insert(entry)
        .exec_without_returning(unit.on())
        .await
        .map_err(|error| on_unique(error, taken))?;
    let account = Account {
        account_id,
        subdomain: subdomain.clone(),
        name,
        time_zone,
        language: "en".to_owned(),
        currency: "USD".to_owned(),
        legacy_api_ended_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    accounts::Entity::insert(accounts::ActiveModel::from(account.clone())).exec_without_returning(unit.on()).await?;
    let admin = new_row(account_id, admin, now)?;
    users::Entity::insert(users::ActiveModel::from(admin.clone())).exec_without_returning(unit.on()).await?;
    enter_in_directory(unit.on(), &admin).await?;
    unit.commit().await?;
    Ok((account, admin))
}
