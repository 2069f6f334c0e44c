//! Changing the log's key: a new epoch is a new log, with a key that the old one announced.
//!
//! ```text
//! audit/                     the log of the epoch that is being written
//! audit/rotate               asked for: it is done when nobody writes, at the latest when the gateway starts
//! audit/fence                the lowest epoch that may write, when an older one was fenced off
//! audit/rotate.lock          held by whoever changes the key or opens the log, one behind the other
//! audit/log.key.next         the key of the next epoch, until it is in force
//! audit/epochs/1/            a finished epoch: segments, checkpoint, log.vkey; its private key is gone
//! audit/epochs/1.new/        the same while it is being moved there
//! ```
//!
//! One of the last entries of the old log names the new key, the first of the new one the size and root of the old: neither can be
//! exchanged alone. The old private key is overwritten with zeros before the new log begins, so that whoever gets the key of
//! today cannot sign yesterday anew. Each step can be done twice, so a crash between any two of them is finished by the next
//! start; until the folder has its final name nothing is written under the new key. Nobody else begins one meanwhile ([`Turn`]): a
//! second next key in the place of the one that the log announced would leave a log that nobody can go on with.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "files of the log are moved, which is the effect of this module"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::fleet::EPOCHS;
use octroi_verify::folders::{NEXT_KEY, TURN};
use octroi_verify::note::SignerKey;
use octroi_verify::pruned::{BEGUN, PRUNED};
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::walk::SEGMENTS;
use octroi_verify::{Checkpoint, VerifierKey};
use zeroize::Zeroizing;

use super::anchor::ANCHOR;
use super::decisions;
use super::fence;
use super::index::FILE as INDEX;
use super::log::AuditLog as _;
use super::open::OpenError;
use super::prune;
use super::state::STATE;
use super::storage::{LocalStorage, Storage as _};
use super::store::{Clock, Options, PRIVATE_KEY, Previous, SegmentLog};
use crate::model::Word;
use crate::model::entry::{Entry, KeyChange};

/// The file that asks for a rotation.
const REQUEST: &str = "rotate";
/// Epochs at most.
const EPOCH_MAX: u32 = 1_000_000;

/// The turn of whoever changes the key of a log or opens it: from the order to the log that goes on under the new key nobody comes
/// between. It waits for the one before, which ends by itself: a gateway holds it only while it starts.
#[derive(Debug)]
pub struct Turn {
    folder: PathBuf,
    _lock: Option<File>,
}

impl Turn {
    /// Waits for the turn. Where there is no folder there is no log either, and nobody to wait for.
    ///
    /// # Errors
    /// What the disk says.
    pub fn of(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(TURN);
        let file = match OpenOptions::new().create(true).truncate(false).write(true).open(&path) {
            // An administrator's command may have made it; to wait for it asks for no more than to read it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(&path),
            file => file,
        };
        let lock = match file.and_then(|file| file.lock().map(|()| file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            lock => Some(lock.map_err(OpenError::io(TURN))?),
        };
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }
}

/// Whether a folder holds a log whose key can be changed, or a change that was cut off.
pub fn is_log(folder: &Path) -> bool {
    [CHECKPOINT, SEGMENTS, EPOCHS].iter().any(|name| folder.join(name).exists())
}

/// Whether a new key was asked for before, and is not made yet.
pub fn is_requested(folder: &Path) -> bool {
    folder.join(REQUEST).exists()
}

/// Asks for a new key. The gateway that writes the log makes it when it starts.
///
/// # Errors
/// What the disk says: then nothing is asked for.
pub fn request(folder: &Path) -> io::Result<()> {
    let ask = || {
        File::create(folder.join(REQUEST))?.sync_all()?;
        sync(folder)
    };
    ask().inspect_err(|_| remove(&folder.join(REQUEST)).unwrap_or_default())
}

/// Takes an order back that could not be carried out; `false` when it stands, since the log announced the next key already and
/// only that one can go on behind it.
///
/// # Errors
/// What the disk says, or the log: then the order stands.
pub fn withdraw(folder: &Path) -> Result<bool, OpenError> {
    let epoch = current(folder).map_err(OpenError::io(EPOCHS))?;
    let fenced = fence::read(&LocalStorage::new(folder)).map_err(OpenError::io(fence::FENCE))? > epoch;
    if fenced || folder.join(EPOCHS).join(format!("{epoch}.new")).exists() || is_announced(folder, epoch)? {
        return Ok(false);
    }
    // The next key stays for the next order: it was shown to nobody.
    remove(&folder.join(REQUEST)).map_err(OpenError::io(REQUEST))?;
    sync(folder).map_err(OpenError::io(REQUEST))?;
    Ok(true)
}

/// Whether the running epoch names a next key. What the disk refused to make durable counts as soon as it can be read.
fn is_announced(folder: &Path, epoch: u32) -> Result<bool, OpenError> {
    let mut announced = false;
    decisions::read_backwards(folder, &["key"], decisions::Place { epoch, seq: 0 }, &mut |entry| {
        let entry: serde_json::Value = serde_json::from_slice(entry).unwrap_or_default();
        announced |= entry.pointer("/entry/event").is_some_and(|event| event == "announced");
    })?;
    Ok(announced)
}

/// Does what was asked for or was begun, and gives the options of the epoch that is to be written now, in segments of so many bytes
/// as the last entries of the one before. The turn ends when that log is open.
///
/// # Errors
/// [`OpenError`]: the log is in use, damaged, or the disk refuses.
pub fn settle(turn: &Turn, node: &Word, clock: &Clock, segment_bytes: u64) -> Result<Options, OpenError> {
    let folder = turn.folder.as_path();
    let mut epoch = current(folder).map_err(OpenError::io(EPOCHS))?;
    let options = |epoch: u32| Options {
        segment_bytes,
        ..Options::new(folder, format!("octroi/{node}/{epoch}"), Clock::clone(clock))
    };
    let moving = folder.join(EPOCHS).join(format!("{epoch}.new"));
    let fenced = fence::read(&LocalStorage::new(folder)).map_err(OpenError::io(fence::FENCE))? > epoch;
    let asked = (fenced || folder.join(REQUEST).exists()) && folder.join(CHECKPOINT).exists();
    if asked || moving.exists() {
        if !moving.exists() {
            // Where a crash came between the folder of an epoch and its first entry, that entry is still to be written.
            let old = Options { previous: previous(folder, node, epoch)?, ..options(epoch) };
            announce(folder, old, &format!("octroi/{node}/{}", epoch.saturating_add(1)))?;
        }
        let storage = LocalStorage::new(folder);
        let lock = storage.lock().map_err(|_| OpenError::Locked)?;
        // What a prune has found by its path must not become a file of the new log under its hands.
        let _pruning = prune::exclude(folder).map_err(OpenError::io(prune::LOCK))?;
        finish(folder, epoch).map_err(OpenError::io(EPOCHS))?;
        drop(lock);
        epoch = epoch.saturating_add(1);
    }
    Ok(Options { previous: previous(folder, node, epoch)?, ..options(epoch) })
}

/// Whether a change of the key was begun and not finished: the log lies in two places.
pub(super) fn is_cut_off(folder: &Path) -> io::Result<bool> {
    Ok(folder.join(EPOCHS).join(format!("{}.new", current(folder)?)).exists())
}

/// The same, or that it is done and the log of the new epoch not begun: its gateway has not started yet.
pub fn is_unfinished(folder: &Path) -> bool {
    let is_unbegun = || folder.join(EPOCHS).is_dir() && !folder.join(CHECKPOINT).exists();
    is_cut_off(folder).unwrap_or(false) || is_unbegun()
}

/// The epoch that is being written: one more than those that are finished.
fn current(folder: &Path) -> io::Result<u32> {
    let names = match fs::read_dir(folder.join(EPOCHS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(1),
        names => names?,
    };
    let mut newest = 0;
    for name in names {
        let number = name?.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        newest = number.filter(|number| *number < EPOCH_MAX).map_or(newest, |number| newest.max(number));
    }
    Ok(newest.saturating_add(1))
}

/// Makes the next key, and lets the old log name it in its last entries.
pub(super) fn announce(folder: &Path, options: Options, next: &str) -> Result<(), OpenError> {
    let path = folder.join(NEXT_KEY);
    if !path.exists() {
        let pair = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| OpenError::Key)?;
        let new = folder.join(format!("{NEXT_KEY}.new"));
        let write = || {
            let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
            file.write_all(pair.as_ref())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            sync(folder)
        };
        write().inspect_err(|_| remove(&new).unwrap_or_default()).map_err(OpenError::io(NEXT_KEY))?;
    }
    let der = Zeroizing::new(fs::read(&path).map_err(OpenError::io(NEXT_KEY))?);
    let key = SignerKey::from_pkcs8(next, &der).map_err(|_| OpenError::Key)?;
    let log = SegmentLog::open(Options { last_words: true, ..options })?;
    let announced = KeyChange {
        event: Word::fixed("announced"),
        vkey: Word::configured(&key.verifier().to_string()),
        previous: None,
        previous_size: None,
        previous_root: None,
    };
    let appended = super::wait(log.append(Entry::Key(announced)));
    log.stop();
    appended.map_err(|_| OpenError::Io { name: SEGMENTS.to_owned(), kind: io::ErrorKind::Other })?;
    // What no checkpoint covers nobody could sign any more once the key is gone.
    let published = fs::read_to_string(folder.join(CHECKPOINT)).map_err(OpenError::io(CHECKPOINT))?;
    let published = Checkpoint::open(&published, log.key()).map_err(|_| OpenError::Key)?;
    let head = log.head();
    if (published.size, published.root.0) == (head.size, head.root) {
        return Ok(());
    }
    Err(OpenError::Io { name: CHECKPOINT.to_owned(), kind: io::ErrorKind::WriteZero })
}

/// Moves the old log to its place, destroys its private key, and puts the next in force.
fn finish(folder: &Path, epoch: u32) -> io::Result<()> {
    let epochs = folder.join(EPOCHS);
    let (moving, done) = (epochs.join(format!("{epoch}.new")), epochs.join(epoch.to_string()));
    fs::create_dir_all(&moving)?;
    sync(&epochs)?;
    sync(folder)?;
    for name in [SEGMENTS, PRUNED, BEGUN, STATE, COSIGNED, ANCHOR, CHECKPOINT, VERIFIER_KEY] {
        match fs::rename(folder.join(name), moving.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // The index is of the old log, and of no other: whoever searches the new one makes it anew.
    for end in ["", "-wal", "-shm"] {
        remove(&folder.join(format!("{INDEX}{end}")))?;
    }
    sync(&moving)?;
    sync(folder)?;
    let (old, next) = (folder.join(PRIVATE_KEY), folder.join(NEXT_KEY));
    // Once the next key has the old one's name this was done before a crash.
    if next.exists() {
        erase(&old)?;
        fs::rename(&next, &old)?;
        sync(folder)?;
    }
    remove(&folder.join(REQUEST))?;
    sync(folder)?;
    fs::rename(&moving, &done)?;
    sync(&epochs)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Overwrites a key with zeros, brings that to the disk, and removes the file. What a copying file system or a flash disk
/// keeps beneath is beyond any program.
fn erase(path: &Path) -> io::Result<()> {
    let length = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?.len(),
    };
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&vec![0; usize::try_from(length).unwrap_or(4_096)])?;
    file.sync_all()?;
    fs::remove_file(path)
}

/// What the first entry of this epoch says of the one before.
fn previous(folder: &Path, node: &Word, epoch: u32) -> Result<Option<Previous>, OpenError> {
    let Some(before) = epoch.checked_sub(1).filter(|before| *before > 0) else { return Ok(None) };
    let folder = folder.join(EPOCHS).join(before.to_string());
    let read = |name: &str| fs::read_to_string(folder.join(name)).map_err(OpenError::io(name));
    let key = VerifierKey::parse(&read(VERIFIER_KEY)?).map_err(|_| OpenError::Key)?;
    let checkpoint = Checkpoint::open(&read(CHECKPOINT)?, &key).map_err(|_| OpenError::Key)?;
    let origin = format!("octroi/{node}/{before}");
    if checkpoint.origin != origin {
        return Err(OpenError::Origin { found: checkpoint.origin });
    }
    Ok(Some(Previous { origin, size: checkpoint.size, root: checkpoint.root }))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
