//! `cairn serve`: serves until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use service::Engine;
use storage::Storage;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::open::{config, open};
use super::outcome::{Failure, Outcome};
use super::output;
use crate::config::{Config, Flags};
use crate::demo;
use crate::serve::Server;

/// How long the database may take to end what was cut off.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(super) struct Serve {
    /// Where clients connect [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where /live and /ready answer [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,
    /// The domain whose first label is an account's subdomain
    #[arg(long, value_name = "DOMAIN")]
    base_domain: Option<String>,
    /// Fill an empty database with a made-up account whose password is published; on loopback only
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(super) async fn run(self, flags: Flags, registry: formats::Registry) -> Outcome {
        let Self { listen, admin_listen, base_domain, demo } = self;
        let config = config(&Flags { listen, admin_listen, base_domain, ..flags })?;
        if demo && !config.listen.ip().is_loopback() {
            return Err(Failure(format!(
                "--demo has a published password, so it listens on loopback only, not on {}",
                config.listen
            )));
        }
        let engine = open(&config, registry).await?;
        let demo = if demo { Some(demo::prepare(&engine).await.map_err(Failure)?) } else { None };
        serve(engine, config, demo).await
    }
}

async fn serve(engine: Engine, config: Config, demo: Option<demo::Credentials>) -> Outcome {
    // Before the listeners, so that no signal is missed.
    let mut signals = Signals::listen()?;
    let storage = engine.storage().clone();
    let server = Server::start(engine, config).await?;
    match demo {
        Some(credentials) => output::print(&demo::welcome(&credentials, server.address(), server.admin_address()))?,
        None => output::print(&format!(
            "Cairn serves http://{} (GraphQL at /graphql, legacy API at /api.php); health at http://{}",
            server.address(),
            server.admin_address()
        ))?,
    }
    let first = signals.next().await;
    tracing::info!("Told to stop by {first}");
    tokio::select! {
        ended = end(server, &storage) => ended,
        again = signals.next() => {
            Err(Failure(format!("told to stop again, by {again}: the requests that still run are cut off")))
        }
    }
}

/// Lets the running requests end, within their limit.
async fn end(server: Server, storage: &Storage) -> Outcome {
    server.stop().await;
    let Ok(closed) = tokio::time::timeout(CLOSE_WITHIN, storage.close()).await else {
        // What was not committed is taken back by the database when the connection goes with the process.
        tracing::warn!("The database is still busy with a request that was cut off, and is not waited for");
        return Ok(());
    };
    Ok(closed?)
}

/// The signals that ask a server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one and gives its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
