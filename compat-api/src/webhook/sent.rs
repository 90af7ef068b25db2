//! What was sent to a webhook, in whichever of its ways, as one form.

use service::{Code, Error};

use super::json;
use crate::form::{self, Form, NoForm};

/// The fields that the page speaks of, and their other names.
const FIELDS: [&str; 26] = [
    "name",
    "title",
    "email",
    "phone",
    "mobile",
    "fax",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "website",
    "url",
    "notes",
    "categories",
    "category",
    "value",
    "probability",
    "moreinfo",
    "type",
    "template",
    "body",
    "files",
    "search",
    "searchpeople",
    "json",
];

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// What stands behind the question mark of its address.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

impl Sent<'_> {
    /// The fields: those of JSON before those of the body, and those of the body before those of the address, as PHP's `$_REQUEST`
    /// has them. Errors: `INVALID` for JSON that cannot be read, and for a body that is no form.
    pub(super) async fn form(&self) -> Result<Form, Error> {
        let no_form = |NoForm| Error::new(Code::Invalid, "the body is no form: send JSON, or a form as curl -d would");
        let query = Form::read(None, self.query.unwrap_or_default().as_bytes()).await.map_err(no_form)?;
        let body = match self.json() {
            Some(text) => read(&text)?,
            None => Form::read(self.content_type, self.body).await.map_err(no_form)?,
        };
        let mut form = body.over(query);
        if let Some(text) = form.take("json").filter(|text| !text.trim().is_empty()) {
            form = read(&text)?.over(form);
        }
        Ok(with_own_names(form))
    }

    /// The body where it is JSON: by its content type, or because it begins like an object, as `curl -d` sends it as a form.
    fn json(&self) -> Option<String> {
        let start = self.body.strip_prefix(BOM).unwrap_or(self.body).trim_ascii_start();
        if start.is_empty() {
            return None;
        }
        let media_type = self.content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        let says_so = media_type.to_ascii_lowercase().ends_with("json");
        (says_so || start.starts_with(b"{")).then(|| form::text(start, self.content_type.and_then(form::declared)))
    }
}

/// The byte order mark of UTF-8, which some programs put before JSON.
const BOM: &[u8] = b"\xef\xbb\xbf";

fn read(text: &str) -> Result<Form, Error> {
    json::form(text, |name| FIELDS.contains(&name))
}

/// The form under the names of `api.php`: `website` is `url`, and `categories` are `category`.
fn with_own_names(mut form: Form) -> Form {
    if let Some(website) = form.take("website").filter(|website| !website.trim().is_empty()) {
        form.put("url", website);
    }
    if let Some(categories) = form.take("categories") {
        let others = form.take("category").unwrap_or_default();
        form.put("category", format!("{categories}\n{others}"));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::Sent;

    async fn sent(content_type: Option<&str>, query: &str, body: &str) -> Result<Vec<(String, String)>, String> {
        let sent = Sent { content_type, query: Some(query), body: body.as_bytes() };
        let form = sent.form().await.map_err(|error| error.message)?;
        let field = |name: &str| (name.to_owned(), form.get(name).unwrap_or_default().to_owned());
        let mut fields: Vec<_> = form.names().map(field).collect();
        fields.sort();
        Ok(fields)
    }

    #[tokio::test]
    async fn every_way_to_send_gives_the_same_form() {
        let (json, urlencoded) = (Some("application/json"), Some("application/x-www-form-urlencoded"));
        let object = "{\"name\": \"Ann\", \"website\": \"a.example\", \"categories\": [\"A\", \"B\"]}";
        let encoded: String = object.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let expected = [("category", "A\nB"), ("name", "Ann"), ("url", "a.example")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        for (content_type, query, body) in [
            (json, "", object.to_owned()),
            (Some("text/json; charset=utf-8"), "", object.to_owned()),
            (Some("application/vnd.api+json"), "", format!("\u{feff} \n{object}")),
            (urlencoded, "", object.to_owned()),
            (None, "", format!("\r\n{object}")),
            (urlencoded, "", format!("json={encoded}")),
            (urlencoded, "name=Bob&category=C", format!("name=Cid&json={encoded}")),
            (None, &format!("json={encoded}"), String::new()),
            (json, &format!("json={encoded}"), String::new()),
            (urlencoded, "", "name=Ann&url=a.example&category[]=A&category[]=B".to_owned()),
            (None, "name=Bob", "name=Ann&website=a.example&categories=A%0AB".to_owned()),
            (None, "name=Ann&website=a.example&url=x&categories[]=A&category=B", String::new()),
        ] {
            let mut found = sent(content_type, query, &body).await.expect("a form");
            if query.contains("category=C") {
                // What the object does not have is the form's.
                for (_, value) in &mut found {
                    *value = value.replace("\nC", "");
                }
            }
            assert_eq!(found, expected, "{content_type:?} {query} {body}");
        }
    }

    #[tokio::test]
    async fn what_is_no_json_or_form_is_explained() {
        for (content_type, body, words) in [
            ("application/json", "name=Ann", "the JSON cannot be read"),
            ("application/json", "[{\"name\": \"Ann\"}]", "expected an object"),
            ("text/plain", "{\"name\": \"Ann\"", "the JSON cannot be read"),
            ("text/plain", "json=%7B", "the JSON cannot be read"),
            ("multipart/form-data", "x", "the body is no form"),
        ] {
            let message = sent(Some(content_type), "", body).await.expect_err(body);
            assert!(message.contains(words), "{body}: {message}");
        }
    }
}
