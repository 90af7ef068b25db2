//! Feeds: a view in a format behind a secret address, to which programs subscribe without a password.

use std::time::Duration;

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
use crate::session::Session;
use crate::stored_view::StoredView;
use crate::token::{self, FEED_PREFIX};

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The absolute address of the site as whoever asks knows it, such as `https://acme.crm.example.com`; a value of a request.
#[derive(Clone, Debug)]
pub struct Site(pub String);

/// A feed to make.
#[derive(Clone, Debug)]
pub struct NewFeed {
    /// Its name, which calendars and readers show; what it shows in words where it is `None`.
    pub name: Option<String>,
    /// What it shows, and how.
    pub request: ExportRequest,
    /// Until when it can be read; for ever where it is `None`.
    pub expires_at: Option<Timestamp>,
}

/// A feed that was just made.
pub struct CreatedFeed {
    /// The feed.
    pub feed: stored::Feed,
    /// The path of its address, which holds its secret and is shown this once: `/feeds/SECRET.ics`.
    pub path: String,
}

impl Session {
    /// The user's feeds.
    pub fn feeds(&self) -> Feeds<'_> {
        Feeds(self)
    }
}

/// The feeds of a session's user.
pub struct Feeds<'a>(&'a Session);

impl Feeds<'_> {
    /// Those that are not revoked, the newest first.
    pub async fn list(&self) -> Result<Vec<stored::Feed>> {
        Ok(stored::list(&self.0.reader()).await?)
    }

    /// One of them, also a revoked one.
    pub async fn get(&self, id: Uuid) -> Result<Option<stored::Feed>> {
        Ok(stored::by_id(&self.0.reader(), id).await?)
    }

    /// Makes a feed.
    ///
    /// Errors: those of the export, as a program that subscribes is watched by nobody; `INVALID` for a moment that has passed.
    pub async fn create(&self, new: NewFeed) -> Result<CreatedFeed> {
        let NewFeed { name, request, expires_at } = new;
        let writer = self.0.writer(Right::Feeds)?;
        let extension = self.0.exports().prepare(request.clone()).await?.check().await?;
        if expires_at.is_some_and(|moment| moment <= self.0.now()) {
            return Err(Error::invalid("expiresAt: the moment lies in the past"));
        }
        let new = stored::NewFeed {
            name: name.unwrap_or_else(|| request.words()),
            request: request.stored_view().to_json(),
            format: request.format,
            expires_at,
        };
        let (feed, secret) = stored::create(&writer, new).await?;
        let secret = token::secret_text(FEED_PREFIX, feed.account_id, feed.id, &secret);
        Ok(CreatedFeed { feed, path: format!("/feeds/{secret}.{extension}") })
    }

    /// Ends the feed of a global id for good. Errors: `NOT_FOUND`, also for one that was revoked already.
    pub async fn revoke(&self, id: &str) -> Result<stored::Feed> {
        let writer = self.0.writer(Right::Feeds)?;
        Ok(stored::revoke(&writer, Kind::Feed.expect(id)?).await?)
    }
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
        let view = StoredView::from_json(&feed.request)?;
        let request =
            ExportRequest { title: Some(feed.name.clone()), ..ExportRequest::of_stored(view, feed.format.as_str()) };
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

    /// The export of its user's view. Errors: as [`Exports::prepare`](crate::Exports::prepare).
    pub async fn export(self) -> Result<Export> {
        let (tag, changed_at) = (self.tag(), self.changed_at());
        let session = self.engine.session_of(self.feed.account_id, self.feed.user_id).await?;
        session.exports().with_tag(self.request, tag, changed_at)
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
