//! A whole Cairn in the process: database, engine, server, one account and its admin.

use std::net::SocketAddr;

use gateway::config::Config;
use gateway::serve::Server;
use service::{Clock, Engine, Session};
use storage::query::accounts::{self, NewAccount};
use storage::query::users::{self, NewUser, Role};
use storage::{Actor, Storage, Timestamp};

use crate::client::Client;
use crate::database::{Kind, migrated};
use crate::tenancy::Seen;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse";

/// The moment at which the tests of a [`Site`] take place: 2026-05-25T12:00:00Z.
pub const NOW: i64 = 1_779_710_400;

/// A running Cairn with the account `acme` (in Los Angeles) and its admin `admin@acme.example`.
pub struct Site {
    /// What all requests share.
    pub engine: Engine,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where operators look.
    pub admin_address: SocketAddr,
    /// What its statements were, on PostgreSQL.
    pub seen: Seen,
    _server: Server,
}

impl Drop for Site {
    fn drop(&mut self) {
        let wrong = self.seen.take().wrong;
        // A test that fails already says why.
        if !std::thread::panicking() {
            assert!(wrong.is_empty(), "statements ask for a table of accounts without the account:\n{wrong:#?}");
        }
    }
}

impl Site {
    /// A site on an empty database of this kind, with the built-in formats.
    pub async fn on(kind: Kind, test: &str) -> Option<Self> {
        Self::with(kind, test, formats::builtin(), |_| {}).await
    }

    /// A site with these formats and a changed configuration.
    pub async fn with(
        kind: Kind,
        test: &str,
        registry: formats::Registry,
        configure: impl FnOnce(&mut Config),
    ) -> Option<Self> {
        Self::at(Timestamp::from_microseconds(NOW * 1_000_000), kind, test, registry, configure).await
    }

    /// The same at another moment than [`NOW`].
    pub async fn at(
        now: Timestamp,
        kind: Kind,
        test: &str,
        registry: formats::Registry,
        configure: impl FnOnce(&mut Config),
    ) -> Option<Self> {
        let (storage, seen) = (migrated(kind, test).await?, Seen::default());
        let reader = seen.clone();
        let storage = match kind {
            Kind::Postgres => storage.observed_by(move |statement| reader.read(statement)),
            Kind::Sqlite => storage,
        };
        let engine = Engine::new(storage, registry, Clock::Fixed(now)).await.expect("the database is migrated");
        let mut site = Self::over(engine, configure).await;
        site.seen = seen;
        Some(site)
    }

    /// A site over an engine whose database is empty.
    pub async fn over(engine: Engine, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_domain: Some("crm.example".to_owned()),
            ..Config::default()
        };
        configure(&mut config);
        let server = Server::start(engine.clone(), config).await.expect("free ports");
        let site = Self {
            engine,
            address: server.address(),
            admin_address: server.admin_address(),
            seen: Seen::default(),
            _server: server,
        };
        site.account("acme", "America/Los_Angeles").await;
        site
    }

    /// Makes another account, with the admin `admin@SUBDOMAIN.example`.
    pub async fn account(&self, subdomain: &str, time_zone: &str) {
        let new = NewAccount {
            subdomain: subdomain.to_owned(),
            name: format!("The account {subdomain}"),
            time_zone: time_zone.to_owned(),
        };
        let admin = self.user(&format!("admin@{subdomain}.example"), Role::Admin).await;
        accounts::create(self.storage(), new, admin, self.engine.now()).await.expect("a new account");
    }

    /// Makes another user of an account.
    pub async fn add_user(&self, subdomain: &str, email: &str, role: Role) {
        let account = accounts::by_subdomain(self.storage(), subdomain).await.expect("the database answers");
        let account = account.expect("the account is there").account_id;
        let writer = self.storage().writer(account, Actor::System, self.engine.now());
        users::create(&writer, self.user(email, role).await).await.expect("a new user");
    }

    /// The database.
    pub fn storage(&self) -> &Storage {
        self.engine.storage()
    }

    /// The session of an account's admin.
    pub async fn session(&self, subdomain: &str) -> Session {
        let email = format!("admin@{subdomain}.example");
        self.engine.operator(Some(subdomain), Some(&email)).await.expect("the account has an admin")
    }

    /// A client that is signed in as the admin of `acme`.
    pub async fn client(&self) -> Client {
        self.client_of("admin@acme.example").await
    }

    /// A client that is signed in as this user.
    pub async fn client_of(&self, email: &str) -> Client {
        let mut client = Client::new(self.address);
        client.login(email, PASSWORD).await;
        client
    }

    async fn user(&self, email: &str, role: Role) -> NewUser {
        NewUser {
            email: email.to_owned(),
            name: String::new(),
            role,
            password_hash: self.engine.passwords().hash(PASSWORD).await,
        }
    }
}
