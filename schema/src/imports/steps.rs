//! The steps of an import: planned, applied, undone and redone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use storage::import::{Announcement, Begun, Import, NewPlan, announce, announce_plan, end};
use storage::query::imports::{self as stored, Status};
use storage::{Error as StorageError, Writer};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::file::ImportFile;
use super::request::{ImportRequest, Ready};
use super::run::{self, Done, Meter};
use super::running::{Found, Task, Wanted};
use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::receipts::{Receipt, UndoReport};
use crate::session::Session;
use crate::transfer;

/// How long an import waits on SQLite while another process writes.
const PATIENCE: Duration = Duration::from_hours(1);

/// How long whoever waits for an import that has failed waits until that is noted down.
const NOTED_WITHIN: Duration = Duration::from_secs(5);

/// How long it waits until it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest name that a client may give a request.
const LONGEST_KEY: usize = 255;

/// Whether a plan stays, to be applied later.
pub enum PlanFor {
    /// It stays with its file.
    Later,
    /// Nothing stays.
    Show,
}

impl Session {
    /// Imports a file. Whoever asks for the same while it runs, from whatever process, gets the same receipt; with an idempotency key
    /// also later. It goes on when nobody waits for it any more.
    ///
    /// Errors: `FORBIDDEN` for readers, `UNSUPPORTED` with what would do, `INVALID` where the file as a whole cannot be
    /// read, with the place; nothing is imported then.
    pub async fn import(&self, request: ImportRequest, file: ImportFile, key: Option<String>) -> Result<Receipt> {
        let writer = self.writer(Right::Records)?;
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
            return Err(Error::invalid(format!("an idempotency key has 1 to {LONGEST_KEY} characters")));
        }
        let ready = self.ready(request, &file).await?;
        let fingerprint = ready.fingerprint(&file, self.user().id);
        let wanted = Wanted {
            account: self.account().account_id,
            fingerprint: Some(fingerprint.clone()),
            key: key.clone(),
            id: None,
        };
        let outcome = match self.engine().running.join_or_begin(wanted) {
            Found::Runs(task) => task.outcome().await,
            Found::Mine(lease) => {
                let task = Arc::clone(lease.task());
                let announcement = Announcement {
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
                };
                let work = Work { session: self.clone(), writer, task: Arc::clone(&task) };
                tokio::spawn(async move {
                    let outcome = work.direct(&announcement, &ready, &file).await;
                    lease.end(outcome);
                });
                task.outcome().await
            }
        };
        self.receipt_of(outcome?).await
    }

    /// What an import of a file would do now. Errors: as [`Session::import`].
    pub async fn plan(&self, request: ImportRequest, file: ImportFile, plan: PlanFor) -> Result<Receipt> {
        // Before the rehearsal, which holds the one writer of SQLite.
        let upload = match plan {
            PlanFor::Later => {
                self.writer(Right::Records)?;
                Some(self.keep_file(&file).await?)
            }
            PlanFor::Show => None,
        };
        let receipt = self.rehearse(request, file, upload).await;
        if let (Err(_), Some(upload)) = (&receipt, upload) {
            storage::query::uploads::discard(&self.writer(Right::Records)?, upload).await?;
        }
        receipt
    }

    /// What an import of an upload would do now; the plan stays. Errors: as [`Session::import`], `NOT_FOUND`.
    pub async fn plan_upload(&self, request: ImportRequest, upload: &str) -> Result<Receipt> {
        self.writer(Right::Records)?;
        let unknown = || Error::new(Code::NotFound, "there is no such upload");
        let upload = Kind::Upload.parse(upload).ok_or_else(unknown)?;
        let file = self.upload(upload).await?;
        self.rehearse(request, file, Some(upload)).await
    }

    async fn rehearse(&self, request: ImportRequest, file: ImportFile, upload: Option<Uuid>) -> Result<Receipt> {
        let writer = self.writer(Right::Records)?;
        let ready = self.ready(request, &file).await?;
        let _turn = self.turn().await?;
        let import = loop {
            match Import::rehearse(&writer, ready.policy.clone()).await {
                Err(StorageError::Unavailable(_)) if self.engine().storage.is_sqlite() => {
                    tokio::time::sleep(PAUSE).await;
                }
                begun => break begun?,
            }
        };
        let meter = Meter::new(None, writer.clone(), &file);
        let Done { import, summary, errors, hash, first } = run::read(self, &ready, &file, import, meter).await?;
        let Some(upload) = upload else {
            import.abandon().await;
            let fields = self.field_names().await?;
            return transfer::imports::dry_run(summary, errors, hash, first, &fields);
        };
        let plan = NewPlan { request: ready.json, hash, upload: Some(upload), summary };
        let plan = import.keep_plan(&writer, plan).await?;
        self.receipt_of(plan).await
    }

    /// Does what a plan says. Done once: whoever asks again gets the same receipt.
    ///
    /// Errors: `NOT_FOUND`, `CONFLICT` for another hash, and with what has changed where the account is not what the plan stands on:
    /// nothing is imported then.
    pub async fn apply(&self, id: &str, hash: &str) -> Result<Receipt> {
        let writer = self.writer(Right::Records)?;
        let id = self.past_import(id).await?.id;
        let wanted = Wanted { account: self.account().account_id, fingerprint: None, key: None, id: Some(id) };
        let outcome = match self.engine().running.join_or_begin(wanted) {
            Found::Runs(task) => task.outcome().await,
            Found::Mine(lease) => {
                let task = Arc::clone(lease.task());
                let (work, hash) = (Work { session: self.clone(), writer, task: Arc::clone(&task) }, hash.to_owned());
                tokio::spawn(async move {
                    let outcome = work.planned(id, &hash).await;
                    lease.end(outcome);
                });
                task.outcome().await
            }
        };
        self.receipt_of(outcome?).await
    }

    /// Takes an import back. Errors: `NOT_FOUND`, `CONFLICT` for one that is not applied.
    pub async fn undo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.writer(Right::Records)?, self.past_import(id).await?.id);
        let _turn = self.turn().await?;
        // It goes on when nobody waits for it any more.
        let undone = tokio::spawn(async move { storage::import::undo(&writer, id).await }).await;
        self.report(undone.map_err(Error::internal)??).await
    }

    /// What taking an import back would do now. Errors: as [`Session::undo`].
    pub async fn preview_undo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.writer(Right::Records)?, self.past_import(id).await?.id);
        let _turn = self.turn().await?;
        self.report(storage::import::preview_undo(&writer, id).await?).await
    }

    /// Puts an undone import back. Errors: `NOT_FOUND`, `CONFLICT` for one that is not undone.
    pub async fn redo(&self, id: &str) -> Result<UndoReport> {
        let (writer, id) = (self.writer(Right::Records)?, self.past_import(id).await?.id);
        let _turn = self.turn().await?;
        let redone = tokio::spawn(async move { storage::import::redo(&writer, id).await }).await;
        self.report(redone.map_err(Error::internal)??).await
    }

    /// Waits until this process imports nothing else.
    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.engine().imports).acquire_owned().await.map_err(Error::internal)
    }
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
        let file = self.session.upload(upload).await.map_err(|error| match error.code {
            Code::NotFound => gone(),
            _ => error,
        })?;
        let ready = self.session.ready_again(&plan.request, &file).await?;
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
        let _turn = tokio::select! {
            turn = self.session.turn() => turn?,
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
