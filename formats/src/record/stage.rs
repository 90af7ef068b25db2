//! The four stages of a transaction.

use std::fmt;
use std::str::FromStr;

use crate::sentence::alternatives;

/// How far the business with a person has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Someone who might buy.
    Lead,
    /// An offer is being made.
    Opportunity,
    /// Someone who bought.
    Customer,
    /// Business that is over.
    Archive,
}

impl Stage {
    /// All stages in the order in which business runs.
    pub const ALL: [Stage; 4] = [Stage::Lead, Stage::Opportunity, Stage::Customer, Stage::Archive];

    /// The name that files and GraphQL use: `LEAD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Lead => "LEAD",
            Stage::Opportunity => "OPPORTUNITY",
            Stage::Customer => "CUSTOMER",
            Stage::Archive => "ARCHIVE",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = UnknownStage;

    /// Reads a name in capital or small letters.
    fn from_str(name: &str) -> Result<Stage, UnknownStage> {
        let found = Stage::ALL.into_iter().find(|stage| stage.as_str().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownStage { name: name.to_owned() })
    }
}

/// A name that no stage has; its message lists the four that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a stage; write {}", alternatives(&Stage::ALL.map(Stage::as_str), "or"))]
pub struct UnknownStage {
    /// What the file says.
    pub name: String,
}
