//! Looking at a running import, stopping it, and tidying up after those whose process is gone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use storage::import::{self, Phase, Progress, end, sweep};
use storage::query::imports::{self as stored, Status};
use storage::query::uploads;
use storage::{Actor, Timestamp};
use uuid::Uuid;

use super::handle::Imports;
use super::running::Task;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::id::{GlobalId, Kind};
use crate::permission::Right;
use crate::session::Session;

/// How often an import of another process is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How long whoever stops an import waits for it to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// How long the sweep waits for an account in which somebody imports.
const SWEEP_WITHIN: Duration = Duration::from_secs(15);

/// How long a file waits for its import, in microseconds.
const A_DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// How often the sweep goes round.
pub const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// The import.
    pub import: GlobalId,
    /// How far it is on the whole.
    pub status: Status,
    /// What it is doing.
    pub phase: Phase,
    /// How many bytes of the file are behind it.
    pub done: u64,
    /// How many the file has; 0 where that is not known.
    pub total: u64,
    /// How many rows are behind it.
    pub rows: u64,
}

impl ImportProgress {
    fn of(import: &stored::Import, progress: Progress) -> Self {
        let Progress { phase, done, total, rows } = progress;
        Self { import: Kind::Import.global(import.id), status: import.status, phase, done, total, rows }
    }
}

impl Imports<'_> {
    /// How far an import is, until it is done; a plan is looked at until somebody has applied it. Errors: `NOT_FOUND`.
    pub async fn watch(&self, id: &str) -> Result<impl Stream<Item = Result<ImportProgress>> + Send + use<>> {
        let id = self.get(id).await?.id;
        let look = Look { session: self.session().clone(), id, last: None, is_over: false };
        Ok(stream::try_unfold(look, async |mut look| Ok(look.next().await?.map(|progress| (progress, look)))))
    }

    /// How far an import is now; `None` for one that does not run.
    pub async fn progress(&self, import: &stored::Import) -> Result<Option<ImportProgress>> {
        if import.status != Status::Applying {
            return Ok(None);
        }
        let task = task_of(self.session(), import.id);
        Ok(Some(ImportProgress::of(import, progress_of(self.session(), import.id, task.as_deref()).await?)))
    }

    /// Stops an import that runs, or gives up a plan. Nothing of it is imported, unless it was quicker.
    ///
    /// Errors: `NOT_FOUND`, `CONFLICT` for one that is done, and on SQLite for one that another process runs.
    pub async fn cancel(&self, id: &str) -> Result<stored::Import> {
        let writer = self.session().writer(Right::Records)?;
        let import = self.get(id).await?;
        match import.status {
            Status::Planned | Status::Interrupted if task_of(self.session(), import.id).is_none() => {
                end(&writer, import.id, Status::Cancelled, None).await?;
            }
            Status::Planned | Status::Interrupted | Status::Applying => self.stop(import.id).await?,
            Status::Applied => {
                return Err(Error::new(Code::Conflict, "the import is done; it can be undone"));
            }
            Status::Failed | Status::Cancelled | Status::Undone => {
                return Err(Error::new(Code::Conflict, "the import does not run any more"));
            }
        }
        self.get(id).await
    }

    /// The id of an import of the account that this process runs.
    pub fn running(&self) -> Option<GlobalId> {
        let session = self.session();
        let id = session.engine().running.first(session.account().account_id)?;
        Some(Kind::Import.global(id))
    }

    async fn stop(&self, id: Uuid) -> Result<()> {
        if let Some(task) = task_of(self.session(), id) {
            task.cancel();
            // How it ended stands in its receipt.
            let _ = tokio::time::timeout(STOPS_WITHIN, task.outcome()).await;
            return Ok(());
        }
        let writer = self.session().writer(Right::Records)?;
        import::cancel(&writer, id).await?;
        // It waits for the account's turn, which whoever runs the import gives back; one who is gone has given it back.
        match tokio::time::timeout(STOPS_WITHIN, sweep(&writer)).await {
            Ok(Ok(())) => Ok(end(&writer, id, Status::Cancelled, None).await?),
            Ok(Err(storage::Error::Unavailable(_))) if self.session().engine().storage.is_sqlite() => {
                let message = "another process runs this import, and on SQLite it alone can stop it";
                Err(Error::new(Code::Conflict, message))
            }
            Ok(Err(error)) => Err(error.into()),
            // It is told, and stops as soon as it can.
            Err(_) => Ok(()),
        }
    }
}

/// The import, where this process runs it.
fn task_of(session: &Session, id: Uuid) -> Option<Arc<Task>> {
    session.engine().running.of(session.account().account_id, id)
}

/// How far an import is, as its task in this process knows or else as the process that runs it has told.
async fn progress_of(session: &Session, id: Uuid, task: Option<&Task>) -> Result<Progress> {
    Ok(match task {
        Some(task) => *task.progress().borrow(),
        None => import::progress(&session.reader(), id).await?.unwrap_or_default(),
    })
}

/// Somebody who looks at an import.
struct Look {
    session: Session,
    id: Uuid,
    last: Option<ImportProgress>,
    is_over: bool,
}

impl Look {
    /// What is new; nothing after the end.
    async fn next(&mut self) -> Result<Option<ImportProgress>> {
        if self.is_over {
            return Ok(None);
        }
        loop {
            // The task before the row: a task goes once its end is noted down. The other way round, an import that ends
            // in between would seem to run elsewhere, and fall back to what it noted down some rows ago.
            let task = task_of(&self.session, self.id);
            let Some(import) = stored::get(&self.session.reader(), self.id).await? else { return Ok(None) };
            let progress = progress_of(&self.session, self.id, task.as_deref()).await?;
            let runs = task.is_some() || matches!(import.status, Status::Applying | Status::Planned);
            let now = ImportProgress::of(&import, if runs { progress } else { whole(&import, progress) });
            self.is_over = !runs;
            if self.last.as_ref() != Some(&now) {
                self.last = Some(now.clone());
                return Ok(Some(now));
            }
            if self.is_over {
                return Ok(None);
            }
            match task {
                Some(task) => {
                    let mut changes = task.progress();
                    changes.mark_unchanged();
                    tokio::select! {
                        _ = changes.changed() => {}
                        _ = task.outcome() => {}
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

/// How far an import is that is done.
fn whole(import: &stored::Import, progress: Progress) -> Progress {
    match import.status {
        Status::Applied | Status::Undone => {
            Progress { phase: Phase::Ending, done: progress.total, rows: import.summary.counts.read, ..progress }
        }
        _ => progress,
    }
}

impl Engine {
    /// Notes down the imports whose process is gone, forgets files that nobody has imported within a day and plans that nobody has
    /// applied. What cannot be done now is done the next time.
    pub async fn sweep(&self) {
        if let Err(error) = self.sweep_running().await {
            tracing::warn!(%error, "Imports that were interrupted cannot be noted down now: {error}");
        }
        if let Err(error) = self.sweep_files().await {
            tracing::warn!(%error, "Old files cannot be forgotten now: {error}");
        }
    }

    async fn sweep_running(&self) -> storage::Result<()> {
        for account in stored::with_running(&self.storage).await? {
            // On SQLite it would wait for our own import.
            if self.storage.is_sqlite() && self.running.any() {
                continue;
            }
            let writer = self.storage.writer(account, Actor::System, self.now());
            match tokio::time::timeout(SWEEP_WITHIN, sweep(&writer)).await {
                Ok(Err(error)) if !error.is_unavailable() => return Err(error),
                // Somebody imports: the next time.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn sweep_files(&self) -> storage::Result<()> {
        let before = Timestamp::from_microseconds(self.now().microseconds() - A_DAY);
        for account in uploads::accounts_with_old(&self.storage, before).await? {
            let writer = self.storage.writer(account, Actor::System, self.now());
            for plan in stored::plans_before(&self.storage.reader(account), before).await? {
                let reason = "nobody has applied the plan within a day";
                end(&writer, plan, Status::Cancelled, Some(reason)).await?;
            }
            uploads::purge(&writer, before).await?;
        }
        Ok(())
    }
}
