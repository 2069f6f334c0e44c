//! Entries as OTLP logs, in the JSON encoding of OTLP/HTTP, from a cursor: each at least once, in order.
//!
//! A process of its own forwards them, so that no request waits for a collector. The cursor is a file beside the log; it moves
//! on, durably, after the collector took a batch. What was taken and not remembered is sent again: the attributes
//! `octroi.log` and `octroi.seq` tell a second copy from a second event.
//!
//! A change of the key begins another log. An epoch is sent to its last entry before the next one begins, so nothing is left
//! out where a key changes; a cursor that fits no entry of any epoch is a fault, and never taken for another place.
#![expect(clippy::disallowed_types, reason = "a cursor is held by a file")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::walk::{Step, Walk, segment_name, start_of};
use octroi_verify::{Checkpoint, VerifierKey, entry};
use serde_json::{Value, json};

use super::epochs::Epochs;
use super::rotate;
use super::storage::{LocalStorage, read_small, replace};

/// The file of the cursor, unless another is named.
pub const CURSOR: &str = "forward.cursor";
/// Entries of a batch at most.
const BATCH_ENTRIES: usize = 512;
/// Bytes of a batch's entries at most.
const BATCH_BYTES: usize = 1024 * 1024;

/// Why nothing can be forwarded.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] Problem),
    /// The cursor is behind the end of its epoch: the log was put back from a copy, or somebody wrote the cursor.
    #[error("the cursor stands at entry {next} of `{origin}`, which has {signed} signed ones")]
    Ahead {
        /// The epoch's name.
        origin: String,
        /// Where the cursor stands.
        next: u64,
        /// The entries that are signed there.
        signed: u64,
    },
    /// The cursor is of another log.
    #[error("the cursor is of `{origin}`, which is no epoch of this log")]
    Stranger {
        /// The name in it.
        origin: String,
    },
}

/// Where a forwarding is: the log of an epoch, and the next of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The log's name.
    pub origin: String,
    /// The next entry to send.
    pub next: u64,
}

impl Cursor {
    /// Takes up where a forwarding ended; `None` where there was none.
    ///
    /// # Errors
    /// What the disk says; [`io::ErrorKind::InvalidData`] for a file that is no cursor.
    pub fn open(log: &Path, name: &str) -> io::Result<Option<Self>> {
        let Some(bytes) = read_small(&LocalStorage::new(log), name, 1_024)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        let (found, next) = text.trim_end().rsplit_once(' ').ok_or(io::ErrorKind::InvalidData)?;
        let next = next.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Some(Self { origin: found.to_owned(), next }))
    }

    /// Keeps others from going on from the same cursor until the value is dropped; `None` where one does. Two would send what both
    /// read twice, and each take the other's place.
    ///
    /// # Errors
    /// What the disk says.
    pub fn alone(log: &Path, name: &str) -> io::Result<Option<File>> {
        // No file is made where a link leads.
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).custom_flags(flags);
        let file = options.open(log.join(format!("{name}.lock")))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Remembers it, durably.
    ///
    /// # Errors
    /// What the disk says.
    pub fn save(&self, log: &Path, name: &str) -> io::Result<()> {
        replace(&LocalStorage::new(log), name, format!("{} {}\n", self.origin, self.next).as_bytes(), false)
    }
}

/// What is sent at one time.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The body of an `ExportLogsServiceRequest`, in JSON.
    pub body: String,
    /// How many entries it has.
    pub entries: usize,
    /// Behind the last of them.
    pub cursor: Cursor,
    /// Entries before them that were pruned before they were sent.
    pub pruned: Range<u64>,
}

/// What comes next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Entries.
    Batch(Batch),
    /// All that is signed was sent, up to here.
    Sent(Cursor),
    /// The log's key is being changed: what is read now could be of either epoch.
    Changing,
}

/// The next batch behind the cursor, of entries that are signed; without a cursor from the oldest entry that there is.
///
/// # Errors
/// [`ForwardError`].
pub fn next(dir: &Path, cursor: Option<&Cursor>) -> Result<Next, ForwardError> {
    let is_changing = || rotate::is_cut_off(dir).unwrap_or(false);
    if is_changing() {
        return Ok(Next::Changing);
    }
    let before = logs(dir);
    let found = before.as_ref().map_err(Clone::clone).map_err(ForwardError::from).and_then(|logs| behind(logs, cursor));
    // A rotation moves the folder of segments first and the public key last: while that is the same, so was what was read.
    if is_changing() || logs(dir) != before { Ok(Next::Changing) } else { found }
}

/// The log of an epoch.
#[derive(Debug, PartialEq, Eq)]
struct Log {
    folder: PathBuf,
    key: VerifierKey,
}

/// The epochs of a log, oldest first. The newest has no files yet when the one before has just ended.
fn logs(dir: &Path) -> Result<Vec<Log>, Problem> {
    let mut logs = Vec::new();
    for (number, folder) in Epochs::of(dir).logs().iter().rev() {
        let unreadable = |kind: io::ErrorKind| Problem::new(VERIFIER_KEY, ProblemKind::Unreadable, kind.to_string());
        let text = match super::read_text(folder, VERIFIER_KEY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && *number > 1 && folder == dir => continue,
            text => text.map_err(|error| unreadable(error.kind()))?,
        };
        let key = VerifierKey::parse(text.trim())
            .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?;
        logs.push(Log { folder: folder.clone(), key });
    }
    Ok(logs)
}

fn behind(logs: &[Log], cursor: Option<&Cursor>) -> Result<Next, ForwardError> {
    let (index, mut next) = match cursor {
        None => (0, 0),
        Some(Cursor { origin, next }) => match logs.iter().position(|log| log.key.name() == origin) {
            Some(index) => (index, *next),
            None => return Err(ForwardError::Stranger { origin: origin.clone() }),
        },
    };
    let mut sent = Cursor { origin: String::new(), next };
    for log in logs.iter().skip(index) {
        let (origin, signed) = (log.key.name().to_owned(), log.signed()?);
        if next > signed {
            return Err(ForwardError::Ahead { origin, next, signed });
        }
        if next < signed {
            return Ok(Next::Batch(log.batch(next, signed)?));
        }
        sent = Cursor { origin, next };
        // Every entry of an epoch is signed when it ends.
        next = 0;
    }
    Ok(Next::Sent(sent))
}

impl Log {
    /// How many entries are signed.
    fn signed(&self) -> Result<u64, Problem> {
        let text = super::read_text(&self.folder, CHECKPOINT)
            .map_err(|error| Problem::new(CHECKPOINT, ProblemKind::Unreadable, error.kind().to_string()))?;
        let checkpoint = Checkpoint::open(&text, &self.key)
            .map_err(|error| Problem::new(CHECKPOINT, ProblemKind::Checkpoint, error.to_string()))?;
        Ok(checkpoint.size)
    }

    /// The next batch of an epoch that has more entries.
    fn batch(&self, wanted: u64, signed: u64) -> Result<Batch, Problem> {
        let (folder, origin) = (self.folder.as_path(), self.key.name());
        let mut walk = Walk::open(&folder)?;
        let first = walk.headers().first().map_or(0, |header| header.first_seq);
        let from = wanted.max(first);
        let start = walk.headers().iter().rfind(|header| header.first_seq <= from).map(start_of);
        if let Some(start) = start {
            walk.seek(start);
        }
        let (mut records, mut bytes_sum, mut next) = (Vec::new(), 0, from);
        'reading: while next < signed {
            let name = segment_name(walk.place().segment);
            let batch = match walk.next()? {
                Step::Batch(batch) => batch,
                Step::Segment(_) => continue,
                Step::Torn(problem) => return Err(problem),
                Step::End => {
                    let detail = format!("its {signed} signed entries end before this one");
                    return Err(Problem::new(name, ProblemKind::Truncated, detail).entry(next));
                }
            };
            for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| (from..signed).contains(seq)) {
                if records.len() >= BATCH_ENTRIES || bytes_sum + bytes.len() > BATCH_BYTES {
                    break 'reading;
                }
                let malformed = || Problem::new(&name, ProblemKind::Malformed, "not an entry").entry(seq);
                records.push(record(origin, seq, bytes).ok_or_else(malformed)?);
                bytes_sum += bytes.len();
                next = seq.saturating_add(1);
            }
        }
        let entries = records.len();
        let body = json!({"resourceLogs": [{
            "resource": {"attributes": [text("service.name", "octroi")]},
            "scopeLogs": [{
                "scope": {"name": "octroi.audit", "version": env!("CARGO_PKG_VERSION")},
                "logRecords": records,
            }],
        }]});
        let cursor = Cursor { origin: origin.to_owned(), next };
        Ok(Batch { body: body.to_string(), entries, cursor, pruned: wanted..from })
    }
}

/// An entry as a log record: the entry itself is the body, as it stands in the log.
fn record(origin: &str, seq: u64, bytes: &[u8]) -> Option<Value> {
    let entry = entry::open(bytes).ok()?;
    let time = entry.time.parse::<jiff::Timestamp>().ok()?.as_nanosecond().to_string();
    let kind = entry.about.kind.name();
    let mut attributes = vec![
        text("octroi.log", origin),
        json!({"key": "octroi.seq", "value": {"intValue": seq.to_string()}}),
        text("octroi.kind", kind),
    ];
    if let Some(request) = entry.about.request {
        attributes.push(text("octroi.request_id", &request.to_string()));
    }
    let mut record = json!({
        "timeUnixNano": time,
        "observedTimeUnixNano": time,
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": format!("octroi.audit.{kind}"),
        "body": {"stringValue": String::from_utf8_lossy(bytes)},
        "attributes": attributes,
    });
    let whole: Value = serde_json::from_slice(bytes).ok()?;
    if let (Some(trace), Some(record)) = (whole.pointer("/entry/trace"), record.as_object_mut()) {
        record.insert("traceId".to_owned(), trace.clone());
    }
    Some(record)
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
