//! Erasing sealed content by destroying keys: of one subject or case in every month, or of a whole month.
//!
//! In three steps, each of which can be repeated: the keys are put aside, where nobody finds them to seal or to open; the
//! erasure is left for the log; the keys are overwritten and removed. So none is destroyed without an entry, and what was cut
//! off is finished by doing it again. With a month's key go the keys that it protects: nobody could open them, and a gateway that
//! runs makes new ones for what comes after. It makes none while they are put aside (`hold`). The entry of a month names each key that
//! went with it: by its time alone, which a clock gives, nobody could tell what was sealed before it. What a copying file system, a flash disk or a backup keeps beneath is beyond any
//! program: whoever keeps copies of this folder keeps them for as long as they keep its keys.
#![expect(clippy::disallowed_types, reason = "files of keys are destroyed here")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{FOLDER, Subject, month};
use crate::audit::access;
use crate::audit::names::escaped;
use crate::limits::ERASURE_KEYS_MAX;
use crate::model::Word;
use crate::model::entry::{Entry, Erasure};

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The keys of a subject or a case, in every month.
    Of(Subject),
    /// All of a month: `2026-11`.
    Month(String),
}

/// The end of a name that was put aside.
pub(super) const ASIDE: &str = ".erasing";

/// Who erases, and why.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Why.
    pub basis: &'a Word,
    /// Who.
    pub by: &'a Word,
    /// Dates it.
    pub clock: &'a dyn Fn() -> Timestamp,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("basis", self.basis).field("by", self.by).finish_non_exhaustive()
    }
}

/// Destroys the keys and leaves an `erasure` entry for each; for a month's, one for all that it protects. Returns how many those
/// were.
///
/// # Errors
/// What the disk says: then it is to be done again.
#[expect(clippy::disallowed_methods, reason = "a note that takes no other's place")]
pub fn erase(log: &Path, tenant: &Word, scope: &Scope, order: Order<'_>) -> io::Result<u64> {
    let tenant_folder = log.join(FOLDER).join(escaped(tenant.as_str()));
    if files(&tenant_folder)?.is_empty() {
        return Ok(0);
    }
    // Of two at once the second finds what the first has left.
    let _alone = hold(&tenant_folder)?;
    let mut erased = 0;
    for month in months(&tenant_folder)? {
        let name = month.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let leave = |at: Timestamp, key: &str, keys: Option<&[String]>, scope: &'static str| {
            let erasure = Erasure {
                at: Word::configured(&format!("{at:.9}")),
                basis: order.basis.clone(),
                by: order.by.clone(),
                key: Word::configured(key),
                keys: keys.map(|keys| keys.iter().map(|key| Word::configured(key)).collect()),
                month: Some(Word::configured(&name)),
                scope: Word::fixed(scope),
                tenant: tenant.clone(),
            };
            access::leave_own(log, &format!("erasure-{}", uuid::Uuid::now_v7()), &Entry::Erasure(erasure))
        };
        match scope {
            Scope::Of(subject) => {
                let held = hold(&month)?;
                let aside = put_aside(&month.join("keys").join(subject.folder()))?;
                let at = (order.clock)();
                drop(held);
                for key in files(&aside)? {
                    leave(at, &named(&key), None, subject.scope())?;
                    destroy(&key)?;
                    erased += 1;
                }
                remove_folder(&aside)?;
            }
            Scope::Month(wanted) if *wanted == name => {
                let held = hold(&month)?;
                let aside = put_aside(&month.join(month::FILE))?;
                let keys = put_keys_aside(&month)?;
                let at = (order.clock)();
                drop(held);
                if aside.exists() || !keys.is_empty() {
                    let mut ids = Vec::new();
                    for of in keys.iter().map(|keys| files(keys)).collect::<io::Result<Vec<_>>>()?.concat() {
                        ids.extend(files(&of)?.iter().map(|key| named(key)));
                    }
                    let none: &[String] = &[];
                    let all = ids.chunks(ERASURE_KEYS_MAX).chain(ids.is_empty().then_some(none));
                    for ids in all {
                        leave(at, &format!("month-{name}"), Some(ids), "month")?;
                    }
                    keys.iter().try_for_each(|keys| destroy_below(keys))?;
                    if aside.exists() {
                        destroy(&aside)?;
                    }
                    erased += 1;
                }
            }
            Scope::Month(_) => {}
        }
    }
    Ok(erased)
}

/// Holds a month's keys: who makes one and who puts one aside wait for each other, so that none is made for a month's key that is
/// being erased. The system lets go when whoever held them is gone.
pub(super) fn hold(month: &Path) -> io::Result<File> {
    let folder = File::open(month)?;
    folder.lock()?;
    Ok(folder)
}

/// Puts the keys of subjects and cases of a month aside, all at once, and names what was put aside now or by an erasure that was cut
/// off.
#[expect(clippy::disallowed_methods, reason = "a name that no other erasure has")]
fn put_keys_aside(month: &Path) -> io::Result<Vec<PathBuf>> {
    let keys = month.join("keys");
    if !files(&keys)?.is_empty() {
        fs::rename(&keys, month.join(format!("keys.{}{ASIDE}", uuid::Uuid::now_v7())))?;
        sync_beside(&keys)?;
    }
    Ok(files(month)?.into_iter().filter(|path| are_keys_aside(path)).collect())
}

/// Whether all keys of a month were put aside under this name.
pub(super) fn are_keys_aside(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("keys.") && name.ends_with(ASIDE)
}

/// Destroys every key in a folder of folders, and removes it.
fn destroy_below(keys: &Path) -> io::Result<()> {
    for of in files(keys)? {
        files(&of)?.iter().try_for_each(|key| destroy(key))?;
        remove_folder(&of)?;
    }
    remove_folder(keys)
}

/// The folders of a tenant's months.
pub(super) fn months(tenant: &Path) -> io::Result<Vec<PathBuf>> {
    let mut months: Vec<_> =
        files(tenant)?.into_iter().filter(|month| month.symlink_metadata().is_ok_and(|it| it.is_dir())).collect();
    months.sort();
    Ok(months)
}

/// What lies in a folder; nothing when it is not there. No link to one is followed: what lies behind it is somebody else's.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        Ok(_) => {}
    }
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| entry.map(|entry| entry.path())).collect(),
    }
}

/// The name of a file of a key: its id.
fn named(key: &Path) -> String {
    key.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Renames to where nobody looks, durably; what was put aside by an erasure that was cut off stays there.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ASIDE);
    let aside = path.with_file_name(name);
    if path.exists() && !aside.exists() {
        fs::rename(path, &aside)?;
        sync_beside(path)?;
    } else if path.is_dir() {
        for file in files(path)? {
            fs::rename(&file, aside.join(file.file_name().unwrap_or_default()))?;
        }
        sync_beside(path)?;
    }
    Ok(aside)
}

/// Overwrites a file with zeros, brings that to the disk, and removes it. Nothing is written through a link, and no pipe is waited
/// for: what is no regular file is refused.
pub(super) fn destroy(file: &Path) -> io::Result<()> {
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let mut open = OpenOptions::new().write(true).custom_flags(flags).open(file)?;
    let metadata = open.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let length = usize::try_from(metadata.len()).unwrap_or(0);
    open.write_all(&vec![0; length])?;
    open.sync_all()?;
    fs::remove_file(file)?;
    sync_beside(file)
}

pub(super) fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_beside(folder),
    }
}

fn sync_beside(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
