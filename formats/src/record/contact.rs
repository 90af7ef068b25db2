//! How to reach a person or a company, defined once: each field, the column that carries it, and how its text is read.

use super::Column;

macro_rules! contact {
    ($($(#[$doc:meta])* $field:ident: $column:ident, $read:ident;)*) => {
        /// How to reach a person or a company. `None` means that the file has nothing there; decoders never produce blank text.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Contact {
            $($(#[$doc])* pub $field: Option<String>,)*
        }

        impl Contact {
            /// What a column of the contact holds; `None` also for a column of the record around it.
            pub(crate) fn text(&self, column: Column) -> Option<&str> {
                match column {
                    $(Column::$column => self.$field.as_deref(),)*
                    _ => None,
                }
            }

            /// Sets the field that a column of the contact stands for.
            pub(crate) fn set(&mut self, column: Column, text: &str) {
                match column {
                    $(Column::$column => self.$field = $read(text),)*
                    other => unreachable!("{} is no column of a contact", other.name()),
                }
            }
        }
    };
}

contact! {
    /// Given, middle and family name together.
    name: Name, line;
    /// The company's name.
    company: Company, line;
    /// The position in the company, such as `Head of Sales`; not the honorific.
    title: Title, line;
    /// The e-mail address as the file has it.
    email: Email, line;
    /// The first telephone number.
    phone: Phone, line;
    /// The mobile telephone number.
    mobile: Mobile, line;
    /// The fax number.
    fax: Fax, line;
    /// The web site.
    url: Url, line;
    /// Street, house and box; may have several lines.
    address: Address, block;
    /// The town.
    city: City, line;
    /// State, province or county.
    state: State, line;
    /// The postal code.
    zip: Zip, line;
    /// The country's name or code as the file has it.
    country: Country, line;
    /// Free text; may have several lines.
    notes: Notes, block;
}

/// Text of one line, or nothing where it is blank.
pub(super) fn line(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text of several lines, in which white space may be meant, or nothing where it is blank.
pub(super) fn block(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}
