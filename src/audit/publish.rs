//! The log as static files, in the layout of C2SP tlog-tiles: any web server or copy is then a log that others can read.
//!
//! Files of full tiles never change once they are written; partial ones are for the size of the published checkpoint and go
//! when the full one is there. The checkpoint comes last, by compare and swap, so that what it covers is always there and a
//! second publisher cannot put back an older one.

use std::io;
use std::path::Path;

use octroi_verify::merkle::leaf_hash;
use octroi_verify::note;
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::tiles::{Growing, TILE_WIDTH, bundle, entries_path};
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::walk::{Step, Walk};

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
    let before = published.as_ref().and_then(|(bytes, _)| size_of(std::str::from_utf8(bytes).ok()?)).unwrap_or(0);
    if before > size {
        return Err(PublishError::Newer(before));
    }
    write_tiles(log, store, size)?;
    put(store, VERIFIER_KEY, read(VERIFIER_KEY)?.as_bytes())?;
    let tag = published.map(|(_, tag)| tag);
    match store.swap(CHECKPOINT, tag.as_deref(), signed.as_bytes())? {
        Swap::Done => Ok(size),
        Swap::Lost => Err(PublishError::Newer(size)),
    }
}

/// The size in a checkpoint's text, which its reader verifies and its publisher need not.
fn size_of(signed: &str) -> Option<u64> {
    note::split(signed).ok()?.0.lines().nth(1)?.parse().ok()
}

fn write_tiles(log: &Path, store: &dyn TileStore, size: u64) -> Result<(), PublishError> {
    let mut walk = Walk::open(&log)?;
    let (mut growing, mut full, mut entries) = (Growing::default(), Vec::new(), Vec::new());
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

/// Puts a file that never changes.
fn put(store: &dyn TileStore, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
    if store.put_new(path, bytes)? == Put::Exists && store.get(path)?.is_none_or(|(found, _)| found != bytes) {
        return Err(PublishError::Other(path.to_owned()));
    }
    Ok(())
}
