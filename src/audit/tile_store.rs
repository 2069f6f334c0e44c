//! The seam: where a published log is kept, as every store of objects can keep it: put what is not there, swap the one file
//! that changes, get, list.
//!
//! Two writers can never both win: [`TileStore::put_new`] creates or says that something is there, [`TileStore::swap`]
//! replaces only what its caller has seen. `conformance` in the tests holds for every implementation.

#![expect(clippy::disallowed_types, reason = "the published files are the effect of this module")]

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use crate::model::entry::Digest;

/// What became of [`TileStore::put_new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now, on durable storage.
    Created,
    /// Something was there before, and still is.
    Exists,
}

/// What became of [`TileStore::swap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// It is replaced, on durable storage.
    Done,
    /// It was not what the caller had seen, and is unchanged.
    Lost,
}

/// A store of a log's files. Paths are those of C2SP tlog-tiles: lower-case letters, digits, `.`, `/`.
pub trait TileStore: fmt::Debug + Send + Sync {
    /// Creates a file; never changes one.
    ///
    /// # Errors
    /// What the store says, [`io::ErrorKind::InvalidInput`] for a path that is none.
    fn put_new(&self, path: &str, bytes: &[u8]) -> io::Result<Put>;

    /// Replaces a file when its tag is this one, or creates it when the tag is `None`.
    ///
    /// # Errors
    /// What the store says, [`io::ErrorKind::InvalidInput`] for a path that is none.
    fn swap(&self, path: &str, tag: Option<&str>, bytes: &[u8]) -> io::Result<Swap>;

    /// The bytes of a file and its tag; `None` when it is not there.
    ///
    /// # Errors
    /// What the store says.
    fn get(&self, path: &str) -> io::Result<Option<(Vec<u8>, String)>>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// What the store says, [`io::ErrorKind::InvalidInput`] for a path that is none.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// The paths below a folder, in order.
    ///
    /// # Errors
    /// What the store says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// Bytes of a file at most: a bundle of 256 entries of 16 KiB, with room.
const FILE_BYTES_MAX: u64 = 1 << 23;

/// A folder of the local file system.
#[derive(Debug, Clone)]
pub struct LocalTiles {
    root: PathBuf,
}

impl LocalTiles {
    /// Names the folder; it is made with the first file.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Waits until no other publication into this folder is under way, and keeps others waiting until the file is dropped.
    pub(super) fn alone(&self) -> io::Result<File> {
        std::fs::create_dir_all(&self.root)?;
        let file = File::options().create(true).truncate(false).write(true).open(self.root.join(".publishing"))?;
        file.lock().map(|()| file)
    }

    /// Removes what a killed writer had not given its name yet. Whoever calls it knows that nobody writes.
    pub(super) fn sweep(&self) -> io::Result<()> {
        let beside = walkdir::WalkDir::new(&self.root).min_depth(1).max_depth(1);
        let within = walkdir::WalkDir::new(self.root.join("tile")).min_depth(1);
        for entry in beside.into_iter().chain(within).filter_map(Result::ok) {
            if entry.file_type().is_file() && entry.file_name().to_str().is_some_and(scratch::is_one) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn path(&self, path: &str) -> io::Result<PathBuf> {
        let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_name);
        if path.split('/').all(part) { Ok(self.root.join(path)) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Writes a file under a name of its own beside its place, and syncs it.
    fn prepare(&self, target: &Path, bytes: &[u8]) -> io::Result<scratch::Prepared> {
        let folder = target.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let prepared = scratch::Prepared::new(folder)?;
        let mut file = File::create_new(&prepared.path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(prepared)
    }

    /// One writer at a time looks and replaces.
    fn lock(&self) -> io::Result<File> {
        std::fs::create_dir_all(&self.root)?;
        let file = File::options().create(true).truncate(false).write(true).open(self.root.join(".lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => file.lock().map(|()| file),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Names of files that are being written: hidden, and gone when they are dropped.
mod scratch {
    use std::io;
    use std::path::{Path, PathBuf};

    const START: &str = ".new-";

    /// Whether a name is one of these.
    pub(super) fn is_one(name: &str) -> bool {
        name.strip_prefix(START)
            .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
    }

    #[derive(Debug)]
    pub(super) struct Prepared {
        pub(super) path: PathBuf,
    }

    impl Prepared {
        pub(super) fn new(folder: &Path) -> io::Result<Self> {
            let mut random = [0; 8];
            aws_lc_rs::rand::fill(&mut random).map_err(|_| io::ErrorKind::Other)?;
            Ok(Self { path: folder.join(format!("{START}{:016x}", u64::from_be_bytes(random))) })
        }
    }

    impl Drop for Prepared {
        fn drop(&mut self) {
            // After a rename it is not there any more.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

impl TileStore for LocalTiles {
    fn put_new(&self, path: &str, bytes: &[u8]) -> io::Result<Put> {
        let target = self.path(path)?;
        if target.exists() {
            return Ok(Put::Exists);
        }
        let prepared = self.prepare(&target, bytes)?;
        // A link is made or refused in one step, whoever else tries.
        match std::fs::hard_link(&prepared.path, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Exists),
            Err(error) => Err(error),
            Ok(()) => sync_folder(&target).map(|()| Put::Created),
        }
    }

    fn swap(&self, path: &str, tag: Option<&str>, bytes: &[u8]) -> io::Result<Swap> {
        let target = self.path(path)?;
        let lock = self.lock()?;
        if self.get(path)?.as_ref().map(|(_, found)| found.as_str()) != tag {
            return Ok(Swap::Lost);
        }
        let prepared = self.prepare(&target, bytes)?;
        std::fs::rename(&prepared.path, &target)?;
        sync_folder(&target)?;
        drop(lock);
        Ok(Swap::Done)
    }

    fn get(&self, path: &str) -> io::Result<Option<(Vec<u8>, String)>> {
        match octroi_verify::regular::read(&self.path(path)?, FILE_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(|bytes| Some((bytes.clone(), tag_of(&bytes)))),
        }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let target = self.path(path)?;
        match std::fs::remove_file(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_folder(&target),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut open = vec![folder.trim_end_matches('/').to_owned()];
        while let Some(folder) = open.pop() {
            let entries = match std::fs::read_dir(self.path(&folder)?) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{folder}/{name}");
                if entry.file_type()?.is_dir() {
                    open.push(path);
                } else if !name.starts_with('.') {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn tag_of(bytes: &[u8]) -> String {
    let mut tag = [0; 32];
    tag.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Digest(tag).to_string()
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.'
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
