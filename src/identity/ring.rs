//! The ring of keys: those that were issued, in a file that the gateway, `octroi key` and the admin API share.
//!
//! ```text
//! callers.json        format, keys (hash, app, scopes, dates), changes that the log has not taken yet
//! callers.json.lock   whoever changes the file holds it; it says that the file was written once
//! callers.json.used   when each key was last used, to the minute; written about once a minute by the gateway
//! ```
//! A change is durable before anybody is told of it. It lies in `changes` until the log has it: a key that was issued counts
//! from then on, one that was revoked stops counting as soon as the file says so. What is in force is read from memory, and
//! the memory follows the file within a second; a file that cannot be read leaves everything as it was, loudly. A file that is
//! lost, or one of before, would give back what was revoked: the first is told by what lies beside it, the second by what is
//! known, and neither is taken up.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::file::{Change, Event, KeyFile};
use super::store::{self, Stamp};
use crate::limits;
use crate::model::{Spoken, Word};

/// Seconds by which the last use of a key may be older than it says.
const USED_STEP_S: i64 = 60;

/// The file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The system does not let us read or write it.
    #[error(
        "the keys in `{path}`: {error}\n  help: `[keys] callers` names a file that the gateway can read and write, with its folder"
    )]
    File {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It was there and is not any more.
    #[error(
        "the keys in `{path}` are gone\n  help: put the newest copy of the file back; until then a gateway that runs keeps what it knows, and none starts. To begin anew, and give back what was revoked of the keys in `octroi.toml`, remove `{path}.lock` and `{path}.used` too"
    )]
    Gone {
        /// The file.
        path: String,
    },
    /// It takes back what it said before.
    #[error(
        "the keys in `{path}` are older than those in force: `{key}` {what}\n  help: put the newest copy of the file back; until then the keys that were known stay in force, and those that were revoked stay revoked"
    )]
    Older {
        /// The file.
        path: String,
        /// Id of the key.
        key: String,
        /// What is missing of it.
        what: &'static str,
    },
    /// It does not say what it must.
    #[error("the keys in `{path}`: {what}\n  help: `octroi key` and the admin API write this file; put a copy back")]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// Whom a key proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    App(Word),
    Admin(Word),
}

/// A key, ready to be compared with what is presented.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: Word,
    pub(super) holder: Holder,
    pub(super) models: Option<Arc<[Word]>>,
    pub(super) apis: Option<Arc<[Spoken]>>,
    pub(super) purposes: Option<Vec<Word>>,
    expires: Option<Timestamp>,
    /// Revoked, or issued and not recorded yet.
    void: bool,
    used: Used,
}

impl Held {
    pub(super) fn is_in_force(&self, now: Timestamp) -> bool {
        !self.void && self.expires.is_none_or(|expires| now < expires)
    }

    pub(super) fn touch(&self, now: Timestamp) {
        touch(&self.used, now);
    }
}

/// When a key was last used, in seconds since the epoch; 0: not yet.
pub(super) type Used = Arc<AtomicI64>;

/// Notes a use, to the minute.
pub(super) fn touch(used: &Used, now: Timestamp) {
    let now = now.as_second();
    if now - used.load(Ordering::Relaxed) >= USED_STEP_S {
        used.store(now, Ordering::Relaxed);
    }
}

/// What is in force.
#[derive(Debug, Default)]
struct Table {
    file: KeyFile,
    by_hash: HashMap<[u8; 32], Held>,
    stamp: Option<Stamp>,
}

pub(super) fn table(file: &KeyFile, used: impl Fn(&str) -> Used) -> Result<HashMap<[u8; 32], Held>, String> {
    if file.keys.len() > limits::KEYS_MAX {
        return Err(format!("it holds more than {} keys", limits::KEYS_MAX));
    }
    let pending: Vec<&str> =
        file.changes.iter().filter(|change| change.event != Event::Revoked).map(|change| change.key.as_str()).collect();
    let words = |names: &Option<Vec<String>>| {
        names.as_ref().map(|names| names.iter().map(|name| Word::configured(name)).collect::<Vec<_>>())
    };
    let mut by_hash = HashMap::with_capacity(file.keys.len());
    let mut ids = std::collections::HashSet::with_capacity(file.keys.len());
    for (number, key) in (1..).zip(&file.keys) {
        let fault = |what: &str| Err(format!("key {number}: {what}"));
        let Some(hash) = super::parse_hash(&key.hash) else { return fault("its hash is none") };
        let holder = match (&key.app, &key.admin) {
            (Some(app), None) => Holder::App(Word::configured(app)),
            (None, Some(admin)) => Holder::Admin(Word::configured(admin)),
            _ => return fault("it is neither an app's nor an administrator's"),
        };
        if !ids.insert(key.id.as_str()) {
            return fault("its id stands twice");
        }
        let held = Held {
            id: Word::configured(&key.id),
            holder,
            models: words(&key.models).map(Arc::from),
            apis: key.apis.as_ref().map(|apis| apis.iter().map(|api| Spoken::read(api)).collect()),
            purposes: words(&key.purposes),
            expires: key.expires,
            void: key.revoked.is_some() || pending.contains(&key.id.as_str()),
            used: used(&key.id),
        };
        if by_hash.insert(hash, held).is_some() {
            return fault("its hash stands twice");
        }
    }
    Ok(by_hash)
}

/// The ring: what the file says, in memory.
#[derive(Debug)]
pub struct KeyRing {
    path: PathBuf,
    table: ArcSwap<Table>,
    /// When keys were last used, by id; outlives what is read anew.
    used: Mutex<HashMap<String, Used>>,
    /// Held while the file is read and taken up: what was read first is taken up first.
    reading: Mutex<()>,
}

impl KeyRing {
    /// Opens a file of keys; one that is not there yet is an empty ring.
    ///
    /// # Errors
    /// When the file is there and cannot be used.
    pub fn open(path: &Path) -> Result<Self, RingError> {
        let used = store::read_used(path).into_iter();
        let used = used.map(|(id, at)| (id, Arc::new(AtomicI64::new(at.as_second())))).collect();
        let ring =
            Self { path: path.to_owned(), table: ArcSwap::default(), used: Mutex::new(used), reading: Mutex::new(()) };
        ring.look()?;
        Ok(ring)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again if it is another than before; says whether it was.
    ///
    /// # Errors
    /// When it is gone or cannot be used: what was known stays in force.
    pub fn look(&self) -> Result<bool, RingError> {
        let _reading = lock(&self.reading);
        let (now, before) = (store::stamp(&self.path), self.table.load().stamp);
        if now == before && now.is_some() {
            return Ok(false);
        }
        match store::read(&self.path)? {
            Some((file, stamp)) => {
                self.may_follow(&file, &self.table.load().file)?;
                self.take_up(file, Some(stamp)).map(|()| true)
            }
            None if before.is_none() && !store::was_written(&self.path) => Ok(false),
            None => Err(RingError::Gone { path: self.path.display().to_string() }),
        }
    }

    /// Whether this ring may take the place of another, which had its own file: it must not give back what that took.
    ///
    /// # Errors
    /// The key that it would give back.
    pub fn may_replace(&self, before: &Self) -> Result<(), RingError> {
        self.may_follow(&self.table.load().file, &before.table.load().file)
    }

    fn may_follow(&self, file: &KeyFile, before: &KeyFile) -> Result<(), RingError> {
        let Some((key, what)) = file.gives_back(before) else { return Ok(()) };
        Err(RingError::Older { path: self.path.display().to_string(), key, what })
    }

    /// Changes the file; durable, and taken up, when this returns. Other processes wait meanwhile.
    ///
    /// # Errors
    /// What the change itself says, or the system.
    pub fn change<T, E: From<RingError>>(&self, edit: impl FnOnce(&mut KeyFile) -> Result<T, E>) -> Result<T, E> {
        let fault = |error| RingError::File { path: self.path.display().to_string(), error };
        let mut lock_file = store::lock(&self.path).map_err(fault)?;
        let _reading = lock(&self.reading);
        let mut file = match store::read(&self.path)? {
            Some((file, _)) => file,
            None if self.table.load().stamp.is_none() && !store::was_written(&self.path) => KeyFile::default(),
            None => return Err(RingError::Gone { path: self.path.display().to_string() }.into()),
        };
        self.may_follow(&file, &self.table.load().file)?;
        let made = edit(&mut file)?;
        table(&file, |_| Arc::default())
            .map_err(|what| RingError::Form { path: self.path.display().to_string(), what })?;
        let text = serde_json::to_string_pretty(&file).map_err(|error| fault(error.into()))?;
        store::write(&self.path, &text).map_err(fault)?;
        lock_file.mark().map_err(fault)?;
        self.take_up(file, store::stamp(&self.path))?;
        Ok(made)
    }

    fn take_up(&self, file: KeyFile, stamp: Option<Stamp>) -> Result<(), RingError> {
        let by_hash = table(&file, |id| self.used(id))
            .map_err(|what| RingError::Form { path: self.path.display().to_string(), what })?;
        self.table.store(Arc::new(Table { file, by_hash, stamp }));
        Ok(())
    }

    /// What the file says.
    pub fn file(&self) -> KeyFile {
        self.table.load().file.clone()
    }

    /// Changes that the log is yet to take.
    pub fn unrecorded(&self) -> Vec<Change> {
        self.table.load().file.changes.clone()
    }

    /// The log has taken these changes.
    ///
    /// # Errors
    /// What the system says.
    pub fn recorded(&self, changes: &[String]) -> Result<(), RingError> {
        self.change(|file| {
            file.changes.retain(|change| !changes.contains(&change.id));
            Ok(())
        })
    }

    /// Looks a presented hash up, and does something with what is known of it.
    pub(super) fn find<T>(&self, hash: &[u8; 32], then: impl FnOnce(&[u8; 32], &Held) -> T) -> Option<T> {
        let table = self.table.load();
        table.by_hash.get_key_value(hash).map(|(stored, held)| then(stored, held))
    }

    /// When a key was last used: what to note it in.
    pub(super) fn used(&self, id: &str) -> Used {
        Arc::clone(lock(&self.used).entry(id.to_owned()).or_default())
    }

    /// When each key was last used.
    pub fn last_used(&self) -> HashMap<String, Timestamp> {
        let used = lock(&self.used);
        let known = used.iter().filter_map(|(id, at)| {
            let at = Timestamp::from_second(at.load(Ordering::Relaxed)).ok()?;
            (at.as_second() > 0).then(|| (id.clone(), at))
        });
        known.collect()
    }

    /// Writes down when keys were last used. Called about once a minute, and not for each request. Nothing lies beside a file
    /// that was never written: it is written first.
    ///
    /// # Errors
    /// What the system says; nothing hangs on it.
    pub fn write_used(&self) -> std::io::Result<()> {
        let used = self.last_used();
        if used.is_empty() {
            return Ok(());
        }
        if self.table.load().stamp.is_none() {
            self.change(|_| Ok::<(), RingError>(())).map_err(std::io::Error::other)?;
        }
        store::write_used(&self.path, &used)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
