//! `cairn migrate`: the tables of the database.

use clap::Subcommand;
use storage::Storage;

use super::outcome::Outcome;
use super::output;

#[derive(Subcommand)]
pub(super) enum Migrate {
    /// Apply all migrations that the database does not have
    Up,
    /// Take back the last migration **with the data of its tables**
    Down {
        /// How many to take back
        #[arg(long, default_value_t = 1)]
        steps: u32,
        /// Say that the data may go
        #[arg(long, required = true)]
        delete_data: bool,
    },
    /// List the migrations and whether the database has them
    Status,
}

impl Migrate {
    pub(super) async fn run(self, storage: &Storage) -> Outcome {
        match self {
            Self::Up => storage.migrate().await?,
            Self::Down { steps, delete_data: _ } => storage.migrate_down(steps).await?,
            Self::Status => {}
        }
        let state = |applied| if applied { "applied" } else { "pending" };
        let migrations = storage.migrations().await?;
        let rows: Vec<_> = migrations.into_iter().map(|found| [found.name, state(found.applied).to_owned()]).collect();
        output::print(&output::table(["MIGRATION", "STATE"], &rows))
    }
}
