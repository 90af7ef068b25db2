//! Clocks that do not agree: what one gateway has made, another changes whose clock is behind. Nothing is changed before it was made.

use async_graphql::{Request, Variables};
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::NOW;
use schema::Schema;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use service::{Caller, Clock, Engine, ImportFile, ImportRequest, Session};
use storage::query::accounts::{self, NewAccount};
use storage::query::users::{NewUser, Role};
use storage::{Pool, Storage, Timestamp};
use tempfile::TempDir;

/// Two gateways on one database, the second an hour behind, and a connection of our own beside them.
struct Two {
    ahead: Gateway,
    behind: Gateway,
    raw: DatabaseConnection,
    folder: TempDir,
}

struct Gateway {
    schema: Schema,
    session: Session,
}

impl Two {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/shared.db", folder.path().display()),
            Kind::Postgres => empty(kind, test).await?,
        };
        let now = |hours: i64| Timestamp::from_microseconds((NOW + hours * 3_600) * 1_000_000);
        let storage = Storage::connect(&url, Pool::default()).await.expect("a connection");
        storage.migrate().await.expect("an empty database can be migrated");
        let account = NewAccount { subdomain: "acme".into(), name: "Acme".into(), time_zone: "UTC".into() };
        let admin = NewUser {
            email: "admin@acme.example".into(),
            name: String::new(),
            role: Role::Admin,
            password_hash: String::new(),
        };
        accounts::create(&storage, account, admin, now(0)).await.expect("a new account");
        let gateway = async |hours| {
            let storage = storage.clone();
            let engine =
                Engine::new(storage, formats::builtin(), Clock::Fixed(now(hours))).await.expect("it is migrated");
            let session = engine.operator(None, None).await.expect("the only user");
            Gateway { schema: schema::build(engine), session }
        };
        let (ahead, behind) = (gateway(0).await, gateway(-1).await);
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await;
        Some(Self { ahead, behind, raw: raw.expect("a connection of our own"), folder })
    }

    /// The number that a query gives.
    async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.raw.get_database_backend(), sql.to_owned());
        let row = self.raw.query_one_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Nothing was changed or deleted before it was made, whatever it is.
    async fn check(&self) {
        for table in [
            "accounts",
            "users",
            "people",
            "transactions",
            "events",
            "messages",
            "categories",
            "labels",
            "custom_fields",
            "email_templates",
            "event_templates",
        ] {
            let early = self.number(&format!("SELECT COUNT(*) FROM {table} WHERE updated_at < created_at")).await;
            assert_eq!(early, 0, "{table} that were changed before they were made");
        }
        for table in ["people", "transactions", "events", "messages", "categories"] {
            let early = self.number(&format!("SELECT COUNT(*) FROM {table} WHERE deleted_at < created_at")).await;
            assert_eq!(early, 0, "{table} that were deleted before they were made");
        }
        assert_eq!(self.number("SELECT COUNT(*) FROM imports WHERE finished_at < created_at").await, 0, "imports");
        let early = "SELECT COUNT(*) FROM transaction_stages s JOIN transactions t ON t.account_id = s.account_id
            AND t.id = s.transaction_id WHERE s.created_at < t.created_at";
        assert_eq!(self.number(early).await, 0, "stages");
        let early = "SELECT COUNT(*) FROM events WHERE completed_at < created_at";
        assert_eq!(self.number(early).await, 0, "events that are done before they were made");
    }
}

impl Gateway {
    async fn run(&self, document: &str, variables: Value) -> Value {
        let request = Request::new(document).variables(Variables::from_json(variables));
        let response = schema::execute(&self.schema, request, Caller::SignedIn(self.session.clone()), "test").await;
        assert!(response.errors.is_empty(), "{document}: {:?}", response.errors);
        response.data.into_json().expect("data are JSON")
    }
}

const MADE: &str = r#"mutation {
    person: createPerson(input: { name: "Ada", city: "Ulm" }) { person { id } }
    other: createPerson(input: { name: "Bob" }) { person { id } }
    lead: createTransaction(input: { stage: LEAD, person: { name: "Cy" } }) { transaction { id } }
    event: createEvent(input: { title: "Lunch", startsOn: "2026-06-01" }) { event { id } }
    message: createMessage(input: { title: "Hello" }) { message { id } }
    category: createCategory(input: { name: "VIP" }) { category { id } }
    label: createLabel(input: { name: "Mine" }) { label { id } }
    field: createCustomField(input: { target: PERSON, name: "Size", type: TEXT }) { customField { id } }
    mail: createEmailTemplate(input: { name: "Hello", subject: "Hi", body: "Ho" }) { emailTemplate { id } }
    series: createEventTemplate(input: { name: "Calls", items: [{ offset: "+1 Day", title: "Call" }] }) { eventTemplate { id } }
}"#;

const CHANGED: &str = r#"mutation($person: ID!, $other: ID!, $lead: ID!, $event: ID!, $message: ID!, $category: ID!, $label: ID!,
    $field: ID!, $mail: ID!, $series: ID!, $user: ID!) {
    person: updatePerson(input: { id: $person, city: "Bonn" }) { person { createdAt updatedAt } }
    move: moveTransaction(input: { id: $lead, stage: CUSTOMER }) { transaction { createdAt updatedAt } }
    lead: updateTransaction(input: { id: $lead, value: "5", stage: ARCHIVE }) { transaction { createdAt updatedAt } }
    event: updateEvent(input: { id: $event, title: "Dinner" }) { event { createdAt updatedAt } }
    done: completeEvent(input: { id: $event }) { event { createdAt updatedAt completedAt } }
    message: updateMessage(input: { id: $message, title: "Hi" }) { message { createdAt updatedAt } }
    category: updateCategory(input: { id: $category, name: "Press" }) { category { id } }
    label: updateLabel(input: { id: $label, name: "Ours" }) { label { id } }
    field: updateCustomField(input: { id: $field, name: "Shoe size" }) { customField { id } }
    mail: updateEmailTemplate(input: { id: $mail, subject: "Hey" }) { emailTemplate { id } }
    series: updateEventTemplate(input: { id: $series, name: "More calls" }) { eventTemplate { id } }
    user: updateUser(input: { id: $user, name: "Admin" }) { user { id } }
    account: updateAccount(input: { name: "Acme Ltd" }) { account { name } }
    deletePerson(input: { id: $other }) { deletedId }
}"#;

on_each_database! {
    async fn nothing_is_changed_before_it_was_made(two: Two) {
        let made = two.ahead.run(MADE, json!({})).await;
        let id = |name: &str, noun: &str| made[name][noun]["id"].clone();
        let me = two.ahead.run("{ me { id } }", json!({})).await;
        let ids = json!({
            "person": id("person", "person"), "other": id("other", "person"), "lead": id("lead", "transaction"),
            "event": id("event", "event"), "message": id("message", "message"), "category": id("category", "category"),
            "label": id("label", "label"), "field": id("field", "customField"), "mail": id("mail", "emailTemplate"),
            "series": id("series", "eventTemplate"), "user": me["me"]["id"],
        });
        let changed = two.behind.run(CHANGED, ids.clone()).await;
        for (name, noun) in [("person", "person"), ("move", "transaction"), ("lead", "transaction"), ("event", "event"), ("done", "event"), ("message", "message")] {
            let record = &changed[name][noun];
            assert_eq!(record["updatedAt"], record["createdAt"], "the answer says it as well: {name}");
        }
        assert_eq!(changed["done"]["event"]["completedAt"], changed["done"]["event"]["createdAt"]);
        two.check().await;
        let history = "query($id: ID!) { transaction(id: $id) { createdAt history { stage at } } }";
        let history = two.ahead.run(history, json!({ "id": ids["lead"] })).await["transaction"].clone();
        let steps = history["history"].as_array().expect("a list");
        assert_eq!(steps.iter().map(|step| &step["stage"]).collect::<Vec<_>>(), ["LEAD", "CUSTOMER", "ARCHIVE"]);
        assert!(steps.iter().all(|step| step["at"] == history["createdAt"]), "{history:#}");
        // Whose clock is right goes on.
        let later = "mutation($id: ID!) { updatePerson(input: { id: $id, city: \"Ulm\" }) { person { version createdAt updatedAt } } }";
        let person = two.ahead.run(later, json!({ "id": ids["person"] })).await["updatePerson"]["person"].clone();
        assert_eq!((&person["version"], &person["updatedAt"]), (&json!(3), &person["createdAt"]));
    }

    async fn an_import_of_a_gateway_that_is_behind_changes_nothing_before_it_was_made(two: Two) {
        two.ahead.run(MADE, json!({})).await;
        let path = two.folder.path().join("people.csv");
        std::fs::write(&path, "name,city,categories\nAda,Rome,Fair\nDi,Rome,Fair\n").expect("a file");
        let file = async || ImportFile::open(&path, 1 << 20).await.expect("it is there").expect("it is small");
        let mut request = ImportRequest::new(formats::Section::Leads);
        request.duplicates = "replace".parse().expect("a policy");
        let plan = two.ahead.session.imports().plan(request, file().await).await.expect("a plan");
        let (id, hash) = (service::Kind::Import.global(plan.id).to_string(), plan.plan_hash.expect("it has one"));
        let behind = two.behind.session.imports();
        behind.apply(&id, &hash).await.expect("it is applied");
        two.check().await;
        behind.undo(&id).await.expect("it is undone");
        two.check().await;
        behind.redo(&id).await.expect("it is back");
        two.check().await;
        // What was made an hour ago and comes back now is newer again.
        two.ahead.session.imports().undo(&id).await.expect("it is undone");
        two.behind.session.imports().redo(&id).await.expect("it is back");
        two.check().await;
        let early = "SELECT COUNT(*) FROM people p WHERE p.version > 1 AND p.updated_at < p.created_at + 3600000000
            AND p.created_at < (SELECT MAX(created_at) FROM people)";
        assert_eq!(two.number(early).await, 0, "a moment never goes back");
    }
}
