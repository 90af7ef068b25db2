//! Feeds in GraphQL: views in a format that programs subscribe to without a password.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use formats::VCardVersion;
use service::{CreatedFeed, ExportRequest, Kind, NewFeed, Site, parse_order};

use crate::context::session;
use crate::error::{Error, Result};
use crate::scalar::DateTime;
use crate::transfer;
use crate::view::ViewInput;

/// The most minutes before an event at which it reminds: four weeks.
const LONGEST_ALARM: i32 = 4 * 7 * 24 * 60;

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
        let feeds = session(ctx)?.feeds().list().await?;
        feeds.into_iter().map(transfer::feeds::to_graphql).collect()
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
            request.order = parse_order(&sort)?;
        }
        let new = NewFeed { name, request, expires_at: expires_at.map(|moment| moment.0) };
        let CreatedFeed { feed, path } = session.feeds().create(new).await?;
        let site = ctx.data_opt::<Site>().map_or("", |site| site.0.as_str());
        let url = format!("{site}{path}");
        Ok(CreateFeedPayload { feed: transfer::feeds::to_graphql(feed)?, url })
    }

    /// Ends one of your feeds for good: its address answers no more.
    async fn revoke_feed(&self, ctx: &Context<'_>, input: RevokeFeedInput) -> Result<RevokeFeedPayload> {
        let feed = session(ctx)?.feeds().revoke(&input.id).await?;
        Ok(RevokeFeedPayload { feed: transfer::feeds::to_graphql(feed)? })
    }
}

/// One of the session's feeds. A wrong id is nothing.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Feed>> {
    let Some(id) = Kind::Feed.parse(id) else { return Ok(None) };
    let feed = session(ctx)?.feeds().get(id).await?;
    feed.map(transfer::feeds::to_graphql).transpose()
}

fn minutes(minutes: i32) -> Result<u32> {
    let wrong = || Error::invalid(format!("alarmMinutes: {minutes} is none of 0 to {LONGEST_ALARM} minutes"));
    u32::try_from(minutes).ok().filter(|_| minutes <= LONGEST_ALARM).ok_or_else(wrong)
}
