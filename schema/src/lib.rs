//! What clients see: the GraphQL schema over people, transactions and categories, who may use it, and the import and
//! export of views in any format.
//!
//! [`Engine`] holds what all requests share; [`sign_in`](Engine::sign_in) and its kin make a [`Session`], the value
//! that hands out reader and writer; [`build`] makes the schema that [`execute`] runs.

// The engine makes one future of all fields of a root, and the compiler counts how deep it is.
#![recursion_limit = "256"]

mod accounts;
mod answer;
mod api_tokens;
mod aside;
mod associations;
mod categories;
mod cost;
mod custom_fields;
mod document;
mod email_templates;
mod engine;
mod error;
mod event_templates;
mod events;
mod exports;
mod feeds;
mod formats;
mod guard;
mod id;
mod imports;
mod introspection;
mod known;
mod labels;
mod limits;
mod loader;
mod messages;
mod order;
mod page;
mod people;
mod permission;
mod receipts;
mod root;
mod scalar;
mod search;
mod session;
mod token;
mod transactions;
mod transfer;
mod usage;
mod users;
mod view;
mod webhooks;

pub use api_tokens::{LEGACY_ACTIONS, legacy_action};
pub use document::{DocumentLimits, GraphqlDocument, LARGE, Refused, count_values, read_json};
pub use engine::{Clock, Engine};
pub use error::{Code, Error, Result};
pub use exports::{Document, Export, ExportRequest};
pub use feeds::{FeedRead, Site};
pub use guard::Origin;
pub use id::{GlobalId, Kind};
pub use imports::{
    Automation, Duplicates, ImportColumn, ImportEvent, ImportFile, ImportLimits, ImportRequest, PlanFor, SWEEP_EVERY,
    Spool, Upload, UploadSpool,
};
pub use permission::Right;
pub use receipts::{
    FieldChange, ImportOutcome, ImportPhase, ImportProgress, ImportStatus, KeptItem, KeptReason, NamedRow,
    NotTakenNote, PastImport, PlanRow, ReadingNote, Receipt, ReceiptFile, RowNotTaken, RowNote, SkipNote, UndoReport,
};
pub use root::{Schema, build, execute, execute_stream, refusal, sdl};
pub use search::search_notes;
pub use session::{AccountHint, Caller, Door, Session};
pub use storage::email::{Addresses, read_addresses};
pub use storage::{ReadingLimits, fold};
pub use usage::{Equivalent, LegacyCall, WRITE_USAGE_EVERY};
pub use view::ViewRequest;
pub use webhooks::OpenedWebhook;
