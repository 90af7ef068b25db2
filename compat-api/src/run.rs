//! Answering a legacy request: who it is, what it asks for, and the typed GraphQL documents that do it.

use async_graphql::{Request, Variables};
use graphql_client::GraphQLQuery;
use schema::{AccountHint, Caller, Code, Engine, Schema, Session};

use crate::action::{Action, NoAction, Target};
use crate::actions;
use crate::form::Form;
use crate::reply::Reply;

/// What a legacy request runs on.
#[derive(Clone)]
pub struct Api {
    /// Signs in.
    pub engine: Engine,
    /// Runs the documents.
    pub schema: Schema,
}

/// Answers a form; `request_id` is the one that the log knows.
pub async fn answer(api: &Api, hint: &AccountHint, form: &Form, request_id: &str) -> Reply {
    let email = form.get("login_email").unwrap_or_default();
    let password = form.raw("login_password").unwrap_or_default();
    let session = match api.engine.sign_in(hint, email, password).await {
        Ok(session) => session,
        Err(error) => return Reply::refusal(error.code, &error.message),
    };
    let call = Call { schema: &api.schema, session, request_id };
    let done = match Action::of(form) {
        Ok(Action::Create(Target::Person)) => actions::people::create(&call, form).await,
        Ok(Action::Create(Target::Stage(stage))) => actions::transactions::create(&call, stage, form).await,
        Ok(Action::Get(Target::Person)) => actions::people::get(&call, form).await,
        Ok(Action::Get(Target::Stage(stage))) => actions::transactions::get(&call, stage, form).await,
        Err(NoAction(sentence)) => return Reply::refusal(Code::Invalid, &sentence),
    };
    done.unwrap_or_else(|refusal| Reply::refusal(refusal.code, &refusal.message))
}

/// A call of a signed-in user.
pub(crate) struct Call<'a> {
    schema: &'a Schema,
    pub(crate) session: Session,
    request_id: &'a str,
}

/// Why GraphQL did not do it.
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Call<'_> {
    /// Runs a typed document in process: the guards, validators and limits of any client, without a socket.
    pub(crate) async fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Refusal> {
        let body = Q::build_query(variables);
        let variables = serde_json::to_value(body.variables).map_err(|error| internal(&error))?;
        let request =
            Request::new(body.query).operation_name(body.operation_name).variables(Variables::from_json(variables));
        let caller = Caller::SignedIn(self.session.clone());
        let response = schema::execute(self.schema, request, caller, self.request_id).await;
        if let Some(error) = response.errors.into_iter().next() {
            return Err(Refusal { code: Code::of(&error), message: error.message });
        }
        let data = response.data.into_json().map_err(|error| internal(&error))?;
        serde_json::from_value(data).map_err(|error| internal(&error))
    }
}

fn internal(error: &serde_json::Error) -> Refusal {
    tracing::error!(%error, "A legacy document and its reply do not fit: {error}");
    Refusal { code: Code::Internal, message: "internal error".to_owned() }
}
