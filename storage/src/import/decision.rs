//! What becomes of a row, and why: what a plan shows and what an apply compares with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use crate::entity::import_plan_rows::OutcomeKind as Outcome;

use crate::change::Change;
use crate::matching::MatchedBy;
use crate::text::cut;

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number in the file, from 1.
    pub row: u64,
    /// What happens.
    pub outcome: Outcome,
    /// The record that it changes, finds or repeats; none where it makes one.
    pub record: Option<Uuid>,
    /// What it changes of records that are there.
    pub changes: Vec<Change>,
    /// Which record it means and why, or which row it repeats; of a row that makes a transaction the person whom it is for.
    pub duplicate: Option<Duplicate>,
    /// What the record that it makes will hold, where the import is a plan or has one.
    pub made: Vec<Change>,
    /// What its record does not take of it, as something else stands there; nothing of a row that is skipped as a whole.
    pub not_taken: Vec<NotTaken>,
}

/// A value of a row that its record does not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTaken {
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub field: String,
    /// What stands there, cut at 100 characters; nothing where the field is empty and stays so.
    pub stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub given: String,
}

impl NotTaken {
    /// How many characters of a value are told of.
    const LONGEST: usize = 100;

    pub(super) fn new(field: impl Into<String>, stands: Option<&str>, given: &str) -> Self {
        let stands = stands.map(|stands| cut(stands, Self::LONGEST));
        Self { field: field.into(), stands, given: cut(given, Self::LONGEST) }
    }
}

impl Decision {
    /// A row that makes a record.
    pub(super) fn created(row: u64) -> Self {
        let (changes, made, not_taken) = (Vec::new(), Vec::new(), Vec::new());
        Self { row, outcome: Outcome::Created, record: None, changes, duplicate: None, made, not_taken }
    }
}

/// Why a row means a record or repeats a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// By which key.
    pub by: MatchedBy,
    /// What both have in this key, as it is compared.
    pub values: Vec<String>,
    /// What it means or repeats.
    pub of: Original,
}

/// What a duplicate means or repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Original {
    /// An earlier row of the file.
    Row(u64),
    /// The record with this name.
    Record(String),
    /// The event with this name, of which a later version is there.
    Later(String),
    /// A transaction of the person with this name.
    Transaction(String),
}

/// The reason of a skipped row.
impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Original::Row(row) => write!(f, "it repeats row {row}: {}", self.by.words()),
            Original::Transaction(name) => write!(f, "{name} has such a transaction already: {}", self.by.words()),
            Original::Later(name) => write!(f, "{name} is there already in a later version: {}", self.by.words()),
            Original::Record(name) => write!(f, "{name} is there already: {}", self.by.words()),
        }
    }
}

/// The rest of a row of a plan, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why it is a duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Duplicate>,
    /// The field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the record that it makes will hold; nothing in plans that were made before they said it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Change>,
    /// What its record does not take of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_taken: Vec<NotTaken>,
}

/// A row of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRow {
    /// Its number in the file, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// What becomes of it.
    #[serde(with = "kind_as_number")]
    pub outcome: Outcome,
    /// The record that it changes, finds or repeats.
    pub record: Option<Uuid>,
    /// The rest.
    pub detail: Detail,
}

impl PlannedRow {
    /// A decision about a row that begins on this line.
    pub fn new(decision: &Decision, line: u64) -> Self {
        let Decision { row, outcome, record, changes, duplicate, made, not_taken } = decision.clone();
        Self { row, line, outcome, record, detail: Detail { changes, duplicate, made, not_taken, ..Detail::default() } }
    }

    /// A row that fails.
    pub fn failed(row: u64, line: u64, field: Option<String>, reason: String) -> Self {
        let detail = Detail { field, reason: Some(reason), ..Detail::default() };
        Self { row, line, outcome: Outcome::Failed, record: None, detail }
    }

    /// Whether both do the same. What is not taken is nothing that is done, and a plan of an earlier version does not say what new
    /// records hold.
    pub(super) fn does_as(&self, now: &Self) -> bool {
        let Self { row, line, outcome, record, detail } = self;
        let Detail { changes, duplicate, field, reason, made, not_taken: _ } = detail;
        let of_row = (row, line, outcome, record) == (&now.row, &now.line, &now.outcome, &now.record);
        let other = &now.detail;
        let of_detail =
            (changes, duplicate, field, reason) == (&other.changes, &other.duplicate, &other.field, &other.reason);
        of_row && of_detail && (made.is_empty() || *made == other.made)
    }

    /// What becomes of the row, in words: for the refusal of a plan that is stale, beside what would become of it now.
    pub(super) fn words(&self, beside: Outcome) -> String {
        let Detail { changes, duplicate, field, reason, made, not_taken: _ } = &self.detail;
        let duplicate = duplicate.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = |value: &Option<String>| value.as_deref().map_or("nothing".to_owned(), |v| format!("{v:?}"));
        match self.outcome {
            Outcome::Created if changes.is_empty() && beside == Outcome::Created => {
                let one = |change: &Change| format!("{} {}", change.field, text(&change.after));
                format!("creates a record with {}", made.iter().map(one).collect::<Vec<_>>().join(", "))
            }
            Outcome::Created if changes.is_empty() => "creates a record".to_owned(),
            Outcome::Created | Outcome::Updated => {
                let one = |change: &Change| {
                    format!("{} from {} to {}", change.field, text(&change.before), text(&change.after))
                };
                format!("changes {}", changes.iter().map(one).collect::<Vec<_>>().join(", "))
            }
            Outcome::Unchanged => "changes nothing".to_owned(),
            Outcome::Skipped => format!("is skipped: {duplicate}"),
            Outcome::Failed => {
                let field = field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
                format!("fails: {field}{}", reason.as_deref().unwrap_or_default())
            }
        }
    }
}

/// The hash of a plan: of all of its rows, in whatever order they are added.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanHash([u8; 32]);

impl PlanHash {
    /// Adds a row.
    pub fn add(&mut self, row: &PlannedRow) {
        self.mix(&json(row));
    }

    /// Adds what the rows stand on: the request and the file.
    pub fn mix(&mut self, bytes: &[u8]) {
        for (all, one) in self.0.iter_mut().zip(Sha256::digest(bytes)) {
            *all ^= one;
        }
    }

    /// In hexadecimal digits.
    pub fn text(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn json(row: &PlannedRow) -> Vec<u8> {
    serde_json::to_vec(row).expect("texts and numbers can always be written as JSON")
}

mod kind_as_number {
    //! The outcome as the database has it.

    use sea_orm::ActiveEnum;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Outcome;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(super) fn serialize<S: Serializer>(kind: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i16(kind.to_value())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
        let number = i16::deserialize(deserializer)?;
        Outcome::try_from_value(&number).map_err(serde::de::Error::custom)
    }
}
