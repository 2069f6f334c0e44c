//! The log in segment files on a local disk: the front of it, where requests hand entries in.
//!
//! Entries are turned into canonical JSON on the caller's own thread; only numbering, hashing and writing are left to the
//! committer.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use octroi_verify::merkle::Hash;
use octroi_verify::note::VerifierKey;
use octroi_verify::segment::{BATCH_FRAME_BYTES, FRAME_HEAD_BYTES, HEADER_BYTES, ORIGIN_BYTES_MAX};
use tokio::sync::oneshot;

use super::body::{begun, first_entries, prepare, unfinished};
use super::committer::{Committer, now};
use super::key::KeyFile;
use super::log::{AuditError, AuditLog, BoxFuture, Head, Position, READ_ENTRIES_MAX, Slot};
use super::open::{self, OpenError};
use super::outage::OutageNote;
use super::queue::Item;
use super::read::read_range;
use super::shared::{Reserved, Shared};
use super::storage::{LocalStorage, Storage};
use super::tail::{Segments, Tail};
use super::upkeep::Upkeep;
use super::{access, fence};
use crate::limits::{AUDIT_QUEUE_MAX, ENTRY_BYTES_MAX, SEGMENT_BYTES};
use crate::model::Word;
use crate::model::entry::Entry;

/// Where the log takes the time from.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The shortest segment: one that holds an entry of the greatest length.
pub const SEGMENT_BYTES_MIN: u64 = (HEADER_BYTES + BATCH_FRAME_BYTES + FRAME_HEAD_BYTES + ENTRY_BYTES_MAX) as u64;
const _: () = assert!(ENTRY_BYTES_MAX == octroi_verify::entry::ENTRY_BYTES_MAX, "writer and verifier have one limit");
/// Time between two checkpoints while entries keep coming.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two attempts to write again after the storage failed. An attempt fills a segment with zeros.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// Time between two heartbeat entries.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_mins(1);
/// The private key's file in the log's folder, unless [`Options::key_file`] says otherwise.
pub const PRIVATE_KEY: &str = "log.key";

/// How a log is opened.
#[derive(Clone)]
pub struct Options {
    /// Where it lies.
    pub storage: Arc<dyn Storage>,
    /// Its name: `octroi/<node>/<epoch>`. It never changes for one log.
    pub origin: String,
    /// Where the private key lies, when not in the log's folder.
    pub key_file: Option<PathBuf>,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Places in the queue.
    pub queue_max: usize,
    /// Time between two checkpoints while entries keep coming.
    pub checkpoint_interval: Duration,
    /// Time between two attempts to write again after the storage failed.
    pub retry_interval: Duration,
    /// Time between two heartbeat entries.
    pub heartbeat_interval: Duration,
    /// The clock.
    pub clock: Clock,
    /// The epoch before, when this one is begun after another.
    pub previous: Option<Previous>,
    /// Whether a log that was fenced is opened all the same, to announce the epoch that follows it.
    pub last_words: bool,
}

/// The log of the epoch before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// Its name.
    pub origin: String,
    /// Its entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Options {
    /// The usual options for a log in a folder.
    pub fn new(folder: impl Into<PathBuf>, origin: impl Into<String>, clock: Clock) -> Self {
        Self {
            storage: Arc::new(LocalStorage::new(folder)),
            origin: origin.into(),
            key_file: None,
            segment_bytes: SEGMENT_BYTES,
            queue_max: AUDIT_QUEUE_MAX,
            checkpoint_interval: CHECKPOINT_INTERVAL,
            retry_interval: RETRY_INTERVAL,
            heartbeat_interval: HEARTBEAT_INTERVAL,
            clock,
            previous: None,
            last_words: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("storage", &self.storage).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// How the log was found when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Entries that were there.
    pub entries: u64,
    /// Decisions that had no outcome and have got one that says `gateway-restart`.
    pub unfinished: u32,
    /// Whether a batch that a crash had cut short was wiped. Nobody had been told that it was written.
    pub torn: bool,
}

/// The log in segment files, with its committer.
pub struct SegmentLog {
    shared: Arc<Shared>,
    storage: Arc<dyn Storage>,
    key: VerifierKey,
    opening: Opening,
    epoch: u32,
    running: Arc<Running>,
}

/// What ends when the log stops.
struct Running {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Held until the log has stopped.
    lock: Mutex<Option<Box<dyn Send>>>,
}

impl Running {
    /// Lets nothing more in, writes what waits and a stop entry, signs, and returns when that is done.
    fn stop(&self) {
        if let Ok(stop) = prepare(&Entry::Stop) {
            self.shared.set_last_entry(stop);
        }
        self.join();
    }

    fn join(&self) {
        self.shared.queue.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("The audit committer did not end in good order");
        }
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl fmt::Debug for SegmentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentLog").field("origin", &self.key.name()).finish_non_exhaustive()
    }
}

impl SegmentLog {
    /// Opens a log, or founds it, and records the start: outcomes for the decisions that have none, then a start entry.
    ///
    /// It blocks on the disk and returns when all this is durable and signed.
    ///
    /// # Errors
    /// [`OpenError`]: the log is in use, damaged, not ours, or the disk refuses.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        check(&options)?;
        let storage = Arc::clone(&options.storage);
        storage.prepare().map_err(OpenError::io(""))?;
        let lock = storage.lock().map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => OpenError::Locked,
            kind => OpenError::Io { name: "lock".to_owned(), kind },
        })?;
        let epoch = epoch_of(&options.origin);
        let fenced = fence::read(storage.as_ref()).map_err(OpenError::io(fence::FENCE))?;
        if fenced > epoch && !options.last_words {
            return Err(OpenError::Fenced { epoch: fenced });
        }
        let (elsewhere, key_name) = key_place(&options)?;
        let key_storage: &dyn Storage = match &elsewhere {
            Some(elsewhere) => elsewhere,
            None => storage.as_ref(),
        };
        let found = open::open(&storage, &KeyFile { storage: key_storage, name: &key_name }, &options.origin)?;

        access::forget_recorded(storage.as_ref())?;
        let tail = found.place.map(|place| Tail::resume(storage.as_ref(), place));
        let tail = tail.transpose().map_err(OpenError::io("segments"))?;
        let next_number = found.place.map_or(1, |place| place.segment.saturating_add(1));
        let shared = Arc::new(Shared::new(options.queue_max, &found.tree, found.signed));
        let key = found.key.verifier().clone();
        let unfinished = unfinished(&found.relations);
        let opening = Opening {
            entries: found.tree.size(),
            unfinished: u32::try_from(unfinished.len()).unwrap_or(u32::MAX),
            torn: found.torn,
        };
        let (note, outage) = OutageNote::open(storage.as_ref());
        let mut committer = Committer {
            shared: Arc::clone(&shared),
            storage: Arc::clone(&storage),
            clock: options.clock,
            key: found.key,
            tree: found.tree,
            relations: found.relations,
            segments: Segments::new(Arc::clone(&storage), options.segment_bytes, next_number),
            tail,
            end: found.place,
            signed: found.signed,
            signed_at: now(),
            checkpoint_interval: options.checkpoint_interval,
            retry_interval: options.retry_interval,
            upkeep: Upkeep::new(options.heartbeat_interval, note),
            held: VecDeque::new(),
        };
        // Only the very first entry of a log says which one it follows.
        let begun = options.previous.filter(|_| opening.entries == 0).map(|before| begun(&key, &before));
        let first = first_entries(&unfinished, &opening, outage, begun)?;
        committer.write_first(first).map_err(OpenError::io("segments"))?;
        if outage.is_some() {
            committer.upkeep.earlier_told();
        }
        let thread = std::thread::Builder::new().name("audit-commit".to_owned());
        let thread = thread.spawn(move || committer.run()).map_err(|_| OpenError::Thread)?;
        let (thread, lock) = (Mutex::new(Some(thread)), Mutex::new(Some(lock)));
        let running = Arc::new(Running { shared: Arc::clone(&shared), thread, lock });
        Ok(Self { shared, storage, key, opening, epoch, running })
    }

    /// How the log was found.
    pub const fn opening(&self) -> Opening {
        self.opening
    }

    /// The public key: what auditors keep.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Stops in good order: lets nothing more in, writes what waits and a stop entry, signs, and returns when that is done.
    ///
    /// It blocks. Dropping the log does the same without the stop entry.
    pub fn stop(&self) {
        self.running.stop();
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        self.running.join();
    }
}

impl AuditLog for SegmentLog {
    fn append(&self, mut entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>> {
        Box::pin(async move {
            self.shared.check()?;
            if let Entry::Decision(decision) = &mut entry {
                decision.clock = Some(Word::fixed(self.shared.watch.state()));
            }
            let item = prepare(&entry)?;
            self.shared.take_place()?;
            let (reply, answer) = oneshot::channel();
            self.shared.queue.push(Item { reply: Some(reply), ..item }).map_err(|_| self.shared.closed())?;
            answer.await.unwrap_or_else(|_| Err(self.shared.closed()))
        })
    }

    fn reserve(&self) -> Result<Slot, AuditError> {
        self.shared.check()?;
        self.shared.take_place()?;
        Ok(Slot::new(Reserved::new(&self.shared)))
    }

    fn head(&self) -> Head {
        self.shared.head()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, AuditError>> {
        let (storage, size) = (Arc::clone(&self.storage), self.shared.head().size);
        Box::pin(async move {
            if range.end > size || range.end.saturating_sub(range.start) > READ_ENTRIES_MAX {
                return Err(AuditError::Unreadable);
            }
            let read = tokio::task::spawn_blocking(move || read_range(storage.as_ref(), range));
            read.await.unwrap_or(Err(AuditError::Unreadable))
        })
    }

    fn healthy(&self) -> bool {
        self.shared.is_healthy()
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn fence(&self, epoch: u32) -> BoxFuture<'_, Result<(), AuditError>> {
        let (running, storage, own) = (Arc::clone(&self.running), Arc::clone(&self.storage), self.epoch);
        Box::pin(async move {
            if epoch <= own {
                return Err(AuditError::Fenced);
            }
            let fenced = tokio::task::spawn_blocking(move || {
                fence::write(storage.as_ref(), epoch).map_err(|error| {
                    tracing::error!(error = %error.kind(), "The audit log cannot be fenced");
                    AuditError::Closed
                })?;
                running.shared.set_fenced();
                running.stop();
                Ok(())
            });
            fenced.await.unwrap_or(Err(AuditError::Closed))
        })
    }
}

fn check(options: &Options) -> Result<(), OpenError> {
    if options.segment_bytes < SEGMENT_BYTES_MIN {
        return Err(OpenError::Options("audit segments are too short to hold an entry"));
    }
    let origin = &options.origin;
    if origin.len() > ORIGIN_BYTES_MAX || VerifierKey::new(origin, [0; 32]).is_none() {
        return Err(OpenError::Options("the audit log's name is empty, too long, or has blanks or a `+`"));
    }
    Ok(())
}

/// The epoch in a log's name, its last part; 0 when it has none.
pub(super) fn epoch_of(origin: &str) -> u32 {
    origin.rsplit('/').next().and_then(|epoch| epoch.parse().ok()).unwrap_or(0)
}

/// The folder of the private key when it is not the log's, and the file's name.
fn key_place(options: &Options) -> Result<(Option<LocalStorage>, String), OpenError> {
    let Some(path) = &options.key_file else {
        return Ok((None, PRIVATE_KEY.to_owned()));
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let (Some(folder), Some(name)) = (path.parent(), name) else {
        return Err(OpenError::Options("the path of the audit key names no file"));
    };
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_path_buf() };
    Ok((Some(LocalStorage::new(folder)), name.to_owned()))
}
