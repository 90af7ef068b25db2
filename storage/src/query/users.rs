//! Users of an account.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::connect::Storage;
pub use crate::entity::users::{Model as User, Role};
use crate::entity::{sign_in_directory, users};
use crate::error::{Error, Result, on_unique};
use crate::fold::fold;
use crate::handle::{Reader, Unit, Writer};
use crate::name;
use crate::named_users::of_account;
use crate::outbox::{Noun, Verb};
use crate::query::accounts::{self, Account};
use crate::query::tokens;
use crate::record::check_version;
use crate::value::Timestamp;

/// In how many accounts an address is tried where none is named.
pub const ACCOUNTS_OF_ADDRESS: usize = 5;

/// How many users an account may have.
const USERS_LIMIT: u64 = 1_000;

/// What makes a user.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address that they sign in with.
    pub email: String,
    /// What they are called; the address where it is empty.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The PHC string of their password, see [`crate::password::Passwords::hash`].
    pub password_hash: String,
}

/// A change of a user; `None` leaves what it is about.
#[derive(Clone, Debug)]
pub struct UserEdit {
    /// Whom it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The address that they sign in with.
    pub email: Option<String>,
    /// What they are called; the address where it is empty.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// The PHC string of their password. It ends what they are signed in with.
    pub password_hash: Option<String>,
    /// Whether they may sign in.
    pub access: Option<Access>,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Enabled,
    /// They may not, and what they were signed in with is good no longer.
    Disabled,
}

impl UserEdit {
    /// A change of nothing.
    pub fn of(id: Uuid) -> Self {
        Self { id, version: None, email: None, name: None, role: None, password_hash: None, access: None }
    }
}

/// Makes a user.
///
/// Errors: [`Error::Invalid`] for an address without `@`, a name that cannot be, or too many users; [`Error::Conflict`]
/// for an address that is taken.
pub async fn create(writer: &Writer, new: NewUser) -> Result<User> {
    let new = &new;
    writer
        .write(|unit| async move {
            let user = new_row(unit.account, new.clone(), unit.now)?;
            check_room(&unit).await?;
            users::Entity::insert(users::ActiveModel::from(user.clone()))
                .exec_without_returning(unit.on())
                .await
                .map_err(|error| on_unique(error, taken(&user)))?;
            enter_in_directory(unit.on(), &user).await?;
            unit.publish(Noun::User, Verb::Created, user.id).await?;
            Ok(user)
        })
        .await
}

/// Changes a user. A user is never deleted, as records name those who made them: who leaves is disabled.
///
/// Errors: as [`create`], [`Error::NotFound`], [`Error::Conflict`] where the version is stale, and where no admin who may
/// sign in would be left.
pub async fn update(writer: &Writer, edit: UserEdit) -> Result<User> {
    let edit = &edit;
    writer
        .write(|unit| async move {
            let UserEdit { id, version, email, name, role, password_hash, access } = edit;
            // Two admins who disable each other at the same moment wait for each other.
            accounts::lock(&unit).await?;
            let before = users::Entity::find_by_id((unit.account, *id)).one(unit.on()).await?;
            let before = before.ok_or(Error::NotFound { what: "user" })?;
            check_version(*version, before.version)?;
            let email = check_email(email.as_deref().unwrap_or(&before.email))?;
            let name = check_name(name.as_deref().unwrap_or(&before.name), email)?;
            let after = User {
                email: email.to_owned(),
                email_key: fold(email),
                name: name.to_owned(),
                role: role.unwrap_or(before.role),
                password_hash: password_hash.clone().unwrap_or_else(|| before.password_hash.clone()),
                disabled_at: match access {
                    None => before.disabled_at,
                    Some(Access::Enabled) => None,
                    Some(Access::Disabled) => before.disabled_at.or(Some(unit.after(before.updated_at))),
                },
                version: before.version + 1,
                updated_at: unit.after(before.updated_at),
                ..before.clone()
            };
            if is_acting_admin(&before) && !is_acting_admin(&after) {
                check_other_admin(&unit, *id).await?;
            }
            let row = users::ActiveModel::from(after.clone()).reset_all();
            row.update(unit.on()).await.map_err(|error| on_unique(error, taken(&after)))?;
            if after.email_key != before.email_key {
                let old = (before.email_key.clone(), unit.account);
                sign_in_directory::Entity::delete_by_id(old).exec(unit.on()).await?;
                enter_in_directory(unit.on(), &after).await?;
            }
            if password_hash.is_some() || after.disabled_at.is_some() {
                tokens::end_all(&unit, *id).await?;
            }
            unit.publish(Noun::User, Verb::Updated, *id).await?;
            Ok(after)
        })
        .await
}

/// The user with this id.
pub async fn get(reader: &Reader, id: Uuid) -> Result<Option<User>> {
    Ok(users::Entity::find_by_id((reader.account(), id)).one(&reader.scope().on).await?)
}

/// The users with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<User>> {
    let scope = reader.scope();
    let query = users::Entity::find().filter(users::Column::AccountId.eq(scope.account));
    Ok(query.filter(users::Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?)
}

/// The user who signs in with this address.
pub async fn by_email(reader: &Reader, email: &str) -> Result<Option<User>> {
    Ok(users::Entity::find()
        .filter(users::Column::AccountId.eq(reader.account()))
        .filter(users::Column::EmailKey.eq(fold(email)))
        .one(&reader.scope().on)
        .await?)
}

/// The users of the account, by address.
pub async fn list(reader: &Reader) -> Result<Vec<User>> {
    Ok(users::Entity::find()
        .filter(users::Column::AccountId.eq(reader.account()))
        .order_by_asc(users::Column::EmailKey)
        .all(&reader.scope().on)
        .await?)
}

/// The accounts in which this address may sign in.
///
/// Errors: [`Error::Invalid`] where there are more than [`ACCOUNTS_OF_ADDRESS`], as each costs the check of a password.
pub async fn accounts_of(storage: &Storage, email: &str) -> Result<Vec<Account>> {
    let entries = sign_in_directory::Entity::find().filter(sign_in_directory::Column::EmailKey.eq(fold(email)));
    let mut found = Vec::new();
    for entry in entries.order_by_asc(sign_in_directory::Column::AccountId).all(&storage.readers).await? {
        let user = by_email(&storage.reader(entry.account_id), email).await?;
        if user.is_some_and(|user| user.disabled_at.is_none()) {
            found.extend(accounts::by_id(storage, entry.account_id).await?);
        }
    }
    if found.len() > ACCOUNTS_OF_ADDRESS {
        let reason = "this address is in many accounts: name one of them in the header X-Cairn-Account";
        return Err(Error::Invalid { field: None, reason: reason.to_owned() });
    }
    Ok(found)
}

/// Notes down where the address of a user signs in. To be called wherever a user gets an address.
pub(crate) async fn enter_in_directory(on: &impl ConnectionTrait, user: &User) -> Result<()> {
    let entry =
        sign_in_directory::ActiveModel { email_key: Set(user.email_key.clone()), account_id: Set(user.account_id) };
    sign_in_directory::Entity::insert(entry).exec_without_returning(on).await?;
    Ok(())
}

/// Errors: [`Error::NotFound`] where one of these is no user of the account.
pub(crate) async fn check(unit: &Unit, ids: &[Uuid]) -> Result<()> {
    let query = users::Entity::find().filter(users::Column::AccountId.eq(unit.account));
    let found = query.filter(users::Column::Id.is_in(ids.iter().copied())).all(unit.on()).await?;
    if ids.iter().all(|id| found.iter().any(|user| user.id == *id)) {
        return Ok(());
    }
    Err(Error::NotFound { what: "user" })
}

pub(crate) fn new_row(account_id: Uuid, new: NewUser, now: Timestamp) -> Result<User> {
    let NewUser { email, name, role, password_hash } = new;
    let email = check_email(&email)?;
    Ok(User {
        account_id,
        id: Uuid::now_v7(),
        email_key: fold(email),
        name: check_name(&name, email)?.to_owned(),
        email: email.to_owned(),
        role,
        password_hash,
        disabled_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// The address as it may be stored. Errors: [`Error::Invalid`].
fn check_email(email: &str) -> Result<&str> {
    let email = email.trim();
    let valid = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if valid && email.chars().count() <= 320 && !email.contains(odd) {
        return Ok(email);
    }
    Err(Error::invalid("email", "a user needs an e-mail address, such as jane@example.com"))
}

/// The name as it may be stored; the address where it is empty. Errors: [`Error::Invalid`].
fn check_name<'n>(name: &'n str, email: &'n str) -> Result<&'n str> {
    if name.trim().is_empty() { Ok(email) } else { name::checked(name, "a user", "name") }
}

fn taken(user: &User) -> impl FnOnce() -> String {
    move || format!("there is a user with the e-mail address {} already", user.email)
}

/// Errors: [`Error::Invalid`] where the account has as many users as it may have.
async fn check_room(unit: &Unit) -> Result<()> {
    accounts::lock(unit).await?;
    let query = users::Entity::find().filter(users::Column::AccountId.eq(unit.account));
    let count = super::count(&unit.scope(), query).await?;
    if count < USERS_LIMIT {
        return Ok(());
    }
    let reason = format!("the account has {count} users, and {USERS_LIMIT} is the most");
    Err(Error::Invalid { field: None, reason })
}

fn is_acting_admin(user: &User) -> bool {
    user.role == Role::Admin && user.disabled_at.is_none()
}

/// Errors: [`Error::Conflict`] where nobody else is an admin who may sign in.
async fn check_other_admin(unit: &Unit, id: Uuid) -> Result<()> {
    if of_account(&unit.scope()).await?.iter().any(|user| user.id != id && is_acting_admin(user)) {
        return Ok(());
    }
    let reason = "the account needs an admin who may sign in: make somebody else an admin first";
    Err(Error::Conflict { reason: reason.to_owned() })
}
