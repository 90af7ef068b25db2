//! The elements of an item, or of the channel around it.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use quick_xml::escape::escape;

use super::address::address;
use super::html::html;

/// The title of what has neither a title nor a text: an item must have one of both.
pub(super) const LAST_RESORT: &str = "Untitled";

/// Elements, as XML.
#[derive(Default)]
pub(super) struct Item(String);

/// A file that belongs to an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enclosure<'a> {
    pub(super) url: &'a str,
    /// In bytes; 0 stands for one that nobody knows (RSS Advisory Board, Best Practices Profile).
    pub(super) length: Option<usize>,
    pub(super) kind: &'a str,
}

impl Item {
    pub(super) fn xml(&self) -> &str {
        &self.0
    }

    /// Appends an element with a text in it.
    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.put(format_args!("<{name}>{}</{name}>\n", escape(plain(text))));
    }

    /// Appends an element with nothing but attributes.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.put(format_args!("<{name}"));
        for (attribute, value) in attributes {
            self.put(format_args!(" {attribute}=\"{}\"", escape(plain(value))));
        }
        self.put(format_args!("/>\n"));
    }

    /// Appends title and description, of which one at least must be there.
    pub(super) fn texts(&mut self, title: Option<&str>, description: Option<&str>) {
        let visible = |text: Option<&str>| text.map(plain).filter(|text| !text.trim().is_empty());
        let (title, description) = (visible(title), visible(description));
        if title.is_some() || description.is_none() {
            self.element("title", title.as_deref().unwrap_or(LAST_RESORT));
        }
        if let Some(description) = description {
            self.element("description", &html(&description));
        }
    }

    /// Appends by what a reader knows the item again. What the account has not seen has no id; within the document its number is one.
    pub(super) fn identity(&mut self, id: Option<&str>, number: u64) {
        let unsaved = format!("unsaved-{number}");
        self.put(format_args!("<guid isPermaLink=\"false\">{}</guid>\n", escape(plain(id.unwrap_or(&unsaved)))));
    }

    /// Appends when the item was made (RFC 2822 section 3.3), unless that was before the year 0.
    pub(super) fn date(&mut self, time: Option<Timestamp>) {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let Some(time) = time.map(|time| TimeZone::UTC.to_datetime(time)).filter(|time| time.year() >= 0) else {
            return;
        };
        let weekday = match time.weekday() {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        let month = MONTHS[usize::from(time.month().unsigned_abs()) - 1];
        let (day, year, hour, minute, second) = (time.day(), time.year(), time.hour(), time.minute(), time.second());
        self.put(format_args!(
            "<pubDate>{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000</pubDate>\n"
        ));
    }

    pub(super) fn categories(&mut self, names: &[String]) {
        for name in names {
            self.element("category", name);
        }
    }

    /// Appends a file, unless its address is not one of the web.
    pub(super) fn enclosure(&mut self, enclosure: Enclosure<'_>) {
        let Enclosure { url, length, kind } = enclosure;
        let Some(url) = address(url) else { return };
        let length = length.unwrap_or_default().to_string();
        self.empty("enclosure", &[("url", &url), ("length", &length), ("type", kind)]);
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string can always be written to");
    }
}

/// Text with LF for line ends, and without the characters that XML cannot hold (XML 1.0 section 2.2).
fn plain(text: &str) -> String {
    let is_held = |char: &char| matches!(char, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(is_held).collect()
}
