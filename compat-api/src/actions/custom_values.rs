//! The fields of a form that bear the name of a custom field.

use std::collections::HashMap;

use graphql_client::GraphQLQuery;
use service::{Error, fold};

use crate::call::Call;
use crate::form::Form;
use crate::number;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "../schema/schema.graphql", query_path = "queries/get_custom_fields.graphql")]
struct GetCustomFields;

use get_custom_fields::{CustomFieldTarget, CustomFieldType};

/// What a form's fields are before they are custom values.
const BUILT_IN: [&str; 22] = [
    "login_email",
    "login_password",
    "create",
    "get",
    "_charset_",
    "name",
    "phone",
    "fax",
    "mobile",
    "email",
    "address",
    "city",
    "state",
    "zip",
    "title",
    "country",
    "url",
    "notes",
    "category",
    "probability",
    "value",
    "moreinfo",
];

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Person,
    Transaction,
}

/// A value for a custom field.
pub(crate) struct Given {
    pub(crate) owner: Owner,
    /// The id of the field.
    pub(crate) field: String,
    pub(crate) value: String,
}

/// The custom values of a form: for the fields of people, of transactions, or of both. A name that both have is given to
/// both. Errors: a sentence for a number that cannot be read.
pub(crate) async fn given(call: &Call, form: &Form, owner: Option<Owner>) -> Result<Vec<Given>, Error> {
    let mut names: Vec<_> = form.names().filter(|name| !BUILT_IN.contains(name)).collect();
    // Of two names that mean the same field, the same one counts each time.
    names.sort_unstable();
    let names = Names::of(&names);
    if names.exact.is_empty() {
        return Ok(Vec::new());
    }
    let target = owner.map(|owner| match owner {
        Owner::Person => CustomFieldTarget::PERSON,
        Owner::Transaction => CustomFieldTarget::TRANSACTION,
    });
    let fields = call.look_up::<GetCustomFields>(get_custom_fields::Variables { target }).await?.custom_fields;
    let mut given = Vec::new();
    for field in fields {
        let Some(text) = names.meaning(&field.name).and_then(|name| form.get(name)) else { continue };
        let owner = match field.target {
            CustomFieldTarget::TRANSACTION => Owner::Transaction,
            _ => Owner::Person,
        };
        given.push(Given { owner, field: field.id, value: value(&field.type_, &field.name, text)? });
    }
    Ok(given)
}

/// Names in a form, by what they are compared as.
struct Names<'a> {
    exact: HashMap<String, &'a str>,
    /// PHP turns blanks and dots in names into underscores.
    as_php: HashMap<String, &'a str>,
}

impl<'a> Names<'a> {
    fn of(names: &[&'a str]) -> Self {
        Self {
            exact: names.iter().map(|name| (fold(name), *name)).collect(),
            as_php: names.iter().map(|name| (as_php(name), *name)).collect(),
        }
    }

    /// The one that means a custom field.
    fn meaning(&self, field: &str) -> Option<&'a str> {
        self.exact.get(&fold(field)).or_else(|| self.as_php.get(&as_php(field))).copied()
    }
}

fn as_php(name: &str) -> String {
    fold(&name.replace(['_', '.'], " "))
}

/// A text as the type of the field reads it: numbers as people write them, and `on` as a browser sends a checkbox.
fn value(field_type: &CustomFieldType, field: &str, text: &str) -> Result<String, Error> {
    match field_type {
        CustomFieldType::NUMBER => number::value(field, text),
        CustomFieldType::YES_NO if text.eq_ignore_ascii_case("on") => Ok("yes".to_owned()),
        CustomFieldType::YES_NO if text.eq_ignore_ascii_case("off") => Ok("no".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_field_is_named_in_any_case_and_as_php_names_it() {
        let names = Names::of(&["lead_source", "größe", "v.a.t.", "x y", "x_y"]);
        for (field, found) in [
            ("Lead Source", Some("lead_source")),
            ("GRÖSSE", Some("größe")),
            ("V A T ", Some("v.a.t.")),
            ("X_Y", Some("x_y")),
            ("X Y", Some("x y")),
            ("Lead", None),
        ] {
            assert_eq!(names.meaning(field), found, "{field}");
        }
    }
}
