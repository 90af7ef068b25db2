//! `POST /api.php`: the legacy API.

use axum::body::{self, Body};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use compat_api::form::{Form, NoForm};
use compat_api::{Api, answer};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode};
use schema::Code;

use super::error::{HttpError, status};
use super::{RequestId, Shared, session};

/// The header that carries the code of a refusal, whose status is 200.
const CODE: HeaderName = HeaderName::from_static("x-cairn-code");

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    let limit = shared.config.limits.legacy_body;
    let body = body::to_bytes(body, limit).await.map_err(|_| HttpError::too_large(limit as u64))?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let not_a_form = |NoForm| HttpError::new(Code::Invalid, "the body is no form: send it as PHP or curl -d would");
    let form = Form::read(content_type, &body).await.map_err(not_a_form)?;
    let hint = session::account_hint(&shared, &headers)?;
    let api = Api { engine: shared.engine.clone(), schema: shared.schema.clone() };
    let reply = answer(&api, &hint, &form, &request_id).await;
    let mut response = ([(CONTENT_TYPE, reply.content_type)], reply.body).into_response();
    if let Some(code) = reply.code {
        response.headers_mut().insert(CODE, HeaderValue::from_static(code.name()));
        *response.status_mut() = legacy_status(code);
    }
    Ok(response)
}

/// Clients of the original compare the body, so a refusal is 200; only what a retry may cure is a status of its own.
fn legacy_status(code: Code) -> StatusCode {
    match code {
        Code::Limited | Code::Unavailable => status(code),
        _ => StatusCode::OK,
    }
}
