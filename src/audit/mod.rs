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

pub mod decisions;
pub mod log;
pub mod open;
pub mod query;
pub mod storage;
pub mod store;
pub mod story;

mod body;
mod committer;
mod key;
mod queue;
mod read;
mod state;
mod tail;

pub use log::{AuditError, AuditLog, BoxFuture, Head, Place, Position, Slot};
pub use open::OpenError;
pub use storage::{LocalStorage, SegmentFile, Storage};
pub use store::{Clock, Opening, Options, SegmentLog};

#[cfg(test)]
mod tests;
