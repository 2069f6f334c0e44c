//! Sealed content goes with the entries of its requests: what retention removed of the log is removed here.
//!
//! Content is a file a request. It goes when no decision of its request is left in any epoch, so also what a crash left that no
//! entry ever named. Keys are shared: that of a subject by all of its requests in a month, that of the month by all of a tenant.
//! One is destroyed when its month is over and no entry that is left names it; that of a month with the last of these.
//!
//! Nothing of a request goes that may still be under way, and nothing at all while an epoch of the log is missing, since that one
//! could name it. The log gets a `prune` entry with both numbers before anything is removed. What a crash cuts off is found and
//! counted again by the next prune; so are keys that an erasure put aside which was cut off.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "files of content are removed here, which is the effect of this module"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use octroi_verify::entry::{self, Kind};
use octroi_verify::problem::{Problem, ProblemKind};
use serde_json::Value;

use super::erase::{ASIDE, are_keys_aside, destroy, files, months, remove_folder};
use super::{FOLDER, month};
use crate::audit::prune::PruneError;
use crate::audit::report::Month;
use crate::audit::{access, decisions};
use crate::limits::{SEALED_REMOVED_MAX, SEALED_SURELY_ENDED};
use crate::model::Word;
use crate::model::entry::{Entry, Prune, RequestId};

/// What was removed of sealed content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files of content.
    pub content: u64,
    /// Keys of subjects, cases and months.
    pub keys: u64,
    /// Whether there was too much for one time: the next prune goes on.
    pub more: bool,
    /// What lies among them and is no file or folder of ours, such as a link: it was left as it is.
    pub left: Vec<PathBuf>,
}

/// What lies in the folder and is old enough, by what an entry would name it.
#[derive(Debug, Default)]
struct Old {
    content: HashMap<u128, Vec<PathBuf>>,
    keys: HashMap<String, PathBuf>,
    /// Whether there is more.
    more: bool,
    /// The months that are over.
    months: Vec<PathBuf>,
    /// What is neither a regular file nor a folder.
    odd: Vec<PathBuf>,
}

/// Removes the content of requests that are older than this and of which no decision is left, and the keys that protect nothing
/// any more.
///
/// # Errors
/// [`PruneError`]: then it is to be done again.
pub(in crate::audit) fn retain(
    dir: &Path,
    (older_than, now): (Timestamp, Timestamp),
    origin: &str,
) -> Result<Removed, PruneError> {
    let mut old = gather(dir, older_than, now)?;
    if old.content.is_empty() && old.months.is_empty() {
        return Ok(Removed { left: old.odd, ..Removed::default() });
    }
    forget_named(dir, &mut old)?;
    let months = emptied(&old)?;
    let content: Vec<&PathBuf> = old.content.values().flatten().collect();
    let keys: Vec<&PathBuf> = old.keys.values().chain(&months).collect();
    let removed =
        Removed { content: content.len() as u64, keys: keys.len() as u64, more: old.more, left: old.odd.clone() };
    if removed.content > 0 || removed.keys > 0 {
        // It speaks of no entries: those that are gone without a word are to be named.
        let entry = Prune {
            from: 0,
            keys: Some(removed.keys),
            log: Some(Word::configured(origin)),
            older_than: Word::configured(&format!("{older_than:.9}")),
            sealed: Some(removed.content),
            to: 0,
        };
        access::leave_own(dir, &format!("prune-sealed-{}", uuid::Uuid::now_v7()), &Entry::Prune(entry))?;
    }
    content.iter().try_for_each(|file| remove(file))?;
    let folders: HashSet<&Path> = content.iter().filter_map(|file| file.parent()).collect();
    folders.iter().try_for_each(|folder| fs::File::open(folder)?.sync_all())?;
    keys.iter().try_for_each(|key| destroy(key))?;
    old.months.iter().try_for_each(|month| remove_empty(month))?;
    Ok(removed)
}

/// What is old enough.
fn gather(dir: &Path, older_than: Timestamp, now: Timestamp) -> io::Result<Old> {
    let grace = SignedDuration::try_from(SEALED_SURELY_ENDED).unwrap_or(SignedDuration::MAX);
    let Ok(ended) = now.checked_sub(grace) else { return Ok(Old::default()) };
    let before = older_than.min(ended);
    let (mut old, mut left) = (Old::default(), SEALED_REMOVED_MAX);
    note_odd(&dir.join(FOLDER), &mut old.odd);
    for tenant in folders(&dir.join(FOLDER))? {
        for month in months(&tenant)?.into_iter().filter(|month| is_folder(month)) {
            for file in within(&month.join("content"))?.into_iter().filter(|file| is_file(file)) {
                let Some(request) = request_of(&file).filter(|request| begun(*request) <= before) else { continue };
                if left == 0 {
                    old.more = true;
                    break;
                }
                left -= 1;
                old.content.entry(u128::from_be_bytes(request.0)).or_default().push(file);
            }
            let name = month.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Until it is over the gateway may go on with a key that no entry names yet.
            if Month::parse(name).and_then(Month::bounds).is_none_or(|(_, end)| end > ended) {
                continue;
            }
            for of in keys_folders(&month)?.iter().map(|keys| folders(keys)).collect::<io::Result<Vec<_>>>()?.concat() {
                for key in files(&of)?.into_iter().filter(|key| is_file(key)) {
                    let id = key.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    old.keys.insert(id, key);
                }
            }
            old.months.push(month);
        }
    }
    Ok(old)
}

/// The folders of a month's keys: that which is in use, and those that an erasure put aside which was cut off.
fn keys_folders(month: &Path) -> io::Result<Vec<PathBuf>> {
    let is_of_keys = |path: &PathBuf| path.file_name().is_some_and(|name| name == "keys") || are_keys_aside(path);
    Ok(folders(month)?.into_iter().filter(is_of_keys).collect())
}

/// Takes out what an entry names that is left.
fn forget_named(dir: &Path, old: &mut Old) -> Result<(), PruneError> {
    let logs = decisions::logs(dir);
    for ((epoch, _), expected) in logs.iter().rev().zip(1..) {
        if *epoch != expected {
            let detail = "this epoch is not there, and may name what is sealed: nothing of that is removed";
            return Err(Problem::new(format!("epochs/{expected}"), ProblemKind::MissingLog, detail).into());
        }
    }
    for (_, log) in logs {
        decisions::read_marked(&log, &["\"kind\":\"decision\"", "\"sealed\":{"], &mut |_, bytes| {
            let Ok(entry) = entry::open(bytes) else { return };
            if let (Kind::Decision, Some(request)) = (entry.about.kind, entry.about.request) {
                old.content.remove(&request.0);
            }
            for id in keys_of(bytes) {
                old.keys.remove(&id);
            }
        })?;
    }
    Ok(())
}

/// The keys that an entry names.
fn keys_of(bytes: &[u8]) -> Vec<String> {
    let entry: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let places = ["/entry/sealed/key", "/entry/sending/sealed/key"];
    places.iter().filter_map(|place| entry.pointer(place)?.as_str()).map(str::to_owned).collect()
}

/// The files of the months' keys that protect nothing any more once the rest is gone.
fn emptied(old: &Old) -> io::Result<Vec<PathBuf>> {
    let gone: HashSet<&PathBuf> = old.content.values().flatten().chain(old.keys.values()).collect();
    let mut emptied = Vec::new();
    for month in &old.months {
        let mut there = within(&month.join("content"))?;
        for of in keys_folders(month)?.iter().map(|keys| within(keys)).collect::<io::Result<Vec<_>>>()?.concat() {
            there.extend(within(&of)?);
        }
        if there.iter().all(|file| gone.contains(file)) {
            let own = [month.join(month::FILE), month.join(format!("{}{ASIDE}", month::FILE))];
            emptied.extend(own.into_iter().filter(|file| is_file(file)));
        }
    }
    Ok(emptied)
}

/// What lies in a folder; nothing of what is none.
fn within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if is_folder(folder) { files(folder) } else { Ok(Vec::new()) }
}

/// The folders in a folder.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(within(folder)?.into_iter().filter(|path| is_folder(path)).collect())
}

/// A folder itself, and no link to one: what lies behind a link is somebody else's.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// A regular file itself: no link, and nothing that keeps whoever opens it waiting.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Gathers what is neither.
fn note_odd(folder: &Path, odd: &mut Vec<PathBuf>) {
    let tree = walkdir::WalkDir::new(folder).follow_root_links(false).into_iter().filter_map(Result::ok);
    let found = tree.filter(|entry| !entry.file_type().is_dir() && !entry.file_type().is_file());
    odd.extend(found.take(SEALED_REMOVED_MAX).map(walkdir::DirEntry::into_path));
}

/// Removes a folder of a month, and those in it, where they are empty.
fn remove_empty(month: &Path) -> io::Result<()> {
    let mut folders: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(month).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_dir() {
            folders.entry(entry.depth()).or_default().push(entry.into_path());
        }
    }
    for folder in folders.into_values().rev().flatten() {
        match remove_folder(&folder) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Of which request a file of content is, also one that was never finished.
fn request_of(file: &Path) -> Option<RequestId> {
    RequestId::parse(file.file_name()?.to_str()?.split('.').next()?)
}

/// When a request came: its id begins with the milliseconds since 1970 (RFC 9562, version 7).
fn begun(request: RequestId) -> Timestamp {
    let milliseconds = i64::try_from(u128::from_be_bytes(request.0) >> 80);
    milliseconds.ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX)
}
