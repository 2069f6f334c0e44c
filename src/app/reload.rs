//! Keeps the snapshot fresh: when files change, on SIGHUP, and when the policy's validity ends.

use std::os::unix::fs::MetadataExt as _;
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
        telemetry.body_bytes(self.gate.budget.bytes(), self.gate.budget.bound());
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

/// How a file was when it was looked at: a replaced file has another number, an edited one another time or length. Through
/// links, since folders of secrets are replaced by moving a link. Nothing where there is no file.
type Seen = Option<(u64, i64, i64, u64)>;

/// What to watch: the policy folder with all that is in it, and files.
#[derive(Debug)]
struct Watched {
    policy: PathBuf,
    files: Vec<PathBuf>,
    seen: Vec<Seen>,
}

impl Watched {
    fn of(config: &Config, path: &Path) -> Self {
        let mut files = vec![path.to_owned(), config.root_key.clone()];
        files.extend(config.files.iter().cloned());
        let seen = files.iter().map(|file| seen(file)).collect();
        // Events tell absolute paths.
        let policy = std::path::absolute(&config.policy_folder).unwrap_or_else(|_| config.policy_folder.clone());
        Self { policy, files, seen }
    }

    /// Whether an event of a watched folder is about something that is read. The state of a run (`client.env`, a log) may lie
    /// beside the configuration.
    fn concerns(&mut self, event: &notify::Event) -> bool {
        let now: Vec<Seen> = self.files.iter().map(|file| seen(file)).collect();
        let changed = now != self.seen;
        self.seen = now;
        changed || event.need_rescan() || event.paths.iter().any(|path| path.starts_with(&self.policy))
    }
}

fn seen(path: &Path) -> Seen {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
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
        let mut watched = Watched::of(config, path);
        let mut folders: Vec<PathBuf> = vec![config.policy_folder.clone()];
        folders.extend(watched.files.iter().filter_map(|file| file.parent().map(PathBuf::from)));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access() && watched.concerns(&event)) {
                // A full channel means that a reload is due anyway.
                changed.try_send(()).unwrap_or_default();
            }
        })
        .ok()?;
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
            self.status.gate.telemetry.certificate_valid_until(identity.valid_until());
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes the files that are watched")]
mod tests {
    use notify::event::{CreateKind, EventKind};

    use super::*;

    /// What lies beside the configuration and is not read moves nothing; what is read does, through links too.
    #[test]
    fn only_what_is_read_counts_as_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| {
            std::fs::write(path(name), text).unwrap();
            notify::Event::new(EventKind::Create(CreateKind::File)).add_path(path(name))
        };
        for name in ["octroi.toml", "secrets-1", "secrets-2"] {
            write(name, "1");
        }
        std::os::unix::fs::symlink(path("secrets-1"), path("server.key")).unwrap();
        let files = vec![path("octroi.toml"), path("server.key"), path("not there yet")];
        let seen = files.iter().map(|file| seen(file)).collect();
        let mut watched = Watched { policy: path("policies"), files, seen };
        let mut step = |name: &str, event: notify::Event, concerns: bool| {
            assert_eq!(watched.concerns(&event), concerns, "{name}");
        };
        let about = |name: &str| notify::Event::new(EventKind::Any).add_path(path(name));
        step("a file of the run", write("client.env", "OPENAI_API_KEY=x"), false);
        step("the configuration", write("octroi.toml", "2 and more"), true);
        step("nothing since", write("client.env", "y"), false);
        std::os::unix::fs::symlink(path("secrets-2"), path("beside")).unwrap();
        std::fs::rename(path("beside"), path("server.key")).unwrap();
        step("a link that was moved", about("server.key"), true);
        step("what it pointed to", write("secrets-1", "2 and more"), false);
        step("what it points to", write("secrets-2", "2 and more"), true);
        step("a file that was missing", write("not there yet", ""), true);
        step("a pack", about("policies/packs/own.policy"), true);
        step("another folder", about("policies-old/main.policy"), false);
    }
}
