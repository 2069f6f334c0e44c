//! What is published of a log that was pruned: with which entry it begins, and what of the removed entries goes from the store.

use std::collections::HashMap;
use std::path::Path;

use octroi_verify::entry;
use octroi_verify::kept::{KEPT, Kept};
use octroi_verify::merkle::{Hash, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned::{self, PRUNED};
use octroi_verify::report::Removal;
use octroi_verify::tiles::{TILE_WIDTH, entries_path, unbundle};
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::Walk;
use serde::Deserialize;

use super::{PublishError, Swap, TileStore, size_of};
use crate::audit::decisions;
use crate::audit::storage::{LocalStorage, Storage as _};

/// What signed entries of a log, over all its epochs, say was removed of each.
#[derive(Debug, Clone, Default)]
pub struct Removals(HashMap<String, u64>);

impl Removals {
    /// Reads them. A log of which nothing was removed is not read.
    ///
    /// # Errors
    /// A [`Problem`] when an epoch cannot be read.
    pub fn of(dir: &Path) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Outer {
            entry: Removal,
        }
        let (logs, mut removals) = (decisions::logs(dir), Self::default());
        let mut is_pruned = false;
        for (_, log) in logs.iter().filter(|(_, log)| log.join(CHECKPOINT).exists()) {
            is_pruned |= Walk::open(&log.as_path())?.place().seq > 0;
        }
        for (_, log) in logs.iter().filter(|_| is_pruned) {
            let Ok(signed) = crate::audit::read_text(log, CHECKPOINT) else { continue };
            let (origin, size) = (signed.lines().next().unwrap_or_default(), size_of(&signed).unwrap_or(0));
            decisions::read_marked(log, &["\"kind\":\"prune\""], &mut |seq, bytes| {
                let is_one = seq < size && entry::open(bytes).is_ok_and(|it| it.about.kind == entry::Kind::Prune);
                let Ok(Outer { entry }) = serde_json::from_slice(bytes) else { return };
                if is_one {
                    let of = removals.0.entry(entry.log.unwrap_or_else(|| origin.to_owned())).or_default();
                    *of = entry.to.max(*of);
                }
            })?;
        }
        Ok(removals)
    }

    /// Behind the last entry of the log of this name that is said to be removed.
    pub(super) fn of_log(&self, origin: &str) -> u64 {
        self.0.get(origin).copied().unwrap_or(0)
    }
}

/// With which entries the published log begins.
#[derive(Debug)]
pub(super) struct Plan {
    /// What the store says now.
    pub(super) there: Option<Kept>,
    /// The first entry that the log has.
    pub(super) left: u64,
    /// While the new checkpoint comes: as before, where that goes on.
    pub(super) start: u64,
    /// Behind it.
    pub(super) first: u64,
}

/// Decides it: of a log that begins with the entry `left`, of which `published` entries are published and `recorded` ones are said
/// to be removed.
pub(super) fn plan(store: &dyn TileStore, left: u64, published: u64, recorded: u64) -> Result<Plan, PublishError> {
    let there = match store.get(KEPT)? {
        None => None,
        Some((bytes, _)) => Some(Kept::parse(&bytes).ok_or_else(|| PublishError::Other(KEPT.to_owned()))?),
    };
    let before = there.as_ref().map_or(0, |kept| kept.first);
    // What is gone from the store once does not come back.
    let (first, goes_on) = (left.max(before), published >= left);
    if recorded >= first || first == before {
        let start = if goes_on { before } else { first };
        return Ok(Plan { there, left, start, first });
    }
    if goes_on { Ok(Plan { there, left, start: before, first: before }) } else { Err(PublishError::Unrecorded(left)) }
}

/// The entries of the bundle in which the log begins that it does not have any more, where they are to stay: they are where they
/// were published. Each has to be the one whose hash was kept.
pub(super) fn published_before(
    store: &dyn TileStore,
    plan: &Plan,
    leaves: &[Hash],
) -> Result<Vec<(u64, Vec<u8>)>, PublishError> {
    let left = plan.left;
    let number = left / TILE_WIDTH;
    let begins = number.saturating_mul(TILE_WIDTH);
    let from = begins.max(plan.start);
    let wanted = usize::try_from(left.saturating_sub(from)).unwrap_or(0);
    let leaves = leaves.get(leaves.len().saturating_sub(wanted)..).unwrap_or_default();
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let same = |entries: &[Vec<u8>]| {
        entries.len() >= leaves.len() && entries.iter().zip(leaves).all(|(entry, leaf)| leaf_hash(entry) == *leaf)
    };
    let numbered = |entries: Vec<Vec<u8>>| Ok((from..left).zip(entries).collect());
    let kept = plan.there.as_ref().filter(|kept| kept.first == from);
    if let Some(kept) = kept.filter(|kept| same(&kept.entries)) {
        return numbered(kept.entries.clone());
    }
    let full = entries_path(number, 256);
    let partial = store.list(&format!("{full}.p"))?;
    for path in std::iter::once(full.clone()).chain(partial) {
        let Some((bytes, _)) = store.get(&path)? else { continue };
        let Some(found) = unbundle(&bytes) else { continue };
        let skipped = usize::try_from(from - begins).unwrap_or(usize::MAX);
        let found: Vec<Vec<u8>> = found.into_iter().skip(skipped).map(<[u8]>::to_vec).collect();
        if same(&found) {
            return numbered(found);
        }
    }
    let detail = "entries of it were pruned, and what was published of them is not there";
    Err(Problem::new(full, ProblemKind::MissingEntries, detail).into())
}

/// Says with which entry the log begins.
pub(super) fn keep(store: &dyn TileStore, kept: Option<&Kept>) -> Result<(), PublishError> {
    let Some(bytes) = kept.map(Kept::bytes) else { return Ok(()) };
    let there = store.get(KEPT)?;
    if there.as_ref().is_some_and(|(found, _)| *found == bytes) {
        return Ok(());
    }
    match store.swap(KEPT, there.map(|(_, tag)| tag).as_deref(), &bytes)? {
        Swap::Done => Ok(()),
        Swap::Lost => Err(PublishError::Newer(kept.map_or(0, |kept| kept.first))),
    }
}

/// Removes the bundles that hold an entry before this one. Only a file in the place of a bundle, with the very entries whose hashes
/// the log has kept, is one of ours.
pub(super) fn remove(log: &Path, store: &dyn TileStore, first: u64) -> Result<u64, PublishError> {
    if first == 0 {
        return Ok(0);
    }
    let (mut removed, hashes) = (0, LocalStorage::new(log).open(PRUNED)?);
    for path in store.list("tile/entries")? {
        let Some(begins) = bundle_of(&path).and_then(|number| number.checked_mul(TILE_WIDTH)) else { continue };
        if begins >= first {
            continue;
        }
        let Some((bytes, _)) = store.get(&path)? else { continue };
        let entries = unbundle(&bytes).unwrap_or_default();
        let end = first.min(begins.saturating_add(entries.len() as u64));
        let mut same = end > begins;
        let mut at = entries.iter();
        pruned::read_from(&*hashes, begins..end, &mut |_, hash| {
            same &= at.next().is_some_and(|entry| leaf_hash(entry) == hash);
            Ok(())
        })?;
        if !same {
            return Err(PublishError::Other(path));
        }
        store.remove(&path)?;
        removed += 1;
    }
    Ok(removed)
}

/// The number of a bundle, of a path that is one.
pub(super) fn bundle_of(path: &str) -> Option<u64> {
    let (number, width) = match path.strip_prefix("tile/entries/")?.split_once(".p/") {
        None => (path.strip_prefix("tile/entries/")?, 256),
        Some((number, width)) => (number, width.parse().ok().filter(|width| (1..256).contains(width))?),
    };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let number = digits.parse().ok()?;
    (entries_path(number, width) == path).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_bundles_are_ours() {
        for (path, number) in [("tile/entries/007", 7), ("tile/entries/007.p/3", 7), ("tile/entries/x001/234", 1_234)] {
            assert_eq!(bundle_of(path), Some(number), "{path}");
        }
        for path in [
            "tile/entries/7",
            "tile/entries/007.p/256",
            "tile/entries/007.p/03",
            "tile/entries/readme",
            "tile/0/007",
            "tile/entries/x000/007",
            "tile/entries/007.bak",
            "tile/entries/x1/234",
        ] {
            assert_eq!(bundle_of(path), None, "{path}");
        }
    }
}
