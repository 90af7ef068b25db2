//! What programs put into a cell that has nothing in it.

use std::fmt;

use crate::sentence::excerpt;

/// A text such as `NULL`, which in a column of numbers, dates or addresses says that there is nothing. As a name it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder<'a>(&'a str);

impl<'a> Placeholder<'a> {
    /// The placeholder that a cell holds and nothing else: `NA`, `N/A`, `#N/A`, `NULL`, `None`, `nil`, `NaN`, in capital or small letters,
    /// and `\N`.
    ///
    /// ```
    /// use formats::Placeholder;
    /// assert!(Placeholder::read(" #N/A ").is_some());
    /// assert!(Placeholder::read("Nadia").is_none());
    /// ```
    pub fn read(text: &'a str) -> Option<Placeholder<'a>> {
        const WORDS: [&str; 10] = ["na", "n/a", "n.a.", "#n/a", "null", "(null)", "none", "nil", "nan", "\\n"];
        let text = text.trim();
        // Most cells are longer.
        let is_short = text.len() <= 6;
        (is_short && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))).then_some(Placeholder(text))
    }
}

impl fmt::Display for Placeholder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is taken for an empty cell", excerpt(self.0))
    }
}
