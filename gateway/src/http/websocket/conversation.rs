//! The protocol graphql-transport-ws as its server sees it: what a client may say when, and what is answered.
//!
//! A client begins with `connection_init`, once; when that is acknowledged it subscribes to operations under ids of its own, each of
//! which answers `next` until it is `complete`, or `error` where it cannot be executed. Whoever breaks this is told how by the code with
//! which the connection is closed.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::ServerError;
use bytes::Bytes;
use futures_util::future::{self, AbortHandle};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt as _};
use http::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Code, Error};

use super::operations::{Answer, Operations};
use crate::http::answers::Kept;
use crate::http::graphql;
use crate::http::shared::Shared;

/// How many operations a connection may run at once.
const OPERATIONS: usize = 32;

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Heard {
    ConnectionInit { payload: Option<serde_json::Map<String, Value>> },
    Ping,
    Pong,
    Subscribe { id: String, payload: graphql::Parameters },
    Complete { id: String },
}

/// What is to be said to a client.
pub(super) enum Said {
    /// A message, and the room that it takes until it is sent.
    Message(String, Option<Kept>),
    /// The end, with its code and reason.
    Close(u16, String),
}

/// A connection and what has been said on it so far.
pub(super) struct Conversation {
    operations: Operations,
    greeting: Greeting,
    running: HashMap<String, Running>,
    events: SelectAll<BoxStream<'static, Event>>,
    /// How many operations there have been: an id may come again.
    number: u64,
}

enum Greeting {
    /// Nobody has said who they are.
    None,
    /// It is being looked whether that is right.
    Asked,
    /// It is, and these are the headers of each operation.
    Acknowledged(Arc<HeaderMap>),
}

struct Running {
    number: u64,
    end: AbortHandle,
    has_answered: bool,
    may_write: bool,
}

enum Event {
    Greeted(service::Result<Arc<HeaderMap>>),
    Answered { id: String, number: u64, answer: Box<Answer> },
    Ended { id: String, number: u64 },
}

impl Conversation {
    pub(super) fn new(operations: Operations) -> Self {
        let (greeting, running, events) = (Greeting::None, HashMap::new(), SelectAll::new());
        Self { operations, greeting, running, events, number: 0 }
    }

    /// Whether it is known who the client is.
    pub(super) fn is_greeted(&self) -> bool {
        matches!(self.greeting, Greeting::Acknowledged(_))
    }

    /// Takes a message of the client, and gives what is to be said to it at once.
    pub(super) async fn hear(&mut self, message: Bytes) -> Option<Said> {
        let Shared { schema, config, .. } = &self.operations.shared;
        let (size, limit, text) = (message.len(), config.limits.graphql_values, message.clone());
        let read = move || schema::count_values(&text, limit).map(|_| serde_json::from_slice(&text));
        let heard = match schema::read_json(schema, size, read).await.and_then(|heard| heard) {
            Ok(heard) => heard,
            Err(error) => return Some(not_read(&message, error)),
        };
        match heard {
            Ok(Heard::ConnectionInit { payload }) => self.greet(&payload.unwrap_or_default()),
            Ok(Heard::Ping) => Some(message_of(&json!({ "type": "pong" }))),
            Ok(Heard::Pong) => None,
            Ok(Heard::Subscribe { id, payload }) => self.subscribe(id, payload),
            Ok(Heard::Complete { id }) => {
                if let Some(Running { end, .. }) = self.running.remove(&id) {
                    end.abort();
                }
                None
            }
            Err(error) => Some(Said::Close(4400, format!("Invalid message: {error}"))),
        }
    }

    /// The next thing to be said of what has been asked; nothing where an operation has ended that the client has ended itself. It waits
    /// while there is none, and may be given up meanwhile.
    pub(super) async fn next(&mut self) -> Option<Said> {
        if self.events.is_empty() {
            return future::pending().await;
        }
        match self.events.next().await? {
            Event::Greeted(Ok(headers)) => {
                self.greeting = Greeting::Acknowledged(headers);
                Some(message_of(&json!({ "type": "connection_ack" })))
            }
            Event::Greeted(Err(Error { code, message, .. })) => {
                let code = match code {
                    Code::Unavailable => 1013,
                    Code::Internal => 4500,
                    _ => 4403,
                };
                Some(Said::Close(code, message))
            }
            Event::Answered { id, number, answer } => self.answer(&id, number, &answer),
            Event::Ended { id, number } => {
                self.running.get(&id).filter(|running| running.number == number)?;
                self.running.remove(&id);
                Some(message_of(&json!({ "type": "complete", "id": id })))
            }
        }
    }

    fn greet(&mut self, payload: &serde_json::Map<String, Value>) -> Option<Said> {
        if !matches!(self.greeting, Greeting::None) {
            return Some(Said::Close(4429, "Too many initialisation requests".to_owned()));
        }
        self.greeting = Greeting::Asked;
        let said = ["authorization", "Authorization"].into_iter().find_map(|name| payload.get(name)?.as_str());
        let (operations, said) = (self.operations.clone(), said.map(ToOwned::to_owned));
        self.events.push(stream::once(async move { Event::Greeted(operations.greet(said).await) }).boxed());
        None
    }

    fn subscribe(&mut self, id: String, payload: graphql::Parameters) -> Option<Said> {
        let Greeting::Acknowledged(headers) = &self.greeting else {
            return Some(Said::Close(4401, "Unauthorized: wait for connection_ack".to_owned()));
        };
        if id.is_empty() {
            return Some(Said::Close(4400, "Invalid message: the id is empty".to_owned()));
        }
        if self.running.contains_key(&id) {
            return Some(Said::Close(4409, format!("Subscriber for {id} already exists")));
        }
        if self.running.len() >= OPERATIONS {
            let message = format!("a connection runs at most {OPERATIONS} operations at once");
            return Some(error_of(&id, &schema::refusal(Error::new(Code::Limited, message)).errors));
        }
        let request = payload.request();
        let may_write = graphql::may_write(&request);
        self.number += 1;
        let number = self.number;
        let (answers, end) = stream::abortable(self.operations.answers(request, Arc::clone(headers)));
        let of_answers = id.clone();
        let answers =
            answers.map(move |answer| Event::Answered { id: of_answers.clone(), number, answer: Box::new(answer) });
        let ended = id.clone();
        let ended = stream::once(async move { Event::Ended { id: ended, number } });
        self.events.push(answers.chain(ended).boxed());
        self.running.insert(id, Running { number, end, has_answered: false, may_write });
        None
    }

    /// What is said of an answer: an operation that cannot be executed ends with that.
    fn answer(&mut self, id: &str, number: u64, answer: &Answer) -> Option<Said> {
        let Answer { response, holder } = answer;
        let running = self.running.get_mut(id).filter(|running| running.number == number)?;
        let is_first = !std::mem::replace(&mut running.has_answered, true);
        let refused = if is_first && graphql::is_refused(response) {
            error_of(id, &response.errors)
        } else {
            let text = json!({ "type": "next", "id": id, "payload": response }).to_string();
            let full = match self.operations.keep(holder, &text) {
                Ok(kept) => return Some(Said::Message(text, Some(kept))),
                Err(full) => full,
            };
            let error = graphql::not_kept(&self.operations.shared.answers, full, running.may_write);
            error_of(id, &schema::refusal(error).errors)
        };
        if let Some(Running { end, .. }) = self.running.remove(id) {
            end.abort();
        }
        Some(refused)
    }
}

/// Of a message what tells which operation it is about.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

/// What is said of a message that is over a limit, so that nothing is made of it.
fn not_read(message: &[u8], error: Error) -> Said {
    match serde_json::from_slice(message) {
        Ok(Head { kind, id: Some(id) }) if kind == "subscribe" => error_of(&id, &schema::refusal(error).errors),
        _ => Said::Close(4400, format!("Invalid message: {}", error.message)),
    }
}

fn message_of(message: &Value) -> Said {
    Said::Message(message.to_string(), None)
}

fn error_of(id: &str, errors: &[ServerError]) -> Said {
    message_of(&json!({ "type": "error", "id": id, "payload": errors }))
}
