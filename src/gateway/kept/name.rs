//! The sealed name of a kept answer: written, and read by whoever has the key of its app and day.
//!
//! ```text
//!  resp_ base64url( day u16 | nonce 12 | sealed | tag 16 )                  key: root, tenant, app, day
//!  sealed: version u8 | flags u8 | endpoint u64 | backend | model | the provider's own name | facts, deflated
//! ```
//!
//! A text stands behind its length, a `u16`; numbers are little-endian. What is read here says only what was sealed: whether the
//! backend and the model are still there is for [`super::open`] to see.
//!
//! INVARIANT: a name that this tenant's app was not given, byte for byte, opens to nothing.

use std::io::{Read as _, Write as _};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::aead;
use crate::gateway::snapshot::EPOCH;
use crate::identity::{Purpose, RootKey};
use crate::limits::{KEPT_FACTS_BYTES_MAX, KEPT_ID_BYTES_MAX, KEPT_NAME_BYTES_MAX};
use crate::model::Word;

/// What a name says.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// What was sent went as it came.
    pub raw: bool,
    /// The endpoint that keeps it.
    pub endpoint: u64,
    /// The backend of it.
    pub backend: String,
    /// The configured model that made it.
    pub model: String,
    /// As its provider calls it.
    pub own: String,
    /// The facts of all that is kept there, deflated; see [`inflated`].
    pub facts: Vec<u8>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("raw", &self.raw).finish_non_exhaustive()
    }
}

/// The key of one day of an app: it seals far fewer names than random nonces allow.
pub fn key(root: &RootKey, (tenant, app): (&Word, &Word), day: u16) -> aead::Key {
    let derived = root.mac_key(Purpose::Kept, &[tenant.as_str(), app.as_str(), EPOCH, &day.to_string()]);
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    bytes.copy_from_slice(hmac::sign(&derived, PLACE).as_ref());
    aead::Key::new(&bytes)
}

/// Writes a name; none where it would be too long, or the provider's own is no name.
pub fn seal(key: &aead::Key, day: u16, said: &Said) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if said.own.is_empty() || said.own.len() > KEPT_ID_BYTES_MAX || !said.own.bytes().all(plain) {
        return None;
    }
    let mut text = vec![VERSION, if said.raw { RAW } else { 0 }];
    text.extend_from_slice(&said.endpoint.to_le_bytes());
    for part in [&said.backend, &said.model, &said.own] {
        put(&mut text, part)?;
    }
    text.extend_from_slice(&said.facts);
    let mut bytes = day.to_le_bytes().to_vec();
    bytes.extend(key.seal(&text, PLACE)?);
    let name = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    (name.len() <= KEPT_NAME_BYTES_MAX).then_some(name)
}

/// Reads a name and the day that it was sealed on; `key` is asked for the key of that day.
pub fn open(name: &str, key: impl FnOnce(u16) -> aead::Key) -> Option<(u16, Said)> {
    let code = name.strip_prefix(PREFIX).filter(|_| name.len() <= KEPT_NAME_BYTES_MAX)?;
    let mut bytes = URL_SAFE_NO_PAD.decode(code).ok()?;
    let (day, sealed) = bytes.split_first_chunk_mut::<2>()?;
    let day = u16::from_le_bytes(*day);
    Some((day, unsealed(key(day).open(sealed, PLACE)?)?))
}

/// Reads what was sealed. Only bytes of ours come here, of this version or of another.
fn unsealed(mut plain: &[u8]) -> Option<Said> {
    let [version, flags] = take::<2>(&mut plain)?;
    if version != VERSION {
        return None;
    }
    let endpoint = u64::from_le_bytes(take(&mut plain)?);
    let (backend, model, own) = (text(&mut plain)?, text(&mut plain)?, text(&mut plain)?);
    Some(Said { raw: flags & RAW != 0, endpoint, backend, model, own, facts: plain.to_vec() })
}

/// A text behind its length.
fn put(out: &mut Vec<u8>, text: &str) -> Option<()> {
    out.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn text(plain: &mut &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes(take(plain)?));
    let (text, rest) = plain.split_at_checked(length)?;
    *plain = rest;
    std::str::from_utf8(text).ok().map(str::to_owned)
}

fn take<const N: usize>(plain: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = plain.split_first_chunk::<N>()?;
    *plain = rest;
    Some(*bytes)
}

/// Deflates facts.
pub fn deflated(text: &str) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// What was deflated; empty, which says nothing, where it is not to be had.
pub fn inflated(bytes: &[u8]) -> String {
    let mut text = String::new();
    let read = flate2::read::DeflateDecoder::new(bytes).take(KEPT_FACTS_BYTES_MAX as u64).read_to_string(&mut text);
    if read.is_ok() { text } else { String::new() }
}

/// What names of answers begin with, for clients that look.
const PREFIX: &str = "resp_";
const VERSION: u8 = 1;
const RAW: u8 = 1;
const PLACE: &[u8] = b"octroi kept answer";

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said {
            raw: true,
            endpoint: 7,
            backend: "paris".to_owned(),
            model: "assistant".to_owned(),
            own: "resp_1".to_owned(),
            facts: deflated("{}").unwrap(),
        }
    }

    fn caller(app: &'static str) -> (Word, Word) {
        (Word::fixed("demo"), Word::fixed(app))
    }

    #[test]
    fn a_name_opens_to_what_was_sealed_for_its_caller_alone() {
        let (root, other) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
        let (tenant, app) = caller("notes");
        let of = |root: &RootKey, app: &Word, day| key(root, (&tenant, app), day);
        let name = seal(&of(&root, &app, 20_000), 20_000, &said()).unwrap();
        assert_eq!(open(&name, |day| of(&root, &app, day)), Some((20_000, said())));
        assert_eq!(open(&name, |day| of(&other, &app, day)), None, "another root");
        assert_eq!(open(&name, |day| of(&root, &Word::fixed("clinic"), day)), None, "another app");
        assert_eq!(open(&name, |day| of(&root, &app, day + 1)), None, "another day");
        for at in 0..name.len() {
            for byte in [b'A', b'-', b'9', b'=', b' '] {
                let mut changed = name.clone().into_bytes();
                if std::mem::replace(&mut changed[at], byte) != byte {
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(open(&changed, |day| of(&root, &app, day)), None, "{at}: {changed}");
                }
            }
            assert_eq!(open(name.get(..at).unwrap(), |day| of(&root, &app, day)), None, "cut at {at}");
        }
    }

    /// No other gateway seals another version yet; when one does, this one must not take its bytes for ours.
    #[test]
    fn what_was_sealed_in_another_form_is_not_read() {
        let (tenant, app) = caller("notes");
        let root = RootKey::generate().unwrap();
        let key = || key(&root, (&tenant, &app), 1);
        let whole = {
            let mut text = vec![VERSION, 0];
            text.extend_from_slice(&7_u64.to_le_bytes());
            for part in ["b", "m", "o"] {
                put(&mut text, part).unwrap();
            }
            text
        };
        assert_eq!(unsealed(&whole).map(|said| said.own), Some("o".to_owned()));
        for cut in 0..whole.len() {
            assert_eq!(unsealed(&whole[..cut]), None, "{cut}");
        }
        let [mut later, mut long, mut broken] = [whole.clone(), whole.clone(), whole];
        (later[0], long[11], broken[12]) = (VERSION + 1, 0xFF, 0xFF);
        for text in [later, long, broken] {
            assert_eq!(unsealed(&text), None);
            let name = [1_u16.to_le_bytes().to_vec(), key().seal(&text, PLACE).unwrap()].concat();
            assert_eq!(open(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(name)), |_| key()), None);
        }
    }

    #[test]
    fn facts_that_are_longer_than_any_of_ours_say_nothing() {
        assert_eq!(inflated(&deflated("{\"a\":1}").unwrap()), "{\"a\":1}");
        assert_eq!(inflated(b"no deflate"), "");
        let long = inflated(&deflated(&"a".repeat(4 * KEPT_FACTS_BYTES_MAX)).unwrap());
        assert_eq!(long.len(), KEPT_FACTS_BYTES_MAX, "read no further");
    }
}
