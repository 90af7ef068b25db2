//! Running the operations of a connection, each for whoever the connection says that it is.

use std::sync::Arc;

use async_graphql::{Request, Response as GraphqlResponse};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http::Method;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use schema::GraphqlDocument;
use service::{Caller, Code, Error, Origin};

use crate::http::answers::{Full, Kept, PIECE};
use crate::http::shared::Shared;
use crate::http::{graphql, session};

/// What runs the operations of a connection.
#[derive(Clone)]
pub(super) struct Operations {
    pub(super) shared: Shared,
    /// Where the connection comes from.
    pub(super) origin: Origin,
    pub(super) headers: Arc<HeaderMap>,
    pub(super) request_id: String,
}

/// What is answered to an operation: what the engine says, and for whom it waits.
pub(super) struct Answer {
    pub(super) response: GraphqlResponse,
    pub(super) holder: Arc<str>,
}

impl Operations {
    /// Reads who it is, and gives the headers of the connection with what `connection_init` has said. Errors: for credentials that are
    /// not right.
    pub(super) async fn greet(&self, said: Option<String>) -> service::Result<Arc<HeaderMap>> {
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
        session::caller(&self.shared, self.origin, &Method::POST, headers).await
    }

    /// The answers to a request, whoever sends it being asked anew.
    pub(super) fn answers(&self, request: Request, headers: Arc<HeaderMap>) -> BoxStream<'static, Answer> {
        let operations = self.clone();
        let answers = async move {
            let holder: Arc<str>;
            let responses: BoxStream<'static, GraphqlResponse> = match operations.caller(&headers).await {
                Ok(caller) => {
                    holder = graphql::holder(&caller, operations.origin).into();
                    match operations.shared.answers.check(&holder) {
                        Ok(()) => {
                            let request = request.data(operations.origin);
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
    pub(super) fn keep(&self, holder: &str, message: &str) -> Result<Kept, Full> {
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
