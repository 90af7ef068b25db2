//! The JSON webhook: a person, a prospect or a message comes in, `Success` or a sentence goes out, or what a search finds as JSON.
//!
//! Whatever way it was sent, it becomes a [`Form`] (`sent`), and the actions of `api.php` do the rest with their documents.

mod json;
mod listing;
mod sent;

use service::{Code, Error, LegacyCall, OpenedWebhook, Origin};

use crate::actions::messages::Orders;
use crate::actions::{Matching, line, messages, people, transactions};
use crate::call::{Api, Call, Tally, check_on};
use crate::form::Form;
use crate::reply::Reply;
use crate::reply::charset::Charset;
use crate::target::{NoTarget, Stage, Target};

use listing::Wanted;
pub use sent::Sent;

/// Who calls a webhook.
pub struct Client<'a> {
    /// The webhook that its secret has opened.
    pub webhook: OpenedWebhook,
    /// Where it comes from.
    pub origin: Origin,
    /// What the program calls itself.
    pub user_agent: &'a str,
}

/// What a webhook is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create(Record),
    Search(Wanted),
}

/// What a webhook can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Person,
    Prospect(Stage),
    Message,
}

/// What stands for the action of a request that cannot be read.
const UNKNOWN: &str = "webhook unknown";

/// Answers what was sent to a webhook; `request_id` is the one that the log knows.
///
/// JSON has one charset, so replies have it too, whatever `legacy.charset` says.
pub async fn answer(api: &Api, client: Client<'_>, sent: Sent<'_>, request_id: &str) -> Reply {
    let Client { webhook: OpenedWebhook { session, can_search }, origin, user_agent } = client;
    let call = Call::new(api, session, request_id);
    let tally = Tally::of(&call, origin, user_agent);
    let parsed = parse_request(sent).await;
    let name = parsed.as_ref().map_or(UNKNOWN, |(action, _)| action.name());
    let done = act(call, parsed, can_search).await;
    tally.count(name, done.as_ref().err());
    done.unwrap_or_else(|error| Reply::refusal(error.code, &error.message, Charset::Utf8))
}

/// Counts a call of a webhook whose body has not arrived, with the reason.
pub fn note_unread(client: Client<'_>, error: &Error) {
    let Client { webhook: OpenedWebhook { session, can_search: _ }, origin, user_agent } = client;
    let (action, error) = (UNKNOWN, Some(error));
    session.legacy_usage().note(LegacyCall { action, origin, user_agent, error, equivalent: None });
}

/// What is asked for, and the form that says it.
async fn parse_request(sent: Sent<'_>) -> Result<(Action, Form), Error> {
    let form = sent.form().await?;
    Ok((Action::of(&form)?, form))
}

/// Does what a webhook is asked for, where that is allowed.
async fn act(call: Call, parsed: Result<(Action, Form), Error>, can_search: bool) -> Result<Reply, Error> {
    check_on(&call.session, "the legacy API, to which webhooks belong, is switched off for this account")?;
    let (action, form) = parsed?;
    match action {
        Action::Search(_) if !can_search => {
            Err(Error::new(Code::Forbidden, "this webhook takes records and answers no searches"))
        }
        Action::Search(wanted) => {
            let search = line(&form, "search");
            listing::find(call, wanted, search.clone()).await.map(|reply| reply.with_notes_of(search.as_deref()))
        }
        Action::Create(record) => create(&call, record, form).await.map(|()| Reply::success(Charset::Utf8)),
    }
}

impl Action {
    /// What a form asks for. Errors: `INVALID` for a type that there is not.
    fn of(form: &Form) -> Result<Self, Error> {
        match listing::parse(form) {
            Some(wanted) => Ok(Self::Search(wanted)),
            None => record(form).map(Self::Create),
        }
    }

    /// Its name, as `legacyUsage` has it: after the `type` of the record, or the field that searches.
    fn name(self) -> &'static str {
        match self {
            Self::Create(Record::Person) => "webhook person",
            Self::Create(Record::Prospect(Stage::Lead)) => "webhook lead",
            Self::Create(Record::Prospect(Stage::Opportunity)) => "webhook opportunity",
            Self::Create(Record::Prospect(Stage::Customer)) => "webhook customer",
            Self::Create(Record::Prospect(Stage::Archive)) => "webhook archive",
            Self::Create(Record::Message) => "webhook message",
            Self::Search(Wanted::Prospects) => "webhook search",
            Self::Search(Wanted::People) => "webhook searchpeople",
        }
    }
}

async fn create(call: &Call, record: Record, mut form: Form) -> Result<(), Error> {
    let template = line(&form, "template");
    // What steers the webhook is no custom value.
    for name in ["type", "template"] {
        form.take(name);
    }
    match record {
        Record::Person => people::create(call, &form, Matching::Update).await,
        Record::Prospect(stage) => transactions::create(call, stage, &form, Matching::Update, template).await,
        Record::Message => messages::create(call, &form, Orders::Obeyed).await,
    }
}

/// Which kind of record it is: what `type` says, else what its fields tell.
fn record(form: &Form) -> Result<Record, Error> {
    let Some(wanted) = form.get("type") else { return Ok(infer_kind(form)) };
    match wanted.parse() {
        Ok(Target::Person) => Ok(Record::Person),
        Ok(Target::Stage(stage)) => Ok(Record::Prospect(stage)),
        Ok(Target::Message) => Ok(Record::Message),
        Ok(Target::Event) | Err(NoTarget) => {
            let known = "lead, opportunity, customer, archive, person and message";
            Err(Error::new(Code::Invalid, format!("there is no type \"{wanted}\"; there are {known}")))
        }
    }
}

/// A body or files make a message. One of the fields that only prospects have makes a lead, be it empty: the page's own example has
/// an empty `moreinfo`.
fn infer_kind(form: &Form) -> Record {
    let has = |name: &&str| form.raw(name).is_some();
    if ["body", "files"].into_iter().any(|name| form.get(name).is_some()) {
        return Record::Message;
    }
    if ["value", "probability", "moreinfo"].iter().any(has) || form.get("template").is_some() {
        return Record::Prospect(Stage::Lead);
    }
    Record::Person
}

#[cfg(test)]
mod tests {
    use super::{Record, Stage, record};
    use crate::form::Form;

    #[test]
    fn the_type_decides_and_else_the_fields_do() {
        let lead = Some(Record::Prospect(Stage::Lead));
        for (fields, expected) in [
            (&[("name", "Ann")][..], Some(Record::Person)),
            (&[], Some(Record::Person)),
            (&[("name", "Ann"), ("moreinfo", "")], lead),
            (&[("name", "Ann"), ("value", "1")], lead),
            (&[("name", "Ann"), ("probability", ".5")], lead),
            (&[("name", "Ann"), ("template", "New Lead")], lead),
            (&[("name", "Ann"), ("template", "")], Some(Record::Person)),
            (&[("name", "Ann"), ("type", "LEAD")], lead),
            (&[("name", "Ann"), ("type", "archive")], Some(Record::Prospect(Stage::Archive))),
            (&[("name", "Ann"), ("type", "people"), ("value", "1")], Some(Record::Person)),
            (&[("title", "Hello"), ("body", "text"), ("value", "1")], Some(Record::Message)),
            (&[("title", "Hello"), ("body", " ")], Some(Record::Person)),
            (&[("files", "https://example.com/a.pdf")], Some(Record::Message)),
            (&[("title", "Hello"), ("type", "message")], Some(Record::Message)),
            (&[("name", "Ann"), ("type", "event")], None),
            (&[("name", "Ann"), ("type", "prospect")], None),
        ] {
            let form = Form::of_fields(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            assert_eq!(record(&form).ok(), expected, "{fields:?}");
        }
    }
}
