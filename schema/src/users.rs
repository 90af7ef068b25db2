//! Users in GraphQL: who belongs to the account, what they may do, and what they change of themselves.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use service::{Kind, Origin, Right, Session};
use storage::password;
use storage::query::users as stored;

use crate::accounts::{Role, User, user_by_id};
use crate::context::session;
use crate::error::{Error, Result};
use crate::transfer;

/// The input of `createUser`.
#[derive(InputObject)]
pub(crate) struct CreateUserInput {
    /// The address that they sign in with.
    email: String,
    /// What they are called; the address where it is absent.
    #[graphql(default)]
    name: String,
    /// What they may do.
    role: Role,
    /// Their password, at least 10 characters.
    #[graphql(secret)]
    password: String,
}

/// A created user.
#[derive(SimpleObject)]
pub(crate) struct CreateUserPayload {
    /// The user.
    user: User,
}

/// The input of `updateUser`: what is absent or null stays.
#[derive(InputObject)]
pub(crate) struct UpdateUserInput {
    /// Whom to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// The address that they sign in with.
    email: Option<String>,
    /// What they are called.
    name: Option<String>,
    /// What they may do.
    role: Option<Role>,
    /// Their new password, at least 10 characters. Refresh tokens that they have end.
    #[graphql(secret)]
    password: Option<String>,
    /// Whether they may not sign in. Whatever they are signed in with ends.
    is_disabled: Option<bool>,
}

/// A changed user.
#[derive(SimpleObject)]
pub(crate) struct UpdateUserPayload {
    /// The user.
    user: User,
}

/// The input of `updateMe`: what is absent or null stays.
#[derive(InputObject)]
pub(crate) struct UpdateMeInput {
    /// What you are called.
    name: Option<String>,
    /// Your password, which a new one asks for. A wrong one counts as it does in `login`: after too many this is `LIMITED`, also for
    /// the right one, and `retryAfter` says for how many seconds.
    #[graphql(secret)]
    current_password: Option<String>,
    /// Your new password, at least 10 characters. Your refresh tokens end, so sign in again.
    #[graphql(secret)]
    new_password: Option<String>,
}

/// The changed user.
#[derive(SimpleObject)]
pub(crate) struct UpdateMePayload {
    /// You.
    user: User,
}

/// The queries about users.
#[derive(Default)]
pub(crate) struct UsersQuery;

#[Object]
impl UsersQuery {
    /// The user of an id, or null.
    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        let Some(id) = Kind::User.parse(&id) else { return Ok(None) };
        user_by_id(session(ctx)?, id).await
    }

    /// The users of the account, by address, also those who may not sign in; there are at most 1,000.
    #[graphql(complexity = "crate::cost::about(100, child_complexity)")]
    async fn users(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let session = session(ctx)?;
        let users = stored::list(&session.reader()).await?;
        Ok(users.into_iter().map(|user| client(session, user)).collect())
    }
}

/// The mutations of users.
#[derive(Default)]
pub(crate) struct UsersMutation;

#[Object]
impl UsersMutation {
    /// Makes a user.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<CreateUserPayload> {
        let session = session(ctx)?;
        let writer = session.writer(Right::Settings)?;
        let CreateUserInput { email, name, role, password } = input;
        let password_hash = hash(session, &password, "password").await?;
        let user = stored::create(&writer, stored::NewUser { email, name, role: role.into(), password_hash }).await?;
        Ok(CreateUserPayload { user: client(session, user) })
    }

    /// Changes a user. Users are never deleted, as records name those who made them: who leaves is disabled. The last
    /// admin who may sign in stays one.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn update_user(&self, ctx: &Context<'_>, input: UpdateUserInput) -> Result<UpdateUserPayload> {
        let session = session(ctx)?;
        let writer = session.writer(Right::Settings)?;
        let UpdateUserInput { id, version, email, name, role, password, is_disabled } = input;
        let edit = stored::UserEdit {
            id: Kind::User.expect(&id)?,
            version,
            email,
            name,
            role: role.map(stored::Role::from),
            password_hash: match password {
                Some(password) => Some(hash(session, &password, "password").await?),
                None => None,
            },
            access: is_disabled
                .map(|is_disabled| if is_disabled { stored::Access::Disabled } else { stored::Access::Enabled }),
        };
        let user = stored::update(&writer, edit).await?;
        Ok(UpdateUserPayload { user: client(session, user) })
    }

    /// Changes one's own name and password.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn update_me(&self, ctx: &Context<'_>, input: UpdateMeInput) -> Result<UpdateMePayload> {
        let session = session(ctx)?;
        let UpdateMeInput { name, current_password, new_password } = input;
        let edit = stored::UserEdit { name, ..stored::UserEdit::of(session.user().id) };
        let edit = match new_password {
            Some(new) => stored::UserEdit {
                // Whoever changes it at this moment as well did not know the new one.
                version: Some(session.user().version),
                password_hash: Some(own_hash(ctx, current_password.as_deref(), &new).await?),
                ..edit
            },
            None => edit,
        };
        let user = stored::update(&session.raw_writer(), edit).await?;
        Ok(UpdateMePayload { user: client(session, user) })
    }
}

/// The hash of a new password. Errors: `INVALID` for one that is too short or too long.
async fn hash(session: &Session, password: &str, field: &'static str) -> Result<String> {
    password::check(password, field)?;
    Ok(session.engine().passwords().hash(password).await)
}

/// The hash of one's own new password. Errors: `INVALID` also where the current one is not given or wrong, `LIMITED` where too
/// many were wrong.
async fn own_hash(ctx: &Context<'_>, current: Option<&str>, new: &str) -> Result<String> {
    let session = session(ctx)?;
    password::check(new, "newPassword")?;
    let origin = ctx.data_opt::<Origin>().copied().unwrap_or_default();
    let is_right = match current {
        Some(current) => session.engine().confirm(origin, session, current).await?,
        // Nobody guesses by saying nothing.
        None => false,
    };
    if !is_right {
        return Err(Error::invalid("currentPassword is not your password").of_field("currentPassword"));
    }
    hash(session, new, "newPassword").await
}

fn client(session: &Session, user: stored::User) -> User {
    transfer::accounts::user(user, session.account().clone())
}
