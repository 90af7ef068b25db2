//! The strong validator of a document, which tells without a look at a record whether it is still the same.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::request::ExportRequest;

/// What a document depends on beside what has changed in the account.
pub(crate) struct Tag<'a> {
    /// The account.
    pub(crate) account: Uuid,
    /// Who looks: labels are private, and `me` is somebody.
    pub(crate) user: Uuid,
    pub(crate) request: &'a ExportRequest,
}

impl Tag<'_> {
    /// The tag after so many changes of what the document shows: 32 hexadecimal digits.
    pub(crate) fn at(&self, changes: i64) -> String {
        let Self { account, user, request } = self;
        // Another version may write a format in another way.
        let parts = [
            env!("CARGO_PKG_VERSION").to_owned(),
            account.to_string(),
            user.to_string(),
            request.stored_view().to_json(),
            format!("{:?} {:?} {:?} {:?}", request.site, request.this, request.title, request.cards),
            changes.to_string(),
        ];
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().iter().take(16).fold(String::new(), |mut tag, byte| {
            write!(tag, "{byte:02x}").expect("a string can always be written to");
            tag
        })
    }
}
