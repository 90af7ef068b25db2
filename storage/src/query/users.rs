//! Users of an account.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::connect::Storage;
pub use crate::entity::users::{Model as User, Role};
use crate::entity::{directory, users};
use crate::error::{Error, Result, on_unique};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::query::accounts::{self, Account};
use crate::value::Timestamp;
use crate::view::NameOrId;

/// In how many accounts an address is tried where none is named.
pub const ACCOUNTS_OF_ADDRESS: usize = 5;

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

/// Makes a user. Errors: [`Error::Invalid`] for an address without `@`, [`Error::Conflict`] for one that is taken.
pub async fn create(writer: &Writer, new: NewUser) -> Result<User> {
    let new = &new;
    writer
        .write(|unit| async move {
            let user = new_row(unit.account, new.clone(), unit.now)?;
            let taken = || format!("there is a user with the e-mail address {} already", user.email);
            users::Entity::insert(users::ActiveModel::from(user.clone()))
                .exec_without_returning(unit.on())
                .await
                .map_err(|error| on_unique(error, taken))?;
            Ok(user)
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
    let mut found = Vec::new();
    // An account at a time, each by its index: no statement scans the users of all accounts.
    for entry in directory::Entity::find().all(&storage.readers).await? {
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

/// Errors: [`Error::NotFound`] where one of these is no user of the account.
pub(crate) async fn check(unit: &Unit, ids: &[Uuid]) -> Result<()> {
    let query = users::Entity::find().filter(users::Column::AccountId.eq(unit.account));
    let found = query.filter(users::Column::Id.is_in(ids.iter().copied())).all(unit.on()).await?;
    if ids.iter().all(|id| found.iter().any(|user| user.id == *id)) {
        return Ok(());
    }
    Err(Error::NotFound { what: "user" })
}

/// The users that a view names: by id, by e-mail address, else those whose name holds the text.
///
/// Errors: [`Error::NotFound`] where there is none.
pub(crate) async fn find(scope: &Scope<'_>, user: &NameOrId) -> Result<Vec<Uuid>> {
    let found = match user {
        NameOrId::Id(id) => {
            of_account(scope).await?.into_iter().map(|user| user.id).filter(|found| found == id).collect()
        }
        NameOrId::Name(name) => named(scope, &fold(name)).await?,
    };
    if found.is_empty() { Err(Error::NotFound { what: "user" }) } else { Ok(found) }
}

/// The users of this e-mail address, or else those whose name holds a folded text. `me` is who looks.
pub(crate) async fn named(scope: &Scope<'_>, text: &str) -> Result<Vec<Uuid>> {
    if text == "me"
        && let Some(viewer) = scope.viewer.user
    {
        return Ok(vec![viewer]);
    }
    let users = of_account(scope).await?;
    if let Some(user) = users.iter().find(|user| user.email_key == text) {
        return Ok(vec![user.id]);
    }
    Ok(users.into_iter().filter(|user| fold(&user.name).contains(text)).map(|user| user.id).collect())
}

/// All users; an account has a handful.
async fn of_account(scope: &Scope<'_>) -> Result<Vec<User>> {
    Ok(users::Entity::find().filter(users::Column::AccountId.eq(scope.account)).all(&scope.on).await?)
}

pub(crate) fn new_row(account_id: Uuid, new: NewUser, now: Timestamp) -> Result<User> {
    let NewUser { email, name, role, password_hash } = new;
    let (email, name) = (email.trim().to_owned(), name.trim().to_owned());
    let valid = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !valid || email.chars().count() > 320 || email.contains(char::is_whitespace) {
        return Err(Error::invalid("email", "a user needs an e-mail address, such as jane@example.com"));
    }
    Ok(User {
        account_id,
        id: Uuid::now_v7(),
        email_key: fold(&email),
        name: if name.is_empty() { email.clone() } else { name },
        email,
        role,
        password_hash,
        disabled_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}
