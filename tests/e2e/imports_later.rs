//! What is left of an import when it is done: the receipt, the list, and the failed rows, which can be mended and imported again.

use bytes::BytesMut;
use formats::{
    Codec, Decode, DecodeError, DecodeOptions, Descriptor, Encode, EncodeOptions, Row, Section, Unsupported,
};
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::query::imports::Status;
use storage::query::users::Role;

use crate::imports::{OUTLOOK, outlook, people, summary};
use crate::program::Desk;

const NOBODY: &str = "a person needs a name, a company, an e-mail address or a phone";

// ------------------------------------------------------------------------------------------ The failed rows

on_each_database! {
    async fn failed_rows_come_back_with_the_columns_of_their_file(site: Site) {
        let client = site.client().await;
        let mut file = b"name;email;Shoe size;value\nZo\xEB;z@e.example;38;x1\nBob;b@e.example;41;1\n;;42;2\n".to_vec();
        file.extend_from_slice(b"\"Multi\nline, \"\"quoted\"\"\";m@e.example;43;1e\nCy;c@e.example;44;1;one;\"two;three\"\n");
        file.extend_from_slice(b"Dee;\"d@e.example;45;1\n");
        let receipt = client.import("/import/leads?format=csv", file).await;
        assert_eq!(summary(&receipt), "1 created, 5 failed");
        let errors = failed_rows(&client, &receipt).await;
        let expected = "name,email,Shoe size,value,_surplus,_row,_field,_reason\r\n\
            Zoë,z@e.example,38,x1,,1,value,`x1` is not a number; write it like 5000 or 0.25\r\n\
            ,,42,2,,3,,\"a person needs a name, a company, an e-mail address or a phone\"\r\n\
            \"Multi\nline, \"\"quoted\"\"\",m@e.example,43,1e,,4,value,`1e` is not a number; write it like 5000 or 0.25\r\n\
            Cy,c@e.example,44,1,\"one;\"\"two;three\"\"\",5,,\
            \"the row has 6 cells, but the header names 4 columns; put a text with `;` in it between quotes\"\r\n\
            Dee,\"\"\"d@e.example\",45,1,,6,,the quote that opens in line 8 is never closed\r\n";
        assert_eq!(errors, expected);

        // As it is, every row fails again, but for the one whose quote is now a character like others.
        let again = client.import("/import/leads?format=csv", errors.clone()).await;
        assert_eq!(summary(&again), "1 created, 4 failed", "{again:#}");
        assert_eq!(again["ignored"], json!(["Shoe size"]));
        assert_eq!(again["errors"][3]["field"], "_surplus");
        let errors_again = failed_rows(&client, &again).await;
        assert_eq!(errors_again.lines().next(), errors.lines().next(), "no column stands there twice");
        assert!(errors_again.contains("\r\nCy,c@e.example,44,1,\"one;\"\"two;three\"\"\",4,_surplus,"), "{errors_again}");

        let mended = errors.replace("x1,", "1,").replace("1e,", "1000,").replace(",,42,2", "Eve,,42,2");
        let mended = mended.replace("\"one;\"\"two;three\"\"\"", "");
        let receipt = client.import("/import/leads?format=csv&duplicates=replace", mended).await;
        assert_eq!(summary(&receipt), "4 created, 1 unchanged", "{receipt:#}");
        assert_eq!(failed_rows(&client, &receipt).await, "name,email,Shoe size,value,_row,_field,_reason\r\n");
    }

    async fn failed_rows_of_outlook_are_mended_and_understood_as_outlook(site: Site) {
        let client = site.client().await;
        let column = |name| OUTLOOK.split(',').position(|column| column == name).expect("a column of Outlook");
        let (city, spouse) = (column("Business City"), column("Spouse"));
        let cells: Vec<_> = (0..92).map(|at| if at == city { "Köln" } else if at == spouse { "Jürgen" } else { "" }).collect();
        let file = format!("{}{}\r\n", outlook(), cells.join(","));
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!(summary(&receipt), "3 created, 1 failed");
        let errors = failed_rows(&client, &receipt).await;
        assert_eq!(errors, format!("{OUTLOOK},_row,_field,_reason\r\n{},4,,\"{NOBODY}\"\r\n", cells.join(",")));
        let mut mended = cells.clone();
        mended[column("First Name")] = "Ann";
        let mended = errors.replace(&cells.join(","), &mended.join(","));
        let receipt = client.import("/import/people?format=csv", mended).await;
        assert_eq!((summary(&receipt), &receipt["ignored"]), ("1 created".to_owned(), &json!([])));
        let ann = json!({ "name": "Ann", "city": "Köln", "notes": "Spouse: Jürgen" });
        assert_eq!(people(&client).await[3], ann);
    }

    async fn failed_rows_of_a_file_without_a_header_get_one_by_which_they_are_understood(site: Site) {
        let client = site.client().await;
        let file = "Ada Lovelace,ada@e.example,tea 1\n,,lost 2\nBob Bee,bob@e.example,milk 3\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!(summary(&receipt), "2 created, 1 failed");
        let errors = failed_rows(&client, &receipt).await;
        assert_eq!(errors, format!("name,email,Column 3,_row,_field,_reason\r\n,,lost 2,2,,\"{NOBODY}\"\r\n"));
        let receipt = client.import("/import/people?format=csv", errors.replace("\r\n,", "\r\nCy Dee,")).await;
        assert_eq!((summary(&receipt), &receipt["ignored"]), ("1 created".to_owned(), &json!([])));
        assert_eq!(people(&client).await[2], json!({ "name": "Cy Dee", "notes": "Column 3: lost 2" }));
    }

    async fn failed_elements_of_json_come_back_under_our_columns_first(site: Site) {
        let client = site.client().await;
        let file = "[{\"value\": \"x\", \"shoe\": 43, \"name\": \"Ann\"}, {\"city\": \"Köln\", \"categories\": [\"A\", \"B\"]}, 7,
            {\"name\": \"Bob\", \"hat\": true}, {\"name\": \"Cyd\", \"value\": null, \"probability\": \"2\", \"a\": [1]}]";
        let receipt = client.import("/import/leads?format=json", file).await;
        assert_eq!(summary(&receipt), "1 created, 4 failed");
        let errors = failed_rows(&client, &receipt).await;
        let expected = "name,city,value,probability,categories,shoe,_surplus,a,_row,_field,_reason\r\n\
            Ann,,x,,,43,,,1,value,`x` is not a number; write it like 5000 or 0.25\r\n\
            ,Köln,,,A ::: B,,,,2,,\"a person needs a name, a company, an e-mail address or a phone\"\r\n\
            ,,,,,,7,,3,,\"there should be an object like {\"\"name\"\": \"\"Ada\"\"}, not a number\"\r\n\
            Cyd,,,2,,,,[1],5,probability,\"a probability lies between 0 and 1, and 2 does not; write 25 % as 0.25\"\r\n";
        assert_eq!(errors, expected);
        let mended = errors.replace(",x,", ",5,").replace("\r\n,Köln", "\r\nDee,Köln").replace(",,,2,", ",,,0.2,");
        let receipt = client.import("/import/leads?format=csv", mended).await;
        assert_eq!((summary(&receipt), &receipt["ignored"]), ("3 created, 1 failed".to_owned(), &json!(["shoe", "a"])));
    }

    async fn columns_without_end_share_one(site: Site) {
        let client = site.client().await;
        let element = |from: usize| {
            let members: Vec<_> = (from..from + 700).map(|key| format!("\"key {key}\": {key}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let file = format!("[{},{}]", element(1_000), element(2_000));
        let receipt = client.import("/import/people?format=json", file).await;
        let errors = failed_rows(&client, &receipt).await;
        let header: Vec<_> = errors.lines().next().expect("a header").split(',').collect();
        // Our own columns count, though no row has them.
        assert_eq!(header.len(), 1_024 - formats::columns(Section::People).len() + 1 + 3);
        assert!(errors.contains("\"key 2306: 2306\nkey 2307: 2307\n"), "what has no room stands under _surplus");
    }

    async fn all_failed_rows_come_back_also_beyond_those_that_the_receipt_names(site: Site) {
        let client = site.client().await;
        let rows: String = (1..=2_345).map(|row| if row % 3 == 0 { "1,Ann\n".to_owned() } else { format!("x{row},\n") }).collect();
        let receipt = client.import("/import/leads?format=csv", format!("value,name\n{rows}")).await;
        assert_eq!(receipt["errors"].as_array().map(Vec::len), Some(1_000));
        let errors = failed_rows(&client, &receipt).await;
        let expected = (1..=2_345).filter(|row| row % 3 != 0);
        let expected = expected.map(|row| format!("x{row},,{row},value,`x{row}` is not a number; write it like 5000 or 0.25\r\n"));
        assert_eq!(errors, format!("value,name,_row,_field,_reason\r\n{}", expected.collect::<String>()));
    }

    async fn a_format_that_keeps_nothing_of_its_rows_gives_them_back_as_ours(site: Forgetful) {
        let client = site.0.client().await;
        let file = "[{\"city\": \"Köln\", \"shoe\": 43}, {\"name\": 7.5}, {\"name\": []}]";
        let receipt = client.import("/import/people?format=forgetful", file).await;
        assert_eq!(summary(&receipt), "1 created, 2 failed");
        let errors = failed_rows(&client, &receipt).await;
        let (empty, own) = (",".repeat(17), formats::columns(Section::People).join(","));
        let city = format!("{},Köln{}", ",".repeat(9), ",".repeat(7));
        let rows = format!("{city},1,,\"{NOBODY}\"\r\n{empty},3,name,\"there should be a text, not a list\"\r\n");
        assert_eq!(errors, format!("{own},_row,_field,_reason\r\n{rows}"));
    }
}

// ------------------------------------------------------------------------------------------------ Receipts

on_each_database! {
    async fn a_receipt_can_be_read_later_as_the_import_gave_it(site: Site) {
        let client = site.client().await;
        let many = |cells: &str| format!("value,name,hat\n{}", cells.repeat(1_100));
        for (path, file) in [
            ("leads?format=csv", many("1,Ann,\n")),
            ("leads?format=csv&duplicates=merge", many("x,Ann,\n")),
            ("people?format=csv", "name;email\nZo\u{eb};\n;\n".to_owned()),
            ("people?format=csv&charset=windows-1252", "name\nZo\u{eb}\n".to_owned()),
            ("archives?format=json", "[]".to_owned()),
            ("archives?format=json", "[{}, {\"name\": \"A\"}]".to_owned()),
        ] {
            let receipt = client.import(&format!("/import/{path}"), file).await;
            assert_eq!(later(&client, &receipt).await, receipt, "{path}");
        }
        let part = Part::text("name\nAnn\n\n,\n").file_name("ünïcode \"1\".csv");
        let request = client.request(Method::POST, "/import/people").multipart(Form::new().part("file", part));
        let receipt: Value = request.send().await.expect("an answer").json().await.expect("a receipt");
        assert_eq!(receipt["file"]["name"], "ünïcode \"1\".csv");
        assert_eq!(later(&client, &receipt).await, receipt);
    }

    async fn an_import_that_fails_leaves_its_reason_and_nothing_else(site: Site) {
        let client = site.client().await;
        let broken = format!("[{}", "{\"name\": []},\n".repeat(1_200));
        let request = client.request(Method::POST, "/import/people?format=json").body(broken);
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::BAD_REQUEST);
        let imports = site.session("acme").await.imports().list().await.expect("a list");
        let [import] = &imports[..] else { panic!("{imports:#?}") };
        assert_eq!((import.status, import.summary.counts.read), (Status::Failed, 0));
        let receipt: Value = serde_json::from_str(&client.download(&format!("/imports/{}", service::Kind::Import.global(import.id))).await).expect("JSON");
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(reason.ends_with("nothing was imported") && reason.contains("`]` is missing"), "{reason}");
        assert_eq!(people(&client).await, [Value::Null; 0]);
    }

    async fn an_import_of_another_account_answers_like_one_that_does_not_exist(site: Site) {
        site.account("globex", "UTC").await;
        let (ours, theirs) = (site.client().await, site.client_of("admin@globex.example").await);
        let receipt = theirs.import("/import/people?format=csv", "name,city\n,Theirs\n").await;
        let id = receipt["id"].as_str().expect("an id");
        let stray = format!("import_{}", uuid::Uuid::now_v7().simple());
        let unknown = answer(&ours, &format!("/imports/{stray}")).await;
        assert_eq!((unknown.0, &unknown.1["code"]), (StatusCode::NOT_FOUND, &json!("NOT_FOUND")));
        let of_another_kind = id.replace("import_", "person_");
        for id in [id, &stray, &of_another_kind, "import_", "x", "%20", &id.to_uppercase()] {
            for path in [format!("/imports/{id}"), format!("/imports/{id}/errors.csv")] {
                assert_eq!(answer(&ours, &path).await, unknown, "{path}");
            }
        }
        assert_eq!(site.session("acme").await.imports().list().await.map(|imports| imports.len()), Ok(0));
        assert!(failed_rows(&theirs, &receipt).await.contains("Theirs"));
    }

    async fn a_receipt_has_notes_of_rows_that_were_taken(site: Site) {
        let client = site.client().await;
        let file = "TEL;CELL:+49 1\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Ann\r\nNOTE;ENCODING=b:no base64!\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Bob\r\n";
        let receipt = client.import("/import/people", file).await;
        assert_eq!((summary(&receipt), &receipt["file"]["format"]), ("2 created, 1 failed".to_owned(), &json!("vcard")));
        let broken = "the value is said to be text in base64 and is none; it is taken as it is written";
        let cut = "the card has no END:VCARD; the file may be cut off in it";
        let notes = json!([
            { "row": 2, "line": 3, "field": "NOTE", "reason": broken },
            { "row": 3, "line": 7, "field": null, "reason": cut },
        ]);
        assert_eq!(receipt["notes"], notes);
        let id = receipt["id"].as_str().expect("an id");
        let again: Value = client.get(&format!("/imports/{id}")).await.json().await.expect("JSON");
        assert_eq!(again["notes"], notes);
        let query = "query($id: ID!) { node(id: $id) { ... on Import { notes(first: 1) { row line field reason } } } }";
        let data = client.graphql(query, json!({ "id": id })).await;
        assert_eq!(data["node"]["notes"], json!([notes[0]]));
        let errors = failed_rows(&client, &receipt).await;
        assert!(errors.contains("\"+49 1\"") && errors.contains("BEGIN:VCARD is missing before it"), "{errors}");
        let good = client.import("/import/people?format=csv", "name\nCay\n").await;
        assert_eq!(good.get("notes"), None, "nothing is to be said");
    }

    async fn failed_rows_of_any_format_carry_what_can_be_read(site: Site) {
        let client = site.client().await;
        let event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Tea\nDTSTART:20261201T090000Z\nDTEND:20261399T100000Z\nEND:VEVENT\nEND:VCALENDAR\n";
        for (path, file, carried) in [
            ("/import/calendar?format=icalendar", event, ",2026-12-01T09:00:00Z,20261399T100000Z,"),
            ("/import/leads?format=vcard", "BEGIN:VCARD\nFN:Ann\nX-CAIRN-VALUE:much\nEND:VCARD\n", ",much,"),
            ("/import/leads?format=json", "[{\"name\":\"Ann\",\"value\":\"much\"}]", "Ann,much"),
            ("/import/leads?format=ndjson", "{\"name\":\"Ann\",\"value\":oops}\n", "Ann,\"{\"\"name\"\""),
        ] {
            let receipt = client.import(path, file).await;
            assert_eq!(summary(&receipt), "1 failed", "{path}");
            let errors = failed_rows(&client, &receipt).await;
            assert!(errors.contains(carried), "{path}: {errors}");
        }
        // A workbook, whose addresses are no days.
        client.import("/import/people?format=csv", "name,email\nAnn,ann@e.example\n").await;
        let workbook = client.get("/export/people.xlsx").await.bytes().await.expect("a workbook").to_vec();
        let receipt = client.import("/import/calendar?format=xlsx&map=name%3Dtitle&map=email%3DstartsOn", workbook).await;
        assert_eq!(summary(&receipt), "1 failed", "{receipt:#}");
        let errors = failed_rows(&client, &receipt).await;
        let (header, row) = errors.split_once("\r\n").expect("a header");
        assert!(header.contains("name,") && row.contains("Ann,") && row.contains(",ann@e.example,"), "{errors}");
    }

    async fn whoever_may_read_the_account_may_read_its_imports(site: Site) {
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        let receipt = site.client().await.import("/import/people?format=csv", "name,city\n,Ulm\n").await;
        let path = format!("/imports/{}/errors.csv", receipt["id"].as_str().expect("an id"));
        let anybody = Client::new(site.address);
        assert_eq!(answer(&anybody, &path).await.0, StatusCode::UNAUTHORIZED);
        let basic = anybody.request(Method::GET, &path).basic_auth("reader@acme.example", Some(PASSWORD)).send().await;
        let download = basic.expect("an answer");
        let header = |name| download.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/csv; charset=utf-8; header=present");
        let id = receipt["id"].as_str().expect("an id");
        assert_eq!(header("content-disposition"), format!("attachment; filename=\"acme-{id}-errors.csv\""));
        assert_eq!(download.text().await.expect("text"), format!("name,city,_row,_field,_reason\r\n,Ulm,1,,\"{NOBODY}\"\r\n"));
    }
}

// ------------------------------------------------------------------------------------------ The command line

on_each_database! {
    async fn the_command_line_lists_and_shows_imports_and_writes_their_failed_rows(desk: Desk) {
        let desk = desk.with_account();
        assert_eq!(desk.ok(&["import", "list", "--json"]).trim(), "[]");
        let file = |name: &str, text: &str| {
            let path = desk.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_str().expect("UTF-8").to_owned()
        };
        desk.ok(&["import", "people", &file("first.csv", "name\nAnn\n"), "--category", "A b"]);
        let bad = file("second.csv", "name,city\n,Ulm\nBob,\n");
        let output = desk.cairn(&["import", "people", &bad, "--json"]);
        assert_eq!(output.status.code(), Some(3));
        let receipt: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let id = receipt["id"].as_str().expect("an id");

        let shown: Value = serde_json::from_str(&desk.ok(&["import", "show", id, "--json"])).expect("JSON");
        assert_eq!(shown, receipt);
        let shown = desk.ok(&["import", "show", id]);
        assert!(shown.contains("    failed  1\n") && shown.contains(&format!("cairn import errors {id}")), "{shown}");

        let list: Value = serde_json::from_str(&desk.ok(&["import", "list", "--json"])).expect("JSON");
        let told: Vec<_> = list.as_array().expect("a list").iter().map(|import| {
            json!([import["file"]["name"], import["status"], import["created"], import["failed"], import["categories"]])
        }).collect();
        assert_eq!(told, [json!(["second.csv", "applied", 1, 1, []]), json!(["first.csv", "applied", 1, 0, ["A b"]])]);
        let table = desk.ok(&["import", "list"]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("ID ") && lines[1].starts_with(id) && lines[2].ends_with("first.csv"), "{table}");

        let errors = format!("name,city,_row,_field,_reason\r\n,Ulm,1,,\"{NOBODY}\"\r\n");
        assert_eq!(desk.ok(&["import", "errors", id]), errors);
        let out = desk.path().join("errors.csv");
        assert_eq!(desk.ok(&["import", "errors", id, "-o", out.to_str().expect("UTF-8")]), "");
        assert_eq!(std::fs::read_to_string(&out).expect("the file"), errors);
        assert!(desk.fails(&["import", "errors", "import_1"]).contains("there is no such import"));
        assert_eq!(desk.cairn(&["import"]).status.code(), Some(2));
        assert_eq!(desk.cairn(&["import", "people"]).status.code(), Some(2));
    }
}

// ------------------------------------------------------------------------------------------------- Helpers

/// The failed rows of an import, as they are downloaded.
async fn failed_rows(client: &Client, receipt: &Value) -> String {
    client.download(&format!("/imports/{}/errors.csv", receipt["id"].as_str().expect("an id"))).await
}

/// The receipt of an import, read later.
async fn later(client: &Client, receipt: &Value) -> Value {
    let text = client.download(&format!("/imports/{}", receipt["id"].as_str().expect("an id"))).await;
    serde_json::from_str(&text).expect("JSON")
}

/// The status and the error of a request, without the id of the request.
async fn answer(client: &Client, path: &str) -> (StatusCode, Value) {
    let response = client.get(path).await;
    let (status, mut answer) = (response.status(), response.json::<Value>().await.expect("JSON"));
    answer["error"].as_object_mut().expect("an error").remove("requestId");
    (status, answer["error"].take())
}

/// A site with the format `forgetful`.
struct Forgetful(Site);

impl Forgetful {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let mut registry = formats::builtin();
        registry.register(ForgetfulJson).expect("the name is free");
        Site::with(kind, test, registry, |_| {}).await.map(Self)
    }
}

/// JSON of a codec that does not tell what its file has for a row.
struct ForgetfulJson;

static FORGETFUL: Descriptor = Descriptor {
    name: "forgetful",
    title: "JSON that is forgotten",
    media_type: "application/x-forgetful",
    extensions: &["forgetful"],
    encodes: &[],
    decodes: &[Section::People],
    container: formats::Container::Stream,
    loses: &[],
};

impl Codec for ForgetfulJson {
    fn descriptor(&self) -> &'static Descriptor {
        &FORGETFUL
    }

    fn encoder(&self, section: Section, _options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        Err(FORGETFUL.check_encodes(section).expect_err("it writes nothing"))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        FORGETFUL.check_decodes(section)?;
        let json = formats::builtin().get("json").expect("it is built in").decoder(section, options)?;
        Ok(Box::new(ForgetfulDecoder(json)))
    }
}

struct ForgetfulDecoder(Box<dyn Decode>);

impl Decode for ForgetfulDecoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        self.0.row(input, at_end)
    }
}
