//! The log as static files, in the layout of C2SP tlog-tiles: any web server or copy is then a log that others can read.
//!
//! Files of full tiles never change once they are written; partial ones are for the size of the published checkpoint and go
//! when the full one is there. The checkpoint comes last, by compare and swap, so that what it covers is always there and a
//! second publisher cannot put back an older one.

use std::io;
use std::path::Path;

use octroi_verify::merkle::{Frontier, Hash, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned;
use octroi_verify::tiles::{Growing, TILE_WIDTH, bundle, entries_path, unbundle};
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::walk::{Step, Walk};
use octroi_verify::{Checkpoint, note};

use super::tile_store::{Put, Swap, TileStore};

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
}

/// Publishes what the log's checkpoint covers; returns how many entries that are.
///
/// # Errors
/// [`PublishError`].
pub fn publish(log: &Path, store: &dyn TileStore) -> Result<u64, PublishError> {
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
    write_tiles(log, store, size)?;
    put(store, VERIFIER_KEY, read(VERIFIER_KEY)?.as_bytes())?;
    publish_cosigned(log, store, size)?;
    let tag = published.map(|(_, tag)| tag);
    match store.swap(CHECKPOINT, tag.as_deref(), signed.as_bytes())? {
        Swap::Done => Ok(size),
        Swap::Lost => Err(PublishError::Newer(size)),
    }
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

fn write_tiles(log: &Path, store: &dyn TileStore, size: u64) -> Result<(), PublishError> {
    let mut walk = Walk::open(&log)?;
    let (mut growing, mut full, mut entries) = (Growing::default(), Vec::new(), Vec::new());
    let pruned = walk.place().seq;
    if pruned > 0 {
        let mut leaves = Vec::new();
        pruned::read(log, pruned, &mut |_, hash| {
            growing.push(hash, &mut full);
            leaves.push(hash);
            leaves.drain(..leaves.len() - usize::try_from(growing.size() % TILE_WIDTH).unwrap_or(0));
            Ok(())
        })?;
        entries = published_before(store, pruned / TILE_WIDTH, &leaves)?;
        for tile in full.drain(..) {
            put(store, &tile.path(), &tile.bytes())?;
        }
    }
    loop {
        let batch = match walk.next()? {
            Step::Batch(batch) => batch,
            Step::Segment(_) => continue,
            Step::Torn(_) | Step::End => break,
        };
        for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| *seq < size) {
            bundle(bytes, &mut entries);
            growing.push(leaf_hash(bytes), &mut full);
            if (seq + 1) % TILE_WIDTH == 0 {
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
        return Err(Problem::new("segments", ProblemKind::Truncated, detail).into());
    }
    let width = size % TILE_WIDTH;
    if width > 0 {
        put(store, &entries_path(size / TILE_WIDTH, u16::try_from(width).unwrap_or(255)), &entries)?;
    }
    for tile in growing.partial() {
        put(store, &tile.path(), &tile.bytes())?;
    }
    Ok(())
}

/// The beginning of a bundle whose first entries were pruned: they are where they were published before.
fn published_before(store: &dyn TileStore, number: u64, leaves: &[Hash]) -> Result<Vec<u8>, PublishError> {
    let full = entries_path(number, 256);
    if leaves.is_empty() {
        return Ok(Vec::new());
    }
    let partial = store.list(&format!("{full}.p"))?;
    for path in std::iter::once(full.clone()).chain(partial) {
        let Some((bytes, _)) = store.get(&path)? else { continue };
        let Some(found) = unbundle(&bytes) else { continue };
        let same =
            found.len() >= leaves.len() && found.iter().zip(leaves).all(|(entry, leaf)| leaf_hash(entry) == *leaf);
        if same {
            let mut kept = Vec::new();
            for entry in found.iter().take(leaves.len()) {
                bundle(entry, &mut kept);
            }
            return Ok(kept);
        }
    }
    let detail = "entries of it were pruned before they were published";
    Err(Problem::new(full, ProblemKind::MissingEntries, detail).into())
}

/// Puts a file that never changes.
fn put(store: &dyn TileStore, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
    if store.put_new(path, bytes)? == Put::Exists && store.get(path)?.is_none_or(|(found, _)| found != bytes) {
        return Err(PublishError::Other(path.to_owned()));
    }
    Ok(())
}
