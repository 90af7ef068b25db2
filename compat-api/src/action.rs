//! What a form asks for: to create or to get one of the kinds.

use std::str::FromStr;

use crate::form::Form;

/// The names of all actions, by which API tokens can be limited. (The original writes `people` for a person.)
pub const ACTIONS: [&str; 14] = [
    "create=archive",
    "create=customer",
    "create=event",
    "create=lead",
    "create=message",
    "create=opportunity",
    "create=people",
    "get=archive",
    "get=customer",
    "get=event",
    "get=lead",
    "get=message",
    "get=opportunity",
    "get=people",
];

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `create=…`
    Create(Target),
    /// `get=…`
    Get(Target),
}

/// What an action is about. (heap-api.txt lists `people` and its text says `person`: both are accepted everywhere.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `person` or `people`.
    Person,
    /// `lead`, `opportunity`, `customer` or `archive`.
    Stage(Stage),
    /// `event`.
    Event,
    /// `message`.
    Message,
}

/// The stage of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the page")]
pub enum Stage {
    Lead,
    Opportunity,
    Customer,
    Archive,
}

/// Why a form asks for nothing, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAction(pub String);

impl Action {
    /// Reads `create` or `get`, in any case; exactly one of them must be there.
    pub fn of(form: &Form) -> Result<Self, NoAction> {
        match (form.get("create"), form.get("get")) {
            (Some(target), None) => target.parse().map(Self::Create),
            (None, Some(target)) => target.parse().map(Self::Get),
            (Some(_), Some(_)) => Err(NoAction("Please send either create or get, not both.".to_owned())),
            (None, None) => {
                Err(NoAction("Please send create or get with what to create or get, such as lead.".to_owned()))
            }
        }
    }
}

impl Action {
    /// Its name, as API tokens and `legacyUsage` have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create(Target::Person) => "create=people",
            Self::Create(Target::Stage(Stage::Lead)) => "create=lead",
            Self::Create(Target::Stage(Stage::Opportunity)) => "create=opportunity",
            Self::Create(Target::Stage(Stage::Customer)) => "create=customer",
            Self::Create(Target::Stage(Stage::Archive)) => "create=archive",
            Self::Create(Target::Event) => "create=event",
            Self::Create(Target::Message) => "create=message",
            Self::Get(Target::Person) => "get=people",
            Self::Get(Target::Stage(Stage::Lead)) => "get=lead",
            Self::Get(Target::Stage(Stage::Opportunity)) => "get=opportunity",
            Self::Get(Target::Stage(Stage::Customer)) => "get=customer",
            Self::Get(Target::Stage(Stage::Archive)) => "get=archive",
            Self::Get(Target::Event) => "get=event",
            Self::Get(Target::Message) => "get=message",
        }
    }
}

impl FromStr for Target {
    type Err = NoAction;

    fn from_str(text: &str) -> Result<Self, NoAction> {
        match text.to_ascii_lowercase().as_str() {
            "person" | "people" => Ok(Self::Person),
            "lead" => Ok(Self::Stage(Stage::Lead)),
            "opportunity" => Ok(Self::Stage(Stage::Opportunity)),
            "customer" => Ok(Self::Stage(Stage::Customer)),
            "archive" => Ok(Self::Stage(Stage::Archive)),
            "event" => Ok(Self::Event),
            "message" => Ok(Self::Message),
            _ => Err(NoAction(format!(
                "There is no \"{text}\" to create or get; there are lead, opportunity, customer, archive, people, event \
                 and message."
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn the_names_of_actions_are_those_that_tokens_can_be_for() {
        for name in super::ACTIONS {
            let (verb, target) = name.split_once('=').expect("a name has a verb");
            let target = target.parse().expect("there is this target");
            let action = if verb == "create" { Action::Create(target) } else { Action::Get(target) };
            assert_eq!(action.name(), name);
        }
    }
}
