//! A transaction as other CRMs have it.

use super::Stage;

/// What a table of another CRM says of a deal beside what a transaction has here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deal {
    /// The line of the more info that tells the deal from others with the same person: its number, or else its name.
    pub line: Option<String>,
    /// Whether it is won or lost; `None` while it is neither, or where the table does not say.
    pub outcome: Option<Outcome>,
}

/// How a deal has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person has bought.
    Won,
    /// The person has not.
    Lost,
}

impl Outcome {
    /// The stage in which such a deal is, whatever the section of the file.
    pub fn stage(self) -> Stage {
        match self {
            Outcome::Won => Stage::Customer,
            Outcome::Lost => Stage::Archive,
        }
    }
}
