//! Keeps the snapshot fresh: when files change, on SIGHUP, and when the policy's validity ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use notify::Watcher as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::load::{Loaded, Loader};
use crate::config::Config;
use crate::console;
use crate::gateway::Gate;
use crate::gateway::tls::Identity;
use crate::model::Word;
use crate::model::entry::{Entry, PolicyLoaded};

/// Time in which several changes of files count as one: editors write in steps.
const SETTLE: Duration = Duration::from_millis(200);
/// Longest time between two looks at the policy's validity and the log's health.
const LOOK: Duration = Duration::from_secs(5);

/// What health and readiness are told from.
#[derive(Debug)]
pub struct Status {
    gate: Arc<Gate>,
    rejected: Mutex<Option<String>>,
    draining: AtomicBool,
}

impl Status {
    /// The status of a gate.
    pub fn new(gate: Arc<Gate>) -> Self {
        Self { gate, rejected: Mutex::new(None), draining: AtomicBool::new(false) }
    }

    fn set_rejected(&self, problem: Option<String>) {
        *self.rejected.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = problem;
    }

    /// Brings the gauges up to date.
    fn observe(&self) {
        let telemetry = &self.gate.telemetry;
        telemetry.audit(self.gate.audit.head().size, self.gate.audit.healthy());
        for backend in self.gate.snapshot().pool.backends() {
            telemetry.backend_up(backend.name(), backend.available());
        }
    }
}

impl console::Facts for Status {
    fn metrics(&self) -> String {
        self.observe();
        self.gate.telemetry.page()
    }

    fn readiness(&self) -> console::Readiness {
        let snapshot = self.gate.snapshot();
        let backends = snapshot.pool.backends().map(|backend| (backend.name().clone(), backend.available())).collect();
        let policy = &snapshot.policy;
        console::Readiness {
            draining: self.draining.load(Ordering::Relaxed),
            audit: self.gate.audit.healthy(),
            policy: format!("{} version {}", policy.name(), policy.version()),
            policy_digest: policy.digest().to_string(),
            policy_valid_until: policy.valid_until().map(|until| until.to_string()),
            rejected: self.rejected.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
            backends,
        }
    }
}

/// Watches the files that reload.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: Option<notify::RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
}

impl Watch {
    /// Begins to watch what a configuration names. It begins before the files are read for use, so that no change falls
    /// between the two.
    pub(super) fn begin(config: &Config, path: &Path) -> Self {
        let (changed, changes) = mpsc::channel(1);
        let watcher = Self::watcher(config, path, changed);
        if watcher.is_none() {
            tracing::warn!("Files are not watched: send SIGHUP after a change");
        }
        Self { watcher, changes }
    }

    /// Watches the folders, not the files: editors replace files, and a watch on the old one sees nothing.
    fn watcher(config: &Config, path: &Path, changed: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // A full channel means that a reload is due anyway.
                changed.try_send(()).unwrap_or_default();
            }
        })
        .ok()?;
        let mut folders: Vec<PathBuf> = vec![config.policy_folder.clone()];
        folders.extend(path.parent().map(PathBuf::from));
        let pair = config.listen.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
        folders.extend(pair.filter_map(|file| file.parent().map(PathBuf::from)));
        folders.sort();
        folders.dedup();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            let recursive = folder == config.policy_folder;
            let mode = if recursive { notify::RecursiveMode::Recursive } else { notify::RecursiveMode::NonRecursive };
            watcher.watch(&folder, mode).ok()?;
        }
        Some(watcher)
    }

    /// Waits for a change; for ever where files are not watched.
    async fn changed(&mut self) {
        if self.watcher.is_none() || self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// The task that reloads.
#[derive(Debug)]
pub(super) struct Keeper {
    loader: Loader,
    config: Config,
    watch: Watch,
    identity: Option<Arc<Identity>>,
    status: Arc<Status>,
    stop: CancellationToken,
    /// Ends the health checks of the pool in force.
    watching: CancellationToken,
}

impl Keeper {
    pub(super) fn new(
        (loader, config, watch): (Loader, Config, Watch),
        identity: Option<Arc<Identity>>,
        status: Arc<Status>,
        stop: CancellationToken,
    ) -> Self {
        let watching = stop.child_token();
        Self { loader, config, watch, identity, status, stop, watching }
    }

    /// Starts the task.
    pub(super) fn spawn(self, tasks: &TaskTracker) {
        self.status.gate.snapshot().pool.spawn_health(tasks, &self.watching);
        tasks.spawn(self.run(tasks.clone()));
    }

    async fn run(mut self, tasks: TaskTracker) {
        let mut hangup = signal(SignalKind::hangup()).ok();
        loop {
            let asked = async {
                match hangup.as_mut() {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = asked => {}
                () = self.watch.changed() => {
                    tokio::time::sleep(SETTLE).await;
                    // What came while we waited belongs to the same change.
                    while self.watch.changes.try_recv().is_ok() {}
                }
                () = tokio::time::sleep(LOOK) => {
                    self.status.observe();
                    if !self.expired() {
                        continue;
                    }
                }
            }
            self.reload(&tasks).await;
        }
        self.status.draining.store(true, Ordering::Relaxed);
    }

    fn expired(&self) -> bool {
        let until = self.status.gate.snapshot().policy.valid_until();
        until.is_some_and(|until| until <= self.status.gate.now())
    }

    async fn reload(&mut self, tasks: &TaskTracker) {
        let mut rejected = Vec::new();
        if let (Some(files), Some(identity)) = (&self.config.listen.tls, &self.identity) {
            let problem = identity.reload(&files.certificate, &files.key).err().map(|error| error.to_string());
            self.status.gate.telemetry.reloaded("certificate", problem.as_deref());
            rejected.extend(problem);
        }
        let gate = &self.status.gate;
        let before = gate.snapshot();
        let loader = self.loader.clone();
        let from = Arc::clone(&before);
        let loaded = tokio::task::spawn_blocking(move || loader.load(Some(&from))).await;
        let problem = match loaded {
            Ok(Ok(Loaded { snapshot, .. })) => {
                match super::in_force(gate, &snapshot).await {
                    Ok(()) => {
                        // A backend that both pools share is watched once.
                        self.watching.cancel();
                        self.watching = self.stop.child_token();
                        snapshot.pool.spawn_health(tasks, &self.watching);
                        gate.replace(snapshot);
                        None
                    }
                    // A policy that cannot be recorded does not come into force.
                    Err(error) => Some(error.to_string()),
                }
            }
            Ok(Err(problems)) => Some(problems.to_string()),
            Err(_) => Some("the load failed inside".to_owned()),
        };
        gate.telemetry.reloaded("policy", problem.as_deref());
        if problem.is_some() {
            let entry = PolicyLoaded { in_force: false, policy: None, inventory: None, name: None::<Word> };
            gate.audit.append(Entry::Policy(entry)).await.map(drop).unwrap_or_default();
        }
        rejected.extend(problem);
        self.status.set_rejected((!rejected.is_empty()).then(|| rejected.join("\n\n")));
    }
}
