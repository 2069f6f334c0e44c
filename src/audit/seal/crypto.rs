//! Sealing to somebody's public key: X25519 with a key made for the occasion, HKDF-SHA-256 over the shared secret and both
//! public keys, AES-256-GCM.

use std::io;

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::aead::Key;

/// Bytes of an X25519 key, public or private.
pub(super) const X25519_BYTES: usize = 32;
const SALT: &[u8] = b"octroi/1/seal";

/// Opens what was sealed under a key into memory that is wiped; `None` when it was changed, or belongs elsewhere.
pub(super) fn open(key: &Key, sealed: &[u8], place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut sealed = Zeroizing::new(sealed.to_vec());
    key.open(&mut sealed, place).map(|plain| Zeroizing::new(plain.to_vec()))
}

/// 32 random bytes: a key, or an X25519 private key.
pub(super) fn random() -> io::Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(&mut *bytes).map_err(|_| io::ErrorKind::Other)?;
    Ok(bytes)
}

/// The name of a key: 16 random bytes in hexadecimal.
pub(super) fn random_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| io::ErrorKind::Other)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The public half of a private key.
pub(super) fn public_of(private: &[u8; X25519_BYTES]) -> Option<[u8; X25519_BYTES]> {
    let private = PrivateKey::from_private_key(&X25519, private).ok()?;
    private.compute_public_key().ok()?.as_ref().try_into().ok()
}

/// Seals to a public key: the public key of the occasion, then what [`Key::seal`] makes.
pub(super) fn seal_to(public: &[u8; X25519_BYTES], plain: &[u8], place: &[u8]) -> Option<Vec<u8>> {
    let once = random().ok()?;
    let own = public_of(&once)?;
    let mut out = own.to_vec();
    out.extend(shared(&once, public, &own, public)?.seal(plain, place)?);
    Some(out)
}

/// Opens what was sealed to the public half of this private key.
pub(super) fn open_with(private: &[u8; X25519_BYTES], sealed: &[u8], place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (own, rest) = sealed.split_first_chunk::<X25519_BYTES>()?;
    open(&shared(private, own, own, &public_of(private)?)?, rest, place)
}

/// The key that both sides arrive at. A peer that makes the secret zero is refused by the agreement itself.
fn shared(
    private: &[u8; X25519_BYTES],
    peer: &[u8; X25519_BYTES],
    once: &[u8; X25519_BYTES],
    to: &[u8; X25519_BYTES],
) -> Option<Key> {
    struct Bytes;
    impl KeyType for Bytes {
        fn len(&self) -> usize {
            32
        }
    }
    let private = PrivateKey::from_private_key(&X25519, private).ok()?;
    agree(&private, UnparsedPublicKey::new(&X25519, peer), (), |secret| {
        let mut key = Zeroizing::new([0; 32]);
        let info: [&[u8]; 2] = [once, to];
        let derived = Salt::new(HKDF_SHA256, SALT).extract(secret);
        derived.expand(&info, Bytes).and_then(|okm| okm.fill(&mut *key)).map_err(|_| ())?;
        Ok(Key::new(&key))
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_its_key_at_its_place_unchanged() {
        let (private, other) = (random().unwrap(), random().unwrap());
        let sealed = seal_to(&public_of(&private).unwrap(), b"content", b"here").unwrap();
        assert_eq!(*open_with(&private, &sealed, b"here").unwrap(), b"content");
        assert_ne!(
            sealed,
            seal_to(&public_of(&private).unwrap(), b"content", b"here").unwrap(),
            "never twice the same"
        );
        assert!(open_with(&other, &sealed, b"here").is_none(), "another key");
        assert!(open_with(&private, &sealed, b"there").is_none(), "another place");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open_with(&private, &changed, b"here").is_none(), "byte {at}");
        }
        assert!(seal_to(&[0; 32], b"content", b"here").is_none(), "a public key without a secret");
    }
}
