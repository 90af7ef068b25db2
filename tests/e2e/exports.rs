//! Every view in every format at a URL: the whole table, validators, compressed bodies, round trips, and clients that stop reading.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use formats::Section;
use futures_util::StreamExt as _;
use harness::client::Client;
use harness::on_each_database;
use harness::site::{NOW, Site};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use service::{Clock, Engine, ExportRequest};
use storage::query::portions::{CategoryNames, walk_people};
use storage::{Order, Search, Timestamp, View};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::imports::{contents, make_lively, summary};
use crate::imports_doors::client_of;
use crate::program::Desk;

/// The sections with contacts.
const CONTACTS: [&str; 5] = ["people", "leads", "opportunities", "customers", "archives"];

/// The paths of every cell of the table, without and with what is related.
fn cells() -> Vec<String> {
    let mut cells = Vec::new();
    for section in CONTACTS {
        let own = ["csv", "json", "ndjson", "vcf", "google.csv", "xlsx", "txt", "rss"];
        cells.extend(own.map(|extension| format!("{section}.{extension}")));
        cells.extend(
            ["rss", "json", "csv", "ndjson", "xlsx"].map(|extension| format!("{section}/messages.{extension}")),
        );
        cells.extend(
            ["ics", "csv", "json", "ndjson", "xlsx"].map(|extension| format!("{section}/calendar.{extension}")),
        );
    }
    cells.extend(["rss", "json", "csv", "ndjson", "xlsx"].map(|extension| format!("messages.{extension}")));
    cells.extend(["ics", "csv", "json", "ndjson", "xlsx"].map(|extension| format!("calendar.{extension}")));
    for section in ["email-templates", "event-templates"] {
        cells.extend(["csv", "xlsx", "json", "ndjson"].map(|extension| format!("{section}.{extension}")));
    }
    cells
}

/// An account with something in every cell of the table: the people and transactions of the import's tests, custom values, events and
/// messages of a person and a lead, and templates.
async fn fill(client: &Client) {
    make_lively(client).await;
    let fields = "mutation {
        a: createCustomField(input: { target: PERSON, name: \"Shoe size\", type: NUMBER }) { customField { id } }
        b: createCustomField(input: { target: TRANSACTION, name: \"Größe, \\\"in\\\" cm\", type: TEXT }) { customField { id } }
        createEmailTemplate(input: { name: \"Thanks\", subject: \"=1+1\", body: \"Dear {{name}},\\n<b>&amp;</b>\" }) { emailTemplate { id } }
        createEventTemplate(input: { name: \"Follow-up\", items: [
            { offset: \"+1 Week\", timeOfDay: \"18:15\", title: \"Call; \\\"back\\\"\" }, { offset: \"today\", title: \"Write\" }
        ] }) { eventTemplate { id } }
    }";
    client.graphql(fields, json!({})).await;
    let found = "{ people(view: { search: \"zed\" }) { nodes { id } } transactions(stage: LEAD, view: { search: \"zed\" }) { nodes { id } } }";
    let found = client.graphql(found, json!({})).await;
    let (person, lead) = (&found["people"]["nodes"][0]["id"], &found["transactions"]["nodes"][0]["id"]);
    let values = "mutation($person: ID!, $lead: ID!) {
        updatePerson(input: { id: $person, customValues: [{ field: \"Shoe size\", value: \"41.5\" }] }) { person { id } }
        updateTransaction(input: { id: $lead, customValues: [{ field: \"größe, \\\"in\\\" CM\", value: \"=1+1; 2\" }] }) { transaction { id } }
    }";
    client.graphql(values, json!({ "person": person, "lead": lead })).await;
    let about = "mutation($on: [ID!]!) {
        a: createEvent(input: { title: \"Fair, \\\"spring\\\"; שלום 🎉\", startsOn: \"2026-05-25\", endsOn: \"2026-05-27\", location: \"Hall 4\",
            description: \"a\\r\\nb\\n\", categories: [\"Fairs\"], associations: $on }) { event { id } }
        b: createEvent(input: { title: \"Call\", startsAt: \"2026-05-25T16:15:00Z\", endsAt: \"2026-05-25T17:00:00Z\", isComplete: true,
            associations: $on }) { event { id } }
        c: createMessage(input: { title: \"<b>Offer</b> & more\", body: \"Dear Zoë,\\n\\n]]> =1+1\", emailedFrom: \"a@example.com\",
            emailedTo: \"b@example.com, c@example.com\", categories: [\"Fairs\"], associations: $on,
            files: [{ name: \"plan.pdf\", url: \"https://example.com/plan.pdf?a=1&b=2\", mediaType: \"application/pdf\" }] }) { message { id } }
        d: createMessage(input: { body: \"only a body\", associations: $on }) { message { id } }
    }";
    client.graphql(about, json!({ "on": [person, lead] })).await;
}

/// Whether a document is one to parsers that are not ours, and how many records it holds.
fn records_of(path: &str, bytes: &[u8]) -> usize {
    let text = || std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    match path.split_once('.').expect("it has an extension").1 {
        "json" => serde_json::from_slice::<Vec<Value>>(bytes).unwrap_or_else(|error| panic!("{path}: {error}")).len(),
        "ndjson" => {
            let objects: Result<Vec<Value>, _> = text().lines().map(serde_json::from_str).collect();
            objects.unwrap_or_else(|error| panic!("{path}: {error}")).len()
        }
        "csv" | "google.csv" => csv_rows(bytes),
        "txt" => text().lines().count(),
        "vcf" => {
            let cards = vcard::tree::cst::VcardCst::parse_many(bytes);
            let mut count = 0;
            for card in cards {
                let card = card.unwrap_or_else(|error| panic!("{path}: {error:?}"));
                card.decode().validate().unwrap_or_else(|errors| panic!("{path}: {errors:?}"));
                count += 1;
            }
            count
        }
        "ics" => {
            let tree = ical::tree::cst::IcalCst::parse(text()).unwrap_or_else(|error| panic!("{path}: {error}"));
            tree.decode().validate().unwrap_or_else(|errors| panic!("{path}: {errors:?}"));
            text().matches("BEGIN:VEVENT\r\n").count()
        }
        "rss" => {
            check_feed(path, text());
            text().matches("<item>").count()
        }
        "xlsx" => xlsx_rows(path, bytes),
        other => panic!("nobody judges {other}"),
    }
}

/// The rows after the header; every row has as many fields.
fn csv_rows(bytes: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows: Result<Vec<_>, _> = reader.records().collect();
    rows.expect("every row has the same number of fields").len()
}

/// The rows of the first sheet after the header. The crate knows where the parts of an archive are; it is not asked to unpack them.
fn xlsx_rows(path: &str, bytes: &[u8]) -> usize {
    let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes));
    let mut archive = archive.unwrap_or_else(|error| panic!("{path}: {error}"));
    let place = archive.index_for_name("xl/worksheets/sheet1.xml").expect("a first sheet");
    let sheet = archive.by_index_raw(place).expect("it is where the directory says");
    let start = sheet.data_start().expect("it is where the directory says");
    let [start, size] = [start, sheet.compressed_size()].map(|place| usize::try_from(place).expect("it fits"));
    let mut xml = String::new();
    let unpacked = flate2::read::DeflateDecoder::new(&bytes[start..start + size]).read_to_string(&mut xml);
    unpacked.unwrap_or_else(|error| panic!("{path}: {error}"));
    xml.matches("<row ").count() - 1
}

/// What RSS 2.0 and its profile demand of every feed of ours.
fn check_feed(path: &str, text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{path}: {error}")) {
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                *names.entry(tag.name().as_ref().to_owned()).or_default() += 1;
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let count = |name: &str| names.get(name).copied().unwrap_or_default();
    assert_eq!((count("rss"), count("channel"), count("atom:link")), (1, 1, 1), "{path}: {names:?}");
    assert!(text.contains("<atom:link href=\"http://") && text.contains("rel=\"self\""), "{path}: {text}");
    assert_eq!(count("guid"), count("item"), "{path}: {names:?}");
    assert_eq!(text.matches("<guid isPermaLink=\"false\">").count(), count("item"), "{path}");
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    for date in text.split("<pubDate>").skip(1).filter_map(|rest| rest.split_once("</pubDate>")) {
        parser.parse_timestamp(date.0).unwrap_or_else(|error| panic!("{path}: {}: {error}", date.0));
    }
}

/// Keeps a document where the environment says so, for validators that are no crates.
fn keep(site: &Site, path: &str, query: &str, bytes: &[u8]) {
    let Some(folder) = std::env::var_os("CAIRN_TEST_DOCUMENTS") else { return };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let database = if site.storage().is_sqlite() { "sqlite" } else { "postgres" };
    let query = query.replace(['?', '=', '&', ':'], "-");
    let name = format!("{database}{query}-{}", path.replace('/', "-"));
    std::fs::write(folder.join(name), bytes).expect("the folder can be written");
}

/// A GET with headers.
async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request =
        headers.iter().fold(client.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, response.bytes().await.expect("a whole body").to_vec())
}

fn tag(headers: &HeaderMap) -> String {
    headers["etag"].to_str().expect("a tag is text").to_owned()
}

on_each_database! {
    async fn every_cell_of_the_table_is_valid_to_parsers_of_others(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        let mut counts = BTreeMap::new();
        for query in ["", "?search=zed", "?vcard=4.0&alarm=15&excel_safe=1&addresses=line"] {
            for path in cells() {
                let (status, headers, bytes) = get(&client, &format!("/export/{path}{query}"), &[]).await;
                // Templates have no view, and these options are for any.
                if query.starts_with("?search") && path.contains("-templates") {
                    assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
                    continue;
                }
                assert_eq!(status, StatusCode::OK, "{path}{query}: {}", String::from_utf8_lossy(&bytes));
                let disposition = headers["content-disposition"].to_str().expect("ASCII");
                let begin = format!("attachment; filename=\"acme-{}", path.replace(['/', '.'], "-").split('-').next().unwrap_or_default());
                assert!(disposition.starts_with(&begin), "{disposition} {begin}");
                counts.insert(format!("{path}{query}"), records_of(&path, &bytes));
                keep(&site, &path, query, &bytes);
            }
        }
        for (path, count) in [
            ("people.csv", 13), ("people.json", 13), ("people.vcf", 13), ("people.google.csv", 13), ("people.xlsx", 13), ("people.rss", 13),
            ("people.txt", 7), ("people.csv?search=zed", 1), ("leads.vcf", 5), ("leads.ndjson", 5), ("archives.xlsx", 2),
            ("people/messages.rss", 2), ("people/calendar.ics", 2), ("leads/messages.rss", 2), ("leads/calendar.ics", 2),
            ("customers/messages.rss", 0), ("customers/calendar.ics", 0), ("people/messages.rss?search=zed", 2),
            ("people/calendar.xlsx", 2), ("messages.rss", 2), ("messages.csv", 2), ("calendar.ics", 2), ("calendar.xlsx", 2),
            ("email-templates.csv", 1), ("event-templates.json", 2), ("event-templates.xlsx", 2),
        ] {
            assert_eq!(counts[path], count, "{path}: {counts:?}");
        }
    }

    async fn a_round_trip_into_another_account_keeps_all_that_is_not_declared_as_lost(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        for (place, format) in ["csv", "json", "ndjson", "vcard", "google-contacts", "xlsx"].into_iter().enumerate() {
            let account = format!("into-{place}");
            site.account(&account, "UTC").await;
            let other = site.client_of(&format!("admin@{account}.example")).await;
            let field = "mutation { createCustomField(input: { target: PERSON, name: \"Shoe size\", type: NUMBER }) { customField { id } } }";
            other.graphql(field, json!({})).await;
            let registry = formats::builtin();
            let descriptor = registry.get(format).expect("it is built in").descriptor();
            let (_, _, file) = get(&client, &format!("/export/people.{}", descriptor.extensions[0]), &[]).await;
            let receipt = other.import(&format!("/import/people?format={format}"), file).await;
            assert_eq!(receipt["failed"], 0, "{format}: {receipt:#}");
            let normal = |mut people: Vec<String>| {
                for person in &mut people {
                    if descriptor.loses.contains(&formats::Loss::LineEnds) {
                        *person = person.replace("\\r\\n", "\\n").replace("\\r", "\\n");
                    }
                    if format == "google-contacts" {
                        // Google's own groups begin like this one, and cells that hold several values are taken apart.
                        *person = person.replace(",\"* starred\"", "").replace("\"* starred\",", "");
                        *person = person.replace("\"a:::b\"", "\"a\",\"b\"");
                    }
                }
                if format == "google-contacts" {
                    // Without ids, those who share an address or a name are one and the same to an import.
                    people.retain(|person| !person.contains("@shared.example") && !person.contains("\"Eve\""));
                }
                people.sort();
                people
            };
            let (before, after) = (normal(contents(&client, "people").await), normal(contents(&other, "people").await));
            assert_eq!(before, after, "{format}");
        }
    }

    async fn who_has_a_document_is_told_so_without_one(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        let (_, headers, plain) = get(&client, "/export/people.csv?sort=created", &[]).await;
        let first = tag(&headers);
        for known in [first.clone(), format!("\"x\", W/{first}"), "*".to_owned()] {
            let (status, headers, body) = get(&client, "/export/people.csv?sort=created", &[("if-none-match", &known)]).await;
            assert_eq!((status, tag(&headers), body.len()), (StatusCode::NOT_MODIFIED, first.clone(), 0), "{known}");
        }
        let head = client.request(Method::HEAD, "/export/people.csv?sort=created").send().await.expect("an answer");
        assert_eq!((head.status(), tag(head.headers())), (StatusCode::OK, first.clone()));
        assert_eq!(head.headers()["content-type"], "text/csv; charset=utf-8; header=present");
        let mut tags = vec![first.clone()];
        for (encoding, unpack) in [("gzip", unpack_gzip as fn(&[u8]) -> Vec<u8>), ("zstd", unpack_zstd)] {
            let (_, headers, packed) = get(&client, "/export/people.csv?sort=created", &[("accept-encoding", encoding)]).await;
            assert_eq!(headers["content-encoding"], encoding);
            assert!(headers["vary"].to_str().is_ok_and(|vary| vary.contains("accept-encoding")));
            assert!(unpack(&packed) == plain && packed.len() < plain.len(), "{encoding}");
            tags.push(tag(&headers));
        }
        for path in ["/export/people.csv", "/export/people.csv?sort=created&excel_safe=1", "/export/people.json?sort=created", "/export/leads.csv?sort=created"] {
            tags.push(tag(&get(&client, path, &[]).await.1));
        }
        // Another user has other labels, and may be somebody else's `me`.
        site.add_user("acme", "nina@acme.example", storage::query::users::Role::Reader).await;
        let changed = tag(&get(&client, "/export/people.csv?sort=created", &[]).await.1);
        assert_eq!(changed, first, "who else there is shows nowhere among people");
        let nina = site.client_of("nina@acme.example").await;
        tags.push(tag(&get(&nina, "/export/people.csv?sort=created", &[]).await.1));
        let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
        assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    }

    async fn a_tag_changes_with_whatever_a_document_shows(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        let ids = "{ people(view: { search: \"zed\" }) { nodes { id } } transactions(stage: LEAD, view: { search: \"zed\" }) { nodes { id } }
            events(first: 1) { nodes { id } } messages(first: 1) { nodes { id } } categories(first: 1) { nodes { id name } } me { id }
            emailTemplates(first: 1) { nodes { id } } eventTemplates(first: 1) { nodes { id } } customFields { id } }";
        let ids = client.graphql(ids, json!({})).await;
        let id = |noun: &str| ids[noun]["nodes"][0]["id"].clone();
        let (person, lead, event, message) = (id("people"), id("transactions"), id("events"), id("messages"));
        let all = ["people.csv", "leads.csv", "calendar.ics", "messages.rss", "email-templates.csv", "event-templates.csv", "people/calendar.ics"];
        for (what, document, variables, changed) in [
            ("a name", "mutation($id: ID!) { updatePerson(input: { id: $id, name: \"Zed\" }) { person { id } } }", json!({ "id": person }), "pdcmr"),
            ("a custom value", "mutation($id: ID!) { updatePerson(input: { id: $id, customValues: [{ field: \"Shoe size\", value: \"9\" }] }) { person { id } } }", json!({ "id": person }), "pdcmr"),
            ("a value", "mutation($id: ID!) { updateTransaction(input: { id: $id, value: \"7\" }) { transaction { id } } }", json!({ "id": lead }), "dcmr"),
            ("an event", "mutation($id: ID!) { updateEvent(input: { id: $id, title: \"Other\" }) { event { id } } }", json!({ "id": event }), "cr"),
            ("a completed event", "mutation($id: ID!) { completeEvent(input: { id: $id }) { event { id } } }", json!({ "id": event }), "cr"),
            ("a message", "mutation($id: ID!) { updateMessage(input: { id: $id, title: \"Other\" }) { message { id } } }", json!({ "id": message }), "mr"),
            ("an association", "mutation($items: [ID!]!, $subjects: [ID!]!) { dissociate(input: { items: $items, subjects: $subjects }) { items { __typename } } }", json!({ "items": [event], "subjects": [lead] }), "cr"),
            ("a membership", "mutation($items: [ID!]!) { addToCategory(input: { items: $items, category: \"New one\" }) { category { id } } }", json!({ "items": [event, person] }), "pdcmr"),
            ("a category's name", "mutation($id: ID!) { updateCategory(input: { id: $id, name: \"Renamed\" }) { category { id } } }", json!({ "id": ids["categories"]["nodes"][0]["id"] }), "pdcmr"),
            ("a user's name", "mutation { updateMe(input: { name: \"Alice\" }) { user { id } } }", json!({}), "cmtsr"),
            ("an e-mail template", "mutation($id: ID!) { updateEmailTemplate(input: { id: $id, name: \"Bye\" }) { emailTemplate { id } } }", json!({ "id": id("emailTemplates") }), "ctsr"),
            ("an event template", "mutation($id: ID!) { updateEventTemplate(input: { id: $id, name: \"Bye\" }) { eventTemplate { id } } }", json!({ "id": id("eventTemplates") }), "ctsr"),
            ("a firing", "mutation($id: ID!, $on: ID!) { fireEventTemplate(input: { template: $id, on: { person: $on } }) { eventCount } }", json!({ "id": id("eventTemplates"), "on": person }), "ctsr"),
            ("a field's name", "mutation($id: ID!) { updateCustomField(input: { id: $id, name: \"Feet\" }) { customField { id } } }", json!({ "id": ids["customFields"][0]["id"] }), "pdr"),
            ("the time zone", "mutation { updateAccount(input: { timeZone: \"Asia/Tokyo\" }) { account { id } } }", json!({}), "pdcmtsr"),
            ("a trashed person", "mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }", json!({ "id": person }), "pdcmr"),
        ] {
            let mut before = Vec::new();
            for path in all {
                before.push(tag(&get(&client, &format!("/export/{path}"), &[]).await.1));
            }
            client.graphql(document, variables).await;
            for ((path, letter), before) in all.into_iter().zip("pdcmtsr".chars()).zip(before) {
                let (_, headers, _) = get(&client, &format!("/export/{path}"), &[("if-none-match", &before)]).await;
                assert_eq!(tag(&headers) != before, changed.contains(letter), "{what}: {path}");
            }
        }
        let before = tag(&get(&client, "/export/people.csv", &[]).await.1);
        client.import("/import/people?format=csv", "name\nNew\n").await;
        assert_ne!(tag(&get(&client, "/export/people.csv", &[]).await.1), before, "an import");
    }

    async fn what_cannot_be_exported_says_what_can(site: Site) {
        let client = site.client().await;
        for (path, status, says) in [
            ("/export/people.ics", 415, "icalendar cannot write people; it can write calendar"),
            ("/export/people.doc", 415, "there is no format with the extension `doc`"),
            ("/export/people", 415, "/export/people.csv"),
            ("/export/persons.csv", 404, "people"),
            ("/export/messages/people.csv", 404, "only messages and calendar are related to people"),
            ("/export/people/leads.csv", 404, "only messages and calendar are related to people"),
            ("/export/reports.csv", 415, "csv cannot write reports"),
            ("/export/people.csv?categorie=x", 400, "there is no parameter \"categorie\" here"),
            ("/export/people.csv?category=x", 404, "no such category"),
            ("/export/people/messages.rss?category=x", 404, "no such category"),
            ("/export/people.csv?sort=size", 400, "name, created or updated"),
            ("/export/people.vcf?vcard=2.1", 400, "choose 3.0 or 4.0"),
            ("/export/calendar.ics?alarm=soon", 400, "a number of minutes from 0 to 40320"),
            ("/export/people.txt?addresses=all", 400, "lines, line or mailto"),
            ("/export/people.csv?excel_safe=yes", 400, "excel_safe is 1 or 0"),
            ("/export/email-templates.csv?category=x", 400, "leave the filter out"),
        ] {
            let (found, _, body) = get(&client, path, &[]).await;
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let message = body["error"]["message"].as_str().unwrap_or_default();
            assert!(found == status && message.contains(says), "{path}: {found} {message}");
        }
        let (status, headers, _) = get(&client, "/export/people", &[("accept", "text/vcard; version=4.0, */*;q=0.1")]).await;
        assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &"text/vcard; charset=utf-8; version=4.0".parse().expect("a header")));
        client.graphql("mutation { createPerson(input: { name: \"A\", categories: [\"Käufer / \\\"A\\\"\"] }) { person { id } } }", json!({})).await;
        let (_, headers, _) = get(&client, "/export/people.csv?category=k%C3%A4ufer%20%2F%20%22a%22", &[]).await;
        let name = "attachment; filename=\"acme-people-k_ufer-a-2026-05-25.csv\"; filename*=UTF-8''acme-people-k%C3%A4ufer-a-2026-05-25.csv";
        assert_eq!(headers["content-disposition"], name);
    }

    async fn a_cut_download_can_be_told_by_its_trailer(site: Site) {
        let client = site.client().await;
        make_lively(&client).await;
        let mut stream = TcpStream::connect(site.address).await.expect("the site listens");
        let request = request_of(&site, &client, "/export/people.csv", "TE: trailers\r\nConnection: TE, close\r\n");
        stream.write_all(request.as_bytes()).await.expect("the site reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the site answers and closes");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("trailer: x-cairn-record-count\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n0\r\nx-cairn-record-count: 13\r\n\r\n"), "{answer}");
    }

    async fn who_stops_reading_holds_no_connection_of_the_database(site: Site) {
        let client = site.client().await;
        fill_with_long_notes(&client).await;
        let mut stalled = Vec::new();
        // More than the pools of both databases have connections.
        for _ in 0..24 {
            let mut stream = TcpStream::connect(site.address).await.expect("the site listens");
            let request = request_of(&site, &client, "/export/people.csv", "");
            stream.write_all(request.as_bytes()).await.expect("the site reads");
            let mut begin = [0; 1_000];
            stream.read_exact(&mut begin).await.expect("the document begins");
            stalled.push(stream);
        }
        let found = client.graphql("{ people(first: 1) { totalCount } }", json!({})).await;
        assert_eq!(found["people"]["totalCount"], LONG);
        // And whoever reads on gets all of it.
        let mut last = stalled.pop().expect("there are many");
        drop(stalled);
        let (mut read, mut buffer) = (1_000, vec![0; 1 << 16]);
        while read < LONG * NOTES {
            read += last.read(&mut buffer).await.expect("the document goes on");
        }
    }

    async fn who_goes_away_ends_the_query(site: Site) {
        let client = site.client().await;
        fill_with_long_notes(&client).await;
        let selects = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&selects);
        let storage = site.storage().clone().observed_by(move |statement| {
            if statement.contains("FROM \"people\"") {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let session = engine.operator(Some("acme"), Some("admin@acme.example")).await.expect("the admin");
        let whole = session.exports().prepare(ExportRequest::new(Section::People, "csv")).await.expect("an export");
        let mut bytes = Box::pin(whole.open().await.expect("a document").bytes);
        let mut read = 0;
        while let Some(chunk) = bytes.next().await {
            read += chunk.expect("the document is whole").len();
        }
        let all = selects.swap(0, Ordering::Relaxed);
        assert!(read > LONG * NOTES, "the document has {read} bytes");
        // SQLite reads on with one statement; that it ends is shown below.
        assert!(site.storage().is_sqlite() || all >= 4, "the document comes in portions, for this test to mean something: {all}");
        let cut = session.exports().prepare(ExportRequest::new(Section::People, "csv")).await.expect("an export");
        let mut bytes = Box::pin(cut.open().await.expect("a document").bytes);
        bytes.next().await.expect("a chunk").expect("of the document");
        drop(bytes);
        // Long enough for another document as a whole.
        let again = session.exports().prepare(ExportRequest::new(Section::Leads, "csv")).await.expect("an export");
        assert!(again.open().await.expect("a document").bytes.count().await > 0);
        let read = selects.load(Ordering::Relaxed);
        assert!(read <= 3, "{read} of {all} portions were read for nobody");
    }

    async fn a_long_view_is_read_in_one_go_but_waits_for_nobody(site: Site) {
        let client = site.client().await;
        let notes = "0123456789".repeat(NOTES / 10);
        let rows = (0..VERY_LONG).map(|number| format!("Person {number:03},{notes},Even {}\n", number % 2));
        let rows = format!("name,notes,category\n{}", rows.collect::<String>());
        assert_eq!(summary(&client.import("/import/people?format=csv", rows).await), format!("{VERY_LONG} created"));
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        let storage = site.storage().clone().observed_by(move |statement| {
            if statement.contains("FROM \"people\"") {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let reader = engine.operator(Some("acme"), Some("admin@acme.example")).await.expect("the admin").reader();
        let names = CategoryNames::default();

        // Taken at once: SQLite reads everything with one statement, or a few where the machine is slow, and PostgreSQL reads five pages and
        // then the rest: of the whole section in one way, and of a part, which has everybody here, in another. There are ten portions.
        let in_one_go = if site.storage().is_sqlite() { 1..=5 } else { 6..=6 };
        let part = View { search: Search::parse("person").expect("a search"), ..View::default() };
        for view in [View::default(), part] {
            let (outlet, mut portions) = mpsc::channel(1);
            let task = tokio::spawn(walk_people(reader.clone(), view.clone(), Order::default(), outlet));
            let mut quickly = Vec::new();
            while let Some(portion) = portions.recv().await {
                quickly.extend(names.unpack(&reader, &portion.expect("a portion")).await.expect("people"));
            }
            task.await.expect("the walk ends");
            let quick = statements.swap(0, Ordering::Relaxed);
            assert!(in_one_go.contains(&quick), "{quick} statements");
            for (number, person) in quickly.iter().enumerate() {
                assert_eq!(person.contact.name, Some(format!("Person {number:03}")));
                assert_eq!(person.categories, [format!("Even {}", number % 2)]);
                assert_eq!(person.contact.notes.as_ref().map(String::len), Some(NOTES));
            }
            assert_eq!(quickly.len(), VERY_LONG);

            // Taken with a rest in the middle, longer than anybody waits for: what comes after it is looked for anew, and nobody is
            // missing or there twice.
            let (outlet, mut portions) = mpsc::channel(1);
            let task = tokio::spawn(walk_people(reader.clone(), view, Order::default(), outlet));
            let (mut slowly, mut taken) = (Vec::new(), 0);
            while let Some(portion) = portions.recv().await {
                slowly.extend(names.unpack(&reader, &portion.expect("a portion")).await.expect("people"));
                taken += 1;
                if taken == 7 {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
            task.await.expect("the walk ends");
            assert!(statements.swap(0, Ordering::Relaxed) > *in_one_go.start(), "the statement was let go");
            assert_eq!(slowly, quickly);
        }

        // Whoever goes away ends it, in the middle of a statement.
        let (outlet, mut portions) = mpsc::channel(1);
        let task = tokio::spawn(walk_people(reader, View::default(), Order::default(), outlet));
        for _ in 0..7 {
            portions.recv().await.expect("a portion").expect("of people");
        }
        drop(portions);
        task.await.expect("the walk ends");
    }
}

/// How many people are more than PostgreSQL reads page by page, with [`NOTES`] each.
const VERY_LONG: usize = 110;

/// How many people [`fill_with_long_notes`] makes, and how many bytes of notes each of them has.
const LONG: usize = 60;
const NOTES: usize = 400_000;

async fn fill_with_long_notes(client: &Client) {
    let notes = "0123456789".repeat(NOTES / 10);
    let rows = (0..LONG).map(|number| format!("Person {number},{notes}\n"));
    let receipt = client.import("/import/people?format=csv", format!("name,notes\n{}", rows.collect::<String>())).await;
    assert_eq!(summary(&receipt), format!("{LONG} created"));
}

/// A request as it goes over the wire.
fn request_of(site: &Site, client: &Client, path: &str, more: &str) -> String {
    let token = client.token().expect("the client is signed in");
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n{more}\r\n", site.address)
}

fn unpack_gzip(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).expect("it is gzip");
    plain
}

fn unpack_zstd(packed: &[u8]) -> Vec<u8> {
    zstd::decode_all(packed).expect("it is zstd")
}

on_each_database! {
    async fn a_feed_is_read_by_its_secret_until_it_ends(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        let create = "mutation($input: CreateFeedInput!) { createFeed(input: $input) { url feed { id name section format expiresAt lastUsedAt } } }";
        let input = json!({ "section": "leads/calendar", "format": "icalendar", "name": "Team, \"A\"", "alarmMinutes": 15,
            "view": { "search": "zed" }, "expiresAt": "2026-06-01T00:00:00Z" });
        let made = client.graphql(create, json!({ "input": input })).await["createFeed"].clone();
        assert_eq!(made["feed"]["section"], "leads/calendar");
        let url = made["url"].as_str().expect("a URL").to_owned();
        let path = url.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address").to_owned();
        let nobody = Client::new(site.address);
        let (status, headers, body) = get(&nobody, &path, &[]).await;
        let text = String::from_utf8(body.clone()).expect("UTF-8");
        assert_eq!((status, records_of("x.ics", &body)), (StatusCode::OK, 2), "{text}");
        for line in ["NAME:Team\\, \"A\"", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H", "TRIGGER:-PT15M", "SEQUENCE:0"] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
        }
        let known = tag(&headers);
        assert_eq!(get(&nobody, &path, &[("if-none-match", &known)]).await.0, StatusCode::NOT_MODIFIED);

        // A changed event keeps its UID and counts; a vanished one vanishes.
        let events = client.graphql("{ events { nodes { id title } } }", json!({})).await;
        let [first, second] = [0, 1].map(|place| events["events"]["nodes"][place]["id"].as_str().expect("an id").to_owned());
        client.graphql("mutation($id: ID!) { updateEvent(input: { id: $id, title: \"Moved\" }) { event { id } } }", json!({ "id": first })).await;
        client.graphql("mutation($id: ID!) { deleteEvent(input: { id: $id }) { deletedId } }", json!({ "id": second })).await;
        let (status, _, body) = get(&nobody, &path, &[("if-none-match", &known)]).await;
        let text = String::from_utf8(body).expect("UTF-8");
        assert_eq!((status, text.matches("BEGIN:VEVENT").count()), (StatusCode::OK, 1), "{text}");
        assert!(text.contains(&format!("UID:{first}\r\n")) && text.contains("SEQUENCE:1\r\n") && !text.contains(&second), "{text}");

        // Only who made it sees it, and no secret is shown again.
        site.add_user("acme", "nina@acme.example", storage::query::users::Role::Admin).await;
        let nina = site.client_of("nina@acme.example").await;
        assert_eq!(nina.graphql("{ feeds { id } }", json!({})).await["feeds"], json!([]));
        let revoke = "mutation($id: ID!) { revokeFeed(input: { id: $id }) { feed { revokedAt } } }";
        let id = json!({ "id": made["feed"]["id"] });
        assert_eq!(nina.graphql_code(revoke, id.clone()).await, "NOT_FOUND");
        let feeds = client.graphql("{ feeds { id name format expiresAt } }", json!({})).await.to_string();
        assert!(feeds.contains("icalendar") && !feeds.contains("cairn_feed_"), "{feeds}");

        for wrong in [path.replace(".ics", ".csv"), path.replace(".ics", ".vcf"), path.replace(".ics", ""), "/feeds/cairn_feed_AAAA.ics".into()] {
            assert_eq!(get(&nobody, &wrong, &[]).await.0, StatusCode::NOT_FOUND, "{wrong}");
        }
        // Another letter in the middle of the secret, so that it is another one for certain.
        let place = path.len() - ".ics".len() - 8;
        let letter = if &path[place..=place] == "A" { "B" } else { "A" };
        let other_secret = format!("{}{letter}{}", &path[..place], &path[place + 1..]);
        assert_eq!(get(&nobody, &other_secret, &[]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(&nobody, &format!("{path}?category=x"), &[]).await.0, StatusCode::BAD_REQUEST);

        // It expires by the clock.
        let secret = path.strip_prefix("/feeds/").and_then(|path| path.strip_suffix(".ics")).expect("a path");
        for (day, is_alive) in [(6, true), (7, false)] {
            let now = Timestamp::from_microseconds((NOW + day * 86_400) * 1_000_000);
            let engine = Engine::new(site.storage().clone(), formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
            assert_eq!(engine.feed(secret).await.is_ok(), is_alive, "on day {day}");
        }
        client.graphql(revoke, id.clone()).await;
        assert_eq!(client.graphql_code(revoke, id).await, "NOT_FOUND");
        assert_eq!(get(&nobody, &path, &[]).await.0, StatusCode::NOT_FOUND);
    }

    async fn a_feed_ends_with_its_user_and_a_wrong_one_is_not_made(site: Site) {
        site.add_user("acme", "nina@acme.example", storage::query::users::Role::Reader).await;
        let nina = site.client_of("nina@acme.example").await;
        let create = "mutation($input: CreateFeedInput!) { createFeed(input: $input) { url } }";
        for (input, code) in [
            (json!({ "section": "leads", "format": "icalendar" }), "UNSUPPORTED"),
            (json!({ "section": "leads", "format": "ics" }), "UNSUPPORTED"),
            (json!({ "section": "lead", "format": "csv" }), "NOT_FOUND"),
            (json!({ "section": "people", "format": "csv", "view": { "category": "none" } }), "NOT_FOUND"),
            (json!({ "section": "people", "format": "csv", "sort": "size" }), "INVALID"),
            (json!({ "section": "calendar", "format": "icalendar", "alarmMinutes": -1 }), "INVALID"),
            (json!({ "section": "people", "format": "vcard", "vcardVersion": "2.1" }), "INVALID"),
            (json!({ "section": "people", "format": "addresses", "addressList": "all" }), "INVALID"),
            (json!({ "section": "people", "format": "csv", "expiresAt": "2026-05-25T12:00:00Z" }), "INVALID"),
            (json!({ "section": "people", "format": "csv", "name": "" }), "INVALID"),
        ] {
            assert_eq!(nina.graphql_code(create, json!({ "input": input })).await, code, "{input}");
        }
        let made = nina.graphql(create, json!({ "input": { "section": "people", "format": "rss" } })).await;
        let path = made["createFeed"]["url"].as_str().and_then(|url| url.strip_prefix(&format!("http://{}", site.address))).expect("a URL").to_owned();
        let admin = site.client().await;
        let made = admin.graphql("mutation { createPerson(input: { name: \"Ann\", email: \"ann@example.com\" }) { person { id } } }", json!({})).await;
        let person = made["createPerson"]["person"]["id"].as_str().expect("an id").to_owned();
        let nobody = Client::new(site.address);

        // What a feed of people encloses is there, and nothing else.
        let (_, _, body) = get(&nobody, &path, &[]).await;
        let text = String::from_utf8(body).expect("UTF-8");
        check_feed("feed", &text);
        let card = text.split("<enclosure url=\"").nth(1).and_then(|rest| rest.split_once("\" length=\"")).expect("an enclosure");
        let length: usize = card.1.split('"').next().and_then(|length| length.parse().ok()).expect("a length");
        let card = card.0.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address");
        assert!(card.ends_with(&format!(".vcf?person={person}")), "{card}");
        let (status, _, body) = get(&nobody, card, &[]).await;
        assert_eq!((status, records_of("x.vcf", &body), body.len()), (StatusCode::OK, 1, length));
        assert_eq!(get(&nobody, card.split('?').next().expect("a path"), &[]).await.0, StatusCode::NOT_FOUND);

        // So it is with the feed of leads: the vCard of a lead, with its person.
        let made = nina.graphql(create, json!({ "input": { "section": "leads", "format": "rss" } })).await;
        let leads = made["createFeed"]["url"].as_str().and_then(|url| url.strip_prefix(&format!("http://{}", site.address))).expect("a URL").to_owned();
        let lead = "mutation($person: ID!) { createTransaction(input: { stage: LEAD, value: \"5\", personId: $person }) { transaction { id } } }";
        admin.graphql(lead, json!({ "person": person })).await;
        let (_, _, body) = get(&nobody, &leads, &[]).await;
        let text = String::from_utf8(body).expect("UTF-8");
        check_feed("feed", &text);
        let card = text.split("<enclosure url=\"").nth(1).and_then(|rest| rest.split_once('"')).expect("an enclosure").0;
        let card = card.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address");
        let (status, _, body) = get(&nobody, card, &[]).await;
        assert_eq!((status, records_of("x.vcf", &body)), (StatusCode::OK, 1));
        assert!(String::from_utf8(body).expect("UTF-8").contains("ann@example.com"));

        let users = admin.graphql("{ users { id email } }", json!({})).await;
        let id = users["users"].as_array().and_then(|users| users.iter().find(|user| user["email"] == "nina@acme.example")).expect("she is there")["id"].clone();
        admin.graphql("mutation($id: ID!) { updateUser(input: { id: $id, isDisabled: true }) { user { id } } }", json!({ "id": id })).await;
        assert_eq!(get(&nobody, &path, &[]).await.0, StatusCode::NOT_FOUND);
    }

    async fn who_polls_an_unchanged_feed_costs_one_statement(site: Site) {
        let client = site.client().await;
        fill(&client).await;
        let create = "mutation { createFeed(input: { section: \"calendar\", format: \"icalendar\" }) { url } }";
        let made = client.graphql(create, json!({})).await;
        let url = made["createFeed"]["url"].as_str().expect("a URL").to_owned();
        let secret = url.rsplit('/').next().and_then(|file| file.strip_suffix(".ics")).expect("a secret").to_owned();
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        let storage = site.storage().clone().observed_by(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let first = engine.feed(&secret).await.expect("the feed").tag();
        // The first one notes what has changed, and then that the feed was read; a second one waits for the writer behind it.
        client.graphql("mutation { createLabel(input: { name: \"x\" }) { label { id } } }", json!({})).await;
        engine.feed(&secret).await.expect("the feed");
        let used = "{ feeds { lastUsedAt } }";
        while client.graphql(used, json!({})).await["feeds"][0]["lastUsedAt"].is_null() {
            tokio::task::yield_now().await;
        }
        statements.store(0, Ordering::Relaxed);
        for _ in 0..10 {
            assert_eq!(engine.feed(&secret).await.expect("the feed").tag(), first, "a label changes nothing");
        }
        assert_eq!(statements.load(Ordering::Relaxed), 10);
    }
}

on_each_database! {
    async fn a_date_is_never_given_twice_whatever_the_clocks_say(site: Site) {
        let client = site.client().await;
        let create = "mutation($name: String!) { createPerson(input: { name: $name }) { person { id } } }";
        let at = async |seconds: i64| {
            let now = Timestamp::from_microseconds((NOW + seconds) * 1_000_000);
            let engine = Engine::new(site.storage().clone(), formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
            let config = gateway::config::Config {
                listen: "127.0.0.1:0".parse().expect("an address"),
                admin_listen: "127.0.0.1:0".parse().expect("an address"),
                ..gateway::config::Config::default()
            };
            gateway::serve::Server::start(engine, config).await.expect("free ports")
        };
        // The one is right, and the other is a minute late.
        let (right, late) = (at(10).await, at(-60).await);
        let feed = client.graphql("mutation { createFeed(input: { section: \"people\", format: \"csv\" }) { url } }", json!({})).await;
        let feed = feed["createFeed"]["url"].as_str().expect("a URL").to_owned();
        let feed = feed.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address").to_owned();
        let client_at = async |server: &gateway::serve::Server| {
            let mut client = Client::new(server.address());
            client.login("admin@acme.example", "correct horse").await;
            client
        };
        let (right_client, late_client) = (client_at(&right).await, client_at(&late).await);
        let mut dates = Vec::new();
        for round in 0..6 {
            for path in ["/export/people.csv", feed.as_str()] {
                client.graphql(create, json!({ "name": format!("Person {round} {path}") })).await;
                // The late one sees the change first.
                get(&late_client, path, &[]).await;
                let (status, headers, body) = get(&right_client, path, &[]).await;
                assert_eq!(status, StatusCode::OK);
                // None is given in the second that it names, nor for one that is still to come.
                let Some(date) = headers.get("last-modified") else { continue };
                let date = date.to_str().expect("ASCII").to_owned();
                assert!(!dates.contains(&date), "{date} was given for another document: {dates:?}");
                assert_eq!(get(&right_client, path, &[("if-modified-since", &date)]).await.0, StatusCode::NOT_MODIFIED, "{date}");
                for before in &dates {
                    let (status, _, now) = get(&right_client, path, &[("if-modified-since", before)]).await;
                    assert_eq!((status, now == body), (StatusCode::OK, true), "{before} was before {date}");
                }
                dates.push(date);
            }
        }
        assert!(!dates.is_empty(), "some dates are given");
    }
}

on_each_database! {
    async fn an_older_database_has_other_tags_from_there_on(desk: Desk) {
        let desk = desk.with_account();
        let server = desk.serve(&[]);
        let client = client_of(&server).await;
        let raw = sea_orm::Database::connect(&desk.database).await.expect("a connection of our own");
        let sql = async |text: &str| {
            raw.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{error}: {text}"));
        };
        let create = "mutation($name: String!) { createPerson(input: { name: $name }) { person { id } } }";
        let feed = client.graphql("mutation { createFeed(input: { section: \"people\", format: \"csv\" }) { url } }", json!({})).await;
        let feed = feed["createFeed"]["url"].as_str().expect("a URL");
        let feed = feed[feed.find("/feeds/").expect("a path")..].to_owned();
        let paths = ["/export/people.csv", "/export/people.vcf", feed.as_str()];
        client.graphql(create, json!({ "name": "Ann" })).await;
        for path in paths {
            get(&client, path, &[]).await;
        }
        let tables = ["people", "outbox", "outbox_totals"];
        for table in tables {
            sql(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
        client.graphql(create, json!({ "name": "Bob" })).await;
        let mut seen = Vec::new();
        for path in paths {
            // Once it is a second old it has a date.
            let (headers, body) = loop {
                let (_, headers, body) = get(&client, path, &[]).await;
                if headers.contains_key("last-modified") {
                    break (headers, body);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
            assert!(String::from_utf8_lossy(&body).contains("Bob"));
            assert_eq!(get(&client, path, &[("if-none-match", &tag(&headers))]).await.0, StatusCode::NOT_MODIFIED, "{path}");
            seen.push((tag(&headers), headers["last-modified"].to_str().expect("ASCII").to_owned()));
        }
        // What a backup brings back, after which as much is changed as before.
        for table in tables.iter().rev() {
            sql(&format!("DELETE FROM {table}")).await;
        }
        for table in tables {
            sql(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
        for is_changed in [false, true] {
            if is_changed {
                client.graphql(create, json!({ "name": "Cid" })).await;
            }
            for (path, (tag, date)) in paths.iter().zip(&seen) {
                for header in [("if-none-match", tag.as_str()), ("if-modified-since", date.as_str())] {
                    let (status, _, body) = get(&client, path, &[header]).await;
                    let body = String::from_utf8_lossy(&body).into_owned();
                    assert_eq!((status, body.contains("Bob"), body.contains("Cid")), (StatusCode::OK, false, is_changed), "{path} {header:?}");
                }
            }
        }
    }
}
