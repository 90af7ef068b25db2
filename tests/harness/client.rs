//! An HTTP client as the users of Cairn have one: GraphQL, forms, downloads and uploads.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client that is not signed in.
    pub fn new(address: SocketAddr) -> Self {
        // The server closes a connection that was idle for ten seconds, perhaps just when it is used again.
        let http = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5)).build();
        Self {
            http: http.expect("a client needs nothing of the machine"),
            base: format!("http://{address}"),
            token: None,
        }
    }

    /// A client that bears this access token.
    pub fn with_token(address: SocketAddr, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::new(address) }
    }

    /// Signs in; every later request bears the token.
    pub async fn login(&mut self, email: &str, password: &str) {
        let document = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
        let data = self.graphql(document, json!({ "input": { "email": email, "password": password } })).await;
        self.token = Some(data["login"]["accessToken"].as_str().expect("an access token").to_owned());
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The data of a GraphQL request that succeeds.
    pub async fn graphql(&self, document: &str, variables: Value) -> Value {
        let answer = self.graphql_answer(document, variables).await;
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        answer["data"].clone()
    }

    /// The code of the first error of a GraphQL request that fails.
    pub async fn graphql_code(&self, document: &str, variables: Value) -> String {
        let answer = self.graphql_answer(document, variables).await;
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer:#}")).to_owned()
    }

    /// The answer to a GraphQL request.
    pub async fn graphql_answer(&self, document: &str, variables: Value) -> Value {
        let request =
            self.request(Method::POST, "/graphql").json(&json!({ "query": document, "variables": variables }));
        request.send().await.expect("the server answers").json().await.expect("the answer is JSON")
    }

    /// The answer of `api.php` to a form, with the credentials of the admin of `acme`.
    pub async fn legacy(&self, fields: &[(&str, &str)]) -> String {
        let login = [("login_email", "admin@acme.example"), ("login_password", crate::site::PASSWORD)];
        let form: Vec<_> = login.iter().chain(fields).collect();
        let request = self.http.post(format!("{}/api.php", self.base)).form(&form);
        let response = request.send().await.expect("the server answers");
        let status = response.status();
        let answer = response.text().await.expect("the answer is text");
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Downloads a text.
    pub async fn download(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.expect("the download is whole")
    }

    /// Uploads a file to `/import/…` and gives the receipt.
    pub async fn import(&self, path: &str, body: impl Into<reqwest::Body>) -> Value {
        let response = self.request(Method::POST, path).body(body).send().await.expect("the server answers");
        let status = response.status();
        let answer: Value = response.json().await.expect("the answer is JSON");
        assert_eq!(status, StatusCode::OK, "{answer:#}");
        answer
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("the server answers")
    }

    /// A request that bears the token, to be added to and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
