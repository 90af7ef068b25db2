//! The JSON webhook: a person, a prospect or a message comes in, `Success` or a sentence goes out, or what a search finds as JSON.
//!
//! Whatever way it was sent, it becomes a [`Form`] (`sent`), and the actions of `api.php` do the rest with their documents.

mod json;
mod listing;
mod sent;

use schema::{Code, Error, OpenedWebhook};

use crate::action::{NoAction, Stage, Target};
use crate::actions::messages::Orders;
use crate::actions::{Matching, line, messages, people, transactions};
use crate::form::Form;
use crate::reply::Reply;
use crate::reply::charset::Charset;
use crate::run::{Api, Call};

pub use sent::Sent;

/// What a webhook can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Person,
    Prospect(Stage),
    Message,
}

/// Answers what was sent to a webhook; `request_id` is the one that the log knows.
///
/// JSON has one charset, so replies have it too, whatever `legacy.charset` says.
pub async fn answer(api: &Api, webhook: OpenedWebhook, sent: Sent<'_>, request_id: &str) -> Reply {
    let OpenedWebhook { session, can_search } = webhook;
    let call = Call::new(api, session, request_id);
    let refusal = |error: Error| Reply::refusal(error.code, &error.message, Charset::Utf8);
    let form = match sent.form().await {
        Ok(form) => form,
        Err(error) => return refusal(error),
    };
    let done = match listing::asked(&form) {
        Some(_) if !can_search => {
            Err(Error::new(Code::Forbidden, "this webhook takes records and answers no searches"))
        }
        Some(wanted) => listing::find(call, wanted, line(&form, "search")).await,
        None => create(&call, form).await.map(|()| Reply::success(Charset::Utf8)),
    };
    done.unwrap_or_else(refusal)
}

async fn create(call: &Call, mut form: Form) -> Result<(), Error> {
    let record = record(&form)?;
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

/// Which kind of record it is: what `type` says, else what its fields tell. (heap-facts.md section 4.)
fn record(form: &Form) -> Result<Record, Error> {
    let Some(wanted) = form.get("type") else { return Ok(told(form)) };
    match wanted.parse() {
        Ok(Target::Person) => Ok(Record::Person),
        Ok(Target::Stage(stage)) => Ok(Record::Prospect(stage)),
        Ok(Target::Message) => Ok(Record::Message),
        Ok(Target::Event) | Err(NoAction(_)) => {
            let known = "lead, opportunity, customer, archive, person and message";
            Err(Error::new(Code::Invalid, format!("there is no type \"{wanted}\"; there are {known}")))
        }
    }
}

/// A body or files make a message. One of the fields that only prospects have makes a lead, be it empty: the page's own example has
/// an empty `moreinfo`.
fn told(form: &Form) -> Record {
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
