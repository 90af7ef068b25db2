//! The names that users give to categories, labels, custom fields and templates.

use crate::error::{Error, Result};
use crate::fold::fold;
use crate::text::trimmed;

/// The longest name, in characters.
const LIMIT: usize = 500;
/// The longest folded name, in bytes: an entry of PostgreSQL's indexes has 2,704 at most, and folding can make a text
/// many times longer.
const KEY_LIMIT: usize = 2_000;

/// A name as it may be stored, trimmed. `of` says whose name it is, such as `a label`; `field` is where it was given.
///
/// Errors: [`Error::Invalid`] for one that is empty, too long or holds NUL.
pub(crate) fn checked<'n>(name: &'n str, of: &str, field: &'static str) -> Result<&'n str> {
    let name = trimmed(name);
    let refused = |what: String| Err(Error::invalid(field, format!("the name of {of} {what}")));
    let key = fold(name);
    if key.is_empty() {
        return refused("is empty".to_owned());
    }
    if name.contains('\0') {
        return refused("cannot hold NUL".to_owned());
    }
    let length = name.chars().count();
    if length > LIMIT {
        return refused(format!("has {length} characters, and {LIMIT} is the most"));
    }
    if key.len() > KEY_LIMIT {
        return refused(format!("has {} bytes without case and accents, and {KEY_LIMIT} is the most", key.len()));
    }
    Ok(name)
}
