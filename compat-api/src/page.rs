//! Pages: what GraphQL is asked for at a time, and what it answers as XML.

/// What GraphQL is asked for.
pub(crate) struct PageRequest {
    pub(crate) search: Option<String>,
    pub(crate) first: i64,
    pub(crate) after: Option<String>,
}

/// A page of records, as XML.
pub(crate) struct Page {
    pub(crate) records: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}
