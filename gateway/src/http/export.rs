//! `GET /export/{section}.{ext}`, `/export/{section}/messages.{ext}` and `/export/{section}/calendar.{ext}`: a view in a format.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use formats::{Registry, VCardVersion};
use http::header::{ACCEPT, HeaderMap, HeaderName};
use http::{HeaderValue, Method};
use schema::search_notes;
use service::{Code, Error, ExportRequest, Session, ViewRequest};

use super::download::{self, Known};
use super::error::HttpError;
use super::query::Parameters;
use super::session;
use super::shared::Shared;
use super::signed_in::SignedIn;

/// The parameters: those of a view, and how it is written down.
const KNOWN: [&str; 13] = [
    "category",
    "search",
    "label",
    "user",
    "person",
    "transaction",
    "from",
    "to",
    "sort",
    "excel_safe",
    "vcard",
    "alarm",
    "addresses",
];
/// The header with what is to be said of a search, such as a word that looks like a selector and is none.
const SEARCH_NOTE: HeaderName = HeaderName::from_static("x-cairn-search-note");
/// The most minutes before an event at which it reminds: four weeks.
const LONGEST_ALARM: u32 = 4 * 7 * 24 * 60;

pub(crate) async fn section(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    serve(&shared, &session, &file, query.as_deref(), &method, &headers).await
}

pub(crate) async fn related(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path((section, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    serve(&shared, &session, &format!("{section}/{file}"), query.as_deref(), &method, &headers).await
}

async fn serve(
    shared: &Shared,
    session: &Session,
    path: &str,
    query: Option<&str>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, HttpError> {
    let site = session::site(shared, headers);
    let mut request = request(session.engine().formats(), path, query, headers)?;
    request.this = site.as_ref().map(|site| match query {
        Some(query) => format!("{site}/export/{path}?{query}"),
        None => format!("{site}/export/{path}"),
    });
    request.cards = site.as_ref().map(|site| format!("{site}/export/people.vcf?person="));
    request.site = site;
    let notes = request.view.search.as_deref().map(search_notes).unwrap_or_default();
    let export = session.exports().prepare(request).await?;
    let known = Known {
        media_type: export.media_type,
        file_name: Some(export.file_name.clone()),
        tag: &export.tag.clone(),
        changed_at: export.changed_at,
        now: session.now(),
    };
    let mut response = download::answer(known, method, headers, export.open()).await?;
    add_notes(&notes, response.headers_mut());
    Ok(response)
}

/// The header that tells what is to be said of a search.
pub(crate) fn add_notes(notes: &[String], headers: &mut HeaderMap) {
    // A header holds visible ASCII; whatever else somebody searches for is escaped as in addresses.
    let text: String = notes.join("; ").bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    });
    if let Ok(value) = HeaderValue::from_str(&text)
        && !text.is_empty()
    {
        headers.insert(SEARCH_NOTE, value);
    }
}

/// What a path and its parameters ask for.
fn request(
    formats: &Registry,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<ExportRequest, HttpError> {
    let parameters = Parameters::read(query, &KNOWN)?;
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    let (name, extension) = match path[file..].split_once('.') {
        Some((name, extension)) => (&path[..file + name.len()], Some(extension)),
        None => (path, None),
    };
    let (section, related) = ExportRequest::parse_sections(name)?;
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let codec = match extension {
        Some(extension) => {
            formats.by_extension(extension).map_err(|error| Error::new(Code::Unsupported, error.to_string()))?
        }
        None => accept.and_then(|accept| formats.by_media_type(accept)).ok_or_else(|| {
            let message = format!("say which format with an extension, such as /export/{name}.csv, or with Accept");
            Error::new(Code::Unsupported, message)
        })?,
    };
    let invalid = |error: String| HttpError::new(Code::Invalid, error);
    let wants_4 = accept.is_some_and(|accept| accept.replace(' ', "").contains("text/vcard;version=4.0"));
    let vcard = match parameters.one("vcard")? {
        Some(version) => version.parse().map_err(|error: formats::UnknownVCardVersion| invalid(error.to_string()))?,
        None if wants_4 => VCardVersion::V4,
        None => VCardVersion::V3,
    };
    let alarm = parameters.one("alarm")?.map(|minutes| {
        let minutes: Option<u32> = minutes.parse().ok().filter(|minutes| *minutes <= LONGEST_ALARM);
        minutes.ok_or_else(|| invalid(format!("alarm is a number of minutes from 0 to {LONGEST_ALARM}")))
    });
    let address_list = parameters
        .one("addresses")?
        .map(|list| list.parse().map_err(|error: formats::UnknownAddressList| invalid(error.to_string())));
    Ok(ExportRequest {
        related,
        view: view(&parameters)?,
        excel_safe: match parameters.one("excel_safe")? {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => return Err(invalid("excel_safe is 1 or 0".to_owned())),
        },
        order: parameters.one("sort")?.map(service::parse_order).transpose()?.unwrap_or_default(),
        vcard,
        alarm: alarm.transpose()?,
        address_list: address_list.transpose()?.unwrap_or_default(),
        ..ExportRequest::new(section, codec.descriptor().name)
    })
}

fn view(parameters: &Parameters) -> Result<ViewRequest, HttpError> {
    let one = |name| parameters.one(name).map(|value| value.map(ToOwned::to_owned));
    Ok(ViewRequest {
        search: one("search")?,
        category: one("category")?,
        label: one("label")?,
        user: one("user")?,
        person: one("person")?,
        transaction: one("transaction")?,
        from: one("from")?,
        to: one("to")?,
    })
}
