//! Views as URLs, the command line and stored views write them.

use serde::{Deserialize, Serialize};
use storage::{Day, Direction, InvalidDay, NameOrId, Order, Search, SortKey, View};

use crate::error::{Error, Result};
use crate::id::Kind;

/// A view as URLs and the command line write it; all parts must hold, and docs/use/search.md says what they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the parts are those of a view")]
pub struct ViewRequest {
    pub search: Option<String>,
    pub category: Option<String>,
    pub label: Option<String>,
    pub user: Option<String>,
    pub person: Option<String>,
    pub transaction: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl ViewRequest {
    /// The view of storage. Errors: `INVALID` for what is no search or no day, `NOT_FOUND` for an id of nothing.
    pub fn view(self) -> Result<View> {
        let Self { search, category, label, user, person, transaction, from, to } = self;
        let day = |name: &str, text: Option<String>| -> Result<Option<Day>> {
            let day = text.map(|text| text.parse()).transpose();
            day.map_err(|error: InvalidDay| Error::invalid(format!("{name}: {error}")))
        };
        let (from, to) = (day("from", from)?, day("to", to)?);
        Ok(View {
            search: search.as_deref().map(Search::parse).transpose()?.unwrap_or_default(),
            category: category.map(|text| name_or_id(Kind::Category, text)),
            label: label.map(|text| name_or_id(Kind::Label, text)),
            user: user.map(|text| name_or_id(Kind::User, text)),
            stage: None,
            person: person.map(|id| Kind::Person.expect(&id)).transpose()?,
            transaction: transaction.map(|id| Kind::Transaction.expect(&id)).transpose()?,
            related: None,
            from,
            to,
        })
    }
}

/// What a client names: by its id, or else by its name.
pub fn name_or_id(kind: Kind, text: String) -> NameOrId {
    match kind.parse(&text) {
        Some(id) => NameOrId::Id(id),
        None => NameOrId::Name(text),
    }
}

/// Reads an order as URLs and the command line write it: `name`, `created`, `updated`, with `-` for the other end first. The name
/// of an event is its date.
///
/// Errors: `INVALID` with the choices.
pub fn parse_order(text: &str) -> Result<Order> {
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (text, Direction::Ascending),
    };
    let key = match name {
        "name" => SortKey::Name,
        "created" => SortKey::Created,
        "updated" => SortKey::Updated,
        _ => {
            let choices = "name, created or updated, with a - before it for the other end first";
            return Err(Error::invalid(format!("{text:?} is no order: write {choices}")));
        }
    };
    Ok(Order { key, direction })
}

/// An order as [`parse_order`] reads it.
pub(crate) fn order_text(order: Order) -> String {
    let name = match order.key {
        SortKey::Name => "name",
        SortKey::Created => "created",
        SortKey::Updated => "updated",
    };
    match order.direction {
        Direction::Ascending => name.to_owned(),
        Direction::Descending => format!("-{name}"),
    }
}
