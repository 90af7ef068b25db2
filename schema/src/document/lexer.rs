//! The tokens of a GraphQL document (GraphQL October 2021 section 2.1), found in one pass over its bytes that keeps nothing.

use super::fault::Fault;

/// How long a name may be, in bytes; errors and suggestions repeat names.
const NAME: usize = 255;
/// How many characters a number may have. What has more is no number that anything here could hold.
const NUMBER: usize = 1_000;

/// A token of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it begins and ends, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first byte of a punctuator, a dot for the one of three dots.
    Punctuator(u8),
    Name,
    Number,
    String,
}

/// Reads token after token.
///
/// It takes what the engine's parser takes. The one exception is a block string that never ends, which that parser takes for an
/// empty string and a beginning of another, after it has looked for the end each time anew.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self { bytes: document.as_bytes(), at: 0 }
    }

    /// The next token; `None` at the end. Errors: what is no token, and names and numbers over their limits.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        self.skip_ignored();
        let start = self.at;
        let Some(&first) = self.bytes.get(start) else { return Ok(None) };
        let kind = match first {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                self.at += 1;
                Kind::Punctuator(first)
            }
            b'.' if self.rest().starts_with(b"...") => {
                self.at += 3;
                Kind::Punctuator(b'.')
            }
            b'"' => {
                self.string()?;
                Kind::String
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Kind::Number
            }
            _ if begins_name(first) => {
                self.name()?;
                Kind::Name
            }
            _ => return Err(Fault::invalid(start, "a character that stands for nothing in GraphQL")),
        };
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Section 2.1.7: byte order marks, white space, line ends, comments and commas.
    fn skip_ignored(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b',' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => {
                    let length = self.rest().iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.at += length.unwrap_or(self.rest().len());
                }
                0xEF if self.rest().starts_with("\u{FEFF}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    fn name(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| begins_name(byte) || byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at - start > NAME {
            return Err(Fault::limited(start, format!("a name that is too long, at most {NAME} characters")));
        }
        Ok(())
    }

    /// Sections 2.9.1 and 2.9.2. A digit after a zero begins another number, as it does for the parser.
    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let wrong = || Err(Fault::invalid(start, "a number that is none, write it like -12 or 1.5e3"));
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return wrong(),
        }
        if self.peek() == Some(b'.') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return wrong();
            }
            self.digits();
        }
        if self.peek().is_some_and(begins_name) {
            return wrong();
        }
        if self.at - start > NUMBER {
            return Err(Fault::limited(start, format!("a number that is too long, at most {NUMBER} characters")));
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// Section 2.9.4.
    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let endless = || Err(Fault::invalid(start, "a string that does not end"));
        if self.rest().starts_with(b"\"\"\"") {
            self.at += 3;
            while let Some(byte) = self.peek() {
                match byte {
                    b'"' if self.rest().starts_with(b"\"\"\"") => {
                        self.at += 3;
                        return Ok(());
                    }
                    b'\\' if self.rest().starts_with(b"\\\"\"\"") => self.at += 4,
                    _ => self.at += 1,
                }
            }
            return endless();
        }
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\n' | b'\r' => return endless(),
                b'\\' => self.escape()?,
                _ => self.at += 1,
            }
        }
        endless()
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let length = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => 6,
            _ => 0,
        };
        let digits = self.bytes.get(self.at + 2..self.at + length).unwrap_or_default();
        if length == 0 || (length == 6 && (digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit))) {
            let message =
                "a backslash in a string with something else behind it than one of \" \\ / b f n r t and uXXXX";
            return Err(Fault::invalid(self.at, message));
        }
        self.at += length;
        Ok(())
    }
}

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::{Kind, Lexer};
    use service::Code;

    /// The tokens of a document, or the code and place of what is wrong.
    fn tokens(document: &str) -> Result<Vec<&str>, (Code, usize)> {
        let mut lexer = Lexer::new(document);
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next().map_err(|fault| (fault.code, fault.at))? {
            tokens.push(&document[token.start..token.end]);
        }
        Ok(tokens)
    }

    #[test]
    fn tokens_are_those_of_the_specification() {
        for (document, expected) in [
            ("", &[][..]),
            ("\u{FEFF} ,\t\r\n# a comment \" { \r# another", &[]),
            ("{a,b}", &["{", "a", "b", "}"]),
            ("...on X", &["...", "on", "X"]),
            ("!$&():=@[]|", &["!", "$", "&", "(", ")", ":", "=", "@", "[", "]", "|"]),
            ("-1 0 12 1.5 1e3 -1.5E-3 1.25e+10", &["-1", "0", "12", "1.5", "1e3", "-1.5E-3", "1.25e+10"]),
            ("007", &["0", "0", "7"]),
            (
                r#""" "a" "\"\\\/\b\f\n\r\t\u00e9" "ö # , {""#,
                &[r#""""#, r#""a""#, r#""\"\\\/\b\f\n\r\t\u00e9""#, r#""ö # , {""#],
            ),
            (
                r#""""""" """a "b" \""" c
                d""""#,
                &[r#""""""""#, "\"\"\"a \"b\" \\\"\"\" c\n                d\"\"\""],
            ),
            ("_a9__ B", &["_a9__", "B"]),
        ] {
            assert_eq!(tokens(document).as_deref(), Ok(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_token_is_told_with_its_place() {
        for (document, at) in [
            ("{ a ? }", 4),
            ("{ a\u{a0}}", 3),
            ("..", 0),
            ("a .", 2),
            ("-", 0),
            ("[1, -a]", 4),
            ("1.", 1),
            ("1e", 0),
            ("1.5e+", 0),
            ("1a", 0),
            (r#" "a"#, 1),
            ("\"a\nb\"", 0),
            (r#""""a"#, 0),
            (r#" """ \""""#, 1),
            (r#""a\x""#, 2),
            (r#""\u12""#, 1),
            (r#""\u12G4""#, 1),
            (r#""\"#, 1),
        ] {
            assert_eq!(tokens(document), Err((Code::Invalid, at)), "{document}");
        }
    }

    #[test]
    fn names_and_numbers_have_limits() {
        let (name, number) = ("n".repeat(255), "1".repeat(1_000));
        assert_eq!(tokens(&format!("{name} {number}")).as_deref(), Ok(&[&*name, &*number][..]));
        assert_eq!(tokens(&format!("{{ {name}n")), Err((Code::Limited, 2)));
        assert_eq!(tokens(&format!("[ {number}1")), Err((Code::Limited, 2)));
    }

    #[test]
    fn a_token_has_a_kind() {
        let mut lexer = Lexer::new("a 1 \"\" ...");
        for kind in [Kind::Name, Kind::Number, Kind::String, Kind::Punctuator(b'.')] {
            assert_eq!(lexer.next().expect("a token").expect("a token").kind, kind);
        }
    }
}
