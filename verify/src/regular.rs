//! Opening files of a log: only regular ones. A pipe or a device in the place of one would keep whoever reads it waiting, or give
//! bytes without end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// What the system says; that it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let refused = || io::Error::other("it is no regular file");
    // To open a pipe is to wait for its writer already.
    if !std::fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
}

/// Reads a whole file of at most so many bytes.
///
/// # Errors
/// What the system says; [`io::ErrorKind::FileTooLarge`] for one that is longer.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}
