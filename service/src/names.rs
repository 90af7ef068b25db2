//! Records that somebody names: by the id, or else by the name or address that people know.

use storage::NameOrId;
use storage::query::{event_templates, users};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::session::Session;
use crate::view::name_or_id;

impl Session {
    /// The event template of a global id or a name. Errors: `NOT_FOUND`.
    pub async fn event_template_named(&self, text: String) -> Result<Uuid> {
        let wanted = name_or_id(Kind::EventTemplate, text);
        let found = event_templates::find(&self.reader(), &wanted).await?;
        found.map(|template| template.id).ok_or_else(|| match wanted {
            NameOrId::Id(_) => Error::new(Code::NotFound, "there is no such event template"),
            NameOrId::Name(name) => Error::new(Code::NotFound, format!("there is no event template {name:?}")),
        })
    }

    /// The user of a global id or an e-mail address. Errors: `NOT_FOUND`.
    pub async fn user_named(&self, text: &str) -> Result<Uuid> {
        let reader = self.reader();
        let (found, unknown) = match Kind::User.parse(text) {
            Some(id) => (users::get(&reader, id).await?, "there is no such user".to_owned()),
            None => {
                (users::by_email(&reader, text).await?, format!("there is no user with the e-mail address {text:?}"))
            }
        };
        found.map(|user| user.id).ok_or_else(|| Error::new(Code::NotFound, unknown))
    }
}
