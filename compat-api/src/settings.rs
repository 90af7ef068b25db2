//! What an operator decides about the legacy API.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::reply::charset::Charset;
use crate::reply::xml::Dtd;

/// What an operator decides about the legacy API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which document type declaration XML has.
    pub dtd: Dtd,
    /// The charset of replies to requests that do not ask for another with `Accept-Charset`.
    pub charset: Charset,
    /// How many records a reply holds at most; the original has no documented page size.
    pub result_cap: NonZeroUsize,
}

impl Default for Settings {
    fn default() -> Self {
        let result_cap = NonZeroUsize::new(10_000).expect("it is not zero");
        Self { dtd: Dtd::default(), charset: Charset::default(), result_cap }
    }
}
