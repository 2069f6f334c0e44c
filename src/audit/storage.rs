//! What the log asks of a disk, as a trait, so that tests can put one under it that fails.
//!
//! The real one is [`LocalStorage`]. Names are relative to the log's folder and made by the log itself. Everything here
//! blocks: it is called from the committer's own thread and while opening.
#![expect(clippy::disallowed_types, reason = "the log's files are the effect that this module owns")]

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use octroi_verify::segment::ReadAt;
use octroi_verify::walk::{Folder, SEGMENTS};

/// The mode of a folder in which a group leaves files: none takes away another's (the sticky bit). No file there gets the group of the
/// folder by a bit of its own: a service under `RestrictSUIDSGID=` may not set that.
const SHARED_MODE: u32 = 0o1770;

/// A folder for one log.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Makes the folder and its sub-folder for segments where they are not there.
    fn prepare(&self) -> io::Result<()>;

    /// Takes the folder for one writer until the value is dropped; [`io::ErrorKind::WouldBlock`] when another has it.
    fn lock(&self) -> io::Result<Box<dyn Send>>;

    /// Names in a sub-folder.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;

    /// The same in any order: at most so many files, and as many of whatever else lies there. Neither hides the other, however
    /// many there are.
    fn names_up_to(&self, folder: &str, count_max: usize) -> io::Result<Names> {
        let mut files = self.names(folder)?;
        files.truncate(count_max);
        Ok(Names { files, others: Vec::new() })
    }

    /// Makes a sub-folder for the owner alone, where it is not there.
    fn prepare_private(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    /// The system's number of the user who owns the folder; `None` where there are no users.
    fn owner(&self) -> Option<u32> {
        None
    }

    /// Creates a file, or empties it; a private one is for its owner only.
    fn create(&self, name: &str, private: bool) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>>;

    /// Renames a file over another.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file, or a folder that holds nothing.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Brings the names in the folder of this file to durable storage.
    fn sync_folder_of(&self, name: &str) -> io::Result<()>;
}

/// Names in a folder.
#[derive(Debug, Default)]
pub struct Names {
    /// Of regular files.
    pub files: Vec<String>,
    /// Of links, folders and whatever else.
    pub others: Vec<String>,
}

/// A file of the log.
pub trait SegmentFile: ReadAt + fmt::Debug {
    /// Writes all bytes at an offset.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// The system's number of the user who owns the file; `None` where there are no users.
    fn owner(&self) -> Option<u32> {
        None
    }

    /// Brings what was written to durable storage. After an error nothing may be concluded about any of it.
    fn sync(&self) -> io::Result<()>;

    /// Fills the file with zeros, so that later writes change no metadata and cannot lack room.
    fn fill(&self, length: u64) -> io::Result<()> {
        let zeros = vec![0; 1024 * 1024];
        let mut at = 0;
        while at < length {
            let chunk = usize::try_from(length - at).unwrap_or(usize::MAX).min(zeros.len());
            self.write_all_at(zeros.get(..chunk).unwrap_or_default(), at)?;
            at += chunk as u64;
        }
        Ok(())
    }
}

/// Puts bytes under a name so that after a crash the file is wholly the old or wholly the new one.
pub(super) fn replace(storage: &dyn Storage, name: &str, bytes: &[u8], private: bool) -> io::Result<()> {
    let new = format!("{name}.new");
    let file = storage.create(&new, private)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    storage.rename(&new, name)?;
    storage.sync_folder_of(name)
}

/// Reads a small file; `None` when it is not there.
pub(super) fn read_small(storage: &dyn Storage, name: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match storage.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.length()?;
    if length > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Lets the verifier's code walk a storage.
#[derive(Debug)]
pub(super) struct StorageFolder<'a>(pub(super) &'a dyn Storage);

impl Folder for StorageFolder<'_> {
    fn segment_names(&self) -> io::Result<Vec<String>> {
        self.0.names(SEGMENTS)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        Ok(self.0.open(name)?)
    }
}

/// A folder of the local file system.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    root: PathBuf,
}

impl LocalStorage {
    /// Names the folder; nothing is touched yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the folder and a sub-folder of it.
    pub(super) fn prepare_root(&self, name: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o750).create(self.path(name))?;
        sync_folder(&self.root)
    }

    /// Makes a sub-folder of the log's folder, which must be there, in which every member of the log's group may leave
    /// files and take away none but their own. A link in its place is refused. Whoever owns the folder gives it that mode again where a
    /// mask or a copy took it.
    pub(super) fn prepare_shared(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        match DirBuilder::new().mode(0o770).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
            Ok(()) => sync_folder(&self.root)?,
        }
        let metadata = path.symlink_metadata()?;
        if !metadata.is_dir() {
            // What is left behind a link no writer of the log takes.
            let told = format!("`{name}` is not a folder of the log's own");
            return Err(io::Error::new(io::ErrorKind::NotADirectory, told));
        }
        if metadata.mode() & SHARED_MODE == SHARED_MODE || metadata.uid() != rustix::process::geteuid().as_raw() {
            return Ok(());
        }
        // The mode is given to what was opened: a link that takes its place meanwhile leads to nothing.
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY).bits().cast_signed();
        let folder = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let mode = folder.metadata()?.mode() & 0o7777;
        folder.set_permissions(Permissions::from_mode(mode | SHARED_MODE))
    }

    /// [`replace`] for what the log's owner must be able to read, whatever mask and groups the process has: who may see it the folder
    /// tells.
    pub(super) fn replace_shared(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = format!("{name}.new");
        let file = self.created(&new, 0o644)?;
        // Of the file that was made, whatever stands at its name by now: an administrator may run this in a folder of others.
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.write_all_at(bytes, 0)?;
        file.sync_data()?;
        self.rename(&new, name)?;
        self.sync_folder_of(name)
    }

    /// A new file in the place of whatever has its name.
    fn created(&self, name: &str, mode: u32) -> io::Result<File> {
        let path = self.path(name);
        match std::fs::remove_file(&path) {
            // A file left by a crash may have wider permissions: begin with a new one.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Storage for LocalStorage {
    fn prepare(&self) -> io::Result<()> {
        let made = missing(&self.root);
        DirBuilder::new().recursive(true).mode(0o750).create(self.root.join(SEGMENTS))?;
        // It is the owner's of the log, not of whoever reads first.
        self.prepare_shared(super::access::FOLDER)?;
        // Every name must survive a crash: those of the sub-folders, that of the folder itself, and those of folders around it
        // that were not there.
        sync_folder(&self.root)?;
        made.iter().chain([&self.root]).try_for_each(|folder| sync_folder(folder_of(folder)))
    }

    fn lock(&self) -> io::Result<Box<dyn Send>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.path("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(self.path(folder))?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn names_up_to(&self, folder: &str, count_max: usize) -> io::Result<Names> {
        let mut names = Names::default();
        for entry in std::fs::read_dir(self.path(folder))? {
            let entry = entry?;
            let kind = if entry.file_type()?.is_file() { &mut names.files } else { &mut names.others };
            if kind.len() < count_max {
                kind.push(entry.file_name().to_string_lossy().into_owned());
            }
            if names.files.len() == count_max {
                break;
            }
        }
        Ok(names)
    }

    fn prepare_private(&self, folder: &str) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(self.path(folder)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn owner(&self) -> Option<u32> {
        std::fs::metadata(&self.root).ok().map(|metadata| metadata.uid())
    }

    fn create(&self, name: &str, private: bool) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(LocalFile(self.created(name, if private { 0o600 } else { 0o640 })?)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let path = self.path(name);
        // A reader of somebody else's log has no right to write; writing then fails where it is tried.
        // Nor is a link followed or a pipe waited for: readers may leave files in one of the log's folders.
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                OpenOptions::new().read(true).custom_flags(flags).open(&path)?
            }
            file => file?,
        };
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Box::new(LocalFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        if path.symlink_metadata()?.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) }
    }

    fn sync_folder_of(&self, name: &str) -> io::Result<()> {
        sync_folder(folder_of(&self.path(name)))
    }
}

/// The folders of a path that are not there.
fn missing(path: &Path) -> Vec<PathBuf> {
    let is_there = |path: &Path| path.as_os_str().is_empty() || path.exists();
    path.ancestors().take_while(|path| !is_there(path)).map(Path::to_owned).collect()
}

/// The folder that a name stands in, which of a relative name may be the one that the process works in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ if path.is_absolute() => path,
        _ => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[derive(Debug)]
struct LocalFile(File);

impl ReadAt for LocalFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadAt::read_at(&self.0, buf, offset)
    }

    fn length(&self) -> io::Result<u64> {
        ReadAt::length(&self.0)
    }
}

impl SegmentFile for LocalFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn owner(&self) -> Option<u32> {
        self.0.metadata().ok().map(|metadata| metadata.uid())
    }
}
