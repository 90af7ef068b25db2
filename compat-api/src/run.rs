//! Answering a legacy request: who it is, what it asks for, and the typed GraphQL documents that do it.

use async_graphql::{Request, Variables};
use graphql_client::GraphQLQuery;
use schema::{AccountHint, Caller, Code, Engine, Error, Schema, Session};

use crate::action::{Action, NoAction, Target};
use crate::actions::messages::Orders;
use crate::actions::{Matching, events, messages, people, transactions};
use crate::form::Form;
use crate::listing;
use crate::reply::Reply;
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

/// Answers a form; `request_id` is the one that the log knows.
pub async fn answer(api: &Api, hint: &AccountHint, form: &Form, request_id: &str) -> Reply {
    let charset = api.settings.charset;
    let email = form.get("login_email").unwrap_or_default();
    let password = form.raw("login_password").unwrap_or_default();
    let session = match api.engine.sign_in(hint, email, password).await {
        Ok(session) => session,
        Err(error) => return Reply::refusal(error.code, &error.message, charset),
    };
    let call = Call { schema: api.schema.clone(), settings: api.settings, session, request_id: request_id.to_owned() };
    let done = match Action::of(form) {
        Ok(Action::Create(target)) => create(&call, target, form).await.map(|()| Reply::success(charset)),
        Ok(Action::Get(target)) => listing::get(call, target, form).await,
        Err(NoAction(sentence)) => return Reply::refusal(Code::Invalid, &sentence, charset),
    };
    done.unwrap_or_else(|refusal| Reply::refusal(refusal.code, &refusal.message, charset))
}

async fn create(call: &Call, target: Target, form: &Form) -> Result<(), Error> {
    match target {
        Target::Person => people::create(call, form, Matching::Create).await,
        Target::Stage(stage) => transactions::create(call, stage, form, Matching::Merge, None).await,
        Target::Event => events::create(call, form).await,
        Target::Message => messages::create(call, form, Orders::Kept).await,
    }
}

/// A call of a signed-in user.
pub(crate) struct Call {
    pub(crate) schema: Schema,
    pub(crate) settings: Settings,
    pub(crate) session: Session,
    pub(crate) request_id: String,
}

impl Call {
    /// Runs a typed document in process: the guards, validators and limits of any client, without a socket.
    pub(crate) async fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Error> {
        let body = Q::build_query(variables);
        let variables = serde_json::to_value(body.variables).map_err(|error| internal(&error))?;
        let request =
            Request::new(body.query).operation_name(body.operation_name).variables(Variables::from_json(variables));
        let caller = Caller::SignedIn(self.session.clone());
        let response = schema::execute(&self.schema, request, caller, &self.request_id).await;
        if let Some(error) = response.errors.into_iter().next() {
            return Err(Error::new(Code::of(&error), error.message));
        }
        let data = response.data.into_json().map_err(|error| internal(&error))?;
        serde_json::from_value(data).map_err(|error| internal(&error))
    }
}

fn internal(error: &serde_json::Error) -> Error {
    tracing::error!(%error, "A legacy document and its reply do not fit: {error}");
    Error::new(Code::Internal, "internal error")
}
