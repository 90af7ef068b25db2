//! The tests of this crate in one binary, which links faster than one for each file.

mod addresses;
mod cards;
mod columns;
mod conformance;
mod csv;
mod documents;
mod fields;
mod golden;
mod headers;
mod icalendar;
mod json;
mod ndjson;
mod registry;
mod round_trip;
mod rss;
mod series;
mod stream;
mod vcard;
mod written;
mod xlsx;
