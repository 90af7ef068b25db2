//! Connections: the Relay arguments `first after last before`, read into a page request and written back as edges.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{Context, ObjectType, OutputType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::Kind;
use storage::{Cursor, Direction, Order, Page, PageRequest, SortKey};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::{Error, Result};

/// How many records a page has where the client does not say.
const DEFAULT_PAGE: u64 = 50;
/// How many records a page has at most.
const LARGEST_PAGE: u64 = 200;

/// The arguments of a connection (Relay's cursor connections specification, section 4).
#[derive(Default)]
pub(crate) struct PageArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

impl PageArguments {
    /// Errors: `INVALID` for a negative number, both ends at once, or a cursor that is none; `LIMITED` over the largest
    /// page, never a silent cut.
    pub(crate) fn request(self, ordered: List) -> Result<PageRequest> {
        let Self { first, after, last, before } = self;
        let (limit, from_end) = match (first, last) {
            (Some(_), Some(_)) => return Err(Error::invalid("give either first or last, not both")),
            (Some(first), None) => (check(first, "first")?, false),
            (None, Some(last)) => (check(last, "last")?, true),
            (None, None) => (DEFAULT_PAGE, false),
        };
        let cursor = |text: Option<String>| text.map(|text| parse_cursor(ordered, &text)).transpose();
        Ok(PageRequest { limit, after: cursor(after)?, before: cursor(before)?, from_end })
    }
}

/// A page as a connection; `place` gives sort key and id of a record.
pub(crate) fn connection<T, N, F>(
    list: List,
    page: Page<T>,
    request: &PageRequest,
    fields: F,
    place: impl Fn(&T) -> Cursor,
    node: impl Fn(T) -> N,
) -> Connection<String, N, F, EmptyFields>
where
    N: OutputType,
    F: ObjectType,
{
    let Page { items, more } = page;
    // There is something on the other side of a cursor: the record that it stands for.
    let (before, after) = (request.after.is_some(), request.before.is_some());
    let (has_previous, has_next) = if request.from_end { (more, after) } else { (before, more) };
    let mut connection = Connection::with_additional_fields(has_previous, has_next, fields);
    connection.edges.extend(items.into_iter().map(|item| {
        let cursor = write_cursor(list, &place(&item));
        Edge::new(cursor, node(item))
    }));
    connection
}

/// Whether a list is asked for its records, and not only how many there are.
pub(crate) fn asks_for_records(ctx: &Context<'_>) -> bool {
    let asked = ctx.look_ahead();
    ["nodes", "edges", "pageInfo"].iter().any(|field| asked.field(field).exists())
}

/// How many records a connection has on all pages: they are counted once, however often and under whatever names that is asked.
#[derive(Default)]
pub(crate) struct Count(OnceCell<u64>);

impl Count {
    /// The count, which this finds where nobody has counted yet.
    pub(crate) async fn of(&self, counting: impl Future<Output = storage::Result<u64>>) -> Result<u64> {
        Ok(*self.0.get_or_try_init(|| counting).await?)
    }
}

/// How many records a page has that only goes forward. Errors: as [`PageArguments::request`].
pub(crate) fn limit(first: Option<i32>) -> Result<u64> {
    first.map_or(Ok(DEFAULT_PAGE), |first| check(first, "first"))
}

fn check(number: i32, argument: &str) -> Result<u64> {
    let number = u64::try_from(number).map_err(|_| Error::invalid(format!("{argument} cannot be negative")))?;
    if number > LARGEST_PAGE {
        let message =
            format!("{argument} is {number}, and a page has at most {LARGEST_PAGE} records: follow endCursor");
        return Err(Error::new(service::Code::Limited, message));
    }
    Ok(number)
}

/// A tag that tells list and order, 16 bytes of id, then the key.
fn write_cursor(list: List, cursor: &Cursor) -> String {
    let mut bytes = list.tag().to_vec();
    bytes.extend_from_slice(cursor.id.as_bytes());
    bytes.extend_from_slice(cursor.key.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn parse_cursor(list: List, text: &str) -> Result<Cursor> {
    let parse = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, rest) = bytes.split_at_checked(3)?;
        let (id, key) = rest.split_at_checked(16)?;
        let key = String::from_utf8(key.to_vec()).ok().filter(|key| !key.contains('\0'))?;
        Some((tag == list.tag(), Cursor { id: Uuid::from_slice(id).ok()?, key }))
    };
    match parse() {
        Some((true, cursor)) => Ok(cursor),
        Some(_) => Err(Error::invalid("this cursor belongs to another list or order: start again without it")),
        None => Err(Error::invalid(format!("{text:?} is no cursor: take it from pageInfo or an edge"))),
    }
}

/// Which list, in which order: a cursor is good for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct List {
    pub(crate) kind: Kind,
    pub(crate) order: Order,
}

impl List {
    /// The list, then the key, then the direction.
    fn tag(self) -> [u8; 3] {
        let kind = match self.kind {
            Kind::Account => b'a',
            Kind::ApiToken => b'k',
            Kind::Category => b'c',
            Kind::CustomField => b'f',
            Kind::EmailTemplate => b't',
            Kind::Event => b'e',
            Kind::EventTemplate => b's',
            Kind::Feed => b'r',
            Kind::Import => b'i',
            Kind::Label => b'l',
            Kind::Message => b'm',
            Kind::Person => b'p',
            Kind::Transaction => b'd',
            Kind::Upload => b'o',
            Kind::User => b'u',
            Kind::Webhook => b'w',
        };
        let key = match self.order.key {
            SortKey::Name => b'n',
            SortKey::Created => b'c',
            SortKey::Updated => b'u',
        };
        let direction = match self.order.direction {
            Direction::Ascending => b'a',
            Direction::Descending => b'd',
        };
        [kind, key, direction]
    }
}
