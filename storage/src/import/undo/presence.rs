//! Which records are there: those that an import made go with it, unless something holds them.

use std::collections::{HashMap, HashSet};

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::kept::{Kept, KeptReason};
use super::work::{Id, Work, list};
use crate::derived;
use crate::entity::{events, people, transactions};
use crate::error::Result;
use crate::item::ItemKind;
use crate::query::edits;
use crate::record::by_ids;

/// Events first, as they hold what they belong to, then transactions, as they hold their people.
const ORDER: [ItemKind; 3] = [ItemKind::Event, ItemKind::Transaction, ItemKind::Person];

// Each of these conditions is asked of a record `r` on its own, by an index that begins with its id. `OFFSET 0` and the look-ups in
// brackets keep PostgreSQL from making one join of them all: of what an import has just written it has no statistics, and would
// go through the whole account for each record. Each names the account as a constant, so that on Citus one shard answers.

/// The record is not in the trash. The plain condition would offer PostgreSQL the indexes of all live records of the account, of whom it
/// believes that there is one, as long as it has no statistics.
const LIVE: &str = "COALESCE(r.deleted_at, 0) = 0";

/// The import that made the record is undone.
const MADE_BY_UNDONE: &str = "EXISTS (
    SELECT 1 FROM import_records m{by_record} WHERE m.account_id = $1 AND m.record_id = r.id AND m.deed = 1
    AND (SELECT i.status FROM imports i WHERE i.account_id = $1 AND i.id = m.import_id) = 7 LIMIT 1 OFFSET 0)";

/// Somebody has edited the record.
const EDITED: &str = "EXISTS (SELECT 1 FROM edits e WHERE e.account_id = $1 AND e.record_id = r.id LIMIT 1 OFFSET 0)";

/// An import that is applied has changed the record.
const IMPORTED: &str = "EXISTS (
    SELECT 1 FROM import_records m{by_record} WHERE m.account_id = $1 AND m.record_id = r.id AND m.deed = 2
    AND (SELECT i.status FROM imports i WHERE i.account_id = $1 AND i.id = m.import_id) = 1 LIMIT 1 OFFSET 0)";

/// This import has made or changed the record.
const MADE_OR_CHANGED: &str = "EXISTS (
    SELECT 1 FROM import_records m{by_record} WHERE m.account_id = $1 AND m.record_id = r.id AND m.import_id = $2
    AND m.deed IN (1, 2) LIMIT 1 OFFSET 0)";

/// An undo has put the record into the trash.
const UNDONE: &str =
    "EXISTS (SELECT 1 FROM undone_records u WHERE u.account_id = $1 AND u.record_id = r.id LIMIT 1 OFFSET 0)";

/// A transaction of the person is there.
const HAS_TRANSACTIONS: &str = "EXISTS (
    SELECT 1 FROM transactions t
    WHERE t.account_id = $1 AND t.person_id = r.id AND t.deleted_at IS NULL LIMIT 1 OFFSET 0)";

/// An event that belongs to the record is there.
const HAS_EVENTS: &str = "EXISTS (
    SELECT 1 FROM associations a WHERE a.account_id = $1 AND a.subject_id = r.id AND a.kind = 3
    AND (SELECT h.deleted_at IS NULL FROM events h WHERE h.account_id = $1 AND h.id = a.item_id) LIMIT 1 OFFSET 0)";

/// A message that belongs to the record is there.
const HAS_MESSAGES: &str = "EXISTS (
    SELECT 1 FROM associations a WHERE a.account_id = $1 AND a.subject_id = r.id AND a.kind = 4
    AND (SELECT h.deleted_at IS NULL FROM messages h WHERE h.account_id = $1 AND h.id = a.item_id) LIMIT 1 OFFSET 0)";

/// The person of a transaction is there, or comes back.
const HAS_PERSON: &str = "EXISTS (
    SELECT 1 FROM people p WHERE p.account_id = $1 AND p.id = r.person_id AND (p.deleted_at IS NULL OR EXISTS (
        SELECT 1 FROM undone_records u WHERE u.account_id = $1 AND u.record_id = p.id LIMIT 1 OFFSET 0))
    LIMIT 1 OFFSET 0)";

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

#[derive(FromQueryResult)]
struct Staying {
    record_id: Uuid,
    is_there: bool,
    imported_by: Option<Uuid>,
    held_by: i32,
}

impl Work<'_> {
    /// Puts into the trash what nothing holds any more.
    pub(super) async fn take_away(&mut self) -> Result<()> {
        let at = super::at("r.updated_at", "$4");
        for kind in ORDER {
            let (table, these) = (table(kind), self.these("r.id", 3));
            let held = attachments(kind).iter().map(|(has, _)| format!("AND NOT {has}")).collect::<Vec<_>>().join(" ");
            let mark = format!(
                "INSERT INTO undone_records (account_id, record_id)
                 SELECT r.account_id, r.id FROM {table} r
                 WHERE r.account_id = $1 AND {these} AND {LIVE}
                 AND {MADE_BY_UNDONE} AND NOT {EDITED} AND NOT {IMPORTED} {held} AND $2 = $2
                 ON CONFLICT DO NOTHING RETURNING record_id AS id"
            );
            let trash = format!(
                "UPDATE {table} AS r SET deleted_at = {at}, updated_at = {at}, version = version + 1
                 WHERE r.account_id = $1 AND {these} AND {LIVE} AND $2 = $2"
            );
            let waiting = format!(
                "SELECT r.id FROM {table} r
                 WHERE r.account_id = $1 AND {these} AND {LIVE} AND $2 = $2 ORDER BY r.id FOR UPDATE"
            );
            for range in self.ranges() {
                let records = self.records(&format!("kind = {}", number(kind)), range).await?;
                if records.is_empty() {
                    continue;
                }
                // Whoever is editing one of them now, or gives it a transaction, is waited for; then it is asked what holds them.
                if !self.unit.is_sqlite() {
                    self.rows::<Id>(&waiting, [list(&records)]).await?;
                }
                let marked = self.ids(&mark, [list(&records)]).await?;
                if !marked.is_empty() {
                    let now = self.unit.now.microseconds();
                    self.removed += self.run(&trash, [list(&marked), now.into()]).await?;
                }
                self.name_staying(kind, range).await?;
            }
        }
        Ok(())
    }

    /// Takes out of the trash what an undo has put there and this import holds again.
    pub(super) async fn bring_back(&mut self) -> Result<()> {
        let at = super::at("r.updated_at", "$4");
        for kind in ORDER {
            let (table, these) = (table(kind), self.these("r.id", 3));
            let held = attachments(kind).iter().map(|(has, _)| format!("OR {has}")).collect::<Vec<_>>().join(" ");
            let person = if kind == ItemKind::Transaction { format!("AND {HAS_PERSON}") } else { String::new() };
            let restore = format!(
                "UPDATE {table} AS r SET deleted_at = NULL, updated_at = {at}, version = version + 1
                 WHERE r.account_id = $1 AND {these} AND r.deleted_at IS NOT NULL AND {UNDONE}
                 AND ({MADE_OR_CHANGED} {held}) {person} RETURNING id"
            );
            let unmark = format!(
                "DELETE FROM undone_records WHERE account_id = $1 AND {} AND $2 = $2",
                self.these("record_id", 3)
            );
            for range in self.ranges() {
                let records = self.records(&format!("kind = {}", number(kind)), range).await?;
                if records.is_empty() {
                    continue;
                }
                let now = self.unit.now.microseconds();
                let restored = self.ids(&restore, [list(&records), now.into()]).await?;
                if !restored.is_empty() {
                    self.run(&unmark, [list(&restored)]).await?;
                }
                self.removed += restored.len() as u64;
                self.name_gone(kind, range).await?;
            }
        }
        Ok(())
    }

    /// Names what the import made in some rows and what does not come back: somebody has deleted it, or the person of a transaction.
    async fn name_gone(&mut self, kind: ItemKind, range: (i64, i64)) -> Result<()> {
        let made = self.records(&format!("kind = {} AND deed = 1", number(kind)), range).await?;
        if made.is_empty() {
            return Ok(());
        }
        let gone = |which: &str| {
            let (table, these) = (table(kind), self.these("r.id", 3));
            format!(
                "SELECT r.id FROM {table} r
                 WHERE r.account_id = $1 AND {these} AND r.deleted_at IS NOT NULL AND {which} {UNDONE} AND $2 = $2"
            )
        };
        let deleted: HashSet<_> = self.ids(&gone("NOT"), [list(&made)]).await?.into_iter().collect();
        let waiting: HashSet<_> = self.ids(&gone(""), [list(&made)]).await?.into_iter().collect();
        for id in made {
            let reason = if deleted.contains(&id) {
                KeptReason::Deleted
            } else if waiting.contains(&id) {
                KeptReason::NotAllowed { field: "personId".to_owned(), why: "the person is deleted".to_owned() }
            } else {
                continue;
            };
            self.keep(Kept { item: kind.item(id), name: String::new(), reason });
        }
        Ok(())
    }

    /// Renews what events and messages keep of the names of records that are back: those in the trash were passed over when somebody
    /// was renamed or deleted meanwhile.
    pub(super) async fn renew_names(&self) -> Result<()> {
        for range in self.ranges() {
            let subjects = self.records("kind IN (1, 2)", range).await?;
            derived::transaction_changed(self.unit, &subjects).await?;
        }
        Ok(())
    }

    /// Names what the import made in some rows and does not go now, or went before.
    async fn name_staying(&mut self, kind: ItemKind, range: (i64, i64)) -> Result<()> {
        let made = self.records(&format!("kind = {} AND deed = 1", number(kind)), range).await?;
        if made.is_empty() {
            return Ok(());
        }
        let reasons = attachments(kind);
        let cases: Vec<_> =
            reasons.iter().zip(1..).map(|((has, _), place)| format!("WHEN {has} THEN {place}")).collect();
        let held_by = if cases.is_empty() { "0".to_owned() } else { format!("CASE {} ELSE 0 END", cases.join(" ")) };
        let query = format!(
            "SELECT r.id AS record_id, r.deleted_at IS NULL AS is_there, {held_by} AS held_by, (
                 SELECT MAX(m.import_id) FROM import_records m{{by_record}}
                 WHERE m.account_id = $1 AND m.record_id = r.id AND m.deed = 2
                 AND (SELECT i.status FROM imports i WHERE i.account_id = $1 AND i.id = m.import_id) = 1
             ) AS imported_by
             FROM {} r WHERE r.account_id = $1 AND {} AND NOT {UNDONE} AND $2 = $2",
            table(kind),
            self.these("r.id", 3)
        );
        // PostgreSQL has no MAX of ids.
        let query = if self.unit.is_sqlite() {
            query
        } else {
            query.replace("MAX(m.import_id)", "MAX(m.import_id::text)::uuid")
        };
        let mut staying = self.rows::<Staying>(&query, [list(&made)]).await?;
        // In the order of the rows of the file.
        let places: HashMap<_, _> = made.iter().zip(0..).collect();
        staying.sort_by_key(|staying| places.get(&staying.record_id).copied().unwrap_or(0));
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
