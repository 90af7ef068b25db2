//! Accounts and users: from the database to clients.

use service::{Kind, Login};
use storage::query::{accounts, users};

use crate::accounts::{Account, LoginPayload, User};
use crate::scalar::DateTime;

pub(crate) fn to_graphql(account: accounts::Account) -> Account {
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
        account: to_graphql(account),
    }
}

/// Who has signed in, and what shows it.
pub(crate) fn login(login: Login) -> LoginPayload {
    let Login { session, access_token, expires_at, refresh_token } = login;
    let user = user(session.user().clone(), session.account().clone());
    LoginPayload { access_token, refresh_token, expires_at: DateTime(expires_at), user }
}
