//! The nouns of the legacy API, one table: how each is called, written, created, listed and counted. A new noun is a new row.

use std::str::FromStr;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use service::Error;

use crate::actions::messages::Orders;
use crate::actions::{Matching, events, messages, people, transactions};
use crate::call::Call;
use crate::form::Form;
use crate::page::{Page, PageRequest};
use crate::reply::charset::Charset;
use crate::reply::xml::{Dtd, EVENT, MESSAGE, PERSON};
use crate::target::{NoTarget, Stage, Target};

/// What an action of a noun comes to in the end.
type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A noun of the legacy API.
pub(crate) struct Noun {
    target: Target,
    /// What `create`, `get` and the webhook's `type` call it, in small letters; all of these mean it.
    names: &'static [&'static str],
    /// The name of the action that creates it, as API tokens and `legacyUsage` have it.
    pub(crate) create_action: &'static str,
    /// The name of the action that gets it.
    pub(crate) get_action: &'static str,
    /// What an XML reply has before its records.
    pub(crate) head: fn(Dtd, Charset) -> String,
    /// Creates a record of what a form says.
    pub(crate) create: for<'a> fn(&'a Call, &'a Form) -> Answer<'a, ()>,
    /// A page of the records that a search finds.
    pub(crate) page: for<'a> fn(&'a Call, PageRequest) -> Answer<'a, Page>,
    /// How many records a search finds.
    pub(crate) count: for<'a> fn(&'a Call, Option<String>) -> Answer<'a, i64>,
}

/// The noun of transactions in a stage.
macro_rules! transactions {
    ($stage:ident, $name:literal) => {
        Noun {
            target: Target::Stage(Stage::$stage),
            names: &[$name],
            create_action: concat!("create=", $name),
            get_action: concat!("get=", $name),
            head: |dtd, charset| transactions::shape(Stage::$stage).head(dtd, charset),
            create: |call, form| transactions::create(call, Stage::$stage, form, Matching::Merge, None).boxed(),
            page: |call, request| transactions::page(call, Stage::$stage, request).boxed(),
            count: |call, search| transactions::count(call, Stage::$stage, search).boxed(),
        }
    };
}

/// All nouns, by name.
static NOUNS: [Noun; 7] = [
    transactions!(Archive, "archive"),
    transactions!(Customer, "customer"),
    Noun {
        target: Target::Event,
        names: &["event"],
        create_action: "create=event",
        get_action: "get=event",
        head: |dtd, charset| EVENT.head(dtd, charset),
        create: |call, form| events::create(call, form).boxed(),
        page: |call, request| events::page(call, request).boxed(),
        count: |call, search| events::count(call, search).boxed(),
    },
    transactions!(Lead, "lead"),
    Noun {
        target: Target::Message,
        names: &["message"],
        create_action: "create=message",
        get_action: "get=message",
        head: |dtd, charset| MESSAGE.head(dtd, charset),
        create: |call, form| messages::create(call, form, Orders::Kept).boxed(),
        page: |call, request| messages::page(call, request).boxed(),
        count: |call, search| messages::count(call, search).boxed(),
    },
    transactions!(Opportunity, "opportunity"),
    Noun {
        target: Target::Person,
        names: &["people", "person"],
        create_action: "create=people",
        get_action: "get=people",
        head: |dtd, charset| PERSON.head(dtd, charset),
        create: |call, form| people::create(call, form, Matching::Create).boxed(),
        page: |call, request| people::page(call, request).boxed(),
        count: |call, search| people::count(call, search).boxed(),
    },
];

/// The names of all actions, by which API tokens can be limited: what creates each noun, and what gets it.
pub static ACTIONS: [&str; 2 * NOUNS.len()] = {
    let mut names = [""; 2 * NOUNS.len()];
    let mut place = 0;
    while place < NOUNS.len() {
        names[place] = NOUNS[place].create_action;
        names[NOUNS.len() + place] = NOUNS[place].get_action;
        place += 1;
    }
    names
};

impl Target {
    /// Its row of the table.
    pub(crate) fn noun(self) -> &'static Noun {
        NOUNS.iter().find(|noun| noun.target == self).expect("every target has a row, as the test below sees")
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    /// Reads the name of a noun, in any case.
    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let text = text.to_ascii_lowercase();
        NOUNS.iter().find(|noun| noun.names.contains(&&*text)).map(|noun| noun.target).ok_or(NoTarget)
    }
}

#[cfg(test)]
mod tests {
    use super::{ACTIONS, NOUNS, Stage, Target};

    #[test]
    fn every_target_has_one_row() {
        let stages = [Stage::Lead, Stage::Opportunity, Stage::Customer, Stage::Archive];
        let targets = [Target::Person, Target::Event, Target::Message].into_iter().chain(stages.map(Target::Stage));
        for target in targets {
            // A new target is a compile error here, and then has a row below.
            match target {
                Target::Person
                | Target::Event
                | Target::Message
                | Target::Stage(Stage::Lead | Stage::Opportunity | Stage::Customer | Stage::Archive) => {}
            }
            assert_eq!(NOUNS.iter().filter(|noun| noun.target == target).count(), 1, "{target:?}");
            assert_eq!(
                target.noun().names.iter().filter(|name| name.parse() == Ok(target)).count(),
                target.noun().names.len()
            );
        }
        assert!(ACTIONS.is_sorted(), "errors list them so");
    }
}
