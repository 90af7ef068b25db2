//! Imports of many rows beside a plain model of what they do.

use std::collections::BTreeSet;

use harness::client::Client;
use harness::on_each_database;
use harness::require::cases;
use harness::site::Site;
use serde_json::Value;

use super::{POLICIES, ids, notes, records, said, stray, summary, take};

on_each_database! {
    async fn duplicates_are_found_across_the_borders_of_batches(site: Site) {
        let client = site.client().await;
        // 1,203 rows of 601 people: each comes again 601 rows later, and the last row is the first person once more.
        let person = |row: usize| format!("Ann {0},a{0}@e.example,{1}\n", row % 601, row / 601);
        let file: String = std::iter::once("name,email,value\n".to_owned()).chain((0..1_203).map(person)).collect();
        for section in ["people", "leads"] {
            let receipt = client.import(&format!("/import/{section}?format=csv"), file.clone()).await;
            assert_eq!(summary(&receipt), "601 created, 602 skipped", "{section}");
            let noted = notes(&receipt["skips"]);
            assert_eq!(noted[0], "602, 603: it repeats row 1: the same e-mail address", "{section}");
            assert_eq!(noted[601], "1203, 1204: it repeats row 1: the same e-mail address", "{section}");
            let once: String = file.split_inclusive('\n').take(602).collect();
            for policy in POLICIES {
                assert_eq!(take(&client, section, policy, &once).await, "601 unchanged", "{section}: {policy}");
            }
        }
        assert_eq!((records(&client, "people").await.len(), records(&client, "leads").await.len()), (601, 601));
    }

    async fn what_a_batch_changes_the_next_one_meets(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,old@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let between: String = (0..600).map(|row| format!(",P{row},\n")).collect();
        let file = format!("id,name,email\n{ann},Ann,new@e.example\n{between},Bob,new@e.example\n,Cyd,old@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "601 created, 1 updated, 1 skipped");
    }

    async fn random_files_obey_the_rules(site: Site) {
        for case in 0..cases(8) {
            let account = format!("case{case}");
            site.account(&account, "UTC").await;
            let client = site.client_of(&format!("admin@{account}.example")).await;
            let mut random = Random(u64::from(case) + 1);
            let strays = [stray("person"), stray("person")];
            let mut model = Model::default();
            for _ in 0..4 {
                let file: Vec<_> = (0..random.below(9)).map(|_| random_row(&mut random, &model, &strays)).collect();
                let policy = POLICIES[random.below(3)];
                let text = random_text(&file);
                let expected = model.import(policy, file);
                let found = take(&client, "people", policy, &text).await;
                assert_eq!(found, expected, "case {case}, {policy}\n{text}\n{model:#?}");
                model.check(&client, &format!("case {case}, {policy}\n{text}")).await;
            }
        }
    }
}

/// The rules for people, row after row, as simply as they can be written.
#[derive(Debug, Default)]
struct Model {
    people: Vec<ModelPerson>,
}

/// A person of the model, or a row of a file: what it says in each of [`COLUMNS`], and its categories.
#[derive(Clone, Debug, Default)]
struct ModelPerson {
    /// Of a person the id, as the database has given it; of a row the one that it bears, or an empty text.
    id: String,
    cells: [String; 5],
    categories: BTreeSet<String>,
    /// The id of the row of the running file that made or met the person.
    met_by: Option<String>,
}

const COLUMNS: [&str; 5] = ["name", "company", "email", "phone", "title"];

impl Model {
    fn import(&mut self, policy: &str, file: Vec<ModelPerson>) -> String {
        let mut counts = [0; 5];
        for person in &mut self.people {
            person.met_by = None;
        }
        for row in file {
            counts[self.row(policy, row)] += 1;
        }
        said(counts)
    }

    /// The index in [`OUTCOMES`] of what becomes of a row.
    fn row(&mut self, policy: &str, row: ModelPerson) -> usize {
        let [name, company, email, phone, _] = &row.cells;
        if [name, company, email, phone].iter().all(|cell| cell.is_empty()) {
            return 4;
        }
        let Some(found) = self.find(&row) else {
            self.people.push(ModelPerson { id: String::new(), met_by: Some(row.id.clone()), ..row });
            return 0;
        };
        let person = &mut self.people[found];
        if person.met_by.as_ref().is_some_and(|met_by| !differ(met_by, &row.id)) {
            return 3;
        }
        person.met_by = Some(row.id.clone());
        let mut cells = person.cells.clone();
        for (cell, new) in cells.iter_mut().zip(&row.cells) {
            if !new.is_empty() && (cell.is_empty() || policy != "merge") {
                cell.clone_from(new);
            }
        }
        if cells == person.cells && row.categories.is_subset(&person.categories) {
            return 2;
        }
        if policy == "ignore" {
            return 3;
        }
        person.cells = cells;
        person.categories.extend(row.categories);
        1
    }

    fn find(&self, row: &ModelPerson) -> Option<usize> {
        let same = |column: usize, person: &ModelPerson| folded(&person.cells[column]) == folded(&row.cells[column]);
        let by_id = self.people.iter().position(|person| !row.id.is_empty() && person.id == row.id);
        let free = |person: &ModelPerson| !person.met_by.as_ref().is_some_and(|met_by| differ(met_by, &row.id));
        let with_email = || {
            let alike = self.people.iter().enumerate().filter(|(_, person)| free(person) && same(2, person));
            let best = alike.min_by_key(|(_, person)| (!same(0, person), !same(1, person)));
            best.map(|(index, _)| index).filter(|_| !row.cells[2].is_empty())
        };
        let with_name = || {
            let alike = |person: &ModelPerson| {
                same(0, person) && same(1, person) && (row.cells[2].is_empty() || person.cells[2].is_empty())
            };
            let named = !row.cells[0].is_empty() || !row.cells[1].is_empty();
            self.people.iter().position(|person| named && free(person) && alike(person))
        };
        by_id.or_else(with_email).or_else(with_name)
    }

    /// The database holds what the model holds. Learns the ids of new people, who stand at the end.
    async fn check(&mut self, client: &Client, said: &str) {
        let found: Vec<_> = records(client, "people").await;
        let shown = |person: &Value| {
            let cells = COLUMNS.map(|column| person[column].as_str().unwrap_or_default().to_owned());
            let categories = person["categories"].as_array().expect("a list").iter();
            let categories: BTreeSet<_> = categories.map(|name| folded(name.as_str().expect("a name"))).collect();
            (cells, categories)
        };
        let expected: Vec<_> =
            self.people.iter().map(|person| (person.cells.clone(), person.categories.clone())).collect();
        assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected, "{said}");
        for (person, found) in self.people.iter_mut().zip(&found) {
            found["id"].as_str().expect("an id").clone_into(&mut person.id);
        }
    }
}

/// Whether two rows bear different ids; a row without one may repeat any other.
fn differ(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}

/// Folding, as far as the alphabet of the random files needs it.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('ä', "a")
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0 >> 33) % end as u64).expect("less than end")
    }

    fn of(&mut self, choices: &[&str]) -> String {
        choices[self.below(choices.len())].to_owned()
    }
}

fn random_row(random: &mut Random, model: &Model, strays: &[String]) -> ModelPerson {
    let id = match random.below(4) {
        0 => strays[random.below(strays.len())].clone(),
        1 if !model.people.is_empty() => model.people[random.below(model.people.len())].id.clone(),
        _ => String::new(),
    };
    let cells = [
        random.of(&["", "Ann", "ÄNN", "Bob"]),
        random.of(&["", "", "Acme"]),
        random.of(&["", "x@e.example", "X@E.example", "y@e.example"]),
        random.of(&["", "", "1", "2"]),
        random.of(&["", "CEO", "CTO"]),
    ];
    let categories = [random.of(&["", "", "a"]), random.of(&["", "b"])];
    let categories = categories.into_iter().filter(|name| !name.is_empty()).collect();
    ModelPerson { id, cells, categories, met_by: None }
}

/// The rows as CSV; the country keeps a row from being blank, and does not make it a person.
fn random_text(file: &[ModelPerson]) -> String {
    let mut text = format!("country,id,{},categories\n", COLUMNS.join(","));
    for ModelPerson { id, cells, categories, .. } in file {
        let categories: Vec<_> = categories.iter().map(String::as_str).collect();
        text += &format!("Utopia,{id},{},{}\n", cells.join(","), categories.join(" ::: "));
    }
    text
}
