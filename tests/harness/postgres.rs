//! A private PostgreSQL for the tests that is started on first use and dies with the test process.

use std::{
    ffi::OsString,
    fs,
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The server that all tests of this process share, or `None` where PostgreSQL is not installed.
///
/// The first caller starts it and the others wait for that. `CAIRN_TEST_POSTGRES` may hold the URL of a server that
/// runs already (`postgres://user@host:port`); its databases are ours to make and are left behind.
///
/// # Panics
///
/// PostgreSQL is installed and does not start: with the end of its log, and again in every test that asks for it.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Option<Server>, String>> = OnceLock::new();
    match SERVER.get_or_init(start) {
        Ok(server) => server.as_ref(),
        Err(reason) => panic!("{reason}"),
    }
}

/// A PostgreSQL server in which each test makes a database of its own.
#[derive(Debug)]
pub struct Server {
    /// The URL up to the database, as `postgres://postgres@localhost:5432`.
    address: String,
    /// The URL after the database: empty, or what follows with its question mark.
    parameters: String,
    createdb: PathBuf,
    /// Holds the pipe whose end the keeper waits for; `None` for a server that is not ours.
    _keeper: Option<Child>,
}

impl Server {
    /// The URL of a database of this server, for SQLx and for `psql` alike.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.address, self.parameters)
    }

    /// Makes an empty database (UTF-8, order by code point) with a name that nobody else has, and returns its URL.
    ///
    /// # Panics
    ///
    /// The server refuses, or the program `createdb` cannot be run.
    pub fn create_database(&self) -> String {
        let name = unique_name();
        // template0 has no sessions, so that tests may copy it at the same time.
        let output = Command::new(&self.createdb)
            .args(["--template=template0", "--encoding=UTF8", "--locale=C"])
            .arg(format!("--maintenance-db={}", self.url("postgres")))
            .arg(&name)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", self.createdb.display()));
        assert!(
            output.status.success(),
            "cannot make the database {name}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        self.url(&name)
    }
}

/// How long `initdb` and the start may take together; on an idle machine it is one second.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A Unix socket's path is limited to 107 bytes, elsewhere to 103, our folder's name and `/.s.PGSQL.5432` included.
const LONGEST_PARENT: usize = 55;

/// Runs the server (`$1` its folder, `$2` where the programs are) until standard input ends, then removes the folder.
/// The folder's mode keeps other users out, as the server asks for no password.
///
/// Standard input is a pipe that the test process holds open and never writes to: the kernel closes it however that
/// process ends. The signal is repeated because a shell's background process ignores it until PostgreSQL has set its
/// own handler. A server that ends by itself leaves the file `ended`, and its log until the pipe is closed.
const KEEPER: &str = r#"
mkdir -m 700 "$1" || exit
exec 3<&0 </dev/null >"$1/log" 2>&1
if "$2/initdb" -D "$1/data" -A trust -U postgres -E UTF8 --locale=C --no-sync; then
    "$2/postgres" -D "$1/data" -k "$1" -p 5432 -c listen_addresses= \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c max_connections=200 -c shared_buffers=64MB 3<&- &
    server=$!
    { cat <&3; while kill -INT "$server"; do sleep 0.1; done; } 2>/dev/null &
    wait "$server"
fi
: >"$1/ended"
cat <&3
rm -rf "$1"
"#;

fn start() -> Result<Option<Server>, String> {
    match std::env::var("CAIRN_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => Ok(Some(running(&url))),
        _ => programs().map(|bin| launch(&bin)).transpose(),
    }
}

/// The server behind a URL, whatever database that names.
fn running(url: &str) -> Server {
    let (url, parameters) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let host = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    Server {
        address: url[..end].to_owned(),
        parameters: parameters.to_owned(),
        createdb: programs().map_or_else(|| PathBuf::from("createdb"), |bin| createdb(&bin)),
        _keeper: None,
    }
}

fn launch(bin: &Path) -> Result<Server, String> {
    let (folder, keeper) = spawn(bin).map_err(|error| format!("cannot start PostgreSQL: {error}"))?;
    let keeper = wait_until_ready(&folder, keeper)?;
    Ok(Server {
        address: "postgres://postgres@localhost:5432".to_owned(),
        parameters: format!("?host={}", percent_encoded(&folder)),
        createdb: createdb(bin),
        _keeper: Some(keeper),
    })
}

/// Starts the keeper with a folder of its own to make, as the user postgres where we are root, whom PostgreSQL refuses.
fn spawn(bin: &Path) -> std::io::Result<(PathBuf, Child)> {
    let root = we_are_root()?;
    let mut folder = std::env::temp_dir();
    // Another user may not reach root's TMPDIR, and nobody is kept out of /tmp.
    if root || folder.as_os_str().len() > LONGEST_PARENT {
        folder = PathBuf::from("/tmp");
    }
    folder.push(unique_name());
    let keeper = if root { as_postgres("sh") } else { Command::new("sh") }
        .args(["-c", KEEPER, "cairn-postgres"])
        .args([&folder, bin])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // What is said before there is a log.
        .stderr(Stdio::piped())
        // Signals to the tests' process group, such as Ctrl-C, must not stop the keeper before it has cleaned up.
        .process_group(0)
        .spawn()?;
    Ok((folder, keeper))
}

fn we_are_root() -> std::io::Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0")
}

/// A command that runs as the user postgres.
fn as_postgres(program: &str) -> Command {
    // setpriv comes first because it becomes the program, where runuser stays as its parent and asks PAM.
    let (switch, arguments): (_, &[&str]) = if on_path("setpriv").is_some() {
        ("setpriv", &["--reuid=postgres", "--regid=postgres", "--init-groups", "--"])
    } else {
        ("runuser", &["-u", "postgres", "--"])
    };
    let mut command = Command::new(switch);
    command.args(arguments).arg(program);
    command
}

/// Waits, and hands the keeper back; where that fails it is dropped, which closes its pipe and so cleans up.
fn wait_until_ready(folder: &Path, mut keeper: Child) -> Result<Child, String> {
    let deadline = Instant::now() + READY_WITHIN;
    while !is_ready(folder) {
        if !matches!(keeper.try_wait(), Ok(None)) {
            return Err(format!("cannot start PostgreSQL: {}", last_words(keeper)));
        }
        if folder.join("ended").exists() {
            return Err(format!("PostgreSQL ended before it was ready; {}", log_tail(folder)));
        }
        if Instant::now() > deadline {
            return Err(format!("PostgreSQL was not ready within {READY_WITHIN:?}; {}", log_tail(folder)));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(keeper)
}

/// What a keeper wrote that ended before it had a log.
fn last_words(mut keeper: Child) -> String {
    let mut words = String::new();
    if let Some(mut stderr) = keeper.stderr.take() {
        // What can be read is worth more than the reason why the rest cannot.
        let _ = stderr.read_to_string(&mut words);
    }
    words
}

/// Whether the server takes connections: the eighth line of `postmaster.pid` says so, and `pg_ctl --wait` trusts it.
fn is_ready(folder: &Path) -> bool {
    fs::read_to_string(folder.join("data/postmaster.pid"))
        .is_ok_and(|status| status.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
}

fn log_tail(folder: &Path) -> String {
    let log = fs::read(folder.join("log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    let tail = &lines[lines.len().saturating_sub(30)..];
    format!("the end of its log:\n{}", tail.join("\n"))
}

/// The folder of PostgreSQL's programs: behind `initdb` on the path, else Debian's newest.
fn programs() -> Option<PathBuf> {
    on_path("initdb")
        .and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()))
        .filter(|bin| bin.join("postgres").is_file())
        .or_else(|| newest_below(Path::new("/usr/lib/postgresql")))
}

fn newest_below(versions: &Path) -> Option<PathBuf> {
    fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            (bin.join("initdb").is_file() && bin.join("postgres").is_file()).then_some((version, bin))
        })
        .max()
        .map(|(_, bin)| bin)
}

/// The program that belongs to the server, else the one on the path.
fn createdb(bin: &Path) -> PathBuf {
    Some(bin.join("createdb")).filter(|program| program.is_file()).unwrap_or_else(|| PathBuf::from("createdb"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A name that is new also in a server that earlier runs have used.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let started = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("the clock shows a time after 1970")
        .as_micros();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("cairn_{}_{started:x}_{count}", std::process::id())
}

/// A path as the value in a URL's query (RFC 3986 section 3.4, where a slash may stand).
fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{percent_encoded, running, server};

    #[test]
    fn a_running_server_keeps_its_address_and_parameters() {
        for (url, expected) in [
            ("postgres://me@host:5433", "postgres://me@host:5433/one"),
            ("postgres://me@host/", "postgres://me@host/one"),
            ("postgres://me@host/other?host=/run/pg", "postgres://me@host/one?host=/run/pg"),
            ("postgres://me@host?host=/run/pg", "postgres://me@host/one?host=/run/pg"),
        ] {
            assert_eq!(running(url).url("one"), expected, "{url}");
        }
    }

    #[test]
    fn a_path_survives_a_query() {
        assert_eq!(percent_encoded(Path::new("/tmp/a b&c=ü-1")), "/tmp/a%20b%26c%3D%C3%BC-1");
    }

    #[test]
    fn databases_are_made_at_the_same_time() {
        let Some(server) = server() else {
            return crate::require::missing("postgres", "the test of the private PostgreSQL");
        };
        let mut urls: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| server.create_database())).collect();
            threads.into_iter().map(|thread| thread.join().expect("a database is made")).collect()
        });
        urls.sort();
        urls.dedup();
        assert_eq!(urls.len(), 8, "{urls:?}");
    }
}
