//! The formats that Cairn brings along. A new one is a file in this folder and a line here.

mod addresses;
mod csv;
mod google_contacts;
mod icalendar;
mod json;
mod ndjson;
mod rss;
mod vcard;
mod xlsx;

pub use self::csv::FailedRows;
pub use self::icalendar::{check_recurrence, first_of_series};

use crate::Registry;

/// A registry of all built-in formats.
#[expect(clippy::missing_panics_doc, reason = "it cannot panic: a test calls it")]
pub fn builtin() -> Registry {
    let mut registry = Registry::empty();
    let registered = [
        registry.register(csv::Csv),
        registry.register(json::Json),
        registry.register(ndjson::Ndjson),
        registry.register(vcard::VCard),
        registry.register(google_contacts::GoogleContacts),
        registry.register(addresses::Addresses),
        registry.register(icalendar::ICalendar),
        registry.register(rss::Rss),
        registry.register(xlsx::Xlsx),
    ];
    for result in registered {
        result.expect("no two built-in formats share a name or an extension");
    }
    registry
}
