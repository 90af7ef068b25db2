//! Random documents, small ones, by which the lexer and the counting are held against the engine's parser. How many are tried says
//! `CAIRN_TEST_GRAPHQL`; a full run is 15,000.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, Value};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::count::{Counts, count};
use crate::limits::DocumentLimits;

/// How many documents are tried at a desk.
const FEW: u64 = 500;

fn cases() -> u64 {
    let wanted = std::env::var("CAIRN_TEST_GRAPHQL").ok();
    wanted.map_or(FEW, |wanted| wanted.parse().expect("CAIRN_TEST_GRAPHQL is a whole number"))
}

#[test]
fn what_the_parser_reads_is_counted_as_it_reads_it() {
    for seed in 0..cases() {
        let document = Writer::new(seed).document();
        let parsed = parse_query(&document).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{document}"));
        let counted = count(&document, &DocumentLimits::default());
        let counted = counted.unwrap_or_else(|fault| panic!("seed {seed}: {fault:?}\n{document}"));
        assert_eq!(counted, Reader::of(&parsed), "seed {seed}\n{document}");
    }
}

#[test]
fn what_is_spoilt_is_refused_here_or_by_the_parser() {
    let unlimited = DocumentLimits::default();
    for seed in 0..cases() {
        let mut writer = Writer::new(seed);
        let mut characters: Vec<char> = writer.document().chars().collect();
        for _ in 0..=writer.below(3) {
            let (at, other) = (writer.below(characters.len()), writer.below(SPOIL.len()));
            match writer.below(3) {
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, SPOIL[other]),
                _ => characters[at] = SPOIL[other],
            }
        }
        let document: String = characters.into_iter().collect();
        if let Err(fault) = count(&document, &unlimited) {
            let endless = fault.message.contains("does not end");
            assert!(endless || parse_query(&document).is_err(), "seed {seed}: {fault:?}\n{document}");
        }
    }
}

/// What a document is spoilt with.
const SPOIL: [char; 24] = [
    '"', '\\', '{', '}', '(', ')', '[', ']', '$', '@', ':', '=', '!', '.', '#', '\n', '-', '0', 'e', 'a', ' ', 'é',
    '\u{FEFF}', '|',
];

/// Writes a document that the parser reads.
struct Writer {
    random: StdRng,
    text: String,
    names: usize,
}

impl Writer {
    fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), text: String::new(), names: 0 }
    }

    fn below(&mut self, count: usize) -> usize {
        self.random.random_range(0..count)
    }

    fn often(&mut self, of_ten: usize) -> bool {
        self.below(10) < of_ten
    }

    /// A token, and what is ignored behind it.
    fn put(&mut self, token: &str) {
        self.text.push_str(token);
        let ignored = [" ", "\n", ", ", "\t", "\r\n", " # a { comment \" \n", "\u{FEFF} ", ",,", " #\r"];
        let ignored = ignored[self.below(ignored.len())];
        self.text.push_str(ignored);
    }

    fn document(&mut self) -> String {
        if self.often(2) {
            self.text.push('\u{FEFF}');
        }
        if self.often(3) {
            self.set(3);
        } else {
            for _ in 0..=self.below(3) {
                self.operation();
            }
        }
        for _ in 0..self.below(3) {
            self.put("fragment");
            self.fresh();
            self.condition();
            self.directives();
            self.set(2);
        }
        self.text.clone()
    }

    fn operation(&mut self) {
        let kind = ["query", "mutation", "subscription"][self.below(3)];
        self.put(kind);
        self.fresh();
        if self.often(6) {
            self.put("(");
            for _ in 0..=self.below(4) {
                self.put("$");
                self.name();
                self.put(":");
                let nested = self.below(4);
                let of = (0..nested)
                    .fold("Int".to_owned(), |of, _| format!("[{of}{}]", if self.often(5) { "!" } else { "" }));
                self.put(&of);
                self.directives();
                if self.often(4) {
                    self.put("=");
                    self.value(2, false);
                }
            }
            self.put(")");
        }
        self.directives();
        self.set(4);
    }

    /// A name that nothing else has.
    fn fresh(&mut self) {
        self.names += 1;
        let name = format!("{}{}", ["query", "fragment", "A", "_", "on"][self.below(5)], self.names);
        self.put(&name);
    }

    fn name(&mut self) {
        let name = ["a", "query", "fragment", "mutation", "_b1", "Input", "type", "on1"][self.below(7)];
        self.put(name);
    }

    /// Between its words the parser takes white space alone.
    fn condition(&mut self) {
        self.text.push_str("on ");
        self.name();
    }

    fn set(&mut self, depth: usize) {
        self.put("{");
        for _ in 0..=self.below(4) {
            match self.below(10) {
                0 => {
                    self.put("...");
                    self.fresh();
                    self.directives();
                }
                1 | 2 if depth > 0 => {
                    self.put("...");
                    if self.often(5) {
                        self.condition();
                    }
                    self.directives();
                    self.set(depth - 1);
                }
                _ => {
                    if self.often(3) {
                        self.name();
                        self.put(":");
                    }
                    self.name();
                    self.arguments();
                    self.directives();
                    if depth > 0 && self.often(4) {
                        self.set(depth - 1);
                    }
                }
            }
        }
        self.put("}");
    }

    fn directives(&mut self) {
        while self.often(2) {
            self.put("@");
            self.name();
            self.arguments();
        }
    }

    fn arguments(&mut self) {
        if self.often(3) {
            self.put("(");
            for _ in 0..=self.below(3) {
                self.name();
                self.put(":");
                self.value(3, true);
            }
            self.put(")");
        }
    }

    fn value(&mut self, depth: usize, may_vary: bool) {
        match self.below(12) {
            0 if may_vary => {
                self.put("$");
                self.name();
            }
            1 if depth > 0 => {
                self.put("[");
                for _ in 0..self.below(4) {
                    self.value(depth - 1, may_vary);
                }
                self.put("]");
            }
            2 if depth > 0 => {
                self.put("{");
                // Of two fields of a name the parser keeps one.
                for number in 0..self.below(4) {
                    self.put(&format!("k{number}"));
                    self.put(":");
                    self.value(depth - 1, may_vary);
                }
                self.put("}");
            }
            _ => {
                let plain = [
                    "0",
                    "-12",
                    "1.5",
                    "2e3",
                    "-0.25E-2",
                    "true",
                    "false",
                    "null",
                    "OPEN",
                    r#""""#,
                    r#""a # { \" \\ \u00e9 ö""#,
                    r#""""""""#,
                    "\"\"\" a \"b\" \n # \\\"\"\" ] \"\"\"",
                ];
                let plain = plain[self.below(plain.len())];
                self.put(plain);
            }
        }
    }
}

/// Counts what a parsed document has.
#[derive(Default)]
struct Reader {
    counts: Counts,
    open: usize,
}

impl Reader {
    fn of(document: &ExecutableDocument) -> Counts {
        let mut reader = Self::default();
        reader.counts.operations = match &document.operations {
            DocumentOperations::Single(_) => 1,
            DocumentOperations::Multiple(operations) => operations.len(),
        };
        for (name, operation) in document.operations.iter() {
            let operation = &operation.node;
            // Only what is a query and nothing else may stand without a word.
            let is_short =
                name.is_none() && operation.variable_definitions.is_empty() && operation.directives.is_empty();
            if !is_short || operation.ty != OperationType::Query {
                reader.counts.tokens += 1 + usize::from(name.is_some());
            }
            reader.counts.variables += operation.variable_definitions.len();
            reader.bracketed(operation.variable_definitions.is_empty(), |reader| {
                for definition in &operation.variable_definitions {
                    reader.counts.tokens += 3;
                    reader.of_type(&definition.node.var_type.node);
                    reader.directives(&definition.node.directives);
                    if let Some(default) = &definition.node.default_value {
                        reader.counts.tokens += 1;
                        reader.value(&default.node);
                    }
                }
            });
            reader.directives(&operation.directives);
            reader.set(&operation.selection_set.node);
        }
        reader.counts.fragments = document.fragments.len();
        for fragment in document.fragments.values() {
            reader.counts.tokens += 4;
            reader.directives(&fragment.node.directives);
            reader.set(&fragment.node.selection_set.node);
        }
        reader.counts
    }

    fn bracketed(&mut self, is_absent: bool, inside: impl FnOnce(&mut Self)) {
        if !is_absent {
            self.counts.tokens += 2;
            self.open += 1;
            self.counts.depth = self.counts.depth.max(self.open);
            inside(self);
            self.open -= 1;
        }
    }

    fn of_type(&mut self, of: &Type) {
        self.counts.tokens += usize::from(!of.nullable);
        match &of.base {
            BaseType::Named(_) => self.counts.tokens += 1,
            BaseType::List(of) => self.bracketed(false, |reader| reader.of_type(of)),
        }
    }

    fn set(&mut self, set: &SelectionSet) {
        self.bracketed(set.items.is_empty(), |reader| {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => {
                        let field = &field.node;
                        reader.counts.tokens += 1 + 2 * usize::from(field.alias.is_some());
                        reader.bracketed(field.arguments.is_empty(), |reader| {
                            for (_, value) in &field.arguments {
                                reader.counts.tokens += 2;
                                reader.value(&plain(|put| value.node.clone().into_const_with(put)));
                            }
                        });
                        reader.directives(&field.directives);
                        reader.set(&field.selection_set.node);
                    }
                    Selection::FragmentSpread(spread) => {
                        reader.counts.tokens += 2;
                        reader.directives(&spread.node.directives);
                    }
                    Selection::InlineFragment(fragment) => {
                        reader.counts.tokens += 1 + 2 * usize::from(fragment.node.type_condition.is_some());
                        reader.directives(&fragment.node.directives);
                        reader.set(&fragment.node.selection_set.node);
                    }
                }
            }
        });
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.counts.directives += directives.len();
        for directive in directives {
            self.counts.tokens += 2;
            self.bracketed(directive.node.arguments.is_empty(), |reader| {
                for (_, value) in &directive.node.arguments {
                    reader.counts.tokens += 2;
                    reader.value(&plain(|put| value.node.clone().into_const_with(put)));
                }
            });
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::List(values) => self.bracketed(false, |reader| values.iter().for_each(|value| reader.value(value))),
            Value::Object(fields) => self.bracketed(false, |reader| {
                for value in fields.values() {
                    reader.counts.tokens += 2;
                    reader.value(value);
                }
            }),
            // Which stands for a variable, and so for two tokens.
            Value::Binary(_) => self.counts.tokens += 2,
            _ => self.counts.tokens += 1,
        }
    }
}

type Put = Result<Value, std::convert::Infallible>;

/// A value in which bytes, which no document has, stand for variables.
fn plain(put: impl FnOnce(&mut dyn FnMut(Name) -> Put) -> Put) -> Value {
    put(&mut |_| Ok(Value::Binary(bytes::Bytes::new()))).expect("nothing fails")
}
