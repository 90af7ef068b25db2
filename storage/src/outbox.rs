//! The outbox: a row for each record that a unit of work has changed, written in its transaction, for whoever must learn
//! of changes. An import and the firing of a template are one row each.
//!
//! UUID v7 is not ordered by commit, so the rows carry no number when they are written; [`crate::query::changes`] numbers the
//! committed rows of an account, and that number is the cursor.

/// What something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the nouns are those of the schema")]
pub enum Noun {
    Account,
    ApiToken,
    Category,
    CustomField,
    EmailTemplate,
    Event,
    /// One row for all events that a template has made at once.
    EventTemplate,
    Feed,
    /// One row for a whole import.
    Import,
    Label,
    Message,
    Person,
    Transaction,
    User,
    Webhook,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Applied,
    Created,
    Deleted,
    Moved,
    Redone,
    Revoked,
    Undone,
    Updated,
}

impl Noun {
    /// All of them.
    pub const ALL: [Self; 15] = [
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
        Self::User,
        Self::Webhook,
    ];

    /// What the topics of its rows begin with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::ApiToken => "api_token",
            Self::Category => "category",
            Self::CustomField => "custom_field",
            Self::EmailTemplate => "email_template",
            Self::Event => "event",
            Self::EventTemplate => "event_template",
            Self::Feed => "feed",
            Self::Import => "import",
            Self::Label => "label",
            Self::Message => "message",
            Self::Person => "person",
            Self::Transaction => "transaction",
            Self::User => "user",
            Self::Webhook => "webhook",
        }
    }
}

impl Verb {
    /// The topic under which it stands in the outbox, such as `person.created`.
    pub(crate) fn topic(self, noun: Noun) -> String {
        format!("{}.{}", noun.name(), self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Moved => "moved",
            Self::Redone => "redone",
            Self::Revoked => "revoked",
            Self::Undone => "undone",
            Self::Updated => "updated",
        }
    }
}
