//! Why a request reads no further: its limits of size and time.

use std::sync::Arc;

use sea_orm::DbErr;

/// Why a request may read no more.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "reading this took longer than {seconds} s and was ended: ask for fewer records or for less of each, or search for \
         words of three letters or more"
    )]
    Overdue { seconds: u64 },
    #[error(
        "the answer would take more than {} MiB of memory: ask for fewer records or for fewer fields of each",
        in_mib(*limit)
    )]
    TooLarge { limit: usize },
    #[error("too many large answers are in the making: try again, or ask for fewer records")]
    Crowded,
}

/// What runs statements has errors of sea-orm alone; [`Refusal::of`] finds ours in them.
impl From<Refusal> for DbErr {
    fn from(refusal: Refusal) -> Self {
        Self::TryIntoErr { from: "a statement", into: "an answer", source: Arc::new(refusal) }
    }
}

impl Refusal {
    pub(crate) fn of(error: &DbErr) -> Option<&Self> {
        let DbErr::TryIntoErr { source, .. } = error else { return None };
        source.downcast_ref()
    }
}

/// Rounded up.
fn in_mib(bytes: usize) -> usize {
    bytes.div_ceil(1 << 20)
}
