//! Serving: two listeners, limits on connections and headers, and an end that lets running requests finish.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use schema::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, Limits};
use crate::http::{Shared, admin_router, router};

/// How long a client may take for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. [`Server::stop`] waits for its requests; dropping it stops without waiting.
pub struct Server {
    address: SocketAddr,
    admin_address: SocketAddr,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Binds both listeners and serves on them. Port 0 takes a free one, see [`Server::address`].
    ///
    /// Errors: an address that cannot be had, with its name.
    pub async fn start(engine: Engine, config: Config) -> io::Result<Self> {
        let (listener, admin) = (bind(config.listen).await?, bind(config.admin_listen).await?);
        let (address, admin_address) = (listener.local_addr()?, admin.local_addr()?);
        let limits = config.limits;
        let shared = Shared { schema: schema::build(engine.clone()), engine, config: Arc::new(config) };
        let (stop, stopped) = watch::channel(());
        let tasks = vec![
            tokio::spawn(accept(listener, router(shared.clone()), limits, stopped.clone())),
            tokio::spawn(accept(admin, admin_router(shared), limits, stopped)),
        ];
        Ok(Self { address, admin_address, stop, tasks })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/live` and `/ready` answer.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Accepts no more connections and waits for the running requests, at most as long as the limits say.
    pub async fn stop(self) {
        self.stop.send_replace(());
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "A listener failed: {error}");
            }
        }
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let explained = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(explained)
}

/// Accepts until told to stop. An accept loop of our own, as `axum::serve` installs no timer and so no header timeout.
async fn accept(listener: TcpListener, router: Router, limits: Limits, mut stopped: watch::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let counts = Arc::new(Counts::default());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "A connection cannot be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            _ = stopped.changed() => break,
        };
        let Some(place) = Place::take(&counts, peer.ip(), limits) else {
            tracing::warn!(%peer, "Too many connections: {peer} is turned away");
            continue;
        };
        connect(stream, router.clone(), place, &graceful);
    }
    drop(listener);
    let patience = Duration::from_secs(limits.shutdown_seconds);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests did not end within {} s and are cut off", limits.shutdown_seconds);
    }
}

fn connect(stream: TcpStream, router: Router, place: Place, graceful: &GracefulShutdown) {
    // Answers are written whole, so waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set: {error}");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "A connection ended early: {error}");
        }
        drop(place);
    });
}

/// How many connections there are, in all and by address.
#[derive(Default)]
struct Counts(Mutex<HashMap<IpAddr, usize>>);

/// A connection's place among the counted ones; it is free again when this is dropped.
struct Place {
    counts: Arc<Counts>,
    address: IpAddr,
}

impl Place {
    /// `None` where the limits are reached; loopback is exempt from both.
    fn take(counts: &Arc<Counts>, address: IpAddr, limits: Limits) -> Option<Self> {
        let mut by_address = counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = by_address.values().sum();
        let count = by_address.entry(address).or_default();
        let full = all >= limits.connections || *count >= limits.connections_per_address;
        if full && !address.is_loopback() {
            return None;
        }
        *count += 1;
        drop(by_address);
        Some(Self { counts: Arc::clone(counts), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
