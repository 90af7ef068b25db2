//! What Cairn does, without HTTP and without GraphQL: who may do what, signing in, importing, exporting, feeds and webhooks.
//!
//! [`Engine`] holds what all requests share; [`sign_in`](Engine::sign_in) and its kin make a [`Session`]. A session hands out the reader
//! and writer of its account, and a handle for each thing that can be done there: [`imports`](Session::imports),
//! [`exports`](Session::exports), [`feeds`](Session::feeds), [`webhooks`](Session::webhooks), [`api_tokens`](Session::api_tokens),
//! [`legacy_usage`](Session::legacy_usage). What they answer are values, which the floors above write down as GraphQL, JSON or XML.

mod api_tokens;
mod engine;
mod error;
mod exports;
mod feeds;
mod guard;
mod id;
mod imports;
mod names;
mod permission;
mod records;
mod session;
mod sign_in;
mod stored_view;
mod token;
mod usage;
mod view;
mod webhooks;

pub use api_tokens::ApiTokens;
pub use engine::{Clock, Engine};
pub use error::{Code, Error, Result};
pub use exports::{Document, Export, ExportRequest, Exports};
pub use feeds::{CreatedFeed, FeedRead, Feeds, NewFeed, Site};
pub use guard::Origin;
pub use id::{GlobalId, Kind, NoId};
pub use imports::{
    Automation, Details, DryRun, DuplicateNote, Duplicates, FieldChange, ImportColumn, ImportEvent, ImportFile,
    ImportLimits, ImportProgress, ImportRequest, Imports, KeptItem, KeptReason, NOTED_ROWS, NamedRow, NotTakenNote,
    PlanRow, SWEEP_EVERY, SkipNote, Spool, UndoReport, Upload, UploadSpool,
};
pub use permission::Right;
pub use session::{AccountHint, Caller, Session};
pub use sign_in::{Login, SignInMethod};
pub use storage::email::{Addresses, read_addresses};
pub use storage::{ReadingLimits, fold};
pub use stored_view::StoredView;
pub use usage::{Equivalent, LegacyCall, LegacyUsage, WRITE_USAGE_EVERY};
pub use view::{ViewRequest, name_or_id, parse_order};
pub use webhooks::{OpenedWebhook, Webhooks};
