//! The contact data that people have, and the folded keys that are derived from it on every write.

use crate::email::{self, ADDRESS_LIMIT};
use crate::error::{Error, Result};
use crate::fold::{digits, fold};
use crate::text::{is_invisible, plain, trimmed};

/// The longest name or company, in characters.
const NAME_LIMIT: usize = 500;
/// The longest other line, in characters.
const LINE_LIMIT: usize = 500;
/// How many bytes of a key are kept.
const INDEXED_BYTES: usize = 1_000;
/// The largest note, address or URL, in bytes.
const TEXT_LIMIT: usize = 1 << 20;

/// Defines the contact data once: each field with the name that GraphQL and our own columns have for it, in the order of those.
macro_rules! contact_fields {
    ($($variant:ident, $field:ident;)*) => {
        /// A field of the contact data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names of the fields say what they hold")]
        pub enum ContactField {
            $($variant,)*
        }

        /// What is known of a person; `None` is what is not there, and no text is empty.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names of the fields say what they hold")]
        pub struct Contact {
            $(pub $field: Option<String>,)*
        }

        impl ContactField {
            /// How many they are.
            pub const COUNT: usize = [$(Self::$variant),*].len();

            /// Every field, in the order of our own columns.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$variant),*];

            /// Its name in GraphQL and in our own columns.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($field),)*
                }
            }
        }

        impl Contact {
            /// What a field holds.
            pub fn value(&self, field: ContactField) -> Option<&str> {
                match field {
                    $(ContactField::$variant => self.$field.as_deref(),)*
                }
            }

            /// A field, to be changed.
            pub fn value_mut(&mut self, field: ContactField) -> &mut Option<String> {
                match field {
                    $(ContactField::$variant => &mut self.$field,)*
                }
            }

            /// Every field with its GraphQL name, in the order of our own columns, to be changed.
            pub fn fields_mut(&mut self) -> [(&'static str, &mut Option<String>); ContactField::COUNT] {
                [$((stringify!($field), &mut self.$field)),*]
            }
        }
    };
}

contact_fields! {
    Name, name;
    Company, company;
    Title, title;
    Email, email;
    Phone, phone;
    Mobile, mobile;
    Fax, fax;
    Url, url;
    Address, address;
    City, city;
    State, state;
    Zip, zip;
    Country, country;
    Notes, notes;
}

impl Contact {
    /// The contact with its empty fields filled from another. An address is one field: half of one and half of another is neither.
    pub(crate) fn filled(self, mut from: Self) -> Self {
        let Self { address, city, state, zip, country, .. } = &self;
        if [address, city, state, zip, country].iter().any(|part| part.is_some()) {
            from = Self { address: None, city: None, state: None, zip: None, country: None, ..from };
        }
        from.overwritten(self)
    }

    /// The contact with another's fields in place of its own, where those are not empty.
    pub(crate) fn overwritten(mut self, mut by: Self) -> Self {
        for ((_, field), (_, other)) in by.fields_mut().into_iter().zip(self.fields_mut()) {
            if field.is_none() {
                *field = other.take();
            }
        }
        by
    }

    /// The fields by which a person is known; one of them is there.
    pub(crate) const KNOWN_BY: [&str; 5] = ["name", "company", "email", "phone", "mobile"];

    /// Whether one of those fields is there.
    pub(crate) fn is_known(&self) -> bool {
        self.fields().iter().any(|(name, value)| Self::KNOWN_BY.contains(name) && value.is_some())
    }

    /// `Name - Company`, or the first of name, company, e-mail and phone that is there.
    pub fn display_name(&self) -> String {
        match (&self.name, &self.company) {
            (Some(name), Some(company)) => format!("{name} - {company}"),
            _ => [&self.name, &self.company, &self.email, &self.phone, &self.mobile]
                .into_iter()
                .flatten()
                .next()
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// Reads the e-mail address as people write it ([`email::read_addresses`]): what stays is the address alone, and its name where the
    /// contact has none. Answers with what else stands there, as lines for the notes, and leaves the contact as it is where no address
    /// stands there: the error is that text.
    pub(crate) fn read_email(&mut self) -> std::result::Result<Vec<String>, String> {
        let Some(text) = self.email.as_deref().filter(|text| !trimmed(text).is_empty()) else { return Ok(Vec::new()) };
        if email::is_address(text) {
            return Ok(Vec::new());
        }
        let Some(email::Addresses { address, name, others }) = email::read_addresses(text) else {
            return Err(trimmed(text).to_owned());
        };
        self.email = Some(address);
        if self.name.as_deref().is_none_or(|name| trimmed(name).is_empty()) {
            self.name = name.filter(|name| name.chars().count() <= NAME_LIMIT);
        }
        Ok(others.into_iter().map(|other| email_line(&other)).collect())
    }

    /// The contact with its e-mail address read; what else stands there goes to the notes.
    ///
    /// Errors: [`Error::Invalid`] where no address stands there, and as [`Contact::cleaned`].
    pub(crate) fn with_address(mut self) -> Result<Self> {
        match self.read_email() {
            Ok(others) => {
                for line in others {
                    self.add_note(&line);
                }
                self.cleaned()
            }
            Err(text) => {
                // One that is too long is told of with its length.
                self.cleaned()?;
                Err(Error::invalid("email", no_address(&text)))
            }
        }
    }

    /// Puts a line under the notes, unless they have it.
    fn add_note(&mut self, line: &str) {
        let notes = self.notes.take().filter(|notes| !notes.trim().is_empty());
        self.notes = Some(match notes {
            Some(notes) if notes.lines().any(|known| known == line) => notes,
            Some(notes) => format!("{}\n{line}", notes.trim_end()),
            None => line.to_owned(),
        });
    }

    /// The contact as it may be stored: NUL dropped, line ends LF, lines trimmed, empty texts gone.
    ///
    /// Errors: [`Error::Invalid`] for a text over its limit, or without a name, a company, an e-mail address or a phone.
    pub fn cleaned(mut self) -> Result<Self> {
        for (field, value) in self.fields_mut() {
            clean(field, value)?;
        }
        if !self.is_known() {
            return Err(Error::Invalid {
                field: None,
                reason: "a person needs a name, a company, an e-mail address or a phone".to_owned(),
            });
        }
        Ok(self)
    }

    /// Every field with its GraphQL name and what it holds, in the order of our own columns.
    pub fn fields(&self) -> [(&'static str, Option<&str>); ContactField::COUNT] {
        ContactField::ALL.map(|field| (field.name(), self.value(field)))
    }

    pub(crate) fn keys(&self) -> Keys {
        let folded = |value: &Option<String>| value.as_deref().map(fold);
        let display = fold(&self.display_name());
        let phones = [&self.phone, &self.mobile, &self.fax];
        // Name and company are in the display name.
        let is_searched = |field: &ContactField| !matches!(field, ContactField::Name | ContactField::Company);
        let searched =
            ContactField::ALL.into_iter().filter(is_searched).filter_map(|field| self.value(field)).map(fold);
        let mut search_text = display.clone();
        for text in searched {
            // A line end keeps a phrase from matching across two fields.
            search_text.push('\n');
            search_text.push_str(&text);
        }
        let phone_digits = phones.into_iter().flatten().map(|phone| digits(phone)).collect::<Vec<_>>().join(" ");
        if !phone_digits.is_empty() {
            search_text.push('\n');
            search_text.push_str(&phone_digits);
        }
        Keys {
            sort_key: indexed(&display),
            email_key: folded(&self.email).map(|key| indexed(&key)),
            name_key: folded(&self.name).map(|key| indexed(&key)).unwrap_or_default(),
            company_key: folded(&self.company).map(|key| indexed(&key)).unwrap_or_default(),
            city_key: folded(&self.city).map(|key| indexed(&key)).unwrap_or_default(),
            state_key: folded(&self.state).map(|key| indexed(&key)).unwrap_or_default(),
            country_key: folded(&self.country).map(|key| indexed(&key)).unwrap_or_default(),
            phone_digits,
            search_text,
        }
    }
}

/// What is derived from a contact by folding; every write stores it beside the contact.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) sort_key: String,
    pub(crate) email_key: Option<String>,
    pub(crate) name_key: String,
    pub(crate) company_key: String,
    pub(crate) city_key: String,
    pub(crate) state_key: String,
    pub(crate) country_key: String,
    /// The digits of phone, mobile and fax, separated by spaces.
    pub(crate) phone_digits: String,
    /// The display name and every other field, folded, a line each; then the digits of the phones.
    pub(crate) search_text: String,
}

/// As much of a key as an index holds: an entry of PostgreSQL's has 2,704 bytes at most, and two keys may share one.
/// Folding can make a text many times longer.
pub(crate) fn indexed(key: &str) -> String {
    key[..key.floor_char_boundary(INDEXED_BYTES)].to_owned()
}

/// As much of a text as a name may have.
pub(crate) fn cut_name(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

/// What is wrong with a text that is no e-mail address.
pub(crate) fn no_address(text: &str) -> String {
    let start: String = text.chars().take(100).collect();
    format!("{start:?} is no e-mail address such as ann@example.com")
}

/// The line of the notes that keeps what stood beside an e-mail address or in its place.
pub(crate) fn email_line(text: &str) -> String {
    format!("Email: {text}")
}

fn clean(field: &'static str, value: &mut Option<String>) -> Result<()> {
    let Some(text) = value.take() else {
        return Ok(());
    };
    let text = plain(&text);
    let text = match field {
        "notes" | "address" => text.into_owned(),
        "email" => trimmed(&text).chars().filter(|char| !is_invisible(*char)).collect(),
        _ => trimmed(&text).to_owned(),
    };
    let (size, limit, unit) = match field {
        "name" | "company" => (text.chars().count(), NAME_LIMIT, "characters"),
        "email" => (text.chars().count(), ADDRESS_LIMIT, "characters"),
        "notes" | "address" | "url" => (text.len(), TEXT_LIMIT, "bytes"),
        _ => (text.chars().count(), LINE_LIMIT, "characters"),
    };
    if size > limit {
        return Err(Error::invalid(field, format!("{field} has {size} {unit}, and {limit} is the most")));
    }
    *value = Some(text).filter(|text| !text.trim().is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Contact;

    #[test]
    fn a_contact_without_any_way_to_call_it_is_refused() {
        let nobody = Contact { city: Some("Köln".into()), name: Some("  ".into()), ..Contact::default() };
        assert!(nobody.cleaned().is_err());
        let phone =
            Contact { mobile: Some(" 555\0 ".into()), ..Contact::default() }.cleaned().expect("a phone is enough");
        assert_eq!(phone.mobile.as_deref(), Some("555"));
        assert_eq!(phone.display_name(), "555");
    }

    #[test]
    fn a_text_over_its_limit_is_refused_with_its_field() {
        let long = Contact { name: Some("ä".repeat(501)), ..Contact::default() };
        let error = long.cleaned().expect_err("501 characters");
        assert_eq!(error.to_string(), "name has 501 characters, and 500 is the most");
    }
}
