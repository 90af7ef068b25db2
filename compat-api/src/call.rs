//! A call of the legacy API by a signed-in user: what it runs on, the documents that it runs, and how it is counted.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, Variables};
use graphql_client::GraphQLQuery;
use schema::{Schema, code_of};
use serde_json::Value;
use service::{Caller, Code, Engine, Equivalent, Error, LegacyCall, Origin, Session};

use crate::settings::Settings;

/// What a legacy request runs on.
#[derive(Clone)]
pub struct Api {
    /// Signs in.
    pub engine: Engine,
    /// Runs the documents.
    pub schema: Schema,
    /// How replies are written.
    pub settings: Settings,
}

/// Errors: `FORBIDDEN` with these words where the account has switched the legacy API off.
pub(crate) fn check_on(session: &Session, off: &str) -> Result<(), Error> {
    if session.account().legacy_api_ended_at.is_none() {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, format!("{off}: ask an admin, or use GraphQL")))
}

/// Counts a call for `legacyUsage` when it is over.
pub(crate) struct Tally<'a> {
    session: Session,
    origin: Origin,
    user_agent: &'a str,
    equivalent: Arc<Mutex<Option<Equivalent>>>,
}

impl<'a> Tally<'a> {
    /// That of a call which begins.
    pub(crate) fn of(call: &Call, origin: Origin, user_agent: &'a str) -> Self {
        Self { session: call.session.clone(), origin, user_agent, equivalent: Arc::clone(&call.equivalent) }
    }

    /// Counts it under the name of its action, with the reason where it was refused.
    pub(crate) fn count(self, action: &str, error: Option<&Error>) {
        let Self { session, origin, user_agent, equivalent } = self;
        let equivalent = equivalent.lock().unwrap_or_else(PoisonError::into_inner).take();
        session.legacy_usage().note(LegacyCall { action, origin, user_agent, error, equivalent });
    }
}

/// A call of a signed-in user.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) schema: Schema,
    pub(crate) settings: Settings,
    pub(crate) session: Session,
    pub(crate) request_id: String,
    /// What the call has come to in GraphQL, for whoever wants to leave the legacy API.
    equivalent: Arc<Mutex<Option<Equivalent>>>,
}

impl Call {
    /// A call that has done nothing yet.
    pub(crate) fn new(api: &Api, session: Session, request_id: &str) -> Self {
        Self {
            schema: api.schema.clone(),
            settings: api.settings,
            session,
            request_id: request_id.to_owned(),
            equivalent: Arc::default(),
        }
    }

    /// Keeps a document as what the call has come to: the first one, as further ones count records or read on.
    fn note(&self, document: &str, variables: &Value) {
        let mut equivalent = self.equivalent.lock().unwrap_or_else(PoisonError::into_inner);
        equivalent.get_or_insert_with(|| {
            let (document, variables) = (document.to_owned(), shape("", variables).to_string());
            Equivalent { document, variables }
        });
    }

    /// Runs a typed document in process: the guards, validators and limits of any client, without a socket.
    pub(crate) async fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Error> {
        let body = Q::build_query(variables);
        let variables = serde_json::to_value(body.variables).map_err(|error| internal(&error))?;
        self.note(body.query, &variables);
        let request =
            Request::new(body.query).operation_name(body.operation_name).variables(Variables::from_json(variables));
        let caller = Caller::SignedIn(self.session.clone());
        let response = schema::execute(&self.schema, request, caller, &self.request_id).await;
        if let Some(error) = response.errors.into_iter().next() {
            return Err(Error::new(code_of(&error), error.message));
        }
        let data = response.data.into_json().map_err(|error| internal(&error))?;
        serde_json::from_value(data).map_err(|error| internal(&error))
    }

    /// Runs a document that asks what has to be known before: it is not what the call comes to.
    pub(crate) async fn look_up<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Error> {
        let aside = Self { equivalent: Arc::default(), ..self.clone() };
        aside.run::<Q>(variables).await
    }
}

/// What a shape shows as it was sent: these come from the action and not from the form.
const SHOWN: [&str; 3] = ["stage", "personMatch", "operators"];

/// The shape of variables: which fields there are and of which kind, without what is in them.
fn shape(name: &str, value: &Value) -> Value {
    match value {
        _ if SHOWN.contains(&name) => value.clone(),
        Value::Null => Value::Null,
        Value::Bool(_) => "Boolean".into(),
        Value::Number(_) => "Number".into(),
        Value::String(_) => "String".into(),
        Value::Array(values) => values.first().map(|first| shape(name, first)).into_iter().collect(),
        Value::Object(fields) => {
            let is_sent = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
            let sent = fields.iter().filter(|(_, value)| is_sent(value));
            Value::Object(sent.map(|(name, value)| (name.clone(), shape(name, value))).collect())
        }
    }
}

fn internal(error: &serde_json::Error) -> Error {
    tracing::error!(%error, "A legacy document and its reply do not fit: {error}");
    Error::new(Code::Internal, "internal error")
}
