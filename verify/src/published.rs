//! A log as it is published: C2SP tlog-tiles in a folder, copied with any tool from any static server.
//!
//! The entries come from the bundles; every tile of hashes, on every level and partial ones too, must be the one that they
//! make. Of entries that were removed when their retention ended the hashes come from the tiles of the lowest level.

use std::io;
use std::path::Path;

use crate::kept::{KEPT, Kept};
use crate::merkle::{Hash, leaf_hash};
use crate::pass::Pass;
use crate::problem::{Problem, ProblemKind};
use crate::regular;
use crate::relations::Relations;
use crate::tiles::{Growing, TILE_WIDTH, Tile, entries_path, hashes_path, unbundle};
use crate::verify::{Progress, Walked, kept_beginning};
use crate::walk::{SEGMENTS, unreadable};

/// The folder of tiles.
pub(crate) const TILES: &str = "tile";

/// Whether a folder holds a published log, and not one that a gateway writes.
pub fn is_published(dir: &Path) -> bool {
    dir.join(TILES).is_dir() && !dir.join(SEGMENTS).is_dir()
}

/// Where the files of a published log are.
pub trait Files {
    /// Reads a whole file of at most so many bytes; [`io::ErrorKind::NotFound`] when it is not there.
    ///
    /// # Errors
    /// What the system or the server says; [`io::ErrorKind::FileTooLarge`] for one that is longer.
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>>;
}

/// A folder of the file system.
impl Files for &Path {
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        regular::read(&self.join(name), bytes_max)
    }
}

/// Bytes of a bundle at most.
const BUNDLE_BYTES_MAX: u64 = TILE_WIDTH * (2 + crate::entry::ENTRY_BYTES_MAX as u64);

/// Walks over the bundles of a log of this size.
pub(crate) fn walk(
    files: &dyn Files,
    pass: &mut Pass<'_>,
    size: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Walked, Problem> {
    let (mut growing, mut full) = (Growing::default(), Vec::new());
    let mut comparison = Comparison { files, size, suspect: None };
    let (bundles, pruned) = (size.div_ceil(TILE_WIDTH), begin(files, pass, &mut growing, size)?);
    // What was kept of the bundle in which the log begins has been taken.
    for number in growing.size().div_ceil(TILE_WIDTH)..bundles {
        let first = number.saturating_mul(TILE_WIDTH);
        let width = size.saturating_sub(first).min(TILE_WIDTH);
        let name = entries_path(number, u16::try_from(width).unwrap_or(256));
        let bytes = read(files, &name)?;
        let damaged = |detail: String| Problem::new(&name, ProblemKind::Damaged, detail).entry(first);
        let entries = unbundle(&bytes).ok_or_else(|| damaged("its last entry is cut short".to_owned()))?;
        if entries.len() as u64 != width {
            return Err(damaged(format!("it has {} entries instead of {width}", entries.len())));
        }
        let mut offset = 0_u64;
        for (entry, seq) in entries.iter().zip(first..) {
            let taken = pass.take((&name, offset, seq), entry);
            offset += 2 + entry.len() as u64;
            growing.push(leaf_hash(entry), &mut full);
            if let Err(problem) = taken {
                full.extend(growing.partial());
                return Err(comparison.blame(problem, &full));
            }
        }
        full.drain(..).try_for_each(|tile| comparison.compare(&tile))?;
        progress(Progress { entries: growing.size(), signed: size });
    }
    growing.partial().iter().try_for_each(|tile| comparison.compare(tile))?;
    // The entries lead to the signed root: it is the hash that is not theirs.
    if let Some(Suspect { tile, .. }) = comparison.suspect {
        return Err(tile);
    }
    Ok(Walked { name: TILES, files: u32::try_from(bundles).unwrap_or(u32::MAX), left_behind: 0, pruned, torn: None })
}

/// Takes the hashes of the entries that were removed, and the entries that are left of the bundle in which the log begins.
/// Returns how many were removed.
fn begin(files: &dyn Files, pass: &mut Pass<'_>, growing: &mut Growing, size: u64) -> Result<u64, Problem> {
    let bytes = match files.read(KEPT, BUNDLE_BYTES_MAX.saturating_add(32)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        bytes => bytes.map_err(|error| unreadable(KEPT, &error))?,
    };
    let damaged = |detail: &str| Problem::new(KEPT, ProblemKind::Damaged, detail.to_owned());
    let kept = Kept::parse(&bytes).ok_or_else(|| damaged("it does not say with which entry the log begins"))?;
    if kept.first > size {
        let detail = format!("the log begins with entry {}, and {size} entries were signed", kept.first);
        return Err(Problem::new(KEPT, ProblemKind::Truncated, detail));
    }
    let (begun, mut full) = (kept_beginning(files)?, Vec::new());
    for number in 0..kept.first.div_ceil(TILE_WIDTH) {
        let first = number.saturating_mul(TILE_WIDTH);
        let width = size.saturating_sub(first).min(TILE_WIDTH);
        let name = hashes_path(0, number, u16::try_from(width).unwrap_or(256));
        let tile = read(files, &name)?;
        if tile.len() as u64 != width.saturating_mul(32) {
            let detail = format!("it does not have {width} hashes");
            return Err(Problem::new(&name, ProblemKind::Damaged, detail).entry(first));
        }
        let hashes = tile.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).map(Hash);
        for (seq, hash) in (first..kept.first).zip(hashes) {
            if let (0, Some(begun)) = (seq, &begun) {
                pass.take_beginning(begun, hash)?;
            }
            pass.take_hash(&name, seq, hash)?;
            growing.push(hash, &mut full);
        }
        // The lowest ones are what the others are made of.
        full.drain(..).filter(|tile| tile.level > 0).try_for_each(|tile| compare(files, &tile))?;
    }
    pass.relations = Relations::after_pruning();
    let end = kept.end().min(size);
    let mut offset = kept.first.to_string().len() as u64 + 1;
    for (entry, seq) in kept.entries.iter().zip(kept.first..end) {
        pass.take((KEPT, offset, seq), entry)?;
        offset += 2 + entry.len() as u64;
        growing.push(leaf_hash(entry), &mut full);
    }
    if growing.size() < end {
        let detail = format!("entries {} to {} are not there", growing.size(), end - 1);
        return Err(Problem::new(KEPT, ProblemKind::MissingEntries, detail).entry(growing.size()));
    }
    full.drain(..).try_for_each(|tile| compare(files, &tile))?;
    Ok(kept.first)
}

/// An entry whose hash is not the one in its tile: which of the two was changed the rest of the log tells.
struct Suspect {
    entry: Problem,
    tile: Problem,
}

/// The comparison of the tiles that are published with those that the entries make.
struct Comparison<'a> {
    files: &'a dyn Files,
    size: u64,
    suspect: Option<Suspect>,
}

impl Comparison<'_> {
    /// Compares a tile, and goes on after the first entry whose hash is another. The tiles above are made of the hashes: where those
    /// that are published are not made of these entries, it is the entry that was changed.
    fn compare(&mut self, tile: &Tile) -> Result<(), Problem> {
        let problem = match (compare(self.files, tile), self.suspect.is_some()) {
            (Err(problem), false) if tile.level == 0 && problem.kind == ProblemKind::Damaged => problem,
            (Err(problem), true) if tile.level > 0 && problem.kind == ProblemKind::Damaged => {
                return Err(self.suspect.take().map_or(problem, |suspect| suspect.entry));
            }
            (compared, false) => return compared,
            // What else is wrong comes behind it.
            (_, true) => return Ok(()),
        };
        let first = tile.number.saturating_mul(TILE_WIDTH);
        let seq = first.saturating_add(problem.offset.unwrap_or(0) / 32);
        let width = self.size.saturating_sub(first).min(TILE_WIDTH);
        let name = entries_path(tile.number, u16::try_from(width).unwrap_or(256));
        let detail = format!("it is not the entry whose hash stands in `{}`", problem.file);
        let entry = Problem::new(name, ProblemKind::Damaged, detail).entry(seq);
        self.suspect = Some(Suspect { entry, tile: problem.entry(seq) });
        Ok(())
    }

    /// Who is to blame where an entry is in order and the log does not lead to the signed root with it: the first one whose hash is
    /// not in its tile, of those before and those in the tiles that are begun.
    fn blame(mut self, problem: Problem, begun: &[Tile]) -> Problem {
        if problem.kind != ProblemKind::Rewritten {
            return problem;
        }
        let compared = begun.iter().filter(|tile| tile.level == 0).try_for_each(|tile| self.compare(tile));
        match self.suspect {
            Some(suspect) if compared.is_ok() => suspect.entry,
            _ => problem,
        }
    }
}

/// Compares a tile of hashes with the one that the entries make.
fn compare(files: &dyn Files, tile: &Tile) -> Result<(), Problem> {
    let name = tile.path();
    let (found, right) = (read(files, &name)?, tile.bytes());
    if found == right {
        return Ok(());
    }
    let same = found.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let detail = "its hashes are not those of the entries";
    Err(Problem::new(name, ProblemKind::Damaged, detail).at(same as u64))
}

fn read(files: &dyn Files, name: &str) -> Result<Vec<u8>, Problem> {
    files.read(name, BUNDLE_BYTES_MAX).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new(name, ProblemKind::MissingEntries, "the file is not there"),
        io::ErrorKind::FileTooLarge => Problem::new(name, ProblemKind::Damaged, "the file is far too long"),
        _ => unreadable(name, &error),
    })
}
