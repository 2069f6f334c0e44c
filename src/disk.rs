//! Files, whole: read up to a bound, and replaced so that a reader sees the old one or the new one, after a crash too.
//!
//! Every module that owns files uses these two, so that each is right once. The pure modules never do.
#![expect(clippy::disallowed_types, reason = "this module reads and replaces files for those that own them")]

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Reads a file of at most so many bytes. Its size is looked at before anything is read; what is no file (a pipe, a folder) is
/// not opened.
///
/// # Errors
/// What keeps it from being read; `FileTooLarge` where it is larger.
pub fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {bytes_max} bytes"));
    let length = usize::try_from(meta.len()).ok().filter(|length| *length <= bytes_max).ok_or_else(too_large)?;
    // One that has room from the beginning leaves no copies of a secret behind. It may grow while it is read.
    let mut bytes = Vec::with_capacity(length.saturating_add(1));
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(too_large());
    }
    Ok(bytes)
}

/// The same, of text.
///
/// # Errors
/// As [`read`], and what is no UTF-8.
pub fn read_text(path: &Path, bytes_max: usize) -> io::Result<String> {
    String::from_utf8(read(path, bytes_max)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Replaces a file, or makes it: when this returns the new one is on the disk, under its name.
///
/// # Errors
/// What the system says; the old one is then as it was.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let new = beside(path, ".new");
    // A crash may have left one, with other rights.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    give(&new, path);
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(folder_of(path))
}

/// Waits until the disk has the names of a folder.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A name with an ending more.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Gives what root writes to whom the file belongs, or the folder: the service must read what an administrator's command wrote.
pub fn give(written: &Path, file: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    if let Ok(owner) = fs::metadata(file).or_else(|_| fs::metadata(folder_of(file))) {
        std::os::unix::fs::chown(written, Some(owner.uid()), Some(owner.gid())).unwrap_or_default();
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes files")]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        for (name, path, most, found) in [
            ("all of it", path.as_path(), 4, Ok(4)),
            ("too large", &path, 3, Err(io::ErrorKind::FileTooLarge)),
            ("no file", folder.path(), 4, Err(io::ErrorKind::Other)),
            ("not there", &folder.path().join("none"), 4, Err(io::ErrorKind::NotFound)),
            // It says that it has no bytes, and goes on for ever.
            ("a device", Path::new("/dev/zero"), 4, Err(io::ErrorKind::Other)),
        ] {
            assert_eq!(read(path, most).map(|bytes| bytes.len()).map_err(|error| error.kind()), found, "{name}");
        }
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 4).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(beside(&path, ".new"), "left by a crash").unwrap();
        for text in ["one", "two"] {
            replace(&path, text.as_bytes(), 0o600).unwrap();
            assert_eq!(read_text(&path, 10).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(replace(&folder.path().join("none/file"), b"x", 0o600).is_err());
    }
}
