//! Who reads the log is recorded in the log.
//!
//! The log has one writer, and readers are other processes. So a reader leaves what it is about to read in the folder
//! `access`, durable before it shows anything, and the writer takes it into the log within seconds, or when it starts.
//! After a crash an access may be recorded twice, under one id; never not at all.

use std::io;
use std::path::Path;

use octroi_verify::canonical;
use octroi_verify::entry::{self, About, Kind};

use super::queue::Item;
use super::storage::{LocalStorage, Storage, read_small, replace};
use crate::limits::ENTRY_BYTES_MAX;
use crate::model::entry::{Access, Entry};

/// The folder in the log's folder.
pub const FOLDER: &str = "access";
/// Accesses taken at one time.
const TAKEN_MAX: usize = 256;

/// Leaves a record of an access for the writer of the log in this folder.
///
/// # Errors
/// What the disk says: then the access must not go on unnoticed.
pub fn leave(log: &Path, access: &Access) -> io::Result<()> {
    let storage = LocalStorage::new(log);
    storage.prepare_folder(FOLDER)?;
    let mut body = Vec::new();
    let name = format!("{FOLDER}/{}.json", access.access);
    canonical::write(&Entry::Access(Box::new(access.clone())), &mut body).map_err(|_| io::ErrorKind::InvalidInput)?;
    replace(&storage, &name, &body, false)
}

/// The accesses that wait to be recorded, with the names of their files. What is not one is left where it is.
pub(super) fn waiting(storage: &dyn Storage) -> Vec<(String, Item)> {
    let mut names = storage.names(FOLDER).unwrap_or_default();
    names.retain(|name| name.strip_suffix(".json").is_some());
    names.sort();
    names.truncate(TAKEN_MAX);
    names.into_iter().filter_map(|name| read(storage, format!("{FOLDER}/{name}"))).collect()
}

fn read(storage: &dyn Storage, name: String) -> Option<(String, Item)> {
    let body = read_small(storage, &name, ENTRY_BYTES_MAX as u64).ok().flatten()?;
    // The folder is open to readers: what lies there is checked as the verifier will check it.
    let mut whole = Vec::new();
    entry::wrap(&body, u64::MAX, "2026-01-01T00:00:00.000000000Z", &mut whole);
    let about = entry::open(&whole).ok().map(|entry| entry.about).filter(|about| about.kind == Kind::Access);
    let Some(about @ About { kind: Kind::Access, .. }) = about else {
        tracing::warn!(name, "A file among the accesses to the audit log is not one");
        return None;
    };
    Some((name, Item { body, about, placed: false, reply: None }))
}

/// An access is in the log: its file goes.
pub(super) fn done(storage: &dyn Storage, name: &str) {
    if let Err(error) = storage.remove(name) {
        tracing::warn!(error = %error.kind(), "A recorded access to the audit log could not be removed");
    }
}
