//! Watches the files that a gateway was loaded from: its configuration, the policy folder, certificates and secrets.
//!
//! Events tell of a change at once; one that no event tells of, because a folder cannot be watched or its file system tells of
//! nothing, is seen by a look every few seconds. A file that somebody is still writing is waited for: the first half of a sheet is
//! a sheet, with fewer rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::Watcher as _;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::limits;

/// How a file was when it was looked at: a replaced file has another number, an edited one another time or length, and one that may
/// not be read another mode. Through links, since folders of secrets are replaced by moving a link. Nothing where there is no file.
type Seen = Option<(u64, u32, i64, i64, u64)>;

/// All that is read, as it was at one look.
type Looked = BTreeMap<PathBuf, Seen>;

/// What to watch: the policy folders with what is read in them, and files.
#[derive(Debug)]
struct Watched {
    policies: Vec<PathBuf>,
    /// Folders of candidates, some of them in policy folders.
    candidates: Vec<PathBuf>,
    files: Vec<PathBuf>,
    looked: Mutex<Looked>,
}

impl Watched {
    fn of(configs: &[Config], path: &Path) -> Self {
        let mut files = vec![path.to_owned()];
        files.extend(configs.iter().map(|config| config.root_key.clone()));
        files.extend(configs.iter().flat_map(|config| config.files.iter().cloned()));
        // Events tell absolute paths.
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        // A link may stand anywhere on the way to what is named, and in a policy folder.
        for path in files.clone().iter().chain(configs.iter().flat_map(policies)) {
            followed(&absolute(path), &mut files);
        }
        for folder in configs.iter().flat_map(policies) {
            linked(folder, limits::POLICY_FOLDERS_DEEP, &mut files);
        }
        let unique = |paths: BTreeSet<PathBuf>| paths.into_iter().collect();
        let watched = Self {
            policies: unique(configs.iter().flat_map(policies).map(absolute).collect()),
            candidates: configs.iter().flat_map(candidates).map(|folder| absolute(&folder)).collect(),
            files: unique(files.iter().map(absolute).collect()),
            looked: Mutex::default(),
        };
        watched.has_changed();
        watched
    }

    /// Whether anything that is read is another than at the last look.
    fn has_changed(&self) -> bool {
        let mut now: Looked = self.files.iter().map(|file| (file.clone(), seen(file))).collect();
        for policy in &self.policies {
            look_into(policy, limits::POLICY_FOLDERS_DEEP, &mut now);
        }
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *looked != now;
        *looked = now;
        changed
    }

    /// The folders whose events tell of what is read.
    fn folders(&self) -> BTreeSet<PathBuf> {
        // A folder that is replaced as a whole is another folder: its parent tells. Folders, not files: editors replace files, and a
        // watch on the old one sees nothing.
        let named = self.policies.iter().chain(&self.files).filter_map(|path| path.parent()).map(PathBuf::from);
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = looked.keys().filter(|path| path.is_dir()).cloned();
        named.chain(inside).collect()
    }

    /// Whether a file is one that is waited for while somebody writes it: one that decides. Half a candidate does no harm.
    fn is_waited_for(&self, path: &Path) -> bool {
        self.is_read(path) && !self.candidates.iter().any(|candidate| path.starts_with(candidate))
    }

    /// Whether a file is one that is read, by its name.
    fn is_read(&self, path: &Path) -> bool {
        self.files.iter().any(|file| file == path) || self.below_policy(path).is_some() && is_of_policy(path)
    }

    fn below_policy<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        self.policies.iter().find_map(|policy| path.strip_prefix(policy).ok())
    }

    /// Whether an event is about something that is read. The state of a run (`client.env`, a log) may lie beside the configuration,
    /// and notes and the history of versions beside the sheets.
    fn concerns(&self, event: &notify::Event) -> bool {
        let is_content = matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)));
        let is_hidden = |path: &PathBuf| {
            let below = self.below_policy(path).and_then(Path::parent);
            below.is_some_and(|below| below.iter().any(is_hidden_folder))
        };
        if event.need_rescan() || event.paths.iter().any(|path| self.is_read(path)) {
            self.has_changed();
            return true;
        }
        !is_content && !event.paths.iter().all(is_hidden) && self.has_changed()
    }
}

/// What the names of files of a policy folder that are read end with.
const READ: [&str; 4] = ["policy", "toml", "json", "list"];
/// Links that lead from one to the next.
const LINKS_MAX: usize = 8;

/// Whether a file of a policy folder is read, or looked at because it looks like one that is.
fn is_of_policy(path: &Path) -> bool {
    let ending = path.extension().map(|end| end.to_str());
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return true };
    let is_mark = name.starts_with(".#") || name.starts_with("._");
    !is_mark && ending.flatten().is_some_and(|end| READ.iter().any(|read| end.eq_ignore_ascii_case(read)))
}

fn is_hidden_folder(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Looks at a folder, the folders in it, and the files in it that are read. Of a folder only which it is and who may enter it counts:
/// its time changes with every note beside a sheet.
fn look_into(folder: &Path, deep: usize, looked: &mut Looked) {
    looked.insert(folder.to_owned(), seen(folder).map(|(number, mode, ..)| (number, mode, 0, 0, 0)));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if deep > 0 && !is_hidden_folder(&entry.file_name()) {
                look_into(&path, deep - 1, looked);
            }
        } else if is_of_policy(&path) {
            let seen = seen(&path);
            looked.insert(path, seen);
        }
    }
}

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
        if deep > 0 && path.is_dir() && !is_hidden_folder(&entry.file_name()) {
            linked(&path, deep - 1, files);
        }
    }
}

/// The folder of the policy, and that of the candidate beside it.
fn policies(config: &Config) -> impl Iterator<Item = &PathBuf> {
    [&config.policy_folder].into_iter().chain(&config.shadow)
}

/// Where a candidate may lie.
fn candidates(config: &Config) -> impl Iterator<Item = PathBuf> {
    [config.policy_folder.join(super::shadow::FOLDER)].into_iter().chain(config.shadow.clone())
}

fn seen(path: &Path) -> Seen {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.mode(), file.mtime(), file.mtime_nsec(), file.size()))
}

/// The files that somebody has begun to write and not closed, as far as events tell.
#[derive(Debug, Clone, Default)]
struct Unfinished(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Unfinished {
    fn note(&self, event: &notify::Event, is_waited_for: impl Fn(&Path) -> bool) {
        let mut paths = self.paths();
        for path in &event.paths {
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) if is_waited_for(path) => drop(paths.insert(path.clone())),
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => drop(paths.remove(path)),
                // With a folder goes what is in it.
                EventKind::Modify(ModifyKind::Name(_)) | EventKind::Remove(_) => {
                    paths.retain(|writing| !writing.starts_with(path));
                }
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
    watched: Arc<Watched>,
    /// Kept for its events.
    _watcher: Option<notify::RecommendedWatcher>,
    /// Folders whose events nobody tells of.
    unwatched: BTreeSet<PathBuf>,
    changes: mpsc::Receiver<()>,
    unfinished: Unfinished,
}

impl Watch {
    /// Begins to watch what configurations name. It begins before the files are read for use, so that no change falls between the two.
    pub(super) fn begin(configs: &[Config], path: &Path) -> Self {
        Self::with(configs, path, None)
    }

    /// Watches what configurations name now. This one goes on until that has begun, so that nothing is missed.
    pub(super) fn again(&self, configs: &[Config], path: &Path) -> Self {
        Self::with(configs, path, Some(self))
    }

    fn with(configs: &[Config], path: &Path, before: Option<&Self>) -> Self {
        let (changed, changes) = mpsc::channel(1);
        let unfinished = before.map(|before| before.unfinished.clone()).unwrap_or_default();
        let watched = Arc::new(Watched::of(configs, path));
        let (watcher, unwatched) = Self::watcher(&watched, (changed, unfinished.clone()));
        let told = |folder: &&PathBuf| before.is_some_and(|before| before.unwatched.contains(*folder));
        for folder in unwatched.iter().filter(|folder| !told(folder)) {
            tracing::warn!(
                folder = %folder.display(),
                every_s = super::reload::LOOK.as_secs(),
                "A folder cannot be watched: it is looked at now and then; after a change, SIGHUP is faster"
            );
        }
        Self { watched, _watcher: watcher, unwatched, changes, unfinished }
    }

    /// Watches folders, and says which cannot be watched.
    fn watcher(
        watched: &Arc<Watched>,
        (changed, unfinished): (mpsc::Sender<()>, Unfinished),
    ) -> (Option<notify::RecommendedWatcher>, BTreeSet<PathBuf>) {
        let (mut folders, own) = (watched.folders(), Arc::clone(watched));
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            unfinished.note(&event, |path| own.is_waited_for(path));
            if !event.kind.is_access() && own.concerns(&event) {
                // A full channel means that a reload is due anyway.
                changed.try_send(()).unwrap_or_default();
            }
        });
        let Ok(mut watcher) = watcher else { return (None, folders) };
        // One that is not there now, or goes while it is looked at, is told of by its parent.
        folders.retain(|folder| watcher.watch(folder, notify::RecursiveMode::NonRecursive).is_err() && folder.exists());
        (Some(watcher), folders)
    }

    /// Waits for a change that an event tells of; for ever where none does.
    pub(super) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether something has changed of which no event has told: a folder cannot be watched, or its file system tells of nothing.
    pub(super) async fn has_missed(&mut self) -> bool {
        let watched = Arc::clone(&self.watched);
        let changed = tokio::task::spawn_blocking(move || watched.has_changed()).await;
        // An event may have told meanwhile: it is one change.
        let changed = changed.unwrap_or(false);
        if changed {
            self.changes.try_recv().unwrap_or_default();
        }
        changed
    }

    /// Waits a while, and says what became of a change meanwhile: what came belongs to it.
    pub(super) async fn settling(&mut self, quiet: Duration) -> Settling {
        tokio::time::sleep(quiet).await;
        if self.changes.try_recv().is_ok() || self.has_missed().await {
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
        let (policies, candidates) = (vec![path("policies")], Vec::new());
        let watched = Watched { policies, candidates, files, looked: Mutex::default() };
        watched.has_changed();
        let step = |name: &str, event: notify::Event, concerns: bool| {
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

    type Change = fn(&Path);

    /// What no event tells of is seen by a look, once; a note beside the sheets is nothing to be seen.
    #[tokio::test]
    async fn what_no_event_tells_of_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("policies/packs")).unwrap();
        std::fs::write(path("policies/main.policy"), "1").unwrap();
        let watched = Watched {
            policies: vec![path("policies")],
            candidates: Vec::new(),
            files: vec![path("octroi.toml")],
            looked: Mutex::default(),
        };
        watched.has_changed();
        let (_changed, changes) = mpsc::channel(1);
        let (unwatched, unfinished) = (watched.folders(), Unfinished::default());
        let mut watch = Watch { watched: Arc::new(watched), _watcher: None, unwatched, changes, unfinished };
        let rows: [(&str, Change, bool); 6] = [
            ("nothing", |_| {}, false),
            ("a note", |folder| std::fs::write(folder.join("policies/notes.txt"), "1").unwrap(), false),
            ("a sheet", |folder| std::fs::write(folder.join("policies/main.policy"), "22").unwrap(), true),
            ("a pack", |folder| std::fs::write(folder.join("policies/packs/own.policy"), "1").unwrap(), true),
            ("an order", |folder| std::fs::write(folder.join("policies/freeze.json"), "{}").unwrap(), true),
            ("the configuration", |folder| std::fs::write(folder.join("octroi.toml"), "").unwrap(), true),
        ];
        for (name, change, seen) in rows {
            change(folder.path());
            assert_eq!(watch.has_missed().await, seen, "{name}");
            assert!(!watch.has_missed().await, "{name}, told twice");
        }
    }
}
