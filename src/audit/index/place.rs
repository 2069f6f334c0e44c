//! Where an index lies: beside the log, or, where nothing can be written there, in a file of SQLite's own that nobody else
//! sees and that is gone with the process.
//!
//! An auditor's copy is mostly read-only, and so is the log of another for a member of its group. What its index says so far
//! is taken over when it is whole; the rest, or all of it, comes from the log. Nothing beside the log is changed by that.
#![expect(clippy::disallowed_types, reason = "a new index is brought to the disk before it takes its name")]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use octroi_verify::review::{FILE, TABLES, VERSION};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, params};

use super::{Index, IndexError, Watermark, is_damage, meta, unsigned};
use crate::limits::INDEX_ROOM;

/// How long a command waits for another that writes the same index.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// How often a new file is to be changed to one that is written ahead.
const CHANGES_MAX: u32 = 100;

/// The name under which a kept index is attached to another.
pub(super) const KEPT: &str = "kept";

impl Index {
    /// Opens the index of the log in a folder, or begins one; a temporary one where nothing can be written.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] when the file is no index, [`IndexError::Refused`] when the database refuses otherwise.
    pub fn open(log: &Path) -> Result<Self, IndexError> {
        let file = log.join(FILE);
        if file.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) && !has_room(log) {
            return Self::elsewhere(log);
        }
        match Self::open_at(log, &file) {
            Err(error) if error.is_unwritable() => Self::elsewhere(log),
            opened => opened.map_err(|error| error.of(log)),
        }
    }

    /// Opens an index that lies elsewhere.
    ///
    /// # Errors
    /// [`IndexError::Database`] when the file cannot be written or is no database.
    pub fn open_at(log: &Path, file: &Path) -> Result<Self, IndexError> {
        let connection = connect(file)?;
        // SQLite opens what it may not write for reading, and says so at the first write.
        if connection.is_readonly(MAIN_DB)? {
            return Err(IndexError::Unwritable { file: file.display().to_string() });
        }
        connection.busy_timeout(BUSY_WAIT)?;
        write_ahead(&connection)?;
        // It can be made anew at any time: a power failure may cost it, so syncs would buy nothing.
        connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")?;
        let index = Self { connection, log: log.to_owned(), is_temporary: false };
        if index.meta("version")? != Some(VERSION) {
            index.begin_from(|connection| Ok(meta(connection, "version")? != Some(VERSION)))?;
        }
        Ok(index)
    }

    /// Whether it lies elsewhere since nothing can be written beside the log.
    pub const fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    /// Makes the index of a log anew, whatever lies in its place; that is exchanged when the new one is whole, at once for whoever
    /// has it open.
    ///
    /// # Errors
    /// [`IndexError`]: then the old one is as it was.
    pub fn rebuild(log: &Path, progress: &mut dyn FnMut(u64)) -> Result<Watermark, IndexError> {
        let (file, new) = (log.join(FILE), beside(log, &format!(".new-{}", std::process::id())));
        sweep(log);
        let mut make = || {
            remove(&new).map_err(IndexError::io(&new))?;
            // Held while it is made: who finds it free knows that its maker is gone.
            let held =
                File::create_new(&new).and_then(|file| file.lock().map(|()| file)).map_err(IndexError::io(&new))?;
            let mut index = Self::alone(log, Connection::open(&new)?)?;
            let watermark = index.fill(u64::MAX, progress)?;
            index.connection.close().map_err(|(_, error)| error)?;
            Ok((watermark, held))
        };
        let put = |(watermark, _held): (Watermark, File)| {
            match put_into(&new, &file) {
                Err(IndexError::Database(error)) if is_damage(&error) => exchange(log, &new, &file)?,
                put => put?,
            }
            remove(&new).map_err(IndexError::io(&new))?;
            Ok(watermark)
        };
        let made = make().and_then(put).map_err(|error: IndexError| match error {
            IndexError::NoRoom { .. } => IndexError::NoRoom { file: file.display().to_string() },
            error if error.is_unwritable() => IndexError::Unwritable { file: file.display().to_string() },
            error => error.of(log),
        });
        made.inspect_err(|_| remove(&new).unwrap_or_default())
    }

    /// Makes the index of a log anew where there is one of before entries were pruned: it holds what it said of those. Where it
    /// cannot be made it goes, and the next search makes it.
    ///
    /// # Errors
    /// What the system says: then the old one is there still.
    pub fn renew(log: &Path, first: u64) -> io::Result<()> {
        let file = log.join(FILE);
        if file.symlink_metadata().is_err() {
            return Ok(());
        }
        let kept = Self::open_at(log, &file).and_then(|index| index.meta("pruned"));
        if matches!(kept, Ok(Some(pruned)) if unsigned(pruned) == first) {
            return Ok(());
        }
        if Self::rebuild(log, &mut |_| {}).is_err() {
            ["", "-wal", "-shm"].iter().try_for_each(|end| remove(&beside(log, end)))?;
        }
        Ok(())
    }

    /// An index that is not beside the log: what is kept there is taken over when it is whole.
    pub(in crate::audit) fn elsewhere(log: &Path) -> Result<Self, IndexError> {
        let file = log.join(FILE);
        let Some(before) = stamp(&file) else { return Self::temporary(log) };
        let index = Self::temporary(log)?;
        // Somebody may write it meanwhile: what was read then is of two states.
        if index.take_over(&file).is_ok() && stamp(&file) == Some(before) { Ok(index) } else { Self::temporary(log) }
    }

    /// An empty one in a file of SQLite's own, for this process alone and gone with it.
    pub(super) fn temporary(log: &Path) -> Result<Self, IndexError> {
        let index = Self::alone(log, Connection::open("")?)?;
        Ok(Self { is_temporary: true, ..index })
    }

    /// An empty index in a file that nobody else opens.
    fn alone(log: &Path, connection: Connection) -> Result<Self, IndexError> {
        connection.execute_batch("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")?;
        let index = Self { connection, log: log.to_owned(), is_temporary: false };
        index.begin()?;
        Ok(index)
    }

    fn take_over(&self, file: &Path) -> Result<(), IndexError> {
        attach(&self.connection, file)?;
        let version = format!("SELECT value FROM {KEPT}.meta WHERE key = 'version'");
        let version: i64 = self.connection.query_row(&version, [], |row| row.get(0))?;
        if version != VERSION {
            return Err(IndexError::Missing { file: file.display().to_string() });
        }
        self.connection.execute_batch("DELETE FROM meta; BEGIN")?;
        for (name, _) in TABLES.iter().filter(|(_, statement)| statement.starts_with("CREATE TABLE")) {
            self.connection.execute(&format!("INSERT INTO main.{name} SELECT * FROM {KEPT}.{name}"), [])?;
        }
        self.connection.execute_batch(&format!("COMMIT; DETACH DATABASE {KEPT}"))?;
        Ok(())
    }
}

/// Has an index written ahead, so that it is read while it is written. SQLite does not wait where another changes a new file to that
/// at the same time; for whoever writes it does.
fn write_ahead(connection: &Connection) -> Result<(), IndexError> {
    let change = || connection.execute_batch("PRAGMA journal_mode=WAL");
    for _ in 0..CHANGES_MAX {
        match change() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
            }
            changed => return Ok(changed?),
        }
    }
    Ok(change()?)
}

/// Opens a file to write it. What lies in the folder of a log may have been put there by its owner, and a link may lead to what is
/// the reader's: none is followed.
fn connect(file: &Path) -> Result<Connection, IndexError> {
    if file.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
        return Err(IndexError::Linked { file: file.display().to_string() });
    }
    // SQLite would refuse links on the way to the folder too.
    let whole = match (file.parent().map(Path::canonicalize), file.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    };
    Ok(Connection::open_with_flags(whole, OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW)?)
}

/// Writes a new index into the place of another as one change of it: whoever has that open sees the one or the other.
fn put_into(new: &Path, file: &Path) -> Result<(), IndexError> {
    let new = Connection::open(new)?;
    let mut kept = connect(file)?;
    kept.busy_timeout(BUSY_WAIT)?;
    write_ahead(&kept)?;
    let step = Backup::new(&new, &mut kept)?.step(-1)?;
    if step == StepResult::Done { Ok(()) } else { Err(IndexError::Written { file: file.display().to_string() }) }
}

/// Whether an index may grow beside the log: its last room is the log's, which closes when it has none. Where nobody knows, the disk
/// says it itself.
pub(super) fn has_room(log: &Path) -> bool {
    rustix::fs::statvfs(log).map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= INDEX_ROOM)
}

/// Removes new indexes whose makers were killed.
fn sweep(log: &Path) {
    let new = format!("{FILE}.new-");
    let names = walkdir::WalkDir::new(log).min_depth(1).max_depth(1).into_iter().filter_map(Result::ok);
    for entry in
        names.filter(|entry| entry.file_type().is_file() && entry.file_name().to_string_lossy().starts_with(&new))
    {
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            remove(entry.path()).unwrap_or_default();
        }
    }
}

/// Puts a new index in the place of a file that is none.
fn exchange(log: &Path, new: &Path, file: &Path) -> Result<(), IndexError> {
    File::open(new).and_then(|file| file.sync_all()).map_err(IndexError::io(new))?;
    // What SQLite keeps beside the old file would be taken for the new one's.
    let sides = || ["-wal", "-shm"].iter().try_for_each(|end| remove(&beside(log, end)));
    sides().and_then(|()| fs::rename(new, file)).and_then(|()| sides()).map_err(IndexError::io(file))
}

/// Attaches an index for reading, and changes nothing of it: not even a file beside it where that can be helped.
pub(super) fn attach(connection: &Connection, file: &Path) -> Result<(), IndexError> {
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    let waits = fs::metadata(PathBuf::from(wal)).is_ok_and(|metadata| metadata.len() > 0);
    // Without one that waits to be taken in, the file alone is the whole; so it is for whoever may not open the others.
    let modes: &[&str] = if waits { &["mode=ro", "immutable=1"] } else { &["immutable=1"] };
    let mut last = IndexError::Missing { file: file.display().to_string() };
    for mode in modes {
        let attached = connection
            .execute(&format!("ATTACH DATABASE ?1 AS {KEPT}"), params![format!("file:{}?{mode}", escaped(file))])
            .and_then(|_| {
                let read = format!("SELECT count(*) FROM {KEPT}.sqlite_master");
                connection.query_row(&read, [], |row| row.get::<_, i64>(0)).inspect_err(|_| {
                    connection.execute_batch(&format!("DETACH DATABASE {KEPT}")).unwrap_or_default();
                })
            });
        match attached {
            Ok(_) => return Ok(()),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// A path within an address of SQLite.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What tells that a file was written: its length and time.
pub(super) fn stamp(file: &Path) -> Option<(u64, Option<SystemTime>)> {
    fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|data| (data.len(), data.modified().ok()))
}

/// A file beside the index.
pub(super) fn beside(log: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(FILE);
    name.push(end);
    log.join(name)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
