//! What a field no longer allows: an option that is called something else or gone, another type, a field, a category, a person or a
//! template that is deleted. Nothing of it comes back, and what stays away is named.

use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use storage::import::{Duplicates, Incoming, KeptReason, Policy, Report, Target};
use storage::query::custom_fields::{self, CustomField, CustomFieldEdit, NewCustomField, ValueType};
use storage::query::custom_values::{self, CustomValueInput};
use storage::query::people::{self, PersonEdit};
use storage::query::transactions::Stage;
use storage::{Contact, ItemKind, NameOrId, Order, PageRequest, View};
use uuid::Uuid;

use super::account::{self, Account};
use super::{One, ada, bob};

/// A person and a custom field of people, whose value imports change.
struct Case {
    account: Account,
    person: Uuid,
    field: CustomField,
}

/// Options and their new names, the options then, and what the field holds after an undo and after a redo.
type Renaming = (&'static [(&'static str, &'static str)], Option<&'static [&'static str]>, &'static str, &'static str);

on_each_database! {
    async fn an_option_that_is_called_something_else_comes_back_by_its_new_name(one: One) {
        // What is renamed, what the options are then, what an undo gives and what a redo gives.
        let cases: [Renaming; 5] = [
            (&[("red", "crimson")], None, "crimson", "blue"),
            (&[("blue", "navy")], None, "red", "navy"),
            (&[("red", "Red"), ("blue", "BLUE")], None, "Red", "BLUE"),
            (&[("red", "blue"), ("blue", "red")], None, "blue", "red"),
            (&[("red", "blue")], Some(&["blue", "green"]), "blue", "blue"),
        ];
        let mut case = Case::new(one.account, ValueType::Choice, &["red", "blue", "green"]).await;
        for (number, (names, options, undone, redone)) in cases.into_iter().enumerate() {
            case.fresh(&format!("Colour {number}"), ValueType::Choice, &["red", "blue", "green"]).await;
            case.set(Some("red")).await;
            let import = case.import("blue").await;
            case.change(names, options, None).await;
            let report = case.undo(import).await;
            assert_eq!((report.restored, report.kept, case.value().await.as_deref()), (1, 0, Some(undone)), "{names:?}");
            assert!(case.is_found_by(undone).await, "{undone}");
            let report = case.redo(import).await;
            assert_eq!((report.restored, report.kept, case.value().await.as_deref()), (1, 0, Some(redone)), "{names:?}");
            assert!(case.is_found_by(redone).await, "{redone}");
        }
    }

    async fn an_option_that_is_gone_stays_away(one: One) {
        let mut case = Case::new(one.account, ValueType::Choice, &["red", "blue"]).await;
        case.set(Some("red")).await;
        let import = case.import("blue").await;
        case.change(&[], Some(&["blue"]), None).await;
        let report = case.undo(import).await;
        assert_eq!((report.restored, report.kept, case.value().await.as_deref()), (0, 1, Some("blue")));
        assert_eq!(case.why(&report), "the field Colour takes one of its options (blue), and \"red\" is none");
        // It comes back once there is such an option again, of whatever case.
        case.redo(import).await;
        let import = case.import_over("blue", "green", &["blue", "green"]).await;
        case.change(&[], Some(&["green"]), None).await;
        case.change(&[], Some(&["green", "Blue"]), None).await;
        let report = case.undo(import).await;
        assert_eq!((report.kept, case.value().await.as_deref()), (0, Some("Blue")));
    }

    async fn a_value_of_another_type_stays_away(one: One) {
        let cases: [(ValueType, &[&str], &str, &str); 4] = [
            (ValueType::Number, &[], "5", "takes a number with at most four decimal places"),
            (ValueType::Date, &[], "2026-05-25", "takes a day such as 2026-05-25"),
            (ValueType::YesNo, &[], "yes", "takes yes or no"),
            (ValueType::Choice, &["green"], "green", "takes one of its options (green)"),
        ];
        let mut case = Case::new(one.account, ValueType::Text, &[]).await;
        for (number, (value_type, options, value, wanted)) in cases.into_iter().enumerate() {
            case.fresh(&format!("Word {number}"), ValueType::Text, &[]).await;
            let first = case.import("hello").await;
            case.undo(first).await;
            case.change(&[], (!options.is_empty()).then_some(options), Some(value_type)).await;
            // Nothing is there, and nothing comes.
            let report = case.redo(first).await;
            assert_eq!((report.restored, report.kept, case.value().await), (0, 1, None), "{value_type:?}");
            assert!(case.why(&report).contains(wanted), "{report:?}");
            case.undo(first).await;
            // Below what a later import has put there: what that one found is not possible, and its own value stays.
            let second = case.import(value).await;
            case.redo(first).await;
            let report = case.undo(second).await;
            assert_eq!((report.kept, case.value().await.as_deref()), (1, Some(value)), "{value_type:?}");
            assert!(case.why(&report).contains(wanted) && case.why(&report).contains("\"hello\" is none"), "{report:?}");
        }
        // What the new type can read comes back as it holds it.
        case.fresh("Answer", ValueType::Text, &[]).await;
        let import = case.import("TRUE").await;
        case.undo(import).await;
        case.change(&[], None, Some(ValueType::YesNo)).await;
        assert_eq!((case.redo(import).await.kept, case.value().await.as_deref()), (0, Some("yes")));
    }

    async fn a_field_that_is_deleted_gets_nothing_back(one: One) {
        let mut case = Case::new(one.account, ValueType::Text, &[]).await;
        case.set(Some("hello")).await;
        let import = case.import("world").await;
        custom_fields::delete(&case.account.writers[0], case.field.id, None).await.expect("it is there");
        for step in 0..2 {
            let report = if step == 0 { case.undo(import).await } else { case.redo(import).await };
            assert_eq!((report.removed, report.restored, report.kept), (0, 0, 1));
            assert_eq!(case.why(&report), "the custom field Colour is deleted");
        }
        assert!(!case.is_found_by("hello").await && !case.is_found_by("world").await);
    }

    async fn values_that_would_be_too_long_together_stay_away(one: One) {
        let mut case = Case::new(one.account, ValueType::Text, &[]).await;
        let long = "x".repeat(600_000);
        case.set(Some(&long)).await;
        let import = case.import("short").await;
        let first = case.field.clone();
        case.fresh("Other", ValueType::Text, &[]).await;
        case.set(Some(&long)).await;
        case.field = first;
        let report = case.undo(import).await;
        assert_eq!((report.restored, report.kept, case.value().await.as_deref()), (0, 1, Some("short")));
        let why = "the custom values would have 1200000 bytes together, and 1048576 is the most for one record";
        assert_eq!(case.why(&report), why);
    }

    async fn an_undo_of_categories_alone_counts_and_a_category_that_is_deleted_is_named(one: One) {
        let mut account = one.account;
        let person = account.person(0, ada(), &[]).await;
        account.person(0, bob(), &["VIP".to_owned()]).await;
        let import = account.people(&[ada()], Duplicates::Merge, &["VIP"]).await;
        let both = account.people(&[Contact { city: Some("Rome".to_owned()), ..ada() }], Duplicates::Merge, &["Press"]).await;
        assert_eq!(account.undo(0, both).await.restored, 1, "a record counts once");
        assert_eq!(account.redo(0, both).await.restored, 1, "a record counts once");
        let report = account.undo(0, import).await;
        assert_eq!((report.removed, report.restored, report.kept), (0, 1, 0));
        let report = account.redo(0, import).await;
        assert_eq!((report.removed, report.restored, report.kept), (0, 1, 0));
        account.check().await;
        account.undo(0, import).await;
        account.delete_category(1, "VIP").await;
        let report = account.redo(0, import).await;
        assert_eq!((report.removed, report.restored, report.kept), (0, 0, 1));
        assert_eq!((report.keeps[0].item.id, &*report.keeps[0].name), (person, "Ada - Acme"));
        let why = "the category VIP is deleted".to_owned();
        assert_eq!(report.keeps[0].reason, KeptReason::NotAllowed { field: "categories".to_owned(), why });
        account.check().await;
    }

    async fn a_template_that_is_deleted_does_not_come_back_to_an_event(site: Site) {
        let client = site.client().await;
        let made = r#"mutation {
            a: createEmailTemplate(input: { name: "First", subject: "Hi", body: "Ho" }) { emailTemplate { id } }
            b: createEmailTemplate(input: { name: "Second", subject: "Hi", body: "Ho" }) { emailTemplate { id } }
        }"#;
        let made = client.graphql(made, json!({})).await;
        let event = r#"mutation($a: ID!) {
            createEvent(input: { title: "Lunch", startsOn: "2026-06-01", emailTemplate: $a }) { event { id } } }"#;
        let first = made["a"]["emailTemplate"]["id"].clone();
        client.graphql(event, json!({ "a": first })).await;
        let file = "title,startsOn,emailTemplate\nLunch,2026-06-01,Second\n";
        let receipt = client.import("/import/calendar?format=csv&duplicates=replace", file).await;
        assert_eq!(receipt["updated"], 1, "{receipt:#}");
        let delete = "mutation($id: ID!) { deleteEmailTemplate(input: { id: $id }) { deletedId } }";
        client.graphql(delete, json!({ "id": first })).await;
        let undo = format!("/imports/{}/undo", receipt["id"].as_str().expect("an id"));
        let report = client.import(&undo, "").await;
        let counts = ["removed", "restored", "kept"].map(|name| report[name].as_u64());
        assert_eq!(counts, [Some(0), Some(0), Some(1)], "{report:#}");
        let kept = &report["keeps"][0];
        assert_eq!((&kept["reason"], &kept["field"], &kept["why"]), (&json!("notAllowed"), &json!("emailTemplate"), &json!("the e-mail template is deleted")));
        let events = client.graphql("{ events { nodes { title emailTemplate { name } } } }", json!({})).await;
        assert_eq!(events["events"]["nodes"], json!([{ "title": "Lunch", "emailTemplate": { "name": "Second" } }]));
    }

    async fn an_export_after_an_undo_can_be_imported_again(site: Site) {
        let client = site.client().await;
        let field = r"mutation($name: String!, $type: CustomFieldType!, $options: [String!]!) {
            createCustomField(input: { target: PERSON, name: $name, type: $type, options: $options }) { customField { id } } }";
        let colour = json!({ "name": "Colour", "type": "CHOICE", "options": ["red", "blue"] });
        let colour = client.graphql(field, colour).await["createCustomField"]["customField"]["id"].clone();
        let word = client.graphql(field, json!({ "name": "Word", "type": "TEXT", "options": [] })).await;
        let word = word["createCustomField"]["customField"]["id"].clone();
        client.import("/import/people?format=csv", "name,Colour\nAda,red\n").await;
        let step = async |receipt: &Value, step: &str| {
            client.import(&format!("/imports/{}/{step}", receipt["id"].as_str().expect("an id")), "").await
        };
        let replaced = client.import("/import/people?format=csv&duplicates=replace", "name,Colour\nAda,blue\n").await;
        let worded = client.import("/import/people?format=csv&duplicates=replace", "name,Word\nAda,hello\n").await;
        step(&worded, "undo").await;
        let change = r#"mutation($colour: ID!, $word: ID!) {
            a: updateCustomField(input: { id: $colour, renameOptions: [{ from: "red", to: "crimson" }] }) { customField { id } }
            b: updateCustomField(input: { id: $word, type: NUMBER }) { customField { id } }
        }"#;
        client.graphql(change, json!({ "colour": colour, "word": word })).await;
        step(&replaced, "undo").await;
        let report = step(&worded, "redo").await;
        assert_eq!(report["keeps"][0]["field"], "Word", "{report:#}");
        let words = "mutation($id: ID!) { undoImport(input: { id: $id }) { kept } }";
        client.graphql(words, json!({ "id": worded["id"] })).await;
        let words = "mutation($id: ID!) { redoImport(input: { id: $id }) { kept keeps { reason field why } } }";
        let words = client.graphql(words, json!({ "id": worded["id"] })).await["redoImport"].clone();
        let why = "the field Word takes a number with at most four decimal places such as 5000 or 0.25, and \"hello\" is none";
        assert_eq!(words, json!({ "kept": 1, "keeps": [{ "reason": "NOT_ALLOWED", "field": "Word", "why": why }] }));
        let export = client.download("/export/people.csv").await;
        assert!(export.contains("crimson") && !export.contains("hello"), "{export}");
        let receipt = client.import("/import/people?format=csv&duplicates=replace", export).await;
        assert_eq!((&receipt["unchanged"], &receipt["failed"]), (&json!(1), &json!(0)), "{receipt:#}");
    }

    async fn a_transaction_of_somebody_who_is_deleted_stays_away_and_is_named(one: One) {
        let mut account = one.account;
        let person = account.person(0, ada(), &[]).await;
        let policy = Policy::new(Target::Stage(Stage::Lead), Duplicates::Ignore);
        let row = Incoming { row: 1, person_id: Some(person), contact: ada(), ..Incoming::default() };
        let import = account.import(0, &policy, &[row], 1, account::Plan::None).await.expect("there is no plan");
        let lead = account.live(ItemKind::Transaction)[0];
        account.undo(0, import).await;
        account.delete(0, person).await;
        let report = account.redo(0, import).await;
        assert_eq!((report.removed, report.restored, report.kept, report.keeps[0].item.id), (0, 0, 1, lead));
        let why = "the person is deleted".to_owned();
        assert_eq!(report.keeps[0].reason, KeptReason::NotAllowed { field: "personId".to_owned(), why });
        account.check().await;
    }
}

impl Case {
    async fn new(mut account: Account, value_type: ValueType, options: &[&str]) -> Self {
        let person = account.person(0, ada(), &[]).await;
        let field = made(&account, "Colour", value_type, options).await;
        Self { account, person, field }
    }

    /// Goes on with another field.
    async fn fresh(&mut self, name: &str, value_type: ValueType, options: &[&str]) {
        self.field = made(&self.account, name, value_type, options).await;
    }

    /// Has a user put a value into the field.
    async fn set(&self, value: Option<&str>) {
        let field = NameOrId::Id(self.field.id);
        let custom_values = vec![CustomValueInput { field, value: value.map(ToOwned::to_owned) }];
        let edit = PersonEdit { id: self.person, version: None, categories: None, custom_values };
        people::update(&self.account.writers[0], edit, |_| ()).await.expect("a value that can be");
    }

    /// Imports a value over what is there, and gives the number of the import.
    async fn import(&mut self, value: &str) -> Uuid {
        use storage::import::{Begun, Import, announce};
        let policy = Policy::new(Target::People, Duplicates::Replace);
        let custom = vec![(self.field.name.clone(), value.to_owned())];
        let row = Incoming { row: 1, line: 2, id: Some(self.person), contact: ada(), custom, ..Incoming::default() };
        let writer = &self.account.writers[0];
        let id = announce(writer, &account::announcement(&policy)).await.expect("nobody else imports");
        let Begun::Mine(mut import) = Import::begin(writer, id, policy).await.expect("its turn") else {
            panic!("nobody else has run it")
        };
        let row = import.checker().check(row).expect("a good row");
        import.rows(vec![row]).await.expect("one row");
        import.commit(account::summary()).await.expect("it is applied").id
    }

    /// Has the field hold a value among these options, and imports another over it.
    async fn import_over(&mut self, value: &str, over: &str, options: &[&str]) -> Uuid {
        self.change(&[], Some(options), None).await;
        self.set(Some(value)).await;
        self.import(over).await
    }

    async fn change(&mut self, names: &[(&str, &str)], options: Option<&[&str]>, value_type: Option<ValueType>) {
        let edit = CustomFieldEdit {
            id: self.field.id,
            version: None,
            name: None,
            value_type,
            renamed_options: names.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect(),
            options: options.map(|options| options.iter().map(|option| (*option).to_owned()).collect()),
        };
        custom_fields::update(&self.account.writers[0], edit).await.expect("a change that can be");
    }

    async fn undo(&self, import: Uuid) -> Report {
        storage::import::undo(&self.account.writers[0], import).await.expect("it is applied")
    }

    async fn redo(&self, import: Uuid) -> Report {
        storage::import::redo(&self.account.writers[0], import).await.expect("it is undone")
    }

    async fn value(&self) -> Option<String> {
        let mut values = custom_values::values_of(&self.account.reader, &[self.person]).await.expect("an answer");
        let values = values.remove(&self.person).unwrap_or_default();
        values.into_iter().find(|value| value.field.id == self.field.id).map(|value| value.value)
    }

    async fn is_found_by(&self, text: &str) -> bool {
        let search = storage::Search::parse(&format!("\"{text}\"")).expect("a search");
        let view = View { search, ..View::default() };
        let page = PageRequest::first(10, None);
        let found = people::list(&self.account.reader, &view, Order::default(), &page).await.expect("a page");
        found.items.iter().any(|person| person.id == self.person)
    }

    /// Why the one thing of a report stays, which is the field.
    fn why(&self, report: &Report) -> String {
        let [kept] = &report.keeps[..] else { panic!("one thing stays: {report:?}") };
        assert_eq!((kept.item.id, &*kept.name), (self.person, "Ada - Acme"));
        let KeptReason::NotAllowed { field, why } = &kept.reason else { panic!("it is not allowed: {kept:?}") };
        assert_eq!(*field, format!("custom:{}", self.field.id));
        why.clone()
    }
}

async fn made(account: &Account, name: &str, value_type: ValueType, options: &[&str]) -> CustomField {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let new = NewCustomField { target: custom_fields::Target::Person, name: name.to_owned(), value_type, options };
    custom_fields::create(&account.writers[0], new).await.expect("a new field")
}
