//! What the members of objects mean, one object after the other: they have our names, or those that somebody says.

use std::borrow::Cow;
use std::collections::HashMap;

use super::custom::{self, Readers};
use super::dates::Dates;
use super::notes::Note;
use super::numbers::{Figure, Numbers, Place};
use super::tally::{self, Tally};
use super::target::{Target, Targets};
use crate::record::{Column, Draft, Placeholder};
use crate::text::without_nul;
use crate::{
    ColumnReport, DateEvidence, DecimalEvidence, DecodeError, DecodeOptions, Diagnostic, Position, Section, Survey,
};

/// How many names are remembered; the members of others are read all the same.
const MOST: usize = 1024;

/// The members that the objects of a file have had so far.
pub(crate) struct Members {
    section: Section,
    targets: Targets,
    fault: Option<DecodeError>,
    places: HashMap<String, usize>,
    names: Vec<(String, Option<Target>)>,
    tally: Tally,
    dates: Dates,
    numbers: Numbers,
    /// Whether the numbers are texts as people may write them, as those of the first object are.
    is_watched: Option<bool>,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Its place in the tally.
    pub(crate) at: usize,
    /// As what it is read; `None` where nobody reads it.
    pub(crate) target: Option<Target>,
    /// When it fills the record, compared with others: what is mapped first, then our own in their order, then custom fields in
    /// theirs.
    pub(crate) rank: usize,
}

impl Members {
    pub(crate) fn new(section: Section, options: &DecodeOptions) -> Members {
        Members {
            section,
            targets: Targets::new(section, options),
            fault: Targets::check(section, options).err(),
            places: HashMap::new(),
            names: Vec::new(),
            tally: Tally::default(),
            dates: Dates::new(options.date_order),
            numbers: Numbers::new(options),
            is_watched: None,
        }
    }

    /// Fails where a mapping names a field that there is not.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// Fails where a mapping names a member that no object has had. A file without objects has nothing to map.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        if self.names.is_empty() {
            return Ok(());
        }
        self.targets.check_columns(self.names.iter().map(|(name, _)| name.as_str()))
    }

    /// The member with a name.
    pub(crate) fn member(&mut self, name: &str) -> Member {
        let known = self.places.get(name).map(|at| (*at, self.names[*at].1));
        let (at, target) = known.unwrap_or_else(|| self.add(name));
        let is_own = |column: &Column| column.name() == name;
        let rank = match target {
            Some(Target::Own(column)) if is_own(&column) => {
                1 + Column::of(self.section).iter().position(|other| *other == column).unwrap_or_default()
            }
            Some(Target::Own(_)) => 0,
            Some(Target::Custom(field)) => 1 + Column::of(self.section).len() + field,
            _ => usize::MAX,
        };
        Member { at, target, rank }
    }

    fn add(&mut self, name: &str) -> (usize, Option<Target>) {
        let own = || Column::of(self.section).iter().find(|column| column.name() == name).copied().map(Target::Own);
        let mapped = self.targets.mapped(name, usize::MAX);
        let target = mapped.or_else(own).or_else(|| self.targets.custom(name));
        if self.names.len() == MOST {
            return (MOST, target);
        }
        let at = self.tally.add();
        self.places.insert(name.to_owned(), at);
        self.names.push((name.to_owned(), target));
        (at, target)
    }

    /// Where the values of members are counted.
    pub(crate) fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Has the numbers of an object looked at, unless the first object is one of ours: then all are taken as programs write them.
    pub(crate) fn watch(&mut self, members: impl Iterator<Item = Member>, is_ours: bool) {
        if !*self.is_watched.get_or_insert(!is_ours) {
            return;
        }
        for Member { at, target, .. } in members {
            if matches!(target, Some(Target::Own(column)) if column.is_number()) {
                self.numbers.watch(at);
            }
        }
    }

    /// Sets what a member is read as, and notes what is to be said of it; the error says what would have been right.
    pub(crate) fn set(
        &mut self,
        draft: &mut Draft,
        (position, name): (Position, &str),
        (at, target): (usize, Target),
        (text, is_exact): (&str, bool),
        notes: &mut Vec<Diagnostic>,
    ) -> Result<(), String> {
        let is_filled = !text.trim().is_empty();
        let placeholder =
            Placeholder::read(text).filter(|_| matches!(target, Target::Own(column) if column.is_typed()));
        if let Some(placeholder) = placeholder {
            notes.push(Diagnostic { field: Some(name.to_owned()), reason: placeholder.to_string() });
            return Ok(());
        }
        match target {
            Target::Nothing => {}
            Target::Own(column) if draft.has(column) => {
                if is_filled {
                    draft.add_foreign(name, text);
                }
            }
            Target::Own(column) if column.is_moment() => {
                if let Some(moment) = self.dates.read(position, name, text)? {
                    draft.set_moment(column, moment);
                }
            }
            Target::Own(column) if column.is_number() => {
                let figure = Figure { position, at, header: name, column, text, is_exact, is_percent: false };
                if let Some(number) = self.numbers.read(&figure, notes)? {
                    draft.set_number(column, number);
                }
            }
            Target::Own(column) => draft.set(column, text)?,
            Target::Custom(_) if !is_filled => {}
            Target::Custom(field) => {
                let field = self.targets.field(field);
                let readers = Readers { dates: &mut self.dates, numbers: &mut self.numbers };
                let value = custom::value(field, readers, Place { position, at, header: name, is_exact }, text, notes);
                if value.is_some_and(|value| !draft.add_custom(&field.name, &value)) {
                    draft.add_foreign(name, text);
                }
            }
            Target::Line => {
                if is_filled {
                    draft.add_foreign(name, text);
                }
            }
        }
        Ok(())
    }

    /// What a record of this section cannot do without.
    pub(crate) fn missing(&self, draft: &Draft) -> Vec<Diagnostic> {
        let mut missing = Vec::new();
        let mut needs = |column: Column, reason: &str| {
            missing.push(Diagnostic { field: Some(column.name().to_owned()), reason: reason.to_owned() });
        };
        if self.section == Section::Calendar && !draft.has(Column::Title) {
            needs(Column::Title, "an event needs a title");
        }
        if self.section == Section::Calendar && !draft.has_start() {
            needs(Column::StartsOn, "an event needs a date");
        }
        missing
    }

    /// What became of each member, in the order in which they were met.
    pub(crate) fn report(&self) -> Vec<ColumnReport> {
        let field = |target: Option<Target>| target.and_then(|target| self.targets.name(target)).map(str::to_owned);
        let column = |(name, target): &'_ (String, Option<Target>)| tally::Column {
            name: Cow::Owned(name.clone()),
            field: field(*target),
            line: matches!(target, Some(Target::Line)).then(|| name.clone()),
        };
        self.tally.report(self.names.iter().map(column))
    }

    /// What the numbers have told so far.
    pub(crate) fn decimals(&self) -> DecimalEvidence {
        let found = self.numbers.evidence();
        // Members that have numbers may come later.
        let has_numbers = self.section.stage().is_some() || self.targets.has_numbers();
        let expected = self.is_watched == Some(true) && has_numbers;
        DecimalEvidence { columns: found.columns.max(usize::from(expected)), ..found }
    }

    /// What has been learned that a second reading should know.
    pub(crate) fn survey(&self) -> Option<Survey> {
        self.numbers.survey()
    }

    /// The names of the members that nobody reads, but for those that a file of failed rows adds.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let unread = self.names.iter().filter(|(name, target)| target.is_none() && Note::of(name).is_none());
        unread.map(|(name, _)| without_nul(name).into_owned()).collect()
    }

    /// What the dates have told so far.
    pub(crate) fn date_orders(&self) -> DateEvidence {
        self.dates.evidence().clone()
    }
}
