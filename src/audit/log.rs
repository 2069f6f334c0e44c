//! The seam: what the journey asks of an audit log, whichever engine keeps it.
//!
//! Two ways in. [`AuditLog::append`] is for what must be durable before the next step (decision, attempt): it waits.
//! [`AuditLog::reserve`] takes a place for an entry that comes later (outcome) so that there is surely room for it:
//! [`Slot::submit`] is synchronous and works from the `Drop` of an HTTP body.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;

use crate::limits::ENTRY_BYTES_MAX;
use crate::model::entry::Entry;

/// A boxed future, so that the traits here are object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An append-only log of [`Entry`] values with one writer.
pub trait AuditLog: fmt::Debug + Send + Sync {
    /// Appends an entry and returns its place once it is on durable storage, never before.
    ///
    /// A future dropped half-way leaves the entry either wholly in the log or not at all; it never blocks others.
    ///
    /// # Errors
    /// [`AuditError::Full`] when the queue has no place, [`AuditError::Closed`] when the storage cannot be written,
    /// [`AuditError::TooLarge`] for an entry beyond [`ENTRY_BYTES_MAX`], [`AuditError::Misplaced`] for an attempt without an
    /// open decision or a second decision on one request. In each case the caller must not go on.
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>>;

    /// Takes a place in the queue for one later entry.
    ///
    /// # Errors
    /// [`AuditError::Full`] when the queue has no place.
    fn reserve(&self) -> Result<Slot, AuditError>;

    /// The log as it stands: durable entries, their root, and how many of them a published checkpoint covers.
    fn head(&self) -> Head;

    /// Reads entries as stored, canonical JSON with envelope, in order; at most [`READ_ENTRIES_MAX`] of them.
    ///
    /// # Errors
    /// [`AuditError::Unreadable`] when one of them is not there or damaged.
    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, AuditError>>;

    /// Whether the last attempt to write succeeded. While false, appends fail.
    fn healthy(&self) -> bool;

    /// The epoch that this writer writes, the last part of the log's name.
    fn epoch(&self) -> u32;

    /// Takes the log from every writer of an epoch below this one: once it returns, none of them appends any more, now or
    /// after a restart, and what they had acknowledged is in the log. Reading goes on.
    ///
    /// # Errors
    /// [`AuditError::Fenced`] when the epoch is not above this writer's own, [`AuditError::Closed`] when it cannot be made
    /// durable: then nothing has changed.
    fn fence(&self, epoch: u32) -> BoxFuture<'_, Result<(), AuditError>>;
}

/// Entries that one call of [`AuditLog::read`] returns at most.
pub const READ_ENTRIES_MAX: u64 = 1_024;

/// Where an entry stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Its sequence number: the first entry of a log is 0.
    pub seq: u64,
}

/// The state of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Durable entries.
    pub size: u64,
    /// RFC 6962 Merkle tree hash over them.
    pub root: [u8; 32],
    /// Of these, covered by the published checkpoint.
    pub signed: u64,
}

/// A reserved place in the queue for one later entry. Dropping it gives the place back.
#[must_use = "an outcome that is not submitted leaves its decision unfinished"]
pub struct Slot(Box<dyn Place>);

/// What an engine does with a reserved place. Dropped unused, it gives the place back.
pub trait Place: Send + Sync {
    /// Hands the entry over. Never blocks on storage and never fails for lack of room.
    fn submit(self: Box<Self>, entry: Entry);
}

impl Slot {
    /// Wraps an engine's place.
    pub fn new(place: impl Place + 'static) -> Self {
        Self(Box::new(place))
    }

    /// Hands over the entry; it is written with the next batch. While the storage fails it waits for its recovery.
    ///
    /// An outcome is for a decision that is in the log: one whose append failed has none, and the slot is dropped. (An
    /// outcome that does not fit is left out, so that the log always verifies.)
    pub fn submit(self, entry: Entry) {
        self.0.submit(entry);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// Why an entry is not in the log. Callers answer 503 and send nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// More entries wait than the queue may hold.
    #[error("the audit queue is full")]
    Full,
    /// The storage failed or is full, or the log was stopped.
    #[error("the audit log cannot write")]
    Closed,
    /// A writer of a later epoch has the log.
    #[error("a writer of a later epoch has the audit log")]
    Fenced,
    /// The entry is longer than an entry may be.
    #[error("an audit entry of {bytes} bytes exceeds the limit of {ENTRY_BYTES_MAX}")]
    TooLarge {
        /// Its length as stored.
        bytes: usize,
    },
    /// The entry is not of the form that its kind has: a name in it is too long, for instance.
    #[error("the audit entry is not of its form: a name in the configuration or the sheet is longer than 512 bytes")]
    Malformed,
    /// The entry does not fit those before it: an attempt without an open decision, a second decision.
    #[error("the audit entry does not fit those before it")]
    Misplaced,
    /// Entries asked for are not there, or their frames are damaged.
    #[error("the audit entries asked for cannot be read")]
    Unreadable,
}
