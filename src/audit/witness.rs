//! A witness of logs (C2SP tlog-witness): it signs a checkpoint only when it extends the one that it signed before.
//!
//! Run by somebody whom the operator of the gateway does not command: an auditor, a works council, another data centre. It
//! keeps one small file a log, the newest checkpoint with its own line, which is also what an auditor passes to
//! `octroi-verify --from`. The file is on disk before a signature leaves; a folder from which it is gone does not start.
//!
//! ```text
//! witness.key              Ed25519, PKCS#8
//! witness.vkey             its public half, for policies and `[[audit.witnesses]]`
//! logs/octroi%2fparis-1%2f1   newest checkpoint of that log, signed by the log and by this witness
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::cosign::{CosignerKey, cosign};
use octroi_verify::merkle::Hash;
use octroi_verify::note::{self, NOTE_BYTES_MAX, SignerKey};
use octroi_verify::proof::verify_consistency;
use octroi_verify::{Checkpoint, VerifierKey};
use zeroize::Zeroizing;

use super::names::escaped;
use super::storage::{LocalStorage, Storage as _, read_small, replace};

/// Bytes of a request at most: a checkpoint with its signatures and 63 hashes.
pub const REQUEST_BYTES_MAX: usize = NOTE_BYTES_MAX + 4 * 1024;
const KEY: &str = "witness.key";
const PUBLIC: &str = "witness.vkey";
const LOGS: &str = "logs";
const PROOF_LINES_MAX: usize = 63;

/// Why a witness does not start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The disk refuses.
    #[error("`{name}` of the witness: {kind}")]
    Io {
        /// The file.
        name: String,
        /// The system's word.
        kind: io::ErrorKind,
    },
    /// The folder is another process's.
    #[error("another process is this witness")]
    Locked,
    /// There is a key already.
    #[error("there is a witness in this folder already")]
    Exists,
    /// The key is not there, or none.
    #[error("`{KEY}` is not the key of a witness: make one with `octroi witness new`")]
    Key,
    /// What it signed is not there or was changed: it might sign a second history.
    #[error(
        "`{LOGS}/{0}` is not a checkpoint that this witness signed: it does not start, so as not to sign another history"
    )]
    Forgotten(String),
}

/// Why a checkpoint is not signed; the status of the answer (C2SP tlog-witness).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 400.
    #[error("not a request to add a checkpoint")]
    Malformed,
    /// 403.
    #[error("no signature by the log's key")]
    Unsigned,
    /// 404.
    #[error("a log that this witness does not know")]
    Unknown,
    /// 409: the size that was signed last.
    #[error("the newest signed checkpoint has {0} entries")]
    Conflict(u64),
    /// 422.
    #[error("it does not extend what was signed before")]
    Inconsistent,
    /// 500: nothing is signed that is not kept.
    #[error("the signed checkpoint cannot be kept")]
    Storage,
}

impl Refused {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unsigned => 403,
            Self::Unknown => 404,
            Self::Conflict(_) => 409,
            Self::Inconsistent => 422,
            Self::Storage => 500,
        }
    }
}

/// A witness at work.
pub struct Witness {
    key: SignerKey,
    storage: LocalStorage,
    /// The newest checkpoint of each log. Held while one is compared, kept and signed: two requests never cross.
    newest: Mutex<BTreeMap<String, Checkpoint>>,
    /// Held as long as the witness is at work.
    _lock: Mutex<Box<dyn Send>>,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("key", &self.public()).finish_non_exhaustive()
    }
}

/// Makes a witness of this name in a folder; returns its public key.
///
/// # Errors
/// [`WitnessError`]: there is one already, or the disk refuses.
pub fn found(folder: &Path, name: &str) -> Result<CosignerKey, WitnessError> {
    let storage = LocalStorage::new(folder);
    storage.prepare_root(LOGS).map_err(failed(LOGS))?;
    if read_small(&storage, KEY, 4_096).map_err(failed(KEY))?.is_some() {
        return Err(WitnessError::Exists);
    }
    let pair = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| WitnessError::Key)?;
    let key = SignerKey::from_pkcs8(name, pair.as_ref()).map_err(|_| WitnessError::Key)?;
    let public = CosignerKey::of(&key);
    replace(&storage, PUBLIC, format!("{public}\n").as_bytes(), false).map_err(failed(PUBLIC))?;
    replace(&storage, KEY, pair.as_ref(), true).map_err(failed(KEY))?;
    Ok(public)
}

impl Witness {
    /// Takes up a witness where it was left.
    ///
    /// # Errors
    /// [`WitnessError`]: its key or what it signed is not as it left it, or another process runs.
    pub fn open(folder: &Path) -> Result<Self, WitnessError> {
        let storage = LocalStorage::new(folder);
        let der = read_small(&storage, KEY, 4_096).map_err(failed(KEY))?.ok_or(WitnessError::Key)?;
        let der = Zeroizing::new(der);
        let lock = storage.lock().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => WitnessError::Locked,
            kind => WitnessError::Io { name: "lock".to_owned(), kind },
        })?;
        let public = read_small(&storage, PUBLIC, 4_096).map_err(failed(PUBLIC))?.unwrap_or_default();
        let public = CosignerKey::parse(&String::from_utf8_lossy(&public)).map_err(|_| WitnessError::Key)?;
        let key = SignerKey::from_pkcs8(public.name(), &der).map_err(|_| WitnessError::Key)?;
        if CosignerKey::of(&key) != public {
            return Err(WitnessError::Key);
        }
        let mut newest = BTreeMap::new();
        for name in storage.names(LOGS).map_err(failed(LOGS))? {
            if name.strip_suffix(".new").is_some() {
                // A write that a crash cut off: the one before it holds.
                continue;
            }
            let path = format!("{LOGS}/{name}");
            let bytes = read_small(&storage, &path, NOTE_BYTES_MAX as u64).map_err(failed(&path))?.unwrap_or_default();
            let kept = String::from_utf8(bytes).ok().and_then(|kept| signed_by(&kept, &public));
            let kept = kept.filter(|kept| escaped(&kept.origin) == name);
            let kept = kept.ok_or(WitnessError::Forgotten(name))?;
            newest.insert(kept.origin.clone(), kept);
        }
        Ok(Self { key, storage, newest: Mutex::new(newest), _lock: Mutex::new(lock) })
    }

    /// Its public key.
    pub fn public(&self) -> CosignerKey {
        CosignerKey::of(&self.key)
    }

    /// Decides on a request of these logs' keys at a time in seconds since the epoch: the line that signs the checkpoint,
    /// which is on disk by then.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn add_checkpoint(&self, body: &[u8], logs: &[VerifierKey], now: u64) -> Result<String, Refused> {
        let body = std::str::from_utf8(body).ok().filter(|body| body.len() <= REQUEST_BYTES_MAX);
        let (old, proof, signed) = body.and_then(divide).ok_or(Refused::Malformed)?;
        let text = note::split(signed).map_err(|_| Refused::Malformed)?.0;
        let offered = Checkpoint::parse(text).map_err(|_| Refused::Malformed)?;
        let mut keys = logs.iter().filter(|key| key.name() == offered.origin).peekable();
        if keys.peek().is_none() {
            return Err(Refused::Unknown);
        }
        let Some(key) = keys.find(|key| Checkpoint::open(signed, key).is_ok()) else {
            return Err(Refused::Unsigned);
        };
        if old > offered.size {
            return Err(Refused::Malformed);
        }
        // A thread that panicked while it held the lock changed nothing: what is kept goes in last.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, root) =
            newest.get(&offered.origin).map_or_else(|| (0, Hash::empty()), |kept| (kept.size, kept.root));
        if old != size || (old == offered.size && root != offered.root) {
            return Err(Refused::Conflict(size));
        }
        verify_consistency((size, &root), (offered.size, &offered.root), &proof).map_err(|_| Refused::Inconsistent)?;
        let line = cosign(&self.key, text, now);
        let kept = format!("{}{line}", only_by(signed, key).ok_or(Refused::Malformed)?);
        let name = format!("{LOGS}/{}", escaped(&offered.origin));
        replace(&self.storage, &name, kept.as_bytes(), false).map_err(|error| {
            tracing::error!(error = %error.kind(), "A checkpoint cannot be kept, so it is not signed");
            Refused::Storage
        })?;
        newest.insert(offered.origin.clone(), offered);
        Ok(line)
    }
}

/// The old size, the hashes of the proof, and the checkpoint of a request.
fn divide(body: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (head, signed) = body.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let old = lines.next()?.strip_prefix("old ")?;
    // One number has one spelling.
    let size = old.parse::<u64>().ok().filter(|size| size.to_string() == old)?;
    let proof = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>()?;
    (proof.len() <= PROOF_LINES_MAX).then_some((size, proof, signed))
}

/// A checkpoint with the log's own line only: a stranger's lines are not kept.
fn only_by(signed: &str, key: &VerifierKey) -> Option<String> {
    let (text, _) = note::split(signed).ok()?;
    let lines = signed.get(text.len() + 1..)?.lines();
    lines.map(|line| format!("{text}\n{line}\n")).find(|note| Checkpoint::open(note, key).is_ok())
}

/// What a kept checkpoint says, when this witness signed it.
fn signed_by(kept: &str, public: &CosignerKey) -> Option<Checkpoint> {
    let (text, lines) = note::split(kept).ok()?;
    public.time(text, &lines)?;
    Checkpoint::parse(text).ok()
}

fn failed(name: &str) -> impl FnOnce(io::Error) -> WitnessError {
    let name = name.to_owned();
    move |error| WitnessError::Io { name, kind: error.kind() }
}
