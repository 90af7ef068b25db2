//! Answering `get`: the records that a search finds, read a page at a time and written as they come.

use futures_util::StreamExt as _;
use futures_util::stream;
use service::{Code, Error};

use crate::action::Target;
use crate::actions::{events, line, messages, people, transactions};
use crate::form::Form;
use crate::reply::xml::{EVENT, MESSAGE, PERSON, TAIL};
use crate::reply::{Body, Reply};
use crate::run::Call;
use crate::settings::Settings;

/// How many records GraphQL is asked for at a time.
const PAGE: usize = 200;

/// How many records of the largest size GraphQL answers at a time.
const SMALL_PAGE: usize = 10;

/// What GraphQL is asked for.
pub(crate) struct Ask {
    pub(crate) search: Option<String>,
    pub(crate) first: i64,
    pub(crate) after: Option<String>,
}

/// A page of records, as XML.
pub(crate) struct Page {
    pub(crate) records: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// Answers the records that a search finds, all of them without one. The first page is read before it answers, so that a
/// wrong search is a sentence and no broken document.
pub(crate) async fn get(call: Call, target: Target, form: &Form) -> Result<Reply, Error> {
    let Settings { dtd, charset, result_cap } = call.settings;
    let head = match target {
        Target::Person => PERSON.head(dtd, charset),
        Target::Stage(stage) => transactions::shape(stage).head(dtd, charset),
        Target::Event => EVENT.head(dtd, charset),
        Target::Message => MESSAGE.head(dtd, charset),
    };
    let listing = Listing { call, target, search: line(form, "search") };
    let Page { records, next } = listing.page(result_cap.get(), None).await?;
    let left = result_cap.get().saturating_sub(records.len());
    let text = head + &records.concat();
    let Some(next) = next else {
        return Ok(Reply::xml(Body::Whole(charset.xml(text + TAIL)), charset, None));
    };
    // A header stands before the records, so it takes a count; only a reply of several pages needs one.
    let cap = (listing.count().await? > result_cap.get()).then_some(result_cap.get());
    let begun = Place { text, next: Some(next).filter(|_| left > 0), left };
    let chunks = stream::try_unfold((listing, Some(begun)), async |(listing, place)| {
        let Some(Place { text, next, left }) = place else { return Ok(None) };
        let Some(after) = next else { return Ok(Some((text + TAIL, (listing, None)))) };
        let Page { records, next } = listing.page(left, Some(after)).await?;
        let left = left.saturating_sub(records.len());
        let place = Place { text: records.concat(), next: next.filter(|_| left > 0), left };
        Ok(Some((text, (listing, Some(place)))))
    });
    let bytes = chunks.map(move |chunk| chunk.map(|text| charset.xml(text)));
    Ok(Reply::xml(Body::Stream(bytes.boxed()), charset, cap))
}

/// How far a reply is written.
struct Place {
    /// What was read and is not written yet.
    text: String,
    next: Option<String>,
    /// How many records it may still hold.
    left: usize,
}

/// What a reply lists.
struct Listing {
    call: Call,
    target: Target,
    search: Option<String>,
}

impl Listing {
    /// A page of at most so many records, of fewer where they are long.
    async fn page(&self, most: usize, after: Option<String>) -> Result<Page, Error> {
        match self.page_of(most.min(PAGE), after.clone()).await {
            Err(error) if error.code == Code::Limited && most > SMALL_PAGE => self.page_of(SMALL_PAGE, after).await,
            page => page,
        }
    }

    async fn page_of(&self, most: usize, after: Option<String>) -> Result<Page, Error> {
        let first = i64::try_from(most).expect("a page is small");
        let ask = Ask { search: self.search.clone(), first, after };
        match self.target {
            Target::Person => people::page(&self.call, ask).await,
            Target::Stage(stage) => transactions::page(&self.call, stage, ask).await,
            Target::Event => events::page(&self.call, ask).await,
            Target::Message => messages::page(&self.call, ask).await,
        }
    }

    /// How many records there are.
    async fn count(&self) -> Result<usize, Error> {
        let search = self.search.clone();
        let count = match self.target {
            Target::Person => people::count(&self.call, search).await,
            Target::Stage(stage) => transactions::count(&self.call, stage, search).await,
            Target::Event => events::count(&self.call, search).await,
            Target::Message => messages::count(&self.call, search).await,
        };
        Ok(usize::try_from(count?).unwrap_or_default())
    }
}
