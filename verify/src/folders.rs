//! Where the logs are in a folder: it may be a log itself, with its finished epochs, or hold the folders of several.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fleet::EPOCHS;
use crate::problem::{Problem, ProblemKind};
use crate::published::TILES;
use crate::shown::shown;
use crate::verify::CHECKPOINT;
use crate::walk::SEGMENTS;

/// What a change of the key that is being made, or was cut off, leaves of a log.
const CHANGING: &str = "the key of this log is being changed, or that was cut off: it lies in two places until its gateway, started \
                        again, has finished it";

/// Folders in folders that are looked into.
const DEPTH_MAX: u32 = 3;

/// The folders of logs in a folder, by name: each with those of its finished epochs.
///
/// # Errors
/// A [`Problem`] when the epochs of a log cannot be listed: nobody could tell one that is missing from one that may not be read. The
/// same while the key of a log is changed.
pub fn folders(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut folders = Vec::new();
    find(dir, DEPTH_MAX, &mut folders).map_err(|(folder, why)| {
        let name = shown(folder.strip_prefix(dir).unwrap_or(&folder));
        Problem::new(name, ProblemKind::Unreadable, why)
    })?;
    folders.sort();
    Ok(folders)
}

/// What lies in a log's folder is its own affair, but for its epochs.
fn find(dir: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, String)> {
    let is_log = dir.join(CHECKPOINT).is_file() || dir.join(SEGMENTS).is_dir() || dir.join(TILES).is_dir();
    if is_log {
        found.push(dir.to_owned());
    }
    let inner = if is_log { dir.join(EPOCHS) } else { dir.to_owned() };
    // The epochs of a log belong to it, however deep it lies.
    let depth = if is_log { depth.max(1) } else { depth };
    if depth == 0 {
        return Ok(());
    }
    let names = match fs::read_dir(&inner) {
        Err(error) if is_log && error.kind() != io::ErrorKind::NotFound => {
            return Err((inner, error.kind().to_string()));
        }
        // A folder of somebody else's among those of logs.
        Err(_) => return Ok(()),
        Ok(names) => names,
    };
    let in_epochs = inner.file_name().is_some_and(|name| name == EPOCHS);
    for entry in names.flatten().filter(|entry| entry.path().is_dir()) {
        if in_epochs && entry.path().extension().is_some_and(|end| end == "new") {
            return Err((entry.path(), CHANGING.to_owned()));
        }
        find(&entry.path(), depth - 1, found)?;
    }
    Ok(())
}
