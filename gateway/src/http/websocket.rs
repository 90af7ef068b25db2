//! `/graphql/ws`: GraphQL over a websocket, by the protocol graphql-transport-ws. What is said, and when, is in [`conversation`].
//!
//! Whoever connects says who they are by the header `Authorization` or by `{"authorization": "Bearer …"}` in `connection_init`. Each
//! operation asks anew whether that still holds.

mod conversation;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response as GraphqlResponse};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{BoxStream, StreamExt as _};
use futures_util::{SinkExt as _, stream};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use schema::GraphqlDocument;
use service::{Caller, Code, Error};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use self::conversation::{Conversation, Said};
use super::answers::{Full, Kept, PIECE};
use super::{RequestId, Shared, graphql, session};
use crate::serve::Connected;

/// The one protocol; `graphql-ws` is the old one of another library.
const PROTOCOL: &str = "graphql-transport-ws";

/// How long a client may be silent, pings included.
const SILENCE: Duration = Duration::from_secs(90);

/// How often a client is asked whether it is there; browsers answer by themselves.
const PING: Duration = Duration::from_secs(30);

/// How long it may take to say who it is.
const INIT_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take to say goodbye as well.
const GOODBYE: Duration = Duration::from_secs(3);

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(connected): Extension<Connected>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    let message_limit = shared.config.limits.graphql_body;
    let upgrade = upgrade.max_message_size(message_limit).max_frame_size(message_limit).protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let message = format!("the one protocol here is {PROTOCOL}: name it in Sec-WebSocket-Protocol");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let operations = Operations { shared, headers: Arc::new(headers), request_id };
    upgrade.on_upgrade(move |socket| converse(socket, operations, connected))
}

/// Passes messages on, until either side has enough. While the client takes none, none is read and nothing is answered.
async fn converse(socket: WebSocket, operations: Operations, connected: Connected) {
    let mut stopped = connected.stopped();
    let (mut out, mut incoming) = socket.split();
    let mut conversation = Conversation::new(operations);
    let mut ping = tokio::time::interval(PING);
    let silence = tokio::time::sleep(INIT_WITHIN);
    let mut silence = std::pin::pin!(silence);
    loop {
        let said = tokio::select! {
            message = incoming.next() => {
                // Whoever is being asked who they are has as long for it as whoever says nothing.
                if conversation.is_greeted() {
                    silence.as_mut().reset(Instant::now() + SILENCE);
                }
                match message {
                    Some(Ok(Message::Text(text))) => conversation.hear(text.into()).await,
                    Some(Ok(Message::Binary(bytes))) => conversation.hear(bytes).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    Some(Ok(Message::Close(_))) | None => break,
                    Some(Err(error)) => match unreadable(error) {
                        Some(end) => Some(end),
                        None => break,
                    },
                }
            }
            said = conversation.next() => {
                silence.as_mut().reset(Instant::now() + SILENCE);
                said
            }
            _ = ping.tick() => {
                if out.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    break;
                }
                None
            }
            () = silence.as_mut() => {
                let reason = if conversation.is_greeted() { "no sign of life" } else { "Connection initialisation timeout" };
                Some(Said::Close(4408, reason.to_owned()))
            }
            _ = stopped.changed() => Some(Said::Close(1001, "the server stops".to_owned())),
        };
        let (frame, _kept) = match said {
            None => continue,
            Some(Said::Message(text, kept)) => (Message::Text(text.into()), kept),
            Some(Said::Close(code, reason)) => (close(code, &reason), None),
        };
        let is_last = matches!(frame, Message::Close(_));
        if out.send(frame).await.is_err() {
            break;
        }
        if is_last {
            // A socket that is closed with unread bytes in it makes the client's system forget what it was told.
            let end = async { while let Some(Ok(_)) = incoming.next().await {} };
            let _ = tokio::time::timeout(GOODBYE, end).await;
            break;
        }
    }
    drop(connected);
}

/// What is said of a message that cannot be read (RFC 6455 section 7.4.1); nothing where the connection is gone.
fn unreadable(error: axum::Error) -> Option<Said> {
    let error = error.into_inner().downcast::<tungstenite::Error>().ok()?;
    let code = match *error {
        tungstenite::Error::Utf8(_) => 1007,
        tungstenite::Error::Capacity(_) => 1009,
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        tungstenite::Error::Protocol(_) => 1002,
        _ => return None,
    };
    Some(Said::Close(code, error.to_string()))
}

fn close(code: u16, reason: &str) -> Message {
    // A control frame has 125 bytes at most, two of them the code (RFC 6455 section 5.5).
    let end = reason.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 120).last();
    Message::Close(Some(CloseFrame { code, reason: reason[..end.unwrap_or_default()].into() }))
}

/// What runs the operations of a connection.
#[derive(Clone)]
struct Operations {
    shared: Shared,
    headers: Arc<HeaderMap>,
    request_id: String,
}

/// What is answered to an operation: what the engine says, and for whom it waits.
struct Answer {
    response: GraphqlResponse,
    holder: Arc<str>,
}

impl Operations {
    /// Reads who it is, and gives the headers of the connection with what `connection_init` has said. Errors: for credentials that are
    /// not right.
    async fn greet(&self, said: Option<String>) -> service::Result<Arc<HeaderMap>> {
        let mut headers = HeaderMap::clone(&self.headers);
        if let Some(said) = said {
            let unreadable = |_| Error::new(Code::Unauthenticated, "authorization is no value of a header");
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&said).map_err(unreadable)?);
        }
        // Errors are for the client, so they are told at once and not with the first operation.
        self.caller(&headers).await?;
        Ok(Arc::new(headers))
    }

    /// A websocket may carry mutations, so a browser's remembered password counts as little as in a POST.
    async fn caller(&self, headers: &HeaderMap) -> service::Result<Caller> {
        session::caller(&self.shared, &Method::POST, headers).await
    }

    /// The answers to a request, whoever sends it being asked anew.
    fn answers(&self, request: Request, headers: Arc<HeaderMap>) -> BoxStream<'static, Answer> {
        let operations = self.clone();
        let answers = async move {
            let holder: Arc<str>;
            let responses: BoxStream<'static, GraphqlResponse> = match operations.caller(&headers).await {
                Ok(caller) => {
                    holder = graphql::holder(&caller, &headers).into();
                    match operations.shared.answers.check(&holder) {
                        Ok(()) => {
                            let request = request.data(session::origin(&headers));
                            let Self { shared, request_id, .. } = operations;
                            match GraphqlDocument::open(&shared.schema, request, &caller).await {
                                Ok(document) => document.execute_stream(&shared.schema, caller, &request_id),
                                Err(answer) => stream::once(async { *answer }).boxed(),
                            }
                        }
                        Err(error) => refused(error),
                    }
                }
                Err(error) => {
                    holder = Arc::default();
                    refused(error)
                }
            };
            responses.map(move |response| Answer { response, holder: Arc::clone(&holder) })
        };
        stream::once(answers).flatten().boxed()
    }

    /// Room for a message; none is needed for a small one.
    fn keep(&self, holder: &str, message: &str) -> Result<Kept, Full> {
        let mut kept = self.shared.answers.keep(holder);
        if message.len() > PIECE {
            kept.add(message.len())?;
        }
        Ok(kept)
    }
}

fn refused(error: Error) -> BoxStream<'static, GraphqlResponse> {
    stream::once(async move { schema::refusal(error) }).boxed()
}
