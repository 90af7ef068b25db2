//! Serving: two listeners, limits on connections and headers, and an end that lets running requests finish.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use service::{Engine, SWEEP_EVERY, WRITE_USAGE_EVERY};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{Config, Limits};
use crate::connection::{Connected, Counts, Place};
use crate::http::{Answers, Shared, admin_router, router};
use crate::socket::{Socket, Unread};

/// How long a client may take for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How large the head of a request may be, its lines with their ends.
const HEAD: usize = 128 << 10;
/// How much is read of a head that has not ended, and how much of an answer is handed to a connection before the client takes some of it.
/// A head that ends within the piece in which this is reached is read all the same.
const BUFFER: usize = HEAD;
/// How long to wait after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. [`Server::stop`] waits for its requests; dropping it stops without waiting.
pub struct Server {
    address: SocketAddr,
    admin_address: SocketAddr,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
    engine: Engine,
}

impl Server {
    /// Binds both listeners and serves on them. Port 0 takes a free one, see [`Server::address`].
    ///
    /// Errors: an address that cannot be had, with its name.
    pub async fn start(engine: Engine, config: Config) -> io::Result<Self> {
        let (listener, admin) = (bind(config.listen).await?, bind(config.admin_listen).await?);
        let (address, admin_address) = (listener.local_addr()?, admin.local_addr()?);
        let limits = config.limits;
        let engine = engine.with_import_limits(limits.imports()).with_reading_limits(limits.reading());
        let engine = engine.with_legacy_actions(&compat_api::ACTIONS);
        let sweeper = engine.clone();
        let answers = Answers::new(limits.answers_unsent);
        let schema = schema::build_with(engine.clone(), limits.documents());
        let shared = Shared { schema, engine, config: Arc::new(config), answers };
        let (stop, stopped) = watch::channel(());
        let tasks = vec![
            tokio::spawn(accept(listener, router(shared.clone()), limits, stopped.clone())),
            tokio::spawn(accept(admin, admin_router(shared), limits, stopped.clone())),
            tokio::spawn(sweep(sweeper.clone(), stopped.clone())),
            tokio::spawn(write_usage(sweeper.clone(), stopped.clone())),
            tokio::spawn(tend(sweeper.clone(), stopped)),
        ];
        Ok(Self { address, admin_address, stop, tasks, engine: sweeper })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/live` and `/ready` answer.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Accepts no more connections and waits for the running requests; what has not ended within the limit is cut off.
    pub async fn stop(self) {
        self.stop.send_replace(());
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "A listener failed: {error}");
            }
        }
        // What the last requests have added.
        self.engine.write_usage().await;
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let explained = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(explained)
}

/// Writes down who uses the legacy API, every few seconds until told to stop.
async fn write_usage(engine: Engine, mut stopped: watch::Receiver<()>) {
    let mut times = tokio::time::interval(WRITE_USAGE_EVERY);
    loop {
        tokio::select! {
            () = async { times.tick().await; engine.write_usage().await } => {}
            _ = stopped.changed() => break,
        }
    }
}

/// Tidies up after imports and sign-ins, now and again until told to stop.
async fn sweep(engine: Engine, mut stopped: watch::Receiver<()>) {
    let mut times = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = async { times.tick().await; engine.sweep().await; engine.sweep_guard().await } => {}
            _ = stopped.changed() => break,
        }
    }
}

/// Looks after the database until told to stop. What failed while it could not be written is noted down as soon as it can.
async fn tend(engine: Engine, mut stopped: watch::Receiver<()>) {
    let storage = engine.storage();
    let recovering = async {
        loop {
            storage.recovered().await;
            engine.sweep().await;
        }
    };
    tokio::select! {
        () = storage.checkpoint() => {}
        () = recovering => {}
        _ = stopped.changed() => {}
    }
}

/// Accepts until told to stop. An accept loop of our own, as `axum::serve` installs no timer and so no header timeout.
async fn accept(listener: TcpListener, router: Router, limits: Limits, mut stopped: watch::Receiver<()>) {
    let counts = Arc::new(Mutex::new(Counts::default()));
    let mut connections = JoinSet::new();
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
            // The set keeps what has ended until it is asked for.
            Some(_) = connections.join_next() => continue,
            _ = stopped.changed() => break,
        };
        let Some(place) = Place::take(&counts, peer.ip(), limits) else {
            tracing::warn!(%peer, "Too many connections: {peer} is turned away");
            continue;
        };
        let connected = Connected::new(peer.ip(), place, stopped.clone());
        connections.spawn(connect(stream, router.clone(), connected, limits));
    }
    drop(listener);
    let patience = Duration::from_secs(limits.shutdown_seconds);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, ended).await.is_err() {
        tracing::warn!("Some requests did not end within {} s and are cut off", limits.shutdown_seconds);
        connections.abort_all();
    }
}

/// The task that serves a connection.
fn connect(
    stream: TcpStream,
    router: Router,
    connected: Connected,
    limits: Limits,
) -> impl Future<Output = ()> + Send + 'static {
    // Answers are written whole, so waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set: {error}");
    }
    let router = TowerToHyperService::new(router);
    let (on_connection, unread) = (connected.clone(), Unread::default());
    let socket = Socket::new(stream, limits.write_idle(), unread.clone());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let unread = unread.clone();
        let mut request = request.map(|body| unread.until_read(body));
        request.extensions_mut().insert(on_connection.clone());
        let answer = (head_size(&request) <= HEAD).then(|| router.call(request));
        async move {
            let mut answer = match answer {
                Some(answer) => answer.await?,
                None => too_large(),
            };
            if unread.get() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                // Whoever still sends the rest may spare themselves that.
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    async move {
        let mut stopped = connected.stopped();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            // The request that runs may end.
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "A connection ended early: {error}");
        }
        drop(connected);
    }
}

/// How many bytes the head of a request has, as it was sent but for spaces around its values.
fn head_size<B>(request: &http::Request<B>) -> usize {
    let target = request.uri().path_and_query().map_or(1, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    request.method().as_str().len() + target + "  HTTP/1.1\r\n\r\n".len() + fields.sum::<usize>()
}

/// The answer to a request whose head is too large. Nothing that comes behind it is read.
fn too_large() -> Response {
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, [(CONNECTION, "close")]).into_response()
}
