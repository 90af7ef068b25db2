//! Two accounts with the same data never see each other: every route and every argument that takes an id is tried with
//! the other account's real id.

use std::collections::BTreeSet;

use harness::client::Client;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The ids of an account's records.
struct Ids {
    person: String,
    transaction: String,
    event: String,
    message: String,
    category: String,
    user: String,
    account: String,
    field: String,
    label: String,
    mail: String,
    template: String,
    import: String,
    upload: String,
    feed: String,
    webhook: String,
    token: String,
}

/// An argument, a document and the id that goes there.
type Probe = (&'static str, &'static str, fn(&Ids) -> &str);

/// Every argument of the schema that takes an id, and a request that puts another account's id there.
///
/// `$id` is that id; `$person`, `$transaction`, `$event`, `$message`, `$template` and `$upload` are ids of one's own account. The answer must be
/// the same as for an id that does not exist.
const PROBES: &[Probe] = &[
    ("Query.node(id)", "query($id: ID!) { node(id: $id) { id } }", |ids| &ids.person),
    ("Query.person(id)", "query($id: ID!) { person(id: $id) { id name } }", |ids| &ids.person),
    ("Query.transaction(id)", "query($id: ID!) { transaction(id: $id) { id person { name } } }", |ids| {
        &ids.transaction
    }),
    ("Query.category(id)", "query($id: ID!) { category(id: $id) { id name } }", |ids| &ids.category),
    ("ViewInput.category", "query($id: String!) { people(view: { category: $id }) { nodes { id } } }", |ids| {
        &ids.category
    }),
    (
        "ViewInput.category of transactions",
        "query($id: String!) { transactions(view: { category: $id }) { nodes { id } } }",
        |ids| &ids.category,
    ),
    (
        "UpdatePersonInput.id",
        "mutation($id: ID!) { updatePerson(input: { id: $id, name: \"Mallory\" }) { person { id } } }",
        |ids| &ids.person,
    ),
    (
        "CreateTransactionInput.personId",
        "mutation($id: ID!) { createTransaction(input: { stage: LEAD, personId: $id }) { transaction { id } } }",
        |ids| &ids.person,
    ),
    (
        "MoveTransactionInput.id",
        "mutation($id: ID!) { moveTransaction(input: { id: $id, stage: ARCHIVE }) { transaction { id } } }",
        |ids| &ids.transaction,
    ),
    ("DeletePersonInput.id", "mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }", |ids| {
        &ids.person
    }),
    (
        "UpdateTransactionInput.id",
        "mutation($id: ID!) { updateTransaction(input: { id: $id, value: \"9\" }) { transaction { id } } }",
        |ids| &ids.transaction,
    ),
    (
        "DeleteTransactionInput.id",
        "mutation($id: ID!) { deleteTransaction(input: { id: $id }) { deletedId } }",
        |ids| &ids.transaction,
    ),
    (
        "CreateTransactionInput.managers",
        "mutation($id: ID!) {
            createTransaction(input: { stage: LEAD, person: { name: \"M\" }, managers: [$id] }) { transaction { id } }
        }",
        |ids| &ids.user,
    ),
    (
        "UpdateTransactionInput.managers",
        "mutation($id: ID!, $transaction: ID!) {
            updateTransaction(input: { id: $transaction, managers: [$id] }) { transaction { id } }
        }",
        |ids| &ids.user,
    ),
    ("ViewInput.person", "query($id: ID!) { transactions(view: { person: $id }) { nodes { id } } }", |ids| &ids.person),
    ("ViewInput.transaction", "query($id: ID!) { people(view: { transaction: $id }) { nodes { id } } }", |ids| {
        &ids.transaction
    }),
    ("Query.event(id)", "query($id: ID!) { event(id: $id) { id title associations { __typename } } }", |ids| {
        &ids.event
    }),
    ("Query.message(id)", "query($id: ID!) { message(id: $id) { id title files { url } } }", |ids| &ids.message),
    (
        "CreateEventInput.owner",
        "mutation($id: ID!) {
            createEvent(input: { title: \"M\", startsOn: \"2026-05-25\", owner: $id }) { event { id } }
        }",
        |ids| &ids.user,
    ),
    (
        "CreateEventInput.associations",
        "mutation($id: ID!) {
            createEvent(input: { title: \"M\", startsOn: \"2026-05-25\", associations: [$id] }) { event { id } }
        }",
        |ids| &ids.person,
    ),
    (
        "UpdateEventInput.id",
        "mutation($id: ID!) { updateEvent(input: { id: $id, title: \"Mallory\" }) { event { id } } }",
        |ids| &ids.event,
    ),
    (
        "UpdateEventInput.owner",
        "mutation($id: ID!, $event: ID!) { updateEvent(input: { id: $event, owner: $id }) { event { id } } }",
        |ids| &ids.user,
    ),
    (
        "UpdateEventInput.associations",
        "mutation($id: ID!, $event: ID!) { updateEvent(input: { id: $event, associations: [$id] }) { event { id } } }",
        |ids| &ids.transaction,
    ),
    ("CompleteEventInput.id", "mutation($id: ID!) { completeEvent(input: { id: $id }) { event { id } } }", |ids| {
        &ids.event
    }),
    ("DeleteEventInput.id", "mutation($id: ID!) { deleteEvent(input: { id: $id }) { deletedId } }", |ids| &ids.event),
    (
        "CreateMessageInput.associations",
        "mutation($id: ID!) { createMessage(input: { title: \"M\", associations: [$id] }) { message { id } } }",
        |ids| &ids.person,
    ),
    (
        "UpdateMessageInput.id",
        "mutation($id: ID!) { updateMessage(input: { id: $id, title: \"Mallory\" }) { message { id } } }",
        |ids| &ids.message,
    ),
    (
        "UpdateMessageInput.associations",
        "mutation($id: ID!, $message: ID!) {
            updateMessage(input: { id: $message, associations: [$id] }) { message { id } }
        }",
        |ids| &ids.person,
    ),
    ("DeleteMessageInput.id", "mutation($id: ID!) { deleteMessage(input: { id: $id }) { deletedId } }", |ids| {
        &ids.message
    }),
    (
        "AssociateInput.items",
        "mutation($id: ID!, $person: ID!) {
            associate(input: { items: [$id], subjects: [$person] }) { items { __typename } }
        }",
        |ids| &ids.event,
    ),
    (
        "AssociateInput.subjects",
        "mutation($id: ID!, $message: ID!) {
            associate(input: { items: [$message], subjects: [$id] }) { items { __typename } }
        }",
        |ids| &ids.person,
    ),
    (
        "DissociateInput.items",
        "mutation($id: ID!, $person: ID!) {
            dissociate(input: { items: [$id], subjects: [$person] }) { items { __typename } }
        }",
        |ids| &ids.message,
    ),
    (
        "DissociateInput.subjects",
        "mutation($id: ID!, $event: ID!) {
            dissociate(input: { items: [$event], subjects: [$id] }) { items { __typename } }
        }",
        |ids| &ids.transaction,
    ),
    ("ViewInput.person of events", "query($id: ID!) { events(view: { person: $id }) { nodes { id } } }", |ids| {
        &ids.person
    }),
    (
        "ViewInput.transaction of messages",
        "query($id: ID!) { messages(view: { transaction: $id }) { nodes { id } } }",
        |ids| &ids.transaction,
    ),
    ("Query.user(id)", "query($id: ID!) { user(id: $id) { id name } }", |ids| &ids.user),
    (
        "UpdateUserInput.id",
        "mutation($id: ID!) { updateUser(input: { id: $id, name: \"Mallory\" }) { user { id } } }",
        |ids| &ids.user,
    ),
    ("Query.customField(id)", "query($id: ID!) { customField(id: $id) { id name } }", |ids| &ids.field),
    (
        "UpdateCustomFieldInput.id",
        "mutation($id: ID!) { updateCustomField(input: { id: $id, name: \"Mallory\" }) { customField { id } } }",
        |ids| &ids.field,
    ),
    (
        "DeleteCustomFieldInput.id",
        "mutation($id: ID!) { deleteCustomField(input: { id: $id }) { deletedId } }",
        |ids| &ids.field,
    ),
    (
        "CustomValueInput.field of a new person",
        "mutation($id: String!) {
            createPerson(input: { name: \"M\", customValues: [{ field: $id, value: \"x\" }] }) { person { id } }
        }",
        |ids| &ids.field,
    ),
    (
        "CustomValueInput.field of a person",
        "mutation($id: String!, $person: ID!) {
            updatePerson(input: { id: $person, customValues: [{ field: $id, value: \"x\" }] }) { person { id } }
        }",
        |ids| &ids.field,
    ),
    ("Query.label(id)", "query($id: ID!) { label(id: $id) { id name } }", |ids| &ids.label),
    (
        "UpdateLabelInput.id",
        "mutation($id: ID!) { updateLabel(input: { id: $id, name: \"Mallory\" }) { label { id } } }",
        |ids| &ids.label,
    ),
    ("DeleteLabelInput.id", "mutation($id: ID!) { deleteLabel(input: { id: $id }) { deletedId } }", |ids| &ids.label),
    (
        "AddLabelInput.items",
        "mutation($id: ID!) { addLabel(input: { items: [$id], labels: [\"Hot\"] }) { labels { name } } }",
        |ids| &ids.person,
    ),
    (
        "AddLabelInput.labels of a person",
        "mutation($id: String!, $person: ID!) {
            addLabel(input: { items: [$person], labels: [$id] }) { labels { name } }
        }",
        |ids| &ids.label,
    ),
    (
        "RemoveLabelInput.items",
        "mutation($id: ID!) { removeLabel(input: { items: [$id], labels: [\"Hot\"] }) { labels { name } } }",
        |ids| &ids.transaction,
    ),
    (
        "RemoveLabelInput.labels of a person",
        "mutation($id: String!, $person: ID!) {
            removeLabel(input: { items: [$person], labels: [$id] }) { labels { name } }
        }",
        |ids| &ids.label,
    ),
    ("ViewInput.label of people", "query($id: String!) { people(view: { label: $id }) { nodes { id } } }", |ids| {
        &ids.label
    }),
    (
        "UpdateCategoryInput.id",
        "mutation($id: ID!) { updateCategory(input: { id: $id, name: \"Mallory\" }) { category { id } } }",
        |ids| &ids.category,
    ),
    ("DeleteCategoryInput.id", "mutation($id: ID!) { deleteCategory(input: { id: $id }) { deletedId } }", |ids| {
        &ids.category
    }),
    (
        "AddToCategoryInput.items",
        "mutation($id: ID!) { addToCategory(input: { items: [$id], category: \"Press\" }) { category { name } } }",
        |ids| &ids.person,
    ),
    (
        "AddToCategoryInput.category of a person",
        "mutation($id: String!, $person: ID!) {
            addToCategory(input: { items: [$person], category: $id }) { category { name } }
        }",
        |ids| &ids.category,
    ),
    (
        "RemoveFromCategoryInput.items",
        "mutation($id: ID!) { removeFromCategory(input: { items: [$id], category: \"Press\" }) { category { name } } }",
        |ids| &ids.transaction,
    ),
    (
        "RemoveFromCategoryInput.category of a person",
        "mutation($id: String!, $person: ID!) {
            removeFromCategory(input: { items: [$person], category: $id }) { category { name } }
        }",
        |ids| &ids.category,
    ),
    ("Query.emailTemplate(id)", "query($id: ID!) { emailTemplate(id: $id) { id name } }", |ids| &ids.mail),
    (
        "UpdateEmailTemplateInput.id",
        "mutation($id: ID!) { updateEmailTemplate(input: { id: $id, name: \"Mallory\" }) { emailTemplate { id } } }",
        |ids| &ids.mail,
    ),
    (
        "DeleteEmailTemplateInput.id",
        "mutation($id: ID!) { deleteEmailTemplate(input: { id: $id }) { deletedId } }",
        |ids| &ids.mail,
    ),
    ("Query.eventTemplate(id)", "query($id: ID!) { eventTemplate(id: $id) { id name items { title } } }", |ids| {
        &ids.template
    }),
    (
        "UpdateEventTemplateInput.id",
        "mutation($id: ID!) { updateEventTemplate(input: { id: $id, name: \"Mallory\" }) { eventTemplate { id } } }",
        |ids| &ids.template,
    ),
    (
        "DeleteEventTemplateInput.id",
        "mutation($id: ID!) { deleteEventTemplate(input: { id: $id }) { deletedId } }",
        |ids| &ids.template,
    ),
    (
        "EventTemplateItemInput.emailTemplate",
        "mutation($id: ID!) {
            createEventTemplate(input: { name: \"M\", items: [{ offset: \"today\", title: \"M\", emailTemplate: $id }] }) {
                eventTemplate { id }
            }
        }",
        |ids| &ids.mail,
    ),
    (
        "CreateEventInput.emailTemplate",
        "mutation($id: ID!) {
            createEvent(input: { title: \"M\", startsOn: \"2026-05-25\", emailTemplate: $id }) { event { id } }
        }",
        |ids| &ids.mail,
    ),
    (
        "UpdateEventInput.emailTemplate",
        "mutation($id: ID!, $event: ID!) { updateEvent(input: { id: $event, emailTemplate: $id }) { event { id } } }",
        |ids| &ids.mail,
    ),
    (
        "Query.previewEventTemplate(template)",
        "query($id: ID!, $person: ID!) { previewEventTemplate(template: $id, on: { person: $person }) { eventCount } }",
        |ids| &ids.template,
    ),
    (
        "FireEventTemplateInput.template",
        "mutation($id: ID!, $person: ID!) {
            fireEventTemplate(input: { template: $id, on: { person: $person } }) { eventCount }
        }",
        |ids| &ids.template,
    ),
    (
        "FireEventTemplateInput.owner",
        "mutation($id: ID!, $person: ID!, $template: ID!) {
            fireEventTemplate(input: { template: $template, on: { person: $person }, owner: $id }) { eventCount }
        }",
        |ids| &ids.user,
    ),
    (
        "FireOnInput.person",
        "mutation($id: ID!, $template: ID!) {
            fireEventTemplate(input: { template: $template, on: { person: $id } }) { eventCount }
        }",
        |ids| &ids.person,
    ),
    (
        "FireOnInput.transaction",
        "mutation($id: ID!, $template: ID!) {
            fireEventTemplate(input: { template: $template, on: { transaction: $id } }) { eventCount }
        }",
        |ids| &ids.transaction,
    ),
    (
        "FireOnInput.person of a preview",
        "query($id: ID!, $template: ID!) { previewEventTemplate(template: $template, on: { person: $id }) { eventCount } }",
        |ids| &ids.person,
    ),
    (
        "Query.import(id)",
        "query($id: ID!) { import(id: $id) { id rows { nodes { row } } errors { row } skips { row } columns { name } } }",
        |ids| &ids.import,
    ),
    ("Query.node(id) of an import", "query($id: ID!) { node(id: $id) { id } }", |ids| &ids.import),
    ("Query.feed(id)", "query($id: ID!) { feed(id: $id) { id name } }", |ids| &ids.feed),
    ("RevokeFeedInput.id", "mutation($id: ID!) { revokeFeed(input: { id: $id }) { feed { id } } }", |ids| &ids.feed),
    ("Query.webhook(id)", "query($id: ID!) { webhook(id: $id) { id name } }", |ids| &ids.webhook),
    ("RevokeWebhookInput.id", "mutation($id: ID!) { revokeWebhook(input: { id: $id }) { webhook { id } } }", |ids| {
        &ids.webhook
    }),
    (
        "CreateTransactionInput.eventTemplate of a lead",
        "mutation($id: String!, $person: ID!) {
            createTransaction(input: { stage: LEAD, personId: $person, eventTemplate: $id }) { transaction { id } }
        }",
        |ids| &ids.template,
    ),
    (
        "PlanImportInput.upload",
        "mutation($id: ID!) { planImport(input: { upload: $id, section: PEOPLE, format: \"csv\" }) { import { id } } }",
        |ids| &ids.upload,
    ),
    (
        "PlanImportInput.eventTemplate of people",
        "mutation($id: String!, $upload: ID!) {
            planImport(input: { upload: $upload, section: PEOPLE, format: \"csv\", eventTemplate: $id }) { import { id } }
        }",
        |ids| &ids.template,
    ),
    (
        "PlanImportInput.owner of people",
        "mutation($id: String!, $upload: ID!) {
            planImport(input: { upload: $upload, section: PEOPLE, format: \"csv\", owner: $id }) { import { id } }
        }",
        |ids| &ids.user,
    ),
    (
        "ApplyImportInput.id",
        "mutation($id: ID!) { applyImport(input: { id: $id, hash: \"0\" }) { import { id } } }",
        |ids| &ids.import,
    ),
    ("CancelImportInput.id", "mutation($id: ID!) { cancelImport(input: { id: $id }) { import { id } } }", |ids| {
        &ids.import
    }),
    ("PreviewUndoInput.id", "mutation($id: ID!) { previewUndo(input: { id: $id }) { removed } }", |ids| &ids.import),
    ("UndoImportInput.id", "mutation($id: ID!) { undoImport(input: { id: $id }) { removed } }", |ids| &ids.import),
    ("RedoImportInput.id", "mutation($id: ID!) { redoImport(input: { id: $id }) { removed } }", |ids| &ids.import),
    ("Subscription.importProgress(id)", "subscription($id: ID!) { importProgress(id: $id) { rows } }", |ids| &ids.import),
    (
        "RevokeApiTokenInput.id",
        "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { apiToken { id } } }",
        |ids| &ids.token,
    ),
    ("Query.node(id) of a user", "query($id: ID!) { node(id: $id) { id } }", |ids| &ids.user),
];

on_each_database! {
    async fn an_id_of_another_account_answers_like_one_that_does_not_exist(site: Site) {
        let (ours, _, theirs) = two_accounts(&site).await;
        let own = fill(&ours).await;
        let unknown = Ids {
            person: replaced(&theirs.person),
            transaction: replaced(&theirs.transaction),
            event: replaced(&theirs.event),
            message: replaced(&theirs.message),
            category: replaced(&theirs.category),
            user: replaced(&theirs.user),
            account: replaced(&theirs.account),
            field: replaced(&theirs.field),
            label: replaced(&theirs.label),
            mail: replaced(&theirs.mail),
            template: replaced(&theirs.template),
            import: replaced(&theirs.import),
            upload: replaced(&theirs.upload),
            feed: replaced(&theirs.feed),
            webhook: replaced(&theirs.webhook),
            token: replaced(&theirs.token),
        };
        let with = |id: &str| json!({
            "id": id, "person": own.person, "transaction": own.transaction, "event": own.event, "message": own.message,
            "template": own.template, "upload": own.upload,
        });
        for &(argument, document, id) in PROBES {
            let foreign = ours.graphql_answer(document, with(id(&theirs))).await;
            let missing = ours.graphql_answer(document, with(id(&unknown))).await;
            assert_eq!(foreign, missing, "{argument}");
            assert!(!foreign.to_string().contains("Mallory"), "{argument}: {foreign}");
        }
        let others = [
            &theirs.account, &theirs.user, &theirs.category, &theirs.transaction, &theirs.event, &theirs.message,
            &theirs.field, &theirs.label, &theirs.import, &theirs.upload, &theirs.feed, &theirs.webhook,
            &theirs.token,
        ];
        for id in others {
            let answer = ours.graphql(PROBES[0].1, json!({ "id": id })).await;
            assert_eq!(answer["node"], Value::Null, "{id}");
        }
    }

    async fn the_probes_cover_every_argument_that_takes_an_id(site: Site) {
        let found = id_arguments(&site.client().await).await;
        // The name or id of a category is a String to GraphQL.
        let probed = PROBES.iter().map(|(argument, ..)| (*argument).to_owned());
        let probed: BTreeSet<_> = probed.filter(|name| name != "ViewInput.category" && !name.contains(" of ")).collect();
        assert_eq!(found, probed, "every argument of type ID has a probe above, and every probe an argument");
        println!("{} of {} arguments that take an id are called with another account's", probed.len(), found.len());
    }

    async fn lists_exports_and_the_legacy_api_hold_the_own_account_only(site: Site) {
        let (ours, theirs_client, _) = two_accounts(&site).await;
        theirs_client.graphql(CREATE, json!({ "name": "Only Theirs", "category": "Their category" })).await;
        let lists = "{ people { totalCount nodes { name } } transactions { totalCount nodes { person { name } } } \
                     categories { totalCount nodes { name } } }";
        let data = ours.graphql(lists, json!({})).await.to_string();
        assert!(!data.contains("Their"), "{data}");
        assert_eq!(data.matches("\"totalCount\":1").count(), 3, "{data}");
        for path in ["/export/people.csv", "/export/people.json", "/export/leads.csv", "/export/leads.json?search=e"] {
            let text = ours.download(path).await;
            assert!(text.contains("Jane") && !text.contains("Their"), "{path}: {text}");
        }
        let path = "/export/people.csv?category=Their+category";
        assert_eq!(ours.get(path).await.status(), StatusCode::NOT_FOUND);
        for kind in ["people", "lead"] {
            let reply = ours.legacy(&[("get", kind)]).await;
            assert!(reply.contains("Jane") && !reply.contains("Their"), "{reply}");
        }
    }

    async fn an_import_never_touches_another_account(site: Site) {
        let (ours, theirs_client, theirs) = two_accounts(&site).await;
        let before = theirs_client.download("/export/people.json").await;
        let leads_before = theirs_client.download("/export/leads.json").await;
        let people = format!("id,name,email\n{},Mallory,mallory@example.com\n", theirs.person);
        let receipt = ours.import("/import/people?format=csv&duplicates=replace", people).await;
        assert_eq!(receipt["created"], 1, "the id of another account is ignored: {receipt}");
        let leads = format!("id,personId,name,value\n{},{},Mallory Two,9\n", theirs.transaction, theirs.person);
        let receipt = ours.import("/import/leads?format=csv&duplicates=replace", leads).await;
        assert_eq!(receipt["created"], 1, "{receipt}");
        let receipt = ours.import(&format!("/import/people?format=csv&category={}", theirs.category), "name\nM\n").await;
        assert_eq!(receipt["created"], 1, "{receipt}");
        assert_eq!(theirs_client.download("/export/people.json").await, before);
        assert_eq!(theirs_client.download("/export/leads.json").await, leads_before);
    }

    async fn a_token_is_good_for_its_account_only(site: Site) {
        let (ours, ..) = two_accounts(&site).await;
        let me = json!({ "query": "{ me { account { subdomain } } }" });
        for (header, value, status) in [
            ("x-cairn-account", "globex", StatusCode::UNAUTHORIZED),
            ("x-cairn-account", "acme", StatusCode::OK),
            ("host", "globex.crm.example", StatusCode::UNAUTHORIZED),
            ("host", "acme.crm.example:8080", StatusCode::OK),
        ] {
            let response = ours.request(Method::POST, "/graphql").header(header, value).json(&me).send().await;
            assert_eq!(response.expect("an answer").status(), status, "{header}: {value}");
            let response = ours.request(Method::GET, "/export/people.csv").header(header, value).send().await;
            assert_eq!(response.expect("an answer").status(), status, "{header}: {value}");
        }
    }

    async fn a_password_is_good_for_its_account_only(site: Site) {
        site.account("globex", "UTC").await;
        let client = Client::new(site.address);
        let sign_in = async |account: Option<&str>, email: &str| {
            let request = client.request(Method::GET, "/export/people.csv").basic_auth(email, Some(PASSWORD));
            let request = match account {
                Some(account) => request.header("x-cairn-account", account),
                None => request,
            };
            request.send().await.expect("an answer").status()
        };
        assert_eq!(sign_in(None, "admin@acme.example").await, StatusCode::OK, "the address decides");
        assert_eq!(sign_in(Some("globex"), "admin@acme.example").await, StatusCode::UNAUTHORIZED);
        assert_eq!(sign_in(Some("nowhere"), "admin@acme.example").await, StatusCode::UNAUTHORIZED);
        site.add_user("globex", "admin@acme.example", storage::query::users::Role::Reader).await;
        assert_eq!(sign_in(None, "admin@acme.example").await, StatusCode::BAD_REQUEST, "a sentence asks for the header");
        assert_eq!(sign_in(Some("globex"), "admin@acme.example").await, StatusCode::OK);
    }
}

const CREATE: &str = "mutation($name: String!, $category: String!) {
    createPerson(input: { name: $name, email: \"jane@example.com\", categories: [$category] }) {
        person { id categories { id } }
    }
}";

/// Two accounts, each with one Jane who has one lead: the client of ours, the client of theirs, and their ids.
async fn two_accounts(site: &Site) -> (Client, Client, Ids) {
    site.account("globex", "UTC").await;
    let (ours, theirs) = (site.client().await, site.client_of("admin@globex.example").await);
    fill(&ours).await;
    let ids = fill(&theirs).await;
    (ours, theirs, ids)
}

async fn fill(client: &Client) -> Ids {
    let person = client.graphql(CREATE, json!({ "name": "Jane", "category": "Press" })).await;
    let person = &person["createPerson"]["person"];
    let document = "mutation($id: ID!) {
        createTransaction(input: { stage: LEAD, personId: $id, categories: [\"Press\"] }) { transaction { id } }
    }";
    let transaction = client.graphql(document, json!({ "id": person["id"] })).await;
    let document = "mutation($id: ID!) {
        createEvent(input: { title: \"Call\", startsOn: \"2026-05-25\", associations: [$id] }) { event { id } }
        createMessage(input: { title: \"Hello\", associations: [$id] }) { message { id } }
    }";
    let about = client.graphql(document, json!({ "id": person["id"] })).await;
    let me = client.graphql("{ me { id account { id } } }", json!({})).await;
    let marks = "mutation($id: ID!, $name: String!) {
        createCustomField(input: { target: PERSON, name: $name, type: TEXT }) { customField { id } }
        addLabel(input: { items: [$id], labels: [\"Hot\"] }) { labels { id } }
    }";
    let name = uuid::Uuid::now_v7().to_string();
    let marks = client.graphql(marks, json!({ "id": person["id"], "name": name })).await;
    let templates = "mutation($name: String!) {
        createEmailTemplate(input: { name: $name }) { emailTemplate { id } }
        createEventTemplate(input: { name: $name, items: [{ offset: \"today\", title: \"Call\" }] }) { eventTemplate { id } }
    }";
    let name = uuid::Uuid::now_v7().to_string();
    let templates = client.graphql(templates, json!({ "name": name })).await;
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let plan = client.import("/import/people?format=csv&mode=plan", "name\n").await;
    let upload = client.import("/uploads", "name\n").await;
    let feed = "mutation { createFeed(input: { section: \"people\", format: \"csv\" }) { feed { id } } }";
    let feed = client.graphql(feed, json!({})).await;
    let webhook = "mutation { createWebhook(input: { name: \"Form\" }) { webhook { id } } }";
    let webhook = client.graphql(webhook, json!({})).await;
    let token = "mutation { createApiToken(input: { name: \"A script\" }) { apiToken { id } } }";
    let token = client.graphql(token, json!({})).await;
    Ids {
        token: text(&token["createApiToken"]["apiToken"]["id"]),
        import: text(&plan["id"]),
        upload: text(&upload["id"]),
        feed: text(&feed["createFeed"]["feed"]["id"]),
        webhook: text(&webhook["createWebhook"]["webhook"]["id"]),
        mail: text(&templates["createEmailTemplate"]["emailTemplate"]["id"]),
        template: text(&templates["createEventTemplate"]["eventTemplate"]["id"]),
        field: text(&marks["createCustomField"]["customField"]["id"]),
        label: text(&marks["addLabel"]["labels"][0]["id"]),
        person: text(&person["id"]),
        transaction: text(&transaction["createTransaction"]["transaction"]["id"]),
        event: text(&about["createEvent"]["event"]["id"]),
        message: text(&about["createMessage"]["message"]["id"]),
        category: text(&person["categories"][0]["id"]),
        user: text(&me["me"]["id"]),
        account: text(&me["me"]["account"]["id"]),
    }
}

/// An id of the same kind that nobody has.
fn replaced(id: &str) -> String {
    let (kind, _) = id.split_once('_').expect("an id has a kind");
    format!("{kind}_{}", uuid::Uuid::now_v7().simple())
}

/// Every argument of a field and every field of an input whose type is `ID`, by introspection.
async fn id_arguments(client: &Client) -> BTreeSet<String> {
    let named = "name type { ...Named }";
    let document = format!(
        "{{ __schema {{ types {{ name fields {{ name args {{ {named} }} }} inputFields {{ {named} }} }} }} }}
         fragment Named on __Type {{ name ofType {{ name ofType {{ name ofType {{ name }} }} }} }}"
    );
    let data = client.graphql(&document, json!({})).await;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_id = |value: &Value| value["type"].to_string().contains("\"ID\"");
    let mut found = BTreeSet::new();
    for kind in list(&data["__schema"]["types"]) {
        let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
        for field in list(&kind["fields"]) {
            let arguments = list(&field["args"]);
            found.extend(
                arguments
                    .iter()
                    .filter(|argument| is_id(argument))
                    .map(|argument| format!("{}.{}({})", name(&kind), name(&field), name(argument))),
            );
        }
        let inputs = list(&kind["inputFields"]);
        found
            .extend(inputs.iter().filter(|input| is_id(input)).map(|input| format!("{}.{}", name(&kind), name(input))));
    }
    found
}
