//! The query part of a URL: known parameters only, so that a misspelt filter is an error and not the whole account.

use service::{Code, Error, Result};

/// The parameters of a URL in their order.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query of a URL. Errors: `INVALID` with the known names where another one is there.
    pub(crate) fn read(query: Option<&str>, known: &[&str]) -> Result<Self> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(Error::new(Code::Invalid, format!("there is no parameter {name:?} here; there are {known}")));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter that may be there once. Errors: `INVALID` where it is there more often.
    pub(crate) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::new(Code::Invalid, format!("the parameter {name} can only be given once"))),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// All values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
