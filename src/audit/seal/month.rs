//! The key of a tenant's month: public for whoever seals, private in shares for its custodians. Other custodians have another key: who
//! is none any more opens what was sealed before, and nothing behind it; who became one nothing before.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::crypto::{self, X25519_BYTES};
use super::custodian::{Custodian, Secret};
use super::share;
use crate::audit::storage::{LocalStorage, read_small, replace};

/// The file in the month's folder.
pub(super) const FILE: &str = "month";
const BYTES_MAX: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// One for each list of custodians that there was in the month.
    keys: Vec<RawKey>,
    /// Over the rest, by a key of the gateway's root.
    mac: String,
    v: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    public: String,
    shares: Vec<RawShare>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShare {
    custodian: String,
    number: u8,
    sealed: String,
}

/// The public key that these custodians have for the month; it is made when there is none.
pub(super) fn public(folder: &Path, custodians: &[Custodian], mac: &hmac::Key) -> io::Result<[u8; X25519_BYTES]> {
    let storage = LocalStorage::new(folder);
    let mut raw = match read(&storage)? {
        None => Raw { keys: Vec::new(), mac: String::new(), v: 2 },
        Some(bytes) => {
            let raw: Raw = serde_json::from_slice(&bytes)?;
            let tag = STANDARD.decode(&raw.mac).map_err(|_| io::ErrorKind::InvalidData)?;
            // Sealing to a key that somebody else put there would be sealing to them.
            hmac::verify(mac, &signed(&raw, folder)?, &tag).map_err(|_| io::ErrorKind::InvalidData)?;
            raw
        }
    };
    let now: BTreeSet<String> = custodians.iter().map(Custodian::id).collect();
    let is_theirs =
        |key: &&RawKey| key.shares.iter().map(|share| share.custodian.clone()).collect::<BTreeSet<_>>() == now;
    if let Some(key) = raw.keys.iter().find(is_theirs) {
        return bytes_of(&key.public).ok_or_else(|| io::ErrorKind::InvalidData.into());
    }
    let (public, key) = divided(custodians)?;
    raw.keys.push(key);
    raw.mac = STANDARD.encode(hmac::sign(mac, &signed(&raw, folder)?));
    storage.prepare_root("keys")?;
    replace(&storage, FILE, &serde_json::to_vec(&raw)?, true)?;
    Ok(public)
}

/// A new key, whose private half is there only in shares when this ends.
fn divided(custodians: &[Custodian]) -> io::Result<([u8; X25519_BYTES], RawKey)> {
    let private = crypto::random()?;
    let public = crypto::public_of(&private).ok_or(io::ErrorKind::Other)?;
    let count = u8::try_from(custodians.len()).ok().filter(|count| *count >= 2).ok_or(io::ErrorKind::InvalidInput)?;
    let mut shares = Vec::with_capacity(custodians.len());
    for (custodian, (number, values)) in custodians.iter().zip(share::divide(&private, count)?) {
        let place = place(&public, number);
        let sealed = crypto::seal_to(&custodian.public, &*values, &place).ok_or(io::ErrorKind::Other)?;
        shares.push(RawShare { custodian: custodian.id(), number, sealed: STANDARD.encode(sealed) });
    }
    Ok((public, RawKey { public: STANDARD.encode(public), shares }))
}

/// Why a month cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// Its file is not there: it was erased.
    Erased,
    /// One of the keys has no share.
    NotCustodian,
    /// Both keys are of one custodian.
    OnePerson,
    /// What lies there does not fit together.
    Changed,
}

/// The month's private keys of which these two custodians have shares, put together from them.
pub(super) struct Private {
    /// One or more, the newest first.
    pub(super) keys: Vec<Zeroizing<[u8; X25519_BYTES]>>,
    /// Whether there are others, of other custodians.
    pub(super) of_others: bool,
}

pub(super) fn private(folder: &Path, keys: [&Secret; 2]) -> Result<Private, Shut> {
    let bytes = read(&LocalStorage::new(folder)).map_err(|_| Shut::Changed)?.ok_or(Shut::Erased)?;
    let raw: Raw = serde_json::from_slice(&bytes).map_err(|_| Shut::Changed)?;
    let mut found = Vec::new();
    for key in raw.keys.iter().rev() {
        match joined(key, keys) {
            Err(Shut::NotCustodian) => {}
            joined => found.push(joined?),
        }
    }
    let of_others = found.len() < raw.keys.len();
    if found.is_empty() { Err(Shut::NotCustodian) } else { Ok(Private { keys: found, of_others }) }
}

fn joined(key: &RawKey, keys: [&Secret; 2]) -> Result<Zeroizing<[u8; X25519_BYTES]>, Shut> {
    let public = bytes_of(&key.public).ok_or(Shut::Changed)?;
    let of = |secret: &Secret| {
        let id = secret.public().ok_or(Shut::NotCustodian)?.id();
        let share = key.shares.iter().find(|share| share.custodian == id).ok_or(Shut::NotCustodian)?;
        let sealed = STANDARD.decode(&share.sealed).map_err(|_| Shut::Changed)?;
        let values = crypto::open_with(&secret.private, &sealed, &place(&public, share.number)).ok_or(Shut::Changed)?;
        let values = values.as_slice().try_into().map_err(|_| Shut::Changed)?;
        Ok((share.number, Zeroizing::new(values)))
    };
    let [one, other] = keys;
    let private = share::join(&of(one)?, &of(other)?).ok_or(Shut::OnePerson)?;
    if crypto::public_of(&private) == Some(public) { Ok(private) } else { Err(Shut::Changed) }
}

fn read(storage: &LocalStorage) -> io::Result<Option<Vec<u8>>> {
    read_small(storage, FILE, BYTES_MAX)
}

fn bytes_of(text: &str) -> Option<[u8; X25519_BYTES]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn place(public: &[u8; X25519_BYTES], number: u8) -> Vec<u8> {
    [b"octroi sealed month ", public.as_slice(), &[number]].concat()
}

/// What the MAC covers: the keys, and the tenant and month whose folder it is.
fn signed(raw: &Raw, folder: &Path) -> io::Result<Vec<u8>> {
    let mut whose: Vec<_> = folder.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    whose.reverse();
    Ok(serde_json::to_vec(&(whose, &raw.keys, raw.v))?)
}
