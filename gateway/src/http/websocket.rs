//! `/graphql/ws`: GraphQL over a websocket, by the protocol graphql-transport-ws.
//!
//! Whoever connects says who they are by the header `Authorization` or by `{"authorization": "Bearer …"}` in `connection_init`. Each
//! operation asks anew whether that still holds.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::{ClientMessage, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Executor, Request, Response as GraphqlResponse};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _};
use futures_util::{SinkExt as _, stream};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use schema::{Caller, Code, Error, GraphqlDocument};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{RequestId, Shared, session};
use crate::serve::Connected;

/// The one protocol; `graphql-ws` is the old one of another library.
const PROTOCOL: &str = "graphql-transport-ws";

/// How many operations a connection may run at once.
const OPERATIONS: usize = 32;

/// How long a client may be silent, pings included.
const SILENCE: Duration = Duration::from_secs(90);

/// How often a client is asked whether it is there; browsers answer by themselves.
const PING: Duration = Duration::from_secs(30);

/// How long it may take to say who it is.
const INIT_WITHIN: Duration = Duration::from_secs(10);

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
    let operations =
        Operations { shared, headers: Arc::new(headers), request_id, places: Arc::new(Semaphore::new(OPERATIONS)) };
    upgrade.on_upgrade(move |socket| converse(socket, operations, connected))
}

/// Passes messages on, until either side has enough.
async fn converse(socket: WebSocket, operations: Operations, connected: Connected) {
    let mut stopped = connected.stopped();
    let (mut out, incoming) = socket.split();
    let (pings, mut ponged) = tokio::sync::mpsc::channel::<()>(1);
    let reading = Reading { shared: operations.shared.clone(), asked: Arc::new(Semaphore::new(2 * OPERATIONS)) };
    let messages = incoming.filter_map(move |message| {
        let (pings, reading) = (pings.clone(), reading.clone());
        async move {
            // A client that is there; a full channel says that already.
            let _ = pings.try_send(());
            match message {
                Ok(Message::Text(text)) => Some(reading.read(text.into()).await),
                Ok(Message::Binary(bytes)) => Some(reading.read(bytes).await),
                _ => None,
            }
        }
    });
    let who = operations.clone();
    let init = async move |payload: Value| who.greet(&payload).await;
    let mut answers = std::pin::pin!(
        async_graphql::http::WebSocket::from_message_stream(operations, messages, WebSocketProtocols::GraphQLWS)
            .on_connection_init(init)
    );
    let (mut is_greeted, mut ping) = (false, tokio::time::interval(PING));
    let silence = tokio::time::sleep(INIT_WITHIN);
    let mut silence = std::pin::pin!(silence);
    loop {
        let frame = tokio::select! {
            answer = answers.next() => match answer {
                Some(WsMessage::Text(text)) => {
                    is_greeted = true;
                    silence.as_mut().reset(tokio::time::Instant::now() + SILENCE);
                    Message::Text(text.into())
                }
                Some(WsMessage::Close(code, reason)) => close(code, reason),
                None => break,
            },
            Some(()) = ponged.recv() => {
                if is_greeted {
                    silence.as_mut().reset(tokio::time::Instant::now() + SILENCE);
                }
                continue;
            }
            _ = ping.tick() => Message::Ping(Bytes::new()),
            () = silence.as_mut() => {
                if is_greeted { close(4408, "no sign of life") } else { close(4408, "connection_init did not come") }
            }
            _ = stopped.changed() => close(1001, "the server stops"),
        };
        let is_last = matches!(frame, Message::Close(_));
        if out.send(frame).await.is_err() || is_last {
            break;
        }
    }
    drop(connected);
}

fn close(code: u16, reason: impl Into<String>) -> Message {
    // A control frame has 125 bytes at most, two of them the code (RFC 6455 section 5.5).
    let reason: String = reason.into();
    let end = reason.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 120).last();
    Message::Close(Some(CloseFrame { code, reason: reason[..end.unwrap_or_default()].into() }))
}

/// What makes messages of what a client sends.
#[derive(Clone)]
struct Reading {
    shared: Shared,
    /// The operations that have been asked for and have not ended: those beyond the ones that may run end as soon as they are looked
    /// at, but a client that sends without a pause leaves no time for that.
    asked: Arc<Semaphore>,
}

/// Why an operation does not begin, which its request bears, as nothing is to be read from it.
struct NotRead(Error);

/// Of a message what tells which operation it is about.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

impl Reading {
    async fn read(self, bytes: Bytes) -> serde_json::Result<ClientMessage> {
        let (size, limit) = (bytes.len(), self.shared.config.limits.graphql_values);
        let message = bytes.clone();
        let read = move || schema::count_values(&message, limit).map(|_| ClientMessage::from_bytes(&message));
        let message = match schema::read_json(&self.shared.schema, size, read).await.and_then(|read| read) {
            Ok(message) => message?,
            Err(error) => match serde_json::from_slice(&bytes)? {
                Head { kind, id: Some(id) } if kind == "subscribe" || kind == "start" => {
                    ClientMessage::Start { id, payload: Request::new("").data(NotRead(error)) }
                }
                _ => return Err(serde::de::Error::custom(error.message)),
            },
        };
        Ok(match message {
            ClientMessage::Start { id, payload } => {
                let place = self.asked.acquire_owned().await.expect("nobody closes it");
                ClientMessage::Start { id, payload: payload.data(place) }
            }
            message => message,
        })
    }
}

/// What runs the operations of a connection.
#[derive(Clone)]
struct Operations {
    shared: Shared,
    headers: Arc<HeaderMap>,
    request_id: String,
    places: Arc<Semaphore>,
}

/// The headers of a connection, with what `connection_init` has said.
struct Greeting(Arc<HeaderMap>);

impl Operations {
    /// Reads who it is. Errors: for credentials that are not right.
    async fn greet(&self, payload: &Value) -> async_graphql::Result<Data> {
        let mut headers = HeaderMap::clone(&self.headers);
        let said = ["authorization", "Authorization"].into_iter().find_map(|name| payload.get(name)?.as_str());
        if let Some(said) = said {
            let value = HeaderValue::from_str(said).map_err(|_| async_graphql::Error::new("no authorization"))?;
            headers.insert(AUTHORIZATION, value);
        }
        // Errors are for the client, so they are told at once and not with the first operation.
        self.caller(&headers).await.map_err(|error| async_graphql::Error::new(error.message))?;
        let mut data = Data::default();
        data.insert(Greeting(Arc::new(headers)));
        Ok(data)
    }

    /// A websocket may carry mutations, so a browser's remembered password counts as little as in a POST.
    async fn caller(&self, headers: &HeaderMap) -> schema::Result<Caller> {
        session::caller(&self.shared, &Method::POST, headers).await
    }

    async fn answers(self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, GraphqlResponse> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let message = format!("a connection runs at most {OPERATIONS} operations at once");
            return refused(Error::new(Code::Limited, message));
        };
        if let Some(NotRead(error)) = request.data.get(&TypeId::of::<NotRead>()).and_then(|data| data.downcast_ref()) {
            return refused(error.clone());
        }
        let greeting = data.as_ref().and_then(|data| data.get(&TypeId::of::<Greeting>()));
        let greeting = greeting.and_then(|greeting| greeting.downcast_ref::<Greeting>());
        let headers = greeting.map_or_else(|| Arc::clone(&self.headers), |greeting| Arc::clone(&greeting.0));
        match self.caller(&headers).await {
            Ok(caller) => {
                let request = request.data(session::origin(&headers));
                match GraphqlDocument::open(&self.shared.schema, request, &caller).await {
                    Ok(document) => {
                        held(document.execute_stream(&self.shared.schema, caller, &self.request_id), place).boxed()
                    }
                    Err(answer) => stream::once(async { *answer }).boxed(),
                }
            }
            Err(error) => refused(error),
        }
    }
}

impl Executor for Operations {
    async fn execute(&self, request: Request) -> GraphqlResponse {
        let answers = self.clone().answers(request, None).await;
        let first = answers.into_future().await.0;
        first.unwrap_or_else(|| GraphqlResponse::from_errors(Vec::new()))
    }

    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, GraphqlResponse> {
        stream::once(self.clone().answers(request, data)).flatten().boxed()
    }
}

/// A stream that keeps its place until it ends.
fn held(
    answers: impl stream::Stream<Item = GraphqlResponse> + Send + 'static,
    place: OwnedSemaphorePermit,
) -> impl stream::Stream<Item = GraphqlResponse> + Send + 'static {
    answers.map(move |answer| {
        let _ = &place;
        answer
    })
}

fn refused(error: Error) -> BoxStream<'static, GraphqlResponse> {
    stream::once(async move { schema::refusal(error) }).boxed()
}
