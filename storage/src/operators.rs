//! What the body of a message orders: `[category:Meetings]`, `[event:+1 Week:Call again]`, `[association:Name]`.
//!
//! The operators are those of the original, any number of them and anywhere in the body, names
//! in any case, white space around names and values ignored.
//!
//! - A value ends at the first `]`. It holds no bracket and no empty line; a single line end is a space in it, because
//!   mail programs wrap lines.
//! - The title of an event is what follows its second colon, colons included.
//! - Operators that are obeyed are taken out of the body (the original's rule is unknown): a line that holds nothing
//!   else goes as a whole, and so do blank lines that stand at an end of the body then. Elsewhere one of the blanks
//!   around the operator goes, too.
//! - What begins like an operator and cannot be obeyed stays in the body, letter for letter, and is a [`Problem`], so
//!   nothing is lost in silence. Other text in brackets, `[1]` or `[category]`, is text.

mod cut;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::{Error, Result};
use crate::schedule::Offset;

/// How many operators a body may have, those with problems included.
const OPERATORS_LIMIT: usize = 100;

/// The orders of a body, in the order in which they stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operators {
    /// The body without the operators that are obeyed.
    pub text: String,
    /// The names of the categories that the message belongs to; a name may come twice.
    pub categories: Vec<String>,
    /// The events to make.
    pub events: Vec<PlannedEvent>,
    /// The names of whom or what the message is associated to; a name may come twice.
    pub associations: Vec<String>,
    /// What looks like an operator and is none.
    pub problems: Vec<Problem>,
}

/// An event that a message orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    /// When it is, from the day of the message.
    pub offset: Offset,
    /// Its title, not empty.
    pub title: String,
}

/// What an operator that reads well wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order<'a> {
    /// The message belongs to the category of this name.
    Category(&'a str),
    /// An event is made.
    Event(&'a PlannedEvent),
    /// The message is associated to whom or what bears this name.
    Association(&'a str),
}

/// An operator that cannot be obeyed, and where it stands in the body as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of its opening bracket, from 1.
    pub line: usize,
    /// The place of its opening bracket in the line, in characters from 1.
    pub column: usize,
    /// What is wrong and what would have been right, as a sentence without its full stop.
    pub reason: String,
}

/// `line 3, column 1: …`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl Operators {
    /// Reads the operators of a body.
    ///
    /// Errors: [`Error::Invalid`] for a body with more than 100 of them.
    pub fn parse(body: &str) -> Result<Self> {
        Self::parse_with(body, |_| None)
    }

    /// The same where somebody else has a say: what `refuse` has a reason for is a problem and stays in the body.
    pub(crate) fn parse_with(body: &str, refuse: impl Fn(Order<'_>) -> Option<String>) -> Result<Self> {
        let mut operators = Self::default();
        let mut obeyed = Vec::new();
        let mut count = 0;
        let mut position = 0;
        while let Some(start) = body[position..].find('[').map(|bracket| position + bracket) {
            position = start + 1;
            let Some((name, after)) = name(&body[position..]) else { continue };
            count += 1;
            if count > OPERATORS_LIMIT {
                let reason = format!("a message has at most {OPERATORS_LIMIT} operators such as [category:Name]");
                return Err(Error::invalid("body", reason));
            }
            match value(after).and_then(|(value, rest)| operators.obey(name, &value, &refuse).map(|()| rest)) {
                Ok(rest) => {
                    position = body.len() - rest.len();
                    obeyed.push(start..position);
                }
                Err(reason) => operators.problems.push(problem(body, start, &reason)),
            }
        }
        operators.text = cut::without(body, &obeyed);
        Ok(operators)
    }
}

#[derive(Clone, Copy)]
enum Name {
    Category,
    Event,
    Association,
}

/// The name of the operator that begins behind a bracket, and what follows its colon.
fn name(text: &str) -> Option<(Name, &str)> {
    let text = text.trim_start_matches(cut::BLANKS);
    let (name, rest) = text.split_at(text.find(|c: char| !c.is_ascii_alphabetic())?);
    let rest = rest.trim_start_matches(cut::BLANKS).strip_prefix(':')?;
    let names = [("category", Name::Category), ("event", Name::Event), ("association", Name::Association)];
    let (_, name) = names.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((name, rest))
}

/// Splits what follows a colon at the closing bracket; white space in the value becomes single spaces.
fn value(text: &str) -> std::result::Result<(String, &str), String> {
    let unclosed = || "the operator has no closing bracket; write it like [category:Name]".to_owned();
    let (value, rest) = text.split_at(text.find(['[', ']']).ok_or_else(unclosed)?);
    let rest = rest.strip_prefix(']').ok_or_else(unclosed)?;
    // What stands between two line ends is a whole line.
    let inner = value.split_once('\n').and_then(|(_, rest)| rest.rsplit_once('\n')).map(|(inner, _)| inner);
    if inner.is_some_and(|lines| lines.split('\n').any(|line| line.trim().is_empty())) {
        return Err(unclosed());
    }
    Ok((value.split_whitespace().collect::<Vec<_>>().join(" "), rest))
}

impl Operators {
    /// Notes an order, or says why it is none.
    fn obey(
        &mut self,
        name: Name,
        value: &str,
        refuse: &impl Fn(Order<'_>) -> Option<String>,
    ) -> std::result::Result<(), String> {
        let accepted = |order| refuse(order).map_or(Ok(()), Err);
        match name {
            Name::Category | Name::Association if value.is_empty() => {
                return Err("nothing follows the colon; write a name, like [category:Meetings]".to_owned());
            }
            Name::Category => {
                accepted(Order::Category(value))?;
                self.categories.push(value.to_owned());
            }
            Name::Association => {
                accepted(Order::Association(value))?;
                self.associations.push(value.to_owned());
            }
            Name::Event => {
                let (offset, title) = value.split_once(':').unwrap_or((value, ""));
                let offset = offset.parse().map_err(|error: Error| error.to_string())?;
                let title = title.trim().to_owned();
                if title.is_empty() {
                    return Err("the event has no title; write it like [event:+1 Week:Title]".to_owned());
                }
                let event = PlannedEvent { offset, title };
                accepted(Order::Event(&event))?;
                self.events.push(event);
            }
        }
        Ok(())
    }
}

fn problem(body: &str, start: usize, reason: &str) -> Problem {
    let before = &body[..start];
    let line = before.rsplit('\n').next().unwrap_or_default();
    Problem { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, reason: reason.to_owned() }
}
