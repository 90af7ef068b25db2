//! Accounts and users: from the database to clients.

use storage::query::{accounts, users};

use crate::accounts::{Account, User};
use crate::id::Kind;
use crate::scalar::DateTime;

pub(crate) fn client(account: accounts::Account) -> Account {
    let accounts::Account {
        account_id,
        subdomain,
        name,
        time_zone,
        language,
        currency,
        legacy_api_ended_at,
        version,
        created_at,
        updated_at,
    } = account;
    Account {
        id: Kind::Account.global(account_id).into(),
        version,
        subdomain,
        name,
        time_zone,
        language,
        currency,
        legacy_api: legacy_api_ended_at.is_none(),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
    }
}

pub(crate) fn user(user: users::User, account: accounts::Account) -> User {
    let users::User {
        account_id: _,
        id,
        email,
        email_key: _,
        name,
        role,
        password_hash: _,
        disabled_at,
        version,
        created_at,
        updated_at,
    } = user;
    User {
        id: Kind::User.global(id).into(),
        version,
        email,
        name,
        role: role.into(),
        is_disabled: disabled_at.is_some(),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        account: client(account),
    }
}
