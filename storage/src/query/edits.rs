//! Edits: who changed which field of a record last, other than imports. An undo leaves such a field alone and names its author.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::among;
use crate::contact::Contact;
use crate::entity::edits::{ActiveModel, Column, Entity, Model};
use crate::entity::events::Model as Event;
use crate::entity::transactions::Model as Transaction;
use crate::error::Result;
use crate::handle::{Scope, Unit};
use crate::record::IDS_A_STATEMENT;

/// The fields of a record by their GraphQL names, and what they hold as text.
pub(crate) type Fields = Vec<(&'static str, Option<String>)>;

/// The fields of a contact.
pub(crate) fn of_contact(contact: &Contact) -> Fields {
    contact.fields().into_iter().map(|(name, value)| (name, value.map(ToOwned::to_owned))).collect()
}

/// The fields of a transaction.
pub(crate) fn of_transaction(transaction: &Transaction) -> Fields {
    vec![
        ("stage", Some(transaction.stage.name().to_owned())),
        ("value", Some(transaction.value.to_string())),
        ("probability", Some(transaction.probability.to_string())),
        ("moreInfo", transaction.more_info.clone()),
    ]
}

/// The fields of an event: days as 2026-05-25, moments as microseconds since 1970.
pub(crate) fn of_event(event: &Event) -> Fields {
    // An event at a time has a day too, by which it is listed.
    let (starts_on, ends_on) =
        if event.starts_at.is_some() { (None, None) } else { (Some(event.starts_on), event.ends_on) };
    let (starts_at, ends_at) = (event.starts_at, event.starts_at.and(event.ends_at));
    let moment = |at: Option<crate::Timestamp>| at.map(|at| at.microseconds().to_string());
    vec![
        ("title", Some(event.title.clone())),
        ("startsOn", starts_on.map(|day| day.to_string())),
        ("endsOn", ends_on.map(|day| day.to_string())),
        ("startsAt", moment(starts_at)),
        ("endsAt", moment(ends_at)),
        ("location", event.location.clone()),
        ("description", event.description.clone()),
        ("completedAt", moment(event.completed_at)),
        ("owner", event.owner_id.map(|id| id.to_string())),
        ("emailTemplate", event.email_template_id.map(|id| id.to_string())),
        ("sourceUid", event.source_uid.clone()),
        ("sourceSequence", event.source_sequence.map(|sequence| sequence.to_string())),
        ("recurrenceId", event.recurrence_id.clone()),
        ("recurrence", event.recurrence.clone()),
    ]
}

/// Notes down in which fields a record differs since a change that gave it this version.
pub(crate) async fn note_differences(
    unit: &Unit,
    record: Uuid,
    version: i64,
    before: &Fields,
    after: &Fields,
) -> Result<()> {
    let changed = before.iter().zip(after).filter(|(before, after)| before.1 != after.1);
    note(unit, record, version, changed.map(|(_, (name, _))| (*name).to_owned()).collect()).await
}

/// Notes down that these fields of a record were changed.
pub(crate) async fn note(unit: &Unit, record: Uuid, version: i64, fields: Vec<String>) -> Result<()> {
    note_by(unit, unit.user(), record, version, fields).await
}

/// As [`note`], of a change that is somebody's who made it possible.
pub(crate) async fn note_by(
    unit: &Unit,
    user: Option<Uuid>,
    record: Uuid,
    version: i64,
    fields: Vec<String>,
) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    let rows = fields.into_iter().map(|field| ActiveModel {
        account_id: Set(unit.account),
        record_id: Set(record),
        field: Set(field),
        version: Set(version),
        user_id: Set(user),
        created_at: Set(unit.now),
    });
    Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    Ok(())
}

/// The edits of each of these records, the latest last.
pub(crate) async fn of_records(scope: &Scope<'_>, records: &[Uuid]) -> Result<HashMap<Uuid, Vec<Model>>> {
    let mut edits: HashMap<_, Vec<_>> = HashMap::new();
    for ids in records.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        for edit in query.filter(among::ids(scope, Column::RecordId, ids)).all(&scope.on).await? {
            edits.entry(edit.record_id).or_default().push(edit);
        }
    }
    for edits in edits.values_mut() {
        edits.sort_by_key(|edit| edit.version);
    }
    Ok(edits)
}
