//! The steps of an import: planned, applied, undone and redone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use storage::import::{Announcement, Begun, Import, NewPlan, announce, announce_plan, end};
use storage::query::imports::{self as stored, Status};
use storage::{Error as StorageError, Writer};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::file::ImportFile;
use super::handle::Imports;
use super::report::UndoReport;
use super::request::{ImportRequest, Ready};
use super::rows::PlanRow;
use super::run::{self, Done, Meter};
use super::running::{Found, Task, Wanted};
use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::session::Session;

/// How long an import waits on SQLite while another process writes.
const PATIENCE: Duration = Duration::from_hours(1);

/// How long whoever waits for an import that has failed waits until that is noted down.
const NOTED_WITHIN: Duration = Duration::from_secs(5);

/// How long it waits until it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest name that a client may give a request.
const LONGEST_KEY: usize = 255;

/// What an import would do that is no plan: nothing of it stays.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// What became of the file and its rows.
    pub summary: stored::Summary,
    /// The first 1,000 rows that failed.
    pub errors: Vec<stored::Note>,
    /// The hash that a plan of the same would have.
    pub hash: String,
    /// What would become of the first rows.
    pub first_rows: Vec<NamedRow>,
}

/// What would become of a row, and what its record is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// What the row calls its record; nothing for one that fails.
    pub name: String,
    /// What would become of it.
    pub row: PlanRow,
}

/// An import that was done up to its last step, and waits to be kept as a plan or taken back.
struct Rehearsal {
    writer: Writer,
    request: String,
    done: Done,
    _permit: OwnedSemaphorePermit,
}

impl Imports<'_> {
    /// Imports a file. Whoever asks for the same while it runs, from whatever process, gets the same import; with an idempotency key
    /// also later. It goes on when nobody waits for it any more.
    ///
    /// Errors: `FORBIDDEN` for readers, `UNSUPPORTED` with what would do, `INVALID` where the file as a whole cannot be
    /// read, with the place; nothing is imported then.
    pub async fn run(&self, request: ImportRequest, file: ImportFile, key: Option<String>) -> Result<stored::Import> {
        let session = self.session();
        let writer = session.writer(Right::Records)?;
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
            return Err(Error::invalid(format!("an idempotency key has 1 to {LONGEST_KEY} characters")));
        }
        let ready = self.ready(request, &file).await?;
        let fingerprint = ready.fingerprint(&file, session.user().id);
        let wanted = Wanted {
            account: session.account().account_id,
            fingerprint: Some(fingerprint.clone()),
            key: key.clone(),
            id: None,
        };
        match session.engine().running.join_or_begin(wanted) {
            Found::Runs(task) => task.outcome().await,
            Found::Mine(lease) => {
                let task = Arc::clone(lease.task());
                let announcement = announcement(&ready, &file, fingerprint, key);
                let work = Work { session: session.clone(), writer, task: Arc::clone(&task) };
                tokio::spawn(async move {
                    let outcome = work.direct(&announcement, &ready, &file).await;
                    lease.end(outcome);
                });
                task.outcome().await
            }
        }
    }

    /// What an import of a file would do now; nothing stays. Errors: as [`run`](Self::run).
    pub async fn dry_run(&self, request: ImportRequest, file: ImportFile) -> Result<DryRun> {
        let Rehearsal { done, _permit, .. } = self.rehearse(request, &file).await?;
        let Done { import, summary, errors, hash, first } = done;
        import.abandon().await;
        let fields = self.field_names().await?;
        let named = |(name, row)| NamedRow { name, row: PlanRow::of(row, &summary.section, &fields) };
        let first_rows = first.into_iter().map(named).collect();
        Ok(DryRun { summary, errors, hash, first_rows })
    }

    /// A plan of a file, which stays with it until somebody applies it. Errors: as [`run`](Self::run).
    pub async fn plan(&self, request: ImportRequest, file: ImportFile) -> Result<stored::Import> {
        let writer = self.session().writer(Right::Records)?;
        // Before the rehearsal, which holds the one writer of SQLite.
        let upload = self.keep_file(&file).await?;
        let plan = self.plan_of(request, &file, upload).await;
        if plan.is_err() {
            storage::query::uploads::discard(&writer, upload).await?;
        }
        plan
    }

    /// A plan of a file that waits in the database. Errors: as [`run`](Self::run), `NOT_FOUND`.
    pub async fn plan_upload(&self, request: ImportRequest, upload: &str) -> Result<stored::Import> {
        self.session().writer(Right::Records)?;
        let unknown = || Error::new(Code::NotFound, "there is no such upload");
        let upload = Kind::Upload.parse(upload).ok_or_else(unknown)?;
        let file = self.upload(upload).await?;
        self.plan_of(request, &file, upload).await
    }

    async fn plan_of(&self, request: ImportRequest, file: &ImportFile, upload: Uuid) -> Result<stored::Import> {
        let Rehearsal { writer, request, done, _permit } = self.rehearse(request, file).await?;
        let Done { import, summary, hash, .. } = done;
        let plan = NewPlan { request, hash, upload: Some(upload), summary };
        Ok(import.keep_plan(&writer, plan).await?)
    }

    async fn rehearse(&self, request: ImportRequest, file: &ImportFile) -> Result<Rehearsal> {
        let session = self.session();
        let writer = session.writer(Right::Records)?;
        let ready = self.ready(request, file).await?;
        let permit = acquire_permit(session).await?;
        let import = loop {
            match Import::rehearse(&writer, ready.policy.clone()).await {
                Err(StorageError::Unavailable(_)) if session.engine().storage.is_sqlite() => {
                    tokio::time::sleep(PAUSE).await;
                }
                begun => break begun?,
            }
        };
        let meter = Meter::new(None, writer.clone(), file);
        let done = run::read(session, &ready, file, import, meter).await?;
        Ok(Rehearsal { writer, request: ready.json, done, _permit: permit })
    }

    /// Does what a plan says. Done once: whoever asks again gets the same import.
    ///
    /// Errors: `NOT_FOUND`, `CONFLICT` for another hash, and with what has changed where the account is not what the plan stands on:
    /// nothing is imported then.
    pub async fn apply(&self, id: &str, hash: &str) -> Result<stored::Import> {
        let session = self.session();
        let writer = session.writer(Right::Records)?;
        let id = self.get(id).await?.id;
        let wanted = Wanted { account: session.account().account_id, fingerprint: None, key: None, id: Some(id) };
        match session.engine().running.join_or_begin(wanted) {
            Found::Runs(task) => task.outcome().await,
            Found::Mine(lease) => {
                let task = Arc::clone(lease.task());
                let work = Work { session: session.clone(), writer, task: Arc::clone(&task) };
                let hash = hash.to_owned();
                tokio::spawn(async move {
                    let outcome = work.planned(id, &hash).await;
                    lease.end(outcome);
                });
                task.outcome().await
            }
        }
    }

    /// Takes an import back. Errors: `NOT_FOUND`, `CONFLICT` for one that is not applied.
    pub async fn undo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.session().writer(Right::Records)?, self.get(id).await?.id);
        let _permit = acquire_permit(self.session()).await?;
        // It goes on when nobody waits for it any more.
        let undone = tokio::spawn(async move { storage::import::undo(&writer, id).await }).await;
        self.report(undone.map_err(Error::internal)??).await
    }

    /// What taking an import back would do now; the import is told as it would be afterwards. Errors: as [`undo`](Self::undo).
    pub async fn preview_undo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.session().writer(Right::Records)?, self.get(id).await?.id);
        let _permit = acquire_permit(self.session()).await?;
        self.report(storage::import::preview_undo(&writer, id).await?).await
    }

    /// Puts an undone import back. Errors: `NOT_FOUND`, `CONFLICT` for one that is not undone.
    pub async fn redo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.session().writer(Right::Records)?, self.get(id).await?.id);
        let _permit = acquire_permit(self.session()).await?;
        let redone = tokio::spawn(async move { storage::import::redo(&writer, id).await }).await;
        self.report(redone.map_err(Error::internal)??).await
    }
}

/// What is said of an import before it begins, by which others find it.
fn announcement(ready: &Ready, file: &ImportFile, fingerprint: String, key: Option<String>) -> Announcement {
    Announcement {
        section: ready.section.name().to_owned(),
        request: ready.json.clone(),
        fingerprint: Some(fingerprint),
        since: file.arrived,
        idempotency_key: key,
        file: stored::File {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            format: ready.codec.descriptor().name.to_owned(),
            ..stored::File::default()
        },
        duplicates: ready.policy.duplicates,
        categories: ready.policy.categories.clone(),
    }
}

/// Waits until this process imports nothing else.
async fn acquire_permit(session: &Session) -> Result<OwnedSemaphorePermit> {
    Arc::clone(&session.engine().imports).acquire_owned().await.map_err(Error::internal)
}

/// An import that this process runs.
struct Work {
    session: Session,
    writer: Writer,
    task: Arc<Task>,
}

impl Work {
    /// An import without a plan.
    async fn direct(&self, announcement: &Announcement, ready: &Ready, file: &ImportFile) -> Result<stored::Import> {
        let id = self.announce(announcement).await?;
        self.task.identify(id);
        let outcome = self.run(id, ready, file).await;
        self.settle(id, outcome, Status::Failed).await
    }

    /// The import of a plan.
    async fn planned(&self, id: Uuid, hash: &str) -> Result<stored::Import> {
        announce_plan(&self.writer, id, hash).await?;
        let outcome = self.run_plan(id).await;
        self.settle(id, outcome, Status::Planned).await
    }

    async fn run_plan(&self, id: Uuid) -> Result<stored::Import> {
        let reader = self.session.reader();
        let gone = || Error::new(Code::Conflict, "the file of this plan is gone; plan it again");
        let plan = stored::get(&reader, id).await?.ok_or_else(gone)?;
        if matches!(plan.status, Status::Applied | Status::Undone) {
            return Ok(plan);
        }
        let upload = plan.upload_id.ok_or_else(gone)?;
        let file = self.session.imports().upload(upload).await.map_err(|error| match error.code {
            Code::NotFound => gone(),
            _ => error,
        })?;
        let ready = self.session.imports().ready_again(&plan.request, &file).await?;
        self.run(id, &ready, &file).await
    }

    /// Announces an import, or finds the one that does the same.
    async fn announce(&self, announcement: &Announcement) -> Result<Uuid> {
        let begun = Instant::now();
        loop {
            // While another process writes, SQLite lets us look but not announce.
            if let (Some(fingerprint), None) = (&announcement.fingerprint, &announcement.idempotency_key)
                && let Some(id) = stored::running(&self.session.reader(), fingerprint).await?
            {
                return Ok(id);
            }
            let announced = tokio::select! {
                announced = announce(&self.writer, announcement) => announced,
                stopped = self.task.stopped() => return Err(stopped),
            };
            match announced {
                Err(StorageError::Unavailable(_)) if self.may_wait(begun) => tokio::time::sleep(PAUSE).await,
                announced => return Ok(announced?),
            }
        }
    }

    async fn run(&self, id: Uuid, ready: &Ready, file: &ImportFile) -> Result<stored::Import> {
        let _permit = tokio::select! {
            permit = acquire_permit(&self.session) => permit?,
            stopped = self.task.stopped() => return Err(stopped),
        };
        let import = match self.begin(id, ready).await? {
            Begun::Mine(import) => *import,
            Begun::Over(import) => return over(*import),
        };
        let meter = Meter::new(Some(Arc::clone(&self.task)), self.writer.clone(), file);
        let Done { import, summary, .. } = run::read(&self.session, ready, file, import, meter).await?;
        Ok(import.commit(summary).await?)
    }

    async fn begin(&self, id: Uuid, ready: &Ready) -> Result<Begun> {
        let begun = Instant::now();
        loop {
            let found = tokio::select! {
                found = Import::begin(&self.writer, id, ready.policy.clone()) => found,
                stopped = self.task.stopped() => return Err(stopped),
            };
            match found {
                Err(StorageError::Unavailable(_)) if self.may_wait(begun) => tokio::time::sleep(PAUSE).await,
                found => return Ok(found?),
            }
        }
    }

    /// Notes down how an import ended that was not applied: `otherwise` where it was neither stopped nor is its file at fault.
    async fn settle(&self, id: Uuid, outcome: Result<stored::Import>, otherwise: Status) -> Result<stored::Import> {
        let error = match outcome {
            Ok(import) => return Ok(import),
            Err(error) => error,
        };
        let (status, reason) = match otherwise {
            _ if self.task.is_cancelled() => (Status::Cancelled, None),
            Status::Planned => (Status::Planned, None),
            status => (status, Some(error.message.as_str())),
        };
        let (writer, reason) = (self.writer.clone(), reason.map(ToOwned::to_owned));
        // PostgreSQL may take a connection that has died for alive, and what it holds, for a minute: whoever waits for the import is
        // told before that.
        let noted = tokio::spawn(async move {
            if let Err(failed) = end(&writer, id, status, reason.as_deref()).await {
                tracing::error!(error = %failed, "The end of an import cannot be noted down: {failed}");
            }
        });
        if tokio::time::timeout(NOTED_WITHIN, noted).await.is_err() {
            tracing::warn!(%id, "The end of an import is noted down later");
        }
        Err(error)
    }

    /// Another process may hold the one writer of SQLite for as long as it imports.
    fn may_wait(&self, begun: Instant) -> bool {
        self.session.engine().storage.is_sqlite() && begun.elapsed() < PATIENCE
    }
}

/// How an import ended that somebody else ran.
fn over(import: stored::Import) -> Result<stored::Import> {
    match import.status {
        Status::Failed => Err(Error::invalid(import.reason.unwrap_or_else(|| "the import failed".to_owned()))),
        Status::Cancelled => Err(Error::new(Code::Conflict, "the import was cancelled; nothing was imported")),
        Status::Planned => Err(Error::new(
            Code::Conflict,
            "the account has changed since the plan was made, so nothing was imported; plan again",
        )),
        Status::Applied | Status::Applying | Status::Interrupted | Status::Undone => Ok(import),
    }
}
