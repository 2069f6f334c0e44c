//! Checkpoints (C2SP tlog-checkpoint): the size and root of a log, signed.
//!
//! ```text
//! <origin>\n<size in decimal>\n<root in base64>\n
//! ```
//!
//! We write no extension lines and accept none: nothing of ours belongs there.

use crate::merkle::Hash;
use crate::note::{self, NoteError, SignerKey, VerifierKey};

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Entries covered.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it is malformed or not signed by the key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("malformed checkpoint")]
    Format,
    /// It names another log than the key.
    #[error("checkpoint is of another log")]
    Origin,
}

impl Checkpoint {
    /// Signs it.
    pub fn sign(&self, key: &SignerKey) -> String {
        key.sign(&self.text())
    }

    /// Its text, without signatures.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Opens a signed checkpoint of the log that the key is named for.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is malformed, of another log, or not signed by the key.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note::open(note, key)?)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// Reads the text of a checkpoint, without its signatures.
    ///
    /// # Errors
    /// [`CheckpointError::Format`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Format)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Format);
        };
        let number: u64 = size.parse().map_err(|_| CheckpointError::Format)?;
        let root = Hash::from_base64(root).ok_or(CheckpointError::Format)?;
        // `+7` and `07` parse as numbers, but one size has one spelling.
        if origin.is_empty() || number.to_string() != size {
            return Err(CheckpointError::Format);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::Ed25519KeyPair;

    use super::*;

    fn signer(name: &str) -> SignerKey {
        SignerKey::from_pkcs8(name, Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn round_trip_and_bound_to_its_log() {
        let key = signer("octroi/paris-1/1");
        let checkpoint = Checkpoint { origin: "octroi/paris-1/1".into(), size: 42, root: Hash::empty() };
        let note = checkpoint.sign(&key);
        assert_eq!(Checkpoint::open(&note, key.verifier()), Ok(checkpoint.clone()));
        let other = Checkpoint { origin: "octroi/paris-2/1".into(), ..checkpoint }.sign(&key);
        assert_eq!(Checkpoint::open(&other, key.verifier()), Err(CheckpointError::Origin));
    }

    #[test]
    fn refuses_other_spellings() {
        let root = Hash::empty();
        for (name, text) in [
            ("leading zero", format!("o\n07\n{root}\n")),
            ("sign", format!("o\n+7\n{root}\n")),
            ("extension line", format!("o\n7\n{root}\nmore\n")),
            ("no root", "o\n7\n".to_owned()),
            ("no origin", format!("\n7\n{root}\n")),
            ("no newline", format!("o\n7\n{root}")),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Format), "{name}");
        }
    }
}
