//! `GET /export/{section}.{ext}`: a view in a format.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use formats::Section;
use futures_util::{Stream, StreamExt as _};
use http::Method;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use schema::{Code, Error, Export, ExportRequest, Session, ViewRequest};

use super::error::HttpError;
use super::query::Parameters;
use super::{Shared, session};

/// The parameters: those of a view, and how it is written down.
const KNOWN: [&str; 10] =
    ["category", "search", "label", "user", "person", "transaction", "from", "to", "sort", "excel_safe"];

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    let parameters = Parameters::read(query.as_deref(), &KNOWN)?;
    let (section, format) = target(&session, &file, &headers)?;
    let request = ExportRequest {
        section,
        format,
        view: view(&parameters)?,
        excel_safe: match parameters.one("excel_safe")? {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => return Err(HttpError::new(Code::Invalid, "excel_safe is 1 or 0")),
        },
        order: parameters.one("sort")?.map(ExportRequest::parse_order).transpose()?.unwrap_or_default(),
    };
    Ok(download(session.export(request).await?))
}

/// A document as the answer that browsers save as a file.
pub(crate) fn download<S>(export: Export<S>) -> Response
where
    S: Stream<Item = schema::Result<Bytes>> + Send + 'static,
{
    // The name is ASCII without quotes: subdomain, section, date or id, and extension (RFC 6266 section 4.3).
    let disposition = format!("attachment; filename=\"{}\"", export.file_name);
    let headers = [
        (CONTENT_TYPE, export.media_type.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    // An error in the middle breaks the chunked body off, so that a client can tell that it is not whole.
    let bytes = export.bytes.map(|chunk| chunk.map_err(|error| std::io::Error::other(error.message)));
    (headers, Body::from_stream(bytes)).into_response()
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

/// Section and format of `people.csv`, or of `people` with an `Accept` that names a format.
fn target(session: &Session, file: &str, headers: &HeaderMap) -> Result<(Section, String), Error> {
    let (name, extension) = match file.split_once('.') {
        Some((name, extension)) => (name, Some(extension)),
        None => (file, None),
    };
    let section =
        name.parse().map_err(|error: formats::UnknownSection| Error::new(Code::NotFound, error.to_string()))?;
    let formats = session.engine().formats();
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let codec = match extension {
        Some(extension) => {
            formats.by_extension(extension).map_err(|error| Error::new(Code::Unsupported, error.to_string()))?
        }
        None => accept.and_then(|accept| formats.by_media_type(accept)).ok_or_else(|| {
            let message = format!("say which format with an extension, such as /export/{section}.csv, or with Accept");
            Error::new(Code::Unsupported, message)
        })?,
    };
    Ok((section, codec.descriptor().name.to_owned()))
}
