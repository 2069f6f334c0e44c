//! Several copies of one log in a folder: a checkpoint of each is compared with the longer ones, so that two histories under one
//! name are found where they lie side by side. What no copy of is there nothing here can tell.

use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::note::{self, NOTE_BYTES_MAX};
use crate::problem::{Problem, ProblemKind};
use crate::regular;
use crate::shown::shown;
use crate::verify::{CHECKPOINT, Known};

/// A log that lies in a folder, by its checkpoint.
pub(crate) struct Copy<'f> {
    folder: &'f Path,
    /// The checkpoint, under the name of the folder.
    pub(crate) known: Known,
    origin: String,
    size: u64,
}

/// The logs in folders.
pub(crate) fn of(folders: &[PathBuf]) -> Vec<Copy<'_>> {
    let read = |folder: &Path| regular::read(&folder.join(CHECKPOINT), NOTE_BYTES_MAX as u64).ok();
    let copy = |folder| {
        let text = String::from_utf8(read(folder)?).ok()?;
        let Checkpoint { origin, size, .. } = Checkpoint::parse(note::split(&text).ok()?.0).ok()?;
        Some(Copy { folder, known: Known { name: format!("checkpoint in {}", shown(folder)), text }, origin, size })
    };
    folders.iter().filter_map(|folder| copy(folder)).collect()
}

/// The others of the same name that are no longer than this one: they must be the beginning of it. Of two that are not, one key
/// signed two histories.
pub(crate) fn shorter<'c, 'f>(copies: &'c [Copy<'f>], folder: &Path) -> Vec<&'c Copy<'f>> {
    let Some(own) = copies.iter().find(|copy| copy.folder == folder) else { return Vec::new() };
    let is_one = |copy: &&Copy<'_>| copy.folder != folder && copy.origin == own.origin && copy.size <= own.size;
    copies.iter().filter(is_one).collect()
}

/// Names a problem with another log of the same name for what it is.
pub(crate) fn named(problem: Problem, others: &[&Copy<'_>], (dir, folder): (&Path, &Path)) -> Problem {
    let is_of = |name: &str| problem.file == name || problem.detail.contains(&format!("the {name} was"));
    let Some(other) = others.iter().find(|copy| is_of(&copy.known.name)) else { return problem };
    let name = |folder: &Path| match folder.strip_prefix(dir) {
        Ok(path) if path != Path::new("") => shown(path),
        _ => shown(folder),
    };
    let (this, that) = (name(folder), name(other.folder));
    let detail = match problem.kind {
        ProblemKind::Checkpoint => format!("`{that}` has the same name and is not signed with the key of this log"),
        _ => format!(
            "`{this}` and `{that}` are both signed as `{}`, and one is not the beginning of the other: there are two histories \
             of one log",
            other.origin
        ),
    };
    // Where the two part, if that was found.
    let file = if problem.seq.is_some() { problem.file } else { CHECKPOINT.to_owned() };
    Problem { file, detail, ..problem }
}
