//! Answering `get`: the records that a search finds, read a page at a time and written as they come.

use futures_util::StreamExt as _;
use futures_util::stream;
use service::{Code, Error};

use crate::actions::line;
use crate::call::Call;
use crate::form::Form;
use crate::noun::Noun;
use crate::page::{Page, PageRequest};
use crate::reply::xml::TAIL;
use crate::reply::{Body, Reply};
use crate::settings::Settings;
use crate::target::Target;

/// How many records GraphQL is asked for at a time.
const PAGE: usize = 200;

/// How many records of the largest size GraphQL answers at a time.
const SMALL_PAGE: usize = 10;

/// Answers the records that a search finds, all of them without one. The first page is read before it answers, so that a
/// wrong search is a sentence and no broken document.
pub(crate) async fn get(call: Call, target: Target, form: &Form) -> Result<Reply, Error> {
    let Settings { dtd, charset, result_cap } = call.settings;
    let noun = target.noun();
    let head = (noun.head)(dtd, charset);
    let listing = Listing { call, noun, search: line(form, "search") };
    let Page { records, next } = listing.page(result_cap.get(), None).await?;
    let remaining = result_cap.get().saturating_sub(records.len());
    let text = head + &records.concat();
    let Some(next) = next else {
        return Ok(Reply::xml(Body::Whole(charset.xml(text + TAIL)), charset, None));
    };
    // A header stands before the records, so it takes a count; only a reply of several pages needs one.
    let cap = (listing.count().await? > result_cap.get()).then_some(result_cap.get());
    let state = StreamState { text, next: Some(next).filter(|_| remaining > 0), remaining };
    let chunks = stream::try_unfold((listing, Some(state)), async |(listing, state)| {
        let Some(StreamState { text, next, remaining }) = state else { return Ok(None) };
        let Some(after) = next else { return Ok(Some((text + TAIL, (listing, None)))) };
        let Page { records, next } = listing.page(remaining, Some(after)).await?;
        let remaining = remaining.saturating_sub(records.len());
        let state = StreamState { text: records.concat(), next: next.filter(|_| remaining > 0), remaining };
        Ok(Some((text, (listing, Some(state)))))
    });
    let bytes = chunks.map(move |chunk| chunk.map(|text| charset.xml(text)));
    Ok(Reply::xml(Body::Stream(bytes.boxed()), charset, cap))
}

/// How far a reply is written.
struct StreamState {
    /// What was read and is not written yet.
    text: String,
    next: Option<String>,
    /// How many records it may still hold.
    remaining: usize,
}

/// What a reply lists.
struct Listing {
    call: Call,
    noun: &'static Noun,
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
        let request = PageRequest { search: self.search.clone(), first, after };
        (self.noun.page)(&self.call, request).await
    }

    /// How many records there are.
    async fn count(&self) -> Result<usize, Error> {
        let count = (self.noun.count)(&self.call, self.search.clone()).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }
}
