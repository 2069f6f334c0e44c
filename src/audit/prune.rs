//! Retention: whole sealed segments go when all that they hold is old enough; their leaf hashes stay.
//!
//! What was sealed of the requests that are gone goes behind them (`seal::retain`).
//!
//! Each step can be done twice, so what a crash cuts off is finished by doing it again: the hashes of a segment are on disk,
//! and lead to the root with which the next segment was begun, before its file is removed; the `prune` entry waits for the log's
//! writer by then. The segment that is being written stays, and so does what no checkpoint covers yet.
#![expect(clippy::disallowed_types, reason = "files of segments are removed here")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use octroi_verify::fleet::EPOCHS;
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned::{self, BEGUN, HASH_BYTES, PRUNED};
use octroi_verify::segment::Header;
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::walk::{SEGMENTS, Step, Walk, segment_name, start_of};
use octroi_verify::{Checkpoint, VerifierKey};

pub use super::seal::retain::Removed;
use super::seal::retain::retain;
use super::{LocalStorage, access, decisions, storage};
use crate::model::Word;
use crate::model::entry::{Entry, Prune};

/// Why nothing, or not all, was pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The log is not sound: nothing of it goes.
    #[error(transparent)]
    Log(#[from] Problem),
    /// The system refuses.
    #[error("pruning the log: {0}")]
    Io(#[from] io::Error),
    /// A finished epoch was named.
    #[error("this is a finished epoch: name the folder of its log, whose epochs are pruned with it")]
    Epoch,
    /// Another process prunes.
    #[error("another process prunes this log")]
    Locked,
}

/// What a prune left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// The epochs, newest first, each with the number of the first entry that is left.
    pub left: Vec<(u32, u64)>,
    /// What went of sealed content.
    pub sealed: Removed,
}

/// Removes the segments whose entries are all older than this, of all epochs of the log in a folder, and what was sealed of the
/// requests that are gone.
///
/// # Errors
/// [`PruneError`]: then it is to be done again.
pub fn prune(dir: &Path, older_than: Timestamp) -> Result<Pruned, PruneError> {
    let _lock = lock(dir)?;
    if dir.parent().and_then(Path::file_name).is_some_and(|name| name == EPOCHS) {
        return Err(PruneError::Epoch);
    }
    let (mut left, mut has_removed) = (Vec::new(), false);
    for (epoch, log) in decisions::logs(dir).into_iter().rev() {
        let before = first_left(&log)?;
        let first = prune_epoch((dir, &log), epoch, older_than)?;
        has_removed |= first > before;
        left.push((epoch, first));
    }
    left.reverse();
    if has_removed {
        for (epoch, log) in decisions::logs(dir).into_iter().skip(1) {
            say_again(dir, &log, epoch)?;
        }
    }
    let signed = super::read_text(dir, CHECKPOINT)?;
    let sealed = retain(dir, older_than, signed.lines().next().unwrap_or_default())?;
    Ok(Pruned { left, sealed })
}

/// Leaves an entry on what is gone of a finished epoch: the one that said so may be among what was removed now.
fn say_again(dir: &Path, log: &Path, epoch: u32) -> Result<(), PruneError> {
    let Some(header) = Walk::open(&log)?.headers().first().filter(|header| header.first_seq > 0).cloned() else {
        return Ok(());
    };
    let Some(time) = decisions::first_time(&log, header.number)? else { return Ok(()) };
    let (to, older_than) = (header.first_seq, Word::configured(&time));
    let log = Some(Word::configured(&header.origin));
    let entry = Prune { from: 0, keys: None, log, older_than, sealed: None, to };
    Ok(access::leave_own(dir, &format!("prune-{epoch}-before-{to}"), &Entry::Prune(entry))?)
}

fn first_left(log: &Path) -> Result<u64, Problem> {
    Ok(Walk::open(&log)?.headers().first().map_or(0, |header| header.first_seq))
}

fn prune_epoch((dir, log): (&Path, &Path), epoch: u32, older_than: Timestamp) -> Result<u64, PruneError> {
    let signed = signed(log)?;
    let mut tree = Frontier::default();
    let headers = Walk::open(&log)?.headers().to_vec();
    let first = headers.first().map_or(0, |header| header.first_seq);
    pruned::read(log, first, &mut |_, hash| {
        tree.push(hash);
        Ok(())
    })?;
    let limit = format!("{older_than:.9}");
    let mut left = first;
    for (header, next) in headers.iter().zip(headers.iter().skip(1)) {
        // The next one's first entry is younger than all of this one's.
        let young = decisions::first_time(&log, next.number)?.is_none_or(|time| time >= limit);
        if young || next.first_seq > signed {
            break;
        }
        keep_hashes(log, header, next, &mut tree)?;
        if header.first_seq == 0 {
            keep_begun(log, header)?;
        }
        let entry = Prune {
            from: header.first_seq,
            keys: None,
            log: Some(Word::configured(&header.origin)),
            older_than: Word::configured(&limit),
            sealed: None,
            to: next.first_seq,
        };
        access::leave_own(dir, &format!("prune-{epoch}-{:08}", header.number), &Entry::Prune(entry))?;
        std::fs::remove_file(log.join(segment_name(header.number)))?;
        File::open(log.join(SEGMENTS))?.sync_all()?;
        left = next.first_seq;
    }
    Ok(left)
}

/// Writes the hashes of a segment's entries, durably, once they lead to where the next segment was begun.
fn keep_hashes(log: &Path, header: &Header, next: &Header, tree: &mut Frontier) -> Result<(), PruneError> {
    let mut walk = Walk::open(&log)?;
    walk.seek(start_of(header));
    let mut bytes = Vec::new();
    while walk.place().seq < next.first_seq {
        match walk.next()? {
            Step::Batch(batch) => {
                for (_, seq, entry) in batch.entries().filter(|(_, seq, _)| *seq < next.first_seq) {
                    let hash = leaf_hash(entry);
                    if seq == tree.size() {
                        tree.push(hash);
                        bytes.extend_from_slice(&hash.0);
                    }
                }
            }
            Step::Segment(_) => {}
            Step::Torn(problem) => return Err(problem.into()),
            Step::End => break,
        }
    }
    if tree.root() != next.root {
        let detail = "the entries before this segment are not those it was begun after: nothing more is pruned";
        return Err(Problem::new(segment_name(next.number), ProblemKind::Rewritten, detail)
            .entry(next.first_seq)
            .into());
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o640).open(log.join(PRUNED))?;
    file.write_all_at(&bytes, header.first_seq.saturating_mul(HASH_BYTES))?;
    file.sync_all()?;
    File::open(log)?.sync_all()?;
    Ok(())
}

/// Keeps the first entry of an epoch, durably: it says which one is before, and where that ended.
fn keep_begun(log: &Path, header: &Header) -> Result<(), PruneError> {
    let mut walk = Walk::open(&log)?;
    walk.seek(start_of(header));
    loop {
        match walk.next()? {
            Step::Batch(batch) => {
                let first = batch.entries().next().map(|(_, _, entry)| entry.to_vec()).unwrap_or_default();
                // The first epoch follows none: nothing of it is kept.
                if memchr::memmem::find(&first, b"\"event\":\"begun\"").is_some() {
                    storage::replace(&LocalStorage::new(log), BEGUN, &first, false)?;
                }
                return Ok(());
            }
            Step::Segment(_) => {}
            Step::Torn(problem) => return Err(problem.into()),
            Step::End => return Ok(()),
        }
    }
}

/// Entries that the log's checkpoint covers.
fn signed(log: &Path) -> Result<u64, PruneError> {
    let key = VerifierKey::parse(&super::read_text(log, VERIFIER_KEY)?)
        .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?;
    let checkpoint = Checkpoint::open(&super::read_text(log, CHECKPOINT)?, &key)
        .map_err(|error| Problem::new(CHECKPOINT, ProblemKind::Checkpoint, error.to_string()))?;
    Ok(checkpoint.size)
}

/// One process prunes at a time.
fn lock(log: &Path) -> Result<File, PruneError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(log.join("prune.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PruneError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
