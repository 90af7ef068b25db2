//! Global ids: opaque to clients, and telling us which table a record is in.

use std::fmt;
use std::str::FromStr;

use storage::ItemKind;
use uuid::Uuid;

use crate::error::{Code, Error, Result};

/// The id of any record: the kind, an underscore and the UUID in 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalId {
    /// Which table the record is in.
    pub kind: Kind,
    /// Its id there.
    pub id: Uuid,
}

/// What an id is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the GraphQL types")]
pub enum Kind {
    Account,
    ApiToken,
    Category,
    CustomField,
    EmailTemplate,
    Event,
    EventTemplate,
    Feed,
    Import,
    Label,
    Message,
    Person,
    Transaction,
    Upload,
    User,
    Webhook,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Account,
        Self::ApiToken,
        Self::Category,
        Self::CustomField,
        Self::EmailTemplate,
        Self::Event,
        Self::EventTemplate,
        Self::Feed,
        Self::Import,
        Self::Label,
        Self::Message,
        Self::Person,
        Self::Transaction,
        Self::Upload,
        Self::User,
        Self::Webhook,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::ApiToken => "apiToken",
            Self::Category => "category",
            Self::CustomField => "customField",
            Self::EmailTemplate => "emailTemplate",
            Self::Event => "event",
            Self::EventTemplate => "eventTemplate",
            Self::Feed => "feed",
            Self::Import => "import",
            Self::Label => "label",
            Self::Message => "message",
            Self::Person => "person",
            Self::Transaction => "transaction",
            Self::Upload => "upload",
            Self::User => "user",
            Self::Webhook => "webhook",
        }
    }

    /// The global id of a record of this kind.
    pub fn global(self, id: Uuid) -> GlobalId {
        GlobalId { kind: self, id }
    }

    /// The kind of an item that can bear categories and labels, and belong to people and transactions.
    pub fn item(self) -> Option<ItemKind> {
        match self {
            Self::Event => Some(ItemKind::Event),
            Self::Message => Some(ItemKind::Message),
            Self::Person => Some(ItemKind::Person),
            Self::Transaction => Some(ItemKind::Transaction),
            Self::Account
            | Self::ApiToken
            | Self::Category
            | Self::CustomField
            | Self::EmailTemplate
            | Self::EventTemplate
            | Self::Feed
            | Self::Import
            | Self::Label
            | Self::Upload
            | Self::User
            | Self::Webhook => None,
        }
    }

    /// The kind of an item.
    pub fn of(item: ItemKind) -> Self {
        match item {
            ItemKind::Event => Self::Event,
            ItemKind::Message => Self::Message,
            ItemKind::Person => Self::Person,
            ItemKind::Transaction => Self::Transaction,
        }
    }

    /// The id of a text that must name a record of this kind. Errors: `NOT_FOUND`, as for an id that nobody has.
    pub fn expect(self, text: &str) -> Result<Uuid> {
        self.parse(text).ok_or_else(|| Error::new(Code::NotFound, format!("there is no such {}", self.words())))
    }

    fn words(self) -> &'static str {
        match self {
            Self::ApiToken => "API token",
            Self::CustomField => "custom field",
            Self::EmailTemplate => "e-mail template",
            Self::EventTemplate => "event template",
            other => other.name(),
        }
    }

    /// The record that a text means, if it is the id of one of this kind.
    pub fn parse(self, text: &str) -> Option<Uuid> {
        text.parse::<GlobalId>().ok().filter(|id| id.kind == self).map(|id| id.id)
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind.name(), self.id.simple())
    }
}

/// A text that is no id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoId;

impl FromStr for GlobalId {
    type Err = NoId;

    fn from_str(text: &str) -> std::result::Result<Self, NoId> {
        let (name, uuid) = text.split_once('_').ok_or(NoId)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(NoId)?;
        let id = Uuid::try_parse(uuid).map_err(|_| NoId)?;
        Ok(Self { kind, id })
    }
}
