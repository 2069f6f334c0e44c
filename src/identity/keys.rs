//! Every key of the house is HKDF-SHA-256 (RFC 5869) of one root, for one purpose and, where it has one, one scope (tenant,
//! app, epoch). Knowing one derived key tells nothing about another, and the root never leaves this module.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use super::memory::LockedKey;
use crate::disk;
use crate::limits::ROOT_KEY_BYTES_MAX;

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Pseudonyms on the wire; scope: tenant, app, epoch.
    WireToken,
    /// Pseudonyms of credentials in the record.
    AuditActor,
    /// MACs of bodies in the record; scope: tenant, month.
    ContentMac,
    /// Hashes of API keys.
    KeyHash,
    /// Hashes of texts whose findings are remembered; scope: tenant, app.
    ScanMemory,
    /// Hashes of the beginnings of conversations, by which they meet their cache; scope: tenant.
    Affinity,
    /// Hashes of exact values of lists.
    MatchList,
    /// The master of a corpus of protected documents.
    Corpus,
    /// Codes of cases in the record; scope: tenant.
    SealCase,
    /// Names of answers that providers keep; scope: tenant, app, epoch, day.
    Kept,
    /// Proofs that the keys of sealed content are ours.
    SealMonth,
    /// Proofs that what is remembered of policies is ours; scope: node.
    PolicyState,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::WireToken => "octroi/1/wire-token",
            Self::AuditActor => "octroi/1/audit-actor",
            Self::ContentMac => "octroi/1/content-mac",
            Self::KeyHash => "octroi/1/key-hash",
            Self::ScanMemory => "octroi/1/scan-memory",
            Self::Affinity => "octroi/1/affinity",
            Self::MatchList => "octroi/1/match-list",
            Self::Corpus => "octroi/1/corpus",
            Self::SealCase => "octroi/1/seal-case",
            Self::Kept => "octroi/1/kept",
            Self::SealMonth => "octroi/1/seal-month",
            Self::PolicyState => "octroi/1/policy-state",
        }
    }
}

/// The root key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The file cannot be read or written.
    #[error("the root key `{path}`: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Others may read the file.
    #[error("the root key `{path}` may be read by others (mode {mode:o}): run `chmod 600 {path}`")]
    Open {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the root key `{path}` is not 64 hexadecimal digits: `octroi init` makes one")]
    Form {
        /// The file.
        path: String,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// Salt of HKDF-Extract.
const SALT: &[u8] = b"octroi root";

/// The root of all keys.
pub struct RootKey {
    extracted: hmac::Key,
    key: LockedKey,
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootKey(..)")
    }
}

impl RootKey {
    fn from_bytes(bytes: &mut [u8; 32]) -> Self {
        let key = LockedKey::new(bytes);
        let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SALT), key.expose());
        Self { extracted: hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref()), key }
    }

    /// Makes a root from 256 random bits.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, RootError> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(bytes.as_mut()).map_err(|_| RootError::NoRandomness)?;
        Ok(Self::from_bytes(&mut bytes))
    }

    /// Makes a root and writes it to a new file that only its owner may read.
    ///
    /// # Errors
    /// When the file exists already or cannot be written: a root is never overwritten.
    pub fn create(path: &Path) -> Result<Self, RootError> {
        let root = Self::generate()?;
        let mut text = Zeroizing::new(String::with_capacity(65));
        for byte in root.key.expose() {
            text.push_str(&Zeroizing::new(format!("{byte:02x}")));
        }
        text.push('\n');
        write_new(path, text.as_bytes())
            .map_err(|error| RootError::File { path: path.display().to_string(), error })?;
        Ok(root)
    }

    /// Reads a root: 64 hexadecimal digits in a file that only its owner may read, or that root hands to this service's group.
    ///
    /// # Errors
    /// When the file cannot be read, others may read it, or it holds no key.
    pub fn read(path: &Path) -> Result<Self, RootError> {
        let name = || path.display().to_string();
        let file = |error| RootError::File { path: name(), error };
        let data = std::fs::metadata(path).map_err(file)?;
        let mode = data.mode() & 0o777;
        if is_open(mode, data.uid(), rustix::process::geteuid().as_raw()) {
            return Err(RootError::Open { path: name(), mode });
        }
        let text = Zeroizing::new(disk::read_text(path, ROOT_KEY_BYTES_MAX).map_err(file)?);
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let digits = text.trim().as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(RootError::Form { path: name() });
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = pair.ok_or_else(|| RootError::Form { path: name() })?;
        }
        Ok(Self::from_bytes(&mut bytes))
    }

    /// Whether the system keeps the key out of swap.
    pub fn is_locked(&self) -> bool {
        self.key.is_locked()
    }

    /// Derives the MAC key of a purpose and scope.
    pub fn mac_key(&self, purpose: Purpose, scope: &[&str]) -> hmac::Key {
        // Each part is preceded by its length, so that ("ab","c") and ("a","bc") differ.
        let mut info = purpose.label().as_bytes().to_vec();
        for part in scope {
            info.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        // One block of HKDF-Expand (RFC 5869 section 2.3): T(1) = HMAC(PRK, info | 0x01). Written out because it cannot fail.
        info.push(1);
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&self.extracted, &info).as_ref())
    }
}

const GROUP_WRITES_OR_RUNS: u32 = 0o030;
const OTHERS: u32 = 0o007;

/// Whether others than the reader may read a file.
///
/// systemd (`LoadCredential`) and Kubernetes (`fsGroup`) hand a service a file of root's that its group may read: the service is
/// not its owner, so that bit is how it reads it at all.
const fn is_open(mode: u32, owner: u32, reader: u32) -> bool {
    let is_handed = owner == 0 && reader != 0 && mode & (GROUP_WRITES_OR_RUNS | OTHERS) == 0;
    mode & 0o077 != 0 && !is_handed
}

/// Makes a file that is there whole or not at all, whenever this is killed, and never in the place of another.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    let beside = disk::beside(path, ".new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside)?;
    // Two that begin at one time have the same file beside: the later one finds the key in its place.
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
    if path.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    disk::sync_folder(disk::folder_of(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_roots_may_be_handed_to_a_group() {
        for (name, mode, owner, reader, open) in [
            ("one's own", 0o600, 7, 7, false),
            ("one's own, and the group's", 0o640, 7, 7, true),
            ("root's, and the group's", 0o440, 0, 7, false),
            ("root's, and everybody's", 0o444, 0, 7, true),
            ("root's, and the group may write", 0o660, 0, 7, true),
            ("root's, read by root", 0o440, 0, 0, true),
            ("somebody else's, and the group's", 0o440, 8, 7, true),
        ] {
            assert_eq!(is_open(mode, owner, reader), open, "{name}");
        }
    }

    #[test]
    fn a_root_is_read_as_it_was_written_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let made = RootKey::create(&path).unwrap();
        let read = RootKey::read(&path).unwrap();
        let sign = |root: &RootKey| hmac::sign(&root.mac_key(Purpose::KeyHash, &["a"]), b"x").as_ref().to_vec();
        assert_eq!(sign(&made), sign(&read));
        assert!(matches!(RootKey::create(&path), Err(RootError::File { .. })));
    }

    #[test]
    fn a_root_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        RootKey::create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(RootKey::read(&path), Err(RootError::Open { mode: 0o640, .. })));
    }

    #[test]
    fn derivation_is_hkdf() {
        use aws_lc_rs::hkdf;
        let root = RootKey::generate().unwrap();
        let mut expected = [0; 32];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(root.key.expose());
        extracted.expand(&[b"octroi/1/key-hash"], hkdf::HKDF_SHA256).unwrap().fill(&mut expected).unwrap();
        let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &expected), b"x");
        assert_eq!(hmac::sign(&root.mac_key(Purpose::KeyHash, &[]), b"x").as_ref(), expected.as_ref());
    }

    #[test]
    fn purposes_and_scopes_give_different_keys() {
        let root = RootKey::generate().unwrap();
        let sign = |purpose, scope: &[&str]| hmac::sign(&root.mac_key(purpose, scope), b"x").as_ref().to_vec();
        let keys = [
            sign(Purpose::WireToken, &["ab", "c"]),
            sign(Purpose::WireToken, &["a", "bc"]),
            sign(Purpose::WireToken, &["abc"]),
            sign(Purpose::ContentMac, &["ab", "c"]),
            sign(Purpose::KeyHash, &[]),
            sign(Purpose::AuditActor, &[]),
        ];
        for (i, one) in keys.iter().enumerate() {
            assert!(keys[i + 1..].iter().all(|other| other != one), "key {i} repeats");
        }
    }
}
