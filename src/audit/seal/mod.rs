//! Sealed content (`must log sealed`): what a request held, kept so that the gateway itself cannot read it back.
//!
//! The log names the sealed file by its digest, so it cannot be exchanged; the content is in no entry, so erasing it changes
//! none, and every proof still holds.
//!
//! ```text
//! sealed/<tenant>/<2026-11>/month                the month's public key; its private key in shares, one for each custodian
//! sealed/<tenant>/<2026-11>/keys/<of>/<key id>   the key of one subject or case, sealed to the month's key
//! sealed/<tenant>/<2026-11>/content/<request>.<n> what was received and sent, under that key (AES-256-GCM)
//! sealed/<tenant>/<2026-11>/content/<request>.answer what came back, as the caller got it, in the same way
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
pub(super) mod retain;
mod share;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    /// Which part of it.
    pub part: Part<'a>,
}

/// A part of what passed.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// What went to a backend, and what it was made from.
    Attempt {
        /// The number of the backend tried: 1 for the first.
        number: u32,
        /// The body as it came.
        received: &'a str,
        /// The body as it leaves.
        sent: &'a str,
    },
    /// What came back, as the caller got it.
    Answer {
        /// The bytes of the body.
        body: &'a [u8],
        /// The key of its request.
        key: &'a Word,
        /// Whether there were more.
        cut: bool,
    },
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("which", &self.which()).field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// The name of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What went to the backend of this number.
    Attempt(u32),
    /// What came back.
    Answer,
}

impl Part<'_> {
    const fn which(&self) -> Which {
        match self {
            Self::Attempt { number, .. } => Which::Attempt(*number),
            Self::Answer { .. } => Which::Answer,
        }
    }

    const fn bytes(&self) -> usize {
        match self {
            Self::Attempt { received, sent, .. } => received.len() + sent.len(),
            Self::Answer { body, .. } => body.len(),
        }
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Why content is not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key of the request was destroyed before its answer ended: the erasure takes both.
    #[error("the key of its request was destroyed")]
    Erased,
    /// What the disk says; [`io::ErrorKind::InvalidData`] for a month's key that is not ours.
    #[error("it cannot be brought to the disk: {}", .0.kind())]
    Io(#[from] io::Error),
}

impl From<io::ErrorKind> for SealError {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
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

/// What is in a sealed file.
#[derive(Serialize)]
#[serde(untagged)]
enum Plain<'a> {
    Attempt {
        received: &'a str,
        sent: &'a str,
    },
    Answer {
        answer: &'a str,
    },
    /// Frames that are no text, as some APIs stream them.
    Frames {
        answer_base64: String,
    },
}

impl<'a> From<Part<'a>> for Plain<'a> {
    fn from(part: Part<'a>) -> Self {
        match part {
            Part::Attempt { received, sent, .. } => Self::Attempt { received, sent },
            Part::Answer { body, cut, .. } => match std::str::from_utf8(body) {
                Ok(answer) => Self::Answer { answer },
                // The cut may go through a character.
                Err(error) if cut && error.error_len().is_none() => {
                    let whole = body.get(..error.valid_up_to()).and_then(|body| std::str::from_utf8(body).ok());
                    Self::Answer { answer: whole.unwrap_or_default() }
                }
                Err(_) => Self::Frames { answer_base64: STANDARD.encode(body) },
            },
        }
    }
}

impl Sealer {
    /// Seals beside the log in this folder, for two or more custodians.
    pub fn new(log: &Path, custodians: Vec<Custodian>, mac: hmac::Key) -> Self {
        Self { folder: log.join(FOLDER), custodians, mac, held: Mutex::default() }
    }

    /// Seals content and brings it to durable storage: what the entry says of it. Blocks on the disk.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, content: &Content<'_>) -> Result<Sealed, SealError> {
        let month = self.folder.join(escaped(content.tenant.as_str())).join(escaped(content.month));
        let (id, key) = self.key(content, &month)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(content.part.bytes() + 64));
        serde_json::to_writer(&mut *plain, &Plain::from(content.part)).map_err(io::Error::from)?;
        let name = file_name(content.request, content.part.which());
        let sealed = key.seal(&plain, place(&id, &name).as_bytes()).ok_or(io::ErrorKind::Other)?;
        let storage = LocalStorage::new(&month);
        storage.prepare_root("content")?;
        replace(&storage, &format!("content/{name}"), &sealed, true)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &sealed).as_ref());
        Ok(Sealed {
            bytes: sealed.len() as u64,
            cut: matches!(content.part, Part::Answer { cut: true, .. }),
            digest: Digest(hash),
            key: Word::configured(&id),
            month: Word::configured(content.month),
            of: content.subject.code().clone(),
            scope: Word::fixed(content.subject.scope()),
        })
    }

    /// The key of a subject: the one in use, unless it was erased meanwhile, or a new one. An answer gets one only while that of
    /// its request is there.
    fn key(&self, content: &Content<'_>, month: &Path) -> Result<(String, Key), SealError> {
        let of = (content.tenant.clone(), content.month.to_owned(), content.subject.clone());
        let folder = format!("keys/{}", content.subject.folder());
        let is_there = |id: &str| month.join(month::FILE).exists() && month.join(&folder).join(id).exists();
        let is_erased = || matches!(content.part, Part::Answer { key, .. } if !is_there(&escaped(key.as_str())));
        // One request at a time makes keys, so that a subject has one and a month has one.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if is_erased() {
            return Err(SealError::Erased);
        }
        if let Some(known) = held.get(&of).filter(|known| is_there(&known.id)) {
            return Ok((known.id.clone(), Key::new(&known.key)));
        }
        held.remove(&of);
        let storage = LocalStorage::new(month);
        storage.prepare_root("")?;
        let _held = erase::hold(month)?;
        if is_erased() {
            return Err(SealError::Erased);
        }
        let public = month::public(month, &self.custodians, &self.mac)?;
        let (id, key) = (crypto::random_id()?, crypto::random()?);
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

/// The file of one part's content.
fn file_name(request: RequestId, which: Which) -> String {
    match which {
        Which::Attempt(number) => format!("{request}.{number}"),
        Which::Answer => format!("{request}.answer"),
    }
}

/// What binds content to its key and its place.
fn place(key: &str, name: &str) -> String {
    format!("octroi sealed content {key} {name}")
}

/// What binds a subject's key to its name.
fn key_place(id: &str) -> String {
    format!("octroi sealed key {id}")
}
