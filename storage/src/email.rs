//! E-mail addresses as people and programs write them where one address should stand.

use crate::fold::fold;
use crate::text::is_invisible;

/// The longest address, in characters (RFC 5321 section 4.5.3.1: 64 + `@` + 255).
pub(crate) const ADDRESS_LIMIT: usize = 320;

/// What a text holds that has at least one address in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The first address, alone.
    pub address: String,
    /// The name that stands with it.
    pub name: Option<String>,
    /// What else stands there, further addresses for the most part, each as it is written.
    pub others: Vec<String>,
}

/// Reads mailboxes (RFC 5322 section 3.4), one or several: `jane@example.com`, `Jane <jane@example.com>`, `<jane@example.com>`,
/// `mailto:jane@example.com`, `SMTP:jane@example.com`, `jane@example.com (work)`, `jane@example.com; jim@example.com`. Characters that
/// nobody sees are no part of any. `None` where no address stands there.
///
/// ```
/// use storage::email::read_addresses;
/// let read = read_addresses("\"Doe, Jane\" <jane@example.com>, jim@example.com").unwrap();
/// assert_eq!((read.address.as_str(), read.name.as_deref()), ("jane@example.com", Some("Doe, Jane")));
/// assert_eq!(read.others, ["jim@example.com"]);
/// assert_eq!(read_addresses("call her"), None);
/// ```
pub fn read_addresses(text: &str) -> Option<Addresses> {
    let visible: String = text.chars().filter(|char| *char != '\0' && !is_invisible(*char)).collect();
    let text = visible.trim();
    if is_address(text) {
        return Some(Addresses { address: text.to_owned(), ..Addresses::default() });
    }
    let mut found: Option<Addresses> = None;
    let mut others = Vec::new();
    let mut is_clean = true;
    // What has no `@` and stands before a comma may be the family name of the mailbox behind it.
    let mut pending: Option<&str> = None;
    for (piece, end) in pieces(within_group(text)) {
        // Some programs put ` ::: ` between values.
        let words = || piece.split_whitespace().filter(|word| *word != ":::");
        let several = || words().map(mailbox).collect::<Option<Vec<_>>>().filter(|found| !found.is_empty());
        let Some(mailboxes) = mailbox(piece).map(|one| vec![one]).or_else(several) else {
            others.extend(pending.take().map(ToOwned::to_owned));
            if end == Some(',') && !piece.contains('@') {
                pending = Some(piece);
            } else {
                others.push(piece.to_owned());
            }
            is_clean = false;
            continue;
        };
        let family_name = pending.take();
        for (Mailbox { name, address, written }, at) in mailboxes.into_iter().zip(0..) {
            let before = family_name.filter(|_| at == 0);
            let name = match (before, name) {
                (Some(before), Some(name)) => Some(format!("{before}, {name}")),
                (before, name) => {
                    others.extend(before.map(ToOwned::to_owned));
                    name
                }
            };
            match &found {
                None => found = Some(Addresses { address, name, others: Vec::new() }),
                Some(first) if fold(&first.address) == fold(&address) => {}
                Some(_) => others.push(written.to_owned()),
            }
        }
    }
    others.extend(pending.map(ToOwned::to_owned));
    // `jane@example,com` is a slip of the pen and not an address at a host without a domain.
    found.filter(|found| is_clean || has_domain(&found.address)).map(|found| Addresses { others, ..found })
}

/// Whether a text is an address and nothing else (RFC 5322 section 3.4.1, with the letters of RFC 6531). Dots may stand anywhere before
/// the `@`, as providers have given such addresses away.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.chars().count() <= ADDRESS_LIMIT && is_local(local) && is_domain(domain)
}

/// An address with what stands around it.
struct Mailbox<'a> {
    name: Option<String>,
    address: String,
    written: &'a str,
}

/// Reads one mailbox.
fn mailbox(written: &str) -> Option<Mailbox<'_>> {
    let angle = written.rfind('<').filter(|_| written.contains('>'));
    let Some(open) = angle else {
        let address = bare(&without_comments(written))?;
        return Some(Mailbox { name: None, address, written });
    };
    let (before, inside) = (&written[..open], &written[open + 1..]);
    let address = bare(&inside[..inside.find('>')?])?;
    let name = unquoted(&without_comments(before));
    // Many programs repeat the address where they have no name.
    let name = Some(name).filter(|name| !name.is_empty() && fold(name) != fold(&address));
    Some(Mailbox { name, address, written })
}

/// The address without what programs put before and around it.
fn bare(text: &str) -> Option<String> {
    const SCHEMES: [&str; 5] = ["mailto:", "smtp:", "e-mail:", "email:", "internet:"];
    let around = |char: char| char.is_whitespace() || matches!(char, '<' | '>' | '\'' | '"');
    let text = if is_address(text) { text } else { text.trim_matches(around) };
    let scheme = SCHEMES
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        let text = text.trim_end_matches('.');
        return is_address(text).then(|| text.to_owned());
    };
    let address = text[scheme.len()..].trim();
    // What follows a question mark is the subject and the like (RFC 6068 section 2).
    let address = if scheme == "mailto:" { address.split('?').next().unwrap_or_default() } else { address };
    let address = if scheme == "mailto:" { percent_decoded(address) } else { address.to_owned() };
    is_address(&address).then_some(address)
}

fn is_local(local: &str) -> bool {
    let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    if is_quoted {
        let inside = &local[1..local.len() - 1];
        return !inside.chars().any(|char| char.is_control() || char == '"');
    }
    let is_fit = |char: char| !char.is_whitespace() && !char.is_control() && !"()<>[]:;@\\,\"".contains(char);
    !local.is_empty() && local.chars().all(is_fit)
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        let is_fit = |char: char| char.is_ascii_alphanumeric() || ".:-".contains(char);
        return literal.strip_suffix(']').is_some_and(|inside| !inside.is_empty() && inside.chars().all(is_fit));
    }
    let is_fit =
        |char: char| char.is_alphanumeric() || matches!(char, '-' | '_') || (!char.is_ascii() && !char.is_whitespace());
    let is_label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(is_fit)
    };
    domain.split('.').all(is_label)
}

fn has_domain(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.') || domain.starts_with('['))
}

/// The mailboxes of `Team: jane@example.com, jim@example.com;` (RFC 5322 section 3.4), or the text as it is.
fn within_group(text: &str) -> &str {
    let named = text.strip_suffix(';').and_then(|text| text.split_once(':'));
    let is_name = |name: &str| !name.is_empty() && !name.contains(['@', '<', '"', ',', ';']);
    let is_scheme = |name: &str| {
        matches!(name.trim().to_ascii_lowercase().as_str(), "mailto" | "smtp" | "email" | "e-mail" | "internet")
    };
    match named {
        Some((name, mailboxes)) if is_name(name) && !is_scheme(name) && mailboxes.contains('@') => mailboxes,
        _ => text,
    }
}

/// The pieces between commas, semicolons and line ends, each with the separator that ends it. What stands in quotes, angle brackets or
/// round ones is not cut, unless one of these is never closed.
fn pieces(text: &str) -> Vec<(&str, Option<char>)> {
    cut(text, true).unwrap_or_else(|| cut(text, false).unwrap_or_default())
}

fn cut(text: &str, heeds_quotes: bool) -> Option<Vec<(&str, Option<char>)>> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_angled, mut comments, mut is_escaped) = (false, false, 0_usize, false);
    let mut push = |piece: &'_ std::ops::Range<usize>, end| {
        let piece = text[piece.clone()].trim();
        if !piece.is_empty() {
            found.push((piece, end));
        }
    };
    for (at, char) in text.char_indices() {
        let is_inside = heeds_quotes && (is_quoted || is_angled || comments > 0);
        if matches!(char, ',' | ';' | '\n' | '\r') && !is_inside {
            push(&(start..at), Some(char));
            start = at + char.len_utf8();
            continue;
        }
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match char {
            '\\' if is_quoted => is_escaped = true,
            '"' if comments == 0 && !is_angled => is_quoted = !is_quoted,
            '(' if !is_quoted => comments += 1,
            ')' if !is_quoted => comments = comments.saturating_sub(1),
            '<' if !is_quoted && comments == 0 => is_angled = true,
            '>' if !is_quoted && comments == 0 => is_angled = false,
            _ => {}
        }
    }
    push(&(start..text.len()), None);
    let is_open = is_quoted || is_angled || comments > 0;
    (!heeds_quotes || !is_open).then_some(found)
}

/// A text without what stands in round brackets, which is for people (RFC 5322 section 3.2.2).
fn without_comments(text: &str) -> String {
    let (mut rest, mut depth, mut is_quoted) = (String::with_capacity(text.len()), 0_usize, false);
    for char in text.chars() {
        match char {
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            rest.push(char);
        }
    }
    rest.trim().to_owned()
}

/// The name that a mailbox has, without quotes around it and backslashes in them.
fn unquoted(name: &str) -> String {
    let name = name.trim();
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let inside = inside.or_else(|| name.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')));
    let Some(inside) = inside else { return name.to_owned() };
    let (mut plain, mut is_escaped) = (String::with_capacity(inside.len()), false);
    for char in inside.chars() {
        is_escaped = char == '\\' && !is_escaped;
        if !is_escaped {
            plain.push(char);
        }
    }
    plain.trim().to_owned()
}

/// A text in which `%40` and its like stand for characters; one that comes to no text stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hexadecimal = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::read_addresses;

    #[test]
    fn an_address_is_read_in_many_dresses() {
        for (text, address, name, others) in [
            ("jane@example.com", "jane@example.com", None, &[][..]),
            ("  jane@example.com ", "jane@example.com", None, &[]),
            ("Jane Doe <jane@example.com>", "jane@example.com", Some("Jane Doe"), &[]),
            ("\"Doe, Jane\" <jane@example.com>", "jane@example.com", Some("Doe, Jane"), &[]),
            ("Doe, Jane <jane@example.com>", "jane@example.com", Some("Doe, Jane"), &[]),
            ("\"Jane \\\"JD\\\" Doe\" <jane@example.com>", "jane@example.com", Some("Jane \"JD\" Doe"), &[]),
            ("'Jane' <jane@example.com>", "jane@example.com", Some("Jane"), &[]),
            ("\"jane@example.com\" <jane@example.com>", "jane@example.com", None, &[]),
            ("<jane@example.com>", "jane@example.com", None, &[]),
            ("<jane@example.com", "jane@example.com", None, &[]),
            ("'jane@example.com'", "jane@example.com", None, &[]),
            ("mailto:jane@example.com", "jane@example.com", None, &[]),
            ("MAILTO: jane@example.com", "jane@example.com", None, &[]),
            ("mailto:jane%2Bcrm@example.com?subject=Hello", "jane+crm@example.com", None, &[]),
            ("Jane <mailto:jane@example.com>", "jane@example.com", Some("Jane"), &[]),
            ("SMTP:Jane@example.com", "Jane@example.com", None, &[]),
            ("jane@example.com (work)", "jane@example.com", None, &[]),
            ("(private, old) jane@example.com", "jane@example.com", None, &[]),
            ("jane@example.com (old", "jane@example.com", None, &[]),
            ("jane@example.com;", "jane@example.com", None, &[]),
            ("jane@example.com.", "jane@example.com", None, &[]),
            ("jane@example.com, jim@example.com", "jane@example.com", None, &["jim@example.com"]),
            ("jane@example.com;jim@example.com;jane@EXAMPLE.com", "jane@example.com", None, &["jim@example.com"]),
            ("jane@example.com\njim@example.com", "jane@example.com", None, &["jim@example.com"]),
            ("jane@example.com jim@example.com", "jane@example.com", None, &["jim@example.com"]),
            ("jane@example.com ::: jim@example.com", "jane@example.com", None, &["jim@example.com"]),
            (
                "Jane <jane@example.com>, \"Doe, Jim\" <jim@example.com>",
                "jane@example.com",
                Some("Jane"),
                &["\"Doe, Jim\" <jim@example.com>"],
            ),
            ("call her, jane@example.com", "jane@example.com", None, &["call her"]),
            ("jane@example.com, call first", "jane@example.com", None, &["call first"]),
            ("Team: jane@example.com, jim@example.com;", "jane@example.com", None, &["jim@example.com"]),
            ("ja\0ne@example.com", "jane@example.com", None, &[]),
            ("jane@example.com\u{200b}", "jane@example.com", None, &[]),
            ("\u{202a}jane@\u{2060}example.com\u{202c}", "jane@example.com", None, &[]),
            ("\u{feff}Jane <jane@example.com>", "jane@example.com", Some("Jane"), &[]),
            ("jürgen@bücher.example", "jürgen@bücher.example", None, &[]),
            ("\"jane doe\"@example.com", "\"jane doe\"@example.com", None, &[]),
            ("jane@[192.0.2.1]", "jane@[192.0.2.1]", None, &[]),
            ("root@localhost", "root@localhost", None, &[]),
            ("o'brien+crm/x=1@sub.example.co.uk", "o'brien+crm/x=1@sub.example.co.uk", None, &[]),
            ("a..b.@example.com", "a..b.@example.com", None, &[]),
        ] {
            let read = read_addresses(text).unwrap_or_else(|| panic!("{text:?} has an address"));
            let found = (read.address.as_str(), read.name.as_deref(), read.others.as_slice());
            let others: Vec<String> = others.iter().map(|other| (*other).to_owned()).collect();
            assert_eq!(found, (address, name, others.as_slice()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "n/a",
            "call her",
            "jane",
            "jane@",
            "@example.com",
            "jane(at)example.com",
            "jane at example.com",
            "jane@@example.com",
            "jane@example..com",
            "jane@example.com@",
            "jane@-example.com",
            "jane@example,com",
            "jane doe@example.com",
            "Jane Doe jane@example.com",
            "/o=Example/ou=Group/cn=Recipients/cn=jane",
            "<>",
            "Jane <>",
            "mailto:",
            "https://example.com/@jane",
        ] {
            assert_eq!(read_addresses(text), None, "{text:?}");
        }
        let long = format!("{}@example.com", "x".repeat(310));
        assert_eq!(read_addresses(&long), None, "an address of more than 320 characters");
    }
}
