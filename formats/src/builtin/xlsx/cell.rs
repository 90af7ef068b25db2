//! Cells as a sheet has them: text as text whatever it looks like, and numbers and dates where they are exactly what is meant.

use jiff::civil::{Date, DateTime, date};
use rust_decimal::Decimal;

use super::date::{self as read, Epoch};
use super::styles::Kind;
use crate::record::{Value, plain};

/// The longest text of a cell in UTF-16 units. Excel calls a workbook with a longer one damaged.
pub(super) const LONGEST: usize = 32_767;

/// What ends a text that does not fit.
pub(super) const CUT: &str = "… [cut here: a cell of Excel cannot hold more; CSV and JSON have the whole text]";

/// The styles of [`STYLES`](super::encode), by their places.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    General = 0,
    Header = 1,
    Text = 2,
    Day = 3,
    Time = 4,
}

/// Appends a cell, unless there is nothing in it.
pub(super) fn push(xml: &mut String, column: &str, row: u32, value: Value<'_>) {
    match value {
        Value::Nothing => {}
        Value::Number(number) if is_exact(number) => push_number(xml, column, row, Style::General, &plain(number)),
        // More than a float holds exactly is not what anybody counts.
        Value::Count(count) if count < 1 << 50 => push_number(xml, column, row, Style::General, &count.to_string()),
        Value::Flag(flag) => xml.push_str(&format!("<c r=\"{column}{row}\" t=\"b\"><v>{}</v></c>", u8::from(flag))),
        Value::Day(day) => match serial_of_day(day) {
            Some(serial) => push_number(xml, column, row, Style::Day, &serial),
            None => push_text(xml, column, row, Style::Text, &day.to_string()),
        },
        Value::Local(time) => match serial_of_time(time) {
            Some(serial) => push_number(xml, column, row, Style::Time, &serial),
            None => push_text(xml, column, row, Style::Text, &time.to_string()),
        },
        // Moments stay text: a date of Excel has no time zone.
        value => push_text(xml, column, row, Style::Text, &value.text()),
    }
}

/// Appends a cell with text in it, unless the text is empty.
pub(super) fn push_text(xml: &mut String, column: &str, row: u32, style: Style, text: &str) {
    if text.is_empty() {
        return;
    }
    let is_spaced = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) || text.contains('\n');
    let space = if is_spaced { " xml:space=\"preserve\"" } else { "" };
    xml.push_str(&format!("<c r=\"{column}{row}\" s=\"{}\" t=\"inlineStr\"><is><t{space}>", style as u8));
    match cut(text) {
        None => push_escaped(xml, text),
        Some(kept) => {
            push_escaped(xml, kept);
            push_escaped(xml, CUT);
        }
    }
    xml.push_str("</t></is></c>");
}

fn push_number(xml: &mut String, column: &str, row: u32, style: Style, number: &str) {
    xml.push_str(&format!("<c r=\"{column}{row}\" s=\"{}\"><v>{number}</v></c>", style as u8));
}

/// Text as XML has it. Line ends become LF, as Excel has them; what XML cannot hold becomes `_xHHHH_`, and so does the beginning of
/// what looks like that (ECMA-376 part 1 section 22.9.2.19).
fn push_escaped(xml: &mut String, text: &str) {
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => {
                xml.push('\n');
                chars.next_if(|(_, next)| *next == '\n');
            }
            // What follows the four digits may become an underscore by its own escape, so that it does not count.
            '_' if looks_escaped(&text[at..]) => xml.push_str("_x005F_"),
            '\0' => {}
            '\n' | '\t' => xml.push(char),
            ..' ' | '\u{fffe}' | '\u{ffff}' => xml.push_str(&format!("_x{:04X}_", u32::from(char))),
            _ => xml.push(char),
        }
    }
}

fn looks_escaped(text: &str) -> bool {
    text.starts_with("_x") && text.get(2..6).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What is kept of a text that is too long for a cell.
fn cut(text: &str) -> Option<&str> {
    if text.len() <= LONGEST {
        return None;
    }
    let room = LONGEST - CUT.encode_utf16().count();
    let (mut units, mut end) = (0, 0);
    for (at, char) in text.char_indices() {
        units += char.len_utf16();
        if units <= room {
            end = at + char.len_utf8();
        }
        if units > LONGEST {
            return Some(&text[..end]);
        }
    }
    None
}

/// Whether a number is exactly what Excel makes of it, which keeps 15 digits, and what our decoder reads.
fn is_exact(number: Decimal) -> bool {
    let written = plain(number);
    let digits = written.bytes().filter(u8::is_ascii_digit).count();
    digits <= 15 && read::text(&written, &Kind::Number, Epoch::Year1900) == written
}

/// The number of a day, for days that our decoder reads as such: Excel begins in 1900, and takes that for a leap year.
fn serial_of_day(day: Date) -> Option<String> {
    let serial = days(day).to_string();
    (read::text(&serial, &Kind::Date, Epoch::Year1900) == day.to_string()).then_some(serial)
}

/// Likewise of a time, which must have whole seconds; midnight would be a day.
fn serial_of_time(time: DateTime) -> Option<String> {
    let seconds = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    let serial = (f64::from(days(time.date())) + f64::from(seconds) / 86_400.0).to_string();
    (read::text(&serial, &Kind::Date, Epoch::Year1900) == time.to_string()).then_some(serial)
}

fn days(day: Date) -> i32 {
    (day - date(1899, 12, 30)).get_days()
}

#[cfg(test)]
mod tests {
    use super::super::xml::plain;
    use super::{CUT, LONGEST, cut, push_escaped};

    #[test]
    fn escapes_come_back() {
        let all = [
            "_x0041_",
            "__x0041_x0042_",
            "_x0041\u{1}",
            "_x004\u{1}",
            "_X0041_ _x00g1_ _x",
            "\u{1}\u{b}\u{1f}\u{fffe}\u{ffff}\t",
            "_\u{1}x0041_",
        ];
        for text in all {
            let mut xml = String::new();
            push_escaped(&mut xml, text);
            assert!(xml.chars().all(|char| char == '\t' || (' '..'\u{fffe}').contains(&char)), "{text:?}: {xml:?}");
            assert_eq!(plain(&xml), text, "{xml}");
        }
    }

    #[test]
    fn a_text_is_cut_at_the_last_character_that_fits() {
        assert_eq!(cut(&"é".repeat(LONGEST)), None);
        for text in ["é".repeat(LONGEST + 1), "😀".repeat(LONGEST / 2 + 1)] {
            let kept = cut(&text).expect("it is too long");
            let units = kept.encode_utf16().count() + CUT.encode_utf16().count();
            assert!((LONGEST - 1..=LONGEST).contains(&units), "{units}");
        }
    }
}
