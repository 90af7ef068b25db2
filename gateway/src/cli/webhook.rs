//! `cairn webhook`: makes, lists and revokes webhooks.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use service::{Engine, Kind, Session};
use storage::query::users;
use storage::query::webhooks::NewWebhook;

use super::outcome::Outcome;
use super::output;
use super::who::Who;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Webhook {
    /// Make a webhook that acts as a user, and print its address once
    Create(Create),
    /// List the webhooks of a user; an admin sees those of all users
    List(List),
    /// End a webhook for good
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Create {
    /// Its name: which program it is for
    name: String,
    /// Have it answer no searches; for an address that others can read, as in a form on a web page
    #[arg(long)]
    no_search: bool,
    #[command(flatten)]
    who: Who,
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    who: Who,
}

#[derive(Args)]
pub(super) struct Revoke {
    /// The id that `cairn webhook list` shows
    id: String,
    #[command(flatten)]
    who: Who,
}

impl Webhook {
    pub(super) async fn run(self, engine: &Engine, config: &Config) -> Outcome {
        match self {
            Self::Create(Create { name, no_search, who }) => {
                create(&session(engine, &who).await?, config, NewWebhook { name, can_search: !no_search }).await
            }
            Self::List(List { who }) => list(&session(engine, &who).await?).await,
            Self::Revoke(Revoke { id, who }) => {
                let webhook = session(engine, &who).await?.webhooks().revoke(&id).await?;
                output::print(&format!("The webhook {} has ended.", webhook.name))
            }
        }
    }
}

async fn session(engine: &Engine, who: &Who) -> service::Result<Session> {
    engine.operator(who.account.as_deref(), who.user.as_deref()).await
}

async fn create(session: &Session, config: &Config, new: NewWebhook) -> Outcome {
    let (webhook, secret) = session.webhooks().create(new).await?;
    let subdomain = &session.account().subdomain;
    let (site, hint) = match &config.base_domain {
        Some(domain) => (format!("{}://{subdomain}.{domain}", config.public_scheme), ""),
        None => (String::new(), ", behind the address of your server"),
    };
    output::print(&format!(
        "Made the webhook {}, which acts as {}. This is its address{hint}; it is not shown again:\n{site}/webhook/{secret}",
        webhook.name,
        session.user().email
    ))
}

async fn list(session: &Session) -> Outcome {
    let users = users::list(&session.reader()).await?;
    let emails: HashMap<_, _> = users.into_iter().map(|user| (user.id, user.email)).collect();
    let rows: Vec<_> = session
        .webhooks()
        .list()
        .await?
        .into_iter()
        .map(|webhook| {
            [
                Kind::Webhook.global(webhook.id).to_string(),
                webhook.name,
                emails.get(&webhook.user_id).cloned().unwrap_or_default(),
                if webhook.can_search { "yes" } else { "no" }.to_owned(),
                jiff::Timestamp::from(webhook.created_at).to_string(),
                webhook.used_at.map_or_else(|| "never".to_owned(), |used| jiff::Timestamp::from(used).to_string()),
            ]
        })
        .collect();
    output::print(&output::table(["ID", "NAME", "USER", "SEARCHES", "CREATED", "LAST USED"], &rows))
}
