//! Signed notes (C2SP signed-note): a short text and signature lines, each by a named key.
//!
//! Ed25519 keys only (signature type `0x01`). Lines by keys that we do not know are kept out of the way, as the
//! specification asks: that is how witnesses and key changes add theirs.
//!
//! ```text
//! octroi/paris-1/1          the text, ending in a newline
//! 42
//! <base64 root>
//!                           an empty line
//! — octroi/paris-1/1 <base64 of key id (4) ‖ signature (64)>
//! ```

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Signature type of Ed25519 in C2SP signed-note.
const ALGORITHM_ED25519: u8 = 0x01;
/// Bytes of a note at most: far above a checkpoint with the 16 signatures that we would read.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// A verifier key: a name and an Ed25519 public key.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// Makes a key; `None` when the name is empty or holds white space or `+`, which the format forbids.
    pub fn new(name: &str, public: [u8; 32]) -> Option<Self> {
        let fit = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
        fit.then(|| Self { name: name.to_owned(), public })
    }

    /// Reads `<name>+<key id in hexadecimal>+<base64 of 0x01 ‖ public key>`.
    ///
    /// # Errors
    /// [`NoteError::Key`] when it is not of that form, of another algorithm, or the key id is not the key's.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, public) = parse_key(text, ALGORITHM_ED25519)?;
        Self::new(name, public).ok_or(NoteError::Key)
    }

    /// The name: for a log its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 4 bytes of `SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key)`.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, ALGORITHM_ED25519, &self.public)
    }

    /// The public key itself.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_key(&self.name, ALGORITHM_ED25519, &self.public))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A signing key with its name. Never prints the secret.
pub struct SignerKey {
    verifier: VerifierKey,
    pair: Ed25519KeyPair,
}

impl SignerKey {
    /// Reads a PKCS#8 key in DER and gives it a name.
    ///
    /// # Errors
    /// [`NoteError::Key`] when the name or the key is not acceptable.
    pub fn from_pkcs8(name: &str, der: &[u8]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| NoteError::Key)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NoteError::Key)?;
        let verifier = VerifierKey::new(name, public).ok_or(NoteError::Key)?;
        Ok(Self { verifier, pair })
    }

    /// The public half.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text, which must end in a newline, and returns the whole note.
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.verifier.id().to_vec();
        signature.extend_from_slice(&self.sign_bytes(text.as_bytes()));
        format!("{text}\n{}", format_line(&self.verifier.name, &signature))
    }

    /// The bare signature over some bytes.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignerKey").field(&self.verifier).finish()
    }
}

/// Why a note is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A key is malformed.
    #[error("malformed key")]
    Key,
    /// The note is not a text, an empty line and signature lines.
    #[error("malformed note")]
    Format,
    /// No line is by the key that is trusted.
    #[error("no signature by the trusted key")]
    Unsigned,
    /// A line by the trusted key does not hold.
    #[error("signature does not hold")]
    Signature,
}

/// Opens a note: returns its text when the trusted key signed it.
///
/// # Errors
/// [`NoteError`] when it is malformed, not signed by the key, or the signature does not hold.
pub fn open<'a>(note: &'a str, key: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, lines) = split(note)?;
    let mut found = false;
    for line in lines {
        if line.name != key.name || line.id != key.id() {
            continue;
        }
        if !holds(&key.public, text.as_bytes(), &line.signature) {
            return Err(NoteError::Signature);
        }
        found = true;
    }
    if found { Ok(text) } else { Err(NoteError::Unsigned) }
}

/// A signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The name of the key.
    pub name: &'a str,
    /// The id of the key.
    pub id: [u8; 4],
    /// What follows the id: for Ed25519 the signature, for a cosignature time and signature.
    pub signature: Vec<u8>,
}

/// Divides a note into its text, final newline included, and its signature lines, none of which is checked.
///
/// # Errors
/// [`NoteError::Format`] when it is not a note.
pub fn split(note: &str) -> Result<(&str, Vec<Line<'_>>), NoteError> {
    let (text, signatures) = divide(note)?;
    let lines: Result<Vec<_>, _> = signatures.lines().map(signature_line).collect();
    Ok((text, lines?))
}

/// Whether an Ed25519 signature over these bytes is by this key.
pub(crate) fn holds(public: &[u8; 32], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(bytes, signature).is_ok()
}

/// The first 4 bytes of `SHA-256(name ‖ "\n" ‖ algorithm ‖ public key)`.
pub(crate) fn key_id(name: &str, algorithm: u8, public: &[u8; 32]) -> [u8; 4] {
    let mut data = name.as_bytes().to_vec();
    data.extend_from_slice(&[b'\n', algorithm]);
    data.extend_from_slice(public);
    let mut id = [0; 4];
    id.iter_mut().zip(digest(&SHA256, &data).as_ref()).for_each(|(to, from)| *to = *from);
    id
}

/// Reads a verifier key of this algorithm: its name and the public key.
pub(crate) fn parse_key(text: &str, algorithm: u8) -> Result<(&str, [u8; 32]), NoteError> {
    let mut parts = text.trim_end_matches('\n').splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key);
    };
    let key = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
    let public = key.split_first().filter(|(first, _)| **first == algorithm).ok_or(NoteError::Key)?.1;
    let public: [u8; 32] = public.try_into().map_err(|_| NoteError::Key)?;
    if id_hex(name, algorithm, &public) == id { Ok((name, public)) } else { Err(NoteError::Key) }
}

/// Writes a verifier key.
pub(crate) fn format_key(name: &str, algorithm: u8, public: &[u8; 32]) -> String {
    let mut key = vec![algorithm];
    key.extend_from_slice(public);
    format!("{name}+{}+{}", id_hex(name, algorithm, public), STANDARD.encode(key))
}

/// Writes a signature line: the signature begins with the key's id.
pub(crate) fn format_line(name: &str, signature: &[u8]) -> String {
    format!("— {name} {}\n", STANDARD.encode(signature))
}

fn id_hex(name: &str, algorithm: u8, public: &[u8; 32]) -> String {
    format!("{:08x}", u32::from_be_bytes(key_id(name, algorithm, public)))
}

/// Divides a note into its text and the text of its signature lines.
fn divide(note: &str) -> Result<(&str, &str), NoteError> {
    let control = |c: char| c.is_control() && c != '\n';
    if note.len() > NOTE_BYTES_MAX || note.contains(control) || !note.ends_with('\n') {
        return Err(NoteError::Format);
    }
    // The last empty line separates: a text may hold empty lines of its own.
    let at = note.rfind("\n\n").ok_or(NoteError::Format)?;
    let (text, rest) = note.split_at_checked(at + 1).ok_or(NoteError::Format)?;
    let signatures = rest.strip_prefix('\n').ok_or(NoteError::Format)?;
    if signatures.is_empty() { Err(NoteError::Format) } else { Ok((text, signatures)) }
}

fn signature_line(line: &str) -> Result<Line<'_>, NoteError> {
    let (name, signature) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Format)?;
    let signature = STANDARD.decode(signature).map_err(|_| NoteError::Format)?;
    match signature.split_first_chunk::<4>() {
        Some((id, signature)) if !name.is_empty() && !signature.is_empty() => {
            Ok(Line { name, id: *id, signature: signature.to_vec() })
        }
        _ => Err(NoteError::Format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key and note of Go's `golang.org/x/mod/sumdb/note`, from which the specification grew.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer(name: &str) -> SignerKey {
        let pair = Ed25519KeyPair::generate().unwrap();
        SignerKey::from_pkcs8(name, pair.to_pkcs8v1().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn opens_the_published_example() {
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(key.to_string(), VKEY);
        assert!(open(NOTE, &key).unwrap().ends_with("your problem is.\n"));
        assert_eq!(open(&NOTE.replace("think", "thunk"), &key), Err(NoteError::Signature));
    }

    #[test]
    fn signs_and_opens_among_strangers() {
        let (ours, stranger) = (signer("octroi/a/1"), signer("witness.example"));
        let note = ours.sign("hello\n\nworld\n");
        let foreign = stranger.sign("hello\n\nworld\n");
        let cosigned = format!("{note}{}", foreign.lines().last().unwrap()) + "\n";
        assert_eq!(open(&note, ours.verifier()), Ok("hello\n\nworld\n"));
        assert_eq!(open(&cosigned, ours.verifier()), Ok("hello\n\nworld\n"));
        assert_eq!(open(&cosigned, stranger.verifier()), Ok("hello\n\nworld\n"));
        assert_eq!(open(&note, stranger.verifier()), Err(NoteError::Unsigned));
        let namesake = signer("octroi/a/1");
        assert_eq!(open(&note, namesake.verifier()), Err(NoteError::Unsigned));
    }

    #[test]
    fn refuses_malformed_keys_and_notes() {
        let wrong_id = VKEY.replace("c74f20a3", "c74f20a4");
        for (name, text) in [("empty", ""), ("parts", "a+b"), ("id", wrong_id.as_str()), ("base64", "a+00000000+!")] {
            assert_eq!(VerifierKey::parse(text), Err(NoteError::Key), "{name}");
        }
        assert_eq!(VerifierKey::new("a b", [0; 32]), None);
        assert_eq!(VerifierKey::new("a+b", [0; 32]), None);
        let key = VerifierKey::parse(VKEY).unwrap();
        for (name, text) in [
            ("empty", ""),
            ("no signatures", "a\n\n"),
            ("no blank line", "a\n— k AAAAAAA=\n"),
            ("no newline at the end", "a\n\n— k AAAAAAA="),
            ("control character", "a\r\n\n— k AAAAAAA=\n"),
            ("short signature", "a\n\n— k AAAA\n"),
            ("no dash", "a\n\nk AAAAAAA=\n"),
        ] {
            assert_eq!(open(text, &key), Err(NoteError::Format), "{name}");
        }
    }
}
