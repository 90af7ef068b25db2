//! `cairn account`: makes and lists accounts.

use std::io::Read as _;

use clap::{Args, Subcommand};
use service::Engine;
use storage::password;
use storage::query::accounts::{self, NewAccount};
use storage::query::users::{NewUser, Role};

use super::outcome::{Failure, Outcome};
use super::output;

#[derive(Subcommand)]
pub(super) enum Account {
    /// Make an account and its first admin
    Create(Create),
    /// List the accounts
    List,
}

#[derive(Args)]
pub(super) struct Create {
    /// Its name in URLs: lower-case letters, digits and hyphens
    subdomain: String,
    /// What the account calls itself
    #[arg(long)]
    name: String,
    /// The e-mail address of its first admin
    #[arg(long)]
    email: String,
    /// Its time zone, such as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    #[command(flatten)]
    password: PasswordSource,
}

/// Where the password of a new user comes from.
#[derive(Args)]
pub(super) struct PasswordSource {
    /// Read the password from standard input instead of making one up and printing it
    #[arg(long)]
    password_stdin: bool,
}

impl Account {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::Create(command) => create(engine, command).await,
            Self::List => list(engine).await,
        }
    }
}

async fn create(engine: &Engine, command: Create) -> Outcome {
    let Create { subdomain, name, email, time_zone, password } = command;
    let password = password.read()?;
    let admin = NewUser {
        email,
        name: String::new(),
        role: Role::Admin,
        password_hash: engine.passwords().hash(&password.text).await,
    };
    let new = NewAccount { subdomain, name, time_zone };
    let (account, admin) = accounts::create(engine.storage(), new, admin, engine.now()).await?;
    output::print(&format!("Made the account {} with the admin {}.", account.subdomain, admin.email))?;
    password.announce()
}

async fn list(engine: &Engine) -> Outcome {
    let accounts = accounts::list(engine.storage()).await?;
    let rows: Vec<_> =
        accounts.into_iter().map(|account| [account.subdomain, account.name, account.time_zone]).collect();
    output::print(&output::table(["SUBDOMAIN", "NAME", "TIME ZONE"], &rows))
}

/// A password, and whether nobody knows it yet.
pub(super) struct Password {
    pub(super) text: String,
    made_up: bool,
}

impl PasswordSource {
    pub(super) fn read(&self) -> Result<Password, Failure> {
        if !self.password_stdin {
            return Ok(Password { text: made_up(), made_up: true });
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        password::check(&text, "password")?;
        Ok(Password { text, made_up: false })
    }
}

impl Password {
    /// Prints a made-up password, this once.
    pub(super) fn announce(&self) -> Outcome {
        if self.made_up {
            return output::print(&format!("Password, shown only now: {}", self.text));
        }
        Ok(())
    }
}

/// 20 letters and digits without the ones that look alike: 116 bits.
fn made_up() -> String {
    const LETTERS: &[u8; 56] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    (0..20).map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())])).collect()
}
