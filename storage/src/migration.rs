//! Migrations: the list of them, and running it under a lock so that any number of gateways may start at once.

mod commands;
mod m0001_first_slice;
mod m0002_import_rows;
mod m0003_imports;
mod m0004_whole_model;
mod m0005_undo;
mod m0006_feeds;
mod m0007_webhooks;
mod m0008_guard;
mod m0009_sources;
mod m0010_values;
mod m0011_transactions_of_person;
mod m0012_amounts;
mod m0013_sign_in_directory;
mod words;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::connect::Storage;
use crate::error::Result;

/// The key of PostgreSQL's advisory lock for migrations: the letters `cairn` as a number.
const LOCK: i64 = 0x63_61_69_72_6e;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first_slice::Migration),
            Box::new(m0002_import_rows::Migration),
            Box::new(m0003_imports::Migration),
            Box::new(m0004_whole_model::Migration),
            Box::new(m0005_undo::Migration),
            Box::new(m0006_feeds::Migration),
            Box::new(m0007_webhooks::Migration),
            Box::new(m0008_guard::Migration),
            Box::new(m0009_sources::Migration),
            Box::new(m0010_values::Migration),
            Box::new(m0011_transactions_of_person::Migration),
            Box::new(m0012_amounts::Migration),
            Box::new(m0013_sign_in_directory::Migration),
        ]
    }
}

/// A migration and whether this database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name, such as `m0001_first_slice`.
    pub name: String,
    /// True where it was applied.
    pub applied: bool,
}

impl Storage {
    /// Applies all migrations that this database does not have; several processes may do so at once.
    pub async fn migrate(&self) -> Result<()> {
        // Most of the time there is nothing to do, and whoever only reads need not wait for somebody who writes.
        if self.migrations().await?.iter().all(|migration| migration.applied) {
            return Ok(());
        }
        self.locked(async |on| Migrator::up(on, None).await).await
    }

    /// Takes back the last `steps` migrations **with the data of their tables**.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        self.locked(async |on| Migrator::down(on, Some(steps)).await).await
    }

    /// All migrations in their order, without changing the database.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>> {
        let migrations = Migrator::get_migration_with_status_read_only(&self.readers.without_limits()).await?;
        let state = |migration: &sea_orm_migration::Migration| MigrationState {
            name: migration.name().to_owned(),
            applied: migration.status() == sea_orm_migration::MigrationStatus::Applied,
        };
        Ok(migrations.iter().map(state).collect())
    }

    /// Runs `work` in a transaction while no other process can: on SQLite the transaction is exclusive, on PostgreSQL
    /// it holds an advisory lock.
    async fn locked(&self, work: impl AsyncFn(&DatabaseTransaction) -> std::result::Result<(), DbErr>) -> Result<()> {
        let transaction = self.writer.begin_without_limits().await?;
        if !self.is_sqlite() {
            // Another process migrates for as long as it takes; whoever holds one of our tables is waited for as by any unit that writes.
            transaction.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
            let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
            transaction.execute_raw(Statement::from_string(DbBackend::Postgres, lock)).await?;
            transaction.execute_unprepared("SET LOCAL lock_timeout = '10s'").await?;
        }
        work(&transaction).await.map_err(|error| self.writer.noted(error.into()))?;
        transaction.commit().await.map_err(|error| self.writer.noted(error.into()))
    }
}
