//! Appends records to a tenant's segments, and writes them anew without what was removed.
//!
//! ```text
//! compaction   every record that counts -> segments of the next generation, made durable
//!              `start` names that generation       one rename: readers are before it or behind it
//!              segments of the old one are deleted; what a kill leaves of them or of the new one goes with the next writer
//! ```

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::follow::Follower;
use super::record::Record;
use super::start::Start;
use super::{CorpusKeys, Lock, MAGIC, RECORD_BYTES_MAX, StoreError, TENANT_FILE, file_error};
use crate::aead::NONCE_BYTES;
use crate::disk;
use crate::leak::model::ModelDigest;
use crate::leak::space::DocumentId;

/// Appends records to a tenant's segments.
#[derive(Debug)]
pub struct Writer {
    follower: Follower,
    file: Option<File>,
}

impl Writer {
    /// Opens a tenant's segments for appending, behind the last whole record: every record is handed over first.
    ///
    /// # Errors
    /// What cannot be read, was changed, or cannot be written.
    pub fn open(
        folder: &Path,
        keys: &CorpusKeys,
        tenant: &str,
        _lock: &Lock,
        take: impl FnMut(Record),
    ) -> Result<Self, StoreError> {
        let mut follower = Follower::new(folder, keys, tenant)?;
        let name = follower.folder.join(TENANT_FILE);
        if !name.exists() {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&follower.folder);
            made.map_err(file_error(&follower.folder))?;
            let sealed = keys.names().seal(tenant.as_bytes(), b"tenant").ok_or(StoreError::NoRandomness)?;
            disk::replace(&name, &sealed, 0o600).map_err(file_error(&name))?;
        }
        sweep(&follower.folder, follower.start)?;
        follower.read(take)?;
        Ok(Self { follower, file: None })
    }

    /// Appends a record. It is on its way to the disk; [`Writer::sync`] waits until it is there.
    ///
    /// # Errors
    /// When it is too large or the disk refuses.
    pub fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        let full = self.follower.is_full();
        if full {
            self.sync()?;
            self.file = None;
            self.follower.roll();
        }
        let path = self.follower.path(self.follower.segment);
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin(&path)?,
        };
        let plain = record.write();
        let sealed = self.follower.sealer.seal(&plain, &self.follower.place());
        let sealed = sealed.ok_or(StoreError::NoRandomness)?;
        let body = sealed.len() - NONCE_BYTES;
        let length = u32::try_from(body).ok().filter(|_| body <= RECORD_BYTES_MAX).ok_or(StoreError::Large)?;
        // One write: what a kill leaves is whole or is cut at the end.
        let frame = [&length.to_le_bytes(), &sealed[..]].concat();
        file.write_all(&frame).map_err(file_error(&path))?;
        self.follower.offset += frame.len() as u64;
        self.follower.rows += record.rows();
        self.file = Some(file);
        Ok(())
    }

    /// Opens the last segment behind its last whole record, or makes the next one.
    fn begin(&mut self, path: &Path) -> Result<File, StoreError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        let mut file = file.map_err(file_error(path))?;
        file.set_len(self.follower.offset).map_err(file_error(path))?;
        file.seek(SeekFrom::Start(self.follower.offset)).map_err(file_error(path))?;
        if self.follower.offset == 0 {
            file.write_all(MAGIC).map_err(file_error(path))?;
            self.follower.offset = MAGIC.len() as u64;
            disk::sync_folder(&self.follower.folder).map_err(file_error(&self.follower.folder))?;
        }
        Ok(file)
    }

    /// Waits until all records are on the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        let path = self.follower.path(self.follower.segment);
        self.file.as_ref().map_or(Ok(()), File::sync_data).map_err(file_error(&path))
    }
}

/// What of a tenant's records is kept when they are written anew.
#[derive(Debug, Default)]
struct Kept {
    /// Records read so far.
    read: u64,
    /// Of each live document its record and those of the models that read it.
    documents: HashMap<DocumentId, HashMap<Option<ModelDigest>, u64>>,
    /// The latest measurements: of words, and of each model.
    measured: HashMap<Option<ModelDigest>, u64>,
    /// Documents that were removed.
    removed: u64,
}

impl Kept {
    fn take(&mut self, record: &Record) {
        let number = self.read;
        self.read += 1;
        match record {
            Record::Document(document) => self.add(document.0.id, number),
            Record::Replaced(document) => {
                document.0.iter().for_each(|gone| self.remove(*gone));
                self.add(document.1.id, number);
            }
            Record::Removed(id) => self.remove(*id),
            Record::Meant(meant) => {
                if let Some(records) = self.documents.get_mut(&meant.document) {
                    records.insert(Some(meant.model), number);
                }
            }
            Record::Background(_) => drop(self.measured.insert(None, number)),
            Record::Margin(margin) => drop(self.measured.insert(Some(margin.model), number)),
        }
    }

    /// One that lives already stays as it is.
    fn add(&mut self, id: DocumentId, number: u64) {
        self.documents.entry(id).or_default().entry(None).or_insert(number);
    }

    fn remove(&mut self, id: DocumentId) {
        self.removed += u64::from(self.documents.remove(&id).is_some());
    }

    fn numbers(&self) -> HashSet<u64> {
        let documents = self.documents.values().flat_map(HashMap::values);
        documents.chain(self.measured.values()).copied().collect()
    }
}

/// Writes a tenant's records anew without what was removed, and deletes the old ones. Returns how many documents are gone with
/// them. A process that follows the old ones reads the new ones from the beginning, at its next look.
///
/// # Errors
/// What cannot be read, was changed, or cannot be written: the old ones then stay in force.
pub fn compact(folder: &Path, keys: &CorpusKeys, tenant: &str, _lock: &Lock) -> Result<u64, StoreError> {
    let mut kept = Kept::default();
    let mut old = Follower::new(folder, keys, tenant)?;
    sweep(&old.folder, old.start)?;
    old.read(|record| kept.take(&record))?;
    let (numbers, start) = (kept.numbers(), old.start.next());
    let mut writer = Writer { follower: Follower::at(old.folder.clone(), keys.sealer(tenant), start), file: None };
    // Where nothing counts any more there is a segment all the same: one that is missing was taken away.
    writer.file = Some(writer.begin(&writer.follower.path(writer.follower.segment))?);
    let (mut number, mut failed) = (0, Ok(()));
    // A record that stood for another as well stands for itself alone now.
    Follower::at(old.folder.clone(), keys.sealer(tenant), old.start).read(|record| {
        if numbers.contains(&number) && failed.is_ok() {
            failed = match record {
                Record::Replaced(document) => writer.append(&Record::Document(Box::new((document.1, document.2)))),
                record => writer.append(&record),
            };
        }
        number += 1;
    })?;
    failed?;
    writer.sync()?;
    start.write(&old.folder, &keys.sealer(tenant))?;
    sweep(&old.folder, start)?;
    Ok(kept.removed)
}

/// Deletes segments that are of no generation in force: what a compaction left when it was killed.
fn sweep(folder: &Path, start: Start) -> Result<(), StoreError> {
    for entry in std::fs::read_dir(folder).map_err(file_error(folder))? {
        let path = entry.map_err(file_error(folder))?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "segment");
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if is_segment && number.is_some_and(|number| !start.holds(number)) {
            std::fs::remove_file(&path).map_err(file_error(&path))?;
        }
    }
    Ok(())
}
