//! Statements as Citus wants them: every table of an account is asked for with the account as a constant, in each subquery of its own, so
//! that one shard answers. The statements of every [`Site`](crate::site::Site) on PostgreSQL are read.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What may look across accounts, by a part of its text, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    (r#"FROM "accounts" ORDER BY"#, "the list of all accounts, for operators and for housekeeping"),
    (r#"SELECT DISTINCT "imports"."account_id" FROM "imports""#, "housekeeping: accounts in which an import runs"),
    (r#"SELECT DISTINCT "uploads"."account_id" FROM "uploads""#, "housekeeping: accounts with old files"),
];

/// The tables that have an account, as the migrations make them; others are plain tables of the coordinator.
static TABLES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage/src/migration");
    let mut tables = HashSet::new();
    for entry in fs::read_dir(folder).expect("the migrations are there") {
        let text = fs::read_to_string(entry.expect("the folder is readable").path()).expect("a source is UTF-8");
        for table in text.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(" (").unwrap_or_default();
            let columns = rest.split(';').next().unwrap_or_default();
            if columns.trim_start().starts_with("account_id ") || columns.contains("\n    account_id ") {
                tables.insert(name.to_owned());
            }
        }
    }
    // The one plain table with a column of this name: it finds the account.
    for plain in ["directory", "sign_in_directory"] {
        tables.remove(plain);
    }
    assert!(tables.len() > 30, "only {} tables were found: {tables:?}", tables.len());
    tables
});

/// What was seen of statements.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Counts>>);

/// How much was seen, and what of it asks more than one account.
#[derive(Default)]
pub struct Counts {
    /// How many statements were read.
    pub statements: usize,
    /// How many tables of accounts they named in queries of their own within another.
    pub subqueries: usize,
    /// The statements that ask for a table without the account.
    pub wrong: BTreeSet<String>,
}

impl Seen {
    /// Reads a statement.
    pub fn read(&self, statement: &str) {
        let is_allowed = ALLOWED.iter().any(|(part, _)| statement.contains(part));
        let plain_insert = statement.starts_with("INSERT") && !statement.contains("SELECT");
        if is_allowed || plain_insert || statement.starts_with("SET ") || statement.starts_with("ANALYZE") {
            return;
        }
        let (tables, subqueries) = without_account(statement);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.statements += 1;
        counts.subqueries += subqueries;
        if !tables.is_empty() {
            let text: String = statement.chars().take(1_500).collect();
            counts.wrong.insert(format!("{} in: {text}", tables.join(", ")));
        }
    }

    /// What was seen so far; what is wrong is told once.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A query: the tables of accounts that it reads or writes, by the names that it calls them, and what it says of their accounts.
#[derive(Default)]
struct Query {
    tables: Vec<(String, String)>,
    constant: HashSet<String>,
    equal: Vec<(String, String)>,
}

impl Query {
    /// Notes what is said of an `account_id` at a place of a statement: that it is a constant, or that of another table.
    fn note(&mut self, tokens: &[String], at: usize) {
        let word = |at: usize| tokens.get(at).map_or("", |token| token.as_str());
        let owner = if at > 1 && word(at - 1) == "." { word(at - 2) } else { "" };
        match (word(at + 1), word(at + 2), word(at + 3), word(at + 4)) {
            ("=", other, ".", "account_id") => self.equal.push((owner.to_owned(), other.to_owned())),
            ("=", value, ..) if is_constant(value) => {
                self.constant.insert(owner.to_owned());
            }
            _ => {}
        }
    }

    /// The tables whose account is not a constant of this very query.
    fn open(&self) -> Vec<String> {
        let mut known = self.constant.clone();
        if let [(_, alias)] = &self.tables[..]
            && known.contains("")
        {
            known.insert(alias.clone());
        }
        loop {
            let more = self.equal.iter().find_map(|(a, b)| match (known.contains(a), known.contains(b)) {
                (true, false) => Some(b.clone()),
                (false, true) => Some(a.clone()),
                _ => None,
            });
            match more {
                Some(more) => known.insert(more),
                None => break,
            };
        }
        let open = self.tables.iter().filter(|(_, alias)| !known.contains(alias));
        open.map(|(table, _)| table.clone()).collect()
    }
}

/// The tables that a statement asks for without the account, and how many tables its inner queries name.
fn without_account(statement: &str) -> (Vec<String>, usize) {
    let tokens = tokens(statement);
    let (mut stack, mut open, mut subqueries) = (vec![Some(Query::default())], Vec::new(), 0);
    let mut close = |query: Option<Query>, is_inner: bool| {
        if let Some(query) = query {
            subqueries += if is_inner { query.tables.len() } else { 0 };
            open.extend(query.open());
        }
    };
    let word = |at: usize| tokens.get(at).map_or("", |token| token.as_str());
    let (mut at, mut is_list) = (0, false);
    while at < tokens.len() {
        match word(at) {
            "(" => {
                let is_query = matches!(word(at + 1), "SELECT" | "WITH");
                stack.push(is_query.then(Query::default));
                is_list = false;
            }
            ")" => {
                let depth = stack.len();
                close(stack.pop().flatten(), depth > 1);
                is_list = false;
            }
            "UNION" | "EXCEPT" | "INTERSECT" => {
                let depth = stack.len();
                if let Some(last) = stack.last_mut() {
                    close(last.replace(Query::default()), depth > 1);
                }
                is_list = false;
            }
            "FROM" | "JOIN" | "UPDATE" | "INTO" | "USING" => is_list = true,
            "WHERE" | "SET" | "ON" | "ORDER" | "GROUP" | "LIMIT" | "SELECT" | "RETURNING" | "VALUES" | "FOR" => {
                is_list = false;
            }
            table if is_list && TABLES.contains(table) && word(at + 1) != "." => {
                let alias = match (word(at + 1), word(at + 2)) {
                    ("AS", alias) => alias,
                    (alias, _) if is_name(alias) => alias,
                    _ => table,
                };
                // What is inserted has its account in its values.
                if word(at.wrapping_sub(1)) != "INTO"
                    && let Some(query) = stack.iter_mut().rev().flatten().next()
                {
                    query.tables.push((table.to_owned(), alias.to_owned()));
                }
            }
            "account_id" => {
                if let Some(query) = stack.iter_mut().rev().flatten().next() {
                    query.note(&tokens, at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    while let Some(query) = stack.pop() {
        let is_inner = !stack.is_empty();
        close(query, is_inner);
    }
    (open, subqueries)
}

fn is_constant(token: &str) -> bool {
    token.starts_with('$') || token.starts_with('\'')
}

fn is_name(token: &str) -> bool {
    const KEYWORDS: [&str; 22] = [
        "WHERE",
        "SET",
        "ON",
        "ORDER",
        "GROUP",
        "LIMIT",
        "INNER",
        "LEFT",
        "JOIN",
        "USING",
        "UNION",
        "RETURNING",
        "FOR",
        "CROSS",
        "AND",
        "VALUES",
        "SELECT",
        "HAVING",
        "OFFSET",
        "WINDOW",
        "NATURAL",
        "EXCEPT",
    ];
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !KEYWORDS.contains(&token)
}

/// The words, names, values and signs of a statement. Names lose their quotes, keywords are in capitals.
fn tokens(statement: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ if first.is_alphanumeric() || matches!(first, '_' | '$') => {
                rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$')).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let token = &rest[..length];
        found.push(if first == '"' { token.trim_matches('"').to_owned() } else { keyword(token) });
        rest = rest[length..].trim_start();
    }
    found
}

fn keyword(token: &str) -> String {
    let upper = token.to_ascii_uppercase();
    let known = ["SELECT", "FROM", "JOIN", "WHERE", "WITH", "UNION", "UPDATE", "SET", "ON", "AS", "INTO", "USING"];
    if known.contains(&upper.as_str()) { upper } else { token.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::without_account;

    #[test]
    fn a_table_without_its_account_is_seen_wherever_it_stands() {
        for (statement, expected, inner) in [
            (r#"SELECT "people"."id" FROM "people" WHERE "people"."account_id" = $1"#, &[][..], 0),
            (r#"SELECT "people"."id" FROM "people" WHERE "people"."id" = $1"#, &["people"], 0),
            ("UPDATE people SET name = '' WHERE account_id = '0192' AND id IN (SELECT id FROM events)", &["events"], 1),
            ("DELETE FROM events WHERE account_id = $1 AND id = ANY(ARRAY(SELECT $2))", &[], 0),
            (
                "SELECT 1 FROM people p WHERE p.account_id = $1 AND EXISTS (SELECT 1 FROM events AS e WHERE e.account_id = p.account_id)",
                &["events"],
                1,
            ),
            ("SELECT 1 FROM people p JOIN events e ON e.account_id = p.account_id WHERE p.account_id = $1", &[], 0),
            ("SELECT id FROM people WHERE account_id = $1 UNION ALL SELECT id FROM events", &["events"], 0),
            ("INSERT INTO people SELECT * FROM events WHERE account_id = $1", &[], 0),
            ("SELECT account_id FROM sign_in_directory WHERE email_key = $1", &[], 0),
        ] {
            let (open, subqueries) = without_account(statement);
            assert_eq!(
                (open.as_slice(), subqueries),
                (&*expected.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>(), inner),
                "{statement}"
            );
        }
    }
}
