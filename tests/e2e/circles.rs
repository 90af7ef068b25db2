//! The files of each crate as a test: none may need another that needs it in turn, but for those of a short list.
//!
//! A file needs another where a path of its code leads there: `crate::a::b::Name`, `super::Name`, `self::child::name` or, of a child,
//! `child::name`. A path leads to the file that declares its last module; a name that a file only hands on (`pub use`) leads to where it
//! comes from, and handing on needs nothing. Test modules do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files that may need each other, with the reason.
const ALLOWED: &[(&str, &[&str], &str)] = &[(
    "schema",
    &[
        "accounts",
        "associations",
        "categories",
        "custom_fields",
        "email_templates",
        "events",
        "labels",
        "loader",
        "messages",
        "people",
        "search",
        "transactions",
    ],
    "records refer to each other, as the model does, and the loader collects the look-ups of all of them",
)];

/// The crates, each with how many of its files need another one at least, so that a reader that sees nothing is noticed.
const CRATES: [(&str, usize); 6] =
    [("storage", 80), ("formats", 80), ("service", 30), ("schema", 40), ("compat-api", 15), ("gateway", 30)];

#[test]
fn no_file_needs_one_that_needs_it() {
    let mut wrong = String::new();
    for (name, least) in CRATES {
        let sources = Sources::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"));
        let needs = sources.needs();
        let needing = needs.values().filter(|needed| !needed.is_empty()).count();
        assert!(needing >= least, "only {needing} files of {name} seem to need another one: is the reader blind?");
        for circle in circles(&needs) {
            let allowed = ALLOWED
                .iter()
                .any(|(of, files, _)| *of == name && circle.iter().all(|file| files.contains(&file.as_str())));
            if !allowed {
                wrong.push_str(&format!("- {name}:\n"));
                for file in &circle {
                    let needed: Vec<_> = needs[file].iter().filter(|needed| circle.contains(*needed)).collect();
                    wrong.push_str(&format!("    {file} needs {needed:?}\n"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "files need each other in a circle:\n{wrong}Move what both need to a file of its own, beside or below them."
    );
}

#[test]
fn every_allowed_circle_is_there() {
    for (name, files, reason) in ALLOWED {
        let sources = Sources::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"));
        let found: BTreeSet<_> = circles(&sources.needs()).into_iter().flatten().collect();
        let gone: Vec<_> = files.iter().filter(|file| !found.contains(**file)).collect();
        assert!(gone.is_empty(), "{gone:?} of {name} are in no circle any more: take them from the list ({reason})");
    }
}

#[test]
fn the_reader_sees_every_kind_of_path() {
    let sources = Sources(BTreeMap::from(
        [
            ("", "mod a; mod b; mod c; mod d; pub use a::Handed;"),
            ("a", "pub use self::inner::Handed; mod inner; use crate::{b::One, c};"),
            ("a::inner", "pub struct Handed; fn f() { super::super::d::g() }"),
            ("b", "use crate::a::Handed;"),
            ("c", "fn f() -> crate::b::One { a() }"),
            ("d", "// crate::a::inner\nfn g() { let crate_a = 1; }\n#[cfg(test)]\nmod tests { use crate::a::Other; }"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned())),
    ));
    let needs = sources.needs();
    let of = |name: &str| needs[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a"), ["b", "c"]);
    assert_eq!(of("a::inner"), ["d"]);
    assert_eq!(of("b"), ["a::inner"], "a name that is handed on leads to where it comes from");
    assert_eq!(of("c"), ["b"]);
    assert!(of("d").is_empty(), "neither comments nor tests count");
    assert_eq!(circles(&needs), Vec::<BTreeSet<String>>::new());
    let ring = [("x", vec!["y"]), ("y", vec!["z"]), ("z", vec!["x"]), ("w", vec!["x"])];
    let owned = |names: Vec<&str>| names.into_iter().map(ToOwned::to_owned).collect();
    let ring = ring.into_iter().map(|(file, needed)| (file.to_owned(), owned(needed))).collect();
    assert_eq!(circles(&ring), [["x", "y", "z"].map(ToOwned::to_owned).into_iter().collect()]);
}

/// Which files each file needs.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// The code of each file of a crate, by the path of its module; the root has an empty one.
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn of(folder: &Path) -> Self {
        let mut sources = BTreeMap::new();
        read(folder, "", &mut sources);
        let root = sources.remove("lib").expect("a crate has a lib.rs");
        // The program on top of the library is no module of it.
        sources.remove("main");
        sources.insert(String::new(), root);
        let tests: Vec<_> = sources
            .iter()
            .flat_map(|(file, text)| {
                let ends = text.match_indices("#[cfg(test)]\nmod ").map(|(at, found)| &text[at + found.len()..]);
                ends.filter_map(|rest| rest.split_once(';'))
                    .filter(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
                    .map(|(name, _)| joined(file, name))
                    .collect::<Vec<_>>()
            })
            .collect();
        sources.retain(|file, _| !tests.iter().any(|test| file == test || file.starts_with(&format!("{test}::"))));
        Self(sources)
    }

    fn needs(&self) -> Needs {
        let code: BTreeMap<_, _> = self.0.iter().map(|(file, text)| (file.as_str(), code_of(text))).collect();
        let mut handed_on: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        for (file, code) in &code {
            for path in
                uses(code).into_iter().filter(|(is_handed_on, _)| *is_handed_on).flat_map(|(_, tree)| paths(&tree))
            {
                let first = path.split("::").next().unwrap_or_default();
                let is_ours = matches!(first, "crate" | "self" | "super") || self.0.contains_key(&joined(file, first));
                if is_ours {
                    let path = absolute(file, &path);
                    let name = path.last().cloned().unwrap_or_default();
                    handed_on.insert((file, name), path);
                }
            }
        }
        let target = |path: Vec<String>| {
            let mut path = path;
            // A name may be handed on from file to file.
            for _ in 0..8 {
                let length = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length].join("::")))?;
                let file = path[..length].join("::");
                match path.get(length).and_then(|name| handed_on.get(&(file.as_str(), name.clone()))) {
                    Some(further) => path = further.iter().chain(&path[length + 1..]).cloned().collect(),
                    None => return Some(file),
                }
            }
            None
        };
        let needed_by = |file: &str, code: &str| {
            let found = own_paths(code).into_iter().filter_map(|path| target(absolute(file, &path)));
            found.filter(|needed| needed != file && !needed.is_empty()).collect()
        };
        code.iter().map(|(file, code)| ((*file).to_owned(), needed_by(file, code))).collect()
    }
}

fn read(folder: &Path, module: &str, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a crate has a readable src") {
        let path = entry.expect("a crate has a readable src").path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = joined(module, &name);
        if path.is_dir() {
            read(&path, &name, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(name, fs::read_to_string(&path).expect("a source file is readable UTF-8"));
        }
    }
}

fn joined(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// A source without comments and without its own module of tests.
fn code_of(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
    // Where a name may be seen is no path that code goes.
    code[..end].replace("pub(in crate::", "pub(")
}

/// The trees of the `use` items, and whether each hands its names on.
fn uses(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, word) in code.match_indices("use ") {
        let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let before = line.rsplit(';').next().unwrap_or_default().trim();
        let is_item = before.is_empty() || before == "pub" || (before.starts_with("pub(") && before.ends_with(')'));
        let tree = code[at + word.len()..].split(';').next().unwrap_or_default();
        if is_item {
            found.push((before.starts_with("pub"), tree.to_owned()));
        }
    }
    found
}

/// The paths of a tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one part at least").push(character);
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| paths(part)).map(|path| format!("{prefix}{path}")).collect()
}

/// The paths that the code of a file goes, but for what it only hands on.
fn own_paths(code: &str) -> Vec<String> {
    let mut rest = code.to_owned();
    let mut found = Vec::new();
    for (is_handed_on, tree) in uses(code) {
        rest = rest.replacen(&format!("use {tree};"), "", 1);
        if !is_handed_on {
            found.extend(
                paths(&tree)
                    .into_iter()
                    .filter(|path| matches!(path.split("::").next(), Some("crate" | "self" | "super"))),
            );
        }
    }
    let children = code.match_indices("mod ").filter_map(|(at, word)| code[at + word.len()..].split_once(';'));
    let children: BTreeSet<_> = children.map(|(name, _)| name).filter(|name| name.chars().all(is_of_name)).collect();
    let words = rest.split(|c: char| !is_of_name(c) && c != ':');
    for word in words.filter(|word| word.contains("::")) {
        let first = word.split("::").next().unwrap_or_default();
        if matches!(first, "crate" | "self" | "super") {
            found.push(word.to_owned());
        } else if children.contains(first) {
            found.push(format!("self::{word}"));
        }
    }
    found
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// A path from the root of the crate.
fn absolute(file: &str, path: &str) -> Vec<String> {
    let segments: Vec<_> = path.split("::").filter(|segment| !segment.is_empty() && *segment != "*").collect();
    let mut base: Vec<_> = file.split("::").filter(|segment| !segment.is_empty()).map(ToOwned::to_owned).collect();
    let mut rest = &segments[..];
    match rest.first() {
        Some(&"crate") => {
            base.clear();
            rest = &rest[1..];
        }
        Some(&"self") => rest = &rest[1..],
        _ => {}
    }
    while let Some(&"super") = rest.first() {
        base.pop();
        rest = &rest[1..];
    }
    // `a::{self}` is `a`.
    let rest = rest.strip_suffix(&["self"]).unwrap_or(rest);
    base.extend(rest.iter().map(|segment| (*segment).to_owned()));
    base
}

/// The sets of files of which each needs every other, directly or by way of others.
fn circles(needs: &Needs) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<_, _> = needs.keys().map(|file| (file, reached_from(needs, file))).collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for file in needs.keys().filter(|file| reached[file].contains(*file)) {
        if found.iter().any(|circle| circle.contains(file)) {
            continue;
        }
        let back = |other: &&String| reached.get(other).is_some_and(|reached| reached.contains(file));
        found.push(reached[file].iter().filter(back).cloned().collect());
    }
    found
}

fn reached_from(needs: &Needs, file: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<_> = needs.get(file).into_iter().flatten().collect();
    while let Some(next) = left.pop() {
        if reached.insert(next.clone()) {
            left.extend(needs.get(next).into_iter().flatten());
        }
    }
    reached
}
