//! Users, their roles and rights, and the settings of an account.

use std::collections::{BTreeMap, BTreeSet};

use harness::client::Client;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use serde_json::{Value, json};
use service::Right;
use storage::query::users::Role;

const CREATE: &str = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id version email name role isDisabled } } }";
const UPDATE: &str =
    "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { version email name role isDisabled } } }";
const UPDATE_ME: &str = "mutation($input: UpdateMeInput!) { updateMe(input: $input) { user { version name } } }";
const UPDATE_ACCOUNT: &str = "mutation($input: UpdateAccountInput!) {
    updateAccount(input: $input) { account { version name timeZone language currency } }
}";
const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }";

/// Who may call a mutation.
#[derive(Clone, Copy, Debug)]
enum Caller {
    /// Everybody, also who is not signed in or changes only themselves.
    Anybody,
    /// Who has this right.
    With(Right),
}

use Caller::{Anybody, With};

/// Every mutation of the schema and who may call it.
const MUTATIONS: &[(&str, Caller)] = &[
    ("addLabel", With(Right::Labels)),
    ("addToCategory", With(Right::Records)),
    ("applyImport", With(Right::Records)),
    ("associate", With(Right::Records)),
    ("cancelImport", With(Right::Records)),
    ("completeEvent", With(Right::Records)),
    ("createApiToken", With(Right::Tokens)),
    ("createCategory", With(Right::Records)),
    ("createCustomField", With(Right::Fields)),
    ("createEmailTemplate", With(Right::Templates)),
    ("createEvent", With(Right::Records)),
    ("createEventTemplate", With(Right::Templates)),
    ("createFeed", With(Right::Feeds)),
    ("createLabel", With(Right::Labels)),
    ("createMessage", With(Right::Records)),
    ("createPerson", With(Right::Records)),
    ("createTransaction", With(Right::Records)),
    ("createUser", With(Right::Settings)),
    ("createWebhook", With(Right::Webhooks)),
    ("deleteCategory", With(Right::Records)),
    ("deleteCustomField", With(Right::Fields)),
    ("deleteEmailTemplate", With(Right::Templates)),
    ("deleteEvent", With(Right::Records)),
    ("deleteEventTemplate", With(Right::Templates)),
    ("deleteLabel", With(Right::Labels)),
    ("deleteMessage", With(Right::Records)),
    ("deletePerson", With(Right::Records)),
    ("deleteTransaction", With(Right::Records)),
    ("dissociate", With(Right::Records)),
    ("fireEventTemplate", With(Right::Records)),
    ("login", Anybody),
    ("moveTransaction", With(Right::Records)),
    ("planImport", With(Right::Records)),
    ("previewUndo", With(Right::Records)),
    ("redoImport", With(Right::Records)),
    ("refreshToken", Anybody),
    ("removeFromCategory", With(Right::Records)),
    ("removeLabel", With(Right::Labels)),
    ("revokeApiToken", With(Right::Tokens)),
    ("revokeFeed", With(Right::Feeds)),
    ("revokeWebhook", With(Right::Webhooks)),
    ("undoImport", With(Right::Records)),
    ("updateAccount", With(Right::Settings)),
    ("updateCategory", With(Right::Records)),
    ("updateCustomField", With(Right::Fields)),
    ("updateEmailTemplate", With(Right::Templates)),
    ("updateEvent", With(Right::Records)),
    ("updateEventTemplate", With(Right::Templates)),
    ("updateLabel", With(Right::Labels)),
    ("updateMe", Anybody),
    ("updateMessage", With(Right::Records)),
    ("updatePerson", With(Right::Records)),
    ("updateTransaction", With(Right::Records)),
    ("updateUser", With(Right::Settings)),
];

const ROLES: [(Role, &str); 3] = [(Role::Admin, "admin"), (Role::Member, "member"), (Role::Reader, "reader")];

/// ARCHITECTURE.md shows the table of rights as the code has it.
#[test]
fn the_documented_table_of_rights_is_the_real_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let text = std::fs::read_to_string(file).expect("ARCHITECTURE.md");
    for right in Right::ALL {
        let marks = ROLES.map(|(role, _)| if right.is_of(role) { "yes" } else { "no" }).join(" | ");
        let row = format!("| `{right:?}` | {marks} |");
        assert!(text.contains(&row), "ARCHITECTURE.md has no row that begins with {row}");
    }
}

on_each_database! {
    async fn every_mutation_is_forbidden_exactly_where_the_table_says(site: Site) {
        let client = site.client().await;
        let documents = mutations(&client).await;
        let known: BTreeSet<_> = MUTATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
        let found: BTreeSet<_> = documents.keys().cloned().collect();
        assert_eq!(found, known, "every mutation has an entry above, and every entry a mutation");
        for (role, name) in ROLES {
            let email = format!("{name}2@acme.example");
            site.add_user("acme", &email, role).await;
            let client = site.client_of(&email).await;
            for (mutation, caller) in MUTATIONS {
                let answer = client.graphql_answer(&documents[*mutation], json!({})).await;
                let code = answer.pointer("/errors/0/extensions/code").and_then(Value::as_str);
                let allowed = match caller {
                    Anybody => true,
                    With(right) => right.is_of(role),
                };
                assert_eq!(code == Some("FORBIDDEN"), !allowed, "{mutation} by a {name}: {answer}");
                // A request that the engine refuses would show nothing.
                let message = answer.pointer("/errors/0/message").and_then(Value::as_str).unwrap_or_default();
                assert!(!message.contains("Invalid value") && !message.contains("Unknown"), "{mutation}: {answer}");
            }
        }
        let nobody = Client::new(site.address);
        for (mutation, caller) in MUTATIONS {
            if matches!(caller, With(_)) || *mutation == "updateMe" {
                assert_eq!(nobody.graphql_code(&documents[*mutation], json!({})).await, "UNAUTHENTICATED", "{mutation}");
            }
        }
    }

    async fn the_directory_of_addresses_follows_every_write_of_a_user(site: Site) {
        site.account("globex", "UTC").await;
        let accounts_of = async |email: &str| {
            let found = storage::query::users::accounts_of(site.storage(), email).await.expect("the database answers");
            let mut found: Vec<_> = found.into_iter().map(|account| account.subdomain).collect();
            found.sort();
            found
        };
        assert_eq!(accounts_of("ADMIN@acme.example").await, ["acme"], "the first admin of an account");
        for account in ["acme", "globex"] {
            site.add_user(account, "zoe@both.example", Role::Member).await;
        }
        assert_eq!(accounts_of("zoe@both.example").await, ["acme", "globex"]);
        let client = site.client().await;
        let users = "{ users { id email } }";
        let users = client.graphql(users, json!({})).await["users"].clone();
        let users = users.as_array().expect("a list");
        let zoe = users.iter().find(|user| user["email"] == "zoe@both.example").expect("she is there")["id"].clone();
        let change = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }";
        let input = json!({ "id": zoe, "email": "Zoe@new.example" });
        client.graphql(change, json!({ "input": input })).await;
        assert_eq!(accounts_of("zoe@both.example").await, ["globex"], "the old address is good in the other account alone");
        assert_eq!(accounts_of("zoe@NEW.example").await, ["acme"]);
        let taken = json!({ "id": zoe, "email": "admin@acme.example" });
        assert_eq!(client.graphql_code(change, json!({ "input": taken })).await, "CONFLICT");
        assert_eq!(accounts_of("zoe@new.example").await, ["acme"], "a change that fails leaves the address");
        client.graphql(change, json!({ "input": { "id": zoe, "isDisabled": true } })).await;
        assert!(accounts_of("zoe@new.example").await.is_empty(), "who is disabled signs in nowhere");
        client.graphql(change, json!({ "input": { "id": zoe, "isDisabled": false } })).await;
        assert_eq!(accounts_of("zoe@new.example").await, ["acme"]);
        assert!(accounts_of("nobody@acme.example").await.is_empty());
    }

    async fn users_are_made_listed_and_changed(site: Site) {
        let client = site.client().await;
        let input = json!({ "email": " Zoe@acme.example ", "name": "Zoë", "role": "MEMBER", "password": "a good password" });
        let zoe = client.graphql(CREATE, json!({ "input": input })).await["createUser"]["user"].clone();
        let expected = json!({
            "id": zoe["id"], "version": 1, "email": "Zoe@acme.example", "name": "Zoë", "role": "MEMBER", "isDisabled": false,
        });
        assert_eq!(zoe, expected);
        let unnamed = json!({ "email": "bob@acme.example", "role": "READER", "password": "a good password" });
        let bob = client.graphql(CREATE, json!({ "input": unnamed })).await["createUser"]["user"].clone();
        assert_eq!(bob["name"], "bob@acme.example");
        let list = "{ users { email role isDisabled createdAt updatedAt } }";
        let users = client.graphql(list, json!({})).await["users"].clone();
        let emails: Vec<_> = users.as_array().expect("a list").iter().map(|user| user["email"].as_str()).collect();
        assert_eq!(emails, [Some("admin@acme.example"), Some("bob@acme.example"), Some("Zoe@acme.example")]);
        assert_eq!(users[0]["createdAt"], "2026-05-25T12:00:00Z");
        let one = "query($id: ID!) { user(id: $id) { name } node(id: $id) { __typename } }";
        let read = client.graphql(one, json!({ "id": zoe["id"] })).await;
        assert_eq!(read, json!({ "user": { "name": "Zoë" }, "node": { "__typename": "User" } }));

        let input = json!({ "id": zoe["id"], "version": 1, "name": "Zoë Ø", "role": "READER", "email": "zo@acme.example" });
        let changed = client.graphql(UPDATE, json!({ "input": input })).await["updateUser"]["user"].clone();
        let expected =
            json!({ "version": 2, "email": "zo@acme.example", "name": "Zoë Ø", "role": "READER", "isDisabled": false });
        assert_eq!(changed, expected);
        refused(&client, UPDATE, input, "CONFLICT", Value::Null, "version 2 is the current one").await;

        let new = |email: &str, password: &str| json!({ "email": email, "role": "MEMBER", "password": password });
        for (document, input, code, field, words) in [
            (CREATE, new("ADMIN@acme.example", PASSWORD), "CONFLICT", Value::Null, "there is a user with the e-mail address"),
            (CREATE, new("nobody", PASSWORD), "INVALID", json!("email"), "jane@example.com"),
            (CREATE, new("a b@acme.example", PASSWORD), "INVALID", json!("email"), "jane@example.com"),
            (CREATE, new("a\u{0}@acme.example", PASSWORD), "INVALID", json!("email"), "jane@example.com"),
            (CREATE, new("new@acme.example", "short"), "INVALID", json!("password"), "at least 10 characters"),
            (CREATE, new("new@acme.example", &"x".repeat(1_025)), "INVALID", json!("password"), "at most 1024 bytes"),
            (UPDATE, json!({ "id": bob["id"], "email": "zo@acme.example" }), "CONFLICT", Value::Null, "zo@acme.example already"),
            (UPDATE, json!({ "id": bob["id"], "name": "x".repeat(501) }), "INVALID", json!("name"), "501 characters"),
            (UPDATE, json!({ "id": bob["id"], "password": "short" }), "INVALID", json!("password"), "at least 10"),
            (UPDATE, json!({ "id": "user_0", "name": "x" }), "NOT_FOUND", Value::Null, "there is no such user"),
        ] {
            refused(&client, document, input, code, field, words).await;
        }
        let costly: String = (0..6).map(|number| format!("m{number}: updateMe(input: {{}}) {{ user {{ id }} }} ")).collect();
        assert_eq!(client.graphql_code(&format!("mutation {{ {costly} }}"), json!({})).await, "LIMITED");
    }

    async fn a_disabled_user_and_one_with_a_new_password_are_signed_out(site: Site) {
        let admin = site.client().await;
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let (client, refresh) = signed_in(&site, "bob@acme.example", PASSWORD).await;
        let id = client.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        admin.graphql(UPDATE, json!({ "input": { "id": id, "password": "another password" } })).await;
        assert_eq!(refresh_code(&site, &refresh).await, "UNAUTHENTICATED", "the refresh token has ended");
        assert_eq!(login_code(&site, "bob@acme.example", PASSWORD).await.as_deref(), Some("UNAUTHENTICATED"));

        let (client, refresh) = signed_in(&site, "bob@acme.example", "another password").await;
        let disabled = admin.graphql(UPDATE, json!({ "input": { "id": id, "isDisabled": true } })).await;
        assert_eq!(disabled["updateUser"]["user"]["isDisabled"], true);
        assert_eq!(client.graphql_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED", "the access token as well");
        assert_eq!(refresh_code(&site, &refresh).await, "UNAUTHENTICATED");
        assert_eq!(login_code(&site, "bob@acme.example", "another password").await.as_deref(), Some("UNAUTHENTICATED"));
        admin.graphql(UPDATE, json!({ "input": { "id": id, "isDisabled": false } })).await;
        assert_eq!(login_code(&site, "bob@acme.example", "another password").await, None);
        assert_eq!(refresh_code(&site, &refresh).await, "UNAUTHENTICATED", "what has ended stays so");
        let name = admin.graphql(UPDATE, json!({ "input": { "id": id, "name": "Bob" } })).await;
        assert_eq!(name["updateUser"]["user"]["name"], "Bob");
        // A role counts from the next request on.
        admin.graphql(UPDATE, json!({ "input": { "id": id, "role": "READER" } })).await;
        let create = "mutation { createPerson(input: { name: \"A\" }) { person { id } } }";
        assert_eq!(client.graphql_code(create, json!({})).await, "FORBIDDEN");
    }

    async fn users_change_their_own_name_and_password(site: Site) {
        site.add_user("acme", "bob@acme.example", Role::Reader).await;
        let (client, refresh) = signed_in(&site, "bob@acme.example", PASSWORD).await;
        let changed = client.graphql(UPDATE_ME, json!({ "input": { "name": "Bob" } })).await;
        assert_eq!(changed["updateMe"]["user"], json!({ "version": 2, "name": "Bob" }));
        for (input, field, words) in [
            (json!({ "newPassword": "another password" }), "currentPassword", "is not your password"),
            (json!({ "newPassword": "another password", "currentPassword": "wrong" }), "currentPassword", "is not your password"),
            (json!({ "newPassword": "short", "currentPassword": PASSWORD }), "newPassword", "at least 10 characters"),
        ] {
            refused(&client, UPDATE_ME, input, "INVALID", json!(field), words).await;
        }
        let input = json!({ "newPassword": "another password", "currentPassword": PASSWORD });
        let changed = client.graphql(UPDATE_ME, json!({ "input": input })).await;
        assert_eq!(changed["updateMe"]["user"], json!({ "version": 3, "name": "Bob" }));
        assert_eq!(refresh_code(&site, &refresh).await, "UNAUTHENTICATED");
        assert_eq!(login_code(&site, "bob@acme.example", PASSWORD).await.as_deref(), Some("UNAUTHENTICATED"));
        assert_eq!(login_code(&site, "bob@acme.example", "another password").await, None);
    }

    async fn the_last_admin_stays_one(site: Site) {
        let client = site.client().await;
        let me = client.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        site.add_user("acme", "bob@acme.example", Role::Admin).await;
        let bob = site.client_of("bob@acme.example").await.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        client.graphql(UPDATE, json!({ "input": { "id": bob, "isDisabled": true } })).await;
        for change in [json!({ "id": me, "isDisabled": true }), json!({ "id": me, "role": "MEMBER" })] {
            refused(&client, UPDATE, change, "CONFLICT", Value::Null, "needs an admin who may sign in").await;
        }
        client.graphql(UPDATE, json!({ "input": { "id": bob, "isDisabled": false } })).await;
        // Each of two admins takes the role from the other at the same moment: one of them comes too late.
        let bobs = site.client_of("bob@acme.example").await;
        let demote = |client: &Client, id: &Value| {
            let (client, id) = (client.clone(), id.clone());
            tokio::spawn(async move {
                client.graphql_answer(UPDATE, json!({ "input": { "id": id, "role": "MEMBER" } })).await
            })
        };
        let (one, other) = (demote(&client, &bob), demote(&bobs, &me));
        let codes = [one.await, other.await].map(|answer| {
            let answer = answer.expect("no panic");
            answer.pointer("/errors/0/extensions/code").and_then(Value::as_str).map(ToOwned::to_owned)
        });
        let done = codes.iter().filter(|code| code.is_none()).count();
        assert!(done == 1, "{codes:?}");
        let admins = client.graphql("{ users { role } }", json!({})).await.to_string();
        assert_eq!(admins.matches("ADMIN").count(), 1, "{admins}");
    }

    async fn events_at_a_time_move_to_their_day_in_another_time_zone(site: Site) {
        let client = site.client().await;
        let create = "mutation {
            createEvent(input: { title: \"Call\", startsAt: \"2026-05-26T02:00:00Z\" }) { event { startsOn } }
        }";
        assert_eq!(client.graphql(create, json!({})).await["createEvent"]["event"]["startsOn"], "2026-05-25", "in Los Angeles");
        client.graphql(UPDATE_ACCOUNT, json!({ "input": { "timeZone": "Europe/Berlin" } })).await;
        let read = "{ events(view: { from: \"2026-05-26\" }) { nodes { version startsOn } } }";
        let nodes = client.graphql(read, json!({})).await["events"]["nodes"].clone();
        assert_eq!(nodes, json!([{ "version": 1, "startsOn": "2026-05-26" }]));
    }

    async fn settings_are_changed_and_checked(site: Site) {
        let client = site.client().await;
        let input = json!({ "version": 1, "name": "ACME", "timeZone": "europe/berlin", "language": "DE-at", "currency": "eur" });
        let account = client.graphql(UPDATE_ACCOUNT, json!({ "input": input })).await["updateAccount"]["account"].clone();
        let expected =
            json!({ "version": 2, "name": "ACME", "timeZone": "Europe/Berlin", "language": "de-AT", "currency": "EUR" });
        assert_eq!(account, expected);
        let read = client.graphql("{ account { version name timeZone language currency } }", json!({})).await;
        assert_eq!(read["account"], expected);
        refused(&client, UPDATE_ACCOUNT, input, "CONFLICT", Value::Null, "version 2 is the current one").await;
        for (language, kept) in
            [("EN", "en"), ("zh-hant-tw", "zh-Hant-TW"), ("sl-rozaj-biske", "sl-rozaj-biske"), ("en-u-ca-buddhist", "en-u-ca-buddhist")]
        {
            let input = json!({ "input": { "language": language } });
            assert_eq!(client.graphql(UPDATE_ACCOUNT, input).await["updateAccount"]["account"]["language"], kept);
        }
        for (field, value, words) in [
            ("name", " ", "is empty"),
            ("name", &"x".repeat(501), "501 characters"),
            ("timeZone", "Mars/Olympus", "write it like Europe/Berlin or UTC"),
            ("timeZone", "", "write it like Europe/Berlin or UTC"),
            ("language", "", "write it as a tag like en"),
            ("language", "e", "write it as a tag like en"),
            ("language", "12", "write it as a tag like en"),
            ("language", "en_US", "write it as a tag like en"),
            ("language", "en--US", "write it as a tag like en"),
            ("language", "en-verylongpart", "write it as a tag like en"),
            ("currency", "EU", "three letters like EUR"),
            ("currency", "EURO", "three letters like EUR"),
            ("currency", "E1R", "three letters like EUR"),
        ] {
            refused(&client, UPDATE_ACCOUNT, json!({ field: value }), "INVALID", json!(field), words).await;
        }
    }
}

/// Signs in, and gives the client with its refresh token.
async fn signed_in(site: &Site, email: &str, password: &str) -> (Client, Value) {
    let mut client = Client::new(site.address);
    let input = json!({ "input": { "email": email, "password": password } });
    let refresh = client.graphql(LOGIN, input).await["login"]["refreshToken"].clone();
    client.login(email, password).await;
    (client, refresh)
}

/// The code that a sign-in fails with, if it fails.
async fn login_code(site: &Site, email: &str, password: &str) -> Option<String> {
    let input = json!({ "input": { "email": email, "password": password } });
    let answer = Client::new(site.address).graphql_answer(LOGIN, input).await;
    answer.pointer("/errors/0/extensions/code").and_then(Value::as_str).map(ToOwned::to_owned)
}

async fn refresh_code(site: &Site, token: &Value) -> String {
    let document = "mutation($token: String!) { refreshToken(input: { refreshToken: $token }) { accessToken } }";
    Client::new(site.address).graphql_code(document, json!({ "token": token })).await
}

/// A mutation is refused with this code, this field and these words.
async fn refused(client: &Client, document: &str, input: Value, code: &str, field: Value, words: &str) {
    let answer = client.graphql_answer(document, json!({ "input": input })).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], code, "{answer}");
    assert_eq!(error["extensions"].get("field").cloned().unwrap_or_default(), field, "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {answer}");
}

/// Each mutation with a request for it, by introspection: what an input demands is there, with ids that nobody has.
async fn mutations(client: &Client) -> BTreeMap<String, String> {
    let named = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
    let document = format!(
        "{{ __schema {{ mutationType {{ name }} types {{
            name enumValues {{ name }} inputFields {{ name defaultValue type {{ {named} }} }}
            fields {{ name args {{ name defaultValue type {{ {named} }} }} }}
        }} }} }}"
    );
    let schema = client.graphql(&document, json!({})).await["__schema"].clone();
    let types: BTreeMap<_, _> = list(&schema["types"])
        .into_iter()
        .map(|kind| (kind["name"].as_str().unwrap_or_default().to_owned(), kind))
        .collect();
    let root = schema["mutationType"]["name"].as_str().expect("there are mutations");
    let fields = list(&types[root]["fields"]);
    fields
        .into_iter()
        .map(|field| {
            let name = field["name"].as_str().expect("a name").to_owned();
            let document = format!("mutation {{ {name}({}) {{ __typename }} }}", given(&types, &field["args"]));
            (name, document)
        })
        .collect()
}

/// The arguments or input fields that must be there, each with some value.
fn given(types: &BTreeMap<String, Value>, fields: &Value) -> String {
    let required =
        list(fields).into_iter().filter(|field| field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null());
    let given = required.map(|field| {
        let name = field["name"].as_str().expect("a name").to_owned();
        format!("{name}: {}", value(types, &field["type"]["ofType"]))
    });
    given.collect::<Vec<_>>().join(", ")
}

/// Some value of a type.
fn value(types: &BTreeMap<String, Value>, of: &Value) -> String {
    let name = of["name"].as_str().unwrap_or_default();
    match (of["kind"].as_str().expect("a kind"), name) {
        ("NON_NULL", _) => value(types, &of["ofType"]),
        ("LIST", _) => "[]".to_owned(),
        ("ENUM", _) => types[name]["enumValues"][0]["name"].as_str().expect("a value").to_owned(),
        ("INPUT_OBJECT", _) => format!("{{ {} }}", given(types, &types[name]["inputFields"])),
        (_, "Boolean") => "true".to_owned(),
        (_, "Int" | "Float") => "1".to_owned(),
        (_, "Date") => "\"2026-05-25\"".to_owned(),
        (_, "DateTime") => "\"2026-05-25T12:00:00Z\"".to_owned(),
        (_, "Decimal") => "\"1\"".to_owned(),
        // An id of nobody, a text like any other.
        _ => "\"x\"".to_owned(),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
