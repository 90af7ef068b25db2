//! How much there is in a document, counted by its tokens before the engine's parser sees it.

use service::Code;

use super::fault::Fault;
use super::lexer::{Kind, Lexer};
use crate::limits::DocumentLimits;
use crate::limits::FRAGMENTS;

/// What a document has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) tokens: usize,
    /// How many brackets are open at once at most, whatever their shape.
    pub(super) depth: usize,
    pub(super) operations: usize,
    pub(super) fragments: usize,
    /// The variables that its operations define.
    pub(super) variables: usize,
    pub(super) directives: usize,
}

/// Counts what a document has.
///
/// Errors: `LIMITED` at the place where there is too much of something, `INVALID` for what is no token and a bracket that closes
/// another than was opened. What else is wrong with it the parser says, which gets what is small.
pub(super) fn count(document: &str, limits: &DocumentLimits) -> Result<Counts, Fault> {
    let (mut lexer, mut counts) = (Lexer::new(document), Counts::default());
    let mut open: Vec<u8> = Vec::new();
    let mut place = Place::Between;
    while let Some(token) = lexer.next()? {
        let counted = |count: &mut usize, limit: usize, what: &str| {
            *count += 1;
            if *count > limit {
                return Err(Fault::limited(token.start, format!("too many {what}, at most {limit}")));
            }
            Ok(())
        };
        for _ in 0..words(&document[token.start..token.end]) {
            counted(&mut counts.tokens, limits.tokens, "tokens")?;
        }
        if open.is_empty() && place == Place::Between {
            place = if token.kind == Kind::Name && &document[token.start..token.end] == "fragment" {
                counted(&mut counts.fragments, FRAGMENTS, "fragments")?;
                Place::Head
            } else {
                counted(&mut counts.operations, limits.operations, "operations")?;
                Place::Variables
            };
        }
        match token.kind {
            Kind::Punctuator(b'@') => {
                counted(&mut counts.directives, limits.directives, "directives")?;
                // Brackets that follow hold arguments.
                if open.is_empty() {
                    place = Place::Head;
                }
            }
            // Variables are defined in the first brackets of an operation; deeper there are arguments of directives.
            Kind::Punctuator(b'$') if place == Place::Variables && open == b"(" => {
                counted(&mut counts.variables, limits.variables, "variables")?;
            }
            Kind::Punctuator(bracket @ (b'(' | b'[' | b'{')) => {
                if open.len() >= limits.depth {
                    let message = format!("too many brackets in each other, at most {}", limits.depth);
                    // What goes on so much deeper nobody means as a document: it is wrong, as the parser would say of it.
                    let is_meant = deepest(&mut lexer, limits) < 50 * limits.depth;
                    let code = if is_meant { Code::Limited } else { Code::Invalid };
                    return Err(Fault { code, message, at: token.start });
                }
                open.push(bracket);
                counts.depth = counts.depth.max(open.len());
                if open == b"{" {
                    place = Place::Head;
                }
            }
            Kind::Punctuator(bracket @ (b')' | b']' | b'}')) => {
                check_closes(bracket, open.pop(), token.start)?;
                if open.is_empty() {
                    place = if bracket == b'}' { Place::Between } else { Place::Head };
                }
            }
            Kind::Punctuator(_) | Kind::Name | Kind::Number | Kind::String => {}
        }
    }
    Ok(counts)
}

/// Errors: `INVALID` for a bracket that closes another than was opened.
fn check_closes(bracket: u8, opened: Option<u8>, at: usize) -> Result<(), Fault> {
    let opening = match bracket {
        b')' => b'(',
        other => other - 2,
    };
    if opened == Some(opening) {
        return Ok(());
    }
    let message = format!("a {} without a {} before it", char::from(bracket), char::from(opening));
    Err(Fault::invalid(at, message))
}

/// How many more brackets are open at once in what is left of a document, which need not be one.
fn deepest(lexer: &mut Lexer<'_>, limits: &DocumentLimits) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for _ in 0..limits.tokens {
        let Ok(Some(token)) = lexer.next() else { break };
        match token.kind {
            Kind::Punctuator(b'(' | b'[' | b'{') => open += 1,
            Kind::Punctuator(b')' | b']' | b'}') => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// How many tokens the parser makes of one: it takes the beginning of a longer name for the words that stand for themselves, and the
/// rest for another value.
fn words(token: &str) -> usize {
    let (mut rest, mut count) = (token, 1);
    while let Some(behind) = ["true", "false", "null"].iter().find_map(|word| rest.strip_prefix(word)) {
        if behind.is_empty() {
            break;
        }
        (rest, count) = (behind, count + 1);
    }
    count
}

/// Where in a document a token stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a definition.
    Between,
    /// In an operation, where variables may be defined yet.
    Variables,
    /// Anywhere else in a definition.
    Head,
}

#[cfg(test)]
mod tests {
    use super::{Counts, count};
    use crate::document::DocumentLimits;
    use service::Code;

    #[test]
    fn everything_is_counted_where_it_stands() {
        let document = "
            query A($a: [ID!]! = [\"x\"] @d(of: 1), $b: Int) @d(x: $a) { a: people(ids: $a) { id @skip(if: $b) } }
            { me { id ...F } }
            fragment F on User @d(x: [$a]) { ... @include(if: true) { name } }
            mutation fragment { x }
            subscription query($query: ID) { x(y: {z: [[1]]}) }";
        let counts = count(document, &DocumentLimits::default()).map_err(|fault| fault.message);
        let expected = Counts { tokens: 121, depth: 5, operations: 4, fragments: 1, variables: 3, directives: 5 };
        assert_eq!(counts, Ok(expected));
    }

    #[test]
    fn too_much_is_refused_where_it_begins() {
        let limits = DocumentLimits {
            tokens: 12,
            depth: 3,
            variables: 2,
            operations: 2,
            directives: 2,
            ..DocumentLimits::default()
        };
        for (document, expected) in [
            ("{a b c d e f g h i j}", None),
            ("{a b c d e f g h i j k}", Some((22, "too many tokens, at most 12"))),
            ("{a(b:[1])}", None),
            ("{a(b:[[1]])}", Some((6, "too many brackets in each other, at most 3"))),
            ("{a{b{c}}}", None),
            ("{a{b{c{d}}}}", Some((6, "too many brackets in each other, at most 3"))),
            ("query($a:A $b:B){a}", Some((17, "too many tokens, at most 12"))),
            ("query($a:A $b:B", None),
            ("query($a:A $b:B $c", Some((16, "too many variables, at most 2"))),
            ("{a}{b}", None),
            ("{a}{b}query{c}", Some((6, "too many operations, at most 2"))),
            ("{a@a@b}", None),
            ("{a@a@b@c}", Some((6, "too many directives, at most 2"))),
        ] {
            let found = count(document, &limits).err().map(|fault| (fault.code, fault.at, fault.message));
            assert_eq!(found, expected.map(|(at, message)| (Code::Limited, at, message.to_owned())), "{document}");
        }
    }

    #[test]
    fn what_is_far_too_deep_is_no_document() {
        let nested = |count: usize| format!("{}{}", "{a".repeat(count), "}".repeat(count));
        let found = |count: usize| count_all(&nested(count)).err().map(|fault| (fault.code, fault.at));
        assert_eq!((found(64), found(65)), (None, Some((Code::Limited, 128))));
        assert_eq!((found(3_000), found(5_000)), (Some((Code::Limited, 128)), Some((Code::Invalid, 128))));
    }

    fn count_all(document: &str) -> Result<Counts, super::Fault> {
        count(document, &DocumentLimits::default())
    }

    #[test]
    fn words_that_the_parser_takes_apart_count_as_its_parts() {
        let tokens = |document: &str| count(document, &DocumentLimits::default()).map(|counts| counts.tokens).ok();
        assert_eq!(tokens("{a(b:[truefalsenulltrue])}"), tokens("{a(b:[true false null true])}"));
        assert_eq!(tokens("[trueish]"), tokens("[true ish]"));
        assert_eq!(tokens("[untrue null truth]"), tokens("[a b c]"));
    }

    #[test]
    fn a_bracket_closes_its_own_kind() {
        for (document, at) in [("{ a(b: 1} }", 8), ("}", 0), ("{ a [b} ]", 6), ("{ a ) }", 4)] {
            let found = count(document, &DocumentLimits::default()).err().map(|fault| (fault.code, fault.at));
            assert_eq!(found, Some((Code::Invalid, at)), "{document}");
        }
    }
}
