//! Feeds in GraphQL, and reading one by its secret: a view in a format that programs subscribe to without a password.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use formats::VCardVersion;
use storage::query::changes::{self, Changes};
use storage::query::feeds as stored;
use storage::query::{accounts, users};
use storage::{Actor, Timestamp};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::exports::{Export, ExportRequest, Tag};
use crate::id::Kind;
use crate::permission::Right;
use crate::root::session;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::token::{self, FEED_PREFIX};
use crate::transfer;
use crate::view::ViewInput;

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most minutes before an event at which it reminds: four weeks.
const LONGEST_ALARM: i32 = 4 * 7 * 24 * 60;

/// The absolute address of the site as whoever asks knows it, such as `https://acme.crm.example.com`; a value of a request.
#[derive(Clone, Debug)]
pub struct Site(pub String);

/// A view in a format behind a secret address, which shows what its user sees.
#[derive(Clone, SimpleObject)]
pub(crate) struct Feed {
    /// Its global id.
    pub(crate) id: ID,
    /// Its name.
    pub(crate) name: String,
    /// What it shows, as addresses of exports name it: `calendar`, `people/messages`.
    pub(crate) section: String,
    /// The name of its format.
    pub(crate) format: String,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// Until when it can be read; null for ever.
    pub(crate) expires_at: Option<DateTime>,
    /// When it was read last, to the hour; null where it never was.
    pub(crate) last_used_at: Option<DateTime>,
    /// Since when it cannot be read any more, because it was revoked.
    pub(crate) revoked_at: Option<DateTime>,
}

/// The input of `createFeed`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateFeedInput {
    /// Its name, which calendars and readers show; what it shows where it is absent.
    name: Option<String>,
    /// What it shows, as addresses of exports name it: `calendar`, `messages`, `people`, `leads/messages`, `people/calendar`.
    section: String,
    /// What of it; for the second part of `people/messages` the view is that of the people.
    #[graphql(default)]
    view: ViewInput,
    /// By what it is ordered: `name`, `created` or `updated`, with a `-` before it for the other end first.
    sort: Option<String>,
    /// The name of its format, such as `icalendar` or `rss`; the query `formats` has all of them.
    format: String,
    /// Whether cells are kept from being formulas in a spreadsheet.
    #[graphql(default)]
    excel_safe: bool,
    /// The version of vCards, `3.0` or `4.0`; 3.0 where it is absent.
    vcard_version: Option<String>,
    /// How many minutes before its start each event reminds of itself, at most 40,320; not at all where it is absent.
    alarm_minutes: Option<i32>,
    /// How a list of e-mail addresses is written: `lines`, `line` or `mailto`; an address a line where it is absent.
    address_list: Option<String>,
    /// Until when it can be read; for ever where it is absent.
    expires_at: Option<DateTime>,
}

/// A created feed.
#[derive(SimpleObject)]
pub(crate) struct CreateFeedPayload {
    /// The feed.
    feed: Feed,
    /// Its address with its secret, which is shown this once: whoever knows it can read the feed.
    url: String,
}

/// The input of `revokeFeed`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevokeFeedInput {
    /// Which one to end.
    id: ID,
}

/// A feed that has ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeFeedPayload {
    /// The feed.
    feed: Feed,
}

/// The queries about feeds.
#[derive(Default)]
pub(crate) struct FeedsQuery;

#[Object]
impl FeedsQuery {
    /// Your feeds that are not revoked, the newest first.
    #[graphql(complexity = "crate::cost::about(50, child_complexity)")]
    async fn feeds(&self, ctx: &Context<'_>) -> Result<Vec<Feed>> {
        let feeds = stored::list(&session(ctx)?.reader()).await?;
        feeds.into_iter().map(transfer::feeds::client).collect()
    }

    /// One of your feeds, also a revoked one.
    async fn feed(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Feed>> {
        by_id(ctx, &id).await
    }
}

/// The mutations of feeds.
#[derive(Default)]
pub(crate) struct FeedsMutation;

#[Object]
impl FeedsMutation {
    /// Makes a feed: a secret address at which a view can be read in a format, with your eyes, until you revoke it.
    async fn create_feed(&self, ctx: &Context<'_>, input: CreateFeedInput) -> Result<CreateFeedPayload> {
        let session = session(ctx)?;
        let writer = session.writer(Right::Feeds)?;
        let CreateFeedInput {
            name,
            section,
            view,
            sort,
            format,
            excel_safe,
            vcard_version,
            alarm_minutes,
            address_list,
            expires_at,
        } = input;
        let (section, related) = ExportRequest::parse_sections(&section)?;
        let address_list = address_list.map(|list| list.parse()).transpose();
        let vcard = vcard_version.map(|version| version.parse()).transpose();
        let mut request = ExportRequest {
            related,
            view: view.into(),
            excel_safe,
            vcard: vcard
                .map_err(|error: formats::UnknownVCardVersion| Error::invalid(error.to_string()))?
                .unwrap_or(VCardVersion::V3),
            address_list: address_list
                .map_err(|error: formats::UnknownAddressList| Error::invalid(error.to_string()))?
                .unwrap_or_default(),
            alarm: alarm_minutes.map(minutes).transpose()?,
            ..ExportRequest::new(section, format)
        };
        if let Some(sort) = sort {
            request.order = ExportRequest::parse_order(&sort)?;
        }
        // Whatever is wrong with it is to be said now, and not to a program that nobody watches.
        let extension = session.export(request.clone()).await?.check().await?;
        let expires_at = expires_at.map(|moment| moment.0);
        if expires_at.is_some_and(|moment| moment <= session.now()) {
            return Err(Error::invalid("expiresAt: the moment lies in the past"));
        }
        let new = stored::NewFeed {
            name: name.unwrap_or_else(|| request.words()),
            request: request.to_json(),
            format: request.format,
            expires_at,
        };
        let (feed, secret) = stored::create(&writer, new).await?;
        let token = token::secret_text(FEED_PREFIX, feed.account_id, feed.id, &secret);
        let site = ctx.data_opt::<Site>().map_or("", |site| site.0.as_str());
        let url = format!("{site}/feeds/{token}.{extension}");
        Ok(CreateFeedPayload { feed: transfer::feeds::client(feed)?, url })
    }

    /// Ends one of your feeds for good: its address answers no more.
    async fn revoke_feed(&self, ctx: &Context<'_>, input: RevokeFeedInput) -> Result<RevokeFeedPayload> {
        let writer = session(ctx)?.writer(Right::Feeds)?;
        let feed = stored::revoke(&writer, Kind::Feed.expect(&input.id)?).await?;
        Ok(RevokeFeedPayload { feed: transfer::feeds::client(feed)? })
    }
}

/// One of the session's feeds. A wrong id is nothing.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Feed>> {
    let Some(id) = Kind::Feed.parse(id) else { return Ok(None) };
    let feed = stored::by_id(&session(ctx)?.reader(), id).await?;
    feed.map(transfer::feeds::client).transpose()
}

fn minutes(minutes: i32) -> Result<u32> {
    let wrong = || Error::invalid(format!("alarmMinutes: {minutes} is none of 0 to {LONGEST_ALARM} minutes"));
    u32::try_from(minutes).ok().filter(|_| minutes <= LONGEST_ALARM).ok_or_else(wrong)
}

/// A feed that somebody reads.
pub struct FeedRead {
    engine: Engine,
    feed: stored::Feed,
    changes: Changes,
    /// What it shows, to be told at which address it is read.
    pub request: ExportRequest,
}

impl Engine {
    /// The feed of a secret, with one look at the database.
    ///
    /// Errors: `NOT_FOUND` for a secret that is not valid, was revoked or has expired, and where its user was disabled.
    pub async fn feed(&self, secret: &str) -> Result<FeedRead> {
        let gone = || Error::new(Code::NotFound, "there is no such feed: it may have been revoked, or have expired");
        let (account, id, secret) = token::parse_secret(FEED_PREFIX, secret).ok_or_else(gone)?;
        let found = stored::polled(self.storage(), account, id, &secret, self.now()).await?;
        let (feed, mut changes) = found.ok_or_else(gone)?;
        let writer = self.storage().writer(account, Actor::System, self.now());
        if changes.are_pending() {
            changes::note(&writer).await?;
            changes = changes::changes(&self.storage().reader(account)).await?;
        }
        if feed.is_used_unnoted(self.now()) {
            // Nobody waits for it, and it may fail: the next one who reads tries again.
            tokio::spawn(async move {
                let noted = tokio::time::timeout(PATIENCE, stored::note_use(&writer, id)).await;
                if let Ok(Err(error)) = noted {
                    tracing::debug!(%error, "The use of a feed is not noted: {error}");
                }
            });
        }
        let request =
            ExportRequest { title: Some(feed.name.clone()), ..ExportRequest::from_json(&feed.request, &feed.format)? };
        Ok(FeedRead { engine: self.clone(), feed, changes, request })
    }
}

impl FeedRead {
    /// The strong validator of the document; see [`Export`].
    pub fn tag(&self) -> String {
        let tag = Tag { account: self.feed.account_id, user: self.feed.user_id, request: &self.request };
        tag.at(self.changes.total(&self.request.nouns()))
    }

    /// Since when the document is as it is, at the latest; `None` where that is not known.
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.changes.since(&self.request.nouns())
    }

    /// The export of its user's view. Errors: as [`Session::export`].
    pub async fn export(self) -> Result<Export> {
        let (tag, changed_at) = (self.tag(), self.changed_at());
        let session = self.engine.session_of(self.feed.account_id, self.feed.user_id).await?;
        session.prepare(self.request, tag, changed_at)
    }
}

impl Engine {
    /// The session of a user who is not disabled.
    async fn session_of(&self, account: Uuid, user: Uuid) -> Result<Session> {
        let gone = || Error::new(Code::NotFound, "there is no such user any more");
        let account = accounts::by_id(self.storage(), account).await?.ok_or_else(gone)?;
        let user = users::get(&self.storage().reader(account.account_id), user).await?.ok_or_else(gone)?;
        self.session(account, user)
    }
}
