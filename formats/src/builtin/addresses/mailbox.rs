//! Mailboxes as headers of mails have them (RFC 5322 section 3.4, with the letters of RFC 6532).

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::Contact;

/// Somebody's name and address. Neither holds a control character or a line end, so that no header can be smuggled in.
pub(super) struct Mailbox<'a> {
    /// What stands before the address: words that single spaces separate.
    name: Option<String>,
    local: Cow<'a, str>,
    domain: &'a str,
}

impl Mailbox<'_> {
    /// The mailbox of a contact: the name, or else the company's, and the address. `None` where there is no address to which a
    /// mail could be sent.
    pub(super) fn of(contact: &Contact) -> Option<Mailbox<'_>> {
        let (local, domain) = contact.email.as_deref()?.trim().rsplit_once('@')?;
        let local = local_part(local)?;
        let domain = Some(domain).filter(|domain| is_dot_atom(domain) || is_literal(domain))?;
        let names = [&contact.name, &contact.company].into_iter().flatten();
        let name = names.map(|name| tidy(name)).find(|name| !name.is_empty());
        Some(Mailbox { name, local, domain })
    }

    /// The address as a `mailto` URI has it (RFC 6068 section 2): whatever could separate or end it is encoded.
    pub(super) fn for_uri(&self) -> String {
        let mut text = String::new();
        for byte in format!("{}@{}", self.local, self.domain).bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~!$'*+@".contains(&byte) {
                text.push(char::from(byte));
            } else {
                write!(text, "%{byte:02X}").expect("a string can always be written to");
            }
        }
        text
    }
}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mailbox { name, local, domain } = self;
        match name {
            None => write!(f, "{local}@{domain}"),
            Some(name) if is_plain(name) => write!(f, "{name} <{local}@{domain}>"),
            Some(name) => write!(f, "{} <{local}@{domain}>", quoted(name)),
        }
    }
}

/// The part before the `@`: as it is where that is right, and in quotes where it is not. Nothing helps against control characters.
fn local_part(text: &str) -> Option<Cow<'_, str>> {
    if is_dot_atom(text) || is_quoted(text) {
        return Some(Cow::Borrowed(text));
    }
    let can_be_quoted = !text.is_empty() && text.chars().all(is_in_quotes);
    can_be_quoted.then(|| Cow::Owned(quoted(text)))
}

/// Text in one line, with single spaces.
fn tidy(text: &str) -> String {
    let words = text.split(|char: char| char.is_whitespace() || char.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a name needs no quotes. More names would do without them, but `=?x?=` would be decoded and `J. Doe` is obsolete.
fn is_plain(name: &str) -> bool {
    name.chars().all(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '\''))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words of characters that need no quotes, with single dots between them.
fn is_dot_atom(text: &str) -> bool {
    let is_allowed = |char: char| match char {
        char if char.is_ascii() => char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(char),
        char => is_in_quotes(char),
    };
    text.split('.').all(|word| !word.is_empty() && word.chars().all(is_allowed))
}

/// Whether a text is in quotes already, with a backslash before each quote and backslash.
fn is_quoted(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return false };
    let mut is_escaped = false;
    let all_allowed = inner.chars().all(|char| {
        let is_allowed = is_escaped || char != '"';
        is_escaped = !is_escaped && char == '\\';
        is_allowed && is_in_quotes(char)
    });
    all_allowed && !is_escaped
}

/// An address of a host in brackets, such as `[192.0.2.1]`.
fn is_literal(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.is_some_and(|inner| inner.chars().all(|char| char.is_ascii_graphic() && !"[]\\".contains(char)))
}

fn is_in_quotes(char: char) -> bool {
    char == ' ' || !(char.is_control() || char.is_whitespace())
}
