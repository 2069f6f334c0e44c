//! Who asks, and the keys of the house.
//!
//! A caller proves itself with an API key; the configuration holds only keyed hashes of keys, so a stolen `octroi.toml`
//! opens nothing. [`keys`] derives every key of the gateway from one root. Nothing here logs, prints or returns a
//! credential.

pub mod keys;
mod memory;

use std::collections::HashMap;

use aws_lc_rs::{hmac, rand};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use keys::{Purpose, RootError, RootKey};

use crate::model::{Caller, Country, Fault, Refusal, Word};

/// Characters of a key: no character that a shell, a URL or a header treats specially.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of a record's codes (Crockford's base32).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random characters of a key: 43 × 5.95 bits = 256 bits.
const KEY_CHARS: usize = 43;
/// Prefix by which scanners and people recognise a key.
pub const KEY_PREFIX: &str = "octroi_";
/// Prefix of a keyed hash, naming the way it is made.
pub const HASH_PREFIX: &str = "h1:";

/// What an app's registration says, as the store needs it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The caller that its keys prove.
    pub app: Word,
    /// Its tenant.
    pub tenant: Word,
    /// Its registered purpose.
    pub purpose: Option<Word>,
    /// Roles of its keys.
    pub roles: Vec<Word>,
    /// Where its data subjects reside.
    pub residence: Vec<Country>,
    /// Whether it handles minors' data.
    pub minors: bool,
    /// Whether a label is required.
    pub labels_required: bool,
    /// Whether answers carry only the request id.
    pub quiet: bool,
    /// Keyed hashes of its keys, `h1:` and base64url.
    pub keys: Vec<String>,
}

/// The registered keys of this gateway.
pub struct Callers {
    hash: hmac::Key,
    by_hash: HashMap<[u8; 32], Caller>,
}

impl std::fmt::Debug for Callers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callers").field("keys", &self.by_hash.len()).finish_non_exhaustive()
    }
}

/// A key hash in the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("app `{app}`: key {number} is not `h1:` and 43 characters of base64url")]
pub struct BadHash {
    /// Which app.
    pub app: Word,
    /// Which of its keys, counted from 1.
    pub number: usize,
}

impl Callers {
    /// Registers apps.
    ///
    /// # Errors
    /// [`BadHash`] for each hash that is not one.
    pub fn new(root: &RootKey, apps: &[Registration]) -> Result<Self, Vec<BadHash>> {
        let actor = root.mac_key(Purpose::AuditActor, &[]);
        let mut faults = Vec::new();
        let mut by_hash = HashMap::new();
        for app in apps {
            for (number, key) in (1..).zip(&app.keys) {
                match parse_hash(key) {
                    Some(hash) => drop(by_hash.insert(hash, app.caller(&actor, &hash))),
                    None => faults.push(BadHash { app: app.app.clone(), number }),
                }
            }
        }
        if faults.is_empty() { Ok(Self { hash: root.mac_key(Purpose::KeyHash, &[]), by_hash }) } else { Err(faults) }
    }

    /// Finds the caller that a presented key proves.
    ///
    /// The key is first put through a keyed hash, so neither the table look-up nor the comparison tells anything about
    /// stored keys by its time.
    ///
    /// # Errors
    /// 401 when the key is not registered.
    pub fn identify(&self, presented: &str) -> Result<Caller, Refusal> {
        let hash = keyed_hash(&self.hash, presented);
        let found = self.by_hash.get_key_value(&hash);
        match found {
            Some((stored, caller)) if bool::from(stored.ct_eq(&hash)) => Ok(caller.clone()),
            _ => Err(unauthenticated("the API key is not registered")),
        }
    }
}

impl Registration {
    fn caller(&self, actor: &hmac::Key, hash: &[u8; 32]) -> Caller {
        Caller {
            tenant: self.tenant.clone(),
            app: self.app.clone(),
            purpose: self.purpose.clone(),
            roles: self.roles.clone(),
            residence: self.residence.clone(),
            minors: self.minors,
            labels_required: self.labels_required,
            actor: Word::configured(&base32(hmac::sign(actor, hash).as_ref(), 16)),
            quiet: self.quiet,
        }
    }
}

/// The refusal of a request whose caller is not proven.
pub fn unauthenticated(why: &str) -> Refusal {
    Refusal::new(
        Fault::Caller,
        401,
        "invalid_api_key",
        format!("{why}; send a key of this gateway as `Authorization: Bearer`, `x-api-key` or `api-key`"),
    )
}

/// A new API key and its keyed hash.
pub struct NewKey {
    /// The key, shown once.
    pub key: Zeroizing<String>,
    /// What `octroi.toml` stores.
    pub hash: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewKey(..)")
    }
}

/// Makes an API key of 256 random bits.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key(root: &RootKey) -> Result<NewKey, RootError> {
    let mut key = Zeroizing::new(String::with_capacity(KEY_PREFIX.len() + KEY_CHARS));
    key.push_str(KEY_PREFIX);
    let mut drawn = 0;
    while drawn < KEY_CHARS {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        rand::fill(bytes.as_mut()).map_err(|_| RootError::NoRandomness)?;
        // Bytes from 248 on are thrown away: 248 is the largest multiple of 62, so every character is equally likely.
        let characters = bytes.iter().filter(|byte| **byte < 248).filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        for character in characters.take(KEY_CHARS - drawn) {
            key.push(char::from(*character));
            drawn += 1;
        }
    }
    Ok(NewKey { hash: hash_of(root, &key), key })
}

/// The keyed hash of a key, as `octroi.toml` stores it.
pub fn hash_of(root: &RootKey, key: &str) -> String {
    format!("{HASH_PREFIX}{}", base64url(&keyed_hash(&root.mac_key(Purpose::KeyHash, &[]), key)))
}

fn keyed_hash(key: &hmac::Key, presented: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(hmac::sign(key, presented.as_bytes()).as_ref());
    hash
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn parse_hash(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let encoded = text.strip_prefix(HASH_PREFIX)?;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()
}

/// Writes the first `5 × length` bits of `bytes` in base32.
fn base32(bytes: &[u8], length: usize) -> String {
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut out = String::with_capacity(length);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 && out.len() < length {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            out.extend(BASE32.get(index).map(|character| char::from(*character)));
        }
        bits &= (1 << held) - 1;
        if out.len() == length {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &'static str, keys: Vec<String>) -> Registration {
        Registration {
            app: Word::fixed(name),
            tenant: Word::fixed("exemple"),
            purpose: None,
            roles: Vec::new(),
            residence: Vec::new(),
            minors: false,
            labels_required: false,
            quiet: false,
            keys,
        }
    }

    #[test]
    fn a_key_proves_its_app_and_no_other() {
        let root = RootKey::generate().unwrap();
        let (notes, site) = (new_key(&root).unwrap(), new_key(&root).unwrap());
        let callers = Callers::new(&root, &[app("notes", vec![notes.hash]), app("site", vec![site.hash])]).unwrap();
        assert_eq!(callers.identify(&notes.key).unwrap().app, "notes");
        assert_eq!(callers.identify(&site.key).unwrap().app, "site");
        assert_ne!(callers.identify(&notes.key).unwrap().actor, callers.identify(&site.key).unwrap().actor);
        let short = notes.key.get(1..).unwrap();
        for wrong in ["", "octroi_", short, &format!("{}x", *notes.key)] {
            assert_eq!(callers.identify(wrong).unwrap_err().status, 401, "{}", wrong.len());
        }
    }

    #[test]
    fn a_key_of_another_root_proves_nothing() {
        let (here, there) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
        let key = new_key(&there).unwrap();
        let callers = Callers::new(&here, &[app("notes", vec![key.hash])]).unwrap();
        assert_eq!(callers.identify(&key.key).unwrap_err().status, 401);
    }

    #[test]
    fn keys_have_their_form() {
        let key = new_key(&RootKey::generate().unwrap()).unwrap();
        assert_eq!(key.key.len(), KEY_PREFIX.len() + KEY_CHARS);
        let random = key.key.strip_prefix(KEY_PREFIX).unwrap();
        assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(parse_hash(&key.hash).is_some());
        assert_eq!(format!("{key:?}"), "NewKey(..)");
    }

    #[test]
    fn bad_hashes_are_all_named() {
        let root = RootKey::generate().unwrap();
        let faults = Callers::new(&root, &[app("a", vec!["h1:x".into(), "y".into()])]).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn base32_takes_bits_from_the_left() {
        assert_eq!(base32(&[0xff, 0x00, 0xff], 4), "ZW0F");
    }
}
