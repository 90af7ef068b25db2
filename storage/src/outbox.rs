//! The outbox: one row for each unit of work, written in its transaction, for whoever must learn of changes.
//!
//! UUID v7 is not ordered by commit, so the rows carry no number when they are written; the poller that arrives with
//! subscriptions numbers the committed rows of an account, and that number is the cursor.

use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::entity::outbox;
use crate::error::Result;
use crate::handle::Unit;

/// What happened, as the outbox names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    PersonCreated,
    PersonUpdated,
    TransactionCreated,
    TransactionMoved,
    /// One row for a whole import; its subject is the import.
    Imported,
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Self::PersonCreated => "person.created",
            Self::PersonUpdated => "person.updated",
            Self::TransactionCreated => "transaction.created",
            Self::TransactionMoved => "transaction.moved",
            Self::Imported => "import.applied",
        }
    }
}

pub(crate) async fn publish(unit: &Unit, topic: Topic, subject: Uuid) -> Result<()> {
    let row = outbox::ActiveModel {
        account_id: Set(unit.account),
        id: Set(Uuid::now_v7()),
        topic: Set(topic.name().to_owned()),
        subject_id: Set(subject),
        user_id: Set(unit.user()),
        created_at: Set(unit.now),
        number: Set(None),
    };
    outbox::Entity::insert(row).exec_without_returning(unit.on()).await?;
    Ok(())
}
