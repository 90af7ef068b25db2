//! Deals of other CRMs: they are transactions of the contact or company that they are with, and those that are over say so.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};

use crate::imports::summary;
use crate::imports_plan::{apply, path};

const HUBSPOT: &str = "Record ID,Deal Name,Deal Stage,Close Date,Amount,Currency,Pipeline,Deal probability,Associated Contact,Associated Company\n\
    1001,Roof,Appointment Scheduled,2026-03-31,12500.5,EUR,Sales,0.2,Bea Mill (bea@mill.example);Cy Mill (cy@mill.example),Mill & Sons\n\
    1002,Floor,Appointment Scheduled,2026-04-30,300,EUR,Sales,0.4,Bea Mill (bea@mill.example),Mill & Sons\n\
    1003,Door,Closed Won,2026-01-15,900,EUR,Sales,1,Bea Mill (bea@mill.example),Mill & Sons\n\
    1004,Barn,Closed Lost,2026-02-01,70,USD,Sales,0,,Barn Ltd.\n\
    1005,Nobody's,Qualified To Buy,,50,EUR,Sales,0.4,,\n";

on_each_database! {
    async fn deals_of_hubspot_are_transactions_of_whom_they_are_with(site: Site) {
        let client = site.client().await;
        let receipt = client.import("/import/leads", HUBSPOT).await;
        assert_eq!(summary(&receipt), "4 created, 1 failed", "{receipt:#}");
        let failed = &receipt["errors"][0];
        assert_eq!((&failed["row"], &failed["field"]), (&json!(5), &json!("Associated Contact")), "{receipt:#}");
        let reason = "a deal needs the contact or the company that it is with: fill Associated Contact or Associated Company";
        assert_eq!(failed["reason"], reason);
        let expected = [
            ["Barn Ltd.", "ARCHIVE", "70", "0", "Deal Name: Barn"],
            ["Bea Mill - Mill & Sons", "CUSTOMER", "900", "1", "Deal Name: Door"],
            ["Bea Mill - Mill & Sons", "LEAD", "300", "0.4", "Deal Name: Floor"],
            ["Bea Mill - Mill & Sons", "LEAD", "12500.5", "0.2", "Deal Name: Roof"],
        ];
        assert_eq!(deals(&client).await, json!(expected));
        let people = client.graphql("{ people { nodes { name company email transactions { totalCount } } } }", json!({})).await;
        let expected = json!([
            { "name": null, "company": "Barn Ltd.", "email": null, "transactions": { "totalCount": 1 } },
            { "name": "Bea Mill", "company": "Mill & Sons", "email": "bea@mill.example", "transactions": { "totalCount": 3 } },
        ]);
        assert_eq!(people["people"]["nodes"], expected, "{people:#}");
        let export = client.download("/export/leads.json").await;
        let rows: Value = serde_json::from_str(&export).expect("JSON");
        let roof = rows.as_array().expect("a list").iter().find(|row| row["value"] == "12500.5").expect("the deal");
        let lines = "Deal Name: Roof\nRecord ID: 1001\nDeal Stage: Appointment Scheduled\nClose Date: 2026-03-31\nCurrency: EUR\n\
            Pipeline: Sales\nAssociated Contact: Cy Mill (cy@mill.example)";
        assert_eq!(roof["moreInfo"], lines);
    }

    async fn a_deal_that_is_there_is_known_by_its_number_and_moves_when_it_is_won(site: Site) {
        let client = site.client().await;
        client.import("/import/leads", HUBSPOT).await;
        let before = deals(&client).await;
        for policy in ["ignore", "merge", "replace"] {
            let again = client.import(&format!("/import/leads?duplicates={policy}"), HUBSPOT).await;
            assert_eq!(summary(&again), "4 unchanged, 1 failed", "{policy}: {again:#}");
        }
        // In another order, one of them worth more, one with another name, one won by now, and one that is new.
        let later = "Record ID,Deal Name,Deal Stage,Close Date,Amount,Currency,Pipeline,Deal probability,Associated Contact,Associated Company\n\
            1006,Gate,Appointment Scheduled,2026-05-31,40,EUR,Sales,0.1,Bea Mill (bea@mill.example),Mill & Sons\n\
            1002,The floor,Closed Won,2026-04-30,300,EUR,Sales,1,Bea Mill (bea@mill.example),Mill & Sons\n\
            1001,Roof,Appointment Scheduled,2026-03-31,13000,EUR,Sales,0.2,Bea Mill (bea@mill.example);Cy Mill (cy@mill.example),Mill & Sons\n";
        let merged = client.import("/import/leads?mode=plan&duplicates=merge", later).await;
        assert_eq!((&merged["created"], &merged["unchanged"]), (&json!(1), &json!(2)), "{merged:#}");
        let receipt = client.import("/import/leads?duplicates=replace", later).await;
        assert_eq!(summary(&receipt), "1 created, 2 updated", "{receipt:#}");
        let expected = [
            ["Barn Ltd.", "ARCHIVE", "70", "0", "Deal Name: Barn"],
            ["Bea Mill - Mill & Sons", "CUSTOMER", "900", "1", "Deal Name: Door"],
            ["Bea Mill - Mill & Sons", "LEAD", "40", "0.1", "Deal Name: Gate"],
            ["Bea Mill - Mill & Sons", "LEAD", "13000", "0.2", "Deal Name: Roof"],
            ["Bea Mill - Mill & Sons", "CUSTOMER", "300", "1", "Deal Name: The floor"],
        ];
        assert_eq!(deals(&client).await, json!(expected));
        let undo = "mutation($id: ID!) { undoImport(input: { id: $id }) { import { status } } }";
        client.graphql(undo, json!({ "id": receipt["id"] })).await;
        assert_eq!(deals(&client).await, before, "the undo is exact");
    }

    async fn a_plan_of_deals_of_pipedrive_shows_where_each_goes(site: Site) {
        let client = site.client().await;
        let file = "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Status,Deal - Stage,Deal - Probability,\
            Deal - Organization,Deal - Contact person,Person - Email - Work\n\
            7,Roof,12500,EUR,Open,Proposal made,75,Mill & Sons,Bea Mill,bea@mill.example\n\
            8,Barn door,900,EUR,Won,Negotiations started,,Barn Ltd.,,\n\
            9,Old barn,100,USD,Lost,Contact made,10,,Dan Barn,dan@barn.example\n";
        let plan = client.import("/import/opportunities?mode=plan", file).await;
        let rows = client.download(&path(&plan, "rows")).await;
        let stages: Vec<Value> = rows
            .lines()
            .map(|line| {
                let row: Value = serde_json::from_str(line).expect("JSON");
                let changes = row["changes"].as_array().expect("a list");
                changes.iter().find(|change| change["field"] == "stage").expect("a new stage")["after"].clone()
            })
            .collect();
        assert_eq!(stages, ["opportunity", "customer", "archive"]);
        let receipt = apply(&client, &plan).await;
        assert_eq!(summary(&receipt), "3 created", "{receipt:#}");
        let expected = [
            ["Barn Ltd.", "CUSTOMER", "900", "0", "Deal - Title: Barn door"],
            ["Dan Barn", "ARCHIVE", "100", "0.1", "Deal - Title: Old barn"],
            ["Bea Mill - Mill & Sons", "OPPORTUNITY", "12500", "0.75", "Deal - Title: Roof"],
        ];
        assert_eq!(deals(&client).await, json!(expected));
    }
}

on_each_database! {
    async fn the_status_of_a_deal_decides_and_what_only_looks_like_an_end_is_a_line(site: Site) {
        let client = site.client().await;
        let file = "Deal - ID,Deal - Title,Deal - Value,Deal - Status,Deal - Stage,Deal - Contact person\n\
            1,A,1,Open,Lost contact,Ann\n2,B,1,Lost,Won already?,Ann\n3,C,1,Won,Lead,Ann\n4,D,1,Open,Opportunity,Ann\n";
        assert_eq!(summary(&client.import("/import/leads", file).await), "4 created");
        let found = deals(&client).await;
        let stages: Vec<_> = found.as_array().expect("a list").iter().map(|deal| deal[1].clone()).collect();
        assert_eq!(stages, ["LEAD", "ARCHIVE", "CUSTOMER", "LEAD"]);
        let export = client.download("/export/customers.json").await;
        assert!(export.contains("Deal - Stage: Lead"), "{export}");
        // The number tells the deal, however its column is written.
        let later = file.replace("Deal - ID", "DEAL - ID");
        assert_eq!(summary(&client.import("/import/leads?duplicates=merge", later).await), "4 unchanged");
    }
}

/// Who, stage, value, probability and what each deal is called, by that.
async fn deals(client: &Client) -> Value {
    let query = "{ transactions { nodes { stage value probability moreInfo person { displayName } } } }";
    let found = client.graphql(query, json!({})).await;
    let nodes = found["transactions"]["nodes"].as_array().expect("a list").iter();
    let mut deals: Vec<_> = nodes
        .map(|deal| {
            let name = deal["moreInfo"].as_str().expect("a text").lines().next().expect("a line").to_owned();
            let of = |field: &str| deal[field].as_str().expect("a text").to_owned();
            let person = deal["person"]["displayName"].as_str().expect("a name").to_owned();
            [person, of("stage"), of("value"), of("probability"), name]
        })
        .collect();
    deals.sort_by(|one, other| one[4].cmp(&other[4]));
    json!(deals)
}
