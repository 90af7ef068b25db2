//! Imports that are done: what each was and did, and the rows that failed.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::decision::{Duplicate, Outcome, PlannedRow};
pub use crate::entity::imports::{Duplicates, Status};
use crate::entity::{import_errors, import_plan_rows, imports, uploads};
use crate::error::{Error, Result};
use crate::handle::{Reader, Scope, Unit};
use crate::page::{Page, PageRequest, page};
use crate::record::BATCH;
use crate::record::IDS_A_STATEMENT;
use crate::value::Timestamp;

/// What identifies a running import.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    pub(crate) fingerprint: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// An import that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// The user who imported; `None` for Cairn itself.
    pub user_id: Option<Uuid>,
    /// How far it is.
    pub status: Status,
    /// What happened to duplicates.
    pub duplicates: Duplicates,
    /// The names of the categories for every row.
    pub categories: Vec<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// What was asked for, a JSON object of whoever asked; `{}` for one that was made before an import kept what it changes.
    pub request: String,
    /// The hash of the plan that it is or was.
    pub plan_hash: Option<String>,
    /// The file that it waits with.
    pub upload_id: Option<Uuid>,
    /// Why it failed.
    pub reason: Option<String>,
    /// What it read and did.
    pub summary: Summary,
}

/// What an import read and did, as whoever runs it knows when the last row is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The name of the section.
    pub section: String,
    /// The file.
    pub file: File,
    /// What became of its rows.
    pub counts: Counts,
    /// The first skipped rows.
    pub skips: Vec<Skip>,
    /// The columns that nobody reads.
    pub ignored: Vec<String>,
    /// The columns of the failed rows; `None` where no row has this one.
    pub columns: Vec<Option<String>>,
    /// When it was done; when it began while it is not.
    pub finished_at: Timestamp,
    /// What else is known of the file and the plan, a JSON object of whoever ran it.
    pub details: String,
}

/// The file of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name, where it had one.
    pub name: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
    /// The name of its format.
    pub format: String,
    /// Its charset, where it is text.
    pub charset: Option<String>,
    /// What separates its cells, where it has cells.
    pub delimiter: Option<char>,
}

/// How many rows became what; `read` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the outcomes of a row")]
pub struct Counts {
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub failed: u64,
}

/// What is said of one row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Note {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The field or column at fault, where there is one; a skipped row has none.
    pub field: Option<String>,
    /// What is wrong, or which record or row it repeats.
    pub reason: String,
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Skip {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// Which record or row it repeats, in words.
    pub reason: String,
    /// The same to be worked with; nothing of imports that were made before an import kept what it changes.
    pub duplicate: Option<Duplicate>,
    /// The record that it means.
    pub record: Option<Uuid>,
}

/// How the database has a skipped row: earlier imports have a row, a line and a reason.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum KeptSkip {
    Whole(Skip),
    Short(u64, u64, String),
}

impl From<KeptSkip> for Skip {
    fn from(kept: KeptSkip) -> Self {
        match kept {
            KeptSkip::Whole(skip) => skip,
            KeptSkip::Short(row, line, reason) => Self { row, line, reason, duplicate: None, record: None },
        }
    }
}

/// A row that is no record, as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FailedRow {
    /// Where it stands and what is wrong with it.
    pub note: Note,
    /// What stands in each of the import's columns; `None` where the row does not have it, and short where no more follows.
    pub cells: Vec<Option<String>>,
}

/// An import; `None` where the account has none with this id.
pub async fn get(reader: &Reader, id: Uuid) -> Result<Option<Import>> {
    let scope = reader.scope();
    let found = of_account(&scope).filter(imports::Column::Id.eq(id)).one(&scope.on).await?;
    found.map(import).transpose()
}

/// The imports with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Import>> {
    let scope = reader.scope();
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let rows = of_account(&scope).filter(imports::Column::Id.is_in(ids.iter().copied()));
        found.extend(rows.all(&scope.on).await?);
    }
    found.into_iter().map(import).collect()
}

/// A page of the imports, the newest first; the ids of imports are in the order of time. Skipped rows and what else is long are left
/// out.
pub async fn list(reader: &Reader, request: &PageRequest) -> Result<Page<Import>> {
    use imports::Column;
    let scope = reader.scope();
    let mut query = without_large_columns(&scope).limit(request.limit + 1);
    if let Some(after) = &request.after {
        query = query.filter(Column::Id.lt(after.id));
    }
    if let Some(before) = &request.before {
        query = query.filter(Column::Id.gt(before.id));
    }
    query = if request.from_end { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let found = query.into_model::<imports::Model>().all(&scope.on).await?;
    let Page { items, more } = page(found, request);
    Ok(Page { items: items.into_iter().map(import).collect::<Result<_>>()?, more })
}

/// How many imports there are.
pub async fn count(reader: &Reader) -> Result<u64> {
    let scope = reader.scope();
    crate::query::count(&scope, of_account(&scope)).await
}

/// The running import of this fingerprint, as far as it is known without waiting.
pub async fn running(reader: &Reader, fingerprint: &str) -> Result<Option<Uuid>> {
    let scope = reader.scope();
    let query = of_account(&scope).filter(imports::Column::Status.eq(Status::Applying));
    let query = query.filter(imports::Column::Fingerprint.eq(fingerprint));
    let found: Option<Uuid> = query.select_only().column(imports::Column::Id).into_tuple().one(&scope.on).await?;
    Ok(found)
}

/// The imports, the newest first and at most `limit`, only those before `before`. Skipped rows, of which there may be many, and what
/// else is long are left out.
pub async fn newest(reader: &Reader, before: Option<Uuid>, limit: u64) -> Result<Vec<Import>> {
    use imports::Column;
    let scope = reader.scope();
    let mut query = without_large_columns(&scope).order_by_desc(Column::Id).limit(limit);
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    let found = query.into_model::<imports::Model>().all(&scope.on).await?;
    found.into_iter().map(import).collect()
}

/// What is said of the first `limit` rows of an import that failed.
pub async fn errors(reader: &Reader, id: Uuid, limit: u64) -> Result<Vec<Note>> {
    use import_errors::Column::{Field, Line, Reason, RowNumber};
    let scope = reader.scope();
    let query = errors_of(&scope, id, None).limit(limit).select_only().columns([RowNumber, Line, Field, Reason]);
    let found: Vec<(i64, i64, Option<String>, String)> = query.into_tuple().all(&scope.on).await?;
    Ok(found.into_iter().map(|(row, line, field, reason)| note(row, line, field, reason)).collect())
}

/// The failed rows of an import after a row, in the order of the file and at most `limit`.
pub async fn failed_rows(reader: &Reader, id: Uuid, after: Option<u64>, limit: u64) -> Result<Vec<FailedRow>> {
    let scope = reader.scope();
    let found = errors_of(&scope, id, after).limit(limit).all(&scope.on).await?;
    let row = |row: import_errors::Model| {
        let import_errors::Model { account_id: _, import_id: _, row_number, line, field, reason, cells } = row;
        Ok(FailedRow { note: note(row_number, line, field, reason), cells: read(&cells)? })
    };
    found.into_iter().map(row).collect()
}

/// The row of an import; [`import`] reads it back.
pub(crate) fn row(account_id: Uuid, import: Import, running: Option<Running>) -> imports::Model {
    let Import {
        id,
        user_id,
        status,
        duplicates,
        categories,
        created_at,
        request,
        plan_hash,
        upload_id,
        reason,
        summary,
    } = import;
    let Summary { section, file, counts, skips, ignored, columns, finished_at, details } = summary;
    let Running { fingerprint, idempotency_key } = running.unwrap_or_default();
    let File { name, sha256, format, charset, delimiter } = file;
    let Counts { read, created, updated, unchanged, skipped, failed } = counts;
    imports::Model {
        account_id,
        id,
        user_id,
        section,
        status,
        duplicates,
        categories: written(&categories),
        file_name: name,
        file_sha256: sha256,
        file_format: format,
        file_charset: charset,
        file_delimiter: delimiter.map(String::from),
        read: signed(read),
        created: signed(created),
        updated: signed(updated),
        unchanged: signed(unchanged),
        skipped: signed(skipped),
        failed: signed(failed),
        skips: written(&skips),
        ignored: written(&ignored),
        columns: written(&columns),
        created_at,
        // The gateway that ends an import need not be the one that began it.
        finished_at: finished_at.max(created_at),
        request,
        details,
        fingerprint,
        plan_hash,
        upload_id,
        reason,
        idempotency_key,
    }
}

/// The row of a failed row of an import.
pub(crate) fn error_row(account_id: Uuid, import_id: Uuid, failed: FailedRow) -> import_errors::Model {
    let FailedRow { note: Note { row, line, field, reason }, cells } = failed;
    let (row_number, line) = (signed(row), signed(line));
    import_errors::Model { account_id, import_id, row_number, line, field, reason, cells: written(&cells) }
}

pub(crate) fn import(row: imports::Model) -> Result<Import> {
    let imports::Model {
        account_id: _,
        id,
        user_id,
        section,
        status,
        duplicates,
        categories,
        file_name,
        file_sha256,
        file_format,
        file_charset,
        file_delimiter,
        read: rows_read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        skips,
        ignored,
        columns,
        created_at,
        finished_at,
        request,
        details,
        fingerprint: _,
        plan_hash,
        upload_id,
        reason,
        idempotency_key: _,
    } = row;
    let skips: Vec<KeptSkip> = read(&skips)?;
    let counts = counts_of([rows_read, created, updated, unchanged, skipped, failed]);
    let delimiter = file_delimiter.and_then(|text| text.chars().next());
    let file = File { name: file_name, sha256: file_sha256, format: file_format, charset: file_charset, delimiter };
    let summary = Summary {
        section,
        file,
        counts,
        skips: skips.into_iter().map(Skip::from).collect(),
        ignored: read(&ignored)?,
        columns: read(&columns)?,
        finished_at,
        details,
    };
    let categories = read(&categories)?;
    Ok(Import {
        id,
        user_id,
        status,
        duplicates,
        categories,
        created_at,
        request,
        plan_hash,
        upload_id,
        reason,
        summary,
    })
}

/// The counts of a row: read, created, updated, unchanged, skipped, failed.
fn counts_of(columns: [i64; 6]) -> Counts {
    let [read, created, updated, unchanged, skipped, failed] = columns.map(i64::unsigned_abs);
    Counts { read, created, updated, unchanged, skipped, failed }
}

/// A row of a plan.
pub(crate) fn planned_row(row: import_plan_rows::Model) -> Result<PlannedRow> {
    let import_plan_rows::Model { account_id: _, import_id: _, row_number, line, outcome, record_id, detail } = row;
    let detail = serde_json::from_str(&detail).map_err(not_json)?;
    let (row, line) = (row_number.unsigned_abs(), line.unsigned_abs());
    Ok(PlannedRow { row, line, outcome, record: record_id, detail })
}

/// The rows of a plan after a row, in the order of the file and at most `limit`; only those with one of these outcomes, unless there
/// are none.
pub async fn planned_rows(
    reader: &Reader,
    id: Uuid,
    outcomes: &[Outcome],
    after: Option<u64>,
    limit: u64,
) -> Result<Vec<PlannedRow>> {
    use import_plan_rows::{Column, Entity};
    let scope = reader.scope();
    let mut query = Entity::find().filter(Column::AccountId.eq(scope.account)).filter(Column::ImportId.eq(id));
    query = query.filter(Column::RowNumber.gt(after.map_or(0, signed)));
    if !outcomes.is_empty() {
        query = query.filter(Column::Outcome.is_in(outcomes.iter().copied()));
    }
    let found = query.order_by_asc(Column::RowNumber).limit(limit).all(&scope.on).await?;
    found.into_iter().map(planned_row).collect()
}

/// Marks the running imports of the account as interrupted. The caller holds the lock of the account.
pub(crate) async fn interrupt(unit: &Unit) -> Result<()> {
    imports::Entity::update_many()
        .col_expr(imports::Column::Status, Expr::value(Status::Interrupted))
        .col_expr(imports::Column::Fingerprint, Expr::value(Option::<String>::None))
        .col_expr(imports::Column::IdempotencyKey, Expr::value(Option::<String>::None))
        .filter(imports::Column::AccountId.eq(unit.account))
        .filter(imports::Column::Status.eq(Status::Applying))
        .exec(unit.on())
        .await?;
    Ok(())
}

/// Lets go of what a request is known by, so that it may be made again.
pub(crate) async fn release(unit: &Unit, id: Uuid) -> Result<()> {
    imports::Entity::update_many()
        .col_expr(imports::Column::IdempotencyKey, Expr::value(Option::<String>::None))
        .filter(imports::Column::AccountId.eq(unit.account))
        .filter(imports::Column::Id.eq(id))
        .exec(unit.on())
        .await?;
    Ok(())
}

/// The accounts in which imports count as running.
pub async fn with_running(storage: &crate::Storage) -> Result<Vec<Uuid>> {
    let query = imports::Entity::find().select_only().column(imports::Column::AccountId).distinct();
    let query = query.filter(imports::Column::Status.eq(Status::Applying));
    Ok(query.into_tuple().all(&storage.readers).await?)
}

/// Forgets a file that its import has read, unless another plan waits with it.
pub(crate) async fn drop_upload(unit: &Unit, import: Uuid, id: Uuid) -> Result<()> {
    let waiting = of_account(&unit.scope())
        .filter(imports::Column::UploadId.eq(id))
        .filter(imports::Column::Status.eq(Status::Planned))
        .filter(imports::Column::Id.ne(import));
    if crate::query::count(&unit.scope(), waiting).await? > 0 {
        return Ok(());
    }
    let of_account = uploads::Entity::delete_many().filter(uploads::Column::AccountId.eq(unit.account));
    of_account.filter(uploads::Column::Id.eq(id)).exec(unit.on()).await?;
    Ok(())
}

/// Forgets a file that a plan has kept by itself and that is given up.
pub(crate) async fn drop_upload_of_plan(unit: &Unit, import: Uuid, id: Uuid) -> Result<()> {
    let of_plan = uploads::Entity::find().filter(uploads::Column::AccountId.eq(unit.account));
    let of_plan = of_plan.filter(uploads::Column::Id.eq(id)).filter(uploads::Column::OfPlan.eq(1));
    if of_plan.one(unit.on()).await?.is_none() {
        return Ok(());
    }
    drop_upload(unit, import, id).await
}

/// The plans that were made before a moment and that nobody has applied.
pub async fn plans_before(reader: &Reader, moment: Timestamp) -> Result<Vec<Uuid>> {
    let scope = reader.scope();
    let query = of_account(&scope).filter(imports::Column::Status.eq(Status::Planned));
    let query = query.filter(imports::Column::CreatedAt.lt(moment)).select_only().column(imports::Column::Id);
    Ok(query.into_tuple().all(&scope.on).await?)
}

/// Imports without what may be long.
fn without_large_columns(scope: &Scope<'_>) -> Select<imports::Entity> {
    use imports::Column;
    let long = |column: &Column| matches!(column, Column::Skips | Column::Details);
    let query = of_account(scope).select_only().columns(Column::iter().filter(|column| !long(column)));
    query.expr_as(Expr::val("[]"), "skips").expr_as(Expr::val("{}"), "details")
}

fn of_account(scope: &Scope<'_>) -> Select<imports::Entity> {
    imports::Entity::find().filter(imports::Column::AccountId.eq(scope.account))
}

fn errors_of(scope: &Scope<'_>, import: Uuid, after: Option<u64>) -> Select<import_errors::Entity> {
    use import_errors::Column;
    let query = import_errors::Entity::find()
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::ImportId.eq(import))
        .filter(Column::RowNumber.gt(after.map_or(0, signed)));
    // The whole key, so that its index gives the order.
    query.order_by_asc(Column::AccountId).order_by_asc(Column::ImportId).order_by_asc(Column::RowNumber)
}

fn note(row: i64, line: i64, field: Option<String>, reason: String) -> Note {
    Note { row: row.unsigned_abs(), line: line.unsigned_abs(), field, reason }
}

/// A count as the database has it; no file has more rows than that.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn written<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).expect("texts and numbers can always be written as JSON")
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<Vec<T>> {
    serde_json::from_str(json).map_err(not_json)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn not_json(error: serde_json::Error) -> Error {
    Error::Internal(sea_orm::DbErr::Json(error.to_string()))
}

/// Writes the row of an import, in place of the one that is there.
pub(super) async fn store(unit: &Unit, import: &Import, running: Option<Running>) -> Result<()> {
    use crate::entity::imports::{ActiveModel, Column, Entity};
    let row = ActiveModel::from(row(unit.account, import.clone(), running));
    let kept =
        [Column::AccountId, Column::Id, Column::UserId, Column::CreatedAt, Column::Fingerprint, Column::IdempotencyKey];
    let is_kept =
        |column: &Column| kept.iter().any(|kept| std::mem::discriminant(kept) == std::mem::discriminant(column));
    let again = OnConflict::columns([Column::AccountId, Column::Id])
        .update_columns(Column::iter().filter(|column| !is_kept(column)))
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(unit.on()).await?;
    Ok(())
}

pub(super) async fn insert_errors(unit: &Unit, import: Uuid, rows: Vec<FailedRow>) -> Result<()> {
    let mut rows = rows.into_iter().map(|row| error_row(unit.account, import, row)).peekable();
    while rows.peek().is_some() {
        let some = rows.by_ref().take(BATCH).map(import_errors::ActiveModel::from);
        import_errors::Entity::insert_many(some).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

pub(super) async fn delete_errors(unit: &Unit, import: Uuid) -> Result<()> {
    use import_errors::{Column, Entity};
    let of_import = Entity::delete_many().filter(Column::AccountId.eq(unit.account));
    of_import.filter(Column::ImportId.eq(import)).exec(unit.on()).await?;
    Ok(())
}
