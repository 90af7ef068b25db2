//! `cairn user`: makes, lists and changes the users of an account.

use clap::{Args, Subcommand, ValueEnum};
use service::Engine;
use storage::Actor;
use storage::query::accounts::{self, Account};
use storage::query::users::{self, Access, NewUser, Role, UserEdit};

use super::account::PasswordSource;
use super::outcome::{Failure, Outcome};
use super::output;

#[derive(Subcommand)]
pub(super) enum User {
    /// Make a user
    Create(Create),
    /// List the users of an account
    List(List),
    /// Let a user sign in no longer, and end what they are signed in with
    Disable(Which),
    /// Let a disabled user sign in again
    Enable(Which),
    /// Give a user another password, and end what they are signed in with
    SetPassword(SetPassword),
    /// Change what a user may do
    SetRole(SetRole),
}

/// Which user.
#[derive(Args)]
pub(super) struct Which {
    /// The e-mail address that they sign in with
    email: String,
    /// The subdomain of the account; may be left out where there is only one
    #[arg(long, value_name = "SUBDOMAIN")]
    account: Option<String>,
}

#[derive(Args)]
pub(super) struct SetPassword {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Args)]
pub(super) struct SetRole {
    #[command(flatten)]
    which: Which,
    /// What they may do
    role: RoleName,
}

#[derive(Args)]
pub(super) struct Create {
    /// The e-mail address that they sign in with
    email: String,
    /// What they are called
    #[arg(long, default_value = "")]
    name: String,
    /// What they may do
    #[arg(long, default_value = "member")]
    role: RoleName,
    /// The subdomain of the account; may be left out where there is only one
    #[arg(long, value_name = "SUBDOMAIN")]
    account: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Args)]
pub(super) struct List {
    /// The subdomain of the account; may be left out where there is only one
    #[arg(long, value_name = "SUBDOMAIN")]
    account: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Admin,
    Member,
    Reader,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Member => Role::Member,
            Self::Reader => Role::Reader,
        }
    }
}

impl User {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::Create(command) => create(engine, command).await,
            Self::List(command) => list(engine, command).await,
            Self::Disable(which) => set_access(engine, &which, Access::Disabled).await,
            Self::Enable(which) => set_access(engine, &which, Access::Enabled).await,
            Self::SetPassword(command) => set_password(engine, command).await,
            Self::SetRole(command) => set_role(engine, command).await,
        }
    }
}

async fn create(engine: &Engine, command: Create) -> Outcome {
    let Create { email, name, role, account, password } = command;
    let account = choose(engine, account.as_deref()).await?;
    let password = password.read()?;
    let role = role.role();
    let password_hash = engine.passwords().hash(&password.text).await;
    let writer = engine.storage().writer(account.account_id, Actor::System, engine.now());
    let user = users::create(&writer, NewUser { email, name, role, password_hash }).await?;
    output::print(&format!("Made the user {} of {}.", user.email, account.subdomain))?;
    password.announce()
}

async fn list(engine: &Engine, command: List) -> Outcome {
    let account = choose(engine, command.account.as_deref()).await?;
    let users = users::list(&engine.storage().reader(account.account_id)).await?;
    let role = |role| match role {
        Role::Admin => "admin",
        Role::Member => "member",
        Role::Reader => "reader",
    };
    let state = |disabled: Option<_>| if disabled.is_some() { "disabled" } else { "enabled" };
    let row = |user: users::User| {
        let (role, state) = (role(user.role).to_owned(), state(user.disabled_at).to_owned());
        [user.email, user.name, role, state]
    };
    let rows: Vec<_> = users.into_iter().map(row).collect();
    output::print(&output::table(["E-MAIL", "NAME", "ROLE", "STATE"], &rows))
}

async fn set_access(engine: &Engine, which: &Which, access: Access) -> Outcome {
    let user = change(engine, which, |edit| UserEdit { access: Some(access), ..edit }).await?;
    output::print(&match access {
        Access::Disabled => format!("{user} may not sign in any more."),
        Access::Enabled => format!("{user} may sign in."),
    })
}

async fn set_password(engine: &Engine, command: SetPassword) -> Outcome {
    let SetPassword { which, password } = command;
    let password = password.read()?;
    let hash = engine.passwords().hash(&password.text).await;
    let user = change(engine, &which, |edit| UserEdit { password_hash: Some(hash), ..edit }).await?;
    output::print(&format!("{user} has another password."))?;
    password.announce()
}

async fn set_role(engine: &Engine, command: SetRole) -> Outcome {
    let SetRole { which, role } = command;
    let user = change(engine, &which, |edit| UserEdit { role: Some(role.role()), ..edit }).await?;
    let name = role.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    output::print(&format!("{user} is {name} now."))
}

/// Changes a user, and gives their address.
async fn change(engine: &Engine, which: &Which, edit: impl FnOnce(UserEdit) -> UserEdit) -> Result<String, Failure> {
    let account = choose(engine, which.account.as_deref()).await?;
    let user = users::by_email(&engine.storage().reader(account.account_id), &which.email).await?;
    let user = user.ok_or_else(|| Failure("there is no such user: see `cairn user list`".to_owned()))?;
    let writer = engine.storage().writer(account.account_id, Actor::System, engine.now());
    Ok(users::update(&writer, edit(UserEdit::of(user.id))).await?.email)
}

/// The account of a subdomain, or the only one.
async fn choose(engine: &Engine, subdomain: Option<&str>) -> Result<Account, Failure> {
    let no_such = || Failure("there is no such account: see `cairn account list`".to_owned());
    if let Some(wanted) = subdomain {
        return accounts::by_subdomain(engine.storage(), wanted).await?.ok_or_else(no_such);
    }
    let mut accounts = accounts::list(engine.storage()).await?;
    match accounts.len() {
        0 => Err(no_such()),
        1 => Ok(accounts.remove(0)),
        _ => Err(Failure(
            "there are several accounts: say which one with --account, see `cairn account list`".to_owned(),
        )),
    }
}
