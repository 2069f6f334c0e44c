//! Custodians: the persons without two of whom nothing sealed is opened. Each has an X25519 key; the gateway knows the public
//! halves only.
//!
//! ```text
//! octroi-seal-key dpo e1f4… (base64 of 32 bytes)         public, for `[audit.seal] custodians`
//! octroi-seal-secret dpo (base64 of 32 bytes)            private, mode 0600, with its person and nowhere else
//! ```

use std::fmt;
use std::io;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::crypto::{self, X25519_BYTES};
use crate::model::Word;

const PUBLIC: &str = "octroi-seal-key";
const SECRET: &str = "octroi-seal-secret";

/// The public key of a custodian.
#[derive(Clone, PartialEq, Eq)]
pub struct Custodian {
    name: Word,
    pub(super) public: [u8; X25519_BYTES],
}

impl Custodian {
    /// Reads the line that [`Secret::public`] prints; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, key) = fields(text, PUBLIC)?;
        Some(Self { name, public: *key })
    }

    /// Its name.
    pub const fn name(&self) -> &Word {
        &self.name
    }

    /// The first 8 bytes of the key's SHA-256, in hexadecimal: how files and entries call it.
    pub fn id(&self) -> String {
        let hash = digest(&SHA256, &self.public);
        let first = hash.as_ref().first_chunk::<8>().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

impl fmt::Display for Custodian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC} {} {}", self.name, STANDARD.encode(self.public))
    }
}

impl fmt::Debug for Custodian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The private key of a custodian. Never prints itself.
pub struct Secret {
    name: Word,
    pub(super) private: Zeroizing<[u8; X25519_BYTES]>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Secret {
    /// Makes one for a person of this name, which has no blanks.
    ///
    /// # Errors
    /// When the system gives no randomness; [`io::ErrorKind::InvalidInput`] for a name that cannot be one.
    pub fn new(name: &str) -> io::Result<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self { name: Word::configured(name), private: crypto::random()? })
    }

    /// Reads the line that [`Secret::line`] gives; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, private) = fields(text, SECRET)?;
        Some(Self { name, private })
    }

    /// The line of its file.
    pub fn line(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{SECRET} {} {}\n", self.name, STANDARD.encode(*self.private)))
    }

    /// The public half; `None` for a key that is none.
    pub fn public(&self) -> Option<Custodian> {
        Some(Custodian { name: self.name.clone(), public: crypto::public_of(&self.private)? })
    }
}

fn fields(text: &str, first: &str) -> Option<(Word, Zeroizing<[u8; X25519_BYTES]>)> {
    let mut words = text.trim_end().split(' ');
    let (Some(kind), Some(name), Some(key), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return None;
    };
    let key = Zeroizing::new(STANDARD.decode(key).ok().filter(|_| kind == first)?);
    Some((Word::configured(name), Zeroizing::new(key.as_slice().try_into().ok()?)))
}
