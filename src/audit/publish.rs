//! The log as static files, in the layout of C2SP tlog-tiles: any web server or copy is then a log that others can read.
//!
//! Files of full tiles never change once they are written; partial ones are for the size of the published checkpoint. The
//! checkpoint comes by compare and swap when all that it covers is there, so that a second publisher cannot put back an older one.
//!
//! Of a log that was pruned, what is left is published, and `kept.entries` says with which entry that begins. What was published
//! of the removed entries goes when a `prune` entry that is published says so: not before, since a verifier names a beginning
//! that is gone without a word. That entry may be in a later epoch: so the running epoch comes first, and nothing is removed
//! before every epoch is published. What a crash cuts off the next publication does.
//!
//! A reader finds a state that does not verify only: in the first publication of several epochs, until all are there; between
//! two files where entries were pruned that had never been published; and for the few renames with which the folder becomes that
//! of the next epoch (`succession`).

mod pruning;
mod succession;

use std::io;
use std::path::{Path, PathBuf};

use octroi_verify::entry::ENTRY_BYTES_MAX;
use octroi_verify::fleet::EPOCHS;
use octroi_verify::kept::Kept;
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned::{self, BEGUN};
use octroi_verify::tiles::{Growing, TILE_WIDTH, bundle, entries_path};
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::walk::{SEGMENTS, Step, Walk};
use octroi_verify::{Checkpoint, note};

use super::decisions;
use super::storage::{LocalStorage, read_small};
use super::tile_store::{LocalTiles, Put, Swap, TileStore};

pub use pruning::Removals;
#[cfg(test)]
pub(super) use succession::renames;

/// Why a log could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] Problem),
    /// The store refuses.
    #[error("the store of the published log: {0}")]
    Store(#[from] io::Error),
    /// Another tile or entry stands there already: it is of another history.
    #[error("`{0}` is published with other content: this is another history of the log")]
    Other(String),
    /// A newer checkpoint is published already.
    #[error("a checkpoint of {0} entries is published already")]
    Newer(u64),
    /// The folder of a former epoch holds something that nothing shows to be of it.
    #[error(
        "`{0}` lies among the published files of a finished epoch and is none of them: move it away, then publish again"
    )]
    Foreign(String),
    /// The folder to publish in is that of a log.
    #[error("`{0}` is the folder of a log, and no place to publish it: name another")]
    Own(String),
    /// Entries that were never published are gone, and no signed entry says so.
    #[error("the first {0} entries were removed before they were published, and the log does not say so yet")]
    Unrecorded(u64),
}

/// What was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Entries that the checkpoint covers.
    pub entries: u64,
    /// The first of them that is kept.
    pub first: u64,
    /// Files of entries that were removed from the store since those are not kept.
    pub removed: u64,
    /// Whether more was pruned, and stays published until an entry says so.
    pub unrecorded: bool,
}

/// Publishes a log over the changes of its key: the running epoch in the folder itself, the finished ones under `epochs`. What lies
/// there of an epoch that was running then goes to its place first. Tells what was published of each, and where.
///
/// # Errors
/// [`PublishError`]: then it is to be done again.
pub fn publish_all(dir: &Path, to: &Path) -> Result<Vec<(PathBuf, Published)>, PublishError> {
    if to.join(SEGMENTS).exists() {
        return Err(PublishError::Own(octroi_verify::shown(to)));
    }
    // One at a time: what others are writing is then left by one that was killed. The log is looked at when it is this one's turn: its
    // key may have changed while it waited.
    let alone = LocalTiles::new(to).alone()?;
    let removals = Removals::of(dir)?;
    let logs = decisions::logs(dir);
    succession::settle(to, &logs, &removals)?;
    let mut begun = Vec::with_capacity(logs.len());
    for (epoch, log) in &logs {
        let place = if *log == dir { to.to_owned() } else { to.join(EPOCHS).join(epoch.to_string()) };
        let store = LocalTiles::new(&place);
        store.sweep()?;
        begun.push((begin(log, &store, &removals)?, log, place, store));
    }
    let mut published = Vec::with_capacity(begun.len());
    for (begun, log, place, store) in begun.into_iter().rev() {
        published.push((place, begun.end(log, &store)?));
    }
    drop(alone);
    Ok(published)
}

/// Publishes what the log's checkpoint covers, given what signed entries say was removed.
///
/// # Errors
/// [`PublishError`].
pub fn publish(log: &Path, store: &dyn TileStore, removals: &Removals) -> Result<Published, PublishError> {
    begin(log, store, removals)?.end(log, store)
}

/// A log that is published, of which what was pruned is still there.
struct Begun {
    size: u64,
    plan: pruning::Plan,
    first: Option<Kept>,
}

impl Begun {
    /// Removes what was pruned.
    fn end(self, log: &Path, store: &dyn TileStore) -> Result<Published, PublishError> {
        let (plan, mut removed) = (self.plan, 0);
        if plan.first > 0 {
            pruning::keep(store, self.first.as_ref())?;
            removed = pruning::remove(log, store, plan.first.min(plan.left))?;
        }
        Ok(Published { entries: self.size, first: plan.first, removed, unrecorded: plan.first < plan.left })
    }
}

/// Publishes it, and removes nothing.
fn begin(log: &Path, store: &dyn TileStore, removals: &Removals) -> Result<Begun, PublishError> {
    let unreadable = |error: &io::Error| Problem::new(CHECKPOINT, ProblemKind::Unreadable, error.kind().to_string());
    let read = |name: &str| super::read_text(log, name).map_err(|error| unreadable(&error));
    let signed = read(CHECKPOINT)?;
    let size =
        size_of(&signed).ok_or_else(|| Problem::new(CHECKPOINT, ProblemKind::Checkpoint, "malformed checkpoint"))?;
    let published = store.get(CHECKPOINT)?;
    // One that cannot be read is of no history of ours.
    let before = match &published {
        None => None,
        Some((bytes, _)) => {
            let before =
                std::str::from_utf8(bytes).ok().and_then(|text| Checkpoint::parse(note::split(text).ok()?.0).ok());
            Some(before.ok_or_else(|| PublishError::Other(CHECKPOINT.to_owned()))?)
        }
    };
    if let Some(before) = before.as_ref().filter(|before| before.size > size) {
        return Err(PublishError::Newer(before.size));
    }
    if let Some(before) = &before {
        extends(log, before)?;
    }
    let left = Walk::open(&log)?.place().seq;
    if left > size {
        let detail = format!("{size} entries were signed, and the first {left} are gone");
        return Err(Problem::new(CHECKPOINT, ProblemKind::Truncated, detail).into());
    }
    let origin = signed.lines().next().unwrap_or_default();
    let plan = pruning::plan(store, left, before.map_or(0, |before| before.size), removals.of_log(origin))?;
    // The key first: it says of which epoch the rest is, should the key change before all of it is there.
    put(store, VERIFIER_KEY, read(VERIFIER_KEY)?.as_bytes())?;
    let kept = write_tiles(log, store, size, &plan)?;
    pruning::keep(store, kept.start.as_ref())?;
    if let Some(begun) = read_small(&LocalStorage::new(log), BEGUN, ENTRY_BYTES_MAX as u64)? {
        put(store, BEGUN, &begun)?;
    }
    publish_cosigned(log, store, size)?;
    let tag = published.map(|(_, tag)| tag);
    if store.swap(CHECKPOINT, tag.as_deref(), signed.as_bytes())? == Swap::Lost {
        return Err(PublishError::Newer(size));
    }
    Ok(Begun { size, plan, first: kept.first })
}

/// Publishes what witnesses signed, where that is no more than what is published.
fn publish_cosigned(log: &Path, store: &dyn TileStore, size: u64) -> Result<(), PublishError> {
    let cosigned = match super::read_text(log, COSIGNED) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        cosigned => cosigned?,
    };
    if size_of(&cosigned).is_none_or(|signed| signed > size) {
        return Ok(());
    }
    let tag = store.get(COSIGNED)?.map(|(_, tag)| tag);
    match store.swap(COSIGNED, tag.as_deref(), cosigned.as_bytes())? {
        Swap::Done => Ok(()),
        Swap::Lost => Err(PublishError::Newer(size)),
    }
}

/// The log must begin with what was published, to the entry: partial tiles of another history have other names than those
/// that come now, so that they would not stand in the way.
fn extends(log: &Path, before: &Checkpoint) -> Result<(), PublishError> {
    let mut tree = Frontier::default();
    let mut walk = Walk::open(&log)?;
    let pruned = walk.place().seq.min(before.size);
    pruned::read(log, pruned, &mut |_, hash| {
        tree.push(hash);
        Ok(())
    })?;
    while tree.size() < before.size {
        match walk.next()? {
            Step::Batch(batch) => {
                batch
                    .entries()
                    .filter(|(_, seq, _)| *seq < before.size)
                    .for_each(|(_, _, bytes)| tree.push(leaf_hash(bytes)));
            }
            Step::Segment(_) => {}
            Step::Torn(_) | Step::End => break,
        }
    }
    if tree.root() == before.root { Ok(()) } else { Err(PublishError::Other(CHECKPOINT.to_owned())) }
}

/// The size in a checkpoint's text, which its reader verifies and its publisher need not.
fn size_of(signed: &str) -> Option<u64> {
    note::split(signed).ok()?.0.lines().nth(1)?.parse().ok()
}

/// The beginnings of the log that come one after the other.
#[derive(Debug, Default)]
struct Beginnings {
    /// Before the checkpoint.
    start: Option<Kept>,
    /// Behind it, where that is another.
    first: Option<Kept>,
}

/// Writes what is not there yet, and gathers the beginnings.
fn write_tiles(log: &Path, store: &dyn TileStore, size: u64, plan: &pruning::Plan) -> Result<Beginnings, PublishError> {
    let mut walk = Walk::open(&log)?;
    let (mut growing, mut full, mut entries) = (Growing::default(), Vec::new(), Vec::new());
    let left = plan.left;
    if walk.place().seq != left {
        let detail = "it was pruned while it was read: publish it again";
        return Err(Problem::new(SEGMENTS, ProblemKind::Unreadable, detail).into());
    }
    let mut leaves = Vec::new();
    pruned::read(log, left, &mut |_, hash| {
        growing.push(hash, &mut full);
        leaves.push(hash);
        leaves.drain(..leaves.len() - usize::try_from(growing.size() % TILE_WIDTH).unwrap_or(0));
        Ok(())
    })?;
    for tile in full.drain(..) {
        put(store, &tile.path(), &tile.bytes())?;
    }
    let mut kept = [plan.start, plan.first].map(|first| (first > 0).then(|| Kept { first, entries: Vec::new() }));
    let mut take = |seq: u64, bytes: &[u8], entries: &mut Vec<u8>| {
        for kept in kept.iter_mut().flatten().filter(|kept| (kept.first..kept.end()).contains(&seq)) {
            kept.entries.push(bytes.to_vec());
        }
        if seq >= plan.start.next_multiple_of(TILE_WIDTH) {
            bundle(bytes, entries);
        }
    };
    for (seq, entry) in pruning::published_before(store, plan, &leaves)? {
        take(seq, &entry, &mut entries);
    }
    loop {
        let batch = match walk.next()? {
            Step::Batch(batch) => batch,
            Step::Segment(_) => continue,
            Step::Torn(_) | Step::End => break,
        };
        for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| *seq < size) {
            take(seq, bytes, &mut entries);
            growing.push(leaf_hash(bytes), &mut full);
            if (seq + 1) % TILE_WIDTH == 0 && !entries.is_empty() {
                put(store, &entries_path(seq / TILE_WIDTH, 256), &entries)?;
                entries.clear();
            }
        }
        for tile in full.drain(..) {
            put(store, &tile.path(), &tile.bytes())?;
        }
        if growing.size() >= size {
            break;
        }
    }
    if growing.size() < size {
        let detail = format!("{size} entries were signed, {} are there", growing.size());
        return Err(Problem::new(SEGMENTS, ProblemKind::Truncated, detail).into());
    }
    if !entries.is_empty() {
        let width = u16::try_from(size % TILE_WIDTH).unwrap_or(255);
        put(store, &entries_path(size / TILE_WIDTH, width), &entries)?;
    }
    for tile in growing.partial() {
        put(store, &tile.path(), &tile.bytes())?;
    }
    let [start, first] = kept;
    // What lies behind the bundle of the beginning that stays for now was published with it, and is not read again.
    let stays = |kept: &Kept| kept.first == plan.start && kept.end() <= left;
    let first = first.filter(|kept| kept.first != plan.start);
    Ok(Beginnings { start: plan.there.clone().filter(stays).or(start), first })
}

/// Puts a file that never changes.
fn put(store: &dyn TileStore, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
    if store.put_new(path, bytes)? == Put::Exists && store.get(path)?.is_none_or(|(found, _)| found != bytes) {
        return Err(PublishError::Other(path.to_owned()));
    }
    Ok(())
}
