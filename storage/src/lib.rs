//! What Cairn keeps: accounts, users, people, transactions and categories, on SQLite or PostgreSQL.
//!
//! [`Storage`] connects; [`Reader`] and [`Writer`] are the handles that every query takes, and each belongs to one
//! account; [`query`] holds the queries by noun; [`import`] writes many rows as one.

mod among;
mod connect;
mod contact;
mod entity;
mod error;
mod fold;
mod handle;
pub mod import;
mod migration;
mod outbox;
mod page;
pub mod password;
pub mod query;
mod value;
mod view;

pub use connect::{Pool, Storage};
pub use contact::Contact;
pub use error::{Error, Result};
pub use fold::{digits, fold};
pub use handle::{Actor, Reader, Writer};
pub use migration::MigrationState;
pub use page::{Cursor, Direction, Order, Page, PageRequest, SortKey};
pub use value::{Decimal, InvalidDecimal, Timestamp};
pub use view::{CategoryRef, Search, View};
