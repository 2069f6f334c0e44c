//! A disk in memory that fails on demand and loses power: a file has what the program sees, and what would survive.
//!
//! A write changes what is seen, sector by sector; a sync makes it survive; names survive once their folder is synced. A
//! crash keeps, of the sectors and names that were never synced, any subset.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use octroi_verify::segment::ReadAt;

use crate::audit::storage::{SegmentFile, Storage};

const SECTOR: usize = 512;

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) enum Fault {
    /// The sync with this number fails; what it should have brought to disk stays unsynced, and a later sync says `Ok`
    /// without bringing it there, as Linux does.
    Sync(u64),
    /// The write with this number stops half-way with an error.
    ShortWrite(u64),
    /// From the write with this number on the power is gone: nothing more is written, everything fails.
    PowerLoss(u64),
}

#[derive(Clone, Default)]
pub(in crate::audit) struct Disk(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Names as seen, and as they would survive.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    files: Vec<Content>,
    faults: Vec<Fault>,
    writes: u64,
    syncs: u64,
    room: Option<u64>,
    locked: bool,
    dead: bool,
}

#[derive(Default, Clone)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written and not synced.
    dirty: BTreeSet<usize>,
    /// Sectors that a failed sync marked as clean.
    forgotten: BTreeSet<usize>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

impl Disk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(in crate::audit) fn fail(&self, fault: Fault) {
        self.inner().faults.push(fault);
    }

    /// Bytes that new files may still take; `None` is without end.
    pub(in crate::audit) fn set_room(&self, room: Option<u64>) {
        self.inner().room = room;
    }

    pub(in crate::audit) fn counts(&self) -> (u64, u64) {
        let inner = self.inner();
        (inner.writes, inner.syncs)
    }

    /// What is seen in a file.
    pub(in crate::audit) fn read(&self, name: &str) -> Vec<u8> {
        let inner = self.inner();
        inner.files[inner.names[name]].seen.clone()
    }

    /// The names that are seen.
    pub(in crate::audit) fn listing(&self) -> Vec<String> {
        self.inner().names.keys().cloned().collect()
    }

    /// What is left after the power came back: `keep` decides for each unsynced sector and name.
    pub(in crate::audit) fn crash(&self, mut keep: impl FnMut() -> bool) -> Self {
        let inner = self.inner();
        let mut after = Inner { durable_names: inner.durable_names.clone(), ..Inner::default() };
        for (name, file) in &inner.names {
            if inner.durable_names.get(name) != Some(file) && keep() {
                after.durable_names.insert(name.clone(), *file);
            }
        }
        for name in inner.durable_names.keys().filter(|name| !inner.names.contains_key(*name)) {
            if keep() {
                after.durable_names.remove(name);
            }
        }
        for file in &inner.files {
            let mut content = file.durable.clone();
            content.resize(content.len().max(file.seen.len()), 0);
            for sector in file.dirty.union(&file.forgotten).filter(|_| keep()) {
                copy_sector(&file.seen, &mut content, *sector);
            }
            after.files.push(Content { seen: content.clone(), durable: content, ..Content::default() });
        }
        after.names = after.durable_names.clone();
        Self(Arc::new(Mutex::new(after)))
    }

    /// What a new process on the same, still running machine finds.
    pub(in crate::audit) fn restart(&self) -> Self {
        let inner = self.inner();
        let files = inner.files.clone();
        let (names, durable_names) = (inner.names.clone(), inner.durable_names.clone());
        Self(Arc::new(Mutex::new(Inner { names, durable_names, files, ..Inner::default() })))
    }

    /// Writes what is seen into a folder, for the verifier.
    pub(in crate::audit) fn export(&self, dir: &Path) {
        std::fs::create_dir_all(dir.join("segments")).unwrap();
        let inner = self.inner();
        for (name, file) in &inner.names {
            std::fs::write(dir.join(name), &inner.files[*file].seen).unwrap();
        }
    }
}

fn copy_sector(from: &[u8], to: &mut [u8], sector: usize) {
    let range = sector * SECTOR..((sector + 1) * SECTOR).min(from.len());
    to[range.clone()].copy_from_slice(&from[range]);
}

fn failure() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl Storage for Disk {
    fn prepare(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<Box<dyn Send>> {
        struct Guard(Disk);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.inner().locked = false;
            }
        }
        let mut inner = self.inner();
        if std::mem::replace(&mut inner.locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Guard(self.clone())))
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        Ok(self.inner().names.keys().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect())
    }

    fn create(&self, name: &str, _private: bool) -> io::Result<Box<dyn SegmentFile>> {
        let mut inner = self.inner();
        if inner.dead {
            return Err(failure());
        }
        let file = inner.files.len();
        inner.files.push(Content::default());
        inner.names.insert(name.to_owned(), file);
        Ok(Box::new(File { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let file = *self.inner().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.dead {
            return Err(failure());
        }
        let file = inner.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        if let Some(replaced) = inner.names.insert(to.to_owned(), file) {
            let freed = inner.files[replaced].seen.len() as u64;
            inner.room = inner.room.map(|room| room + freed);
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        let freed = inner.files[file].seen.len() as u64;
        inner.room = inner.room.map(|room| room + freed);
        Ok(())
    }

    fn sync_folder_of(&self, _name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.dead {
            return Err(failure());
        }
        inner.durable_names = inner.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct File {
    disk: Disk,
    file: usize,
}

impl ReadAt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.disk.inner();
        let rest = inner.files[self.file].seen.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.inner().files[self.file].seen.len() as u64)
    }
}

impl SegmentFile for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let number = inner.writes;
        inner.writes += 1;
        if inner.dead || inner.faults.iter().any(|fault| matches!(fault, Fault::PowerLoss(at) if *at <= number)) {
            inner.dead = true;
            return Err(failure());
        }
        let offset = usize::try_from(offset).unwrap();
        let grown = (offset + bytes.len()).saturating_sub(inner.files[self.file].seen.len()) as u64;
        if let Some(room) = inner.room {
            if grown > room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            inner.room = Some(room - grown);
        }
        let short = inner.faults.contains(&Fault::ShortWrite(number));
        let bytes = if short { &bytes[..bytes.len() / 2] } else { bytes };
        let content = &mut inner.files[self.file];
        if content.seen.len() < offset + bytes.len() {
            content.seen.resize(offset + bytes.len(), 0);
        }
        content.seen[offset..offset + bytes.len()].copy_from_slice(bytes);
        if !bytes.is_empty() {
            content.dirty.extend(offset / SECTOR..=(offset + bytes.len() - 1) / SECTOR);
        }
        if short { Err(failure()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let number = inner.syncs;
        inner.syncs += 1;
        let dead = inner.dead;
        let fails = inner.faults.contains(&Fault::Sync(number));
        let content = &mut inner.files[self.file];
        let dirty = std::mem::take(&mut content.dirty);
        if dead || fails {
            content.forgotten.extend(dirty);
            return Err(failure());
        }
        content.durable.resize(content.seen.len(), 0);
        for sector in dirty {
            content.forgotten.remove(&sector);
            copy_sector(&content.seen, &mut content.durable, sector);
        }
        Ok(())
    }
}
