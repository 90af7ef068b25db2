//! What commands work on: the configuration, the database, and the engine on it.

use service::{Clock, Engine};
use storage::{Pool, Storage};

use super::outcome::Failure;
use crate::config::{self, Config, Flags};

pub(super) fn config(flags: &Flags) -> Result<Config, Failure> {
    Config::load(flags).map_err(Failure)
}

pub(super) async fn connect(config: &Config) -> Result<Storage, Failure> {
    let pool = Pool { synchronous: config.sqlite.synchronous, ..config.limits.pool() };
    Storage::connect(&config.database, pool).await.map_err(|error| {
        let message = format!("cannot open the database: {error}");
        Failure(config::without_password(&message, &config.database))
    })
}

/// Connects, brings the tables up to date and makes the engine.
pub(super) async fn open(config: &Config, registry: ::formats::Registry) -> Result<Engine, Failure> {
    let storage = connect(config).await?;
    storage.migrate().await.map_err(|error| Failure(format!("cannot bring the tables up to date: {error}")))?;
    let engine = Engine::new(storage, registry, Clock::System).await?.with_import_limits(config.limits.imports());
    Ok(engine.with_legacy_actions(&compat_api::ACTIONS))
}
