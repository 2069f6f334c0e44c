//! A log as it is published: C2SP tlog-tiles in a folder, copied with any tool from any static server.
//!
//! The entries come from the bundles; every tile of hashes, on every level and partial ones too, must be the one that they
//! make.

use std::fs;
use std::io;
use std::path::Path;

use crate::pass::Pass;
use crate::problem::{Problem, ProblemKind};
use crate::tiles::{Growing, TILE_WIDTH, Tile, entries_path, unbundle};
use crate::verify::{Progress, Walked};
use crate::walk::{SEGMENTS, unreadable};

/// The folder of tiles.
pub(crate) const TILES: &str = "tile";

/// Whether a folder holds a published log, and not one that a gateway writes.
pub(crate) fn is_published(dir: &Path) -> bool {
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
        let path = self.join(name);
        if fs::metadata(&path)?.len() > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        fs::read(path)
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
    let bundles = size.div_ceil(TILE_WIDTH);
    for number in 0..bundles {
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
            pass.take((&name, offset, seq), entry)?;
            offset += 2 + entry.len() as u64;
            growing.push(crate::merkle::leaf_hash(entry), &mut full);
        }
        full.drain(..).try_for_each(|tile| compare(files, &tile))?;
        progress(Progress { entries: growing.size(), signed: size });
    }
    growing.partial().iter().try_for_each(|tile| compare(files, tile))?;
    Ok(Walked { name: TILES, files: u32::try_from(bundles).unwrap_or(u32::MAX), left_behind: 0, pruned: 0, torn: None })
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
