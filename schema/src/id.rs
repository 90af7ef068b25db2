//! Global ids: opaque to clients, and telling us which table a record is in.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id of any record: the kind, an underscore and the UUID in 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalId {
    /// Which table the record is in.
    pub kind: Kind,
    /// Its id there.
    pub id: Uuid,
}

/// What an id is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the GraphQL types")]
pub enum Kind {
    Account,
    Category,
    Import,
    Person,
    Transaction,
    User,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Account, Self::Category, Self::Import, Self::Person, Self::Transaction, Self::User];

    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Category => "category",
            Self::Import => "import",
            Self::Person => "person",
            Self::Transaction => "transaction",
            Self::User => "user",
        }
    }

    /// The global id of a record of this kind.
    pub fn global(self, id: Uuid) -> GlobalId {
        GlobalId { kind: self, id }
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

    fn from_str(text: &str) -> Result<Self, NoId> {
        let (name, uuid) = text.split_once('_').ok_or(NoId)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(NoId)?;
        let id = Uuid::try_parse(uuid).map_err(|_| NoId)?;
        Ok(Self { kind, id })
    }
}
