//! The lock of a corpus: one process changes it at a time, and any number read it.
#![expect(clippy::disallowed_types, reason = "the lock is a file of the corpus")]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::{StoreError, file_error};

/// Holds the lock of a corpus: one process writes at a time.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, making the folder when there is none.
    ///
    /// # Errors
    /// When somebody else holds it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(file_error(folder))?;
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(file_error(&path))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| StoreError::Busy)?;
        Ok(Self { _file: file })
    }
}
