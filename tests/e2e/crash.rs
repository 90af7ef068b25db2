//! An import is all or nothing, also when the process is killed in the middle of it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::database::Kind;
use harness::on_each_database;
use harness::require::cases;

use crate::program::{Desk, PROGRAM};

/// How many rows the file has: some batches.
const ROWS: usize = 2_300;

/// A desk whose account has one person.
struct Known(Desk);

impl Known {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let desk = Self(Desk::on(kind, test).await?.with_account());
        desk.import_whole("name,email,company\nKnown 7,person7@example.com,Old\n");
        Some(desk)
    }

    fn import_whole(&self, file: &str) {
        let path = self.0.path().join("whole.csv");
        std::fs::write(&path, file).expect("a file");
        self.0.ok(&["import", "people", path.to_str().expect("UTF-8")]);
    }

    fn dump(&self) -> String {
        self.0.ok(&["export", "people", "--format", "json"])
    }

    /// Starts an import that reads from a pipe, gives it this much of the file and kills it.
    fn import_and_kill(&self, pipe: &Path, file: &[u8], bytes: usize) {
        let mut child = Command::new(PROGRAM)
            .current_dir(self.0.path())
            .args(["--database", &self.0.database, "import", "people", "--duplicates", "replace", "--category", "New"])
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
    async fn a_killed_import_is_there_as_a_whole_or_not_at_all(desk: Known) {
        let pipe = desk.0.path().join("pipe");
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
