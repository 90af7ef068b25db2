//! What Cairn keeps: accounts, users, people, transactions and categories, on SQLite or PostgreSQL.
//!
//! [`Storage`] connects; [`Reader`] and [`Writer`] are the handles that every query takes, and each belongs to one
//! account; [`query`] holds the queries by noun; [`import`] writes many rows as one. [`search`], [`schedule`], [`operators`] and
//! [`email`] read what people write, and know no database.

mod among;
mod bulk;
mod change;
mod connect;
mod contact;
mod derived;
pub mod email;
mod entity;
mod error;
mod filter;
mod fold;
mod gate;
mod handle;
mod held;
pub mod import;
mod item;
#[cfg(test)]
mod laws;
mod link;
mod matching;
mod migration;
mod name;
mod named_users;
mod on;
pub mod operators;
mod outbox;
mod page;
pub mod password;
mod pool;
mod postgres;
mod price;
pub mod query;
mod reading;
mod record;
mod refusal;
mod rows;
pub mod schedule;
pub mod search;
mod text;
mod value;
mod view;

pub use connect::Storage;
pub use contact::{Contact, ContactField};
pub use error::{Error, Result};
pub use fold::{digits, fold};
pub use handle::{Actor, Reader, Viewer, Writer};
pub use item::{Item, ItemKind};
pub use migration::MigrationState;
pub use outbox::Noun;
pub use page::{Cursor, Direction, Order, Page, PageRequest, SortKey};
pub use pool::{Pool, Synchronous};
pub use reading::{Allowance, ReadingLimits};
pub use search::Search;
pub use value::{Day, Decimal, InvalidDay, InvalidDecimal, InvalidTimeOfDay, TimeOfDay, Timestamp};
pub use view::{NameOrId, Related, View};
