//! A proxy between Cairn and PostgreSQL that fails on demand: it passes nothing any more, late, in part, or one way.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Everything is passed on.
    Pass,
    /// Both sides stay open, and nothing is passed on any more.
    Swallow,
    /// What PostgreSQL sends ends, and what it is sent is thrown away.
    HalfClose,
    /// Both sides are closed at once.
    Cut,
}

/// A proxy before a private PostgreSQL. It ends with the value.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

struct Shared {
    /// The fate of the connections up to this number; later ones pass.
    fate: watch::Sender<(u64, Fate)>,
    accepted: AtomicU64,
    /// The longest delay of what is passed on, in milliseconds.
    delay: AtomicU64,
    /// After about so many bytes a new connection is cut; never where it is 0.
    cut_after: AtomicU64,
    /// The state of a generator of numbers that differ.
    dice: AtomicU64,
}

impl Proxy {
    /// Listens before the socket of a server whose URL has its folder as `host` (as [`crate::postgres::Server::url`] makes it);
    /// `None` for another one.
    pub async fn before(url: &str) -> Option<Self> {
        let socket = PathBuf::from(url.split_once("?host=")?.1.replace("%2F", "/")).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            fate: watch::Sender::new((0, Fate::Pass)),
            accepted: AtomicU64::new(0),
            delay: AtomicU64::new(0),
            cut_after: AtomicU64::new(0),
            dice: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, socket, Arc::clone(&shared)));
        Some(Self { port, shared, _accepting: accepting })
    }

    /// A URL that leads through the proxy, with parameters such as `?options=…`.
    pub fn url(&self, url: &str, parameters: &str) -> String {
        let (address, _) = url.split_once('?').expect("the folder of the socket");
        let database = address.rsplit('/').next().expect("the name of the database");
        format!("postgres://postgres@127.0.0.1:{}/{database}{parameters}", self.port)
    }

    /// Decides what becomes of all connections that there are; new ones pass.
    pub fn decide(&self, fate: Fate) {
        let accepted = self.shared.accepted.load(Ordering::SeqCst);
        self.shared.fate.send_replace((accepted, fate));
    }

    /// Has everything passed on late, by up to so much.
    pub fn delay(&self, longest: Duration) {
        self.shared.delay.store(u64::try_from(longest.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    /// Has each new connection cut after at most so many bytes, wherever that is; 0 has it live.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.cut_after.store(bytes, Ordering::SeqCst);
    }
}

impl Shared {
    /// A number below a limit (xorshift64*).
    fn roll(&self, limit: u64) -> u64 {
        let next = |mut x: u64| {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            Some(x)
        };
        let rolled = self.dice.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).expect("it always answers");
        if limit == 0 { 0 } else { (rolled.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % limit }
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        let Ok(server) = UnixStream::connect(&socket).await else { continue };
        let life = match shared.cut_after.load(Ordering::SeqCst) {
            0 => u64::MAX,
            most => shared.roll(most) + 1,
        };
        let passed = Arc::new(AtomicU64::new(0));
        let way = |answers| Way { shared: Arc::clone(&shared), number, answers, life, passed: Arc::clone(&passed) };
        let (up, down) = (way(false), way(true));
        connections.spawn(async move {
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            // The first way that ends closes both.
            tokio::select! {
                () = up.pass(from_client, to_server) => {}
                () = down.pass(from_server, to_client) => {}
            }
        });
    }
}

/// One way of a connection.
struct Way {
    shared: Arc<Shared>,
    number: u64,
    /// Whether it is what PostgreSQL answers.
    answers: bool,
    life: u64,
    passed: Arc<AtomicU64>,
}

impl Way {
    /// Passes on what comes until an end.
    async fn pass(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let (mut fates, mut buffer) = (self.shared.fate.subscribe(), vec![0; 16 << 10]);
        loop {
            let (upto, fate) = *fates.borrow_and_update();
            let fate = if self.number <= upto { fate } else { Fate::Pass };
            match fate {
                Fate::Pass => {}
                Fate::Cut => return,
                Fate::HalfClose if self.answers => {
                    // The client may have gone already.
                    let _ = to.shutdown().await;
                    return std::future::pending().await;
                }
                Fate::HalfClose => {
                    while matches!(from.read(&mut buffer).await, Ok(1..)) {}
                    return;
                }
                Fate::Swallow => return std::future::pending().await,
            }
            let read = tokio::select! {
                read = from.read(&mut buffer) => read,
                changed = fates.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let Ok(length @ 1..) = read else { return };
            let delay = self.shared.delay.load(Ordering::SeqCst);
            if delay > 0 {
                tokio::time::sleep(Duration::from_millis(self.shared.roll(delay))).await;
            }
            let before = self.passed.fetch_add(length as u64, Ordering::SeqCst);
            let rest = usize::try_from(self.life.saturating_sub(before)).unwrap_or(usize::MAX);
            if to.write_all(&buffer[..length.min(rest)]).await.is_err() || rest < length {
                return;
            }
        }
    }
}
