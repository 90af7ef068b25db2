//! Eight clients that write at once: nothing is lost, and nobody is turned away.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};

const CLIENTS: usize = 8;
const ROUNDS: usize = 5;

on_each_database! {
    async fn clients_that_heed_versions_lose_no_update(site: Site) {
        let client = site.client().await;
        let create = "mutation { createPerson(input: { name: \"Counter\", notes: \"0\" }) { person { id } } }";
        let id = client.graphql(create, json!({})).await["createPerson"]["person"]["id"].clone();
        let tasks: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(count(client.clone(), id.clone()))).collect();
        let mut conflicts = 0;
        for task in tasks {
            conflicts += task.await.expect("no panic");
        }
        let person = "query($id: ID!) { person(id: $id) { version notes } }";
        let person = client.graphql(person, json!({ "id": id })).await["person"].clone();
        let total = CLIENTS * ROUNDS;
        assert_eq!(person, json!({ "version": total + 1, "notes": total.to_string() }), "{conflicts} conflicts on the way");
    }

    async fn clients_that_write_of_one_person_all_come_through(site: Site) {
        let client = site.client().await;
        let create = "mutation { createPerson(input: { name: \"Jane 0\" }) { person { id } } }";
        let id = client.graphql(create, json!({})).await["createPerson"]["person"]["id"].clone();
        let tasks: Vec<_> = (0..CLIENTS).map(|number| tokio::spawn(work(client.clone(), id.clone(), number))).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        let document = "query($id: ID!) { person(id: $id) { name
            events { totalCount } messages { totalCount } transactions { totalCount nodes { value } } categories { name }
        } }";
        let person = client.graphql(document, json!({ "id": id })).await["person"].clone();
        let each = json!({ "totalCount": CLIENTS * ROUNDS });
        assert_eq!((&person["events"], &person["messages"]), (&each, &each));
        assert_eq!(person["transactions"]["totalCount"], CLIENTS);
        let nodes = person["transactions"]["nodes"].as_array().expect("transactions");
        assert!(nodes.iter().all(|node| node["value"] == json!(ROUNDS.to_string())), "{nodes:?}");
        assert_eq!(person["categories"].as_array().map(Vec::len), Some(1));
        // What is derived from the name has the last one, whoever wrote last.
        let name = person["name"].as_str().expect("a name");
        let document = "query($name: String) { events(view: { search: $name }) { totalCount }
            messages(view: { search: $name }) { totalCount } transactions(view: { search: $name }) { totalCount } }";
        let found = client.graphql(document, json!({ "name": format!("\"{name}\"") })).await;
        let all = json!({ "events": each, "messages": each, "transactions": { "totalCount": CLIENTS } });
        assert_eq!(found, all, "{name}");
    }
}

/// Adds one to the notes again and again, each time from the version that it has read. Answers how often others were quicker.
async fn count(client: Client, id: Value) -> usize {
    let read = "query($id: ID!) { person(id: $id) { version notes } }";
    let write = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { version } } }";
    let (mut written, mut conflicts) = (0, 0);
    while written < ROUNDS {
        let person = client.graphql(read, json!({ "id": id })).await["person"].clone();
        let number: usize = person["notes"].as_str().and_then(|notes| notes.parse().ok()).expect("a number");
        let input = json!({ "id": id, "version": person["version"], "notes": (number + 1).to_string() });
        let answer = client.graphql_answer(write, json!({ "input": input })).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            None => written += 1,
            Some("CONFLICT") => conflicts += 1,
            Some(_) => panic!("a writer is turned away: {answer}"),
        }
    }
    conflicts
}

/// Writes everything that hangs on a person, renaming them meanwhile.
async fn work(client: Client, person: Value, number: usize) {
    let create =
        "mutation($id: ID!) { createTransaction(input: { stage: LEAD, personId: $id }) { transaction { id } } }";
    let lead = client.graphql(create, json!({ "id": person })).await["createTransaction"]["transaction"]["id"].clone();
    let document = "mutation($person: ID!, $lead: ID!, $name: String!, $value: Decimal!) {
        createEvent(input: { title: \"Call\", startsOn: \"2026-05-25\", associations: [$person, $lead] }) { event { id } }
        updatePerson(input: { id: $person, name: $name, categories: [\"Busy\"] }) { person { id } }
        createMessage(input: { title: \"Hello\", associations: [$lead] }) { message { id } }
        updateTransaction(input: { id: $lead, value: $value }) { transaction { id } }
    }";
    for round in 1..=ROUNDS {
        let name = format!("Jane {number}x{round}");
        let variables = json!({ "person": person, "lead": lead, "name": name, "value": round.to_string() });
        client.graphql(document, variables).await;
    }
}
