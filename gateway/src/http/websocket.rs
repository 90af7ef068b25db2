//! `/graphql/ws`: GraphQL over a websocket, by the protocol graphql-transport-ws. What is said, and when, is in [`conversation`].
//!
//! Whoever connects says who they are by the header `Authorization` or by `{"authorization": "Bearer …"}` in `connection_init`. Each
//! operation asks anew whether that still holds.

mod conversation;
mod operations;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use http::header::HeaderMap;
use service::Origin;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use self::conversation::{Conversation, Said};
use self::operations::Operations;
use super::shared::{RequestId, Shared};
use crate::connection::Connected;

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
    Extension(origin): Extension<Origin>,
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
    let operations = Operations { shared, origin, headers: Arc::new(headers), request_id };
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
