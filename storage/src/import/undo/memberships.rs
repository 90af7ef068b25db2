//! What an import did beside fields: categories that it put records into or made, and steps from stage to stage.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::{Kept, KeptReason, NAMED, Number, Step, Work};
use crate::entity::{item_categories, undone_categories};
use crate::error::Result;
use crate::import::Change;
use crate::item::ItemKind;
use crate::record::IDS_A_STATEMENT;

/// A member of the category `c` is there.
const HAS_MEMBERS: &str = "EXISTS (
    SELECT 1 FROM item_categories n WHERE n.account_id = c.account_id AND n.category_id = c.id AND (
        (n.kind = 1 AND EXISTS (SELECT 1 FROM people r WHERE r.account_id = n.account_id AND r.id = n.item_id AND r.deleted_at IS NULL))
        OR (n.kind = 2 AND EXISTS (SELECT 1 FROM transactions r WHERE r.account_id = n.account_id AND r.id = n.item_id AND r.deleted_at IS NULL))
        OR (n.kind = 3 AND EXISTS (SELECT 1 FROM events r WHERE r.account_id = n.account_id AND r.id = n.item_id AND r.deleted_at IS NULL))
        OR (n.kind = 4 AND EXISTS (SELECT 1 FROM messages r WHERE r.account_id = n.account_id AND r.id = n.item_id AND r.deleted_at IS NULL))
    ))";

/// An import with this status made the category `c`.
fn made_by(status: i16) -> String {
    format!(
        "EXISTS (SELECT 1 FROM import_categories m JOIN imports i ON i.account_id = m.account_id AND i.id = m.import_id
         WHERE m.account_id = c.account_id AND m.category_id = c.id AND i.status = {status})"
    )
}

/// What an undo has taken out is there again, by the same import.
const IS_THERE: &str = "EXISTS (
    SELECT 1 FROM item_categories n
    WHERE n.account_id = undone_categories.account_id AND n.item_id = undone_categories.item_id
    AND n.category_id = undone_categories.category_id AND n.kind = undone_categories.kind
    AND n.import_id = undone_categories.import_id)";

/// The first applied import that would put an item into a category where another one has put it.
const CLAIM: &str = "SELECT u.import_id FROM undone_categories u
    JOIN imports i ON i.account_id = u.account_id AND i.id = u.import_id AND i.status = 1
    WHERE u.account_id = item_categories.account_id AND u.item_id = item_categories.item_id
    AND u.category_id = item_categories.category_id AND u.kind = item_categories.kind ORDER BY u.import_id LIMIT 1";

/// The record of a membership is there.
const HAS_ITEM: &str = "(
    ({m}.kind = 1 AND EXISTS (SELECT 1 FROM people r WHERE r.account_id = {m}.account_id AND r.id = {m}.item_id AND r.deleted_at IS NULL))
    OR ({m}.kind = 2 AND EXISTS (SELECT 1 FROM transactions r WHERE r.account_id = {m}.account_id AND r.id = {m}.item_id AND r.deleted_at IS NULL))
    OR ({m}.kind = 3 AND EXISTS (SELECT 1 FROM events r WHERE r.account_id = {m}.account_id AND r.id = {m}.item_id AND r.deleted_at IS NULL)))";

/// The category of a membership is there, or comes back with its members.
const HAS_CATEGORY: &str = "EXISTS (
    SELECT 1 FROM categories k WHERE k.account_id = {m}.account_id AND k.id = {m}.category_id AND (k.deleted_at IS NULL OR EXISTS (
        SELECT 1 FROM undone_records v WHERE v.account_id = k.account_id AND v.record_id = k.id)))";

/// Nobody has put the item into the category meanwhile.
const IS_OUT: &str = "NOT EXISTS (
    SELECT 1 FROM item_categories n WHERE n.account_id = undone_categories.account_id AND n.item_id = undone_categories.item_id
    AND n.category_id = undone_categories.category_id AND n.kind = undone_categories.kind)";

/// Whether a step changes what somebody sees by a membership in one of its two tables.
fn is_seen(step: Step) -> String {
    let (table, moves) = match step {
        Step::Undo => ("item_categories", format!("NOT EXISTS ({CLAIM})")),
        Step::Redo => ("undone_categories", IS_OUT.to_owned()),
    };
    format!("{HAS_ITEM} AND {HAS_CATEGORY} AND {moves}").replace("{m}", table)
}

#[derive(FromQueryResult)]
struct Category {
    id: Uuid,
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
        let of_rows = "import_id = $2 AND transaction_id IN (
            SELECT record_id FROM import_records WHERE account_id = $1 AND import_id = $2
            AND row_number > $3 AND row_number <= $4 AND kind = 2 AND deed = 2)";
        let (set, now) = match self.step {
            Step::Undo => ("$5", self.unit.now.microseconds()),
            Step::Redo => ("NULLIF($5, $5)", 0),
        };
        let update = format!("UPDATE transaction_stages SET undone_at = {set} WHERE account_id = $1 AND {of_rows}");
        for (after, upto) in self.ranges() {
            self.run(&update, [after.into(), upto.into(), now.into()]).await?;
        }
        Ok(())
    }

    /// Records that were there before leave the categories that the import put them into, or come into them again. Where another
    /// applied import has a claim, it takes over. Those that the import made stay in theirs, also in the trash.
    pub(super) async fn memberships(&mut self) -> Result<()> {
        if self.step == Step::Redo {
            self.name_deleted_categories().await?;
            let seen = is_seen(Step::Redo);
            let coming = format!(
                "SELECT COUNT(DISTINCT item_id) AS number FROM undone_categories WHERE account_id = $1 AND import_id = $2 AND {seen}"
            );
            self.restored += self.number(&coming, []).await?;
            let back = "INSERT INTO item_categories (account_id, category_id, kind, item_id, import_id)
                SELECT account_id, category_id, kind, item_id, import_id FROM undone_categories
                WHERE account_id = $1 AND import_id = $2 ON CONFLICT DO NOTHING";
            self.run(back, []).await?;
            // Where somebody else has put a record into the category meanwhile, this import has a claim behind theirs.
            let done = format!("DELETE FROM undone_categories WHERE account_id = $1 AND import_id = $2 AND {IS_THERE}");
            self.run(&done, []).await?;
            return Ok(());
        }
        let of_rows = "account_id = $1 AND import_id = $2 AND item_id IN (
            SELECT c.record_id FROM import_records c WHERE c.account_id = $1 AND c.import_id = $2
            AND c.row_number > $3 AND c.row_number <= $4 AND c.deed = 2 AND NOT EXISTS (
                SELECT 1 FROM import_records m{by_record}
                WHERE m.account_id = c.account_id AND m.record_id = c.record_id AND m.import_id = c.import_id AND m.deed = 1))";
        let keep = format!(
            "INSERT INTO undone_categories (account_id, import_id, category_id, kind, item_id)
             SELECT account_id, import_id, category_id, kind, item_id FROM item_categories WHERE {of_rows}
             ON CONFLICT DO NOTHING"
        );
        let hand_over =
            format!("UPDATE item_categories SET import_id = ({CLAIM}) WHERE {of_rows} AND EXISTS ({CLAIM})");
        let done = format!(
            "DELETE FROM undone_categories WHERE account_id = $1 AND import_id <> $2 AND item_id IN (
                 SELECT c.record_id FROM import_records c WHERE c.account_id = $1 AND c.import_id = $2
                 AND c.row_number > $3 AND c.row_number <= $4 AND c.deed = 2) AND {IS_THERE}"
        );
        let leave = format!("DELETE FROM item_categories WHERE {of_rows}");
        let seen = is_seen(Step::Undo);
        let leaving =
            format!("SELECT COUNT(DISTINCT item_id) AS number FROM item_categories WHERE {of_rows} AND {seen}");
        for (after, upto) in self.ranges() {
            self.run(&keep, [after.into(), upto.into()]).await?;
            if self.run(&hand_over, [after.into(), upto.into()]).await? > 0 {
                self.run(&done, [after.into(), upto.into()]).await?;
            }
            self.restored += self.number(&leaving, [after.into(), upto.into()]).await?;
            self.run(&leave, [after.into(), upto.into()]).await?;
        }
        Ok(())
    }

    /// How many of these records the step takes out of categories or puts into them as well, which counts once.
    pub(super) async fn with_memberships(&self, records: &[Uuid]) -> Result<u64> {
        let mut count = 0;
        for ids in records.chunks(IDS_A_STATEMENT) {
            let ids = || ids.iter().copied();
            count += match self.step {
                Step::Undo => {
                    use item_categories::Column::{AccountId, ImportId, ItemId};
                    let query = item_categories::Entity::find().filter(AccountId.eq(self.unit.account));
                    let query = query.filter(ImportId.eq(self.import)).filter(ItemId.is_in(ids()));
                    self.distinct(query.filter(Expr::cust(is_seen(Step::Undo))), ItemId).await?
                }
                Step::Redo => {
                    use undone_categories::Column::{AccountId, ImportId, ItemId};
                    let query = undone_categories::Entity::find().filter(AccountId.eq(self.unit.account));
                    let query = query.filter(ImportId.eq(self.import)).filter(ItemId.is_in(ids()));
                    self.distinct(query.filter(Expr::cust(is_seen(Step::Redo))), ItemId).await?
                }
            };
        }
        Ok(count)
    }

    async fn distinct<E: EntityTrait>(&self, query: Select<E>, column: E::Column) -> Result<u64> {
        let count = query.select_only().column_as(Expr::col(column).count_distinct(), "number");
        let found = count.into_model::<Number>().one(self.unit.on()).await?;
        Ok(found.map_or(0, |found| found.number.unsigned_abs()))
    }

    /// Names the records that do not come into a category again, as somebody has deleted it.
    async fn name_deleted_categories(&mut self) -> Result<()> {
        let gone = format!(
            "FROM undone_categories JOIN categories g ON g.account_id = undone_categories.account_id AND g.id = undone_categories.category_id
             WHERE undone_categories.account_id = $1 AND undone_categories.import_id = $2 AND g.deleted_at IS NOT NULL
             AND NOT {HAS_CATEGORY} AND {HAS_ITEM}"
        )
        .replace("{m}", "undone_categories");
        let count = self.number(&format!("SELECT COUNT(*) AS number {gone}"), []).await?;
        if count == 0 {
            return Ok(());
        }
        let first = format!(
            "SELECT undone_categories.item_id, undone_categories.kind, g.name AS category {gone}
             ORDER BY undone_categories.item_id, g.id LIMIT {NAMED}"
        );
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
        let (applied, undone) = (made_by(1), made_by(7));
        let mark = format!(
            "INSERT INTO undone_records (account_id, record_id)
             SELECT c.account_id, c.id FROM categories c
             WHERE c.account_id = $1 AND c.deleted_at IS NULL AND {undone} AND NOT {HAS_MEMBERS} AND $2 = $2
             ON CONFLICT DO NOTHING"
        );
        self.run(&mark, []).await?;
        let now = self.unit.now.microseconds();
        let at = super::at("$3");
        let trash = format!(
            "UPDATE categories SET deleted_at = {at}, updated_at = {at}, version = version + 1
             WHERE account_id = $1 AND deleted_at IS NULL AND $2 = $2
             AND id IN (SELECT record_id FROM undone_records WHERE account_id = $1)"
        );
        self.run(&trash, [now.into()]).await?;
        let returning = format!(
            "SELECT c.id FROM categories c JOIN undone_records u ON u.account_id = c.account_id AND u.record_id = c.id
             WHERE c.account_id = $1 AND c.deleted_at IS NOT NULL AND $2 = $2 AND ({applied} OR {HAS_MEMBERS}) ORDER BY c.id"
        );
        for Category { id } in self.rows::<Category>(&returning, []).await? {
            match self.namesake(id).await? {
                None => {
                    let at = super::at("$4");
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

    /// The live category that has the name of another.
    async fn namesake(&self, id: Uuid) -> Result<Option<Uuid>> {
        let namesake =
            "SELECT o.id FROM categories c JOIN categories o ON o.account_id = c.account_id AND o.name_key = c.name_key
            WHERE c.account_id = $1 AND c.id = $3 AND o.deleted_at IS NULL AND $2 = $2";
        Ok(self.rows::<Category>(namesake, [id.into()]).await?.first().map(|category| category.id))
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
