//! The numbers of a file: read with the decimal separator that is said, or that the other numbers of their column and file tell.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::record::{Column, Reading, Written, excerpt, hundredth, is_plain, plain, written};
use crate::{AmbiguousNumber, DecimalEvidence, DecimalSeparator, DecodeOptions, Diagnostic, Position, Survey};

/// How many decimal places the numbers of custom fields have, as those of transactions.
const PLACES: u32 = 4;

/// A reader of all the numbers of a file.
pub(crate) struct Numbers {
    said: Option<DecimalSeparator>,
    /// What a reading before this one has found out.
    learned: Option<Separators>,
    /// What the file tells apart from its numbers.
    hint: Option<DecimalSeparator>,
    columns: BTreeMap<usize, Told>,
}

/// The separators of the columns that have numbers which could be read either way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Separators(BTreeMap<usize, DecimalSeparator>);

/// What the numbers of a column have told.
#[derive(Default)]
struct Told {
    /// Whether a second reading will know what all of them tell.
    is_watched: bool,
    /// Whether they fill a custom field, for which nobody is asked.
    is_of_field: bool,
    /// How many are numbers only with a point, and only with a comma.
    point: u64,
    comma: u64,
    ambiguous: Option<AmbiguousNumber>,
    /// Whether it is said how the first of those was read.
    is_noted: bool,
    /// The currency of the first number that has one.
    currency: Option<String>,
}

/// Where a cell with a number stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) position: Position,
    /// The place of its column.
    pub(crate) at: usize,
    /// The name of its column in the file.
    pub(crate) header: &'a str,
    /// Whether it is a number of a program and no text, so that its point is one.
    pub(crate) is_exact: bool,
}

/// A cell with a number.
pub(crate) struct Figure<'a> {
    pub(crate) position: Position,
    /// The place of its column.
    pub(crate) at: usize,
    /// The name of its column in the file.
    pub(crate) header: &'a str,
    /// As what it is read.
    pub(crate) column: Column,
    pub(crate) text: &'a str,
    /// Whether it is a number of a program and no text, so that its point is one.
    pub(crate) is_exact: bool,
    /// Whether it is a probability in hundredths, whatever its column is called.
    pub(crate) is_percent: bool,
}

impl<'a> Figure<'a> {
    fn place(&self) -> Place<'a> {
        let Figure { position, at, header, is_exact, .. } = *self;
        Place { position, at, header, is_exact }
    }
}

impl Numbers {
    pub(crate) fn new(options: &DecodeOptions) -> Numbers {
        let learned = options.survey.as_ref().and_then(|survey| survey.get::<Separators>()).cloned();
        Numbers { said: options.decimal, learned, hint: None, columns: BTreeMap::new() }
    }

    /// Sets what the file tells apart from its numbers, such as by the delimiter `;`, which stands where the comma is taken.
    pub(crate) fn expect(&mut self, separator: DecimalSeparator) {
        self.hint = Some(separator);
    }

    /// Sets that a column has numbers as people write them.
    pub(crate) fn watch(&mut self, at: usize) {
        self.columns.entry(at).or_default().is_watched = true;
    }

    /// Sets that a column fills a custom field with numbers as people write them.
    pub(crate) fn watch_field(&mut self, at: usize) {
        self.columns.entry(at).or_default().is_of_field = true;
    }

    /// What the numbers have told so far. Those of custom fields help to tell what others are, and nobody is asked for them.
    pub(crate) fn evidence(&self) -> DecimalEvidence {
        let of_fields = self.columns.values().filter(|told| told.is_of_field && !told.is_watched).count();
        let watched = self.columns.iter().filter(|(_, told)| told.is_watched);
        let undecided = |(at, told): (&usize, &Told)| told.ambiguous.clone().filter(|_| self.decided(*at).is_none());
        let ambiguous = watched.clone().filter_map(undecided).min_by_key(|number| number.row);
        DecimalEvidence { columns: watched.count() + of_fields, ambiguous }
    }

    /// What a second reading should know; `None` where it would find nothing else.
    pub(crate) fn survey(&self) -> Option<Survey> {
        let is_open = self.said.is_none() && self.learned.is_none();
        let columns = self.columns.iter().filter(|(_, told)| told.ambiguous.is_some());
        let found: BTreeMap<_, _> = columns.filter_map(|(at, _)| Some((*at, self.decided(*at)?))).collect();
        (is_open && !found.is_empty()).then(|| Survey::new(Separators(found)))
    }

    /// Reads a cell for a custom field; `None` where it is no number. Per cent are hundredths, unless the field or its column is said to
    /// have them. What could be read either way and nothing tells is read with a point, and that is noted.
    pub(crate) fn read_field(
        &mut self,
        place: Place<'_>,
        field: &str,
        text: &str,
        notes: &mut Vec<Diagnostic>,
    ) -> Option<Decimal> {
        let text = text.trim();
        let Written { reading, is_percent, currency } = written(text).ok()?;
        let number = if place.is_exact && is_plain(text) {
            reading.with(DecimalSeparator::Point)
        } else {
            self.watch_field(place.at);
            self.decide(place, text, reading, notes).ok()?
        };
        if let Some(currency) = currency {
            self.compare(place, text, &currency, number, notes);
        }
        let has_per_cent = field.contains('%') || place.header.contains('%');
        let number = if is_percent && !has_per_cent { hundredth(number)? } else { number };
        let rounded = number.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven);
        if rounded != number {
            let reason =
                format!("{number} is rounded to {}, as there are {PLACES} decimal places here", rounded.normalize());
            notes.push(Diagnostic { field: Some(place.header.to_owned()), reason });
        }
        Some(rounded)
    }

    /// Reads a cell; `None` where it is blank. What is to be said of the number goes to the notes.
    pub(crate) fn read(&mut self, figure: &Figure<'_>, notes: &mut Vec<Diagnostic>) -> Result<Option<Decimal>, String> {
        let text = figure.text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let Written { reading, is_percent, currency } = written(text)?;
        let is_share = figure.column == Column::Probability;
        if is_percent && !is_share {
            return Err(format!("`{}` is a percentage, and no amount; write it like 5000", excerpt(text)));
        }
        if currency.is_some() && is_share {
            return Err(format!("`{}` is an amount, and no probability; write it like 0.25", excerpt(text)));
        }
        let place = figure.place();
        let number = if place.is_exact && is_plain(text) {
            reading.with(DecimalSeparator::Point)
        } else {
            self.decide(place, text, reading, notes)?
        };
        if let Some(currency) = currency {
            self.compare(place, text, &currency, number, notes);
        }
        // `Probability (%)` says for all of its numbers what they are.
        if is_percent || figure.is_percent || (is_share && figure.header.contains('%')) {
            let hundredth = hundredth(number);
            return hundredth
                .map(Some)
                .ok_or_else(|| format!("`{}` has more digits than a number here can have", excerpt(text)));
        }
        Ok(Some(number))
    }

    /// The number that is meant, with a note of what it tells of others.
    fn decide(
        &mut self,
        Place { position, at, header, .. }: Place<'_>,
        text: &str,
        reading: Reading,
        notes: &mut Vec<Diagnostic>,
    ) -> Result<Decimal, String> {
        let decided = self.said.or_else(|| self.learned.as_ref().and_then(|learned| learned.0.get(&at).copied()));
        let is_said = self.said.is_some();
        let told = self.columns.entry(at).or_default();
        match reading {
            Reading::Sure(_) => {}
            Reading::Point(_) => told.point += 1,
            Reading::Comma(_) => told.comma += 1,
            Reading::Either { point, comma } if decided.is_none() && !told.is_watched && !told.is_of_field => {
                let (point, comma) = (plain(point), plain(comma));
                return Err(format!(
                    "nothing tells whether `{}` is {point} or {comma}; say decimal=comma|point (--decimal)",
                    excerpt(text)
                ));
            }
            Reading::Either { point, comma } => {
                let separator = decided.unwrap_or(DecimalSeparator::Point);
                // A comma between thousands is what a field of numbers is expected to have.
                let is_news = match decided {
                    Some(separator) => !is_said && (!told.is_of_field || separator == DecimalSeparator::Comma),
                    None => told.is_of_field,
                };
                if is_news && !std::mem::replace(&mut told.is_noted, true) {
                    let (read, else_read, other) = match separator {
                        DecimalSeparator::Comma => (comma, point, DecimalSeparator::Point),
                        DecimalSeparator::Point => (point, comma, DecimalSeparator::Comma),
                    };
                    let (read, else_read, other) = (plain(read), plain(else_read), other.name());
                    let why = match decided {
                        Some(_) => "as the file tells by its other cells",
                        None => "and nothing in the file tells whether it is",
                    };
                    let reason = format!(
                        "`{}` is read as {read}, {why}; with decimal={other} it would be {else_read}, and all numbers of the column like it",
                        excerpt(text)
                    );
                    notes.push(Diagnostic { field: Some(header.to_owned()), reason });
                }
                told.ambiguous.get_or_insert_with(|| AmbiguousNumber {
                    row: position.row,
                    line: position.line,
                    column: header.to_owned(),
                    text: text.to_owned(),
                    point: point.normalize(),
                    comma: comma.normalize(),
                });
            }
        }
        Ok(reading.with(decided.unwrap_or(DecimalSeparator::Point)))
    }

    /// Says where a number has another currency than those before it: here all have the account's.
    fn compare(&mut self, place: Place<'_>, text: &str, currency: &str, number: Decimal, notes: &mut Vec<Diagnostic>) {
        let told = self.columns.entry(place.at).or_default();
        let first = told.currency.get_or_insert_with(|| currency.to_owned());
        if first.as_str() != currency {
            let (number, text) = (plain(number), excerpt(text));
            let reason = format!(
                "`{text}` is taken as {number} without its currency, which is not the {first} of a number before it"
            );
            notes.push(Diagnostic { field: Some(place.header.to_owned()), reason });
        }
    }

    /// The separator of a column's numbers: what its own say, else what all others of the file do together. `None` where nothing says
    /// it, or they contradict each other.
    fn decided(&self, at: usize) -> Option<DecimalSeparator> {
        let agreed = |point: bool, comma: bool| match (point, comma) {
            (true, false) => Some(DecimalSeparator::Point),
            (false, true) => Some(DecimalSeparator::Comma),
            _ => None,
        };
        let own = self.columns.get(&at).map_or((0, 0), |told| (told.point, told.comma));
        if own != (0, 0) {
            return self.said.or_else(|| agreed(own.0 > 0, own.1 > 0));
        }
        let says = |separator: DecimalSeparator| {
            let count = |told: &Told| if separator == DecimalSeparator::Point { told.point } else { told.comma };
            self.hint == Some(separator) || self.columns.values().any(|told| count(told) > 0)
        };
        self.said.or_else(|| agreed(says(DecimalSeparator::Point), says(DecimalSeparator::Comma)))
    }
}
