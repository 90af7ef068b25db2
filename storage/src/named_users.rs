//! The users whom a view or a search names.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::users::{self, Model as User};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::Scope;
use crate::view::NameOrId;

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

/// The users that a folded text names: `me` is who looks, else the user of this e-mail address, else those whose name
/// holds it.
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

/// The folded name and the id of every user.
pub(crate) async fn names(scope: &Scope<'_>) -> Result<Vec<(String, Uuid)>> {
    Ok(of_account(scope).await?.into_iter().map(|user| (fold(&user.name), user.id)).collect())
}

/// All users; an account has a handful.
pub(crate) async fn of_account(scope: &Scope<'_>) -> Result<Vec<User>> {
    Ok(users::Entity::find().filter(users::Column::AccountId.eq(scope.account)).all(&scope.on).await?)
}
