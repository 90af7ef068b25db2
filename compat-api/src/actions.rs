//! The actions, a file a noun: a form becomes the variables of a document, its answer becomes records of the reply.

pub(crate) mod custom_values;
pub(crate) mod events;
pub(crate) mod messages;
mod name;
pub(crate) mod people;
pub(crate) mod transactions;

use jiff::tz::TimeZone;
use service::read_addresses;

use crate::form::Form;

/// The longest name that the schema takes, in characters.
const NAME_LIMIT: usize = 500;

/// The scalar `Date` of the schema.
pub(crate) type Date = jiff::civil::Date;
/// The scalar `DateTime` of the schema.
pub(crate) type DateTime = jiff::Timestamp;
/// The scalar `Decimal` of the schema.
pub(crate) type Decimal = String;

/// What happens with a person who may be in the account already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// A new person is made, always.
    Create,
    /// The empty fields of the person who is there are filled.
    Merge,
    /// The person who is there gets what is given.
    Update,
}

/// A [`Matching`] as a document of a module has it.
macro_rules! person_match {
    ($module:ident, $matching:expr) => {
        match $matching {
            $crate::actions::Matching::Create => $module::PersonMatch::CREATE,
            $crate::actions::Matching::Merge => $module::PersonMatch::MERGE,
            $crate::actions::Matching::Update => $module::PersonMatch::UPDATE,
        }
    };
}
pub(crate) use person_match;

/// Who a form is about.
pub(crate) struct Named {
    pub(crate) name: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) notes: Option<String>,
}

/// Name, company, e-mail address and notes of a form. Nobody's record is lost for an e-mail address that is none: it goes to the notes,
/// and whoever has no other name is called by it.
pub(crate) fn named(form: &Form) -> Named {
    let ((name, company), email, notes) = (name_and_company(form), line(form, "email"), lines(form, "notes"));
    let named = Named { name, company, email, notes };
    let Some(text) = named.email.clone().filter(|text| read_addresses(text).is_none()) else { return named };
    let line = format!("Email: {text}");
    let notes = named.notes.map_or_else(|| line.clone(), |notes| format!("{}\n{line}", notes.trim_end()));
    let has_other = named.name.is_some()
        || named.company.is_some()
        || ["phone", "mobile"].into_iter().any(|field| form.get(field).is_some());
    let by_email = || text.chars().take(NAME_LIMIT).collect();
    let name = if has_other { named.name } else { Some(by_email()) };
    Named { name, email: None, notes: Some(notes), ..named }
}

/// A field of one line, without outer white space.
pub(crate) fn line(form: &Form, name: &str) -> Option<String> {
    form.get(name).map(ToOwned::to_owned)
}

/// A field of many lines, exactly as it was sent: an address on the page ends with a line end.
pub(crate) fn lines(form: &Form, name: &str) -> Option<String> {
    form.raw(name).filter(|text| !text.trim().is_empty()).map(ToOwned::to_owned)
}

/// The categories of a form: a name a line.
pub(crate) fn categories(form: &Form) -> Vec<String> {
    let names = form.get("category").unwrap_or_default().lines().map(str::trim);
    names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

/// Name and company of a form's `name`, or of the name that is sent in parts: split at the first ` - ` with something on both sides.
pub(crate) fn name_and_company(form: &Form) -> (Option<String>, Option<String>) {
    let Some(display) = name::of(form) else { return (None, None) };
    let halves = |at: usize| (display[..at].trim(), display[at + 3..].trim());
    let mut splits = display.match_indices(" - ").map(|(at, _)| halves(at));
    match splits.find(|(name, company)| !name.is_empty() && !company.is_empty()) {
        Some((name, company)) => (Some(name.to_owned()), Some(company.to_owned())),
        None => (Some(display), None),
    }
}

/// The names of what an event or a message belongs to, in one element: a person and their transaction have one name, and
/// it stands there once.
pub(crate) fn names(all: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// The day of a moment in the account's time zone, as replies write it.
pub(crate) fn day(moment: DateTime, zone: &TimeZone) -> String {
    written(moment.to_zoned(zone.clone()).date())
}

/// A day as replies write it: `May 25th`.
pub(crate) fn written(date: Date) -> String {
    let day = date.day();
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{} {day}{ending}", date.strftime("%B"))
}

/// A decimal with the four places of the page: `0.25` as `0.2500`.
pub(crate) fn four_places(decimal: &str) -> String {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}.{part:0<4}")
}

#[cfg(test)]
mod tests {
    use super::{Form, TimeZone, day, four_places, name_and_company, named, names};

    #[tokio::test]
    async fn a_display_name_splits_at_the_first_dash_with_something_on_both_sides() {
        for (sent, name, company) in [
            ("Jane Doe - ACME Ltd", "Jane Doe", Some("ACME Ltd")),
            ("Jane - ACME - North", "Jane", Some("ACME - North")),
            ("Jane Doe", "Jane Doe", None),
            ("- ACME", "- ACME", None),
            ("Jean-Luc", "Jean-Luc", None),
        ] {
            let form = Form::read(None, format!("name={sent}").as_bytes()).await.expect("a form");
            let split = name_and_company(&form);
            assert_eq!(split, (Some(name.to_owned()), company.map(ToOwned::to_owned)), "{sent}");
        }
    }

    #[tokio::test]
    async fn what_is_no_address_goes_to_the_notes() {
        for (sent, name, email, notes) in [
            ("name=Ann&email=ann@example.com", Some("Ann"), Some("ann@example.com"), None),
            ("name=Ann&email=Jane+<ann@example.com>", Some("Ann"), Some("Jane <ann@example.com>"), None),
            ("name=Ann&email=call+her", Some("Ann"), None, Some("Email: call her")),
            ("name=Ann&email=call+her&notes=Hot%0a", Some("Ann"), None, Some("Hot\nEmail: call her")),
            ("email=call+her", Some("call her"), None, Some("Email: call her")),
            ("email=call+her&mobile=1", None, None, Some("Email: call her")),
        ] {
            let form = Form::read(None, sent.as_bytes()).await.expect("a form");
            let read = named(&form);
            let found = (read.name.as_deref(), read.email.as_deref(), read.notes.as_deref());
            assert_eq!(found, (name, email, notes), "{sent}");
        }
    }

    #[test]
    fn a_name_stands_once_among_the_names() {
        let all = ["Josh - IBM", "Ann", "Josh - IBM"].map(ToOwned::to_owned);
        assert_eq!(names(all), "Josh - IBM, Ann");
    }

    #[test]
    fn days_and_decimals_are_written_as_on_the_page() {
        let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
        for (moment, written) in [
            ("2026-05-26T03:00:00Z", "May 25th"),
            ("2026-04-01T12:00:00Z", "April 1st"),
            ("2026-04-02T12:00:00Z", "April 2nd"),
            ("2026-04-23T12:00:00Z", "April 23rd"),
            ("2026-04-11T12:00:00Z", "April 11th"),
            ("2026-04-12T12:00:00Z", "April 12th"),
            ("2026-04-13T12:00:00Z", "April 13th"),
        ] {
            assert_eq!(day(moment.parse().expect("a moment"), &zone), written);
        }
        assert_eq!(four_places("0.25"), "0.2500");
        assert_eq!(four_places("5000"), "5000.0000");
    }
}
