//! The name of a person in a form: as one field, or in parts, as the forms of web sites have it.

use service::fold;

use crate::form::Form;

/// What fields of a whole name are called beside `name`, with nothing but letters and digits.
const WHOLE: &[&str] = &["fullname", "yourname", "contactname", "displayname"];

/// What the parts of a name are called, in the order in which they stand in it.
const PARTS: [&[&str]; 3] = [
    &[
        "firstname",
        "fname",
        "givenname",
        "forename",
        "first",
        "yourfirstname",
        "namefirst",
        "vorname",
        "prenom",
        "nombre",
        "nome",
        "voornaam",
    ],
    &["middlename", "mname", "middle", "namemiddle", "zweitervorname", "tussenvoegsel"],
    &[
        "lastname",
        "lname",
        "surname",
        "familyname",
        "last",
        "yourlastname",
        "namelast",
        "nachname",
        "familienname",
        "nom",
        "nomdefamille",
        "apellido",
        "apellidos",
        "cognome",
        "sobrenome",
        "achternaam",
    ],
];

/// The name: `name` itself, else a field that is called like a whole name, else its parts.
///
/// The values of `name[first]` and `name[last]` are lines of `name`, and stand in one.
pub(super) fn of(form: &Form) -> Option<String> {
    if let Some(name) = form.get("name") {
        return Some(in_one_line(name));
    }
    // In no order, so that of two that mean the same the first of the alphabet counts each time.
    let mut names: Vec<_> = form.names().map(|name| (key(name), name)).collect();
    names.sort_unstable();
    let called = |words: &[&str]| {
        let name = words.iter().find_map(|word| names.iter().find(|(key, _)| key == word));
        name.and_then(|(_, name)| form.get(name)).map(in_one_line)
    };
    called(WHOLE).or_else(|| {
        let parts: Vec<String> = PARTS.into_iter().filter_map(called).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// The name of a field without case, accents and what stands between its words.
fn key(name: &str) -> String {
    fold(name).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn in_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Form, of};

    #[tokio::test]
    async fn a_name_may_come_in_parts() {
        for (body, name) in [
            ("name=Jane+Doe", Some("Jane Doe")),
            ("first_name=Jane&last_name=Doe", Some("Jane Doe")),
            ("last_name=Doe&first_name=Jane", Some("Jane Doe")),
            ("firstname=Jane&lastname=Doe", Some("Jane Doe")),
            ("First+Name=Jane&LastName=Doe", Some("Jane Doe")),
            ("fname=Jane&lname=Doe&mname=Q.", Some("Jane Q. Doe")),
            ("first-name=Jane&middle-name=Q.&surname=Doe+-+ACME", Some("Jane Q. Doe - ACME")),
            ("given_name=Jane", Some("Jane")),
            ("family.name=Doe", Some("Doe")),
            ("your-name=Jane+Doe&first_name=Ann", Some("Jane Doe")),
            ("full_name=Jane+Doe", Some("Jane Doe")),
            ("Vorname=J%C3%BCrgen&Nachname=Gro%C3%9F", Some("Jürgen Groß")),
            ("Pr%C3%A9nom=Zo%C3%A9&nom=Roux", Some("Zoé Roux")),
            ("nombre=Ana&apellidos=Ruiz+Gil", Some("Ana Ruiz Gil")),
            ("name[first]=Jane&name[last]=Doe", Some("Jane Doe")),
            ("name[]=Jane&name[]=+&name[]=Doe", Some("Jane Doe")),
            // The field of the page goes first, where it holds anything.
            ("name=Ann&first_name=Jane&last_name=Doe", Some("Ann")),
            ("name=&first_name=Jane&last_name=Doe", Some("Jane Doe")),
            ("first_name=+&last_name=", None),
            ("company_name=ACME&username=jane&file_name=x&firstnames=x", None),
        ] {
            let form = Form::read(None, body.as_bytes()).await.expect("a form");
            assert_eq!(of(&form).as_deref(), name, "{body}");
        }
    }
}
