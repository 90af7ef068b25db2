//! What guards the doors: passwords that are not checked twice, wrong ones that are counted, API tokens, the switch of the legacy API
//! and who uses it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gateway::config::Config;
use gateway::serve::Server;
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::query::legacy_usage::{self, Calls};
use storage::query::users::Role;
use storage::{Actor, Storage, Timestamp};

use crate::program::{Desk, address_in};
use crate::webhook::Hook;

const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
const UPDATE_ME: &str = "mutation($input: UpdateMeInput!) { updateMe(input: $input) { user { name } } }";
const UPDATE: &str = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }";
const CREATE_TOKEN: &str = "mutation($input: CreateApiTokenInput!) {
    createApiToken(input: $input) { token apiToken { id name actions expiresAt lastUsedAt user { email } } }
}";
const REVOKE_TOKEN: &str = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { apiToken { id revokedAt } } }";
const USAGE: &str = "{ legacyUsage {
    action address userAgent calls errors firstUsedAt lastUsedAt lastError lastErrorAt document variables user { email }
} }";
const ADMIN: &str = "admin@acme.example";
const WRONG: &str = "The e-mail address or password is not correct.";

/// A site that believes the proxies on its own machine, so that a test can come from anywhere.
struct Proxied(Site);

impl Proxied {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let trust = |config: &mut Config| config.trusted_proxies = "127.0.0.0/8".parse().expect("a network");
        Site::with(kind, test, formats::builtin(), trust).await.map(Self)
    }
}

/// Another gateway on the same database, at another time.
struct Gateway {
    engine: Engine,
    server: Server,
}

impl Gateway {
    async fn on(storage: Storage, now: Timestamp) -> Self {
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            trusted_proxies: "127.0.0.1".parse().expect("an address"),
            ..Config::default()
        };
        let server = Server::start(engine.clone(), config).await.expect("free ports");
        Self { engine, server }
    }

    /// One at the site, so many seconds later.
    async fn beside(site: &Site, seconds: i64) -> Self {
        Self::on(site.storage().clone(), site.engine.now().plus_seconds(seconds)).await
    }

    fn client(&self) -> Client {
        Client::new(self.server.address())
    }
}

on_each_database! {
    async fn a_password_that_was_right_lately_is_not_checked_again(site: Site) {
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = Arc::clone(&statements);
        let storage = site.storage().clone().observed_by(move |statement| {
            written.lock().expect("nobody panics with it").push(statement.to_owned());
        });
        let gateway = Gateway::on(storage, site.engine.now()).await;
        let client = gateway.client();
        let mut counts = Vec::new();
        for _ in 0..3 {
            statements.lock().expect("nobody panics with it").clear();
            let response = basic(&client, ADMIN, PASSWORD).send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::OK);
            let statements = statements.lock().expect("nobody panics with it").clone();
            let guarded = |statement: &&String| statement.contains("sign_in_attempts") || statement.contains("known_addresses");
            let writes = |statement: &&String| statement.starts_with("INSERT") || statement.starts_with("DELETE");
            let (guards, writes) = (statements.iter().filter(guarded).count(), statements.iter().filter(writes).count());
            counts.push((guards > 0, writes > 0));
        }
        // The first one is counted and its address is noted; from then on nothing is written and nothing asked.
        assert_eq!(counts, [(true, true), (false, false), (false, false)]);
        // Tomorrow it is checked again; the address is known, so nothing is written for some hours.
        let storage = gateway.engine.storage().clone();
        let later = Gateway::on(storage, site.engine.now().plus_seconds(3_600)).await;
        statements.lock().expect("nobody panics with it").clear();
        assert_eq!(basic(&later.client(), ADMIN, PASSWORD).send().await.expect("an answer").status(), StatusCode::OK);
        let statements = statements.lock().expect("nobody panics with it").clone();
        assert!(statements.iter().any(|statement| statement.contains("sign_in_attempts")), "{statements:?}");
        assert!(!statements.iter().any(|statement| statement.starts_with("INSERT")), "{statements:?}");
    }

    async fn credentials_with_nothing_in_them_count_as_no_guess(site: Site) {
        let client = Client::new(site.address);
        for number in 0..30 {
            let email = format!("user{number}@acme.example");
            let nothing = legacy(&client, &email, "", &[("get", "people")]).send().await.expect("an answer");
            assert_eq!((nothing.status(), &nothing.headers()["x-cairn-code"]), (StatusCode::OK, &"UNAUTHENTICATED".parse().expect("a code")));
            let nobody = legacy(&client, "", "guess", &[("get", "people")]).send().await.expect("an answer");
            assert_eq!(nobody.status(), StatusCode::OK);
            let response = basic(&client, &email, "").send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            let login = json!({ "input": { "email": email, "password": "" } });
            assert_eq!(client.graphql_code(LOGIN, login).await, "UNAUTHENTICATED");
        }
        // After so many wrong ones everybody at this address would have to wait.
        let right = legacy(&client, ADMIN, PASSWORD, &[("get", "people")]).send().await.expect("an answer");
        assert!(right.text().await.expect("text").ends_with("</result>\n"));
    }

    async fn another_password_role_or_access_counts_at_once_at_every_gateway(site: Site) {
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let (first, second) = (Gateway::beside(&site, 0).await, Gateway::beside(&site, 0).await);
        let client = first.client();
        let mut admin = second.client();
        admin.login(ADMIN, PASSWORD).await;
        let users = admin.graphql("{ users { id email } }", json!({})).await["users"].clone();
        let bob = users.as_array().expect("a list").iter().find(|user| user["email"] == "bob@acme.example").expect("Bob");
        let doors = async |password: &str| {
            let basic = basic(&client, "bob@acme.example", password).send().await.expect("an answer").status();
            (basic.as_u16(), text(legacy(&client, "bob@acme.example", password, &[("create", "people"), ("name", "A")])).await)
        };
        let (good, bad) = ((200, "Success".to_owned()), (401, WRONG.to_owned()));
        assert_eq!(doors(PASSWORD).await, good);
        assert_eq!(doors(PASSWORD).await, good);
        admin.graphql(UPDATE, json!({ "input": { "id": bob["id"], "password": "another password" } })).await;
        assert_eq!(doors(PASSWORD).await, bad);
        assert_eq!(doors("another password").await, good);
        admin.graphql(UPDATE, json!({ "input": { "id": bob["id"], "role": "READER" } })).await;
        let (status, sentence) = doors("another password").await;
        assert!(status == 200 && sentence.starts_with("Your role is reader"), "{sentence}");
        admin.graphql(UPDATE, json!({ "input": { "id": bob["id"], "isDisabled": true } })).await;
        assert_eq!(doors("another password").await, bad);
    }

    async fn a_hundred_wrong_passwords_are_refused_and_the_owner_gets_in_from_elsewhere(proxied: Proxied) {
        let site = &proxied.0;
        let client = Client::new(site.address);
        let from = async |client: &Client, address: &str, password: &str| {
            let request = legacy(client, ADMIN, password, &[("get", "people")]).header("x-forwarded-for", address);
            told(&request.send().await.expect("an answer"))
        };
        let (good, wrong) = ((200, None, None), (200, Some("UNAUTHENTICATED".to_owned()), None));
        let limited = |seconds: &str| (429, Some("LIMITED".to_owned()), Some(seconds.to_owned()));
        assert_eq!(from(&client, "198.51.100.1", PASSWORD).await, good, "where the owner always is");
        for number in 0..100 {
            let expected = if number < 10 { wrong.clone() } else { limited("1") };
            assert_eq!(from(&client, "203.0.113.5", &format!("guess {number}")).await, expected, "{number}");
        }
        assert_eq!(from(&client, "203.0.113.5", PASSWORD).await, limited("1"), "the right one is no exception there");
        assert_eq!(from(&client, "198.51.100.1", PASSWORD).await, good);
        assert_eq!(from(&client, "198.51.100.2", PASSWORD).await, good, "nor is the owner bound to a place");
        // A second gateway knows of it, and a second later lets one try, after which it is two seconds.
        let second = Gateway::beside(site, 1).await;
        let other = second.client();
        assert_eq!(from(&other, "203.0.113.5", "a guess").await, wrong);
        assert_eq!(from(&other, "203.0.113.5", "a guess").await, limited("2"));
        // From many addresses at once: 30 are free from anywhere.
        for number in 0..25 {
            let expected = if number < 19 { wrong.clone() } else { limited("1") };
            assert_eq!(from(&other, &format!("192.0.2.{number}"), "a guess").await, expected, "{number}");
        }
        assert_eq!(from(&other, "198.51.100.9", PASSWORD).await, limited("1"), "an address that nobody knows");
        assert_eq!(from(&other, "198.51.100.1", PASSWORD).await, good, "where the owner always is");
        let later = Gateway::beside(site, 3_700).await;
        assert_eq!(from(&later.client(), "198.51.100.9", PASSWORD).await, good, "after an hour it is over");
        later.engine.sweep_guard().await;
        // A month without a sign-in makes a stranger of an address: who guesses then locks it out as well.
        let much_later = Gateway::beside(site, 31 * 86_400).await;
        for number in 0..30 {
            assert_eq!(from(&much_later.client(), &format!("192.0.2.{number}"), "a guess").await, wrong, "{number}");
        }
        assert_eq!(from(&much_later.client(), "198.51.100.1", PASSWORD).await, limited("1"));
    }

    async fn a_thousand_guesses_at_once_from_everywhere_are_no_more_than_one_after_the_other(proxied: Proxied) {
        let site = &proxied.0;
        let client = Client::new(site.address);
        let from = |client: &Client, address: String, email: &str, password: String| {
            let request = legacy(client, email, &password, &[("get", "people")]).header("x-forwarded-for", address);
            tokio::spawn(async move { told(&request.send().await.expect("an answer")).0 })
        };
        let tried = async |answers: Vec<tokio::task::JoinHandle<u16>>| {
            let mut statuses = BTreeMap::new();
            for answer in answers {
                *statuses.entry(answer.await.expect("no panic")).or_insert(0) += 1;
            }
            statuses
        };
        let statuses = |all: &[(u16, i32)]| all.iter().copied().collect::<BTreeMap<_, _>>();
        // Where the machine is too slow to count one in time, one less may be checked, and never one more.
        let checked = |found: &BTreeMap<u16, i32>, all: i32, most: i32| {
            let [checked, waits, busy] = [200, 429, 503].map(|status| found.get(&status).copied().unwrap_or_default());
            assert!(checked <= most && checked + busy >= most && checked + waits + busy == all, "{found:?}");
        };
        let known = "198.51.100.1";
        assert_eq!(tried(vec![from(&client, known.to_owned(), ADMIN, PASSWORD.to_owned())]).await, statuses(&[(200, 1)]));

        // Right passwords at once lock nobody out, whether of one user everywhere or of many in one office.
        let everywhere = (0..60).map(|number| from(&client, format!("10.1.0.{number}"), ADMIN, PASSWORD.to_owned())).collect();
        assert_eq!(tried(everywhere).await, statuses(&[(200, 60)]));
        for number in 0..60 {
            site.add_user("acme", &format!("user{number}@acme.example"), Role::Reader).await;
        }
        let office = (0..60).map(|number| from(&client, "10.2.0.1".to_owned(), &format!("user{number}@acme.example"), PASSWORD.to_owned()));
        assert_eq!(tried(office.collect()).await, statuses(&[(200, 60)]));

        // Wrong ones, at two gateways: 30 of an e-mail address, whoever sends them.
        let second = Gateway::beside(site, 0).await;
        let gateways = [client.clone(), second.client()];
        let guesses = (0..1_000).map(|number| {
            let address = format!("10.3.{}.{}", number / 250, number % 250);
            from(&gateways[number % 2], address, ADMIN, format!("guess {number}"))
        });
        checked(&tried(guesses.collect()).await, 1_000, 30);
        assert_eq!(tried(vec![from(&client, known.to_owned(), ADMIN, PASSWORD.to_owned())]).await, statuses(&[(200, 1)]), "the owner");
        // A second later it is one, and not one for each who waits.
        let later = [Gateway::beside(site, 1).await, Gateway::beside(site, 1).await];
        let guesses = (0..100).map(|number| from(&later[number % 2].client(), format!("10.4.0.{number}"), ADMIN, "a guess".to_owned()));
        checked(&tried(guesses.collect()).await, 100, 1);

        // The same of a network address, for 200 e-mail addresses that nobody has, and half of them somebody.
        let guesses = (0..200).map(|number| {
            let email = if number % 4 == 0 { format!("user{}@acme.example", number / 4) } else { format!("nobody{number}@acme.example") };
            from(&gateways[number % 2], "10.5.0.1".to_owned(), &email, "a guess".to_owned())
        });
        checked(&tried(guesses.collect()).await, 200, 50);
        // And of both together.
        let guesses = (0..100).map(|number| from(&gateways[number % 2], "10.6.0.1".to_owned(), "user7@acme.example", format!("guess {number}")));
        checked(&tried(guesses.collect()).await, 100, 10);
    }

    async fn every_door_says_how_long_to_wait(site: Site) {
        let client = Client::new(site.address);
        // A header of our own, and one of a proxy that nobody trusts, another value each time: neither makes another address of this one.
        let disguised = |password: &str, number: u8| {
            let request = basic(&client, ADMIN, password).header("x-cairn-client", format!("192.0.2.{number}"));
            request.header("x-forwarded-for", format!("198.51.100.{number}"))
        };
        for number in 0..10 {
            let response = disguised("wrong horse", number).send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        let response = disguised(PASSWORD, 10).send().await.expect("an answer");
        assert_eq!((response.status(), &response.headers()["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &"1".parse().expect("a value")));
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["error"]["code"], "LIMITED");
        let reply = legacy(&client, ADMIN, PASSWORD, &[("get", "people")]).send().await.expect("an answer");
        assert_eq!((reply.status(), &reply.headers()["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &"1".parse().expect("a value")));
        assert_eq!(reply.text().await.expect("text"), "Too many wrong passwords: try again in 1 s.");
        let login = json!({ "query": LOGIN, "variables": { "input": { "email": ADMIN, "password": PASSWORD } } });
        let login = client.request(Method::POST, "/graphql").json(&login).send().await.expect("an answer");
        assert_eq!((login.status(), &login.headers()["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &"1".parse().expect("a value")));
        let extensions = login.json::<Value>().await.expect("JSON")["errors"][0]["extensions"].clone();
        assert_eq!(extensions, json!({ "code": "LIMITED", "retryAfter": 1 }));
        // Somebody else at this address is not meant.
        site.add_user("acme", "bob@acme.example", Role::Reader).await;
        assert_eq!(basic(&client, "bob@acme.example", PASSWORD).send().await.expect("an answer").status(), StatusCode::OK);
        // Who nobody is waits as long, so that waiting tells nothing.
        for number in 0..11 {
            let status = basic(&client, "nobody@acme.example", PASSWORD).send().await.expect("an answer").status();
            assert_eq!(status == StatusCode::TOO_MANY_REQUESTS, number == 10, "{number}: {status}");
        }
    }

    async fn an_access_token_is_no_way_to_guess_the_password(proxied: Proxied) {
        let site = &proxied.0;
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let bob = site.client_of("bob@acme.example").await;
        let send = async |client: &Client, address: &str, document: &str, input: Value| {
            let body = json!({ "query": document, "variables": { "input": input } });
            let request = client.request(Method::POST, "/graphql").bearer_auth(bob.token().expect("a token")).json(&body);
            let response = request.header("x-forwarded-for", address).send().await.expect("an answer");
            let (status, _, wait) = told(&response);
            let answer: Value = response.json().await.expect("JSON");
            let error = &answer["errors"][0];
            (status, wait, error["message"].as_str().map(ToOwned::to_owned), error["extensions"].clone())
        };
        let change = |current: &str| json!({ "currentPassword": current, "newPassword": "another password" });
        let done = (200, None, None, Value::Null);
        let wrong = (
            200, None, Some("currentPassword is not your password".to_owned()),
            json!({ "code": "INVALID", "field": "currentPassword" }),
        );
        let limited = |seconds: u64| (
            429, Some(seconds.to_string()), Some(format!("too many wrong passwords: try again in {seconds} s")),
            json!({ "code": "LIMITED", "retryAfter": seconds }),
        );
        let (thief, owner) = ("203.0.113.5", "198.51.100.1");
        // What guesses nothing does not count.
        for _ in 0..15 {
            assert_eq!(send(&bob, thief, UPDATE_ME, json!({ "newPassword": "another password" })).await, wrong);
            assert_eq!(send(&bob, thief, UPDATE_ME, json!({ "name": "Bob", "currentPassword": "a guess" })).await, done);
        }
        for number in 0..30 {
            let expected = if number < 10 { wrong.clone() } else { limited(1) };
            assert_eq!(send(&bob, thief, UPDATE_ME, change(&format!("guess {number}"))).await, expected, "{number}");
        }
        assert_eq!(send(&bob, thief, UPDATE_ME, change(PASSWORD)).await, limited(1), "the right one is no exception there");
        let login = json!({ "email": "bob@acme.example", "password": PASSWORD });
        assert_eq!(send(&bob, thief, LOGIN, login).await, limited(1), "nor is it at another door");
        assert_eq!(send(&bob, thief, UPDATE_ME, json!({ "name": "Bob" })).await, done, "what asks for no password goes on");
        // Another gateway knows of it, and a second later lets one try, after which it is two seconds.
        let second = Gateway::beside(site, 1).await;
        assert_eq!(send(&second.client(), thief, UPDATE_ME, change("a guess")).await, wrong);
        assert_eq!(send(&second.client(), thief, UPDATE_ME, change("a guess")).await, limited(2));
        // A burst is counted one by one.
        let bursts = (0..20).map(|number| {
            let body = json!({ "query": UPDATE_ME, "variables": { "input": change(&format!("guess {number}")) } });
            let request = bob.request(Method::POST, "/graphql").header("x-forwarded-for", "203.0.113.6").json(&body);
            tokio::spawn(async move { request.send().await.expect("an answer").status() })
        });
        let mut free = 0;
        for burst in bursts.collect::<Vec<_>>() {
            free += usize::from(burst.await.expect("no panic") == StatusCode::OK);
        }
        assert_eq!(free, 10);
        // The owner elsewhere is not locked out, and what was right ends what had failed there.
        for number in 0..4 {
            assert_eq!(send(&bob, owner, UPDATE_ME, change("a slip")).await, wrong, "{number}");
        }
        assert_eq!(send(&bob, owner, UPDATE_ME, change(PASSWORD)).await, done);
        for number in 0..4 {
            let slip = json!({ "email": "bob@acme.example", "password": PASSWORD });
            let code = send(&bob, owner, LOGIN, slip).await.3["code"].clone();
            assert_eq!(code, "UNAUTHENTICATED", "{number}: the old one is good no longer");
        }
        let login = json!({ "email": "bob@acme.example", "password": "another password" });
        assert_eq!(send(&bob, owner, LOGIN, login).await, done);
    }

    async fn a_token_opens_what_its_user_may_until_it_ends(site: Site) {
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let bob = site.client_of("bob@acme.example").await;
        let input = json!({ "name": " A script ", "expiresAt": "2026-05-26T12:00:00Z" });
        let made = bob.graphql(CREATE_TOKEN, json!({ "input": input })).await["createApiToken"].clone();
        let token = made["token"].as_str().expect("a token").to_owned();
        assert!(token.starts_with("cairn_token_"), "{token}");
        let expected = json!({
            "id": made["apiToken"]["id"], "name": "A script", "actions": [], "expiresAt": "2026-05-26T12:00:00Z",
            "lastUsedAt": null, "user": { "email": "bob@acme.example" },
        });
        assert_eq!(made["apiToken"], expected);
        let nobody = Client::new(site.address);
        assert_eq!(bearer_email(&nobody, &token).await, "bob@acme.example");
        let export = nobody.request(Method::GET, "/export/people.csv").bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(export.status(), StatusCode::OK);
        assert_eq!(basic(&nobody, "BOB@acme.example", &token).send().await.expect("an answer").status(), StatusCode::OK);
        assert_eq!(text(legacy(&nobody, "bob@acme.example", &token, &[("create", "lead"), ("name", "A")])).await, "Success");
        assert_eq!(text(legacy(&nobody, ADMIN, &token, &[("get", "lead")])).await, WRONG, "of another user");
        let login = json!({ "input": { "email": "bob@acme.example", "password": token } });
        assert_eq!(nobody.graphql_code(LOGIN, login).await, "UNAUTHENTICATED", "its tokens would outlive this one");
        let elsewhere = nobody.request(Method::GET, "/export/people.csv").header("x-cairn-account", "globex").bearer_auth(&token);
        assert_eq!(elsewhere.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        let changed = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'E' } else { 'A' });
        assert_eq!(bearer_email(&nobody, &changed).await, Value::Null);
        // Who sees it, and who may end it.
        let mine = "{ apiTokens { id name } }";
        let all = "{ apiTokens(ofAccount: true) { id name user { email } } }";
        let admin = site.client().await;
        assert_eq!(bob.graphql(mine, json!({})).await["apiTokens"], json!([{ "id": made["apiToken"]["id"], "name": "A script" }]));
        assert_eq!(bob.graphql_code(all, json!({})).await, "FORBIDDEN");
        assert_eq!(admin.graphql(mine, json!({})).await["apiTokens"], json!([]));
        assert_eq!(admin.graphql(all, json!({})).await["apiTokens"][0]["user"]["email"], "bob@acme.example");
        let others = admin.graphql(CREATE_TOKEN, json!({ "input": { "name": "Mine" } })).await["createApiToken"].clone();
        assert_eq!(bob.graphql_code(REVOKE_TOKEN, json!({ "id": others["apiToken"]["id"] })).await, "NOT_FOUND");
        // It ends by time, by being revoked, and with its user.
        let later = Gateway::beside(&site, 86_400).await;
        assert_eq!(bearer_email(&later.client(), &token).await, Value::Null, "it has expired");
        let admins = others["token"].as_str().expect("a token");
        assert_eq!(bearer_email(&later.client(), admins).await, ADMIN);
        let revoked = admin.graphql(REVOKE_TOKEN, json!({ "id": made["apiToken"]["id"] })).await;
        assert_eq!(revoked["revokeApiToken"]["apiToken"]["revokedAt"], "2026-05-25T12:00:00Z");
        assert_eq!(bearer_email(&nobody, &token).await, Value::Null);
        assert_eq!(text(legacy(&nobody, "bob@acme.example", &token, &[("get", "lead")])).await, WRONG);
        assert_eq!(admin.graphql_code(REVOKE_TOKEN, json!({ "id": made["apiToken"]["id"] })).await, "NOT_FOUND");
        let last = bob.graphql(CREATE_TOKEN, json!({ "input": { "name": "Last" } })).await["createApiToken"]["token"].clone();
        let id = bob.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        admin.graphql(UPDATE, json!({ "input": { "id": id, "isDisabled": true } })).await;
        assert_eq!(bearer_email(&nobody, last.as_str().expect("a token")).await, Value::Null);
        for (input, words) in [
            (json!({ "name": " " }), "name"),
            (json!({ "name": "A", "expiresAt": "2026-05-25T12:00:00Z" }), "lies in the past"),
            (json!({ "name": "A", "actions": ["delete=lead"] }), "create=archive, "),
        ] {
            let answer = admin.graphql_answer(CREATE_TOKEN, json!({ "input": input })).await;
            assert!(answer["errors"][0]["message"].as_str().is_some_and(|message| message.contains(words)), "{answer}");
        }
    }

    async fn a_token_with_actions_is_for_these_alone(site: Site) {
        let admin = site.client().await;
        let input = json!({ "name": "The form", "actions": ["Create=Lead", "get=person", "create=lead"] });
        let made = admin.graphql(CREATE_TOKEN, json!({ "input": input })).await["createApiToken"].clone();
        assert_eq!(made["apiToken"]["actions"], json!(["create=lead", "get=people"]));
        let token = made["token"].as_str().expect("a token");
        let nobody = Client::new(site.address);
        for (fields, answer) in [
            (&[("create", "LEAD"), ("name", "Jane")][..], "Success"),
            (&[("get", "person")], "<?xml"),
            (&[("get", "lead")], "This API token is for create=lead, get=people and nothing else."),
            (&[("create", "people"), ("name", "Jane")], "This API token is for create=lead, get=people and nothing else."),
            (&[("create", "nothing")], "There is no \"nothing\""),
        ] {
            let reply = text(legacy(&nobody, ADMIN, token, fields)).await;
            assert!(reply.starts_with(answer), "{fields:?}: {reply}");
        }
        assert_eq!(bearer_email(&nobody, token).await, Value::Null);
        assert_eq!(basic(&nobody, ADMIN, token).send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        let login = json!({ "input": { "email": ADMIN, "password": token } });
        assert_eq!(nobody.graphql_code(LOGIN, login).await, "UNAUTHENTICATED");
    }

    async fn tokens_are_made_listed_and_revoked_at_the_command_line(desk: Desk) {
        let desk = desk.with_account();
        let made = desk.ok(&["token", "create", "The form", "--action", "create=lead", "--expires", "2099-01-01T00:00:00Z"]);
        let token = made.rsplit(' ').next().expect("a token").trim();
        let server = desk.serve(&[]);
        let client = Client::new(crate::program::address_in(&server.greeting).parse().expect("an address"));
        assert_eq!(text(legacy(&client, "ann@acme.example", token, &[("create", "lead"), ("name", "A")])).await, "Success");
        let listed = desk.ok(&["token", "list"]);
        let row = listed.lines().last().expect("a row");
        assert!(row.contains("ann@acme.example") && row.contains("create=lead") && row.contains("2099-01-01 00:00Z"), "{listed}");
        assert!(!listed.contains(token), "{listed}");
        let id = row.split(' ').next().expect("an id");
        assert_eq!(desk.ok(&["token", "revoke", id]), "The API token The form is not good any more.\n");
        assert_eq!(text(legacy(&client, "ann@acme.example", token, &[("create", "lead"), ("name", "A")])).await, WRONG);
        assert!(desk.fails(&["token", "revoke", id]).contains("there is no such API token"));
        assert!(desk.fails(&["token", "create", "X", "--action", "drop=all"]).contains("create=lead"));
    }

    async fn an_admin_switches_the_legacy_api_off_and_on(site: Site) {
        let admin = site.client().await;
        let switch = "mutation($on: Boolean!) { updateAccount(input: { legacyApi: $on }) { account { legacyApi } } }";
        assert_eq!(admin.graphql("{ account { legacyApi } }", json!({})).await["account"]["legacyApi"], true);
        let off = admin.graphql(switch, json!({ "on": false })).await;
        assert_eq!(off["updateAccount"]["account"]["legacyApi"], false);
        let reply = legacy(&admin, ADMIN, PASSWORD, &[("create", "lead"), ("name", "A")]).send().await.expect("an answer");
        assert_eq!(reply.headers()["x-cairn-code"], "FORBIDDEN");
        let sentence = "The legacy API is switched off for this account: ask an admin, or use GraphQL.";
        assert_eq!(reply.text().await.expect("text"), sentence);
        assert_eq!(text(legacy(&admin, ADMIN, "wrong horse", &[("get", "lead")])).await, WRONG, "nobody else learns of it");
        let usage = admin.graphql(USAGE, json!({})).await["legacyUsage"].clone();
        assert_eq!((&usage[0]["calls"], &usage[0]["errors"]), (&json!(1), &json!(1)), "who would miss it: {usage}");
        admin.graphql(switch, json!({ "on": true })).await;
        assert_eq!(admin.legacy(&[("create", "lead"), ("name", "A")]).await, "Success");
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        assert_eq!(site.client_of("bob@acme.example").await.graphql_code(switch, json!({ "on": false })).await, "FORBIDDEN");
    }

    async fn the_switch_of_the_legacy_api_closes_webhooks_and_opens_them_again(site: Site) {
        let admin = site.client().await;
        let hook = Hook::of(&admin, json!({ "name": "Form" })).await;
        let json = |body: Value| hook.request(Method::POST).json(&body);
        let revoked = Hook::of(&admin, json!({ "name": "Old form" })).await;
        let id = admin.graphql("{ webhooks { id } }", json!({})).await["webhooks"][0]["id"].clone();
        admin.graphql("mutation($id: ID!) { revokeWebhook(input: { id: $id }) { webhook { id } } }", json!({ "id": id })).await;
        site.account("globex", "UTC").await;
        let theirs = Hook::of(&site.client_of("admin@globex.example").await, json!({ "name": "Form" })).await;
        let switch = "mutation($on: Boolean!) { updateAccount(input: { legacyApi: $on }) { account { legacyApi } } }";
        admin.graphql(switch, json!({ "on": false })).await;
        let sentence = "The legacy API, to which webhooks belong, is switched off for this account: ask an admin, or use GraphQL.";
        for request in [
            json(json!({ "name": "Jane", "type": "lead" })),
            json(json!({ "title": "Hello", "body": "[category:Meetings]" })),
            json(json!(["no object"])),
            hook.request_with(Method::GET, "name=Jane"),
            hook.request_with(Method::GET, "searchpeople=true"),
        ] {
            let response = request.send().await.expect("an answer");
            assert_eq!(told(&response), (403, Some("FORBIDDEN".to_owned()), None));
            assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
            assert_eq!(response.text().await.expect("text"), sentence);
        }
        let made = admin.graphql("{ people { totalCount } messages { totalCount } categories { totalCount } }", json!({})).await;
        assert_eq!(made, json!({ "people": { "totalCount": 0 }, "messages": { "totalCount": 0 }, "categories": { "totalCount": 0 } }));
        assert_eq!(revoked.json(&json!({ "name": "Jane" })).await.0, StatusCode::NOT_FOUND, "nobody else learns of it");
        assert_eq!(theirs.json(&json!({ "name": "Jane" })).await.0, StatusCode::OK, "another account decides for itself");
        // Who would miss it.
        let usage = admin.graphql(USAGE, json!({})).await["legacyUsage"].clone();
        let rows = usage.as_array().expect("a list");
        let mut refused: Vec<_> = rows.iter().filter(|row| row["calls"] == row["errors"]).map(|row| row["action"].as_str()).collect();
        refused.sort_unstable();
        let names = ["webhook lead", "webhook message", "webhook person", "webhook searchpeople", "webhook unknown"];
        assert_eq!((rows.len(), refused), (5, names.map(Some).to_vec()), "{usage:#}");
        assert_eq!(rows[0]["lastError"], format!("FORBIDDEN: {}", sentence.replacen("The", "the", 1).trim_end_matches('.')));
        admin.graphql(switch, json!({ "on": true })).await;
        assert_eq!(hook.json(&json!({ "name": "Jane" })).await, (StatusCode::OK, "Success".to_owned()));
    }

    async fn an_owner_sees_what_still_uses_the_legacy_api_and_how_to_leave_it(proxied: Proxied) {
        let site = &proxied.0;
        let admin = site.client().await;
        let call = async |client: &Client, agent: &str, fields: &[(&str, &str)]| {
            let request = legacy(client, ADMIN, PASSWORD, fields).header("user-agent", agent);
            text(request.header("x-forwarded-for", "192.0.2.7")).await
        };
        for number in 0..3 {
            let name = format!("Person {number}");
            call(&admin, "form/1.0", &[("create", "lead"), ("name", &name), ("probability", "50%"), ("category", "Web")]).await;
        }
        call(&admin, "form/1.0", &[("create", "lead"), ("name", "Secret Person"), ("probability", "2500")]).await;
        // Another gateway, an hour later, writes down what it has counted when it stops.
        let later = Gateway::beside(site, 3_600).await;
        call(&later.client(), "form/1.0", &[("create", "lead"), ("name", "Last")]).await;
        call(&later.client(), "report\u{e9}", &[("get", "people"), ("search", "Secret")]).await;
        call(&later.client(), "", &[("nothing", "at all")]).await;
        later.server.stop().await;
        let usage = admin.graphql(USAGE, json!({})).await["legacyUsage"].clone();
        let rows = usage.as_array().expect("a list");
        assert_eq!(rows.len(), 3, "{usage:#}");
        let of = |action: &str| rows.iter().find(|row| row["action"] == action).expect(action).clone();
        let lead = of("create=lead");
        let document = lead["document"].as_str().expect("a document");
        assert!(document.contains("mutation CreateTransaction($input: CreateTransactionInput!)"), "{document}");
        // The document is one that a client can send.
        let variables = json!({ "input": { "stage": "LEAD", "person": { "name": "By GraphQL" } } });
        admin.graphql(document, variables).await;
        let expected = json!({
            "action": "create=lead", "address": "192.0.2.7", "userAgent": "form/1.0", "calls": 5, "errors": 1,
            "firstUsedAt": "2026-05-25T12:00:00Z", "lastUsedAt": "2026-05-25T13:00:00Z",
            "lastError": lead["lastError"], "lastErrorAt": "2026-05-25T12:00:00Z",
            "document": document, "variables": lead["variables"], "user": { "email": ADMIN },
        });
        assert_eq!(lead, expected);
        assert!(lead["lastError"].as_str().is_some_and(|error| error.starts_with("INVALID: ")), "{lead}");
        let shape: Value = serde_json::from_str(lead["variables"].as_str().expect("a shape")).expect("JSON");
        assert_eq!(shape, json!({ "input": { "stage": "LEAD", "personMatch": "MERGE", "person": { "name": "String" } } }));
        let people = of("get=people");
        assert!(people["document"].as_str().is_some_and(|text| text.contains("query GetPeople")), "{people}");
        assert_eq!((&people["calls"], &people["errors"], &people["lastError"]), (&json!(1), &json!(0), &Value::Null));
        assert_eq!(of("unknown")["document"], Value::Null);
        assert!(!usage.to_string().contains("Secret"), "what was sent is not kept: {usage}");
        // An admin of another account sees nothing of it, and others see nothing at all.
        site.account("globex", "UTC").await;
        let theirs = site.client_of("admin@globex.example").await;
        assert_eq!(theirs.graphql(USAGE, json!({})).await["legacyUsage"], json!([]));
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        assert_eq!(site.client_of("bob@acme.example").await.graphql_code(USAGE, json!({})).await, "FORBIDDEN");
    }

    async fn an_owner_sees_what_still_calls_webhooks_and_never_their_secrets(proxied: Proxied) {
        let site = &proxied.0;
        let admin = site.client().await;
        let field = "mutation { createCustomField(input: { target: PERSON, name: \"Size\", type: NUMBER }) { customField { id } } }";
        admin.graphql(field, json!({})).await;
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let bob = site.client_of("bob@acme.example").await;
        let hook = Hook::of(&bob, json!({ "name": "Form" })).await;
        let public = Hook::of(&bob, json!({ "name": "Public", "canSearch": false })).await;
        let send = async |request: RequestBuilder| {
            let request = request.header("x-forwarded-for", "192.0.2.7").header("user-agent", "form/1.0");
            request.send().await.expect("an answer").status().as_u16()
        };
        let json = |body: Value| hook.request(Method::POST).json(&body);
        let address = format!("https://crm.example{}", hook.path);
        let wrong = hook.path.replace("cairn_webhook_", "cairn_webhook_A");
        for (request, status) in [
            (json(json!({ "name": "Jane", "email": "jane@example.com", "size": "41", "notes": "Hush" })), 200),
            (hook.request_with(Method::GET, "name=Joe"), 200),
            (json(json!({ "name": "Jane", "size": "big" })), 400),
            (json(json!({ "name": "Jane", "value": "5", "template": "" })), 200),
            (json(json!({ "name": "Jane", "value": "5", "template": "No Such" })), 400),
            (json(json!({ "name": "Jane", "type": "customer" })), 200),
            (json(json!({ "title": "Hush", "body": "[category:Hush] text" })), 200),
            (hook.request_with(Method::GET, "search=hush"), 200),
            (public.request_with(Method::GET, "search=hush"), 403),
            (hook.request(Method::POST).form(&[("searchpeople", "true")]), 200),
            (json(json!({ "name": "Jane", "type": "event" })), 400),
            (json(json!(["Jane"])), 400),
            (json(json!({ "name": "Jane", "type": address })), 400),
            (admin.request(Method::GET, &wrong), 404),
        ] {
            assert_eq!(send(request).await, status);
        }
        let usage = admin.graphql(USAGE, json!({})).await["legacyUsage"].clone();
        let rows = usage.as_array().expect("a list");
        let mut counts: Vec<_> = rows.iter().map(|row| (row["action"].as_str().expect("a name"), &row["calls"], &row["errors"])).collect();
        counts.sort_by_key(|count| count.0);
        let expected = json!([
            ["webhook customer", 1, 0], ["webhook lead", 2, 1], ["webhook message", 1, 0], ["webhook person", 3, 1],
            ["webhook search", 2, 1], ["webhook searchpeople", 1, 0], ["webhook unknown", 3, 3],
        ]);
        assert_eq!(json!(counts), expected, "whoever has no secret is nobody's program: {usage:#}");
        let of = |action: &str| rows.iter().find(|row| row["action"] == action).expect(action).clone();
        let person = of("webhook person");
        let expected = json!({
            "action": "webhook person", "address": "192.0.2.7", "userAgent": "form/1.0", "calls": 3, "errors": 1,
            "firstUsedAt": "2026-05-25T12:00:00Z", "lastUsedAt": "2026-05-25T12:00:00Z",
            "lastError": "INVALID: \"big\" is not a number that can be read as Size; write it like 5000 or 5,000.00.",
            "lastErrorAt": "2026-05-25T12:00:00Z", "document": person["document"], "variables": person["variables"],
            "user": { "email": "bob@acme.example" },
        });
        assert_eq!(person, expected);
        let shape = |action: &str| serde_json::from_str::<Value>(of(action)["variables"].as_str().expect("a shape")).expect("JSON");
        // That of a call which was refused before it came to a document is the one of the call before.
        assert_eq!(shape("webhook person"), json!({ "input": { "name": "String", "personMatch": "UPDATE" } }));
        let lead = json!({ "stage": "LEAD", "value": "String", "person": { "name": "String" }, "personMatch": "UPDATE", "eventTemplate": "String" });
        assert_eq!(shape("webhook lead"), json!({ "input": lead }));
        assert_eq!(shape("webhook customer")["input"]["stage"], "CUSTOMER");
        assert_eq!(shape("webhook message"), json!({ "input": { "title": "String", "body": "String", "operators": "OBEY" } }));
        assert_eq!(of("webhook search")["lastError"], "FORBIDDEN: this webhook takes records and answers no searches");
        let unknown = of("webhook unknown");
        let quoted = "INVALID: there is no type \"https://crm.example/webhook/cairn_webhook_…\"; there are ";
        assert!(unknown["lastError"].as_str().is_some_and(|error| error.starts_with(quoted)), "{unknown}");
        assert_eq!(unknown["document"], Value::Null);
        // The documents are such that a client can send them.
        let input = |fields: Value| json!({ "input": fields });
        for (action, variables) in [
            ("webhook person", input(json!({ "name": "By GraphQL", "personMatch": "UPDATE" }))),
            ("webhook lead", input(json!({ "stage": "LEAD", "person": { "name": "By GraphQL" }, "personMatch": "UPDATE" }))),
            ("webhook message", input(json!({ "title": "By GraphQL", "operators": "OBEY" }))),
            ("webhook search", json!({ "search": "stage:lead", "first": 10 })),
            ("webhook searchpeople", json!({ "first": 10 })),
        ] {
            admin.graphql(of(action)["document"].as_str().expect("a document"), variables).await;
        }
        let said = usage.to_string();
        let secrets = [&hook, &public].map(|hook| hook.path.split_once("cairn_webhook_").expect("a secret").1);
        assert!(!secrets.iter().any(|secret| said.contains(secret)), "an address is a secret wherever it is sent: {said}");
        assert!(!said.contains("Hush") && !said.contains("jane@"), "what was sent is not kept: {said}");
        // Nobody else sees it.
        site.account("globex", "UTC").await;
        let theirs = site.client_of("admin@globex.example").await;
        assert_eq!(theirs.graphql(USAGE, json!({})).await["legacyUsage"], json!([]));
        assert_eq!(bob.graphql_code(USAGE, json!({})).await, "FORBIDDEN");
    }

    async fn however_many_programs_there_are_the_rows_of_usage_are_bounded(site: Site) {
        let session = site.session("acme").await;
        let writer = site.storage().writer(session.account().account_id, Actor::System, site.engine.now());
        for round in 0..3 {
            let calls = (0..600).map(|number| Calls {
                user: Some(session.user().id),
                action: "get=lead".to_owned(),
                address: "192.0.2.7".to_owned(),
                user_agent: format!("program {round} {number}"),
                calls: 2,
                errors: 0,
                first_at: site.engine.now(),
                last_at: site.engine.now(),
                last_error: None,
                document: None,
            });
            legacy_usage::add(&writer, calls.collect()).await.expect("it is written");
        }
        let usage = site.client().await.graphql("{ legacyUsage { userAgent calls user { email } } }", json!({})).await;
        let rows = usage["legacyUsage"].as_array().expect("a list");
        assert_eq!(rows.len(), 1_001);
        let others = rows.iter().find(|row| row["userAgent"] == "others").expect("the rest");
        assert_eq!(*others, json!({ "userAgent": "others", "calls": 1_600, "user": null }));
    }
}

on_each_database! {
    async fn while_nothing_can_be_counted_only_those_who_are_known_sign_in(desk: Desk) {
        let desk = desk.with_account();
        let serving = desk.serve_with(&[("CAIRN_TRUSTED_PROXIES", "127.0.0.1")], &[]);
        let client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
        let from = |address: String, password: &str| {
            let request = legacy(&client, "ann@acme.example", password, &[("get", "people")]);
            let request = request.header("x-forwarded-for", address);
            tokio::spawn(async move { told(&request.send().await.expect("an answer")) })
        };
        let (known, good) = ("198.51.100.1", "a good password");
        assert_eq!(from(known.to_owned(), good).await.expect("no panic").0, 200);
        let is_sqlite = desk.database.starts_with("sqlite");
        let raw = sea_orm::ConnectOptions::new(&desk.database).max_connections(1).to_owned();
        let raw = sea_orm::Database::connect(raw).await.expect("a connection of our own");
        raw.execute_unprepared(if is_sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }).await.expect("the writer is held");
        let guesses: Vec<_> = (0..100).map(|number| from(format!("10.7.0.{number}"), "a guess")).collect();
        // On PostgreSQL nobody is in the way. On SQLite they wait once and not one after the other, which would be minutes.
        let tried = tokio::time::timeout(Duration::from_mins(1), async {
            let mut tried = 0;
            for guess in guesses {
                tried += usize::from(guess.await.expect("no panic").0 == 200);
            }
            tried
        });
        assert_eq!(tried.await.expect("an answer for each in time"), if is_sqlite { 0 } else { 30 });
        if is_sqlite {
            let refused = from("10.7.1.1".to_owned(), good).await.expect("no panic");
            assert_eq!(refused, (503, Some("UNAVAILABLE".to_owned()), Some("5".to_owned())));
        }
        let wrong = (200, Some("UNAUTHENTICATED".to_owned()), None);
        assert_eq!(from(known.to_owned(), "a slip").await.expect("no panic"), wrong);
        assert_eq!(from(known.to_owned(), good).await.expect("no panic").0, 200);
        raw.execute_unprepared("ROLLBACK").await.expect("it is let go");
    }
}

/// A request with Basic credentials.
fn basic(client: &Client, email: &str, password: &str) -> RequestBuilder {
    client.request(Method::GET, "/export/people.csv").basic_auth(email, Some(password))
}

/// A request to `api.php`.
fn legacy(client: &Client, email: &str, password: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let login = [("login_email", email), ("login_password", password)];
    let form: Vec<_> = login.iter().chain(fields).collect();
    client.request(Method::POST, "/api.php").form(&form)
}

async fn text(request: RequestBuilder) -> String {
    request.send().await.expect("an answer").text().await.expect("text")
}

/// Status, code and seconds to wait of an answer.
fn told(response: &Response) -> (u16, Option<String>, Option<String>) {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    (response.status().as_u16(), header("x-cairn-code"), header("retry-after"))
}

/// The address of the user of a bearer token; null where it opens nothing.
async fn bearer_email(client: &Client, token: &str) -> Value {
    let request = client.request(Method::POST, "/graphql").bearer_auth(token);
    let answer = request.json(&json!({ "query": "{ me { email } }" })).send().await.expect("an answer");
    answer.json::<Value>().await.expect("JSON")["data"]["me"]["email"].clone()
}
