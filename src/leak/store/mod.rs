//! A corpus on disk: one folder a tenant, append-only segments, everything sealed.
//!
//! ```text
//! corpus/
//!   lock                          held by whoever writes
//!   <32 hex digits>/              a tenant; the name is a keyed hash
//!     tenant                      its name, sealed under the corpus's own key
//!     00000000.segment …          at most 65 536 rows each, and what was removed or measured meanwhile
//!
//! segment = magic (16 bytes), frames
//! frame   = length of the sealed bytes (u32), nonce (12 bytes), sealed bytes: AES-256-GCM of a record
//! ```
//! The segment, the place in it and the length of the segment before are authenticated with a frame, so that none can be moved, repeated or left
//! out but at the end. A document is one frame: it is there whole or not at all. What a crash cut off at the end is dropped by
//! the next writer and not looked at by readers; a frame that was changed makes the corpus unreadable, and the score unknown.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "this module owns the corpus's files")]

mod lock;
mod record;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

pub use lock::Lock;
pub use record::{Background, Margin, Meant, Record};

use super::space::{DocumentId, SEGMENT_ROWS};
use super::text::Keys;
use crate::aead::{Key, NONCE_BYTES};

/// How a segment begins.
const MAGIC: &[u8; 16] = b"octroi corpus 1\n";
/// Bytes of a frame's length and nonce.
const HEAD_BYTES: usize = 4 + NONCE_BYTES;
/// Bytes of one sealed record.
pub const RECORD_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bytes of a segment after which the next one begins, whatever its rows.
const SEGMENT_BYTES: u64 = 512 * 1024 * 1024;
/// The file with a tenant's name.
const TENANT_FILE: &str = "tenant";

/// Why a corpus cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("`{path}`: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file was changed by somebody else, or belongs to another key.
    #[error("`{path}` was changed or is sealed under another key (at byte {offset})")]
    Sealed {
        /// The file.
        path: String,
        /// Where.
        offset: u64,
    },
    /// A record that this version cannot read.
    #[error("`{path}` holds a record that this version cannot read")]
    Record {
        /// The file.
        path: String,
    },
    /// Somebody else writes.
    #[error("another process changes this corpus")]
    Busy,
    /// A document of too many words.
    #[error("a document beyond {RECORD_BYTES_MAX} bytes of index")]
    Large,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| StoreError::File { path, error }
}

/// The keys of a corpus, derived from one master for each use and tenant.
pub struct CorpusKeys {
    master: hmac::Key,
}

impl std::fmt::Debug for CorpusKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CorpusKeys(..)")
    }
}

impl CorpusKeys {
    /// Keys below a master.
    pub fn new(master: hmac::Key) -> Self {
        Self { master }
    }

    fn derived(&self, purpose: &str, tenant: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let tag = hmac::sign(&self.master, format!("{purpose}\0{tenant}").as_bytes());
        key.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        key
    }

    /// The keys of a tenant's words and projection.
    pub fn words(&self, tenant: &str) -> Keys {
        let key = self.derived("words", tenant);
        Keys::new(key.first_chunk().unwrap_or(&[0; 24]))
    }

    /// What identifies a document: it changes with its content and with its path.
    pub fn document(&self, tenant: &str, path: &str, sha256: &[u8; 32]) -> DocumentId {
        let key = self.derived("document", tenant);
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()));
        context.update(sha256);
        context.update(path.as_bytes());
        DocumentId(context.sign().as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Tells keys apart without telling them.
    pub fn check(&self) -> [u8; 32] {
        *self.derived("check", "")
    }

    fn sealer(&self, tenant: &str) -> Key {
        Key::new(&self.derived("seal", tenant))
    }

    fn folder(&self, tenant: &str) -> String {
        let key = self.derived("folder", tenant);
        key.iter().take(16).fold(String::new(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// Seals tenants' names.
    fn names(&self) -> Key {
        Key::new(&self.derived("names", ""))
    }
}

/// The tenants of a corpus. The empty name is what belongs to every tenant.
///
/// # Errors
/// A folder that cannot be read, or whose name is sealed under another key.
pub fn tenants(folder: &Path, keys: &CorpusKeys) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error(folder)(error)),
    };
    let mut tenants = Vec::new();
    for entry in entries {
        let path = entry.map_err(file_error(folder))?.path().join(TENANT_FILE);
        let mut sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                continue;
            }
            Err(error) => return Err(file_error(&path)(error)),
        };
        let name = keys.names().open(&mut sealed, b"tenant");
        let name = name.and_then(|name| String::from_utf8(name.to_vec()).ok());
        tenants.push(name.ok_or_else(|| StoreError::Sealed { path: path.display().to_string(), offset: 0 })?);
    }
    tenants.sort();
    Ok(tenants)
}

/// Reads a tenant's records, and later those that came since.
#[derive(Debug)]
pub struct Follower {
    folder: PathBuf,
    sealer: Key,
    segment: u64,
    offset: u64,
    /// Rows of the segment so far.
    rows: usize,
    /// Bytes of the segment before it.
    before: u64,
}

impl Follower {
    /// Begins at the first record.
    pub fn new(folder: &Path, keys: &CorpusKeys, tenant: &str) -> Self {
        let folder = folder.join(keys.folder(tenant));
        Self { folder, sealer: keys.sealer(tenant), segment: 0, offset: 0, rows: 0, before: 0 }
    }

    fn path(&self, segment: u64) -> PathBuf {
        self.folder.join(format!("{segment:08}.segment"))
    }

    /// Goes to the next segment.
    fn roll(&mut self) {
        self.before = self.offset;
        (self.segment, self.offset, self.rows) = (self.segment + 1, 0, 0);
    }

    /// What is authenticated with the next frame: where it stands, and where the segment before ended.
    fn place(&self) -> [u8; 24] {
        let mut place = [0; 24];
        let numbers = [self.segment, self.offset, self.before];
        let bytes = numbers.into_iter().flat_map(u64::to_le_bytes);
        place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        place
    }

    /// Whether something came since the last look: two looks at files' lengths.
    pub fn has_news(&self) -> bool {
        // A file that is gone or shorter is news too: reading it says so.
        let other = match std::fs::metadata(self.path(self.segment)) {
            Ok(file) => file.len() != self.offset,
            Err(_) => self.offset > 0,
        };
        other || self.path(self.segment + 1).exists()
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
    const fn is_full(&self) -> bool {
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
        let mut follower = Follower::new(folder, keys, tenant);
        let name = follower.folder.join(TENANT_FILE);
        if !name.exists() {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&follower.folder);
            made.map_err(file_error(&follower.folder))?;
            let sealed = keys.names().seal(tenant.as_bytes(), b"tenant").ok_or(StoreError::NoRandomness)?;
            let beside = follower.folder.join("tenant.new");
            let mut file = new_file(&beside)?;
            file.write_all(&sealed).and_then(|()| file.sync_all()).map_err(file_error(&beside))?;
            std::fs::rename(&beside, &name).map_err(file_error(&name))?;
        }
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

fn new_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(file_error(path))
}
