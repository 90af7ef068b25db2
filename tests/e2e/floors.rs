//! The architecture as a test: which crate may know which, what stands at the top, and what a resolver may return.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The crates of the workspace and those of the workspace that each must depend on (design: arrows point down only).
/// `tests` may use everything and is not listed; nothing may use `tests`.
const FLOORS: &[(&str, &[&str])] = &[
    ("gateway", &["compat-api", "schema", "service", "formats", "storage"]),
    ("compat-api", &["schema", "service"]),
    ("schema", &["service", "formats", "storage"]),
    ("service", &["formats", "storage"]),
    ("formats", &[]),
    ("storage", &[]),
];

/// What a floor must not know; a name stands for its relatives too, as `axum` for `axum-core` and `async-graphql-axum`.
const UNKNOWN: &[(&str, &[&str])] = &[
    ("formats", &["axum", "async-graphql", "sea-orm", "sqlx", "tokio"]),
    ("storage", &["axum", "async-graphql"]),
    ("compat-api", &["axum", "sea-orm"]),
    ("schema", &["axum"]),
    ("service", &["axum", "async-graphql"]),
];

/// What may stand at the top beside dotfiles.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs",
    "gateway",
    "schema",
    "service",
    "formats",
    "storage",
    "compat-api",
    "tests",
    "findings",
];

#[test]
fn arrows_point_down_only() {
    let packages = packages();
    let mut wrong = String::new();
    for package in &packages {
        match FLOORS.iter().find(|(name, _)| *name == package.name) {
            Some((_, allowed)) => check_edges(package, &packages, allowed, &mut wrong),
            None if package.name == "tests" => {}
            None => writeln!(wrong, "- the crate `{}` has no floor", package.name).expect("a String takes any text"),
        }
    }
    for (name, _) in FLOORS.iter().filter(|(name, _)| !packages.iter().any(|package| package.name == *name)) {
        writeln!(wrong, "- the crate `{name}` is missing").expect("a String takes any text");
    }
    assert!(
        wrong.is_empty(),
        "the crates do not stand on the floors of tests/e2e/floors.rs:\n{wrong}\
         Dev-dependencies within the workspace, which only must not name `tests`: {}",
        dev_edges(&packages)
    );
}

#[test]
fn floors_do_not_know_what_is_not_theirs() {
    let mut wrong = String::new();
    for package in packages() {
        let unknown = UNKNOWN.iter().find(|(name, _)| *name == package.name).map_or(&[][..], |(_, unknown)| unknown);
        for dependency in &package.dependencies {
            if unknown.iter().any(|name| is_related(dependency, name)) {
                let name = &package.name;
                writeln!(wrong, "- {name} -> {dependency}; {name} must know none of {}", unknown.join(", "))
                    .expect("a String takes any text");
            }
        }
    }
    assert!(wrong.is_empty(), "a floor knows what is not its own (dev-dependencies are exempt):\n{wrong}");
}

#[test]
fn the_top_level_holds_nothing_else() {
    let entries = git_entries().unwrap_or_else(folder_entries);
    let wrong: Vec<&String> =
        entries.iter().filter(|entry| !entry.starts_with('.') && !TOP.contains(&entry.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:?} must not stand at the top, where only dotfiles and these may: {TOP:?}");
}

#[test]
fn resolvers_return_our_own_error() {
    let mut wrong = String::new();
    for file in ["schema/src", "compat-api/src"].iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let source = fs::read_to_string(&file).expect("a source file is readable UTF-8");
        // The conversion into the library's error has to name it, once, where our own error lives.
        let converts = file.file_name().is_some_and(|name| name == "error.rs");
        for (line, name) in library_names(&source) {
            if is_leaky(&name) && !(converts && name == "Error") {
                let file = file.strip_prefix(root()).unwrap_or(&file).display();
                writeln!(wrong, "- {file}:{line} uses async_graphql::{name}").expect("a String takes any text");
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "async_graphql::Result is forbidden, and async_graphql::Error outside error.rs:\n{wrong}\
         The library makes its Error of anything that can be displayed, so a `?` on a database error in such a \
         function publishes SQL text to clients. Return Result<T, service::Error>, and import names one by one \
         instead of with `*`."
    );
}

#[test]
fn the_scan_sees_every_way_to_name_them() {
    let source = "// async_graphql::Result in a comment\n\
                  use async_graphql::{Context, Error as E, dataloader::{DataLoader, Loader},\n    Result};\n\
                  use async_graphql::*;\n\
                  fn f() -> async_graphql::Result<()> { async_graphql::connection::query() } // async_graphql::Error\n\
                  type G = async_graphql::ErrorExtensions;\n";
    let found: Vec<_> = library_names(source).into_iter().filter(|(_, name)| is_leaky(name)).collect();
    let found: Vec<_> = found.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, [(2, "Error"), (2, "Result"), (4, "*"), (5, "Result")]);
}

/// A crate of the workspace and the names it depends on.
struct Package {
    name: String,
    /// For the product: normal and build dependencies.
    dependencies: BTreeSet<String>,
    dev_dependencies: BTreeSet<String>,
}

/// The workspace as cargo sees it; `--no-deps` needs neither the registry nor the network.
fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs, as it runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let dependencies = package["dependencies"].as_array().expect("a package lists its dependencies");
    // The kind of a normal dependency is null.
    let (dev, product) = dependencies.iter().partition::<Vec<_>, _>(|dependency| dependency["kind"] == "dev");
    Package { name: name(package), dependencies: names(&product), dev_dependencies: names(&dev) }
}

fn name(value: &Value) -> String {
    value["name"].as_str().expect("packages and dependencies have a name").to_owned()
}

fn names(values: &[&Value]) -> BTreeSet<String> {
    values.iter().copied().map(name).collect()
}

fn check_edges(package: &Package, packages: &[Package], allowed: &[&str], wrong: &mut String) {
    let name = &package.name;
    let list = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    let inside = |dependency: &&String| packages.iter().any(|package| package.name == **dependency);
    for dependency in package.dependencies.iter().filter(inside) {
        if !allowed.contains(&dependency.as_str()) {
            writeln!(wrong, "- {name} -> {dependency} is not allowed; {name} -> {list}")
                .expect("a String takes any text");
        }
    }
    for dependency in allowed.iter().filter(|dependency| !package.dependencies.contains(**dependency)) {
        writeln!(wrong, "- {name} -> {dependency} is missing; {name} -> {list}").expect("a String takes any text");
    }
    if package.dev_dependencies.contains("tests") {
        writeln!(wrong, "- {name} -> tests is not allowed, not even as a dev-dependency")
            .expect("a String takes any text");
    }
}

fn dev_edges(packages: &[Package]) -> String {
    let edges: Vec<String> = packages
        .iter()
        .flat_map(|from| from.dev_dependencies.iter().map(move |to| (&from.name, to)))
        .filter(|(_, to)| packages.iter().any(|package| package.name == **to))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    if edges.is_empty() { "none".to_owned() } else { edges.join(", ") }
}

fn is_related(dependency: &str, name: &str) -> bool {
    dependency == name
        || dependency.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
        || dependency.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'))
}

/// The first components of what git tracks or would track; `None` where the sources are not a checkout.
fn git_entries() -> Option<BTreeSet<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        // A git hook that runs the tests sets these for its own repository and working folder.
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE")
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty())?;
    let files = String::from_utf8_lossy(&output.stdout);
    Some(files.split_terminator('\0').filter_map(|file| Some(file.split('/').next()?.to_owned())).collect())
}

fn folder_entries() -> BTreeSet<String> {
    let entries = fs::read_dir(root()).expect("the workspace is a readable folder");
    let entries = entries.map(|entry| entry.expect("the workspace is a readable folder").file_name());
    entries.map(|entry| entry.to_string_lossy().into_owned()).filter(|entry| entry != "target").collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the workspace")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a crate has a readable src");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a crate has a readable src").path()).collect();
    paths.sort();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let mut files: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "rs")).collect();
    files.extend(folders.iter().flat_map(|folder| rust_files(folder)));
    files
}

/// Whether a name of async-graphql's root turns any displayable error into a public one.
fn is_leaky(name: &str) -> bool {
    ["Result", "FieldResult", "Error", "FieldError", "*"].contains(&name)
}

/// The names that a source takes from async-graphql's root, with the line of the path they stand in.
fn library_names(source: &str) -> Vec<(usize, String)> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, path) in code.match_indices("async_graphql::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + path.len()..];
        let names = rest.strip_prefix('{').map_or_else(|| vec![leading_name(rest)], group_names);
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

/// The first names in a group such as `Context, Error as E, dataloader::{DataLoader, Loader}}`.
fn group_names(group: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let mut names = vec![String::new()];
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ => names.last_mut().expect("the list starts with one").push(character),
        }
    }
    names.iter().map(|name| leading_name(name)).collect()
}

fn leading_name(path: &str) -> String {
    let path = path.trim_start();
    if path.starts_with('*') {
        return "*".to_owned();
    }
    path.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
