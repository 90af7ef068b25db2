//! Who uses the legacy API: from the database to clients.

use storage::query::legacy_usage as stored;

use crate::scalar::DateTime;
use crate::usage::LegacyUse;

/// A row of the database as clients see it.
pub(crate) fn to_graphql(row: stored::LegacyUse) -> LegacyUse {
    let stored::LegacyUse {
        account_id: _,
        id: _,
        user_id,
        action,
        address,
        user_agent,
        calls,
        errors,
        first_at,
        last_at,
        last_error,
        last_error_at,
        document,
        variables,
    } = row;
    LegacyUse {
        action,
        address,
        user_agent,
        calls,
        errors,
        first_used_at: DateTime(first_at),
        last_used_at: DateTime(last_at),
        last_error,
        last_error_at: last_error_at.map(DateTime),
        document,
        variables,
        user_key: user_id,
    }
}
