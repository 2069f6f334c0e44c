//! Reading entries of a log that may be growing.

use std::ops::Range;

use octroi_verify::problem::Problem;
use octroi_verify::walk::{Step, Walk, start_of};

use super::log::AuditError;
use super::storage::{Storage, StorageFolder};

/// Reads the entries of a range, all of which are durable.
pub(super) fn read_range(storage: &dyn Storage, range: Range<u64>) -> Result<Vec<Vec<u8>>, AuditError> {
    let length = range.end.saturating_sub(range.start);
    match walk(storage, range) {
        Ok(entries) if entries.len() as u64 == length => Ok(entries),
        Ok(_) => Err(AuditError::Unreadable),
        Err(problem) => {
            tracing::error!(%problem, "Audit entries cannot be read");
            Err(AuditError::Unreadable)
        }
    }
}

fn walk(storage: &dyn Storage, range: Range<u64>) -> Result<Vec<Vec<u8>>, Problem> {
    let folder = StorageFolder(storage);
    let mut walk = Walk::open(&folder)?;
    // Of two segments that begin with the same entry the later holds it: the earlier was given up.
    let header = walk.headers().iter().rfind(|header| header.first_seq <= range.start);
    if let Some(start) = header.map(start_of) {
        walk.seek(start);
    }
    let mut entries = Vec::new();
    while walk.place().seq < range.end {
        match walk.next()? {
            Step::Segment(_) => {}
            Step::Batch(batch) => {
                let wanted = batch.entries().filter(|(_, seq, _)| range.contains(seq));
                entries.extend(wanted.map(|(_, _, bytes)| bytes.to_vec()));
            }
            Step::Torn(_) | Step::End => break,
        }
    }
    Ok(entries)
}
