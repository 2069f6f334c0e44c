//! Where the logs are in a folder: it may be a log itself, with its finished epochs, or hold the folders of several, however deep.
//! None is passed over without a word, but for what the system does not show to whoever looks.

use std::collections::HashSet;
use std::fs::{self, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::fleet::{EPOCHS, epoch_of, origin_of};
use crate::problem::{Problem, ProblemKind};
use crate::published::TILES;
use crate::regular;
use crate::shown::shown;
use crate::verify::CHECKPOINT;
use crate::walk::SEGMENTS;

/// What a change of the key that is being made, or was cut off, leaves of a log.
const CHANGING: &str =
    "the key of this log is being changed, or that was cut off: ask again, or start its gateway, which finishes it";
/// The file that whoever changes the key of a log or opens it holds locked.
pub const TURN: &str = "rotate.lock";
/// The key of the next epoch, until it is in force.
pub const NEXT_KEY: &str = "log.key.next";

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

/// Whether a problem is that the key of a log is being changed.
pub fn is_changing(problem: &Problem) -> bool {
    problem.kind == ProblemKind::Unreadable && problem.detail.ends_with(CHANGING)
}

/// What is wrong with the logs that were found in these folders, unless they were moved meanwhile, or something is missing of which a
/// change of the key that is not finished says why: that is no finding.
pub(crate) fn unless_changing(dir: &Path, listed: &[PathBuf], problem: Problem) -> Problem {
    use ProblemKind::{MissingEntries, MissingLog, NoCheckpoint, NotALog};
    let at = |folder: &Path, why: &str| {
        let name = shown(folder.strip_prefix(dir).ok().filter(|name| *name != Path::new("")).unwrap_or(folder));
        Problem::new(name, ProblemKind::Unreadable, why)
    };
    match folders(dir) {
        Err(now) if is_changing(&now) => return now,
        Ok(now) if now == listed => {}
        _ => return at(dir, CHANGING),
    }
    let is_newest_missing = |log: &Path| match problem.kind {
        MissingLog => {
            let (name, missing) = epoch_of(&problem.file);
            let there = listed.iter().filter(|folder| log_of(folder) == log).map(|folder| epoch_of(&origin_of(folder)));
            let newest = there.filter(|(of, _)| *of == name).map(|(_, number)| number).max();
            newest.is_some_and(|newest| missing > newest)
        }
        kind => matches!(kind, NoCheckpoint | NotALog),
    };
    // The next key is made before the log announces it, and in force before that log has its final place.
    let has_next = |log: &Path| [NEXT_KEY, CHECKPOINT].iter().all(|name| log.join(name).exists());
    let is_missing = matches!(problem.kind, MissingEntries | MissingLog | NoCheckpoint | NotALog);
    let mut logs = listed.iter().map(|folder| log_of(folder));
    match logs.find(|log| (has_next(log) && is_newest_missing(log)) || (is_missing && is_held(log))) {
        Some(log) => at(log, &format!("{problem}: {CHANGING}")),
        None => problem,
    }
}

/// Whether somebody changes the key of a log at this moment, or opens the log.
fn is_held(log: &Path) -> bool {
    let file = regular::open(&log.join(TURN));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The folder of the log of which a folder holds an epoch.
fn log_of(folder: &Path) -> &Path {
    let epochs = folder.parent().filter(|parent| parent.file_name().is_some_and(|name| name == EPOCHS));
    epochs.and_then(Path::parent).unwrap_or(folder)
}

/// Whether each finished epoch of a log lies in the folder of its number: by that it is found, and its entries are named.
pub(crate) fn check_places(folders: &[PathBuf]) -> Result<(), (&Path, Problem)> {
    for folder in folders {
        let is_epoch = folder.parent().and_then(Path::file_name).is_some_and(|name| name == EPOCHS);
        let number: Option<u64> = folder.file_name().and_then(|name| name.to_str()?.parse().ok());
        let origin = origin_of(folder);
        if let Some(number) = number.filter(|number| is_epoch && !origin.is_empty() && epoch_of(&origin).1 != *number) {
            let detail = format!("the folder of epoch {number} holds {origin}");
            return Err((folder, Problem::new(CHECKPOINT, ProblemKind::Checkpoint, detail)));
        }
    }
    Ok(())
}
