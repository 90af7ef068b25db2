//! `/graphql/ws` by the protocol graphql-transport-ws: what may be said when, and how a connection ends.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);
const ME: &str = "{ me { email } }";

on_each_database! {
    async fn whoever_breaks_the_protocol_is_told_how(site: Site) {
        let client = site.client().await;
        let init = json!({ "type": "connection_init" }).to_string();
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": ME } }).to_string();
        for (said, code, words) in [
            // Before anything else.
            (vec![subscribe.as_str()], 4401, "Unauthorized"),
            (vec!["nonsense"], 4400, "Invalid message"),
            (vec![""], 4400, "Invalid message"),
            (vec!["[]"], 4400, "Invalid message"),
            (vec!["null"], 4400, "Invalid message"),
            (vec!["{}"], 4400, "missing field `type`"),
            (vec![r#"{"type": "start"}"#], 4400, "unknown variant `start`"),
            (vec![r#"{"type": "connection_init", "payload": 1}"#], 4400, "Invalid message"),
            (vec![r#"{"type": "connection_init", "payload": {"authorization": "Bearer x.y.z"}}"#], 4403, "sign in again"),
            (vec![r#"{"type": "connection_init", "payload": {"authorization": "a\nb"}}"#], 4403, "authorization"),
            (vec![&init, &init], 4429, "Too many initialisation requests"),
            // After it.
            (vec![&init, "ack", &init], 4429, "Too many initialisation requests"),
            (vec![&init, "ack", "{"], 4400, "Invalid message"),
            (vec![&init, "ack", r#"{"type": "subscribe", "payload": {"query": "{ me { id } }"}}"#], 4400, "missing field `id`"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": "", "payload": {"query": "{ me { id } }"}}"#], 4400, "id"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": 1, "payload": {"query": "{ me { id } }"}}"#], 4400, "Invalid message"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": "1"}"#], 4400, "missing field `payload`"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": "1", "payload": {}}"#], 4400, "missing field `query`"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": "1", "payload": {"query": 1}}"#], 4400, "Invalid message"),
            (vec![&init, "ack", r#"{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "variables": []}}"#], 4400, "Invalid message"),
            (vec![&init, "ack", r#"{"type": "complete"}"#], 4400, "missing field `id`"),
        ] {
            let mut socket = Socket::connect(&site).await;
            for message in &said {
                match *message {
                    "ack" => assert_eq!(socket.next().await["type"], "connection_ack"),
                    message => socket.text(message).await,
                }
            }
            let mut end = socket.next().await;
            if end["type"] == "connection_ack" {
                // The second word came while the first was being looked at, or after it.
                end = socket.next().await;
            }
            assert_eq!(end["code"], code, "{said:?}: {end}");
            assert!(end["closed"].as_str().is_some_and(|reason| reason.contains(words)), "{said:?}: {end}");
        }
        let mut socket = Socket::connect(&site).await;
        socket.0.send(Message::binary(vec![0xff, 0xfe])).await.expect("it is read");
        assert_eq!(socket.next().await["code"], 4400);
        // What is no text, or no frame.
        let mut socket = Socket::connect(&site).await;
        let no_text = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
        socket.0.send(Message::Frame(no_text)).await.expect("it is read");
        assert_eq!(socket.next().await["code"], 1007);
        let mut socket = Socket::connect(&site).await;
        let no_frame = Frame::message(vec![b'x'], OpCode::Data(Data::Reserved(3)), true);
        socket.0.send(Message::Frame(no_frame)).await.expect("it is read");
        assert_eq!(socket.next().await["code"], 1002);

        // An id that is still in use.
        let plan = client.import("/import/people?mode=plan", "name\nAnn\n").await;
        let plan = plan["id"].as_str().expect("an id");
        let mut socket = Socket::open(&site, Some(&client)).await;
        socket.subscribe("one", plan).await;
        assert_eq!(socket.next().await["payload"]["data"]["importProgress"]["status"], "PLANNED");
        socket.subscribe("two", plan).await;
        assert_eq!(socket.next().await["id"], "two");
        socket.subscribe("one", plan).await;
        assert_eq!(socket.next().await, json!({ "closed": "Subscriber for one already exists", "code": 4409 }));
    }

    async fn whoever_does_not_say_who_they_are_has_ten_seconds(site: Site) {
        let mut socket = Socket::connect(&site).await;
        // Signs of life are no introduction.
        socket.send(json!({ "type": "ping" })).await;
        assert_eq!(socket.next().await, json!({ "type": "pong" }));
        assert_eq!(socket.next().await["code"], 4408);
    }

    async fn what_cannot_be_executed_is_an_error_and_the_rest_goes_on(site: Site) {
        let client = site.client().await;
        let mut socket = Socket::open(&site, Some(&client)).await;
        let many = (0..60).map(|number| format!("a{number}: me {{ id }} ")).collect::<String>();
        for (query, code) in [
            ("{", "INVALID"),
            ("", "INVALID"),
            ("{ nothing }", "INVALID"),
            ("query($id: Nothing!) { node(id: $id) { id } }", "INVALID"),
            ("subscription { importProgress { status } }", "INVALID"),
            (&format!("{{ {many} }}"), "LIMITED"),
        ] {
            socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{query}: {message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}: {message}");
            assert!(message["payload"].is_array(), "{query}: {message}");
            // The error is the end of it: the id is free, and nothing else is said of it.
            socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": ME, "operationName": null, "extensions": {} } })).await;
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["payload"]["data"]["me"]["email"]), (&json!("next"), &json!("admin@acme.example")));
            assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
        }
        // A field that fails is no such error.
        socket.send(json!({ "id": "2", "type": "subscribe", "payload": { "query": "{ me { email } people(first: 500) { totalCount } }" } })).await;
        let message = socket.next().await;
        assert_eq!((&message["type"], &message["payload"]["errors"][0]["extensions"]["code"]), (&json!("next"), &json!("LIMITED")), "{message}");
        assert_eq!(socket.next().await, json!({ "id": "2", "type": "complete" }));
        // A mutation is done, once.
        let create = "mutation { createPerson(input: { name: \"Ann\" }) { person { name } } }";
        socket.send(json!({ "id": "3", "type": "subscribe", "payload": { "query": create } })).await;
        assert_eq!(socket.next().await["payload"]["data"]["createPerson"]["person"]["name"], "Ann");
        assert_eq!(socket.next().await["type"], "complete");
        assert_eq!(client.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 1);
    }

    async fn an_operation_that_its_client_ends_says_nothing_more(site: Site) {
        let client = site.client().await;
        let plan = client.import("/import/people?mode=plan", "name\nAnn\n").await;
        let id = plan["id"].as_str().expect("an id");
        let mut socket = Socket::open(&site, Some(&client)).await;
        socket.send(json!({ "id": "never", "type": "complete" })).await;
        for _ in 0..3 {
            socket.subscribe("1", id).await;
            assert_eq!(socket.next().await["payload"]["data"]["importProgress"]["status"], "PLANNED");
            socket.send(json!({ "id": "1", "type": "complete" })).await;
        }
        crate::imports_plan::apply(&client, &plan).await;
        socket.send(json!({ "type": "ping", "payload": { "at": 1 } })).await;
        assert_eq!(socket.next().await, json!({ "type": "pong" }), "nothing was said of what is ended");
        // So many at once, and the next one is an error, not the end.
        let other = client.import("/import/people?mode=plan", "name\nBob\n").await;
        for number in 0..33 {
            socket.subscribe(&format!("n{number}"), other["id"].as_str().expect("an id")).await;
            let message = socket.next().await;
            let expected = if number < 32 { "next" } else { "error" };
            assert_eq!(message["type"], expected, "{number}: {message}");
        }
        socket.send(json!({ "id": "n0", "type": "complete" })).await;
        socket.subscribe("n0", other["id"].as_str().expect("an id")).await;
        assert_eq!(socket.next().await["type"], "next", "one has made room");
    }
}

/// A websocket that speaks graphql-transport-ws.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// One on which nothing is said yet.
    pub(crate) async fn connect(site: &Site) -> Self {
        Self::on(TcpStream::connect(site.address).await.expect("a connection"), site).await
    }

    /// The same on a connection of one's own.
    pub(crate) async fn on(stream: TcpStream, site: &Site) -> Self {
        let mut request = format!("ws://{}/graphql/ws", site.address).into_client_request().expect("a URL");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        Self(tokio_tungstenite::client_async(request, stream).await.expect("a websocket").0)
    }

    /// One that has said who it is.
    pub(crate) async fn open(site: &Site, client: Option<&Client>) -> Self {
        let mut socket = Self::connect(site).await;
        socket.init(client).await;
        socket
    }

    /// Says who it is.
    pub(crate) async fn init(&mut self, client: Option<&Client>) {
        let payload = match client {
            Some(client) => json!({ "authorization": format!("Bearer {}", client.token().expect("a token")) }),
            None => json!({}),
        };
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.next().await["type"], "connection_ack");
    }

    /// Asks for the progress of an import.
    pub(crate) async fn subscribe(&mut self, id: &str, import: &str) {
        let query = "subscription($id: ID!) { importProgress(id: $id) { import status phase done total rows } }";
        let payload = json!({ "query": query, "variables": { "id": import } });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    async fn text(&mut self, message: &str) {
        // Who is told too much may be gone already.
        let _ = self.0.send(Message::text(message)).await;
    }

    /// The next message; `{"closed": reason, "code": …}` where the other side has closed.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message");
            match message {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return json!({ "closed": frame.reason.to_string(), "code": u16::from(frame.code) });
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return json!({ "closed": "" }),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The connection under it.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.0.into_inner()
    }
}
