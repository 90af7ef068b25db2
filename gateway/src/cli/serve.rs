//! `cairn serve`: serves until it is told to stop.

use std::net::SocketAddr;

use clap::Args;
use schema::Engine;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Outcome, config, open, output};
use crate::config::{Config, Flags};
use crate::demo;
use crate::serve::Server;

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
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
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
    tokio::select! {
        _ = terminate.recv() => tracing::info!("Told to stop by SIGTERM"),
        _ = interrupt.recv() => tracing::info!("Told to stop by SIGINT"),
    }
    server.stop().await;
    storage.close().await?;
    Ok(())
}
