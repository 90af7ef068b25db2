//! An import is all or nothing, also when the process is killed in the middle of it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::program::run;
use harness::require::cases;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cairn-with-names");

/// How many rows the file has: some batches.
const ROWS: usize = 2_300;

/// A folder and a database with an account and one person in it.
struct Desk {
    folder: TempDir,
    database: String,
}

impl Desk {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match kind {
            Kind::Sqlite => format!("sqlite://{}/cairn.db", folder.path().display()),
            Kind::Postgres => empty(kind, test).await?,
        };
        let desk = Self { folder, database };
        desk.cairn(&["account", "create", "acme", "--name", "ACME", "--email", "ann@acme.example"]);
        desk.import_whole("name,email,company\nKnown 7,person7@example.com,Old\n");
        Some(desk)
    }

    fn cairn(&self, arguments: &[&str]) -> String {
        let output = run(PROGRAM, self.folder.path(), &[&["--database", &self.database], arguments].concat(), "");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn import_whole(&self, file: &str) {
        let path = self.folder.path().join("whole.csv");
        std::fs::write(&path, file).expect("a file");
        self.cairn(&["import", "people", path.to_str().expect("UTF-8")]);
    }

    fn dump(&self) -> String {
        self.cairn(&["export", "people", "--format", "json"])
    }

    /// Starts an import that reads from a pipe, gives it this much of the file and kills it.
    fn import_and_kill(&self, pipe: &Path, file: &[u8], bytes: usize) {
        let mut child = Command::new(PROGRAM)
            .current_dir(self.folder.path())
            .args(["--database", &self.database, "import", "people", "--duplicates", "replace", "--category", "New"])
            .args(["--format", "csv"])
            .arg(pipe)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut write = OpenOptions::new().write(true).open(pipe).expect("the program opens the other end");
        write.write_all(&file[..bytes]).expect("the program reads");
        if bytes == file.len() {
            // The end of the file: what follows is the last batch and the commit.
            drop(write);
        }
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
    }
}

on_each_database! {
    async fn a_killed_import_is_there_as_a_whole_or_not_at_all(desk: Desk) {
        let pipe = desk.folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        // Long rows, so that what the test has written is what the program has read, give or take a pipe's 64 KiB.
        let mut file = String::from("name,email,company,notes\n");
        let notes = "A line of notes that is as long as people's notes are. ".repeat(7);
        for number in 0..ROWS {
            file.push_str(&format!("Person {number},person{number}@example.com,Company {number},{notes}\n"));
        }
        let before = desk.dump();
        // Never more than this: each try starts two processes. The last one sees the whole file.
        let tries = cases(4).min(20) as usize;
        for number in 1..=tries {
            desk.import_and_kill(&pipe, file.as_bytes(), file.len() * number / tries);
            let after = desk.dump();
            if after != before {
                assert_eq!(number, tries, "it cannot be done before it has seen the whole file");
                assert_eq!(after.matches("\"company\":\"Company ").count(), ROWS);
                assert_eq!(after.matches("\"categories\":[\"New\"]").count(), ROWS);
            }
        }
        // Whoever was killed stands in nobody's way.
        desk.import_whole(&file);
        assert_eq!(desk.dump().matches("@example.com").count(), ROWS);
    }
}
