//! The words of vCards: labels, services, dates, and the names under which values without a field are kept.

use std::collections::HashMap;

use crate::Charset;
use crate::content_line::ContentLine;

/// The labels that Apple and Google give to lines of one group.
pub(super) struct Labels(HashMap<String, String>);

impl Labels {
    pub(super) fn new(lines: &[ContentLine], charset: Charset) -> Labels {
        let labels = lines.iter().filter(|line| line.name == "X-ABLABEL" && !line.group.is_empty());
        let label = |line: &ContentLine| {
            let text = line.text(charset);
            let text = text.trim();
            // Apple writes what it translates as `_$!<HomePage>!$_`.
            text.strip_prefix("_$!<").and_then(|text| text.strip_suffix(">!$_")).unwrap_or(text).to_owned()
        };
        Labels(labels.map(|line| (line.group.clone(), label(line))).collect())
    }

    /// The label that the line's group has.
    pub(super) fn of_group(&self, line: &ContentLine) -> Option<&str> {
        self.0.get(&line.group).map(String::as_str).filter(|label| !label.is_empty())
    }

    /// The label, or the types, in small letters, without those that say nothing; empty where there are none.
    pub(super) fn label(&self, line: &ContentLine) -> String {
        const SILENT: [&str; 14] = [
            "PREF",
            "INTERNET",
            "VOICE",
            "FAX",
            "CELL",
            "MOBILE",
            "PAGER",
            "TEXT",
            "POSTAL",
            "PARCEL",
            "INTL",
            "DOM",
            "MSG",
            "X-INTERNET",
        ];
        if let Some(label) = self.of_group(line) {
            return label.to_owned();
        }
        let telling =
            line.parameters("TYPE").filter(|kind| !SILENT.iter().any(|silent| kind.eq_ignore_ascii_case(silent)));
        telling.map(str::to_lowercase).collect::<Vec<_>>().join(", ")
    }
}

/// The header of a value that is not the first of its kind.
pub(super) fn headed(kind: &str, label: &str) -> String {
    if label.is_empty() { kind.to_owned() } else { format!("{kind} ({label})") }
}

/// The header under which the value of a property without a field is kept; `None` where it is not worth it.
pub(super) fn known(name: &str) -> Option<&'static str> {
    const PREFIXES: [&str; 5] = ["X-EVOLUTION-", "X-KADDRESSBOOK-", "X-MOZILLA-", "X-MS-", "X-"];
    const KNOWN: [(&str, &str); 39] = [
        ("BDAY", "Birthday"),
        ("ANNIVERSARY", "Anniversary"),
        ("NICKNAME", "Nickname"),
        ("SPOUSE", "Spouse"),
        ("SPOUSENAME", "Spouse"),
        ("SPOUSESNAME", "Spouse"),
        ("MANAGER", "Manager"),
        ("MANAGERSNAME", "Manager"),
        ("ASSISTANT", "Assistant"),
        ("ASSISTANTSNAME", "Assistant"),
        ("ASSISTANT-PHONE", "Assistant's phone"),
        ("CHILD", "Children"),
        ("CHILDREN", "Children"),
        ("PROFESSION", "Profession"),
        ("DEPARTMENT", "Department"),
        ("OFFICE", "Office"),
        ("GENDER", "Gender"),
        ("LANG", "Language"),
        ("HOBBY", "Hobby"),
        ("INTEREST", "Interest"),
        ("INTERESTS", "Interest"),
        ("EXPERTISE", "Expertise"),
        ("MAIDENNAME", "Maiden name"),
        ("BLOG-URL", "Blog"),
        ("VIDEO-URL", "Video"),
        ("IMADDRESS", "IM"),
        ("AIM", "AIM"),
        ("ICQ", "ICQ"),
        ("MSN", "MSN"),
        ("YAHOO", "Yahoo"),
        ("JABBER", "Jabber"),
        ("XMPP", "XMPP"),
        ("SKYPE", "Skype"),
        ("SKYPE-USERNAME", "Skype"),
        ("GOOGLE-TALK", "Google Talk"),
        ("GTALK", "Google Talk"),
        ("QQ", "QQ"),
        ("TWITTER", "Twitter"),
        ("LINKEDIN", "LinkedIn"),
    ];
    let mut plain = name;
    for prefix in PREFIXES {
        plain = plain.strip_prefix(prefix).unwrap_or(plain);
    }
    KNOWN.into_iter().find(|(known, _)| *known == plain).map(|(_, header)| header)
}

/// The name of a service or relation, such as `skype`, as a header.
pub(super) fn service(name: &str) -> String {
    let name = name.trim();
    let known = known(&name.to_uppercase()).filter(|header| header.eq_ignore_ascii_case(name));
    let mut letters = name.chars();
    match (known, letters.next()) {
        (Some(header), _) => header.to_owned(),
        (None, Some(first)) => first.to_uppercase().chain(letters).collect(),
        (None, None) => "IM".to_owned(),
    }
}

/// A value without the scheme of its URI.
pub(super) fn without_scheme<'a>(text: &'a str, scheme: &str) -> &'a str {
    let text = text.trim();
    match text.get(..scheme.len()) {
        Some(start) if start.eq_ignore_ascii_case(scheme) => &text[scheme.len()..],
        _ => text,
    }
}

/// The schemes of telephone numbers (RFC 3966, RFC 2806, RFC 5724) and what programs write for them.
const SCHEMES: [&str; 5] = ["tel:", "fax:", "modem:", "sms:", "callto:"];

/// Whether a telephone number is written as a URI.
pub(super) fn has_scheme(text: &str) -> bool {
    uri_of_number(text.trim()).is_some()
}

fn uri_of_number(text: &str) -> Option<&str> {
    SCHEMES.iter().map(|scheme| without_scheme(text, scheme)).find(|rest| rest.len() < text.len())
}

/// A telephone number without the scheme and the parameters of a URI (RFC 3966): an extension stands behind the number, and where
/// it only means something stands in parentheses.
pub(super) fn number(text: &str) -> String {
    let text = text.trim();
    let Some(uri) = uri_of_number(text) else { return text.to_owned() };
    let decoded = percent_decoded(uri.trim_start_matches("//"));
    let mut parameters = decoded.split(';');
    let mut number = parameters.next().unwrap_or_default().trim().to_owned();
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            _ if value.trim().is_empty() => {}
            "ext" => number.push_str(&format!(" ext. {}", value.trim())),
            "phone-context" => number.push_str(&format!(" ({})", value.trim())),
            _ => {}
        }
    }
    number
}

/// A text with what `%` and two digits stand for (RFC 3986 section 2.1). A `%` before anything else is one.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let escape = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(byte) = escape.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A day as 2026-11-22, or as --11-22 without a year; anything else as it is written.
pub(super) fn date(text: &str, line: &ContentLine) -> String {
    let text = text.trim();
    let day = text.split('T').next().unwrap_or_default();
    let digits = day.replace('-', "");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let omitted = line.parameter("X-APPLE-OMIT-YEAR");
    match (digits.len(), day.starts_with("--")) {
        (8, false) if omitted == Some(&digits[..4]) => format!("--{}-{}", &digits[4..6], &digits[6..]),
        (8, false) => format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]),
        (4, true) => format!("--{}-{}", &digits[..2], &digits[2..]),
        _ => text.to_owned(),
    }
}
