//! `cairn user`: makes and lists the users of an account.

use clap::{Args, Subcommand, ValueEnum};
use schema::Engine;
use storage::Actor;
use storage::query::accounts::{self, Account};
use storage::query::users::{self, NewUser, Role};

use super::account::PasswordSource;
use super::{Failure, Outcome, output};

#[derive(Subcommand)]
pub(super) enum User {
    /// Make a user
    Create(Create),
    /// List the users of an account
    List(List),
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

impl User {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::Create(command) => create(engine, command).await,
            Self::List(command) => list(engine, command).await,
        }
    }
}

async fn create(engine: &Engine, command: Create) -> Outcome {
    let Create { email, name, role, account, password } = command;
    let account = choose(engine, account.as_deref()).await?;
    let password = password.read()?;
    let role = match role {
        RoleName::Admin => Role::Admin,
        RoleName::Member => Role::Member,
        RoleName::Reader => Role::Reader,
    };
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
    let rows: Vec<_> = users.into_iter().map(|user| [user.email, user.name, role(user.role).to_owned()]).collect();
    output::print(&output::table(["E-MAIL", "NAME", "ROLE"], &rows))
}

/// The account of a subdomain, or the only one.
async fn choose(engine: &Engine, subdomain: Option<&str>) -> Result<Account, Failure> {
    let mut accounts = accounts::list(engine.storage()).await?;
    if let Some(wanted) = subdomain {
        accounts.retain(|account| account.subdomain.eq_ignore_ascii_case(wanted));
    }
    match accounts.len() {
        0 => Err(Failure("there is no such account: see `cairn account list`".to_owned())),
        1 => Ok(accounts.remove(0)),
        _ => Err(Failure(
            "there are several accounts: say which one with --account, see `cairn account list`".to_owned(),
        )),
    }
}
