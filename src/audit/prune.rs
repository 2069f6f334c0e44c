//! Retention: whole sealed segments go when all that they hold is old enough; their leaf hashes stay.
//!
//! What was sealed of the requests that are gone goes behind them (`seal::retain`).
//!
//! Each step can be done twice, so what a crash cuts off is finished by doing it again: the hashes of a segment are on disk,
//! and lead to the root with which the next segment was begun, before its file is removed; the `prune` entry waits for the log's
//! writer by then. So it does for what was removed before, whose entry may lie in what goes now: at no moment is anything gone that
//! nothing speaks of. The segment that is being written stays, and so does what no checkpoint covers yet. A change of the log's
//! key and a prune wait for one another.
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

use super::index::Index;
pub use super::seal::retain::Removed;
use super::seal::retain::retain;
use super::{LocalStorage, access, decisions, rotate, storage};
use crate::model::Word;
use crate::model::entry::{Entry, Prune};

/// Why nothing, or not all, was pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The log is not sound: nothing of it goes.
    #[error(transparent)]
    Log(#[from] Problem),
    /// The system refuses.
    #[error("the log cannot be pruned")]
    Io(#[from] io::Error),
    /// A finished epoch was named.
    #[error("this is a finished epoch: name the folder of its log, whose epochs are pruned with it")]
    Epoch,
    /// Another process prunes.
    #[error("another process prunes this log")]
    Locked,
    /// A change of the key was cut off.
    #[error("a change of the log's key was cut off: start the gateway, which finishes it, and prune then")]
    Moving,
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
/// requests that are gone. What was sealed may still be in use for a day before `now`.
///
/// # Errors
/// [`PruneError`]: then it is to be done again.
pub fn prune(dir: &Path, older_than: Timestamp, now: Timestamp) -> Result<Pruned, PruneError> {
    let _lock = lock(dir)?;
    if dir.parent().and_then(Path::file_name).is_some_and(|name| name == EPOCHS) {
        return Err(PruneError::Epoch);
    }
    if rotate::is_cut_off(dir)? {
        return Err(PruneError::Moving);
    }
    let limit = format!("{older_than:.9}");
    let mut plan = Vec::new();
    for (epoch, log) in decisions::logs(dir) {
        let old = old_segments(&log, &limit)?;
        plan.push((epoch, log, old));
    }
    if plan.iter().any(|(_, _, old)| !old.is_empty()) {
        for (epoch, log, _) in plan.iter().skip(1) {
            say_again(dir, log, *epoch)?;
        }
    }
    let mut left = Vec::new();
    for (epoch, log, old) in plan.iter().rev() {
        left.push((*epoch, prune_epoch((dir, log), *epoch, old, &limit)?));
    }
    left.reverse();
    for ((_, log, _), (_, first)) in plan.iter().zip(&left) {
        Index::renew(log, *first)?;
    }
    let signed = super::read_text(dir, CHECKPOINT)?;
    let sealed = retain(dir, (older_than, now), signed.lines().next().unwrap_or_default())?;
    Ok(Pruned { left, sealed })
}

/// Leaves an entry on what is gone of a finished epoch: the one that said so may be among what is removed now.
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

/// The segments that go, each with the one behind it: all before the first that holds an entry as young as the limit, or the one
/// that announces the next key: the epoch behind it would be nobody's.
fn old_segments(log: &Path, limit: &str) -> Result<Vec<(Header, Header)>, PruneError> {
    let signed = signed(log)?;
    let headers = Walk::open(&log)?.headers().to_vec();
    let mut old = Vec::new();
    for (header, next) in headers.iter().zip(headers.iter().skip(1)) {
        // Clocks can be set back: what is last in a segment need not be the youngest.
        if next.first_seq > signed || is_needed(log, header, next, limit)? {
            break;
        }
        old.push((header.clone(), next.clone()));
    }
    Ok(old)
}

/// Whether a segment holds an entry as young as this, one that says no time, or the announcement of a key.
fn is_needed(log: &Path, header: &Header, next: &Header, limit: &str) -> Result<bool, PruneError> {
    let mut walk = Walk::open(&log)?;
    walk.seek(start_of(header));
    while walk.place().seq < next.first_seq {
        match walk.next()? {
            Step::Batch(batch) => {
                let mut entries = batch.entries().filter(|(_, seq, _)| *seq < next.first_seq);
                // Canonical JSON has no blanks, and a quotation mark within a text is escaped.
                let announces = |entry: &[u8]| memchr::memmem::find(entry, b"\"event\":\"announced\"").is_some();
                let is_young = |entry: &[u8]| decisions::time_of(entry).is_none_or(|time| time >= limit);
                if entries.any(|(_, _, entry)| is_young(entry) || announces(entry)) {
                    return Ok(true);
                }
            }
            Step::Segment(_) => {}
            Step::Torn(problem) => return Err(problem.into()),
            Step::End => break,
        }
    }
    Ok(false)
}

fn prune_epoch(
    (dir, log): (&Path, &Path),
    epoch: u32,
    old: &[(Header, Header)],
    limit: &str,
) -> Result<u64, PruneError> {
    let mut tree = Frontier::default();
    let mut left = Walk::open(&log)?.headers().first().map_or(0, |header| header.first_seq);
    pruned::read(log, left, &mut |_, hash| {
        tree.push(hash);
        Ok(())
    })?;
    for (header, next) in old {
        keep_hashes(log, header, next, &mut tree)?;
        if header.first_seq == 0 {
            keep_begun(log, header)?;
        }
        let entry = Prune {
            from: header.first_seq,
            keys: None,
            log: Some(Word::configured(&header.origin)),
            older_than: Word::configured(limit),
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

/// The file by which a prune is alone.
pub(super) const LOCK: &str = "prune.lock";

/// One process prunes at a time.
fn lock(log: &Path) -> Result<File, PruneError> {
    let file = open_lock(log)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PruneError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Keeps every prune of a log away until the value is dropped; waits for one that is at work, which ends by itself.
pub(in crate::audit) fn exclude(log: &Path) -> io::Result<File> {
    let file = open_lock(log)?;
    file.lock()?;
    Ok(file)
}

fn open_lock(log: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(log.join(LOCK))
}
