//! The log's Ed25519 key: made once with the log, PKCS#8 in a file that only its owner reads; the public half beside it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::note::{SignerKey, VerifierKey};
use octroi_verify::verify::VERIFIER_KEY;
use zeroize::Zeroizing;

use super::open::OpenError;
use super::storage::{Storage, read_small, replace};

/// Bytes of a key file at most; an Ed25519 key has 48.
const KEY_BYTES_MAX: u64 = 4_096;

/// Where the private key lies.
#[derive(Debug)]
pub(super) struct KeyFile<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) name: &'a str,
}

impl KeyFile<'_> {
    /// Loads the key of an existing log. The public key beside the log must be its own.
    pub(super) fn load(&self, log: &dyn Storage, origin: &str) -> Result<SignerKey, OpenError> {
        let bytes = self.read()?.ok_or(OpenError::KeyMissing)?;
        let key = SignerKey::from_pkcs8(origin, &bytes).map_err(|_| OpenError::Key)?;
        match read_small(log, VERIFIER_KEY, KEY_BYTES_MAX).map_err(OpenError::io(VERIFIER_KEY))? {
            None => publish(log, &key)?,
            Some(text) => {
                let text = String::from_utf8(text).map_err(|_| OpenError::Key)?;
                let published = VerifierKey::parse(&text).map_err(|_| OpenError::Key)?;
                if published.name() != origin {
                    return Err(OpenError::Origin { found: published.name().to_owned() });
                }
                if published != *key.verifier() {
                    return Err(OpenError::Key);
                }
            }
        }
        Ok(key)
    }

    /// Makes the key of a new log, or takes one that was put there for it.
    pub(super) fn create(&self, log: &dyn Storage, origin: &str) -> Result<SignerKey, OpenError> {
        let bytes = if let Some(bytes) = self.read()? {
            bytes
        } else {
            let pair = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| OpenError::Key)?;
            replace(self.storage, self.name, pair.as_ref(), true).map_err(OpenError::io(self.name))?;
            Zeroizing::new(pair.as_ref().to_vec())
        };
        let key = SignerKey::from_pkcs8(origin, &bytes).map_err(|_| OpenError::Key)?;
        publish(log, &key)?;
        Ok(key)
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
        let bytes = read_small(self.storage, self.name, KEY_BYTES_MAX).map_err(OpenError::io(self.name))?;
        Ok(bytes.map(Zeroizing::new))
    }
}

fn publish(log: &dyn Storage, key: &SignerKey) -> Result<(), OpenError> {
    let text = format!("{}\n", key.verifier());
    replace(log, VERIFIER_KEY, text.as_bytes(), false).map_err(OpenError::io(VERIFIER_KEY))
}
