//! The file of keys on the disk: replaced whole and synchronised, changed by one process at a time, its owner's alone.
#![expect(clippy::disallowed_types, reason = "this module owns the file of keys")]

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::FlockOperation;

use super::file::KeyFile;
use super::ring::RingError;
use crate::disk::{self, beside, give};
use crate::limits;

/// How a file was when it was looked at: a replaced file has another number.
pub(super) type Stamp = (u64, i64, i64, u64);

/// How the file is now; nothing where there is none.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
}

/// Reads the file; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<(KeyFile, Stamp)>, RingError> {
    let fault = |error| RingError::File { path: path.display().to_string(), error };
    let Some(stamp) = stamp(path) else {
        return match std::fs::metadata(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault(error)),
            // One that came just now is seen by the next look.
            _ => Ok(None),
        };
    };
    let text = disk::read_text(path, limits::KEY_FILE_BYTES_MAX).map_err(fault)?;
    let file = KeyFile::parse(&text).map_err(|what| RingError::Form { path: path.display().to_string(), what })?;
    Ok(Some((file, stamp)))
}

/// Holds the right to change the file until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(std::fs::File);

impl Lock {
    /// Says, once, that the file is written.
    pub(super) fn mark(&mut self) -> io::Result<()> {
        if self.0.metadata()?.len() == 0 {
            self.0.write_all(b"callers.json was written\n")?;
            self.0.sync_all()?;
        }
        Ok(())
    }
}

/// Waits for the right to change the file.
pub(super) fn lock(path: &Path) -> io::Result<Lock> {
    let beside = beside(path, ".lock");
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside)?;
    give(&beside, path);
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(Lock(file))
}

/// Whether the file was there once: what lies beside it tells. A lock that is empty was taken before the first writing.
pub(super) fn was_written(path: &Path) -> bool {
    std::fs::metadata(beside(path, ".lock")).is_ok_and(|lock| lock.len() > 0) || beside(path, ".used").exists()
}

/// Replaces the file: a reader sees the old one or the new one, and so does one after a crash.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    disk::replace(path, format!("{text}\n").as_bytes(), 0o600)
}

/// When keys were last used; nothing where that is not known.
pub(super) fn read_used(path: &Path) -> HashMap<String, Timestamp> {
    let text = disk::read_text(&beside(path, ".used"), limits::KEY_FILE_BYTES_MAX).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes down when keys were last used.
pub(super) fn write_used(path: &Path, used: &HashMap<String, Timestamp>) -> io::Result<()> {
    let sorted: BTreeMap<&String, &Timestamp> = used.iter().collect();
    let text = serde_json::to_string_pretty(&sorted)?;
    let file = beside(path, ".used");
    if disk::read_text(&file, limits::KEY_FILE_BYTES_MAX).is_ok_and(|before| before.trim_end() == text) {
        return Ok(());
    }
    write(&file, &text)
}
