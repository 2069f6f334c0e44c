//! Where the logs are in a folder: it may be a log itself, with its finished epochs, or hold the folders of several, however deep.
//! None is passed over without a word, but for what the system does not show to whoever looks.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
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

/// Folders in folders at most.
const DEPTH_MAX: u32 = 32;

/// The folders of logs in a folder, by name: each with those of its finished epochs.
///
/// # Errors
/// A [`Problem`] when the epochs of a log cannot be listed: nobody could tell one that is missing from one that may not be read. The
/// same while the key of a log is changed, and for folders that lie too deep to be looked into.
pub fn folders(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    let (mut folders, mut seen) = (Vec::new(), HashSet::new());
    find(dir, DEPTH_MAX, (&mut folders, &mut seen)).map_err(|(folder, why)| {
        let name = shown(folder.strip_prefix(dir).unwrap_or(&folder));
        Problem::new(name, ProblemKind::Unreadable, why)
    })?;
    folders.sort();
    Ok(folders)
}

/// What lies in a log's folder is its own affair, but for its epochs. A folder that links lead to as well is looked into once.
fn find(
    dir: &Path,
    depth: u32,
    (found, seen): (&mut Vec<PathBuf>, &mut HashSet<(u64, u64)>),
) -> Result<(), (PathBuf, String)> {
    if fs::metadata(dir).is_ok_and(|metadata| !seen.insert((metadata.dev(), metadata.ino()))) {
        return Ok(());
    }
    let is_log = dir.join(CHECKPOINT).is_file() || dir.join(SEGMENTS).is_dir() || dir.join(TILES).is_dir();
    if is_log {
        found.push(dir.to_owned());
    }
    let inner = if is_log { dir.join(EPOCHS) } else { dir.to_owned() };
    let names = match fs::read_dir(&inner) {
        Err(error) if is_log && error.kind() != io::ErrorKind::NotFound => {
            return Err((inner, error.kind().to_string()));
        }
        // A folder of somebody else's among those of logs.
        Err(_) => return Ok(()),
        Ok(names) => names,
    };
    let in_epochs = inner.file_name().is_some_and(|name| name == EPOCHS);
    let mut inner_folders: Vec<PathBuf> = names.flatten().map(|entry| entry.path()).collect();
    // Of a folder and a link to it the same one is named each time.
    inner_folders.sort();
    for entry in inner_folders.iter().filter(|path| path.is_dir()) {
        let Some(depth) = depth.checked_sub(1) else {
            return Err((
                dir.to_owned(),
                format!("folders lie more than {DEPTH_MAX} deep here: name one further within"),
            ));
        };
        if in_epochs && entry.extension().is_some_and(|end| end == "new") {
            return Err((entry.clone(), CHANGING.to_owned()));
        }
        find(entry, depth, (&mut *found, &mut *seen))?;
    }
    Ok(())
}
