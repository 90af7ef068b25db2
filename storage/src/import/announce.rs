//! One import at a time: what makes it visible before it runs, joins those who ask for the same, and hands it over where the process
//! that ran it is gone.
//!
//! The lease is a lock that the unit of work of the import holds and that ends with its connection: on PostgreSQL the row of the
//! account in `import_turns` and the import's own row, on SQLite the one writer. Nobody has to renew it, and whoever gets it
//! looks again at how far the import is.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::stored::{self as imports, Counts, Duplicates, File, Running, Status, Summary};
use crate::entity::{import_turns, imports as table};
use crate::error::{Error, Result};
use crate::handle::{Unit, Writer};

/// How often an announcement is tried again that finds an import which ends at this moment.
const TRIES: u32 = 5;

/// What everybody may see of an import before it runs.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The name of the section.
    pub section: String,
    /// What was asked for, a JSON object of whoever asks.
    pub request: String,
    /// What tells that two imports are one: the file and the request. Without it the import is like no other.
    pub fingerprint: Option<String>,
    /// When the request came, as an id of that moment: whoever asks for the same and has to wait meanwhile gets what the one did that
    /// came first.
    pub since: Uuid,
    /// What the client calls the request: it is done once.
    pub idempotency_key: Option<String>,
    /// The file, as far as it is known.
    pub file: File,
    /// What happens to duplicates.
    pub duplicates: Duplicates,
    /// The categories of every row.
    pub categories: Vec<String>,
}

/// Announces an import, and answers its id: that of a running one which is the same, or of an earlier one with the same
/// idempotency key.
///
/// Errors: [`Error::Conflict`] where the idempotency key was used for something else.
pub async fn announce(writer: &Writer, announcement: &Announcement) -> Result<Uuid> {
    for _ in 0..TRIES {
        if let Some(id) = writer.write(|unit| async move { announce_in(&unit, announcement).await }).await? {
            return Ok(id);
        }
    }
    Err(Error::Conflict {
        reason: "the same file is being imported again and again at this moment; try later".to_owned(),
    })
}

/// `None` where the import that stood in the way has just ended.
async fn announce_in(unit: &Unit, announcement: &Announcement) -> Result<Option<Uuid>> {
    let Announcement { section, request, fingerprint, since, idempotency_key, file, duplicates, categories } =
        announcement;
    if let Some(done) = done_since(unit, fingerprint.as_deref(), idempotency_key.as_deref(), *since).await? {
        return Ok(Some(done));
    }
    let import = imports::Import {
        id: Uuid::now_v7(),
        user_id: unit.user(),
        status: Status::Applying,
        duplicates: *duplicates,
        categories: categories.clone(),
        created_at: unit.now,
        request: request.clone(),
        plan_hash: None,
        upload_id: None,
        reason: None,
        summary: Summary {
            section: section.clone(),
            file: file.clone(),
            counts: Counts::default(),
            skips: Vec::new(),
            ignored: Vec::new(),
            columns: Vec::new(),
            finished_at: unit.now,
            details: "{}".to_owned(),
        },
    };
    let running = Running { fingerprint: fingerprint.clone(), idempotency_key: idempotency_key.clone() };
    let row = table::ActiveModel::from(imports::row(unit.account, import.clone(), Some(running)));
    let nothing = OnConflict::new().do_nothing().to_owned();
    let made = table::Entity::insert(row).on_conflict(nothing).exec_without_returning(unit.on()).await;
    match made {
        Ok(1) => return Ok(Some(import.id)),
        Ok(_) | Err(sea_orm::DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    let of_account = || table::Entity::find().filter(table::Column::AccountId.eq(unit.account));
    if let Some(key) = idempotency_key {
        let found = of_account().filter(table::Column::IdempotencyKey.eq(key)).one(unit.on()).await?;
        if let Some(found) = found {
            if found.file_sha256 == file.sha256 && found.request == *request {
                return Ok(Some(found.id));
            }
            let reason = "this idempotency key was used for another import; a key is for one request";
            return Err(Error::Conflict { reason: reason.to_owned() });
        }
    }
    let same = of_account()
        .filter(table::Column::Status.eq(Status::Applying))
        .filter(table::Column::Fingerprint.eq(fingerprint.clone()));
    Ok(same.one(unit.on()).await?.map(|found| found.id))
}

/// The same import, where it was announced after this request came and is done: on SQLite nobody can announce anything while it runs.
/// Requests with an idempotency key are matched by that key alone.
async fn done_since(unit: &Unit, fingerprint: Option<&str>, key: Option<&str>, since: Uuid) -> Result<Option<Uuid>> {
    let (Some(fingerprint), None) = (fingerprint, key) else { return Ok(None) };
    let same = table::Entity::find()
        .filter(table::Column::AccountId.eq(unit.account))
        .filter(table::Column::Id.gt(since))
        .filter(table::Column::Fingerprint.eq(fingerprint))
        .filter(table::Column::Status.eq(Status::Applied));
    Ok(same.one(unit.on()).await?.map(|found| found.id))
}

/// Announces that a plan is to be applied; one that is applied already, or is being applied, is left as it is.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] for another hash, or a plan that cannot be applied any more.
pub async fn announce_plan(writer: &Writer, id: Uuid, hash: &str) -> Result<()> {
    writer
        .write(|unit| async move {
            // Whoever applies it already is waited for.
            let import = patiently(&unit, || held(&unit, id)).await?;
            if import.plan_hash.as_deref() != Some(hash) {
                let reason = "this is not the hash of the plan: look at the plan again, and apply what it says now";
                return Err(Error::Conflict { reason: reason.to_owned() });
            }
            match import.status {
                Status::Planned | Status::Interrupted => {
                    let import = imports::Import { status: Status::Applying, ..import };
                    imports::store(&unit, &import, None).await
                }
                Status::Applying | Status::Applied | Status::Undone => Ok(()),
                Status::Failed | Status::Cancelled => {
                    Err(Error::Conflict { reason: "this plan was given up; plan the file again".to_owned() })
                }
            }
        })
        .await
}

/// Ends an import that is not to be applied: it failed, was cancelled, or goes back to being a plan.
pub async fn end(writer: &Writer, id: Uuid, status: Status, reason: Option<&str>) -> Result<()> {
    writer
        .write(|unit| async move {
            // PostgreSQL may still take the unit of the import for alive, whose connection has died.
            unit.take_time().await?;
            let import = held(&unit, id).await?;
            if !matches!(import.status, Status::Applying | Status::Interrupted | Status::Planned) {
                return Ok(());
            }
            let mut summary = import.summary.clone();
            summary.finished_at = unit.now;
            let import = imports::Import { status, reason: reason.map(ToOwned::to_owned), summary, ..import };
            imports::store(&unit, &import, None).await?;
            if status != Status::Planned {
                imports::release(&unit, id).await?;
                if let (Status::Failed | Status::Cancelled, Some(upload)) = (status, import.upload_id) {
                    imports::drop_upload_of_plan(&unit, id, upload).await?;
                }
                super::ledger::forget(&unit, id).await?;
            }
            Ok(())
        })
        .await
}

/// Notes down the imports of the account that nobody runs any more. It waits for the turn of the account, so whoever is importing at
/// this moment is not among them.
pub async fn sweep(writer: &Writer) -> Result<()> {
    writer
        .write(|unit| async move {
            lock_account(&unit).await?;
            imports::interrupt(&unit).await
        })
        .await
}

/// Waits until nobody else imports into the account or undoes an import, for as long as that takes. On SQLite the unit itself is the
/// only one. From then on the unit may take its time.
pub(super) async fn lock_account(unit: &Unit) -> Result<()> {
    if unit.is_sqlite() {
        return Ok(());
    }
    patiently(unit, || try_lock_account(unit)).await?;
    unit.take_time().await
}

/// Does again what somebody else stands in the way of, until nobody does. The wait has pauses, after each of which the database is
/// known to be there.
async fn patiently<T, F>(unit: &Unit, work: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    if unit.is_sqlite() {
        return work().await;
    }
    unit.on().execute_unprepared("SAVEPOINT waiting").await?;
    loop {
        match work().await {
            Err(error) if error.is_held() => unit.back_to("waiting").await?,
            done => {
                let done = done?;
                unit.on().execute_unprepared("RELEASE SAVEPOINT waiting").await?;
                return Ok(done);
            }
        }
    }
}

/// Locks the account for imports within the unit's limit. Errors: [`Error::is_held`] where somebody else has it.
async fn try_lock_account(unit: &Unit) -> Result<()> {
    let row = import_turns::ActiveModel { account_id: sea_orm::ActiveValue::Set(unit.account) };
    let nothing = OnConflict::new().do_nothing().to_owned();
    import_turns::Entity::insert(row).on_conflict(nothing).exec_without_returning(unit.on()).await?;
    let of_account = import_turns::Entity::find().filter(import_turns::Column::AccountId.eq(unit.account));
    of_account.lock_exclusive().one(unit.on()).await?;
    Ok(())
}

/// An import, kept as it is until the unit ends. Errors: [`Error::NotFound`].
pub(super) async fn held(unit: &Unit, id: Uuid) -> Result<imports::Import> {
    let query =
        table::Entity::find().filter(table::Column::AccountId.eq(unit.account)).filter(table::Column::Id.eq(id));
    let found = query.lock_exclusive().one(unit.on()).await?;
    imports::import(found.ok_or(Error::NotFound { what: "import" })?)
}
