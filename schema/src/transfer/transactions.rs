//! Transactions: from files to the database, and from the database to files and clients.

use service::Kind;
use storage::query::transactions as stored;

use crate::scalar::{DateTime, Decimal, Text};
use crate::transactions::{StageChange, Transaction};

/// A transaction of the database as clients see it.
pub(crate) fn to_graphql(transaction: stored::Transaction) -> Transaction {
    let stored::Transaction {
        account_id: _,
        id,
        person_id,
        stage,
        value,
        probability,
        more_info,
        sort_key: _,
        custom_text: _,
        search_text: _,
        created_by,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = transaction;
    Transaction {
        id: Kind::Transaction.global(id).into(),
        version,
        stage: stage.into(),
        value: Decimal(value),
        probability: Decimal(probability),
        more_info: more_info.map(Text::from),
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        creator_key: created_by,
        key: id,
        person_key: person_id,
    }
}

/// A step of the database as clients see it.
pub(crate) fn step(step: &stored::Step) -> StageChange {
    let stored::Step {
        account_id: _,
        id: _,
        transaction_id: _,
        stage,
        user_id,
        created_at,
        import_id: _,
        undone_at: _,
    } = *step;
    StageChange { stage: stage.into(), at: DateTime(created_at), user_key: user_id }
}
