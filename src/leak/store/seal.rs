//! AES-256-GCM with random nonces: a key seals far fewer records than the 2^32 for which that is safe.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;

/// Bytes of a nonce.
pub(super) const NONCE_BYTES: usize = 12;

/// Seals and opens the records of one tenant.
pub(super) struct Sealer(Option<LessSafeKey>);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new))
    }

    /// Nonce and sealed bytes; `None` when the system gives no randomness.
    pub(super) fn seal(&self, plain: &[u8], place: &[u8]) -> Option<Vec<u8>> {
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

    /// Opens what [`Sealer::seal`] made, in place; `None` when it was changed or stands elsewhere.
    pub(super) fn open<'a>(&self, sealed: &'a mut [u8], place: &[u8]) -> Option<&'a [u8]> {
        let (nonce, body) = sealed.split_first_chunk_mut::<NONCE_BYTES>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.as_ref()?.open_in_place(nonce, Aad::from(place), body).ok().map(|plain| &*plain)
    }
}
