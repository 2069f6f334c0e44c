//! Sealed content (`must log sealed`): what a request held, kept so that the gateway itself cannot read it back.
//!
//! The log names the sealed file by its digest, so it cannot be exchanged; the content is in no entry, so erasing it changes
//! none, and every proof still holds.
//!
//! ```text
//! sealed/<tenant>/<2026-11>/month                the month's public key; its private key in shares, one for each custodian
//! sealed/<tenant>/<2026-11>/keys/<of>/<key id>   the key of one subject or case, sealed to the month's key
//! sealed/<tenant>/<2026-11>/content/<request>.<n> what was received and sent, under that key (AES-256-GCM)
//! ```
//!
//! The month's private key exists only while its shares are made. Any two custodians (two persons' keys) put it together
//! again and one alone learns nothing of it: `share`. A subject's key is in the gateway's memory while it seals, and on
//! disk only under the month's. So [`erase`]: without the file of the key its content is noise to everybody; without the
//! month's file that of the whole month.

pub mod custodian;
pub mod erase;
pub mod reveal;

mod crypto;
mod month;
mod share;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use serde::Serialize;
use zeroize::Zeroizing;

use self::custodian::Custodian;
use super::names::escaped;
use super::storage::{LocalStorage, replace};
use crate::aead::Key;
use crate::model::Word;
use crate::model::entry::{Digest, RequestId, Sealed};

/// The folder in the log's folder.
pub const FOLDER: &str = "sealed";
/// Keys of subjects that are remembered at most.
const HELD_MAX: usize = 4_096;

/// Whose content it is: whose key protects it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Who asked, by the pseudonym that the log has.
    Actor(Word),
    /// A case, by the keyed code of the name that the caller gave it.
    Case(Word),
}

impl Subject {
    /// The word of the entry: `subject` or `case`.
    pub const fn scope(&self) -> &'static str {
        match self {
            Self::Actor(_) => "subject",
            Self::Case(_) => "case",
        }
    }

    /// The pseudonym or code.
    pub const fn code(&self) -> &Word {
        match self {
            Self::Actor(code) | Self::Case(code) => code,
        }
    }

    /// The name of the folder of its keys.
    fn folder(&self) -> String {
        format!("{}-{}", self.scope(), escaped(self.code().as_str()))
    }
}

/// What is sealed.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    /// Whose.
    pub tenant: &'a Word,
    /// Under whose key.
    pub subject: &'a Subject,
    /// `2026-11`, in UTC.
    pub month: &'a str,
    /// Of which request.
    pub request: RequestId,
    /// The number of the backend tried: 1 for the first.
    pub attempt: u32,
    /// The body as it came.
    pub received: &'a str,
    /// The body as it leaves.
    pub sent: &'a str,
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Seals what policy wants sealed.
pub struct Sealer {
    folder: PathBuf,
    custodians: Vec<Custodian>,
    /// Proves that a month's file is ours: whoever can write the folder cannot put a key of their own there.
    mac: hmac::Key,
    held: Mutex<HashMap<(Word, String, Subject), Held>>,
}

/// A subject's key while it is in use.
struct Held {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("custodians", &self.custodians.len()).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    received: &'a str,
    sent: &'a str,
}

impl Sealer {
    /// Seals beside the log in this folder, for two or more custodians.
    pub fn new(log: &Path, custodians: Vec<Custodian>, mac: hmac::Key) -> Self {
        Self { folder: log.join(FOLDER), custodians, mac, held: Mutex::default() }
    }

    /// Seals content and brings it to durable storage: what the entry says of it. Blocks on the disk.
    ///
    /// # Errors
    /// What the disk says; [`io::ErrorKind::InvalidData`] for a month's key that is not ours.
    pub fn seal(&self, content: &Content<'_>) -> io::Result<Sealed> {
        let month = self.folder.join(escaped(content.tenant.as_str())).join(escaped(content.month));
        let (id, key) = self.key(content, &month)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(content.received.len() + content.sent.len() + 64));
        serde_json::to_writer(&mut *plain, &Plain { received: content.received, sent: content.sent })?;
        let name = file_name(content.request, content.attempt);
        let sealed = key.seal(&plain, place(&id, &name).as_bytes()).ok_or(io::ErrorKind::Other)?;
        let storage = LocalStorage::new(&month);
        storage.prepare_root("content")?;
        replace(&storage, &format!("content/{name}"), &sealed, true)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &sealed).as_ref());
        Ok(Sealed {
            bytes: sealed.len() as u64,
            digest: Digest(hash),
            key: Word::configured(&id),
            month: Word::configured(content.month),
            of: content.subject.code().clone(),
            scope: Word::fixed(content.subject.scope()),
        })
    }

    /// The key of a subject: the one in use, unless it was erased meanwhile, or a new one.
    fn key(&self, content: &Content<'_>, month: &Path) -> io::Result<(String, Key)> {
        let of = (content.tenant.clone(), content.month.to_owned(), content.subject.clone());
        let folder = format!("keys/{}", content.subject.folder());
        // One request at a time makes keys, so that a subject has one and a month has one.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held.get(&of)
            && month.join(&folder).join(&known.id).exists()
        {
            return Ok((known.id.clone(), Key::new(&known.key)));
        }
        let public = month::public(month, &self.custodians, &self.mac)?;
        let (id, key) = (crypto::random_id()?, crypto::random()?);
        let storage = LocalStorage::new(month);
        storage.prepare_root(&folder)?;
        let sealed = crypto::seal_to(&public, &*key, key_place(&id).as_bytes()).ok_or(io::ErrorKind::Other)?;
        replace(&storage, &format!("{folder}/{id}"), &sealed, true)?;
        if held.len() >= HELD_MAX {
            held.clear();
        }
        let made = Key::new(&key);
        held.insert(of, Held { id: id.clone(), key });
        Ok((id, made))
    }
}

/// The file of one attempt's content.
fn file_name(request: RequestId, attempt: u32) -> String {
    format!("{request}.{attempt}")
}

/// What binds content to its key and its place.
fn place(key: &str, name: &str) -> String {
    format!("octroi sealed content {key} {name}")
}

/// What binds a subject's key to its name.
fn key_place(id: &str) -> String {
    format!("octroi sealed key {id}")
}
