//! Real clients of the legacy API, each with its usual XML parser: they create a record of every kind and read it back.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use harness::site::Site;
use harness::{on_each_database, require};
use tokio::task::spawn_blocking;

/// A client: the program that runs it, what shows that the program and its parser are there, and the script.
struct Script {
    program: &'static str,
    probe: &'static [&'static str],
    file: &'static str,
}

/// Their names are those of `CAIRN_TEST_REQUIRE`.
const SCRIPTS: [Script; 6] = [
    Script {
        program: "php",
        probe: &["-r", "exit(function_exists('curl_init') && function_exists('simplexml_load_string') ? 0 : 1);"],
        file: "api_php.php",
    },
    Script { program: "python3", probe: &["-c", "import xml.etree.ElementTree"], file: "api_php.py" },
    Script { program: "java", probe: &["--describe-module", "jdk.compiler"], file: "ApiPhp.java" },
    Script { program: "perl", probe: &["-MXML::Simple", "-MHTTP::Tiny", "-e1"], file: "api_php.pl" },
    Script { program: "ruby", probe: &["-rrexml/document", "-rnet/http", "-e1"], file: "api_php.rb" },
    Script { program: "node", probe: &["-e", "require('xml2js')"], file: "api_php.js" },
];

on_each_database! {
    async fn clients_in_six_languages_create_every_kind_and_read_it_back(site: Site) {
        let address = format!("http://{}", site.address);
        for script in SCRIPTS {
            let address = address.clone();
            let said = spawn_blocking(move || play(&script, &address)).await.expect("a client is run");
            // libtest captures what the print macros write, and these counts are for the note of a run.
            let _ = write!(std::io::stderr(), "{said}");
        }
        let counts = "{ people { totalCount } transactions { totalCount } events { totalCount } messages { totalCount } }";
        let data = site.client().await.graphql(counts, serde_json::json!({})).await;
        let count = |noun: &str| data[noun]["totalCount"].as_i64().expect("a count");
        assert_eq!((count("people"), count("transactions")), (5 * count("events"), 4 * count("messages")), "{data}");
    }
}

/// What a client says, or nothing where the machine lacks it.
fn play(script: &Script, address: &str) -> String {
    let Script { program, probe, file } = script;
    if !command(program, probe).is_some_and(|output| output.status.success()) {
        require::missing(program, &format!("the legacy API with {program}"));
        return String::new();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(file);
    let output = command(program, &[path.to_str().expect("UTF-8"), address]).expect("it has just run");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("7 created, 7 read back"), "{file}: {said}{complained}");
    said.into_owned()
}

/// Runs a program to its end; `None` where there is none.
fn command(program: &str, arguments: &[&str]) -> Option<Output> {
    // Debian keeps the packages of Node here, and not every Node looks there.
    Command::new(program).args(arguments).env("NODE_PATH", "/usr/share/nodejs").output().ok()
}
