//! `GET /feeds/{token}.{ext}`: a feed, for programs that subscribe to it without a password.
//!
//! Who polls a feed of which nothing has changed costs one statement. A feed of people in RSS encloses their vCards, which are at the
//! same address with the extension `vcf` and the parameter `person`.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use formats::Section;
use http::Method;
use http::header::HeaderMap;
use service::{Code, ViewRequest};

use super::download::{self, Known};
use super::error::HttpError;
use super::query::Parameters;
use super::session;
use super::shared::Shared;

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let unknown = || HttpError::new(Code::NotFound, "there is no such feed: it may have been revoked, or have expired");
    let (secret, extension) = file.split_once('.').ok_or_else(unknown)?;
    let mut feed = shared.engine.feed(secret).await?;
    let formats = shared.engine.formats();
    let codec = formats.by_extension(extension).map_err(|_| unknown())?;
    let site = session::site(&shared, &headers);
    let encloses_cards = feed.request.format == "rss" && Section::OF_CONTACTS.contains(&feed.request.shown());
    if codec.descriptor().name == feed.request.format {
        Parameters::read(query.as_deref(), &[])?;
        feed.request.cards = site.as_ref().map(|site| format!("{site}/feeds/{secret}.vcf?person="));
    } else if codec.descriptor().name == "vcard" && encloses_cards {
        let parameters = Parameters::read(query.as_deref(), &["person"])?;
        let person = parameters.one("person")?.ok_or_else(unknown)?.to_owned();
        "vcard".clone_into(&mut feed.request.format);
        feed.request.view = ViewRequest { person: Some(person), ..feed.request.view };
    } else {
        return Err(unknown());
    }
    feed.request.this = site.as_ref().map(|site| format!("{site}/feeds/{file}"));
    feed.request.site = site;
    let tag = feed.tag();
    let known = Known {
        media_type: codec.descriptor().media_type,
        // Programs that subscribe show the feed, and browsers may.
        file_name: None,
        tag: &tag,
        changed_at: feed.changed_at(),
        now: shared.engine.now(),
    };
    download::answer(known, &method, &headers, async { feed.export().await?.open().await }).await
}
