//! Watches the files that a gateway was loaded from: its configuration, the policy folder, certificates and secrets.
//!
//! A file that somebody is still writing is waited for: the first half of a sheet is a sheet, with fewer rules.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::Watcher as _;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::limits;

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
        for folder in policies(config) {
            linked(folder, limits::POLICY_FOLDERS_DEEP, &mut files);
        }
        let seen = files.iter().map(|file| seen(file)).collect();
        // Events tell absolute paths.
        let absolute = |folder: &PathBuf| std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        Self { policies: policies(config).map(absolute).collect(), files, seen }
    }

    /// Whether a file is one that is read. What editors keep beside it is not: a swap file is open as long as they are.
    fn is_read(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of_policy = !name.starts_with(['.', '#']) && READ.iter().any(|ending| name.ends_with(ending));
        let policy = || self.policies.iter().any(|policy| path.starts_with(policy));
        of_policy && policy() || self.files.iter().any(|file| std::path::absolute(file).is_ok_and(|file| file == path))
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

/// What the names of files of a policy folder that are read end with.
const READ: [&str; 3] = [".policy", ".toml", ".json"];
/// Links that lead from one to the next.
const LINKS_MAX: usize = 8;

/// Adds the links on the way to a file, and where the last one leads.
fn followed(path: &Path, files: &mut Vec<PathBuf>) {
    let mut next = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Some(link) = next.ancestors().find(|part| part.is_symlink()).map(Path::to_owned) else { break };
        let (Ok(target), Ok(rest)) = (std::fs::read_link(&link), next.strip_prefix(&link)) else { break };
        let target = link.parent().unwrap_or_else(|| Path::new("")).join(target);
        let onward = if rest.as_os_str().is_empty() { target } else { target.join(rest) };
        files.push(std::mem::replace(&mut next, onward));
        files.push(link);
    }
    files.extend(std::fs::canonicalize(&next).ok());
}

/// Adds where the links in a folder lead: a change there is told of nowhere else.
fn linked(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            followed(&path, files);
        }
        if deep > 0 && path.is_dir() {
            linked(&path, deep - 1, files);
        }
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

/// The files that somebody has begun to write and not closed, as far as events tell.
#[derive(Debug, Clone, Default)]
struct Unfinished(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Unfinished {
    fn note(&self, event: &notify::Event) {
        let mut paths = self.paths();
        for path in &event.paths {
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) => drop(paths.insert(path.clone())),
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(_))
                | EventKind::Remove(_) => drop(paths.remove(path)),
                _ => {}
            }
        }
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a change in a while.
#[derive(Debug)]
pub(super) enum Settling {
    /// Something else has changed.
    Moved,
    /// Somebody is writing this.
    Writing(PathBuf),
    /// Nothing more has come.
    Done,
}

/// Watches the files that reload.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: Option<notify::RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
    unfinished: Unfinished,
}

impl Watch {
    /// Begins to watch what a configuration names. It begins before the files are read for use, so that no change falls
    /// between the two.
    pub(super) fn begin(config: &Config, path: &Path) -> Self {
        Self::with(config, path, Unfinished::default())
    }

    /// Watches what a configuration names now. This one goes on until that has begun, so that nothing is missed.
    pub(super) fn again(&self, config: &Config, path: &Path) -> Self {
        Self::with(config, path, self.unfinished.clone())
    }

    fn with(config: &Config, path: &Path, unfinished: Unfinished) -> Self {
        let (changed, changes) = mpsc::channel(1);
        let watcher = Self::watcher(config, path, (changed, unfinished.clone()));
        if watcher.is_none() {
            tracing::warn!("Files are not watched: send SIGHUP after a change");
        }
        Self { watcher, changes, unfinished }
    }

    /// Watches the folders, not the files: editors replace files, and a watch on the old one sees nothing.
    fn watcher(
        config: &Config,
        path: &Path,
        (changed, unfinished): (mpsc::Sender<()>, Unfinished),
    ) -> Option<notify::RecommendedWatcher> {
        let mut watched = Watched::of(config, path);
        let mut folders: Vec<PathBuf> = policies(config).cloned().collect();
        // A policy folder that is replaced as a whole is another folder: its parent tells.
        folders.extend(policies(config).filter_map(|folder| folder.parent().map(PathBuf::from)));
        folders.extend(watched.files.iter().filter_map(|file| file.parent().map(PathBuf::from)));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.paths.iter().any(|path| watched.is_read(path)) {
                unfinished.note(&event);
            }
            if !event.kind.is_access() && watched.concerns(&event) {
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
    pub(super) async fn changed(&mut self) {
        if self.watcher.is_none() || self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits a while, and says what became of a change meanwhile: what came belongs to it.
    pub(super) async fn settling(&mut self, quiet: Duration) -> Settling {
        tokio::time::sleep(quiet).await;
        if self.changes.try_recv().is_ok() {
            return Settling::Moved;
        }
        let writing = self.unfinished.paths().iter().next().cloned();
        writing.map_or(Settling::Done, Settling::Writing)
    }

    /// Waits no longer for those who write.
    pub(super) fn give_up(&self) {
        self.unfinished.paths().clear();
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
