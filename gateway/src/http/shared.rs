//! What all handlers share, and what each request bears.

use std::sync::Arc;

use schema::Schema;
use service::Engine;

use super::answers::Answers;
use crate::config::Config;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) schema: Schema,
    pub(crate) config: Arc<Config>,
    pub(crate) answers: Answers,
}

/// The id of a request, by which the log is searched.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);
