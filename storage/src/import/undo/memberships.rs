//! What an import did beside fields: categories that it put records into or made, and steps from stage to stage.

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::kept::{Kept, KeptReason};
use super::work::{NAMED, Step, Work, list};
use crate::change::Change;
use crate::error::Result;
use crate::item::ItemKind;

// As in `presence.rs`, `OFFSET 0` and the look-ups in brackets have PostgreSQL look up each row on its own.

/// A member of the category `c` is there.
const HAS_MEMBERS: &str = "EXISTS (
    SELECT 1 FROM item_categories n WHERE n.account_id = $1 AND n.category_id = c.id AND CASE n.kind
        WHEN 1 THEN (SELECT r.deleted_at IS NULL FROM people r WHERE r.account_id = $1 AND r.id = n.item_id)
        WHEN 2 THEN (SELECT r.deleted_at IS NULL FROM transactions r WHERE r.account_id = $1 AND r.id = n.item_id)
        WHEN 3 THEN (SELECT r.deleted_at IS NULL FROM events r WHERE r.account_id = $1 AND r.id = n.item_id)
        ELSE (SELECT r.deleted_at IS NULL FROM messages r WHERE r.account_id = $1 AND r.id = n.item_id)
    END LIMIT 1 OFFSET 0)";

/// What an undo has taken out is there again, by the same import.
const IS_THERE: &str = "EXISTS (
    SELECT 1 FROM item_categories n
    WHERE n.account_id = $1 AND n.category_id = undone_categories.category_id AND n.kind = undone_categories.kind
    AND n.item_id = undone_categories.item_id AND n.import_id = undone_categories.import_id LIMIT 1 OFFSET 0)";

/// The first applied import that would put an item into a category where another one has put it.
const CLAIM: &str = "SELECT u.import_id FROM undone_categories u
    WHERE u.account_id = $1 AND u.item_id = item_categories.item_id
    AND u.category_id = item_categories.category_id AND u.kind = item_categories.kind
    AND (SELECT i.status FROM imports i WHERE i.account_id = $1 AND i.id = u.import_id) = 1
    ORDER BY u.import_id LIMIT 1 OFFSET 0";

/// The record of a membership is there.
const HAS_ITEM: &str = "CASE {m}.kind
    WHEN 1 THEN (SELECT r.deleted_at IS NULL FROM people r WHERE r.account_id = $1 AND r.id = {m}.item_id)
    WHEN 2 THEN (SELECT r.deleted_at IS NULL FROM transactions r WHERE r.account_id = $1 AND r.id = {m}.item_id)
    ELSE (SELECT r.deleted_at IS NULL FROM events r WHERE r.account_id = $1 AND r.id = {m}.item_id)
    END";

/// The category of a membership is there, or comes back with its members.
const HAS_CATEGORY: &str = "EXISTS (
    SELECT 1 FROM categories k WHERE k.account_id = $1 AND k.id = {m}.category_id AND (k.deleted_at IS NULL OR EXISTS (
        SELECT 1 FROM undone_records v WHERE v.account_id = $1 AND v.record_id = k.id LIMIT 1 OFFSET 0))
    LIMIT 1 OFFSET 0)";

/// Nobody has put the item into the category meanwhile.
const IS_OUT: &str = "NOT EXISTS (
    SELECT 1 FROM item_categories n WHERE n.account_id = $1 AND n.category_id = undone_categories.category_id
    AND n.kind = undone_categories.kind AND n.item_id = undone_categories.item_id LIMIT 1 OFFSET 0)";

/// How many records of the import a step takes out of categories or puts into them, as somebody sees it; a condition may follow.
fn moving(step: Step) -> String {
    let (table, moves) = match step {
        Step::Undo => ("item_categories", format!("NOT EXISTS ({CLAIM})")),
        Step::Redo => ("undone_categories", IS_OUT.to_owned()),
    };
    // An expression, as for the column itself SQLite would go through the account in the order of items.
    let sql = "SELECT COUNT(DISTINCT COALESCE(item_id, item_id)) AS number FROM {m}{index} WHERE account_id = $1 AND import_id = $2";
    format!("{sql} AND {HAS_ITEM} AND {HAS_CATEGORY} AND {moves}").replace("{m}", table)
}

/// A record that does not come into a category again.
#[derive(FromQueryResult)]
struct Outside {
    item_id: Uuid,
    kind: ItemKind,
    category: String,
}

impl Work<'_> {
    /// The steps of transactions that the import moved are none any more, or are again.
    pub(super) async fn steps(&self) -> Result<()> {
        let (set, now) = match self.step {
            Step::Undo => ("$4", self.unit.now.microseconds()),
            Step::Redo => ("NULLIF($4, $4)", 0),
        };
        let update = format!(
            "UPDATE transaction_stages SET undone_at = {set} WHERE account_id = $1 AND import_id = $2 AND {}",
            self.these("transaction_id", 3)
        );
        for range in self.ranges() {
            let moved = self.records("kind = 2 AND deed = 2", range).await?;
            if !moved.is_empty() {
                self.run(&update, [list(&moved), now.into()]).await?;
            }
        }
        Ok(())
    }

    /// Records that were there before leave the categories that the import put them into, or come into them again. Where another
    /// applied import has a claim, it takes over. Those that the import made stay in theirs, also in the trash.
    pub(super) async fn memberships(&mut self) -> Result<()> {
        if self.step == Step::Redo {
            self.name_deleted_categories().await?;
            self.restored += self.number(&moving(Step::Redo).replace("{index}", ""), []).await?;
            let back = "INSERT INTO item_categories (account_id, category_id, kind, item_id, import_id)
                SELECT account_id, category_id, kind, item_id, import_id FROM undone_categories
                WHERE account_id = $1 AND import_id = $2 ON CONFLICT DO NOTHING";
            self.run(back, []).await?;
            // Where somebody else has put a record into the category meanwhile, this import has a claim behind theirs.
            let done = format!("DELETE FROM undone_categories WHERE account_id = $1 AND import_id = $2 AND {IS_THERE}");
            self.run(&done, []).await?;
            return Ok(());
        }
        let these = self.these("item_id", 3);
        let of_rows = format!("account_id = $1 AND import_id = $2 AND {these}");
        let keep = format!(
            "INSERT INTO undone_categories (account_id, import_id, category_id, kind, item_id)
             SELECT account_id, import_id, category_id, kind, item_id FROM item_categories{{by_item}} WHERE {of_rows}
             ON CONFLICT DO NOTHING"
        );
        let hand_over =
            format!("UPDATE item_categories{{by_item}} SET import_id = ({CLAIM}) WHERE {of_rows} AND EXISTS ({CLAIM})");
        let done = format!(
            "DELETE FROM undone_categories{{by_undone_item}} WHERE account_id = $1 AND import_id <> $2 AND {these} AND {IS_THERE}"
        );
        let leave = format!("DELETE FROM item_categories{{by_item}} WHERE {of_rows}");
        let leaving = format!("{} AND {these}", moving(Step::Undo)).replace("{index}", "{by_item}");
        let not_made = "deed = 2 AND NOT EXISTS (
            SELECT 1 FROM import_records m{by_record} WHERE m.account_id = $1 AND m.record_id = import_records.record_id
            AND m.import_id = $2 AND m.deed = 1 LIMIT 1 OFFSET 0)";
        for range in self.ranges() {
            let changed = self.records(not_made, range).await?;
            if changed.is_empty() {
                continue;
            }
            self.run(&keep, [list(&changed)]).await?;
            if self.run(&hand_over, [list(&changed)]).await? > 0 {
                self.run(&done, [list(&changed)]).await?;
            }
            self.restored += self.number(&leaving, [list(&changed)]).await?;
            self.run(&leave, [list(&changed)]).await?;
        }
        Ok(())
    }

    /// How many of these records the step takes out of categories or puts into them as well, which counts once.
    pub(super) async fn with_memberships(&self, records: &[Uuid]) -> Result<u64> {
        if records.is_empty() {
            return Ok(0);
        }
        let index = if self.step == Step::Undo { "{by_item}" } else { "{by_undone_item}" };
        let both = format!("{} AND {}", moving(self.step), self.these("item_id", 3)).replace("{index}", index);
        // By the index of the items: these are a few of what may be a large import.
        let both = both.replace("AND import_id = $2", "AND (import_id = $2) IS TRUE");
        self.number(&both, [list(records)]).await
    }

    /// Names the records that do not come into a category again, as somebody has deleted it.
    async fn name_deleted_categories(&mut self) -> Result<()> {
        let gone = format!(
            "FROM undone_categories WHERE account_id = $1 AND import_id = $2 AND {HAS_ITEM} AND NOT {HAS_CATEGORY}"
        )
        .replace("{m}", "undone_categories");
        let count = self.number(&format!("SELECT COUNT(*) AS number {gone}"), []).await?;
        if count == 0 {
            return Ok(());
        }
        let name = "SELECT g.name FROM categories g WHERE g.account_id = $1 AND g.id = undone_categories.category_id";
        let first =
            format!("SELECT item_id, kind, ({name}) AS category {gone} ORDER BY item_id, category_id LIMIT {NAMED}");
        let outside = self.rows::<Outside>(&first, []).await?;
        let mut names = HashMap::new();
        for kind in [ItemKind::Person, ItemKind::Transaction, ItemKind::Event] {
            let ids: Vec<_> = outside.iter().filter(|row| row.kind == kind).map(|row| row.item_id).collect();
            names.extend(self.names(kind, &ids).await?);
        }
        let unnamed = count.saturating_sub(outside.len() as u64);
        for Outside { item_id, kind, category } in outside {
            let name = names.get(&item_id).cloned().unwrap_or_default();
            let why = format!("the category {category} is deleted");
            let reason = KeptReason::NotAllowed { field: Change::CATEGORIES.to_owned(), why };
            self.keep(Kept { item: kind.item(item_id), name, reason });
        }
        self.kept += unnamed;
        Ok(())
    }

    /// Categories that undone imports made go when nobody is in them, and come back with what is.
    pub(super) async fn categories(&self) -> Result<()> {
        let (applied, undone) = (self.made_by(1), self.made_by(7));
        let mark = format!(
            "INSERT INTO undone_records (account_id, record_id)
             SELECT c.account_id, c.id FROM categories c
             WHERE c.account_id = $1 AND {undone} AND c.deleted_at IS NULL AND NOT {HAS_MEMBERS} AND $2 = $2
             ON CONFLICT DO NOTHING RETURNING record_id AS id"
        );
        let marked = self.ids(&mark, []).await?;
        let now = self.unit.now.microseconds();
        if !marked.is_empty() {
            let at = super::at("updated_at", "$4");
            let trash = format!(
                "UPDATE categories SET deleted_at = {at}, updated_at = {at}, version = version + 1
                 WHERE account_id = $1 AND deleted_at IS NULL AND $2 = $2 AND {}",
                self.these("id", 3)
            );
            self.run(&trash, [list(&marked), now.into()]).await?;
        }
        if self.step == Step::Undo {
            return Ok(());
        }
        let returning = format!(
            "SELECT c.id FROM categories c
             WHERE c.account_id = $1 AND c.deleted_at IS NOT NULL AND $2 = $2 AND EXISTS (
                 SELECT 1 FROM undone_records u WHERE u.account_id = $1 AND u.record_id = c.id LIMIT 1 OFFSET 0)
             AND ({applied} OR {HAS_MEMBERS}) ORDER BY c.id"
        );
        for id in self.ids(&returning, []).await? {
            match self.namesake(id).await? {
                None => {
                    let at = super::at("updated_at", "$4");
                    let restore = format!(
                        "UPDATE categories SET deleted_at = NULL, updated_at = {at}, version = version + 1
                         WHERE account_id = $1 AND id = $3 AND $2 = $2"
                    );
                    self.run(&restore, [id.into(), now.into()]).await?;
                }
                // Somebody has made one of the same name since: it takes the members.
                Some(namesake) => self.merge(id, namesake).await?,
            }
            let unmark = "DELETE FROM undone_records WHERE account_id = $1 AND record_id = $3 AND $2 = $2";
            self.run(unmark, [id.into()]).await?;
        }
        Ok(())
    }

    /// The condition that imports with this status made the category `c`.
    fn made_by(&self, status: i16) -> String {
        let made = format!(
            "(SELECT made.category_id FROM import_categories made WHERE made.account_id = $1
              AND (SELECT i.status FROM imports i WHERE i.account_id = $1 AND i.id = made.import_id) = {status})"
        );
        if self.unit.is_sqlite() { format!("c.id IN {made}") } else { format!("c.id = ANY(ARRAY{made})") }
    }

    /// The live category that has the name of another.
    async fn namesake(&self, id: Uuid) -> Result<Option<Uuid>> {
        let namesake =
            "SELECT o.id FROM categories c JOIN categories o ON o.account_id = c.account_id AND o.name_key = c.name_key
            WHERE c.account_id = $1 AND c.id = $3 AND o.deleted_at IS NULL AND $2 = $2";
        Ok(self.ids(namesake, [id.into()]).await?.first().copied())
    }

    /// Puts the members of a category into another, with what imports have put there or would put there.
    async fn merge(&self, from: Uuid, into: Uuid) -> Result<()> {
        let both = "EXISTS (
            SELECT 1 FROM item_categories n WHERE n.account_id = item_categories.account_id AND n.category_id = $4
            AND n.kind = item_categories.kind AND n.item_id = item_categories.item_id)";
        let claims = format!(
            "INSERT INTO undone_categories (account_id, category_id, import_id, kind, item_id)
             SELECT account_id, $4, import_id, kind, item_id FROM item_categories
             WHERE account_id = $1 AND category_id = $3 AND $2 = $2 AND import_id IS NOT NULL AND {both} ON CONFLICT DO NOTHING"
        );
        let users = "UPDATE item_categories SET import_id = NULL WHERE account_id = $1 AND category_id = $4 AND $2 = $2 AND EXISTS (
            SELECT 1 FROM item_categories n WHERE n.account_id = item_categories.account_id AND n.category_id = $3
            AND n.kind = item_categories.kind AND n.item_id = item_categories.item_id AND n.import_id IS NULL)";
        let join = |table: &str| {
            format!(
                "INSERT INTO {table} (account_id, category_id, import_id, kind, item_id)
                 SELECT account_id, $4, import_id, kind, item_id FROM {table}
                 WHERE account_id = $1 AND category_id = $3 AND $2 = $2 ON CONFLICT DO NOTHING"
            )
        };
        for sql in [claims, users.to_owned(), join("item_categories"), join("undone_categories")] {
            // PostgreSQL has to be told what stands in a list of columns.
            let sql = if self.unit.is_sqlite() { sql } else { sql.replace("account_id, $4,", "account_id, $4::uuid,") };
            self.run(&sql, [from.into(), into.into()]).await?;
        }
        for table in ["item_categories", "undone_categories"] {
            let leave = format!("DELETE FROM {table} WHERE account_id = $1 AND category_id = $3 AND $2 = $2");
            self.run(&leave, [from.into()]).await?;
        }
        Ok(())
    }
}
