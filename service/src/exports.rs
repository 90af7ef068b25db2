//! Exports: a view in any format, streamed portion by portion.

mod request;
mod source;
mod tag;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use formats::{Codec, EncodeOptions, Heading, Section};
use futures_util::stream::{Stream, StreamExt};
use storage::Timestamp;
use storage::query::changes;

pub use self::request::ExportRequest;
pub(crate) use self::tag::Tag;

use self::source::Source;
use crate::error::{Code, Error, Result};
use crate::session::Session;

/// An export that can be made, and what is known of it before a record is read.
pub struct Export {
    /// Its media type.
    pub media_type: &'static str,
    /// A name for its file: account, section, filter and date. It may have letters of any script, and nothing that a file system
    /// or a header stumbles over.
    pub file_name: String,
    /// A strong validator (RFC 9110 section 8.8.3) without its quotes: the document of another moment with the same tag has the same
    /// bytes.
    pub tag: String,
    /// Since when the document is as it is, at the latest; `None` where that is not known.
    pub changed_at: Option<Timestamp>,
    session: Session,
    request: ExportRequest,
    codec: Arc<dyn Codec>,
}

/// A document that is being written.
pub struct Document<S> {
    /// Its media type.
    pub media_type: &'static str,
    /// A name for its file, as in [`Export`].
    pub file_name: String,
    /// How many records have been written so far.
    pub records: Arc<AtomicU64>,
    /// Its bytes, in chunks of about 64 KiB.
    pub bytes: S,
}

impl Session {
    /// The documents of the account: its views in any format.
    pub fn exports(&self) -> Exports<'_> {
        Exports(self)
    }
}

/// The documents that a session may read.
pub struct Exports<'a>(&'a Session);

impl Exports<'_> {
    /// Prepares an export without reading a record.
    ///
    /// Errors: `UNSUPPORTED` with the formats or sections that would do, `INVALID` for a view that the section cannot have.
    pub async fn prepare(&self, request: ExportRequest) -> Result<Export> {
        let Self(session) = self;
        let nouns = request.nouns();
        let mut changes = changes::changes(&session.reader()).await?;
        if changes.are_pending() {
            changes::note(&session.raw_writer()).await?;
            changes = changes::changes(&session.reader()).await?;
        }
        let tag = Tag { account: session.account().account_id, user: session.user().id, request: &request };
        let tag = tag.at(changes.total(&nouns));
        self.with_tag(request, tag, changes.since(&nouns))
    }

    /// Prepares an export whose tag is known. Errors: as [`prepare`](Self::prepare).
    pub(crate) fn with_tag(
        &self,
        request: ExportRequest,
        tag: String,
        changed_at: Option<Timestamp>,
    ) -> Result<Export> {
        let Self(session) = self;
        let codec = request.codec(session.engine())?;
        request.view()?;
        let today = session.now().in_zone(session.time_zone()).date();
        let descriptor = codec.descriptor();
        Ok(Export {
            media_type: request.media_type(descriptor),
            file_name: request.file_name(&session.account().subdomain, today, descriptor),
            tag,
            changed_at,
            session: (*session).clone(),
            request,
            codec,
        })
    }
}

impl Export {
    /// Whether the document could be begun, and the extension of its file. Errors: as [`open`](Self::open).
    pub(crate) async fn check(self) -> Result<&'static str> {
        let descriptor = self.codec.descriptor();
        self.open().await?;
        Ok(descriptor.extensions.first().copied().unwrap_or(descriptor.name))
    }

    /// Begins the document. The first portion is read before it answers, so that a wrong view is an error and not a broken
    /// document.
    ///
    /// Errors: `NOT_FOUND` for a category, label or user that is not there.
    pub async fn open(self) -> Result<Document<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
        let Self { media_type, file_name, session, request, codec, .. } = self;
        let section = request.shown();
        let mut source = Source::of(section, session.reader(), request.view()?, request.order)?;
        let mut options: EncodeOptions = request.options();
        options.custom_fields = source.custom_fields().await?;
        options.heading = heading(&session, &request);
        let unsupported = |error: formats::Unsupported| Error::new(Code::Unsupported, error.to_string());
        let encoder = codec.encoder(section, &options).map_err(unsupported)?;
        let portions = source.open().await?;
        let records = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&records);
        let portions = portions.inspect(move |portion| {
            if let Ok(portion) = portion {
                count.fetch_add(portion.len() as u64, Ordering::Relaxed);
            }
        });
        let bytes = formats::encode(encoder, portions).map(|chunk| {
            chunk.map_err(|error| match error {
                formats::StreamError::Source(error) => error,
                formats::StreamError::Codec(error) => Error::internal(error),
            })
        });
        Ok(Document { media_type, file_name, records, bytes })
    }
}

/// What a calendar or feed says of itself.
fn heading(session: &Session, request: &ExportRequest) -> Heading {
    let account = &session.account().name;
    let title = match request.title.as_deref() {
        Some(title) => title.to_owned(),
        None => format!("{account}: {}", request.words()),
    };
    let cards = request.cards.clone().filter(|_| Section::OF_CONTACTS.contains(&request.shown()));
    Heading { title, site: request.site.clone(), this: request.this.clone(), cards, refresh: None }
}
