//! Keeps the snapshot fresh: when files change, on SIGHUP, and when the policy's validity ends.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use notify::Watcher as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::archive::Archive;
use super::load::{self, Loaded, Loader, Problems, Rejection};
use super::{Status, freeze, in_force};
use crate::config::Config;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::tls::Identity;
use crate::model::Word;
use crate::model::entry::{Entry, PolicyLoaded, Reloaded};

/// Time in which several changes of files count as one: editors write in steps.
const SETTLE: Duration = Duration::from_millis(200);
/// Longest time between two looks at the policy's validity and the log's health.
const LOOK: Duration = Duration::from_secs(5);

/// How a file was when it was looked at: a replaced file has another number, an edited one another time or length. Through
/// links, since folders of secrets are replaced by moving a link. Nothing where there is no file.
type Seen = Option<(u64, i64, i64, u64)>;

/// What to watch: the policy folders with all that is in them, and files.
#[derive(Debug)]
struct Watched {
    policies: Vec<PathBuf>,
    files: Vec<PathBuf>,
    seen: Vec<Seen>,
}

impl Watched {
    fn of(config: &Config, path: &Path) -> Self {
        let mut files = vec![path.to_owned(), config.root_key.clone()];
        files.extend(config.files.iter().cloned());
        let seen = files.iter().map(|file| seen(file)).collect();
        // Events tell absolute paths.
        let absolute = |folder: &PathBuf| std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        Self { policies: policies(config).map(absolute).collect(), files, seen }
    }

    /// Whether an event of a watched folder is about something that is read. The state of a run (`client.env`, a log) may lie
    /// beside the configuration.
    fn concerns(&mut self, event: &notify::Event) -> bool {
        let now: Vec<Seen> = self.files.iter().map(|file| seen(file)).collect();
        let changed = now != self.seen;
        self.seen = now;
        changed
            || event.need_rescan()
            || event.paths.iter().any(|path| self.policies.iter().any(|policy| path.starts_with(policy)))
    }
}

/// The folder of the policy, and that of the candidate beside it.
fn policies(config: &Config) -> impl Iterator<Item = &PathBuf> {
    [&config.policy_folder].into_iter().chain(&config.shadow)
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
        let mut folders: Vec<PathBuf> = policies(config).cloned().collect();
        // A policy folder that is replaced as a whole is another folder: its parent tells.
        folders.extend(policies(config).filter_map(|folder| folder.parent().map(PathBuf::from)));
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
            let recursive = policies(config).any(|policy| *policy == folder);
            let mode = if recursive { notify::RecursiveMode::Recursive } else { notify::RecursiveMode::NonRecursive };
            // One that is not there now, or goes while it is looked at, is told of by its parent.
            let watched = watcher.watch(&folder, mode);
            if folder.exists() {
                watched.ok()?;
            }
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
    /// What was refused last, so that one refusal found again every few seconds is recorded once.
    refused: Option<String>,
}

/// Why the files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Files,
    Signal,
    Expiry,
}

impl Cause {
    const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Signal => "signal",
            Self::Expiry => "expiry",
        }
    }
}

impl Keeper {
    pub(super) fn new(
        (loader, config, watch): (Loader, Config, Watch),
        identity: Option<Arc<Identity>>,
        status: Arc<Status>,
        stop: CancellationToken,
    ) -> Self {
        let watching = stop.child_token();
        Self { loader, config, watch, identity, status, stop, watching, refused: None }
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
            let cause = tokio::select! {
                () = self.stop.cancelled() => break,
                () = asked => Cause::Signal,
                () = self.watch.changed() => {
                    tokio::time::sleep(SETTLE).await;
                    // What came while we waited belongs to the same change.
                    while self.watch.changes.try_recv().is_ok() {}
                    Cause::Files
                }
                () = tokio::time::sleep(LOOK) => {
                    self.status.observe();
                    self.end_freeze().await;
                    if !self.expired() {
                        continue;
                    }
                    Cause::Expiry
                }
            };
            // What was watched may have been replaced; begun before the files are read, so that no change falls between.
            self.watch = Watch::begin(&self.config, self.loader.path());
            self.reload(cause, &tasks).await;
        }
        self.status.draining.store(true, Ordering::Relaxed);
    }

    fn expired(&self) -> bool {
        let until = self.status.gate.snapshot().policy.valid_until();
        until.is_some_and(|until| until <= self.status.gate.now())
    }

    async fn reload(&mut self, cause: Cause, tasks: &TaskTracker) {
        let mut rejected = Vec::new();
        let certificate = self.certificate(&mut rejected);
        let gate = Arc::clone(&self.status.gate);
        let before = gate.snapshot();
        let (loader, from) = (self.loader.clone(), Arc::clone(&before));
        let loaded = tokio::task::spawn_blocking(move || loader.load(Some(&from))).await;
        let inside = || Rejection { reason: "inside", problems: Problems(vec!["the load failed inside".to_owned()]) };
        let refused = match loaded.unwrap_or_else(|_| Err(inside())) {
            Ok(loaded) => match in_force::record(&gate, &loaded, cause.name(), Some(&before)).await {
                Ok(()) => {
                    in_force::freeze(&gate, before.freeze.as_ref(), &loaded.beside.freeze).await;
                    rejected.extend(loaded.beside.problems());
                    self.put_in_force(loaded, tasks);
                    None
                }
                // A policy that cannot be recorded does not come into force.
                Err(error) => Some(Rejection { reason: "record", problems: Problems(vec![error.to_string()]) }),
            },
            Err(refused) => Some(refused),
        };
        gate.telemetry.reloaded("policy", refused.as_ref().map(ToString::to_string).as_deref());
        let unchanged = gate.snapshot().policy.digest() == before.policy.digest();
        let policy = match &refused {
            Some(_) => "refused",
            None if unchanged => "unchanged",
            None => "in-force",
        };
        if let Some(refused) = &refused {
            // An emergency does not wait for sheets that can be read.
            rejected.extend(self.freeze_alone(&before).await);
            self.refuse(cause, refused).await;
        } else {
            self.refused = None;
        }
        if cause != Cause::Expiry || refused.is_none() {
            let entry = Reloaded { cause: Word::fixed(cause.name()), policy: Word::fixed(policy), certificate };
            gate.audit.append(Entry::Reload(entry)).await.map(drop).unwrap_or_default();
        }
        rejected.extend(refused.map(|refused| refused.to_string()));
        self.status.set_rejected(&rejected);
        self.status.observe();
    }

    /// Reads the certificate again, and says in a word how that went.
    fn certificate(&self, rejected: &mut Vec<String>) -> Option<Word> {
        let (Some(files), Some(identity)) = (&self.config.listen.tls, &self.identity) else { return None };
        let problem = identity.reload(&files.certificate, &files.key).err().map(|error| error.to_string());
        self.status.gate.telemetry.reloaded("certificate", problem.as_deref());
        self.status.gate.telemetry.certificate_valid_until(identity.valid_until());
        let word = if problem.is_none() { "in-force" } else { "refused" };
        rejected.extend(problem);
        Some(Word::fixed(word))
    }

    fn put_in_force(&mut self, loaded: Loaded, tasks: &TaskTracker) {
        // A backend that both pools share is watched once.
        self.watching.cancel();
        self.watching = self.stop.child_token();
        loaded.snapshot.pool.spawn_health(tasks, &self.watching);
        self.status.gate.replace(loaded.snapshot);
        self.config = loaded.config;
    }

    /// Records a refusal; the same one found again because a validity has ended is recorded once.
    async fn refuse(&mut self, cause: Cause, refused: &Rejection) {
        let text = refused.to_string();
        if cause == Cause::Expiry && self.refused.as_ref() == Some(&text) {
            return;
        }
        self.refused = Some(text);
        let entry = Entry::Policy(Box::new(PolicyLoaded::refused(cause.name(), refused.reason)));
        self.status.gate.audit.append(entry).await.map(drop).unwrap_or_default();
    }

    /// Takes up a freeze, or its end, under the policy that stays in force. Returns what is wrong with the order.
    async fn freeze_alone(&self, before: &Arc<Snapshot>) -> Option<String> {
        let config = self.config.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let archive = Archive::of(&config.audit_folder);
            let state = archive.state();
            let nothing = super::archive::State::default();
            let look = load::look(&config, state.as_ref().unwrap_or(&nothing));
            (look, archive, state)
        });
        let Ok((look, archive, state)) = looked.await else {
            return Some("looking for a freeze failed inside".to_owned());
        };
        let gate = &self.status.gate;
        // An order holds whether or not it can be remembered; where nothing is known of those before, none of them ends.
        if look.freeze.is_none() && state.is_err() {
            return state.err();
        }
        if look.freeze != before.freeze {
            gate.replace(Arc::new(Snapshot { freeze: look.freeze.clone(), ..Snapshot::clone(before) }));
        }
        in_force::freeze(gate, before.freeze.as_ref(), &look).await;
        let refused = look.refused.map(|(_, problem)| problem);
        let remembered = match state {
            Ok(state) if state.freeze == look.remember => Ok(()),
            Ok(state) => {
                let state = super::archive::State { freeze: look.remember, ..state };
                let written = tokio::task::spawn_blocking(move || archive.set_state(&state)).await;
                written.map_err(std::io::Error::other).flatten().map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        refused.or_else(|| remembered.err())
    }

    /// Records that a freeze has ended by itself. It stopped counting at its very end; this makes it known.
    async fn end_freeze(&self) {
        let gate = &self.status.gate;
        let before = gate.snapshot();
        let Some(freeze) = before.freeze.as_ref().filter(|freeze| freeze.until <= gate.now()) else { return };
        in_force::freeze(gate, Some(freeze), &freeze::Look::default()).await;
        gate.replace(Arc::new(Snapshot { freeze: None, ..Snapshot::clone(&before) }));
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
        let mut watched = Watched { policies: vec![path("policies")], files, seen };
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
