//! The program as a process: run to its end, or serving until the test ends.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Runs the program in a folder, with a text on its standard input, until it ends. Only `PATH` comes from our
/// environment, so that no setting of the developer's gets in.
pub fn run<S: AsRef<OsStr>>(program: &str, folder: &Path, arguments: &[S], input: &str) -> Output {
    let mut child = command(program, folder, arguments).stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it has a standard input");
    // A program that does not read it may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

/// A process that serves; it is killed with the test.
pub struct Serving {
    child: Child,
    /// What it has printed up to the line that the test waited for.
    pub greeting: String,
}

impl Serving {
    /// Starts the program with these variables and reads what it prints until a line holds `last`.
    pub fn start<S: AsRef<OsStr>>(
        program: &str,
        folder: &Path,
        environment: &[(&str, &str)],
        arguments: &[S],
        last: &str,
    ) -> Self {
        let mut command = command(program, folder, arguments);
        command.envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::null()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it has a standard output")).lines();
        let mut greeting = String::new();
        while !greeting.contains(last) {
            let Some(Ok(line)) = lines.next() else {
                let output = child.wait_with_output().expect("the program has ended");
                panic!("{greeting}\n{}", String::from_utf8_lossy(&output.stderr));
            };
            greeting.push_str(&line);
            greeting.push('\n');
        }
        Self { child, greeting }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as a supervisor does.
    pub fn terminate(&self) {
        // One that has ended already is not there to be told; how it ended counts.
        signal(self.child.id(), "-TERM");
    }

    /// Stops it in the middle of whatever it does, as one that gets no processor.
    pub fn freeze(&self) {
        assert!(signal(self.child.id(), "-STOP"), "it is our child");
    }

    /// Has it go on where it was stopped.
    pub fn thaw(&self) {
        assert!(signal(self.child.id(), "-CONT"), "it is our child");
    }

    /// Asks it to stop and waits; true where it ended well.
    pub fn stop(self) -> bool {
        self.terminate();
        self.wait() == Some(0)
    }

    /// Stops it, and gives what it has logged.
    pub fn log(mut self) -> String {
        self.terminate();
        let mut log = String::new();
        let stderr = self.child.stderr.take().expect("it has a standard error");
        BufReader::new(stderr).read_to_string(&mut log).expect("the log is text");
        log
    }

    /// Waits for its end, and gives its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("it is our child").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal such as `-STOP` to a process; false where that cannot be done.
pub fn signal(process: u32, signal: &str) -> bool {
    let sent = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
    sent.is_ok_and(|status| status.success())
}

fn command<S: AsRef<OsStr>>(program: &str, folder: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("CAIRN_LOG", "warn");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
