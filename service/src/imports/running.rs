//! The imports that this process runs: who asks for the same joins, looks on or stops it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use storage::import::Progress;
use storage::query::imports::Import;
use tokio::sync::watch;
use uuid::Uuid;

use crate::error::{Code, Error, Result};

/// The running imports of this process.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Vec<Arc<Task>>>>);

/// A running import.
pub(super) struct Task {
    account: Uuid,
    /// What tells that two imports are one; a plan has its id instead.
    fingerprint: Option<String>,
    key: Option<String>,
    /// Known once it is announced.
    id: OnceLock<Uuid>,
    progress: watch::Sender<Progress>,
    cancelled: watch::Sender<bool>,
    outcome: watch::Sender<Option<Result<Import>>>,
}

/// What is asked for.
pub(super) struct Wanted {
    pub(super) account: Uuid,
    pub(super) fingerprint: Option<String>,
    pub(super) key: Option<String>,
    pub(super) id: Option<Uuid>,
}

/// What somebody who asks for an import finds.
pub(super) enum Found {
    /// Nobody runs it: it is theirs, until the lease goes.
    Mine(Lease),
    /// It runs.
    Runs(Arc<Task>),
}

/// A task that is somebody's to run. Where it goes without an outcome, whoever ran it has panicked or was cut off.
pub(super) struct Lease {
    task: Arc<Task>,
    running: Running,
}

impl Running {
    /// The task for an import, or the one that does the same.
    pub(super) fn join_or_begin(&self, wanted: Wanted) -> Found {
        let mut tasks = self.lock();
        if let Some(task) = tasks.iter().find(|task| task.is(&wanted)) {
            return Found::Runs(Arc::clone(task));
        }
        let Wanted { account, fingerprint, key, id } = wanted;
        let id = id.map(OnceLock::from).unwrap_or_default();
        let (progress, cancelled, outcome) =
            (watch::Sender::new(Progress::default()), watch::Sender::new(false), watch::Sender::new(None));
        let task = Arc::new(Task { account, fingerprint, key, id, progress, cancelled, outcome });
        tasks.push(Arc::clone(&task));
        Found::Mine(Lease { task, running: self.clone() })
    }

    /// The task of an import.
    pub(super) fn of(&self, account: Uuid, id: Uuid) -> Option<Arc<Task>> {
        let tasks = self.lock();
        tasks.iter().find(|task| task.account == account && task.id.get() == Some(&id)).map(Arc::clone)
    }

    /// An import of an account that runs.
    pub(super) fn first(&self, account: Uuid) -> Option<Uuid> {
        self.lock().iter().filter(|task| task.account == account).find_map(|task| task.id.get().copied())
    }

    /// Whether this process imports anything.
    pub(super) fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Task>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task {
    /// Says which import it is.
    pub(super) fn identify(&self, id: Uuid) {
        // A second time it says the same.
        let _ = self.id.set(id);
    }

    /// Says how far it is.
    pub(super) fn report(&self, progress: Progress) {
        self.progress.send_replace(progress);
    }

    /// How far it is.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Asks it to stop.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Errors: where somebody has asked it to stop.
    pub(super) fn check(&self) -> Result<()> {
        if *self.cancelled.borrow() { Err(cancelled()) } else { Ok(()) }
    }

    /// Waits until somebody asks it to stop, and answers the error for that.
    pub(super) async fn stopped(&self) -> Error {
        // The sender is ours, so it is there.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
        cancelled()
    }

    /// Whether somebody has asked it to stop.
    pub(super) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Waits for its end.
    pub(super) async fn outcome(&self) -> Result<Import> {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended.map_err(Error::internal)?.clone().unwrap_or_else(|| Err(Error::internal("a task without an outcome")))
    }

    /// The same request; one with a name of its own is only itself.
    fn is(&self, wanted: &Wanted) -> bool {
        let Wanted { account, fingerprint, key, id } = wanted;
        let same = fingerprint.is_some() && self.fingerprint == *fingerprint && (key.is_none() || self.key == *key);
        self.account == *account && (same || id.is_some() && self.id.get() == id.as_ref())
    }
}

impl Lease {
    pub(super) fn task(&self) -> &Arc<Task> {
        &self.task
    }

    /// Tells everybody how it ended.
    pub(super) fn end(self, outcome: Result<Import>) {
        self.task.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.running.lock().retain(|task| !Arc::ptr_eq(task, &self.task));
        self.task.outcome.send_if_modified(|outcome| {
            let is_cut_off = outcome.is_none();
            if is_cut_off {
                *outcome = Some(Err(Error::unavailable("the import was cut off; nothing was imported")));
            }
            is_cut_off
        });
    }
}

fn cancelled() -> Error {
    Error::new(Code::Conflict, "the import was cancelled; nothing was imported")
}
