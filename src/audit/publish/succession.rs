//! After a change of the key: the folder in which the former epoch was published becomes that of the next one.
//!
//! ```text
//! published/.finished/    the former epoch to its last entry, until it is whole and goes to epochs/N
//! published/.next/        the next epoch, until it is whole and goes to the folder itself
//! published/.old/         what lay in the folder before, until all of it has gone from there
//! published/.gone/        the same, while it is removed
//! ```
//!
//! Both epochs are written where no reader looks. Then each file that lies in the folder is shown to be of the former epoch: tiles
//! and bundles by the hashes of `.finished`, checkpoints by its tree. One that is not is named, and nothing is moved. What follows
//! is a row of renames that a crash may cut anywhere: the next publication goes on where it ended. While they are done, for as
//! long as they take, a reader finds a folder without a checkpoint, or no log in it; before and behind them all verifies.
#![expect(clippy::disallowed_types, reason = "published files are moved, which is the effect of this module")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use octroi_verify::fleet::EPOCHS;
use octroi_verify::kept::{KEPT, Kept};
use octroi_verify::merkle::leaf_hash;
use octroi_verify::pruned::BEGUN;
use octroi_verify::tiles::{TILE_WIDTH, hashes_path, unbundle};
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::{Checkpoint, note};

use super::{LocalTiles, PublishError, Removals, TileStore, extends, pruning, publish};

const FINISHED: &str = ".finished";
const NEXT: &str = ".next";
const OLD: &str = ".old";
const GONE: &str = ".gone";
/// What a published epoch consists of: the checkpoint first, without which no reader goes on; the key last, since where that lies
/// tells how far the renames are.
const PARTS: [&str; 6] = [CHECKPOINT, COSIGNED, KEPT, BEGUN, "tile", VERIFIER_KEY];

/// Brings the folder to the running epoch, one epoch after the other, if it is of a finished one of these logs (newest first).
pub(super) fn settle(to: &Path, logs: &[(u32, PathBuf)], removals: &Removals) -> Result<(), PublishError> {
    for name in [FINISHED, NEXT] {
        LocalTiles::new(to.join(name)).sweep()?;
    }
    LocalTiles::new(to).sweep()?;
    // At most once for each epoch.
    for _ in logs {
        let Some(at) = epoch_of(to, logs)? else { return Ok(()) };
        let log = |epoch: u32| logs.iter().find(|(number, _)| *number == epoch).map(|(_, log)| log.as_path());
        if let (true, Some(before)) = (to.join(GONE).exists(), at.checked_sub(1)) {
            remove_gone(to, before, log(before))?;
        }
        let (Some(former), Some(next)) = (log(at), log(at.saturating_add(1))) else { return Ok(()) };
        succeed(to, at, (former, next), removals)?;
    }
    Ok(())
}

/// Of which epoch the folder is: as its key says, or the one that was moved away.
fn epoch_of(to: &Path, logs: &[(u32, PathBuf)]) -> Result<Option<u32>, PublishError> {
    for place in [to.join(OLD), to.to_owned()] {
        if let Some((key, _)) = LocalTiles::new(place).get(VERIFIER_KEY)? {
            let same = |log: &Path| crate::audit::read_text(log, VERIFIER_KEY).is_ok_and(|text| text.as_bytes() == key);
            return Ok(logs.iter().find(|(_, log)| same(log)).map(|(epoch, _)| *epoch));
        }
    }
    Ok(None)
}

fn succeed(to: &Path, at: u32, logs: (&Path, &Path), removals: &Removals) -> Result<(), PublishError> {
    let (former, next) = logs;
    let (finished, place) = (to.join(FINISHED), to.join(EPOCHS).join(at.to_string()));
    if !to.join(OLD).exists() {
        let whole = LocalTiles::new(if place.exists() { &place } else { &finished });
        publish(former, &whole, removals)?;
        publish(next, &LocalTiles::new(to.join(NEXT)), removals)?;
        prove(to, former, &whole)?;
        fs::create_dir_all(to.join(EPOCHS))?;
        fs::create_dir(to.join(OLD))?;
        sync(to)?;
    }
    for (from, behind) in renames(to, at) {
        rename(&from, &behind)?;
    }
    remove_gone(to, at, Some(former))
}

/// What is left to be renamed, in order. Public to the tests, which cut it anywhere.
pub(in crate::audit) fn renames(to: &Path, at: u32) -> Vec<(PathBuf, PathBuf)> {
    let (old, next, mut renames) = (to.join(OLD), to.join(NEXT), Vec::new());
    // Once the key lies there what the folder holds is the next epoch's.
    if !old.join(VERIFIER_KEY).exists() {
        renames.extend(PARTS.iter().map(|part| (to.join(part), old.join(part))));
    }
    // The checkpoint last, when the former epoch is in its place, too: it says that the rest is there.
    renames.extend(PARTS.iter().rev().map(|part| (next.join(part), to.join(part))));
    let checkpoint = renames.pop();
    renames.push((to.join(FINISHED), to.join(EPOCHS).join(at.to_string())));
    renames.extend(checkpoint);
    renames.push((old, to.join(GONE)));
    renames
}

/// Renames what is there still, durably.
fn rename(from: &Path, behind: &Path) -> io::Result<()> {
    match fs::rename(from, behind) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed?,
    }
    [from, behind].into_iter().filter_map(Path::parent).try_for_each(sync)
}

/// Removes what was moved away, each file shown to be of its epoch once more, and the empty folder of the next.
fn remove_gone(to: &Path, at: u32, former: Option<&Path>) -> Result<(), PublishError> {
    let (gone, next) = (to.join(GONE), to.join(NEXT));
    if next.exists() && !next.join(VERIFIER_KEY).exists() {
        fs::remove_file(next.join(".lock")).or_else(gone_already)?;
        fs::remove_dir(&next)?;
    }
    if let (true, Some(former)) = (gone.exists(), former) {
        prove(&gone, former, &LocalTiles::new(to.join(EPOCHS).join(at.to_string())))?;
        fs::remove_dir_all(&gone)?;
    }
    sync(to)?;
    Ok(())
}

fn gone_already(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Shows that every file of a published epoch in a folder is of this log, of which all is published in `whole`.
fn prove(folder: &Path, log: &Path, whole: &LocalTiles) -> Result<(), PublishError> {
    let here = LocalTiles::new(folder);
    for part in PARTS {
        let tree = walkdir::WalkDir::new(folder.join(part)).follow_root_links(false).into_iter();
        for entry in tree {
            let entry = match entry {
                Err(error) if error.depth() == 0 => continue,
                entry => entry.map_err(io::Error::from)?,
            };
            if entry.file_type().is_dir() && part == "tile" {
                continue;
            }
            let path =
                entry.path().strip_prefix(folder).unwrap_or_else(|_| entry.path()).to_string_lossy().into_owned();
            // A link or a pipe is nothing that was published.
            let is_one = entry.file_type().is_file() && is_of(&here, &path, log, whole)?;
            if !is_one {
                return Err(PublishError::Foreign(octroi_verify::shown(entry.path())));
            }
        }
    }
    Ok(())
}

/// Whether a file is of this log.
fn is_of(here: &LocalTiles, path: &str, log: &Path, whole: &LocalTiles) -> Result<bool, PublishError> {
    // A name that no published file has.
    let Ok(Some((bytes, _))) = here.get(path) else { return Ok(false) };
    let same = |name: &str| Ok(whole.get(name)?.is_some_and(|(found, _)| found == bytes));
    match path {
        VERIFIER_KEY | BEGUN => same(path),
        CHECKPOINT | COSIGNED => {
            let text = std::str::from_utf8(&bytes).ok();
            let signed = text.and_then(|text| Checkpoint::parse(note::split(text).ok()?.0).ok());
            let Some(signed) = signed else { return Ok(false) };
            match extends(log, &signed) {
                Err(PublishError::Other(_)) => Ok(false),
                extended => extended.map(|()| true),
            }
        }
        KEPT => {
            let Some(kept) = Kept::parse(&bytes) else { return Ok(false) };
            let number = kept.first / TILE_WIDTH;
            let skipped = usize::try_from(kept.first % TILE_WIDTH).unwrap_or(0);
            let entries: Vec<&[u8]> = kept.entries.iter().map(Vec::as_slice).collect();
            // One that begins within a bundle holds something of it.
            Ok((skipped == 0 || !entries.is_empty()) && are_leaves(whole, number, skipped, &entries)?)
        }
        _ => {
            if let Some(number) = pruning::bundle_of(path) {
                let Some(entries) = unbundle(&bytes) else { return Ok(false) };
                return are_leaves(whole, number, 0, &entries);
            }
            let Some((level, number)) = tile_of(path) else { return Ok(false) };
            Ok(tile(whole, level, number)?.starts_with(&bytes))
        }
    }
}

/// Whether these are the entries whose hashes stand in a tile of the lowest level, from a place in it on.
fn are_leaves(whole: &LocalTiles, number: u64, skipped: usize, entries: &[&[u8]]) -> Result<bool, PublishError> {
    let tile = tile(whole, 0, number)?;
    let mut hashes = tile.chunks_exact(32).skip(skipped);
    Ok(entries.iter().all(|entry| hashes.next() == Some(leaf_hash(entry).0.as_slice())))
}

/// The hashes of a tile, as many as are published.
fn tile(whole: &LocalTiles, level: u8, number: u64) -> io::Result<Vec<u8>> {
    let full = hashes_path(level, number, 256);
    let mut most = whole.get(&full)?.map(|(bytes, _)| bytes).unwrap_or_default();
    if most.is_empty() {
        for path in whole.list(&format!("{full}.p"))? {
            let bytes = whole.get(&path)?.map(|(bytes, _)| bytes).unwrap_or_default();
            if bytes.len() > most.len() {
                most = bytes;
            }
        }
    }
    Ok(most)
}

/// Level and number of a tile of hashes, of a path that is one.
fn tile_of(path: &str) -> Option<(u8, u64)> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let number = pruning::bundle_of(&format!("tile/entries/{rest}"))?;
    let level: u8 = level.parse().ok()?;
    let width = rest.split_once(".p/").map_or(Some(256), |(_, width)| width.parse().ok())?;
    (hashes_path(level, number, width) == path).then_some((level, number))
}

fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
