//! The configuration: defaults, then `cairn.toml`, then `CAIRN_*` in the environment, then flags.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use ipnet::IpNet;
use schema::DocumentLimits;
use serde::{Deserialize, Serialize};
use service::{ImportLimits, ReadingLimits};
use storage::query::uploads::{Allowance, Quota};
use storage::{Pool, Synchronous};

/// The file that is read in the working directory if it is there.
const FILE: &str = "cairn.toml";

/// All that can be configured. The environment's names are those of the fields, such as `CAIRN_BASE_DOMAIN` and
/// `CAIRN_LEGACY__DTD`; `CAIRN_DATABASE_FILE` names a file that holds the URL, which may be a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where `/live` and `/ready` answer; keep it private.
    pub admin_listen: SocketAddr,
    /// `sqlite://FILE`, `sqlite::memory:` or `postgres://…`.
    pub database: String,
    /// The domain whose first label is an account's subdomain.
    pub base_domain: Option<String>,
    /// With what the addresses begin that clients reach it by: `https` behind a proxy that ends TLS.
    pub public_scheme: Scheme,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// How SQLite writes.
    pub sqlite: Sqlite,
    /// How the legacy API answers.
    pub legacy: compat_api::Settings,
    /// How much is accepted.
    pub limits: Limits,
}

/// Networks and single addresses, such as `10.0.0.0/8, 192.0.2.7`; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NetworksText", into = "String")]
pub struct Networks(Vec<IpNet>);

/// As they are written: in one text, or as a list of texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum NetworksText {
    One(String),
    Many(Vec<String>),
}

impl Networks {
    /// Whether an address is in one of them.
    pub fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        let read = |part: &str| {
            let single = part.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            single
                .or_else(|_| part.parse())
                .map_err(|_| format!("{part:?} is no address and no network; write it like 192.0.2.7 or 10.0.0.0/8"))
        };
        parts.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<NetworksText> for Networks {
    type Error = String;

    fn try_from(text: NetworksText) -> Result<Self, String> {
        match text {
            NetworksText::One(text) => text.parse(),
            NetworksText::Many(texts) => texts.join(",").parse(),
        }
    }
}

impl From<Networks> for String {
    fn from(networks: Networks) -> Self {
        networks.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// With what an address begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of RFC 9110 section 4.2")]
pub enum Scheme {
    #[default]
    Http,
    Https,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// How SQLite writes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sqlite {
    /// When a commit is done: `FULL` or `NORMAL`.
    pub synchronous: Synchronous,
}

/// How much is accepted. Sizes are bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The body of a GraphQL request.
    pub graphql_body: usize,
    /// The tokens of a GraphQL document.
    pub graphql_tokens: usize,
    /// The brackets of a document that are in each other, whatever their shape.
    pub graphql_depth: usize,
    /// The variables that a document defines.
    pub graphql_variables: usize,
    /// The operations of a document.
    pub graphql_operations: usize,
    /// The directives of a document.
    pub graphql_directives: usize,
    /// The values of a request as JSON, and those of a document's arguments with their variables in place.
    pub graphql_values: usize,
    /// A document of somebody who is not signed in; its variables likewise.
    pub graphql_anonymous_document: usize,
    /// How long a GraphQL request may read, in seconds.
    pub graphql_seconds: u64,
    /// How much memory the answer to a GraphQL request may take.
    pub graphql_answer: usize,
    /// The body of a legacy request.
    pub legacy_body: usize,
    /// An imported file.
    pub import_file: u64,
    /// A row of an imported file.
    pub import_row: usize,
    /// How many columns an imported file may have.
    pub import_columns: usize,
    /// How many rows an imported file may have.
    pub import_rows: u64,
    /// How many files of a user may wait for their imports.
    pub uploads_per_user: u64,
    /// How many files of an account may.
    pub uploads_per_account: u64,
    /// How many bytes the files of a user may have together that wait for their imports.
    pub upload_bytes_per_user: u64,
    /// How many bytes those of an account may.
    pub upload_bytes_per_account: u64,
    /// How long a client may send nothing of a body that it has begun, in seconds.
    pub body_idle_seconds: u64,
    /// How long a client may take nothing of what waits to be sent to it, in seconds.
    pub write_idle_seconds: u64,
    /// Answers that are kept in memory until their clients have taken them, in all.
    pub answers_unsent: usize,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address; loopback is exempt.
    pub connections_per_address: usize,
    /// How long requests may take to end after a signal to stop, in seconds.
    pub shutdown_seconds: u64,
    /// How long PostgreSQL may take to answer a statement, in seconds; then the connection counts as dead and is closed.
    pub statement_seconds: u64,
    /// The same for the statements of imports, undos and exports.
    pub long_statement_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            database: "sqlite://cairn.db".to_owned(),
            base_domain: None,
            public_scheme: Scheme::default(),
            trusted_proxies: Networks::default(),
            sqlite: Sqlite::default(),
            legacy: compat_api::Settings::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let (imports, documents) = (ImportLimits::default(), DocumentLimits::default());
        Self {
            graphql_body: 4 << 20,
            graphql_tokens: documents.tokens,
            graphql_depth: documents.depth,
            graphql_variables: documents.variables,
            graphql_operations: documents.operations,
            graphql_directives: documents.directives,
            graphql_values: documents.values,
            graphql_anonymous_document: documents.anonymous,
            graphql_seconds: ReadingLimits::SECONDS,
            graphql_answer: ReadingLimits::ANSWER,
            legacy_body: 4 << 20,
            import_file: imports.file,
            import_row: imports.row,
            import_columns: imports.columns,
            import_rows: imports.rows,
            uploads_per_user: imports.waiting.user.files,
            uploads_per_account: imports.waiting.account.files,
            upload_bytes_per_user: imports.waiting.user.bytes,
            upload_bytes_per_account: imports.waiting.account.bytes,
            body_idle_seconds: 30,
            write_idle_seconds: 30,
            answers_unsent: 64 << 20,
            connections: 10_000,
            connections_per_address: 256,
            shutdown_seconds: 30,
            statement_seconds: 20,
            long_statement_seconds: 120,
        }
    }
}

impl Limits {
    /// How large a file to import may be.
    pub(crate) fn imports(&self) -> ImportLimits {
        ImportLimits {
            file: self.import_file,
            row: self.import_row,
            columns: self.import_columns,
            rows: self.import_rows,
            waiting: Quota {
                user: Allowance { files: self.uploads_per_user, bytes: self.upload_bytes_per_user },
                account: Allowance { files: self.uploads_per_account, bytes: self.upload_bytes_per_account },
            },
        }
    }

    /// How much a GraphQL document may have.
    pub(crate) fn documents(&self) -> DocumentLimits {
        DocumentLimits {
            tokens: self.graphql_tokens,
            depth: self.graphql_depth,
            variables: self.graphql_variables,
            operations: self.graphql_operations,
            directives: self.graphql_directives,
            values: self.graphql_values,
            anonymous: self.graphql_anonymous_document,
        }
    }

    /// Errors: a sentence that names a limit that is higher than the engine's parser and its validation stand.
    fn check(&self) -> Result<(), String> {
        for (name, value, most) in [
            ("graphql_body", self.graphql_body, 64 << 20),
            ("graphql_tokens", self.graphql_tokens, 100_000),
            ("graphql_depth", self.graphql_depth, 100),
            ("graphql_variables", self.graphql_variables, 5_000),
            ("graphql_operations", self.graphql_operations, 500),
            ("graphql_directives", self.graphql_directives, 5_000),
            ("graphql_values", self.graphql_values, 1_000_000),
            ("graphql_anonymous_document", self.graphql_anonymous_document, 1 << 20),
        ] {
            if value > most {
                return Err(format!("configuration: limits.{name} is {value}, and may be {most} at most"));
            }
        }
        Ok(())
    }

    /// What a GraphQL request may read.
    pub(crate) fn reading(&self) -> ReadingLimits {
        ReadingLimits::new(self.graphql_seconds, self.graphql_answer)
    }

    /// How many connections the database gets, and how long it may take. A limit of nothing would end every statement.
    pub(crate) fn pool(&self) -> Pool {
        let seconds = |number: u64| Duration::from_secs(number.max(1));
        Pool {
            statement: seconds(self.statement_seconds),
            long_statement: seconds(self.long_statement_seconds),
            ..Pool::default()
        }
    }

    /// How long a client may send nothing of a body.
    pub(crate) fn body_idle(&self) -> Duration {
        Duration::from_secs(self.body_idle_seconds)
    }

    /// How long a client may take nothing of what waits to be sent to it.
    pub(crate) fn write_idle(&self) -> Duration {
        Duration::from_secs(self.write_idle_seconds)
    }
}

/// What flags say of the configuration; `None` leaves it to the other sources.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flags {
    /// `--listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// `--admin-listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_listen: Option<SocketAddr>,
    /// `--database`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// `--base-domain`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_domain: Option<String>,
}

/// A value that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its key, such as `limits.graphql_body`.
    pub key: String,
    /// The value, a password in it hidden.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}

impl Config {
    /// Puts the sources together. Errors: a sentence that names the source and the key at fault.
    pub fn load(flags: &Flags) -> Result<Self, String> {
        let sources = sources(flags)?;
        let merged = sources.into_iter().fold(Figment::new(), |all, (_, source)| all.merge(source));
        let config: Self = merged.extract().map_err(explained)?;
        config.limits.check()?;
        Ok(config)
    }

    /// Every value in force and its source. Errors: as [`Config::load`].
    pub fn origins(flags: &Flags) -> Result<Vec<Origin>, String> {
        let config = Self::load(flags)?;
        let sources = sources(flags)?;
        let from = |key: &str| {
            let said = |source: &Figment| source.find_value(key).is_ok_and(|value| !matches!(value, Value::Empty(..)));
            let found = sources.iter().rev().find(|(_, source)| said(source));
            found.map_or_else(|| "default".to_owned(), |(name, _)| (*name).to_owned())
        };
        let values = Figment::from(Serialized::defaults(&config)).extract::<Dict>().map_err(explained)?;
        let mut origins = Vec::new();
        flatten("", &values, &mut |key, value| {
            let value = if key == "database" { without_secret(&config.database) } else { value };
            origins.push(Origin { source: from(&key), key, value });
        });
        Ok(origins)
    }
}

/// The sources in their order, each with its name; a later one wins.
fn sources(flags: &Flags) -> Result<Vec<(&'static str, Figment)>, String> {
    let known = ["listen", "admin_listen", "database", "base_domain", "public_scheme", "trusted_proxies"];
    let env = Env::prefixed("CAIRN_")
        .filter(move |key| {
            let in_table = ["legacy__", "limits__", "sqlite__"].iter().any(|table| key.starts_with(table));
            in_table || known.iter().any(|known| key == *known)
        })
        .split("__");
    let mut sources = vec![("default", Figment::from(Serialized::defaults(Config::default())))];
    // In this folder and no other: one above may belong to somebody else.
    if Path::new(FILE).exists() {
        sources.push((FILE, Figment::from(Toml::file_exact(FILE))));
    }
    sources.push(("environment", Figment::from(env)));
    if let Some(database) = secret_file("CAIRN_DATABASE_FILE")? {
        sources.push(("the file of CAIRN_DATABASE_FILE", Figment::from(("database", database))));
    }
    sources.push(("command line", Figment::from(Serialized::defaults(flags))));
    Ok(sources)
}

/// Calls `each` with the key and the value of everything in a table, tables in it taken apart.
fn flatten(prefix: &str, values: &Dict, each: &mut impl FnMut(String, String)) {
    for (name, value) in values {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) => flatten(&key, inner, each),
            Value::String(_, text) if !text.is_empty() => each(key, text.clone()),
            Value::Num(_, number) => each(key, number.to_u128().map_or_else(String::new, |number| number.to_string())),
            _ => each(key, "none".to_owned()),
        }
    }
}

/// A URL whose password is hidden.
fn without_secret(url: &str) -> String {
    match password(url) {
        Some(place) => format!("{}…{}", &url[..place.start], &url[place.end..]),
        None => url.to_owned(),
    }
}

/// Hides a URL, and the password in it, where an error repeats them.
pub(crate) fn without_password(message: &str, url: &str) -> String {
    if !url.contains("://") {
        return message.to_owned();
    }
    let message = message.replace(url, "the URL");
    match password(url) {
        Some(place) => message.replace(&url[place], "…"),
        None => message,
    }
}

/// Where the password of a URL stands (RFC 3986 section 3.2.1); a part of a password may look like a host.
fn password(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + "://".len();
    let end = url.rfind('@').filter(|end| *end > start)?;
    let start = start + url[start..end].find(':')? + 1;
    (start < end).then_some(start..end)
}

/// The errors of all sources as sentences, without the value of `database`, which may hold a password.
fn explained(error: figment::Error) -> String {
    let sentences: Vec<_> = error.into_iter().map(|error| sentence(&error)).collect();
    format!("configuration: {}", sentences.join("; "))
}

fn sentence(error: &figment::Error) -> String {
    let source = error.metadata.as_ref().map_or_else(|| "the configuration".into(), |source| source.name.clone());
    if error.path.first().is_some_and(|key| key == "database") {
        return format!("the value of database in {source} is no text; write it in quotes, like \"sqlite://cairn.db\"");
    }
    // The parser of TOML draws the line at fault, whatever it holds: its lines begin with a number and a bar.
    let drawn = |line: &&str| !line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    error.to_string().lines().filter(drawn).collect::<Vec<_>>().join(": ")
}

/// The content of the file that a variable names, without its last line end.
fn secret_file(variable: &str) -> Result<Option<String>, String> {
    let Some(path) = std::env::var_os(variable) else { return Ok(None) };
    let content = std::fs::read_to_string(Path::new(&path));
    let content = content.map_err(|error| {
        // Somebody may have put the URL itself there.
        let path = path.to_string_lossy();
        let name = if path.contains("://") { "what it names, for it is a URL and no file" } else { &*path };
        format!("{variable}: cannot read {name}: {error}")
    })?;
    Ok(Some(content.trim_end_matches(['\r', '\n']).to_owned()))
}
