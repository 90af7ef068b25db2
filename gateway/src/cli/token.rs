//! `cairn token`: makes, lists and revokes the API tokens of an account.

use clap::{Args, Subcommand};
use service::{Engine, Kind};
use storage::Timestamp;

use super::outcome::Outcome;
use super::output;
use super::who::Who;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Make an API token, which stands for a user, and print it this once
    Create(Create),
    /// List the API tokens of a user, of an admin those of the account
    List(Who),
    /// End an API token for good
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Create {
    /// Its name: the program that will have it
    name: String,
    /// An action of the legacy API, such as create=lead: then it is good as login_password of api.php, for the actions that are
    /// named, and for nothing else; may be repeated
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// Until when it is good, such as 2027-01-01T00:00:00Z; for ever without it
    #[arg(long, value_name = "MOMENT")]
    expires: Option<jiff::Timestamp>,
    #[command(flatten)]
    who: Who,
}

#[derive(Args)]
pub(super) struct Revoke {
    /// Its id, see `cairn token list`
    id: String,
    #[command(flatten)]
    who: Who,
}

impl Token {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::Create(command) => create(engine, command).await,
            Self::List(who) => list(engine, &who).await,
            Self::Revoke(Revoke { id, who }) => {
                let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
                let token = session.api_tokens().revoke(&id).await?;
                output::print(&format!("The API token {} is not good any more.", token.name))
            }
        }
    }
}

async fn create(engine: &Engine, command: Create) -> Outcome {
    let Create { name, actions, expires, who } = command;
    let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
    let expires = expires.map(|moment| Timestamp::from_microseconds(moment.as_microsecond()));
    let (token, text) = session.api_tokens().create(name, &actions, expires).await?;
    let id = Kind::ApiToken.global(token.id);
    output::print(&format!("Made the API token {} of {} ({id}).", token.name, session.user().email))?;
    output::print(&format!("API token, shown only now: {text}"))
}

async fn list(engine: &Engine, who: &Who) -> Outcome {
    let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
    let tokens = session.api_tokens().with_users().await?;
    let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "never".to_owned(), written);
    let rows = tokens.into_iter().map(|(token, email)| {
        let actions: Vec<_> = token.actions().collect();
        let actions = if actions.is_empty() { "everything".to_owned() } else { actions.join(" ") };
        let id = Kind::ApiToken.global(token.id).to_string();
        [id, email, moment(token.expires_at), moment(token.used_at), actions, token.name]
    });
    let rows: Vec<_> = rows.collect();
    output::print(&output::table(["ID", "USER", "EXPIRES", "LAST USED", "FOR", "NAME"], &rows))
}

fn written(moment: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(moment.microseconds());
    moment.map_or_else(|_| "?".to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%MZ").to_string())
}
