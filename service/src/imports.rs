//! Imports: a file in, all of its good rows or nothing; planned, watched, undone and redone.

mod details;
mod failed;
mod failed_rows;
mod file;
mod handle;
pub(crate) mod limits;
mod not_taken;
mod report;
mod request;
mod rows;
mod run;
pub(crate) mod running;
mod steps;
mod watch;

pub use self::details::{Details, ImportColumn, ImportEvent};
pub use self::file::{ImportFile, Spool, Upload, UploadSpool};
pub use self::handle::Imports;
pub use self::limits::{ImportLimits, NOTED_ROWS};
pub use self::report::{KeptItem, KeptReason, UndoReport};
pub use self::request::{Automation, Duplicates, ImportRequest};
pub use self::rows::{DuplicateNote, FieldChange, NotTakenNote, PlanRow, SkipNote};
pub use self::steps::{DryRun, NamedRow};
pub use self::watch::{ImportProgress, SWEEP_EVERY};
