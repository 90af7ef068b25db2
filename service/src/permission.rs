//! What each role may do: the one table of it. (ARCHITECTURE.md shows the same table.)

use storage::query::users::Role;

use crate::error::{Code, Error, Result};

/// What somebody wants to change. Looking is everybody's right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// One's own labels, on any item.
    Labels,
    /// One's own feeds.
    Feeds,
    /// Webhooks: one's own, and for an admin everybody's.
    Webhooks,
    /// One's own API tokens.
    Tokens,
    /// People, transactions, events, messages, their categories and custom values; importing; firing event templates.
    Records,
    /// E-mail and event templates.
    Templates,
    /// Custom fields.
    Fields,
    /// Users, and the settings of the account.
    Settings,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 8] = [
        Self::Labels,
        Self::Feeds,
        Self::Webhooks,
        Self::Tokens,
        Self::Records,
        Self::Templates,
        Self::Fields,
        Self::Settings,
    ];

    /// Whether a role has this right.
    pub fn is_of(self, role: Role) -> bool {
        let roles: &[Role] = match self {
            Self::Labels | Self::Feeds | Self::Tokens => &[Role::Admin, Role::Member, Role::Reader],
            Self::Webhooks | Self::Records | Self::Templates => &[Role::Admin, Role::Member],
            Self::Fields | Self::Settings => &[Role::Admin],
        };
        roles.contains(&role)
    }

    /// Errors: `FORBIDDEN` where the role does not have this right.
    pub fn check(self, role: Role) -> Result<()> {
        if self.is_of(role) {
            return Ok(());
        }
        let message = match role {
            Role::Reader => "your role is reader: you may look, but not change anything",
            Role::Admin | Role::Member => {
                "your role is member: ask an admin to change users, settings and custom fields"
            }
        };
        Err(Error::new(Code::Forbidden, message))
    }
}
