//! The audit log: entries, Merkle tree, group commit, checkpoints, and reading them back.
//!
//! Law 3 of the house rests here: [`AuditLog::append`] returns only when the entry is on durable storage, and the journey
//! sends nothing before it has. Law 2 too: a log that cannot write says so for every entry, and callers answer 503.
//!
//! ```text
//! append, reserve ──> queue ──> committer ──> tail ──> segments/00000001.seg …     one write, one sync, all wake
//!    (callers)      (bounded)  (one thread)     └────> state, then checkpoint      about once a second, and at the end
//! ```
//!
//! Formats, hashing and verification live in the crate `octroi-verify`, which an auditor builds alone; this module holds
//! the writer and what needs the model's nouns. It never prints, and never sees a detected value: an [`Entry`] is made of
//! closed words, counts and keyed codes only.
//!
//! [`Entry`]: crate::model::entry::Entry

pub mod access;
pub mod anchor;
pub mod csv;
pub mod decisions;
pub mod epochs;
pub mod forward;
pub mod index;
pub mod log;
pub mod open;
mod outage;
pub mod prune;
pub mod publish;
pub mod query;
pub mod report;
pub mod rotate;
pub mod seal;
pub mod storage;
pub mod store;
pub mod story;
pub mod tile_store;
pub mod witness;

mod body;
mod clock;
mod committer;
mod fence;
mod key;
mod names;
mod queue;
mod read;
mod shared;
mod state;
mod tail;
mod upkeep;

use octroi_verify::entry::ENTRY_BYTES_MAX;
use octroi_verify::note::NOTE_BYTES_MAX;

pub use log::{AuditError, AuditLog, BoxFuture, Head, Place, Position, Slot};
pub use open::OpenError;
pub use storage::{LocalStorage, SegmentFile, Storage};
pub use store::{Clock, Opening, Options, Previous, SegmentLog};

/// Reads a text file of a log, such as its checkpoint: no longer than a note or an entry can be.
///
/// # Errors
/// What the disk says; [`std::io::ErrorKind::FileTooLarge`] for one that is longer.
pub fn read_text(log: &std::path::Path, name: &str) -> std::io::Result<String> {
    const BYTES_MAX: usize = if NOTE_BYTES_MAX > ENTRY_BYTES_MAX { NOTE_BYTES_MAX } else { ENTRY_BYTES_MAX };
    let bytes = octroi_verify::regular::read(&log.join(name), BYTES_MAX as u64)?;
    String::from_utf8(bytes).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

/// Waits for a future without a runtime: the log needs none.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::task::Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests;
