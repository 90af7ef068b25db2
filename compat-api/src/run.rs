//! Answering a legacy request: who it is, and what it asks for.

use service::{AccountHint, Code, Error, Origin, SignInMethod};

use crate::action::{Action, NoAction};
use crate::call::{Api, Call, Tally, check_on};
use crate::form::Form;
use crate::listing;
use crate::reply::Reply;

/// Who sends a legacy request.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The account that the request names.
    pub hint: &'a AccountHint,
    /// Where it comes from.
    pub origin: Origin,
    /// What the program calls itself.
    pub user_agent: &'a str,
}

/// Answers a form; `request_id` is the one that the log knows.
pub async fn answer(api: &Api, client: Client<'_>, form: &Form, request_id: &str) -> Reply {
    let Client { hint, origin, user_agent } = client;
    let charset = api.settings.charset;
    let (email, password) = match credentials(form) {
        Ok(credentials) => credentials,
        Err(sentence) => return Reply::exact_refusal(Code::Unauthenticated, &sentence, charset),
    };
    let session = match api.engine.sign_in(SignInMethod::Legacy, origin, hint, email, password).await {
        Ok(session) => session,
        Err(error) => return Reply::of_error(&error, charset),
    };
    let call = Call::new(api, session, request_id);
    let tally = Tally::of(&call, origin, user_agent);
    let action = Action::of(form);
    let name = action.as_ref().map_or(UNKNOWN, |action| action.name());
    let done = act(call, action, form).await;
    tally.count(name, done.as_ref().err());
    done.unwrap_or_else(|error| Reply::of_error(&error, charset))
}

/// Who signs in. Errors: a sentence where one of the two fields is not there, which nobody has guessed by.
fn credentials(form: &Form) -> Result<(&str, &str), String> {
    let (email, password) =
        (form.get("login_email"), form.raw("login_password").filter(|password| !password.is_empty()));
    let missing = match (email, password) {
        (Some(email), Some(password)) => return Ok((email, password)),
        (None, None) => "both are missing",
        (None, Some(_)) => "login_email is missing",
        (Some(_), None) => "login_password is missing",
    };
    Err(format!("Please send login_email and login_password as fields of the form, with every request; {missing}."))
}

/// Does what a signed-in user asks for, where that is allowed.
async fn act(call: Call, action: Result<Action, NoAction>, form: &Form) -> Result<Reply, Error> {
    check_on(&call.session, "the legacy API is switched off for this account")?;
    let action = action.map_err(|NoAction(sentence)| Error::new(Code::Invalid, sentence))?;
    call.session.check_action(action.name())?;
    match action {
        Action::Create(target) => {
            (target.noun().create)(&call, form).await?;
            Ok(Reply::success(call.settings.charset))
        }
        Action::Get(target) => {
            listing::get(call, target, form).await.map(|reply| reply.with_notes_of(form.get("search")))
        }
    }
}

/// What stands for the action of a form that names none.
const UNKNOWN: &str = "unknown";
