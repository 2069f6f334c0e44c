//! Cosignatures (C2SP tlog-cosignature): what a witness says of a checkpoint.
//!
//! A witness signs a checkpoint only when it extends the one that it signed before, so a log that shows two histories finds
//! nobody to sign the second. Ed25519 (`0x04`) is written and read; lines of other types are left alone.
//!
//! ```text
//! signed:   cosignature/v1\ntime <seconds>\n<text of the checkpoint>
//! line:     — <witness> base64(key id (4) ‖ seconds, big-endian (8) ‖ signature (64))
//! ```

use std::fmt;

use crate::note::{self, NoteError, SignerKey};

/// Signature type of Ed25519 cosignatures.
const ALGORITHM: u8 = 0x04;
/// Largest time that the format allows.
const TIME_MAX: u64 = (1 << 63) - 1;

/// The key of a witness: a name and an Ed25519 public key.
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey {
    name: String,
    public: [u8; 32],
}

impl CosignerKey {
    /// Reads the form of C2SP signed-note, with signature type `0x04`.
    ///
    /// # Errors
    /// [`NoteError::Key`] when it is not of that form.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, public) = note::parse_key(text, ALGORITHM)?;
        // The rules for names are those of every key.
        note::VerifierKey::new(name, public).ok_or(NoteError::Key)?;
        Ok(Self { name: name.to_owned(), public })
    }

    /// The key with which a signing key cosigns.
    pub fn of(key: &SignerKey) -> Self {
        Self { name: key.verifier().name().to_owned(), public: *key.verifier().public() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key itself.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The time of this witness's cosignature among the lines of a note, in seconds since the epoch, when one holds.
    pub fn time(&self, text: &str, lines: &[note::Line<'_>]) -> Option<u64> {
        let id = note::key_id(&self.name, ALGORITHM, &self.public);
        lines.iter().filter(|line| line.name == self.name && line.id == id).find_map(|line| {
            let (time, signature) = line.signature.split_first_chunk::<8>()?;
            let time = u64::from_be_bytes(*time);
            let good = time <= TIME_MAX && note::holds(&self.public, message(text, time).as_bytes(), signature);
            good.then_some(time)
        })
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&note::format_key(&self.name, ALGORITHM, &self.public))
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Cosigns the text of a checkpoint at a time in seconds since the epoch: the line to append to the note.
pub fn cosign(key: &SignerKey, text: &str, time: u64) -> String {
    let name = key.verifier().name();
    let mut signature = note::key_id(name, ALGORITHM, key.verifier().public()).to_vec();
    signature.extend_from_slice(&time.to_be_bytes());
    signature.extend_from_slice(&key.sign_bytes(message(text, time).as_bytes()));
    note::format_line(name, &signature)
}

fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::Ed25519KeyPair;

    use super::*;
    use crate::{Checkpoint, Hash};

    fn signer(name: &str) -> SignerKey {
        SignerKey::from_pkcs8(name, Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn holds_for_its_text_its_time_and_its_witness() {
        let (log, witness) = (signer("octroi/a/1"), signer("witness.example/w1"));
        let checkpoint = Checkpoint { origin: "octroi/a/1".into(), size: 3, root: Hash::empty() };
        let signed = checkpoint.sign(&log);
        let cosigned = signed + &cosign(&witness, &checkpoint.text(), 1_795_000_000);
        let (text, lines) = note::split(&cosigned).unwrap();
        let key = CosignerKey::of(&witness);
        assert_eq!(CosignerKey::parse(&key.to_string()).as_ref(), Ok(&key));
        assert_eq!(key.time(text, &lines), Some(1_795_000_000));
        assert_eq!(
            Checkpoint::open(&cosigned, log.verifier()),
            Ok(checkpoint.clone()),
            "a stranger's line is no fault"
        );
        assert_eq!(CosignerKey::of(&signer("witness.example/w1")).time(text, &lines), None, "another key");
        let other = Checkpoint { size: 4, ..checkpoint }.text();
        assert_eq!(key.time(&other, &lines), None, "another checkpoint");
        let mut later = lines.clone();
        later[1].signature[7] ^= 1;
        assert_eq!(key.time(text, &later), None, "another time");
        assert_eq!(key.time(text, &lines[..1]), None, "no line");
        assert_eq!(CosignerKey::parse(&log.verifier().to_string()), Err(NoteError::Key), "a log's key is none");
    }
}
