//! AES-256-GCM with random nonces: a key seals far fewer messages than the 2^32 for which that is safe (NIST SP 800-38D).
//!
//! Protected documents and sealed content rest on it. It never keeps a key longer than the value that was made of it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;

/// Bytes of a nonce, which stands before what is sealed.
pub const NONCE_BYTES: usize = 12;

/// Seals and opens under one key.
pub struct Key(Option<LessSafeKey>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A key of 256 bits.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new))
    }

    /// Nonce and sealed bytes, bound to a place; `None` when the system gives no randomness.
    pub fn seal(&self, plain: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).ok()?;
        let mut out = Vec::with_capacity(NONCE_BYTES + plain.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let body = out.get_mut(NONCE_BYTES..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.as_ref()?.seal_in_place_separate_tag(nonce, Aad::from(place), body).ok()?;
        out.extend_from_slice(tag.as_ref());
        Some(out)
    }

    /// Opens what [`Key::seal`] made, in place; `None` when it was changed or stands elsewhere.
    pub fn open<'a>(&self, sealed: &'a mut [u8], place: &[u8]) -> Option<&'a mut [u8]> {
        let (nonce, body) = sealed.split_first_chunk_mut::<NONCE_BYTES>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.as_ref()?.open_in_place(nonce, Aad::from(place), body).ok()
    }
}
