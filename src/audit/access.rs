//! Who reads the log is recorded in the log.
//!
//! The log has one writer, and readers are other processes. So a reader leaves what it is about to read in the folder
//! `access`, durable before it shows anything, and the writer takes it into the log within seconds, or when it starts.
//! After a crash an access may be recorded twice, under one id; never not at all.
//!
//! The folder is open to the log's group, and what lies there is nobody's word but its owner's: the system says whose file it
//! is, and an access is taken only under that name. An erasure or a pruning, which say that something is gone, and an opening of sealed
//! content, which nobody else can read there, are taken from the owner of the log alone. None has a member for text. What is neither is put into `access.refused` for somebody to look at, and after `REFUSED_MAX` of those is
//! thrown away; a flood of files costs a bounded look every two seconds.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use octroi_verify::canonical;
use octroi_verify::entry::{self, Kind};
use octroi_verify::problem::Problem;
use octroi_verify::walk::{Step, Walk, start_of};
use serde::Deserialize;

use super::queue::Item;
use super::storage::{LocalStorage, Names, Storage, StorageFolder};
use crate::limits::ENTRY_BYTES_MAX;
use crate::model::entry::{Access, Entry};

/// The folder in the log's folder.
pub const FOLDER: &str = "access";
/// Where files go that are no accesses.
pub const REFUSED: &str = "access.refused";
/// Accesses taken at one time.
const TAKEN_MAX: usize = 256;
/// Names looked at at one time.
const LOOKED_MAX: usize = 1_024;
/// Files kept that are no accesses.
const REFUSED_MAX: usize = 256;

/// Leaves a record of an access for the writer of the log in this folder.
///
/// # Errors
/// What the disk says: then the access must not go on unnoticed.
pub fn leave(log: &Path, access: &Access) -> io::Result<()> {
    put(log, &access.access.to_string(), &Entry::Access(Box::new(access.clone())))
}

/// Leaves what only the owner of the log may: an erasure or a pruning, under a name of its own.
pub(super) fn leave_own(log: &Path, name: &str, entry: &Entry) -> io::Result<()> {
    put(log, name, entry)
}

fn put(log: &Path, name: &str, entry: &Entry) -> io::Result<()> {
    let storage = LocalStorage::new(log);
    storage.prepare_shared(FOLDER)?;
    let mut body = Vec::new();
    canonical::write(entry, &mut body).map_err(|_| io::ErrorKind::InvalidInput)?;
    storage.replace_shared(&format!("{FOLDER}/{name}.json"), &body)
}

/// The id in the name of a file that is whole.
fn id_of(name: &str) -> Option<&str> {
    name.strip_suffix(".json")
}

/// The accesses that wait to be recorded, with the names of their files.
pub(super) fn waiting(storage: &dyn Storage) -> Vec<(String, Item)> {
    let Names { mut files, others } = storage.names_up_to(FOLDER, LOOKED_MAX).unwrap_or_default();
    // A file that is being written has another name until it is whole. When only such are seen they are in the way.
    let flooded = files.len() >= LOOKED_MAX;
    files.sort_by_key(|name| (id_of(name).is_none(), name.clone()));
    // What is no file takes no file's place, and may be somebody's whom this process cannot take it from.
    let stay = others.iter().filter(|name| !refuse(storage, name)).count();
    let (mut found, mut refused) = (Vec::new(), others.len() - stay);
    if stay > 0 {
        tracing::warn!(count = stay, "What lies among the accesses to the audit log cannot be put out of the way");
    }
    for name in files {
        let path = format!("{FOLDER}/{name}");
        if id_of(&name).is_none() {
            if flooded || !name.ends_with(".json.new") {
                refused += usize::from(refuse(storage, &name));
            }
        } else if found.len() < TAKEN_MAX {
            match read(storage, &path) {
                Ok(Some(item)) => found.push((path, item)),
                Ok(None) => refused += usize::from(refuse(storage, &name)),
                Err(error) => tracing::warn!(error = %error.kind(), "An access to the audit log cannot be read"),
            }
        }
    }
    if refused > 0 {
        tracing::warn!(count = refused, "Files among the accesses to the audit log are none, or not their owner's");
    }
    found
}

/// Forgets the accesses that wait and are in the last entries of the log already: their files were to go when the last run ended.
pub(super) fn forget_recorded(storage: &dyn Storage) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Recorded {
        entry: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        access: Option<String>,
    }
    let names = storage.names_up_to(FOLDER, LOOKED_MAX).unwrap_or_default();
    let waiting: HashSet<&str> = names.files.iter().filter_map(|name| id_of(name)).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let folder = StorageFolder(storage);
    let mut walk = Walk::open(&folder)?;
    // What was taken last lies in the last two: a segment may have ended within it.
    let headers = walk.headers();
    if let Some(header) = headers.get(headers.len().saturating_sub(2)).cloned() {
        walk.seek(start_of(&header));
    }
    loop {
        let batch = match walk.next()? {
            Step::Batch(batch) => batch,
            Step::Segment(_) => continue,
            Step::Torn(_) | Step::End => return Ok(()),
        };
        let is_access = |bytes: &[u8]| memchr::memmem::find(bytes, b"\"kind\":\"access\"").is_some();
        for (_, _, bytes) in batch.entries().filter(|(_, _, bytes)| is_access(bytes)) {
            let id = serde_json::from_slice::<Recorded>(bytes).ok().and_then(|recorded| recorded.entry.access);
            if let Some(id) = id.filter(|id| waiting.contains(id.as_str())) {
                done(storage, &format!("{FOLDER}/{id}.json"));
            }
        }
    }
}

/// The bodies of the erasures that wait to be recorded: what they say is done already.
pub fn waiting_erasures(log: &Path) -> Vec<serde_json::Value> {
    let storage = LocalStorage::new(log);
    let names = storage.names_up_to(FOLDER, usize::MAX).unwrap_or_default();
    let erasures = names.files.iter().filter(|name| name.starts_with("erasure-") && id_of(name).is_some());
    let items = erasures.filter_map(|name| read(&storage, &format!("{FOLDER}/{name}")).ok().flatten());
    let items = items.filter(|item| item.about.kind == Kind::Erasure);
    items.filter_map(|item| serde_json::from_slice(&item.body).ok()).collect()
}

/// What is checked of a file besides its form.
#[derive(Deserialize)]
struct Left {
    kind: String,
    reader: Option<String>,
    by: Option<String>,
    channel: Option<String>,
    action: Option<String>,
}

/// Reads a file; `None` when it is no record that its owner may leave.
fn read(storage: &dyn Storage, name: &str) -> io::Result<Option<Item>> {
    let file = match storage.open(name) {
        // Something that is no file, a link, or what even the gateway may not read: it would keep its place for ever.
        Err(error) if is_none(&error) => return Ok(None),
        file => file?,
    };
    let length = usize::try_from(file.length()?).unwrap_or(usize::MAX);
    if length > ENTRY_BYTES_MAX {
        return Ok(None);
    }
    let mut body = vec![0; length];
    let count = file.read_at(&mut body, 0)?;
    body.truncate(count);
    // What lies there is checked as the verifier will check it.
    let mut whole = Vec::new();
    entry::wrap(&body, u64::MAX, "2026-01-01T00:00:00.000000000Z", &mut whole);
    let (Ok(entry), Ok(left)) = (entry::open(&whole), serde_json::from_slice::<Left>(&body)) else { return Ok(None) };
    let owner = file.owner();
    let own = owner.map(|owner| format!("user-{owner}"));
    let is_own = |name: &Option<String>| own.is_none() || own == *name;
    let is_log_owner = owner.is_none_or(|owner| owner == 0 || Some(owner) == storage.owner());
    let allowed = match entry.about.kind {
        Kind::Access if left.kind == "access" && left.channel.as_deref() == Some("command") => {
            is_own(&left.reader) && (is_log_owner || left.action.as_deref() != Some("reveal"))
        }
        Kind::Erasure | Kind::Prune => is_log_owner && (left.by.is_none() || is_own(&left.by)),
        _ => false,
    };
    Ok(allowed.then(|| Item { body, about: entry.about, placed: false, reply: None }))
}

fn is_none(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, PermissionDenied};
    let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    is_link || matches!(error.kind(), InvalidInput | IsADirectory | PermissionDenied)
}

/// Puts what is no access out of the way; `false` where it stays: somebody's folder with something in it cannot be moved or removed
/// by another user.
fn refuse(storage: &dyn Storage, name: &str) -> bool {
    let from = format!("{FOLDER}/{name}");
    let kept = storage.prepare_private(REFUSED).and_then(|()| storage.names_up_to(REFUSED, REFUSED_MAX));
    let aside = || storage.rename(&from, &format!("{REFUSED}/{name}"));
    let has_room = kept.is_ok_and(|kept| kept.files.len().saturating_add(kept.others.len()) < REFUSED_MAX);
    (has_room && aside().is_ok()) || storage.remove(&from).is_ok()
}

/// An access is in the log: its file goes.
pub(super) fn done(storage: &dyn Storage, name: &str) {
    if let Err(error) = storage.remove(name) {
        tracing::warn!(error = %error.kind(), "A recorded access to the audit log could not be removed");
    }
}
