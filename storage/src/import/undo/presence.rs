//! Which records are there: those that an import made go with it, unless something holds them.

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Kept, KeptReason, Number, Work};
use crate::entity::{events, people, transactions};
use crate::error::Result;
use crate::item::ItemKind;
use crate::query::{associations, edits};
use crate::record::by_ids;

/// Events first, as they hold what they belong to, then transactions, as they hold their people.
const ORDER: [ItemKind; 3] = [ItemKind::Event, ItemKind::Transaction, ItemKind::Person];

/// The import that made the record is undone.
const MADE_BY_UNDONE: &str = "EXISTS (
    SELECT 1 FROM import_records m{by_record} JOIN imports i ON i.account_id = m.account_id AND i.id = m.import_id
    WHERE m.account_id = c.account_id AND m.record_id = c.record_id AND m.deed = 1 AND i.status = 7)";

/// Somebody has edited the record.
const EDITED: &str = "EXISTS (SELECT 1 FROM edits e WHERE e.account_id = c.account_id AND e.record_id = c.record_id)";

/// An import that is applied has changed the record.
const IMPORTED: &str = "EXISTS (
    SELECT 1 FROM import_records m{by_record} JOIN imports i ON i.account_id = m.account_id AND i.id = m.import_id
    WHERE m.account_id = c.account_id AND m.record_id = c.record_id AND m.deed = 2 AND i.status = 1)";

/// A transaction of the person is there.
const HAS_TRANSACTIONS: &str = "EXISTS (
    SELECT 1 FROM transactions t
    WHERE t.account_id = c.account_id AND t.person_id = c.record_id AND t.deleted_at IS NULL)";

/// An event that belongs to the record is there.
const HAS_EVENTS: &str = "EXISTS (
    SELECT 1 FROM associations a JOIN events h ON h.account_id = a.account_id AND h.id = a.item_id
    WHERE a.account_id = c.account_id AND a.subject_id = c.record_id AND a.kind = 3 AND h.deleted_at IS NULL)";

/// A message that belongs to the record is there.
const HAS_MESSAGES: &str = "EXISTS (
    SELECT 1 FROM associations a JOIN messages h ON h.account_id = a.account_id AND h.id = a.item_id
    WHERE a.account_id = c.account_id AND a.subject_id = c.record_id AND a.kind = 4 AND h.deleted_at IS NULL)";

/// The person of a transaction is there, or comes back.
const HAS_PERSON: &str = "EXISTS (
    SELECT 1 FROM people p WHERE p.account_id = c.account_id AND p.id = r.person_id AND (p.deleted_at IS NULL OR EXISTS (
        SELECT 1 FROM undone_records u WHERE u.account_id = p.account_id AND u.record_id = p.id)))";

/// What else than the imports that changed it can hold a record.
fn attachments(kind: ItemKind) -> &'static [(&'static str, KeptReason)] {
    const ALL: [(&str, KeptReason); 3] = [
        (HAS_EVENTS, KeptReason::Events),
        (HAS_MESSAGES, KeptReason::Messages),
        (HAS_TRANSACTIONS, KeptReason::Transactions),
    ];
    match kind {
        ItemKind::Person => &ALL,
        ItemKind::Transaction => &ALL[..2],
        ItemKind::Event | ItemKind::Message => &[],
    }
}

fn table(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Person => "people",
        ItemKind::Transaction => "transactions",
        ItemKind::Event => "events",
        ItemKind::Message => "messages",
    }
}

fn number(kind: ItemKind) -> i16 {
    sea_orm::ActiveEnum::to_value(&kind)
}

/// The records of some rows of the import that are of one kind, as `c`, with their rows, as `r`.
fn of_rows(kind: ItemKind) -> String {
    let (table, kind) = (table(kind), number(kind));
    format!(
        "import_records c JOIN {table} r ON r.account_id = c.account_id AND r.id = c.record_id
         WHERE c.account_id = $1 AND c.import_id = $2 AND c.row_number > $3 AND c.row_number <= $4 AND c.kind = {kind}"
    )
}

#[derive(FromQueryResult)]
struct Staying {
    record_id: Uuid,
    is_there: bool,
    imported_by: Option<Uuid>,
    held_by: i32,
}

#[derive(FromQueryResult)]
struct Gone {
    record_id: Uuid,
    is_undone: bool,
}

#[derive(FromQueryResult)]
struct Subject {
    record_id: Uuid,
}

impl Work<'_> {
    /// Puts into the trash what nothing holds any more.
    pub(super) async fn take_away(&mut self) -> Result<()> {
        let at = super::at("$5");
        for kind in ORDER {
            let held = attachments(kind).iter().map(|(has, _)| format!("AND NOT {has}")).collect::<Vec<_>>().join(" ");
            let mark = format!(
                "INSERT INTO undone_records (account_id, record_id)
                 SELECT DISTINCT c.account_id, c.record_id FROM {} AND r.deleted_at IS NULL
                 AND (c.deed = 1 OR {MADE_BY_UNDONE}) AND NOT {EDITED} AND NOT {IMPORTED} {held}
                 ON CONFLICT DO NOTHING",
                of_rows(kind)
            );
            let table = table(kind);
            let trash = format!(
                "UPDATE {table} SET deleted_at = {at}, updated_at = {at}, version = version + 1
                 WHERE account_id = $1 AND deleted_at IS NULL AND id IN ({})",
                marked(kind)
            );
            let waiting = format!(
                "WITH held AS (SELECT r.id FROM {} AND r.deleted_at IS NULL FOR UPDATE OF r)
                 SELECT COUNT(*) AS number FROM held",
                of_rows(kind)
            );
            for (after, upto) in self.ranges() {
                // Whoever is editing one of them now, or gives it a transaction, is waited for; then it is asked what holds them.
                if !self.unit.is_sqlite() {
                    self.rows::<Number>(&waiting, [after.into(), upto.into()]).await?;
                }
                let marked = self.run(&mark, [after.into(), upto.into()]).await?;
                if marked > 0 {
                    let now = self.unit.now.microseconds();
                    self.removed += self.run(&trash, [after.into(), upto.into(), now.into()]).await?;
                }
                self.name_staying(kind, after, upto).await?;
            }
        }
        Ok(())
    }

    /// Takes out of the trash what an undo has put there and this import holds again.
    pub(super) async fn bring_back(&mut self) -> Result<()> {
        let at = super::at("$5");
        for kind in ORDER {
            let held = attachments(kind).iter().map(|(has, _)| format!("OR {has}")).collect::<Vec<_>>().join(" ");
            let person = if kind == ItemKind::Transaction { format!("AND {HAS_PERSON}") } else { String::new() };
            let table = table(kind);
            let restore = format!(
                "UPDATE {table} SET deleted_at = NULL, updated_at = {at}, version = version + 1
                 WHERE account_id = $1 AND deleted_at IS NOT NULL AND id IN (
                     SELECT c.record_id FROM {} AND EXISTS (
                         SELECT 1 FROM undone_records u WHERE u.account_id = c.account_id AND u.record_id = c.record_id)
                     AND (c.deed IN (1, 2) {held}) {person})",
                of_rows(kind)
            );
            let unmark = format!(
                "DELETE FROM undone_records WHERE account_id = $1 AND record_id IN (
                     SELECT c.record_id FROM {} AND r.deleted_at IS NULL)",
                of_rows(kind)
            );
            for (after, upto) in self.ranges() {
                let now = self.unit.now.microseconds();
                let restored = self.run(&restore, [after.into(), upto.into(), now.into()]).await?;
                if restored > 0 {
                    self.run(&unmark, [after.into(), upto.into()]).await?;
                }
                self.removed += restored;
                self.name_gone(kind, after, upto).await?;
            }
        }
        Ok(())
    }

    /// Names what the import made in some rows and what does not come back: somebody has deleted it, or the person of a transaction.
    async fn name_gone(&mut self, kind: ItemKind, after: i64, upto: i64) -> Result<()> {
        let query = format!(
            "SELECT c.record_id, EXISTS (
                 SELECT 1 FROM undone_records u WHERE u.account_id = c.account_id AND u.record_id = c.record_id
             ) AS is_undone
             FROM {} AND c.deed = 1 AND r.deleted_at IS NOT NULL ORDER BY c.row_number, c.record_id",
            of_rows(kind)
        );
        let gone = self.rows::<Gone>(&query, [after.into(), upto.into()]).await?;
        for Gone { record_id, is_undone } in gone {
            let reason = match is_undone {
                true => {
                    KeptReason::NotAllowed { field: "personId".to_owned(), why: "the person is deleted".to_owned() }
                }
                false => KeptReason::Deleted,
            };
            self.keep(Kept { item: kind.item(record_id), name: String::new(), reason });
        }
        Ok(())
    }

    /// Renews what events and messages keep of the names of records that are back: those in the trash were passed over when somebody
    /// was renamed or deleted meanwhile.
    pub(super) async fn renew_names(&self) -> Result<()> {
        let subjects = "SELECT DISTINCT c.record_id FROM import_records c
            WHERE c.account_id = $1 AND c.import_id = $2 AND c.row_number > $3 AND c.row_number <= $4 AND c.kind IN (1, 2)";
        for (after, upto) in self.ranges() {
            let subjects = self.rows::<Subject>(subjects, [after.into(), upto.into()]).await?;
            let subjects: Vec<_> = subjects.into_iter().map(|subject| subject.record_id).collect();
            associations::renew_names(self.unit, &subjects).await?;
        }
        Ok(())
    }

    /// Names what the import made in some rows and does not go now, or went before.
    async fn name_staying(&mut self, kind: ItemKind, after: i64, upto: i64) -> Result<()> {
        let reasons = attachments(kind);
        let cases: Vec<_> =
            reasons.iter().zip(1..).map(|((has, _), place)| format!("WHEN {has} THEN {place}")).collect();
        let held_by = if cases.is_empty() { "0".to_owned() } else { format!("CASE {} ELSE 0 END", cases.join(" ")) };
        let query = format!(
            "SELECT c.record_id, r.deleted_at IS NULL AS is_there, {held_by} AS held_by, (
                 SELECT MAX(m.import_id) FROM import_records m{{by_record}} JOIN imports i ON i.account_id = m.account_id AND i.id = m.import_id
                 WHERE m.account_id = c.account_id AND m.record_id = c.record_id AND m.deed = 2 AND i.status = 1
             ) AS imported_by
             FROM {} AND c.deed = 1 AND NOT EXISTS (
                 SELECT 1 FROM undone_records u WHERE u.account_id = c.account_id AND u.record_id = c.record_id)
             ORDER BY c.row_number, c.record_id",
            of_rows(kind)
        );
        // PostgreSQL has no MAX of ids.
        let query = if self.unit.is_sqlite() {
            query
        } else {
            query.replace("MAX(m.import_id)", "MAX(m.import_id::text)::uuid")
        };
        let staying = self.rows::<Staying>(&query, [after.into(), upto.into()]).await?;
        if staying.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = staying.iter().map(|staying| staying.record_id).collect();
        let mut edits = edits::of_records(&self.unit.scope(), &ids).await?;
        let names = self.names(kind, &ids).await?;
        for Staying { record_id, is_there, imported_by, held_by } in staying {
            let edit = edits.remove(&record_id).and_then(|mut edits| edits.pop());
            let attached = usize::try_from(held_by - 1).ok().and_then(|place| reasons.get(place));
            let reason = match (is_there, edit, imported_by, attached) {
                (false, ..) => KeptReason::Deleted,
                (_, Some(edit), ..) => KeptReason::Edited { field: edit.field, by: edit.user_id, at: edit.created_at },
                (_, None, Some(import), _) => KeptReason::Imported(import),
                (_, None, None, Some((_, reason))) => reason.clone(),
                (_, None, None, None) => continue,
            };
            let name = names.get(&record_id).cloned().unwrap_or_default();
            self.keep(Kept { item: kind.item(record_id), name, reason });
        }
        Ok(())
    }

    /// What records are called; one in the trash has no name.
    pub(super) async fn names(&self, kind: ItemKind, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let scope = self.unit.scope();
        Ok(match kind {
            ItemKind::Person => {
                let people = by_ids::<people::Entity>(&scope, ids).await?;
                people.into_iter().map(|person| (person.id, person.contact().display_name())).collect()
            }
            ItemKind::Transaction => {
                let found = by_ids::<transactions::Entity>(&scope, ids).await?;
                let people: Vec<_> = found.iter().map(|transaction| transaction.person_id).collect();
                let people = by_ids::<people::Entity>(&scope, &people).await?;
                let names: HashMap<_, _> =
                    people.into_iter().map(|person| (person.id, person.contact().display_name())).collect();
                let name = |id: &Uuid| names.get(id).cloned().unwrap_or_default();
                found.into_iter().map(|transaction| (transaction.id, name(&transaction.person_id))).collect()
            }
            ItemKind::Event => {
                let events = by_ids::<events::Entity>(&scope, ids).await?;
                events.into_iter().map(|event| (event.id, event.title)).collect()
            }
            ItemKind::Message => HashMap::new(),
        })
    }
}

/// The records of some rows that are marked as undone.
fn marked(kind: ItemKind) -> String {
    format!(
        "SELECT c.record_id FROM import_records c
         JOIN undone_records u ON u.account_id = c.account_id AND u.record_id = c.record_id
         WHERE c.account_id = $1 AND c.import_id = $2 AND c.row_number > $3 AND c.row_number <= $4 AND c.kind = {}",
        number(kind)
    )
}
