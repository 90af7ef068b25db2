//! What a receipt says, and how bad input is refused.

use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::Site;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::query::users::Role;

use super::{categories, everything, notes, people, refused, rows, summary, take};

on_each_database! {
    async fn a_receipt_says_what_was_read_and_what_became_of_it(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,title\nOld,CTO\nSame,CEO\n").await;
        let file = "name,title\r\nNew,\r\nOld,CEO\r\nSame,CEO\r\nNew,CEO\r\n,CEO\r\n";
        let mut receipt = client.import("/import/people?format=CSV&duplicates=replace", file).await;
        let id = receipt["id"].take();
        assert!(id.as_str().is_some_and(|id| id.starts_with("import_")), "{id}");
        let expected = json!({
            "id": null,
            "section": "people",
            "status": "applied",
            "file": {
                "name": null,
                // By sha256sum.
                "sha256": "a73d644806732d0047f1d82db4f45ceaf09966200969a6dc6e00b6efba426d3e",
                "format": "csv",
                "charset": "utf-8",
                "delimiter": ",",
            },
            "read": 5, "created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "failed": 1,
            "errors": [{
                "row": 5, "line": 6, "field": null,
                "reason": "a person needs a name, a company, an e-mail address or a phone",
            }],
            "skips": [{
                "row": 4, "line": 5, "reason": "it repeats row 1: the same name and company",
                "key": "nameAndCompany", "values": ["new", ""], "record": null, "repeats": 1,
            }],
            "ignored": [],
            "columns": receipt["columns"].clone(),
            "series": 0, "events": 0, "plannedEvents": [], "mails": 0, "hash": null, "reason": null,
        });
        assert_eq!(receipt, expected, "{receipt:#}");
        let json = client.import("/import/leads?format=json", "[]").await;
        let file = json!({
            "name": null,
            "sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
            "format": "json", "charset": "utf-8", "delimiter": null,
        });
        assert_eq!((&json["file"], &json["read"], &json["section"]), (&file, &json!(0), &json!("leads")));
    }

    async fn a_failed_row_is_named_and_the_good_rows_go_in(site: Site) {
        let client = site.client().await;
        let long = "ä".repeat(501);
        let file = format!(
            "name,email,city,value,probability\n\
             Ann,,,1,\n\
             \"Bob\nTwo\",b@e.example,,x1,\n\
             ,,Köln,1,\n\
             \n\
             {long},,,1,0.5\n\
             Cyd,,,1,25\n\
             Dee,,,1,0.25\n\
             Eve,,,1,,surplus\n\
             Fay,,,0.00001,\n\
             Gus,,,,\"open"
        );
        let receipt = client.import("/import/leads?format=csv", file).await;
        assert_eq!(summary(&receipt), "3 created, 6 failed");
        assert_eq!(
            notes(&receipt["errors"]),
            [
                "2, 3, value: `x1` is not a number; write it like 5000 or 0.25",
                "3, 5: a person needs a name, a company, an e-mail address or a phone",
                "4, 7, name: name has 501 characters, and 500 is the most",
                "5, 8, probability: a probability lies between 0 and 1, and 25 does not; write 25 % as 0.25",
                "7, 10: the row has 6 cells, but the header names 5 columns; put a text with `,` in it between quotes",
                "9, 12: the quote that opens in line 12 is never closed",
            ]
        );
        let names: Vec<_> = people(&client).await.iter().map(|person| person["name"].clone()).collect();
        assert_eq!(names, ["Ann", "Dee", "Fay"]);
        // A place too many is rounded, and that is said.
        let [note] = &notes(&receipt["notes"])[..] else { panic!("{receipt:#}") };
        assert!(note.starts_with("8, 11, value: ") && note.contains("0.00001"), "{note}");
    }

    async fn a_bad_element_of_json_is_named_and_the_good_ones_go_in(site: Site) {
        let client = site.client().await;
        let file = "[{\"name\": \"Ann\"},\n {\"city\": \"Köln\"}, 7,\n\n {\"name\": [\"Bob\"]},\n {\"name\": \"Cyd\"}]";
        let receipt = client.import("/import/people?format=json", file).await;
        assert_eq!(summary(&receipt), "2 created, 3 failed");
        assert_eq!(
            notes(&receipt["errors"]),
            [
                "2, 2: a person needs a name, a company, an e-mail address or a phone",
                "3, 2: there should be an object like {\"name\": \"Ada\"}, not a number",
                "4, 4, name: there should be a text, not a list",
            ]
        );
    }

    async fn notes_over_their_limit_fail_also_with_their_foreign_lines(site: Site) {
        let client = site.client().await;
        let notes_of = |size| format!("First Name,Spouse,Notes\nAnn,Jürgen,{}\n", "n".repeat(size));
        // `\nSpouse: Jürgen` is 16 bytes.
        let receipt = client.import("/import/people?format=csv", notes_of((1 << 20) - 15)).await;
        assert_eq!(notes(&receipt["errors"]), ["1, 2, notes: notes has 1048577 bytes, and 1048576 is the most"]);
        let receipt = client.import("/import/people?format=csv", notes_of((1 << 20) - 16)).await;
        assert_eq!(summary(&receipt), "1 created");
    }

    async fn a_receipt_names_the_first_thousand_failed_and_skipped_rows(site: Site) {
        let client = site.client().await;
        let bad: String = (0..1_200).map(|row| if row % 2 == 0 { "x,\n" } else { "1,\n" }).collect();
        let receipt = client.import("/import/leads?format=csv", format!("value,name\n{bad}")).await;
        assert_eq!(summary(&receipt), "1200 failed");
        assert_eq!(rows(&receipt["errors"]), (1..=1_000).collect::<Vec<_>>());
        let receipt = client.import("/import/people?format=csv", format!("name\n{}", "Ann\n".repeat(1_200))).await;
        assert_eq!(summary(&receipt), "1 created, 1199 skipped");
        assert_eq!(rows(&receipt["skips"]), (2..=1_001).collect::<Vec<_>>());
    }

    async fn a_broken_document_is_an_error_and_leaves_nothing_behind(site: Site) {
        let client = site.client().await;
        let good_json = "{\"name\": \"Ann\", \"categories\": [\"A\"]},\n".repeat(1_800);
        for (format, file, said) in [
            ("csv", Vec::new(), "the file is empty"),
            ("csv", b"Farbe,Gr\xC3\xB6\xC3\x9Fe\nrot,7\n".to_vec(), "no column in line 1 is known"),
            ("json", b"name".to_vec(), "the file must be an array"),
            ("json", format!("[{good_json}").into_bytes(), "the file ends in line 1801"),
            ("json", format!("[{good_json}{{\"name\": \"Bo").into_bytes(), "the last element begins in line 1801"),
            ("json", format!("[{good_json}{{}}]]").into_bytes(), "out of place"),
        ] {
            for section in ["people", "leads"] {
                let (status, code, message) = refused(&client, &format!("{section}?format={format}"), file.clone()).await;
                assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "INVALID"), "{message}");
                assert!(message.contains(said) && message.ends_with("; nothing was imported"), "{message}");
            }
        }
        assert_eq!(everything(&client).await, [""; 5]);
        assert_eq!(categories(&client).await, [""; 0]);
        assert_eq!(take(&client, "people", "ignore", "name\nAnn\n").await, "1 created", "and the next one is served");
    }

    async fn a_file_comes_in_its_own_charset_and_with_its_own_delimiter(site: Site) {
        let client = site.client().await;
        let good: String = (0..1_800).map(|row| format!("Ann {row};A\n")).collect();
        let file = [format!("name;categories;Shoe size\n{good}").as_bytes(), b"B\xF6b;B;9\n"].concat();
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!(summary(&receipt), "1801 created");
        let found = json!([receipt["file"]["charset"], receipt["file"]["delimiter"], receipt["ignored"]]);
        assert_eq!(found, json!(["windows-1252", ";", ["Shoe size"]]));
        assert!(client.download("/export/people.csv?search=bob").await.contains("Böb"));
        let receipt = client.import("/import/people?format=csv&charset=windows-1250&delimiter=%3B", b"name;city\nZo\xEC;x,y\n".to_vec()).await;
        assert_eq!(receipt["file"]["charset"], "windows-1250");
        assert!(client.download("/export/people.csv?search=zo").await.contains("Zoě,"));
        for wrong in ["charset=klingon", "delimiter=x"] {
            let answer = refused(&client, &format!("people?format=csv&{wrong}"), b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (400, "INVALID"), "{}", answer.2);
        }
    }

    async fn imports_at_the_same_time_take_turns_and_reads_go_on(site: Site) {
        let client = site.client().await;
        // More of them than the harness gives PostgreSQL connections.
        let imports: Vec<_> = (0..8)
            .map(|number| {
                let client = client.clone();
                let rows: String = (0..600).map(|row| format!("P{row},p{row}@example.com,C{number}\n")).collect();
                tokio::spawn(async move {
                    client.import("/import/people?format=csv", format!("name,email,categories\n{rows}")).await
                })
            })
            .collect();
        let mut created = 0;
        for import in imports {
            client.graphql("{ people(first: 1) { totalCount } }", json!({})).await;
            created += import.await.expect("no panic")["created"].as_u64().expect("a number");
        }
        assert_eq!(created, 600, "whoever comes later finds them");
    }

    async fn a_guarded_export_comes_back_as_it_was(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv", "name,notes,phone\n=1+1,'quoted,+49 1\n").await;
        let guarded = client.download("/export/people.csv?excel_safe=1").await;
        assert!(guarded.starts_with('\u{feff}') && guarded.contains(",'=1+1,") && guarded.contains(",''quoted,"), "{guarded}");
        assert!(guarded.contains(",\"+49 1\","), "a phone is no formula: {guarded}");
        assert_eq!(take(&client, "people", "replace", &guarded).await, "1 unchanged");
        assert!(!client.download("/export/people.csv?excel_safe=0").await.contains("'=1+1"));
        assert_eq!(client.get("/export/people.csv?excel_safe=yes").await.status(), 400);
    }

    async fn a_wrong_request_is_refused_with_what_would_be_right(site: Site) {
        let client = site.client().await;
        for (path, status, code, said) in [
            ("people?format=docx", 415, "UNSUPPORTED", "csv"),
            ("people?format=docx", 415, "UNSUPPORTED", "json"),
            ("messages?format=csv", 415, "UNSUPPORTED", "messages cannot be imported"),
            ("people?format=csv&mode=try", 400, "INVALID", "plan or apply"),
            ("people?format=csv&value=5", 400, "INVALID", "people have none"),
            ("leads?format=csv&value=much", 400, "INVALID", "is not a number"),
            ("leads?format=csv&probability=25", 400, "INVALID", "between 0 and 1"),
            ("leads?format=csv&owner=nobody@acme.example", 404, "NOT_FOUND", "nobody@acme.example"),
            ("leads?format=csv&event_template=None", 404, "NOT_FOUND", "None"),
            ("leads?format=csv&event_template=None&automation=off", 400, "INVALID", "automatic"),
            ("leads?format=csv&automation=perhaps", 400, "INVALID", "on or off"),
            ("leads?format=csv&map=nothing", 400, "INVALID", "Header=field"),
            ("leads?format=csv&date_order=ymd", 400, "INVALID", "dmy or mdy"),
            ("people?format=csv&dupes=merge", 400, "INVALID", "duplicates"),
            ("people?format=csv&duplicates=yes", 400, "INVALID", "ignore, replace or merge"),
            ("people?format=csv&category=", 400, "INVALID", "the name of a category is empty"),
            ("persons?format=csv", 404, "NOT_FOUND", "people"),
        ] {
            let answer = refused(&client, path, b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (status, code), "{path}: {}", answer.2);
            assert!(answer.2.contains(said), "{path}: {}", answer.2);
        }
        let answer = refused(&client, "people", b"\x89PNG\r\n\x1a\n\0\0".to_vec()).await;
        assert_eq!((answer.0.as_u16(), &*answer.1), (415, "UNSUPPORTED"), "{}", answer.2);
        assert_eq!(people(&client).await, [Value::Null; 0]);
    }

    async fn a_part_of_a_form_brings_name_and_format(site: Site) {
        let client = site.client().await;
        for (text, name, kind, format) in [
            ("name\nAnn\n", "My contacts.CSV", None, "csv"),
            ("[{\"name\": \"Bob\"}]", "people.json", Some("text/plain"), "json"),
            ("name\nCyd\n", "people", Some("text/csv; charset=utf-8"), "csv"),
        ] {
            let mut part = Part::text(text).file_name(name);
            if let Some(kind) = kind {
                part = part.mime_str(kind).expect("a media type");
            }
            let form = Form::new().text("comment", "not the file").part("file", part);
            let response = client.request(Method::POST, "/import/people").multipart(form).send().await;
            let receipt: Value = response.expect("the server answers").json().await.expect("a receipt");
            assert_eq!(summary(&receipt), "1 created", "{receipt:#}");
            assert_eq!((&receipt["file"]["name"], &receipt["file"]["format"]), (&json!(name), &json!(format)));
        }
    }

    async fn the_media_type_of_a_raw_body_tells_its_format(site: Site) {
        let client = site.client().await;
        let request = client.request(Method::POST, "/import/people").json(&json!([{ "name": "Ann" }]));
        let receipt: Value = request.send().await.expect("the server answers").json().await.expect("a receipt");
        assert_eq!((summary(&receipt), &receipt["file"]["format"]), ("1 created".to_owned(), &json!("json")));
    }

    async fn only_who_may_write_may_import(site: Site) {
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        site.add_user("acme", "member@acme.example", Role::Member).await;
        let reader = site.client_of("reader@acme.example").await;
        for (client, status, code) in
            [(&Client::new(site.address), 401, "UNAUTHENTICATED"), (&reader, 403, "FORBIDDEN")]
        {
            let answer = refused(client, "people?format=csv", b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (status, code), "{}", answer.2);
        }
        assert_eq!(people(&reader).await, [Value::Null; 0]);
        let member = site.client_of("member@acme.example").await;
        assert_eq!(take(&member, "people", "ignore", "name\nAnn\n").await, "1 created");
    }

    async fn a_file_over_the_limit_is_refused(site: Narrow) {
        let client = site.0.client().await;
        let file = |size: usize| format!("name\n{}\n", "n".repeat(size - 6)).into_bytes();
        let (status, code, message) = refused(&client, "people?format=csv", file(LIMIT + 1)).await;
        assert_eq!((status.as_u16(), &*code), (413, "LIMITED"), "{message}");
        assert!(message.contains("100 bytes"), "{message}");
        let part = Part::bytes(file(LIMIT + 1)).file_name("people.csv");
        let form = client.request(Method::POST, "/import/people").multipart(Form::new().part("file", part));
        assert_eq!(form.send().await.expect("the server answers").status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(people(&client).await, [Value::Null; 0]);
        assert_eq!(summary(&client.import("/import/people?format=csv", file(LIMIT)).await), "1 created");
    }
}

/// The largest file of [`Narrow`], in bytes.
const LIMIT: usize = 100;

/// A site that takes small files only.
struct Narrow(Site);

impl Narrow {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let limit = |config: &mut gateway::config::Config| config.limits.import_file = LIMIT as u64;
        Site::with(kind, test, formats::builtin(), limit).await.map(Self)
    }
}
