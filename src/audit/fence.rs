//! The file `fence`: the lowest epoch whose writer may append. It only rises.
//!
//! One folder has one writer by its lock. The fence is for a writer that must be kept out although nobody holds the lock: an
//! older epoch that somebody starts again after a newer one took over.

use std::io;

use super::storage::{Storage, read_small, replace};

/// The file's name.
pub(super) const FENCE: &str = "fence";

/// The lowest epoch that may write; 0 when there is no fence.
pub(super) fn read(storage: &dyn Storage) -> io::Result<u32> {
    let Some(bytes) = read_small(storage, FENCE, 64)? else { return Ok(0) };
    let epoch = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim_end().parse().ok());
    epoch.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Raises the fence, durably.
pub(super) fn write(storage: &dyn Storage, epoch: u32) -> io::Result<()> {
    let epoch = epoch.max(read(storage)?);
    replace(storage, FENCE, format!("{epoch}\n").as_bytes(), false)
}
