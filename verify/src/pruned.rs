//! The beginning of a log after its retention has ended: the entries are gone, their leaf hashes are kept.
//!
//! Whole segments go, oldest first. What remains is verified as before: the hashes lead to the root with which the first
//! remaining segment was begun, and on to every checkpoint that was ever signed. A hash says nothing of its entry, which holds
//! an id with 74 random bits; an entry that somebody kept can still be compared with it.
//!
//! ```text
//! pruned.hashes    32 bytes an entry, from entry 0 on; what lies beyond the first remaining segment's first entry is passed over
//! begun.entry      entry 0 itself, where it says that the epoch follows another
//! ```

use std::path::Path;

use crate::merkle::Hash;
use crate::problem::{Problem, ProblemKind};
use crate::regular;
use crate::segment::ReadAt;

/// The file in the log's folder.
pub const PRUNED: &str = "pruned.hashes";
/// The first entry of an epoch whose first segment is gone, as it stood there: it says which epoch is before it.
pub const BEGUN: &str = "begun.entry";
/// Bytes of a hash.
pub const HASH_BYTES: u64 = 32;
/// Hashes read at a time.
const CHUNK: u64 = 4_096;

/// Hands over the hashes of the first `count` entries.
///
/// # Errors
/// A [`Problem`] when there are fewer or they cannot be read.
pub fn read(dir: &Path, count: u64, take: &mut dyn FnMut(u64, Hash) -> Result<(), Problem>) -> Result<(), Problem> {
    if count == 0 {
        return Ok(());
    }
    match regular::open(&dir.join(PRUNED)) {
        Ok(file) => read_from(&file, 0..count, take),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing(0, count)),
        Err(error) => Err(crate::walk::unreadable(PRUNED, &error)),
    }
}

/// The same from an open file, of a range of entries.
///
/// # Errors
/// A [`Problem`] when there are fewer or they cannot be read.
pub fn read_from(
    file: &dyn ReadAt,
    range: std::ops::Range<u64>,
    take: &mut dyn FnMut(u64, Hash) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut next = range.start;
    while next < range.end {
        let wanted = usize::try_from((range.end - next).min(CHUNK) * HASH_BYTES).unwrap_or(0);
        let mut bytes = vec![0; wanted];
        let read = file.read_at(&mut bytes, next.saturating_mul(HASH_BYTES));
        let read = read.map_err(|error| crate::walk::unreadable(PRUNED, &error))?;
        if read < wanted {
            return Err(missing(next.saturating_add(read as u64 / HASH_BYTES), range.end));
        }
        for hash in bytes.chunks_exact(32).filter_map(|chunk| chunk.try_into().ok()) {
            take(next, Hash(hash))?;
            next = next.saturating_add(1);
        }
    }
    Ok(())
}

fn missing(from: u64, to: u64) -> Problem {
    let detail = format!("the first segment begins with entry {to}, and the hashes of those before it are not there");
    Problem::new(PRUNED, ProblemKind::MissingEntries, detail).entry(from)
}
