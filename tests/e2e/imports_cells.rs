//! Cells that programs and people fill in their own ways: addresses, values of custom fields, words for nothing, times, line ends. What
//! a cell cannot mean fails the cell and not the row, and every door does the same.

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::Site;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::{Pool, Storage};
use tempfile::TempDir;

use crate::imports::people;

const CREATE_PERSON: &str = "mutation($input: CreatePersonInput!) {
    createPerson(input: $input) { person { id name email notes } }
}";
const UPDATE_PERSON: &str = "mutation($input: UpdatePersonInput!) {
    updatePerson(input: $input) { person { name email notes } }
}";

on_each_database! {
    async fn an_email_cell_holds_an_address(site: Site) {
        let client = site.client().await;
        let file = "Name,Email,Phone\n\
            ,Jane Doe <jane@example.com>,1\n\
            Max,\"\"\"Max Muster\"\" <max@example.com>\",2\n\
            Moe,mailto:moe@example.com,3\n\
            Kim,<kim@example.com>,4\n\
            Lea,\"lea@example.com; lea2@example.com\",5\n\
            Sam,SMTP:sam@example.com,6\n\
            Wim,wim@example.com (work),7\n\
            Tea,tea@example.com;,8\n\
            Uwe,call him,9\n\
            ,nobody knows,\n\
            Ivo,NULL,10\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!((&receipt["created"], &receipt["failed"]), (&json!(11), &json!(0)), "{receipt:#}");
        let expected = [
            ("Jane Doe", Some("jane@example.com"), None),
            ("Max", Some("max@example.com"), None),
            ("Moe", Some("moe@example.com"), None),
            ("Kim", Some("kim@example.com"), None),
            ("Lea", Some("lea@example.com"), Some("Email: lea2@example.com")),
            ("Sam", Some("sam@example.com"), None),
            ("Wim", Some("wim@example.com"), None),
            ("Tea", Some("tea@example.com"), None),
            ("Uwe", None, Some("Email: call him")),
            ("nobody knows", None, Some("Email: nobody knows")),
            ("Ivo", None, None),
        ];
        for (person, (name, email, notes)) in people(&client).await.iter().zip(expected) {
            let found = (person["name"].as_str(), person["email"].as_str(), person["notes"].as_str());
            assert_eq!(found, (Some(name), email, notes));
        }
        let kept = "the row goes in without it, and a new person has it in their notes";
        assert_eq!(said(&receipt), [
            format!("9, email: \"call him\" is no e-mail address such as ann@example.com; {kept}"),
            format!("10, email: \"nobody knows\" is no e-mail address such as ann@example.com; {kept}"),
            "11, email: `NULL` is taken for an empty cell".to_owned(),
        ]);
        // The same file once more says nothing new.
        let again = client.import("/import/people?format=csv&duplicates=replace", file).await;
        assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(0)), "{again:#}");
    }

    async fn a_name_with_a_comma_is_no_second_address(site: Site) {
        let client = site.client().await;
        let file = "First Name,Last Name,E-mail Address\nJim,Roe,\"\"\"Doe, Jane\"\" <jane@example.com>; jim@example.com\"\n";
        client.import("/import/people?format=csv", file).await;
        let people = people(&client).await;
        let found = [&people[0]["name"], &people[0]["email"], &people[0]["notes"]];
        assert_eq!(found, [&json!("Jim Roe"), &json!("jane@example.com"), &json!("Email: jim@example.com")]);
    }

    async fn what_nobody_sees_makes_no_second_person(site: Site) {
        let client = site.client().await;
        let file = "Name,Email\nAnn,ann@example.com\nAnn,\u{a0}ANN@example.com\u{a0} \nAnn,ann@example.com\u{200b}\n\
            Ann,\u{202a}ann@example.com\u{202c}\nAnn,\u{feff}ann@exa\u{2060}mple.com\n\u{200e}Bob\u{200b},b@example.com\u{200f}\n\
            \u{feff}Cyd,\nC\u{200b}yd,\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!((&receipt["created"], &receipt["skipped"]), (&json!(3), &json!(5)), "{receipt:#}");
        let people = people(&client).await;
        assert_eq!((&people[1]["name"], &people[1]["email"]), (&json!("Bob"), &json!("b@example.com")));
        assert_eq!(people[2]["name"], "Cyd");
        let found = client.graphql("{ people(view: { search: \"ann@exa\u{200b}mple\" }) { totalCount } }", json!({})).await;
        assert_eq!(found["people"]["totalCount"], 1);
    }

    async fn old_scripts_and_webhooks_lose_no_record_for_an_address(site: Site) {
        let client = site.client().await;
        let create = "mutation { createWebhook(input: { name: \"Form\" }) { secret } }";
        let secret = client.graphql(create, json!({})).await["createWebhook"]["secret"].as_str().expect("a secret").to_owned();
        for (create, fields) in [
            ("lead", &[("name", "Ann"), ("email", "n/a")][..]),
            ("person", &[("email", "Jane Doe <jane@example.com>, jd@example.com")]),
            ("lead", &[("email", "call me"), ("notes", "Hot")]),
        ] {
            let mut sent = vec![("create", create)];
            sent.extend(fields);
            assert_eq!(client.legacy(&sent).await, "Success", "{fields:?}");
        }
        let sent = json!({ "name": "Bob", "email": "bob at example", "type": "lead" });
        let request = client.request(reqwest::Method::POST, &format!("/webhook/{secret}")).json(&sent);
        let answer = request.send().await.expect("the server answers").text().await.expect("a text");
        assert_eq!(answer, "Success");
        let found: Vec<_> = people(&client).await.iter().map(|person| json!([person["name"], person["email"], person["notes"]])).collect();
        assert_eq!(json!(found), json!([
            ["Ann", null, "Email: n/a"],
            ["Jane Doe", "jane@example.com", "Email: jd@example.com"],
            ["call me", null, "Hot\nEmail: call me"],
            ["Bob", null, "Email: bob at example"],
        ]));
    }

    async fn graphql_refuses_what_is_no_address_unless_it_is_there(stored: Stored) {
        let client = stored.site.client().await;
        let input = json!({ "email": "Jane Doe <jane@example.com>; jd@example.com", "notes": "Hot\n" });
        let person = client.graphql(CREATE_PERSON, json!({ "input": input })).await["createPerson"]["person"].clone();
        let id = person["id"].clone();
        let expected = json!({ "id": id, "name": "Jane Doe", "email": "jane@example.com", "notes": "Hot\nEmail: jd@example.com" });
        assert_eq!(person, expected);
        for (document, input) in [
            (CREATE_PERSON, json!({ "name": "Ann", "email": "call her" })),
            (CREATE_PERSON, json!({ "name": "Ann", "email": "call her", "personMatch": "MERGE" })),
            (UPDATE_PERSON, json!({ "id": id, "email": "n/a" })),
        ] {
            let answer = client.graphql_answer(document, json!({ "input": input })).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], &extensions["field"]), (&json!("INVALID"), &json!("email")), "{answer:#}");
            let message = answer["errors"][0]["message"].as_str().expect("a message");
            assert!(message.ends_with("is no e-mail address such as ann@example.com"), "{message}");
        }
        let changed = client.graphql(UPDATE_PERSON, json!({ "input": { "id": id, "email": "<jane@example.org>" } })).await;
        assert_eq!(changed["updatePerson"]["person"]["email"], "jane@example.org");
        // What an earlier version has stored may be sent back.
        stored.run("UPDATE people SET email = 'call her', email_key = 'call her'").await;
        let input = json!({ "id": id, "email": "call her", "name": "Janet" });
        let changed = client.graphql(UPDATE_PERSON, json!({ "input": input })).await["updatePerson"]["person"].clone();
        assert_eq!((&changed["name"], &changed["email"]), (&json!("Janet"), &json!("call her")));
        let input = json!({ "name": "Janet", "email": "call her", "personMatch": "UPDATE" });
        client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        assert_eq!(people(&client).await.len(), 1);
    }

    async fn custom_fields_take_what_their_columns_hold(site: Site) {
        let client = site.client().await;
        for (name, kind) in [("Birthday", "DATE"), ("Size", "NUMBER"), ("Vip", "YES_NO"), ("Beer", "CHOICE")] {
            field(&client, name, kind).await;
        }
        let file = "Name,Birthday,Size,Vip,Beer\n\
            A,29.02.2024,+5,WAHR,ale\n\
            B,2024/02/29,1e3,VRAI,\n\
            C,20240229,\"1,250\",VERDADEIRO,\n\
            D,29 Feb 2024,.5,DO\u{11e}RU,\n\
            E,2024-02-29T00:00:00.000,NULL,yes,\n\
            F,29/2/2024,,FALSCH,\n\
            G,3/2/2024,,,\n\
            H,0/0/00,,,\n\
            I, --05-12,big,maybe,Wine\n\
            J,2024-02-30,,#N/A,\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!((&receipt["created"], &receipt["failed"]), (&json!(10), &json!(0)), "{receipt:#}");
        let leap = "2024-02-29";
        assert_eq!(values(&client).await, json!([
            ["A", "Beer=Ale", format!("Birthday={leap}"), "Size=5", "Vip=yes"],
            ["B", format!("Birthday={leap}"), "Size=1000", "Vip=yes"],
            ["C", format!("Birthday={leap}"), "Size=1250", "Vip=yes"],
            ["D", format!("Birthday={leap}"), "Size=0.5", "Vip=yes"],
            ["E", format!("Birthday={leap}"), "Vip=yes"],
            ["F", format!("Birthday={leap}"), "Vip=no"],
            ["G", "Birthday=2024-02-03"],
            ["H"],
            ["I"],
            ["J"],
        ]));
        let kept = "the row goes in without it, and a new person has it in their notes";
        assert_eq!(said(&receipt), [
            "5, Size: `NULL` is taken for an empty cell".to_owned(),
            format!("9, Birthday: the field Birthday takes a whole day such as 2026-05-25, and \"--05-12\" has no year; {kept}"),
            format!("9, Size: the field Size takes a number with at most four decimal places such as 5000 or 0.25, and \"big\" is none; {kept}"),
            format!("9, Vip: the field Vip takes yes or no, and \"maybe\" is none; {kept}"),
            format!("9, Beer: the field Beer takes one of its options (Stout, Ale), and \"Wine\" is none; {kept}"),
            "10, Vip: `#N/A` is taken for an empty cell".to_owned(),
            format!("10, Birthday: the field Birthday takes a day such as 2026-05-25, and \"2024-02-30\" is none; {kept}"),
        ]);
        let people = people(&client).await;
        assert_eq!(people[8]["notes"], "Birthday: --05-12\nSize: big\nVip: maybe\nBeer: Wine");
        assert_eq!(people[9]["notes"], "Birthday: 2024-02-30");
    }

    async fn the_numbers_of_custom_fields_are_read_with_the_separator_of_the_file(site: Site) {
        let client = site.client().await;
        field(&client, "Size", "NUMBER").await;
        let file = "Name;Size\nA;512,77\nB;5.000\nC;5 000,50 \u{20ac}\nD;(1.200)\nE;75 %\nF;+5\nG;1e3\nH;much\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!((&receipt["created"], &receipt["failed"]), (&json!(8), &json!(0)), "{receipt:#}");
        let expected = [
            ("A", "512.77"), ("B", "5000"), ("C", "5000.5"), ("D", "-1200"), ("E", "0.75"), ("F", "5"), ("G", "1000"),
        ];
        let mut expected: Vec<_> = expected.iter().map(|(name, size)| json!([name, format!("Size={size}")])).collect();
        expected.push(json!(["H"]));
        assert_eq!(values(&client).await, json!(expected));
        let said = said(&receipt);
        assert!(said.len() == 2 && said[0].contains("`5.000` is read as 5000") && said[1].contains("\"much\" is none"), "{said:?}");
        let said_so = client.import("/import/people?format=csv&decimal=point&duplicates=replace", "Name,Size\nB,5.000\n").await;
        assert_eq!(said_so["updated"], 1, "{said_so:#}");
        assert_eq!(values(&client).await[1], json!(["B", "Size=5"]));
    }

    async fn the_dates_of_custom_fields_are_in_the_order_of_the_file(site: Site) {
        let client = site.client().await;
        field(&client, "Birthday", "DATE").await;
        let file = "Name,Birthday\nA,2/3/2024\nB,2/29/2024\n";
        client.import("/import/people?format=csv", file).await;
        assert_eq!(values(&client).await, json!([["A", "Birthday=2024-02-03"], ["B", "Birthday=2024-02-29"]]));
        let file = "[{\"name\": \"C\", \"Birthday\": \"2/3/2024\"}]";
        let request = client.request(reqwest::Method::POST, "/import/people?format=json").body(file);
        let answer: Value = request.send().await.expect("the server answers").json().await.expect("JSON");
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.contains("`2/3/2024`") && message.contains("date_order"), "{message}");
        client.import("/import/people?format=json&date_order=mdy", file).await;
        let card = "BEGIN:VCARD\nVERSION:3.0\nFN:D\nBDAY:19800412\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:E\nBDAY:--0512\nEND:VCARD\n";
        let receipt = client.import("/import/people?format=vcard", card).await;
        assert_eq!(receipt["created"], 2, "{receipt:#}");
        let values = values(&client).await;
        assert_eq!(values[2], json!(["C", "Birthday=2024-02-03"]));
        assert_eq!((&values[3], &values[4]), (&json!(["D", "Birthday=1980-04-12"]), &json!(["E"])));
        let people = people(&client).await;
        assert_eq!((&people[3]["notes"], &people[4]["notes"]), (&Value::Null, &json!("Birthday: --05-12")));
    }

    async fn a_moved_account_keeps_its_times(site: Site) {
        let client = site.client().await;
        let (made, changed) = ("2019-05-06T07:08:09Z", "2020-01-02T03:04:05.5Z");
        let times = "{ nodes { createdAt updatedAt } }";
        let document = format!(
            "{{ people {times} transactions {times} events {times} }}"
        );
        let file = format!("name,createdAt,updatedAt\nAnn,{made},{changed}\n");
        client.import("/import/people?format=csv", file.clone()).await;
        client.import("/import/leads?format=csv", file).await;
        let file = format!("title,startsOn,createdAt,updatedAt\nVisit,2026-05-25,{made},{changed}\n");
        client.import("/import/calendar?format=csv", file).await;
        let found = client.graphql(&document, json!({})).await;
        for noun in ["people", "transactions", "events"] {
            let of_noun = &found[noun]["nodes"][0];
            assert_eq!((&of_noun["createdAt"], &of_noun["updatedAt"]), (&json!(made), &json!("2020-01-02T03:04:05.5Z")), "{noun}");
        }
        // What comes in through an export of ours comes out as it was, from any format that has the times.
        for (format, extension) in [("json", "json"), ("ndjson", "ndjson"), ("xlsx", "xlsx")] {
            let name = format!("moved-{format}");
            site.account(&name, "UTC").await;
            let other = site.client_of(&format!("admin@{name}.example")).await;
            let bytes = client.get(&format!("/export/people.{extension}")).await.bytes().await.expect("a document");
            let receipt = other.import(&format!("/import/people?format={format}"), bytes).await;
            assert_eq!(receipt["created"], 1, "{receipt:#}");
            let found = other.graphql(&document, json!({})).await;
            assert_eq!(found["people"]["nodes"][0]["createdAt"], made, "{format}");
        }
        // One that cannot be read, and one that is still to come.
        let file = "[{\"name\": \"Bob\", \"createdAt\": \"yesterday\"}, {\"name\": \"Cyd\", \"createdAt\": true},
            {\"name\": \"Dee\", \"createdAt\": \"2999-01-01T00:00:00Z\", \"updatedAt\": \"2019-01-01T00:00:00Z\"}]";
        let receipt = client.import("/import/people?format=json", file).await;
        assert_eq!((&receipt["created"], &receipt["failed"]), (&json!(3), &json!(0)), "{receipt:#}");
        assert_eq!(said(&receipt), [
            "1, createdAt: `yesterday` is not a time; write it like 2026-11-22T01:02:03Z",
            "2, createdAt: there should be a text, not true or false",
        ]);
        let document = "{ people(orderBy: CREATED_ASC) { nodes { name createdAt updatedAt } } }";
        let found = client.graphql(document, json!({})).await;
        for person in &found["people"]["nodes"].as_array().expect("a list")[1..] {
            assert_eq!(person["createdAt"], person["updatedAt"], "{person}");
            assert!(person["createdAt"].as_str().expect("a time") < "2998", "{person}");
        }
    }

    async fn line_ends_are_of_one_kind_at_every_door(site: Site) {
        let client = site.client().await;
        let file = "name,notes,address\nAnn,\"one\r\ntwo\rthree\",\"Street 1\r\nDoor 2\"\n";
        client.import("/import/people?format=csv", file).await;
        let file = "[{\"name\": \"Bob\", \"notes\": \"one\\r\\ntwo\\rthree\"}]";
        client.import("/import/people?format=json", file).await;
        let input = json!({ "name": "Cyd", "notes": "one\r\ntwo\rthree" });
        client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        let fields = [("create", "person"), ("name", "Dee"), ("notes", "one\r\ntwo\rthree")];
        assert_eq!(client.legacy(&fields).await, "Success");
        let people = people(&client).await;
        assert!(people.iter().all(|person| person["notes"] == "one\ntwo\nthree"), "{people:#?}");
        assert_eq!(people[0]["address"], "Street 1\nDoor 2");
        // Our own cards say nothing new, and neither does the file itself.
        for format in ["vcf", "csv", "json", "xlsx"] {
            let bytes = client.get(&format!("/export/people.{format}")).await.bytes().await.expect("a document");
            let name = if format == "vcf" { "vcard" } else { format };
            let receipt = client.import(&format!("/import/people?format={name}&duplicates=replace"), bytes).await;
            assert_eq!((&receipt["unchanged"], &receipt["read"]), (&json!(4), &json!(4)), "{format}: {receipt:#}");
        }
    }

    async fn what_an_earlier_version_stored_with_other_line_ends_is_no_news(stored: Stored) {
        let client = stored.site.client().await;
        client.import("/import/people?format=csv", "name,notes\nAnn,\"one\r\ntwo\"\n").await;
        stored.run("UPDATE people SET notes = replace(notes, 'one', 'one' || chr(13))".replace("chr", stored.chr()).as_str()).await;
        let receipt = client.import("/import/people?format=csv&duplicates=replace", "name,notes\nAnn,\"one\r\ntwo\"\n").await;
        assert_eq!(receipt["unchanged"], 1, "{receipt:#}");
    }
}

/// The notes of a receipt as `row, field: reason`.
fn said(receipt: &Value) -> Vec<String> {
    let note = |note: &Value| {
        let text = |name: &str| note[name].as_str().unwrap_or("-").to_owned();
        format!("{}, {}: {}", note["row"], text("field"), text("reason"))
    };
    receipt["notes"].as_array().expect("a list").iter().map(note).collect()
}

async fn field(client: &Client, name: &str, kind: &str) {
    let options: &[&str] = if kind == "CHOICE" { &["Stout", "Ale"] } else { &[] };
    let document =
        "mutation($input: CreateCustomFieldInput!) { createCustomField(input: $input) { customField { id } } }";
    let input = json!({ "target": "PERSON", "name": name, "type": kind, "options": options });
    client.graphql(document, json!({ "input": input })).await;
}

/// Everybody in the order in which they were made, each with their custom values as `field=value`.
async fn values(client: &Client) -> Value {
    let document = "{ people(orderBy: CREATED_ASC) { nodes { name customValues { field { name } value } } } }";
    let found = client.graphql(document, json!({})).await;
    let of = |person: &Value| {
        let values = person["customValues"].as_array().expect("a list").iter();
        let values = values.map(|value| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            json!(format!("{}={}", text(&value["field"]["name"]), text(&value["value"])))
        });
        Value::Array([person["name"].clone()].into_iter().chain(values).collect())
    };
    Value::Array(found["people"]["nodes"].as_array().expect("a list").iter().map(of).collect())
}

/// A site, and a connection of our own to its database, which stores what no door takes any more.
struct Stored {
    site: Site,
    raw: DatabaseConnection,
    _folder: TempDir,
}

impl Stored {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/stored.db", folder.path().display()),
            Kind::Postgres => empty(kind, test).await?,
        };
        let storage = Storage::connect(&url, Pool::default()).await.expect("a connection");
        storage.migrate().await.expect("an empty database can be migrated");
        let engine = Engine::new(storage, formats::builtin(), Clock::System).await.expect("it is migrated");
        let site = Site::over(engine, |_| {}).await;
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await;
        Some(Self { site, raw: raw.expect("a connection of our own"), _folder: folder })
    }

    /// What the database calls the character of a number.
    fn chr(&self) -> &'static str {
        if self.site.storage().is_sqlite() { "char" } else { "chr" }
    }

    async fn run(&self, sql: &str) {
        let statement = Statement::from_string(self.raw.get_database_backend(), sql.to_owned());
        self.raw.execute_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}
