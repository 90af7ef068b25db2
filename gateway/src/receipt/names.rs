//! The names of states and outcomes in JSON.

use serde::Serializer;
use service::KeptReason;
use storage::import::{Outcome, Phase};
use storage::query::imports::{Duplicates, Status};

/// Every outcome.
const OUTCOMES: [Outcome; 5] =
    [Outcome::Created, Outcome::Updated, Outcome::Unchanged, Outcome::Skipped, Outcome::Failed];

/// The outcome that is called so.
pub(crate) fn outcome_named(name: &str) -> Option<Outcome> {
    OUTCOMES.into_iter().find(|outcome| outcome_name(*outcome) == name)
}

/// What an outcome is called.
pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "unchanged",
        Outcome::Skipped => "skipped",
        Outcome::Failed => "failed",
    }
}

pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Planned => "planned",
        Status::Applying => "applying",
        Status::Applied => "applied",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Interrupted => "interrupted",
        Status::Undone => "undone",
    }
}

pub(super) fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting",
        Phase::Reading => "reading",
        Phase::Ending => "ending",
        Phase::Undoing => "undoing",
    }
}

pub(super) fn duplicates_name(duplicates: Duplicates) -> &'static str {
    match duplicates {
        Duplicates::Ignore => "ignore",
        Duplicates::Replace => "replace",
        Duplicates::Merge => "merge",
    }
}

fn kept_reason_name(reason: KeptReason) -> &'static str {
    match reason {
        KeptReason::Edited => "edited",
        KeptReason::Imported => "imported",
        KeptReason::Transactions => "transactions",
        KeptReason::Events => "events",
        KeptReason::Messages => "messages",
        KeptReason::Deleted => "deleted",
        KeptReason::NotAllowed => "notAllowed",
    }
}

/// Writes why something stays as JSON.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes every value so")]
pub(super) fn serialize_kept_reason<S: Serializer>(reason: &KeptReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kept_reason_name(*reason))
}
