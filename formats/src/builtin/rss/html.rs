//! Plain text as HTML, which is what readers take a description for (RSS 2.0, element `description`: entity-encoded HTML).

/// The text as HTML: a paragraph for what blank lines part, `<br>` for other line ends, a link for each address of the web. Nothing of
/// the text is markup, so `a < b` is shown as it stands.
pub(super) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let mut is_open = false;
    for line in text.split('\n').map(str::trim_end) {
        if line.is_empty() {
            if is_open {
                html.push_str("</p>\n");
            }
            is_open = false;
            continue;
        }
        html.push_str(if is_open { "<br>\n" } else { "<p>" });
        is_open = true;
        put_line(line, &mut html);
    }
    if is_open {
        html.push_str("</p>");
    }
    html.truncate(html.trim_end().len());
    html
}

fn put_line(mut line: &str, html: &mut String) {
    while let Some((start, end)) = next_address(line) {
        put_text(&line[..start], html);
        html.push_str("<a href=\"");
        put_text(&line[start..end], html);
        html.push_str("\">");
        put_text(&line[start..end], html);
        html.push_str("</a>");
        line = &line[end..];
    }
    put_text(line, html);
}

/// Where the first address of the web begins and ends. The punctuation of a sentence behind it is not a part of it, and a closing
/// bracket is only where it has an opening one.
fn next_address(line: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + ["https://", "http://"].into_iter().filter_map(|scheme| line[from..].find(scheme)).min()?;
        let rest = &line[start..];
        let is_end = |char: char| char.is_whitespace() || char.is_control() || "<>\"".contains(char);
        let mut address = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        while let Some(last) = address.chars().next_back() {
            let is_unopened = |open: char, close: char| {
                last == close && address.matches(close).count() > address.matches(open).count()
            };
            if !".,;:!?'".contains(last) && !is_unopened('(', ')') && !is_unopened('[', ']') {
                break;
            }
            address = &address[..address.len() - last.len_utf8()];
        }
        if super::address::address(address).is_some() {
            return Some((start, start + address.len()));
        }
        from = start + "http".len();
    }
}

fn put_text(text: &str, html: &mut String) {
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn text_is_shown_as_it_stands() {
        for (text, expected) in [
            ("", ""),
            ("\n \n", ""),
            ("a < b && c > \"d\"", "<p>a &lt; b &amp;&amp; c &gt; &quot;d&quot;</p>"),
            ("Dear <your name>,", "<p>Dear &lt;your name&gt;,</p>"),
            ("&amp; <b>x</b>", "<p>&amp;amp; &lt;b&gt;x&lt;/b&gt;</p>"),
            ("one\ntwo\n\n\nthree\n", "<p>one<br>\ntwo</p>\n<p>three</p>"),
            (
                "see https://example.com/a?b=1&c=2.",
                r#"<p>see <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>.</p>"#,
            ),
            ("(http://example.com/x)", r#"<p>(<a href="http://example.com/x">http://example.com/x</a>)</p>"#),
            ("http://example.com/x_(y)", r#"<p><a href="http://example.com/x_(y)">http://example.com/x_(y)</a></p>"#),
            ("<https://example.com>", r#"<p>&lt;<a href="https://example.com">https://example.com</a>&gt;</p>"#),
            ("https:// and http://, no", "<p>https:// and http://, no</p>"),
            (
                "http://https://example.com",
                r#"<p><a href="http://https://example.com">http://https://example.com</a></p>"#,
            ),
            ("javascript:alert(1) http:///x", "<p>javascript:alert(1) http:///x</p>"),
        ] {
            assert_eq!(html(text), expected, "{text:?}");
        }
    }
}
