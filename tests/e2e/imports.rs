//! The rules of the import, each on both databases: a file in over HTTP, the records read back. Here are the helpers.

mod matching;
mod model;
mod outlook;
mod policies;
mod receipts;
mod round_trip;
mod stages;

use harness::client::Client;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const POLICIES: [&str; 3] = ["ignore", "replace", "merge"];

/// The sections that can be imported, with the stage of their transactions.
const SECTIONS: [(&str, Option<&str>); 5] = [
    ("people", None),
    ("leads", Some("LEAD")),
    ("opportunities", Some("OPPORTUNITY")),
    ("customers", Some("CUSTOMER")),
    ("archives", Some("ARCHIVE")),
];

const OUTCOMES: [&str; 5] = ["created", "updated", "unchanged", "skipped", "failed"];

/// What a receipt counts, such as `2 created, 1 failed`, after a check that it adds up.
pub(crate) fn summary(receipt: &Value) -> String {
    let counts = OUTCOMES.map(|outcome| receipt[outcome].as_u64().expect("a number"));
    assert_eq!(receipt["read"], counts.iter().sum::<u64>(), "{receipt:#}");
    assert_eq!(receipt["status"], "applied");
    said(counts)
}

fn said(counts: [u64; 5]) -> String {
    let counted = counts.into_iter().zip(OUTCOMES).filter(|(count, _)| *count > 0);
    counted.map(|(count, outcome)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
}

/// The errors or skips of a receipt as `row, line, field: reason`.
fn notes(list: &Value) -> Vec<String> {
    let note = |note: &Value| {
        let field = note["field"].as_str().map(|field| format!(", {field}")).unwrap_or_default();
        format!("{}, {}{field}: {}", note["row"], note["line"], note["reason"].as_str().expect("a reason"))
    };
    list.as_array().expect("a list").iter().map(note).collect()
}

fn rows(list: &Value) -> Vec<u64> {
    list.as_array().expect("a list").iter().map(|note| note["row"].as_u64().expect("a number")).collect()
}

/// Imports CSV into a section under a policy, and gives the [`summary`].
async fn take(client: &Client, section: &str, policy: &str, csv: &str) -> String {
    let path = format!("/import/{section}?format=csv&duplicates={policy}");
    summary(&client.import(&path, csv.to_owned()).await)
}

/// The status, the code and the message of an import that is refused.
async fn refused(client: &Client, path: &str, body: Vec<u8>) -> (StatusCode, String, String) {
    let request = client.request(Method::POST, &format!("/import/{path}")).body(body);
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let answer: Value = response.json().await.expect("the answer is JSON");
    let text = |name: &str| answer["error"][name].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    (status, text("code"), text("message"))
}

/// The people in the order in which they were made, through GraphQL: what they have, without ids and times.
pub(crate) async fn people(client: &Client) -> Vec<Value> {
    let document = format!("{{ people(orderBy: CREATED_ASC, first: 50) {{ totalCount nodes {{ {PERSON} }} }} }}");
    nodes(&client.graphql(&document, json!({})).await["people"])
}

/// The transactions of a stage in the order in which they were made, with their people, likewise.
async fn transactions(client: &Client, stage: &str) -> Vec<Value> {
    let document = format!(
        "query($stage: Stage!) {{ transactions(stage: $stage, orderBy: CREATED_ASC, first: 20) {{ totalCount nodes {{
            stage value probability moreInfo categories {{ name }} person {{ {PERSON} }} }} }} }}"
    );
    nodes(&client.graphql(&document, json!({ "stage": stage })).await["transactions"])
}

const PERSON: &str = "name company title email phone mobile fax url address city state zip country notes
    categories { name }";

/// The nodes of a connection that has no further page, without what is empty.
fn nodes(connection: &Value) -> Vec<Value> {
    let nodes = connection["nodes"].as_array().expect("a list");
    assert_eq!(connection["totalCount"], nodes.len(), "one page is enough");
    nodes.iter().map(filled).collect()
}

/// An object without what is empty in it, and with the names of its categories.
fn filled(node: &Value) -> Value {
    let mut filled = json!({});
    for (field, value) in node.as_object().expect("an object") {
        filled[field] = match value {
            Value::Array(list) if !list.is_empty() => list.iter().map(|category| category["name"].clone()).collect(),
            Value::Object(_) => self::filled(value),
            Value::Array(_) | Value::Null => continue,
            value => value.clone(),
        };
    }
    filled
}

async fn categories(client: &Client) -> Vec<String> {
    let data = client.graphql("{ categories { nodes { name } } }", json!({})).await;
    let nodes = data["categories"]["nodes"].as_array().expect("a list");
    nodes.iter().map(|category| category["name"].as_str().expect("a name").to_owned()).collect()
}

/// The records of a section in the order in which they were made, as the export has them.
async fn records(client: &Client, section: &str) -> Vec<Value> {
    let text = client.download(&format!("/export/{section}.json?sort=created")).await;
    serde_json::from_str(&text).expect("an array")
}

async fn ids(client: &Client, section: &str) -> Vec<String> {
    records(client, section).await.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

/// What the records of a section say without what every account gives anew, sorted.
pub(crate) async fn contents(client: &Client, section: &str) -> Vec<String> {
    let mut records = records(client, section).await;
    for record in &mut records {
        let record = record.as_object_mut().expect("an object");
        record.retain(|field, _| !matches!(&**field, "id" | "personId" | "createdAt" | "updatedAt"));
    }
    let mut texts: Vec<_> = records.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

/// The records of all sections as CSV, with ids and times and without the header.
async fn everything(client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for (section, _) in SECTIONS {
        let text = client.download(&format!("/export/{section}.csv")).await;
        all.push(text.split_once("\r\n").expect("a header").1.to_owned());
    }
    all
}

async fn create_person(client: &Client, input: Value) -> String {
    let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
    let data = client.graphql(document, json!({ "input": input })).await;
    data["createPerson"]["person"]["id"].as_str().expect("an id").to_owned()
}

async fn create_transaction(client: &Client, input: Value) -> String {
    let document =
        "mutation($input: CreateTransactionInput!) { createTransaction(input: $input) { transaction { id } } }";
    let data = client.graphql(document, json!({ "input": input })).await;
    data["createTransaction"]["transaction"]["id"].as_str().expect("an id").to_owned()
}

/// An id of the right form that no account has.
fn stray(kind: &str) -> String {
    format!("{kind}_{}", Uuid::now_v7().simple())
}

/// Fills an account with people and transactions that are hard to write down and to tell apart.
pub(crate) async fn make_lively(client: &Client) {
    let mut made = Vec::new();
    for person in [
        json!({
            "name": "Zoë \"Zed\" Østergaard, PhD", "company": "=1+1; \"Æble\", Ltd.", "title": "@CEO", "email": "Zoë@Example.com",
            "phone": "+49 221 1", "mobile": "-170 2", "fax": "\t3", "url": "https://example.com/?a=1&b=2#c",
            "address": "Große Straße 1\r\nHinterhaus\n\nStiege 2", "city": "Köln", "state": "NRW", "zip": "01234",
            "country": "Österreich", "notes": " =1+1\r\n\"quoted\", 🎉 and\ta tab;\rlone CR\u{2028}\nend \n",
            "categories": ["Friends, family", "VIP; \"gold\"", "=1+1", "a:::b", "* starred"],
        }),
        json!({ "company": "Company only" }),
        json!({ "email": "email.only@example.com", "categories": ["vip; \"gold\""] }),
        json!({ "phone": "01" }),
        json!({ "mobile": "02", "notes": "\n" }),
        json!({ "name": "Bob", "email": "info@shared.example" }),
        json!({ "name": "Cyd", "email": "INFO@shared.example" }),
        json!({ "name": "Dee", "company": "One", "email": "info@shared.example" }),
        json!({ "name": "Dee", "company": "Two", "email": "info@shared.example", "title": "=HYPERLINK(\"x\")" }),
        json!({ "name": "Eve", "company": "Acme", "notes": "the first" }),
        json!({ "name": "Eve", "company": "Acme", "notes": "the second" }),
        json!({ "name": "Eve", "company": "Acme", "email": "eve@example.com" }),
        json!({ "name": "Two\nlines", "address": " " }),
    ] {
        made.push(create_person(client, person).await);
    }
    let (zoe, company, email, bob, cyd, dee, eve) = (0, 1, 2, 5, 6, 8, 11);
    for (stage, person, value, probability, more_info) in [
        ("LEAD", zoe, "1234.5", "0.25", Some("=1+1\r\n\"why\", 🎉\n")),
        ("LEAD", zoe, "0.0001", "1", None),
        ("LEAD", bob, "0", "0", Some("Bob's")),
        ("LEAD", cyd, "0", "0", Some("Cyd's")),
        ("LEAD", dee, "0", "0", Some("the second Dee's")),
        ("OPPORTUNITY", zoe, "-3.5", "0.9999", None),
        ("OPPORTUNITY", company, "5000", "0.5", None),
        ("OPPORTUNITY", dee, "7", "0.07", None),
        ("CUSTOMER", eve, "99999999999.9999", "1", Some("+")),
        ("CUSTOMER", email, "1", "0", Some("-")),
        ("ARCHIVE", cyd, "2", "0.2", None),
        ("ARCHIVE", cyd, "2", "0.2", None),
    ] {
        let input = json!({
            "stage": stage, "value": value, "probability": probability, "moreInfo": more_info,
            "personId": made[person], "categories": ["Fair, 2026", "a;b"],
        });
        create_transaction(client, input).await;
    }
}

/// The header of Outlook's "Comma Separated Values (Windows)" in English.
pub(crate) const OUTLOOK: &str = "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,\
    Business Street 2,Business Street 3,Business City,Business State,Business Postal Code,Business Country/Region,\
    Home Street,Home Street 2,Home Street 3,Home City,Home State,Home Postal Code,Home Country/Region,Other Street,\
    Other Street 2,Other Street 3,Other City,Other State,Other Postal Code,Other Country/Region,Assistant's Phone,\
    Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,Company Main Phone,Home Fax,Home Phone,\
    Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,Primary Phone,Radio Phone,TTY/TDD Phone,Telex,Account,\
    Anniversary,Assistant's Name,Billing Information,Birthday,Business Address PO Box,Categories,Children,\
    Directory Server,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,\
    E-mail 2 Display Name,E-mail 3 Address,E-mail 3 Type,E-mail 3 Display Name,Gender,Government ID Number,Hobby,\
    Home Address PO Box,Initials,Internet Free Busy,Keywords,Language,Location,Manager's Name,Mileage,Notes,\
    Office Location,Organizational ID Number,Other Address PO Box,Priority,Private,Profession,Referred By,Sensitivity,\
    Spouse,User 1,User 2,User 3,User 4,Web Page";

/// A file as Outlook exports it: a byte order mark, 92 columns, its words for "nothing" in every row.
#[expect(clippy::too_many_lines, reason = "most of it is the file")]
pub(crate) fn outlook() -> String {
    let nothing = [
        ("Anniversary", "0/0/00"),
        ("Birthday", "0/0/00"),
        ("Gender", "Unspecified"),
        ("Priority", "Normal"),
        ("Private", "False"),
        ("Sensitivity", "Normal"),
    ];
    let people: [&[(&str, &str)]; 3] = [
        &[
            ("First Name", "Zoë"),
            ("Middle Name", "Anna"),
            ("Last Name", "Østergaard"),
            ("Suffix", "Jr."),
            ("Company", "Æble & Co, \"Ltd.\""),
            ("Department", "Sales, North"),
            ("Job Title", "Head of Sales"),
            ("Business Street", "Große Straße 1\r\nHinterhaus"),
            ("Business Street 2", "Stiege 2"),
            ("Business City", "Köln"),
            ("Business State", "NRW"),
            ("Business Postal Code", "01234"),
            ("Business Country/Region", "Germany"),
            ("Business Fax", "+49 221 0000004"),
            ("Business Phone", "+49 221 0000001"),
            ("Home Phone", "+49 221 0000003"),
            ("Mobile Phone", "+49 170 0000002"),
            ("Birthday", "12/24/75"),
            ("Categories", "Key account;Ünique"),
            ("E-mail Address", "Zoë@Example.com"),
            ("E-mail Type", "SMTP"),
            ("E-mail Display Name", "Zoë Østergaard (Zoë@Example.com)"),
            ("E-mail 2 Address", "zoë.privat@example.net"),
            ("Initials", "Z.A.Ø."),
            ("Notes", "line one\r\nline \"two\", with a comma\t🎉"),
            ("Spouse", "Jürgen"),
            ("Web Page", "https://example.com/?a=1&b=2"),
        ],
        &[
            ("First Name", "Jean-François"),
            ("Last Name", "O'Neil"),
            ("E-mail Address", "jf@example.org"),
            ("Primary Phone", "=1+1"),
        ],
        &[("E-mail Address", "nobody@example.com"), ("E-mail Type", "SMTP")],
    ];
    let header: Vec<_> = OUTLOOK.split(',').collect();
    assert_eq!(header.len(), 92);
    let mut file = format!("\u{feff}{OUTLOOK}\r\n");
    for person in people {
        let cell = |column: &&str| {
            let mut given = person.iter().chain(&nothing).filter(|(name, _)| name == column);
            let text = given.next().map_or("", |(_, text)| *text);
            if text.contains([',', '"', '\r', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        file += &header.iter().map(cell).collect::<Vec<_>>().join(",");
        file += "\r\n";
    }
    file
}
