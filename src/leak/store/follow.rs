//! Reads a tenant's records from the first, and later those that came since.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::record::Record;
use super::start::Start;
use super::{CorpusKeys, HEAD_BYTES, MAGIC, SEGMENT_BYTES, StoreError, file_error};
use crate::aead::{Key, NONCE_BYTES};
use crate::leak::space::SEGMENT_ROWS;

/// Reads a tenant's records, and later those that came since.
#[derive(Debug)]
pub struct Follower {
    pub(super) folder: PathBuf,
    pub(super) sealer: Key,
    /// Where the records begin.
    pub(super) start: Start,
    pub(super) segment: u64,
    pub(super) offset: u64,
    /// Rows of the segment so far.
    pub(super) rows: usize,
    /// Bytes of the segment before it.
    before: u64,
}

impl Follower {
    /// Begins at the first record.
    ///
    /// # Errors
    /// When where that is cannot be read.
    pub fn new(folder: &Path, keys: &CorpusKeys, tenant: &str) -> Result<Self, StoreError> {
        let (folder, sealer) = (folder.join(keys.folder(tenant)), keys.sealer(tenant));
        let start = Start::read(&folder, &sealer)?;
        let follower = Self::at(folder, sealer, start);
        follower.is_there()?;
        Ok(follower)
    }

    /// A generation has a first segment, however few records; only a tenant without any has none. Where the file that names the
    /// generation was lost, or an older one lies in its place, another would be taken for the records, and read as empty.
    fn is_there(&self) -> Result<(), StoreError> {
        let first = self.path(self.segment);
        if first.exists() {
            return Ok(());
        }
        let gone = StoreError::Gone { path: first.display().to_string() };
        if self.start != Start::default() {
            return Err(gone);
        }
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(file_error(&self.folder)(error)),
        };
        for entry in entries {
            if entry.map_err(file_error(&self.folder))?.path().extension().is_some_and(|end| end == "segment") {
                return Err(gone);
            }
        }
        Ok(())
    }

    /// Begins where a generation does.
    pub(super) fn at(folder: PathBuf, sealer: Key, start: Start) -> Self {
        Self { folder, sealer, start, segment: start.segment(), offset: 0, rows: 0, before: 0 }
    }

    /// The generation of the records that are followed.
    pub fn start(&self) -> Start {
        self.start
    }

    /// Whether the records were written anew meanwhile: those that are followed are gone, and all are to be read again.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn has_moved(&self) -> Result<bool, StoreError> {
        Ok(Start::read(&self.folder, &self.sealer)? != self.start)
    }

    pub(super) fn path(&self, segment: u64) -> PathBuf {
        self.folder.join(format!("{segment:08}.segment"))
    }

    /// Goes to the next segment.
    pub(super) fn roll(&mut self) {
        self.before = self.offset;
        (self.segment, self.offset, self.rows) = (self.segment + 1, 0, 0);
    }

    /// What is authenticated with the next frame: where it stands, and where the segment before ended.
    pub(super) fn place(&self) -> [u8; 24] {
        let mut place = [0; 24];
        let numbers = [self.segment, self.offset, self.before];
        let bytes = numbers.into_iter().flat_map(u64::to_le_bytes);
        place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        place
    }

    /// Whether something came since the last look: two looks at files' lengths and one at where the records begin.
    pub fn has_news(&self) -> bool {
        // A file that is gone or shorter is news too: reading it says so.
        let other = match std::fs::metadata(self.path(self.segment)) {
            Ok(file) => file.len() != self.offset,
            Err(_) => self.offset > 0,
        };
        other || self.path(self.segment + 1).exists() || self.has_moved().unwrap_or(true)
    }

    /// Hands over every record that came since the last call.
    ///
    /// # Errors
    /// What cannot be read or was changed. What was handed over before stays.
    pub fn read(&mut self, mut take: impl FnMut(Record)) -> Result<(), StoreError> {
        loop {
            self.read_segment(&mut take)?;
            if !self.path(self.segment + 1).exists() {
                return Ok(());
            }
            // A next segment is begun only behind one that is whole and full; its frames know how long that is.
            let path = self.path(self.segment);
            let len = std::fs::metadata(&path).map_err(file_error(&path))?.len();
            if len != self.offset || !self.is_full() {
                return Err(StoreError::Sealed { path: path.display().to_string(), offset: self.offset });
            }
            self.roll();
        }
    }

    /// Whether the next record begins a new segment.
    pub(super) const fn is_full(&self) -> bool {
        self.rows >= SEGMENT_ROWS || self.offset >= SEGMENT_BYTES
    }

    fn read_segment(&mut self, take: &mut impl FnMut(Record)) -> Result<(), StoreError> {
        let path = self.path(self.segment);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.offset == 0 => return Ok(()),
            Err(error) => return Err(file_error(&path)(error)),
        };
        let damaged = |offset| StoreError::Sealed { path: path.display().to_string(), offset };
        let len = file.metadata().map_err(file_error(&path))?.len();
        if len < self.offset {
            return Err(damaged(len));
        }
        if self.offset == 0 {
            let mut magic = [0; MAGIC.len()];
            if len < MAGIC.len() as u64 {
                return Ok(());
            }
            file.read_exact(&mut magic).map_err(file_error(&path))?;
            if magic != *MAGIC {
                return Err(StoreError::Record { path: path.display().to_string() });
            }
            self.offset = MAGIC.len() as u64;
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(file_error(&path))?;
        let mut file = std::io::BufReader::with_capacity(1 << 20, file);
        while let Some(mut sealed) = frame(&mut file, len - self.offset).map_err(file_error(&path))? {
            let size = sealed.len() as u64 + 4;
            let place = self.place();
            let Some(plain) = self.sealer.open(&mut sealed, &place) else { return Err(damaged(self.offset)) };
            let record = Record::read(plain).ok_or_else(|| StoreError::Record { path: path.display().to_string() });
            zeroize::Zeroize::zeroize(&mut sealed);
            let record = record?;
            self.offset += size;
            self.rows += record.rows();
            take(record);
        }
        Ok(())
    }
}

/// Nonce and sealed bytes of the next frame; `None` when it is not there whole.
fn frame(file: &mut impl std::io::Read, left: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if left < HEAD_BYTES as u64 {
        return Ok(None);
    }
    file.read_exact(&mut length)?;
    let size = u64::from(u32::from_le_bytes(length)) + NONCE_BYTES as u64;
    // Blocks that were allocated and never written read as zeros.
    if size == NONCE_BYTES as u64 || size + 4 > left {
        return Ok(None);
    }
    let mut sealed = Vec::new();
    file.take(size).read_to_end(&mut sealed)?;
    Ok((sealed.len() as u64 == size).then_some(sealed))
}
