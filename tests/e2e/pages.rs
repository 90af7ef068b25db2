//! The pages as a test: whatever they link to and whatever file they name is there.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages: at the top, in `docs/`, and beside the code.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/use", "compat-api"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let path = entry.expect("the folder is readable").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_link_and_every_file_that_a_page_names_is_there() {
    let (mut links, mut files, mut wrong) = (0, 0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page is readable UTF-8");
        let name = page.strip_prefix(root()).unwrap_or(&page).display().to_string();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.contains("://") || target.starts_with("mailto:") || target.is_empty() {
                continue;
            }
            links += 1;
            if !page.parent().expect("a page is in a folder").join(target).exists() {
                wrong.push(format!("{name} links to {target}"));
            }
        }
        for file in text.split('`').skip(1).step_by(2).filter(|code| is_file(code)) {
            files += 1;
            if !root().join(file).exists() {
                wrong.push(format!("{name} names {file}"));
            }
        }
    }
    assert!(links >= 20 && files >= 100, "only {links} links and {files} files were seen");
    assert!(wrong.is_empty(), "not there:\n{}", wrong.join("\n"));
}

#[test]
fn a_file_is_told_from_other_code() {
    for (code, expected) in [
        ("storage/src/handle.rs", true),
        ("docs/use/import.md", true),
        ("tests/bench/import.sh", true),
        ("handle.rs", false),
        ("http/session.rs", false),
        ("people/messages.rss", false),
        ("formats/src/builtin/<format>.rs", false),
        ("cargo test", false),
    ] {
        assert_eq!(is_file(code), expected, "{code}");
    }
}

/// Whether it is the whole path of a file of ours.
fn is_file(code: &str) -> bool {
    const FOLDERS: [&str; 9] =
        ["storage", "formats", "service", "schema", "compat-api", "gateway", "tests", "docs", "findings"];
    const KINDS: [&str; 6] = ["rs", "md", "sh", "py", "graphql", "toml"];
    let is_plain = code.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    let is_ours = code.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
    let kind = Path::new(code).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    is_plain && is_ours && KINDS.contains(&kind)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the workspace")
}
