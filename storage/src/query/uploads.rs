//! Uploads: files that wait in the database for the import that reads them, so that any gateway can.
//!
//! A file comes in pieces, each a unit of work of its own, so that nobody waits for a slow client; only [`finish`] makes it one that
//! can be found.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Statement,
};
use uuid::Uuid;

use crate::entity::{imports, upload_pieces, uploads};
use crate::error::{Error, Result};
use crate::handle::{Reader, Unit, Writer};
use crate::query::imports::Status;
use crate::value::Timestamp;

pub use crate::entity::uploads::Model as Upload;

/// How many bytes a piece has; the last may have fewer.
pub const PIECE: usize = 256 * 1024;

/// What a file is called that is not whole yet.
const UNFINISHED: &str = "";

/// With the account it makes the number of PostgreSQL's advisory lock for quotas: the letters `files` as a number.
const LOCK: u64 = 0x66_69_6c_65_73;

/// How much may wait for its import: of all files of an account together, and of those of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of a user.
    pub user: Allowance,
    /// Of an account.
    pub account: Allowance,
}

/// How many files may wait, and how many bytes they may have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { user: Allowance { files: 100, bytes: 4 << 30 }, account: Allowance { files: 1_000, bytes: 16 << 30 } }
    }
}

/// For what a file waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For whatever is asked of it.
    Any,
    /// For one plan, with which it goes.
    Plan,
}

/// Begins a file, and answers its id. Errors: [`Error::Limited`] where no more may wait.
pub async fn begin(
    writer: &Writer,
    name: Option<String>,
    media_type: Option<String>,
    purpose: Purpose,
    quota: &Quota,
) -> Result<Uuid> {
    let without_nul = |text: String| text.replace('\0', "");
    let (name, media_type) = (name.map(without_nul), media_type.map(without_nul));
    let (name, media_type) = (&name, &media_type);
    let id = Uuid::now_v7();
    writer
        .write(|unit| async move {
            check(&unit, quota, Allowance { files: 1, bytes: 0 }).await?;
            let row = uploads::ActiveModel {
                account_id: Set(unit.account),
                id: Set(id),
                user_id: Set(unit.user()),
                name: Set(name.clone()),
                media_type: Set(media_type.clone()),
                size: Set(0),
                sha256: Set(UNFINISHED.to_owned()),
                of_plan: Set(i16::from(purpose == Purpose::Plan)),
                created_at: Set(unit.now),
            };
            uploads::Entity::insert(row).exec_without_returning(unit.on()).await?;
            Ok(id)
        })
        .await
}

/// Adds a piece at its place, from 0. Errors: [`Error::Limited`] where no more may wait, [`Error::NotFound`] for a file that somebody
/// has forgotten meanwhile.
pub async fn append(writer: &Writer, id: Uuid, place: i32, content: Vec<u8>, quota: &Quota) -> Result<()> {
    use sea_orm::sea_query::{Expr, ExprTrait as _};
    let content = &content;
    writer
        .write(|unit| async move {
            check(&unit, quota, Allowance { files: 0, bytes: content.len() as u64 }).await?;
            let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
            let grown = uploads::Entity::update_many()
                .col_expr(uploads::Column::Size, Expr::col(uploads::Column::Size).add(length))
                .filter(uploads::Column::AccountId.eq(unit.account))
                .filter(uploads::Column::Id.eq(id))
                .exec(unit.on())
                .await?;
            if grown.rows_affected == 0 {
                return Err(Error::NotFound { what: "upload" });
            }
            let row = upload_pieces::ActiveModel {
                account_id: Set(unit.account),
                upload_id: Set(id),
                place: Set(place),
                content: Set(content.clone()),
            };
            upload_pieces::Entity::insert(row).exec_without_returning(unit.on()).await?;
            Ok(())
        })
        .await
}

/// Ends a file; from now on it can be found.
pub async fn finish(writer: &Writer, id: Uuid, size: u64, sha256: &str) -> Result<()> {
    use sea_orm::sea_query::Expr;
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    writer
        .write(|unit| async move {
            uploads::Entity::update_many()
                .col_expr(uploads::Column::Size, Expr::value(size))
                .col_expr(uploads::Column::Sha256, Expr::value(sha256))
                .filter(uploads::Column::AccountId.eq(unit.account))
                .filter(uploads::Column::Id.eq(id))
                .exec(unit.on())
                .await?;
            Ok(())
        })
        .await
}

/// A whole file; `None` where the account has none with this id.
pub async fn get(reader: &Reader, id: Uuid) -> Result<Option<Upload>> {
    let scope = reader.scope();
    let of_account = uploads::Entity::find().filter(uploads::Column::AccountId.eq(scope.account));
    let whole = of_account.filter(uploads::Column::Sha256.ne(UNFINISHED));
    Ok(whole.filter(uploads::Column::Id.eq(id)).one(&scope.on).await?)
}

/// The piece at a place; `None` after the last.
pub async fn piece(reader: &Reader, id: Uuid, place: i32) -> Result<Option<Vec<u8>>> {
    use upload_pieces::{Column, Entity};
    let scope = reader.scope();
    let of_upload = Entity::find().filter(Column::AccountId.eq(scope.account)).filter(Column::UploadId.eq(id));
    let found = of_upload.filter(Column::Place.eq(place)).one(&scope.on).await?;
    Ok(found.map(|piece| piece.content))
}

/// Forgets a file. Errors: [`Error::Conflict`] where a plan waits with it.
pub async fn discard(writer: &Writer, id: Uuid) -> Result<()> {
    writer
        .write(|unit| async move {
            let waiting = imports::Entity::find()
                .filter(imports::Column::AccountId.eq(unit.account))
                .filter(imports::Column::UploadId.eq(id))
                .filter(imports::Column::Status.is_in([Status::Planned, Status::Applying, Status::Interrupted]));
            if waiting.one(unit.on()).await?.is_some() {
                return Err(Error::Conflict { reason: "a plan waits with this file".to_owned() });
            }
            let of_account = uploads::Entity::delete_many().filter(uploads::Column::AccountId.eq(unit.account));
            of_account.filter(uploads::Column::Id.eq(id)).exec(unit.on()).await?;
            Ok(())
        })
        .await
}

/// Forgets the files that came before a moment, but for those of imports that are running.
pub async fn purge(writer: &Writer, before: Timestamp) -> Result<()> {
    writer
        .write(|unit| async move {
            let running = imports::Entity::find()
                .select_only()
                .column(imports::Column::UploadId)
                .filter(imports::Column::AccountId.eq(unit.account))
                .filter(imports::Column::Status.eq(Status::Applying))
                .filter(imports::Column::UploadId.is_not_null());
            let running: Vec<Uuid> = running.into_tuple().all(unit.on()).await?;
            let of_account = uploads::Entity::delete_many().filter(uploads::Column::AccountId.eq(unit.account));
            let old = of_account.filter(uploads::Column::CreatedAt.lt(before));
            old.filter(uploads::Column::Id.is_not_in(running)).exec(unit.on()).await?;
            Ok(())
        })
        .await
}

#[derive(FromQueryResult)]
struct Waiting {
    user_id: Option<Uuid>,
    files: i64,
    bytes: i64,
}

/// Errors: [`Error::Limited`] where so much more would be too much. Whoever else adds a file to the account waits until the unit ends,
/// at whatever gateway.
async fn check(unit: &Unit, quota: &Quota, more: Allowance) -> Result<()> {
    if !unit.is_sqlite() {
        // Not the lock of the account, which an import of events holds as long as it runs.
        let number = (unit.account.as_u64_pair().1 ^ LOCK).cast_signed();
        let lock = Statement::from_sql_and_values(
            unit.on().get_database_backend(),
            "SELECT pg_advisory_xact_lock($1)",
            [number.into()],
        );
        unit.on().execute_raw(lock).await?;
    }
    let count = Statement::from_sql_and_values(
        unit.on().get_database_backend(),
        "SELECT user_id, COUNT(*) AS files, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM uploads
         WHERE account_id = $1 GROUP BY user_id",
        [unit.account.into()],
    );
    let waiting = Waiting::find_by_statement(count).all(unit.on()).await?;
    let sum = |waiting: &mut dyn Iterator<Item = &Waiting>| {
        waiting.fold(more, |sum, waiting| Allowance {
            files: sum.files + waiting.files.unsigned_abs(),
            bytes: sum.bytes + waiting.bytes.unsigned_abs(),
        })
    };
    let of_user = sum(&mut waiting.iter().filter(|waiting| waiting.user_id == unit.user()));
    let of_account = sum(&mut waiting.iter());
    for (whose, sum, most, per) in
        [("your", of_user, quota.user, "user"), ("the account's", of_account, quota.account, "account")]
    {
        let over = match (sum.files > most.files, sum.bytes > most.bytes) {
            (true, _) => format!("{} of {whose} files wait for their imports, the limit uploads_per_{per}", most.files),
            (_, true) => {
                let bytes = most.bytes;
                format!(
                    "{whose} files that wait for their imports would have more than {bytes} bytes together, the limit upload_bytes_per_{per}"
                )
            }
            (false, false) => continue,
        };
        let reason = format!(
            "{over}: apply or cancel a plan that waits, or delete an upload (DELETE /uploads/ID), or wait: a file is forgotten a day after it came"
        );
        return Err(Error::Limited { reason });
    }
    Ok(())
}

/// The accounts that have files from before a moment.
pub async fn accounts_with_old(storage: &crate::Storage, before: Timestamp) -> Result<Vec<Uuid>> {
    let query = uploads::Entity::find().select_only().column(uploads::Column::AccountId).distinct();
    Ok(query.filter(uploads::Column::CreatedAt.lt(before)).into_tuple().all(&storage.readers).await?)
}
