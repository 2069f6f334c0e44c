//! Entries as OTLP logs, in the JSON encoding of OTLP/HTTP, from a cursor: each at least once, in order.
//!
//! A process of its own forwards them, so that no request waits for a collector. The cursor is a file beside the log; it moves
//! on, durably, after the collector took a batch. What was taken and not remembered is sent again: the attributes
//! `octroi.log` and `octroi.seq` tell a second copy from a second event.

use std::io;
use std::path::Path;

use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::{Step, Walk, start_of};
use octroi_verify::{Checkpoint, VerifierKey, entry, note};
use serde_json::{Value, json};

use super::storage::{LocalStorage, read_small, replace};

/// The file of the cursor, unless another is named.
pub const CURSOR: &str = "forward.cursor";
/// Entries of a batch at most.
const BATCH_ENTRIES: usize = 512;
/// Bytes of a batch's entries at most.
const BATCH_BYTES: usize = 1024 * 1024;

/// Where a forwarding is: the log, and the next of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The log's name.
    pub origin: String,
    /// The next entry to send.
    pub next: u64,
}

impl Cursor {
    /// Takes up where a forwarding ended, or begins with the first entry. The cursor of another log, such as the epoch
    /// before, is that log's: this one begins anew.
    ///
    /// # Errors
    /// What the disk says; [`io::ErrorKind::InvalidData`] for a file that is no cursor.
    pub fn open(log: &Path, name: &str, origin: &str) -> io::Result<Self> {
        let begin = Self { origin: origin.to_owned(), next: 0 };
        let Some(bytes) = read_small(&LocalStorage::new(log), name, 1_024)? else { return Ok(begin) };
        let text = std::str::from_utf8(&bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        let (found, next) = text.trim_end().rsplit_once(' ').ok_or(io::ErrorKind::InvalidData)?;
        let next = next.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(if found == origin { Self { origin: found.to_owned(), next } } else { begin })
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
    /// Behind the last of its entries.
    pub next: u64,
}

/// The name of the log in a folder, and how many of its entries are signed.
///
/// # Errors
/// A [`Problem`] with its checkpoint.
pub fn signed(log: &Path, key: &VerifierKey) -> Result<u64, Problem> {
    let text = super::read_text(log, CHECKPOINT)
        .map_err(|error| Problem::new(CHECKPOINT, ProblemKind::Unreadable, error.kind().to_string()))?;
    let checkpoint = Checkpoint::open(&text, key)
        .map_err(|error| Problem::new(CHECKPOINT, ProblemKind::Checkpoint, error.to_string()))?;
    debug_assert!(note::split(&text).is_ok(), "a checkpoint that opens is a note");
    Ok(checkpoint.size)
}

/// The next batch behind the cursor, of entries that are signed; `None` when there is none yet.
///
/// # Errors
/// A [`Problem`] when the log cannot be read.
pub fn batch(log: &Path, cursor: &Cursor, signed: u64) -> Result<Option<Batch>, Problem> {
    let mut walk = Walk::open(&log)?;
    let first = walk.headers().first().map_or(0, |header| header.first_seq);
    let from = cursor.next.max(first);
    let start = walk.headers().iter().rfind(|header| header.first_seq <= from).map(start_of);
    if let Some(start) = start {
        walk.seek(start);
    }
    let (mut records, mut bytes_sum, mut next) = (Vec::new(), 0, from);
    'reading: while next < signed {
        let batch = match walk.next()? {
            Step::Batch(batch) => batch,
            Step::Segment(_) => continue,
            Step::Torn(_) | Step::End => break,
        };
        for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| (from..signed).contains(seq)) {
            if records.len() >= BATCH_ENTRIES || bytes_sum + bytes.len() > BATCH_BYTES {
                break 'reading;
            }
            records.extend(record(&cursor.origin, seq, bytes));
            bytes_sum += bytes.len();
            next = seq.saturating_add(1);
        }
    }
    if records.is_empty() {
        return Ok(None);
    }
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": [text("service.name", "octroi")]},
        "scopeLogs": [{
            "scope": {"name": "octroi.audit", "version": env!("CARGO_PKG_VERSION")},
            "logRecords": records,
        }],
    }]});
    Ok(Some(Batch { body: body.to_string(), next }))
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
