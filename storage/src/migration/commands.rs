//! Running SQL of several commands, each as a query of its own: Citus takes no more than one in a query on a distributed table.

use sea_orm::{ConnectionTrait, DbErr};

/// Runs the commands of a text, which ends each with a semicolon.
pub(super) async fn run(on: &impl ConnectionTrait, text: &str) -> Result<(), DbErr> {
    for command in commands(text) {
        on.execute_unprepared(command).await?;
    }
    Ok(())
}

/// The commands of a text. A semicolon within quotes ends none, nor does one in the body of a trigger, from `BEGIN` to `END`.
fn commands(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut is_quoted, mut is_body) = (Vec::new(), 0, false, false);
    let mut word = 0;
    for (at, character) in text.char_indices() {
        if character.is_alphanumeric() || character == '_' {
            continue;
        }
        if !is_quoted {
            match &text[word..at] {
                "BEGIN" => is_body = true,
                "END" => is_body = false,
                _ => {}
            }
        }
        word = at + character.len_utf8();
        match character {
            '\'' => is_quoted = !is_quoted,
            ';' if !is_quoted && !is_body => {
                found.push(&text[start..at]);
                start = word;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found.into_iter().map(str::trim).filter(|command| !command.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn a_text_is_cut_into_its_commands() {
        for (text, expected) in [
            ("", &[][..]),
            ("DROP TABLE a", &["DROP TABLE a"]),
            ("\nDROP TABLE a;\nDROP TABLE b;\n", &["DROP TABLE a", "DROP TABLE b"]),
            ("INSERT INTO a VALUES (';');SELECT 1", &["INSERT INTO a VALUES (';')", "SELECT 1"]),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM c;\nEND;\nDROP TABLE BEGINNING;",
                &[
                    "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM c;\nEND",
                    "DROP TABLE BEGINNING",
                ],
            ),
        ] {
            assert_eq!(commands(text), expected, "{text}");
        }
    }

    /// A migration that runs SQL by itself could send several commands at once.
    #[test]
    fn migrations_run_sql_here_alone() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/migration");
        let (mut seen, mut wrong) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder is readable").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            if name.starts_with('m') {
                seen += 1;
                let text = std::fs::read_to_string(&path).expect("a source is readable UTF-8");
                assert!(text.contains("commands::run(") || text.contains("run("), "{name} runs nothing");
                if text.contains("execute_unprepared") {
                    wrong.push(name);
                }
            }
        }
        assert!(seen >= 13, "only {seen} migrations were seen");
        assert!(wrong.is_empty(), "{wrong:?} call execute_unprepared: use commands::run");
    }
}
