//! What a form asks for: to create or to get one of the kinds.

use crate::form::Form;
use crate::target::{NoTarget, Target};

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `create=…`
    Create(Target),
    /// `get=…`
    Get(Target),
}

/// Why a form asks for nothing, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAction(pub String);

impl Action {
    /// Reads `create` or `get`, in any case; exactly one of them must be there.
    pub fn of(form: &Form) -> Result<Self, NoAction> {
        match (form.get("create"), form.get("get")) {
            (Some(target), None) => self::target(target).map(Self::Create),
            (None, Some(target)) => self::target(target).map(Self::Get),
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
            Self::Create(target) => target.noun().create_action,
            Self::Get(target) => target.noun().get_action,
        }
    }
}

fn target(text: &str) -> Result<Target, NoAction> {
    text.parse().map_err(|NoTarget| {
        NoAction(format!(
            "There is no \"{text}\" to create or get; there are lead, opportunity, customer, archive, people, event \
             and message."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn the_names_of_actions_are_those_that_tokens_can_be_for() {
        for name in crate::ACTIONS {
            let (verb, target) = name.split_once('=').expect("a name has a verb");
            let target = target.parse().expect("there is this target");
            let action = if verb == "create" { Action::Create(target) } else { Action::Get(target) };
            assert_eq!(action.name(), name);
        }
    }
}
