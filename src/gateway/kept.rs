//! Answers that a provider keeps, and the names by which clients refer to them.
//!
//! The gateway keeps nothing of its own (decision 0013): the name that a client is given says all that is needed, sealed under a
//! key that only this tenant's app has, so that any gateway with the same root reads it and nobody else can make one.
//!
//! ```text
//!  resp_ base64url( day u16 | nonce 12 | sealed | tag 16 )                  key: root, tenant, app, day
//!  sealed: version u8 | flags u8 | endpoint u64 | backend | model | the provider's own name | facts, deflated
//! ```
//!
//! *Raw* says that what was sent went as it came: only then may a request go on from it, because what an answer to it repeats
//! of pseudonyms nobody could restore. The facts are those of all that is kept there: a follow-up is decided on as the
//! conversation that it is part of.
//!
//! INVARIANT: a name is opened for the caller that was proven, before anything is decided; a call that names a kept object
//! and has no [`Stored`] goes nowhere.

use std::io::{Read as _, Write as _};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::examine::Examined;
use super::record::{self, month};
use super::snapshot::Snapshot;
use crate::aead;
use crate::dialect::ReplyLeaf;
use crate::limits::{KEPT_FACTS_BYTES_MAX, KEPT_ID_BYTES_MAX, KEPT_NAME_BYTES_MAX};
use crate::model::entry::Digest;
use crate::model::{Call, Caller, Facts, Fault, Leak, Operation, Refusal, Word};
use crate::policy::{self, Policy};
use crate::wire::{Edit, quote};

/// A kept answer that a call names, as its name says.
pub struct Stored {
    /// The backend that keeps it.
    pub backend: Word,
    /// The endpoint of it.
    pub endpoint: u64,
    /// The configured model that made it.
    pub model: Word,
    /// What was sent went as it came.
    raw: bool,
    /// As the client writes it.
    name: String,
    /// As its provider does.
    own: String,
    /// The facts of all that is kept there; none where nothing of it comes back or is gone on from.
    facts: Option<String>,
    /// When it was kept.
    at: Timestamp,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("backend", &self.backend).field("raw", &self.raw).finish_non_exhaustive()
    }
}

impl Stored {
    /// What is known of a request and of what it goes on from, as of one.
    pub fn join(&self, facts: Facts, leak: &Leak, policy: &Policy) -> (Facts, Leak) {
        match &self.facts {
            Some(before) => policy::join(facts, leak, before, policy),
            None => (facts, leak.clone()),
        }
    }

    /// The keyed code by which the record says which answer this is; the outcome of the request that made it has the same.
    pub fn code(&self, snapshot: &Snapshot, tenant: &Word) -> Digest {
        record::digest(&snapshot.content_key(tenant, &month(self.at)), &self.own)
    }

    /// Puts the client's name in the place of the provider's in a text of the provider's own: what it says of an error.
    pub fn rename(&self, text: &str) -> String {
        text.replace(&self.own, &self.name)
    }
}

/// Opens the name of a kept object, where a call has one, and has the call name it as its provider does.
///
/// # Errors
/// 404 in a path and 400 in a body for a name that is none of ours, or none of this caller's; 403 for an object that was
/// changed on its way out.
pub fn open(snapshot: &Snapshot, caller: &Caller, call: &mut Call) -> Result<Option<Stored>, Refusal> {
    let Some(name) = call.kept().map(str::to_owned) else { return Ok(None) };
    let mut stored = read(snapshot, caller, &name).ok_or_else(|| not_found(call))?;
    if call.api.operation == Operation::DELETE {
        // Nothing of it comes back, and nothing goes there: what a stricter policy no longer leaves there can be taken away.
        stored.facts = None;
    } else if !stored.raw {
        let message = "what is kept under this id was changed on its way out, and nobody could undo that in an answer to \
                       another request; send the whole conversation in the request";
        return Err(at(call, Refusal::new(Fault::Policy, 403, "kept_changed", message)));
    }
    call.name_kept(&stored.own);
    Ok(Some(stored))
}

fn not_found(call: &Call) -> Refusal {
    let (status, code) =
        if call.previous.is_some() { (400, "previous_response_not_found") } else { (404, "response_not_found") };
    let message = "no answer is kept for this app under this id: it was not kept (`store` is false, or it came from a backend \
                   outside the premises), another app or tenant asked for it, or the id is not of this gateway; send the \
                   whole conversation in the request";
    at(call, Refusal::new(Fault::Caller, status, code, message))
}

fn at(call: &Call, refusal: Refusal) -> Refusal {
    if call.previous.is_some() { refusal.at("previous_response_id") } else { refusal }
}

fn read(snapshot: &Snapshot, caller: &Caller, name: &str) -> Option<Stored> {
    let code = name.strip_prefix(PREFIX).filter(|_| name.len() <= KEPT_NAME_BYTES_MAX)?;
    let mut bytes = URL_SAFE_NO_PAD.decode(code).ok()?;
    let (day, sealed) = bytes.split_first_chunk_mut::<2>()?;
    let day = u16::from_le_bytes(*day);
    let mut plain: &[u8] = key(snapshot, (&caller.tenant, &caller.app), day).open(sealed, PLACE)?;
    let [version, flags] = take::<2>(&mut plain)?;
    let endpoint = u64::from_le_bytes(take(&mut plain)?);
    let (backend, model, own) = (text(&mut plain)?, text(&mut plain)?, text(&mut plain)?);
    if version != VERSION {
        return None;
    }
    // A backend or model that is no longer there keeps nothing that could be asked for.
    let backends = snapshot.policy.backends().iter();
    let backend = backends.map(|backend| &backend.name).find(|known| known.as_str() == backend)?.clone();
    let model = snapshot.models.get_key_value(model)?.0.clone();
    let at = Timestamp::from_second(i64::from(day) * DAY_S).ok()?;
    let (own, name, raw) = (own.to_owned(), name.to_owned(), flags & RAW != 0);
    Some(Stored { backend, endpoint, model, raw, name, own, facts: Some(inflated(plain)), at })
}

/// The names that clients are given in one answer.
#[derive(Clone)]
pub struct Keeper {
    /// The provider's name for what the call named, and the client's.
    said: Option<(String, String)>,
    /// What new names are made of; none where nothing new is kept.
    mint: Option<Mint>,
    /// Those that were made, so that all events of a stream say the same.
    made: Vec<(String, String)>,
}

#[derive(Clone)]
struct Mint {
    key: std::sync::Arc<aead::Key>,
    day: u16,
    /// What stands before the provider's own name.
    head: Vec<u8>,
    /// What stands behind it.
    facts: Vec<u8>,
    /// The key of the code of the record, where the answer is one that is kept from now on.
    code: Option<hmac::Key>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("made", &self.made.len()).finish_non_exhaustive()
    }
}

/// Where an answer comes from and how what was asked went there.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The backend.
    pub backend: &'a Word,
    /// Its endpoint.
    pub endpoint: u64,
    /// The configured model that served.
    pub model: &'a Word,
    /// What was sent went as it came.
    pub raw: bool,
    /// The backend keeps the answer.
    pub keeps: bool,
    /// When.
    pub at: Timestamp,
}

impl Keeper {
    /// What names an answer has; none where it can have none of ours.
    pub fn new(examined: &Examined, kept: Kept<'_>) -> Option<Self> {
        let stored = examined.stored.as_deref();
        let said = stored.map(|stored| (stored.own.clone(), stored.name.clone()));
        // What is shown again names what it went on from: part of the same conversation.
        let again = examined.call.api.operation == Operation::RETRIEVE;
        let mint = (kept.keeps || again).then(|| Mint::new(examined, kept)).flatten();
        (said.is_some() || mint.is_some()).then(|| Self { said, mint, made: Vec::new() })
    }

    /// The edits that put the client's names in the place of the provider's.
    pub fn edits(&mut self, leaves: &[ReplyLeaf<'_>]) -> Vec<Edit> {
        let named = leaves.iter().filter(|leaf| leaf.kept);
        named
            .filter_map(|leaf| Some(Edit { span: leaf.span.clone(), replacement: quote(&self.name(&leaf.text)?) }))
            .collect()
    }

    /// The keyed code of the answer that is kept from now on, once its name was seen.
    pub fn code(&self) -> Option<Digest> {
        let (own, _) = self.made.first()?;
        Some(record::digest(self.mint.as_ref()?.code.as_ref()?, own))
    }

    fn name(&mut self, own: &str) -> Option<String> {
        let known = self.said.iter().chain(&self.made).find(|(known, _)| known == own);
        if let Some((_, name)) = known {
            return Some(name.clone());
        }
        let name = self.mint.as_ref()?.name(own)?;
        if self.made.len() < NAMES_MAX {
            self.made.push((own.to_owned(), name.clone()));
        }
        Some(name)
    }
}

impl Mint {
    fn new(examined: &Examined, kept: Kept<'_>) -> Option<Self> {
        let (snapshot, caller) = (&examined.snapshot, &examined.caller);
        let day = u16::try_from(kept.at.as_second().div_euclid(DAY_S)).ok()?;
        let mut head = vec![VERSION, if kept.raw { RAW } else { 0 }];
        head.extend_from_slice(&kept.endpoint.to_le_bytes());
        put(&mut head, kept.backend.as_str())?;
        put(&mut head, kept.model.as_str())?;
        let facts = policy::told(&examined.facts, &snapshot.policy, (&examined.leak, snapshot.engine.unsought()));
        let code = kept.keeps.then(|| snapshot.content_key(&caller.tenant, &month(kept.at)));
        let key = std::sync::Arc::new(key(snapshot, (&caller.tenant, &caller.app), day));
        Some(Self { key, day, head, facts: deflated(&facts)?, code })
    }

    /// The name for what a provider calls so; none for what is no name.
    fn name(&self, own: &str) -> Option<String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if own.is_empty() || own.len() > KEPT_ID_BYTES_MAX || !own.bytes().all(plain) {
            return None;
        }
        self.sealed(own, &self.facts).or_else(|| self.sealed(own, &[]))
    }

    fn sealed(&self, own: &str, facts: &[u8]) -> Option<String> {
        let mut text = self.head.clone();
        put(&mut text, own)?;
        text.extend_from_slice(facts);
        let mut bytes = self.day.to_le_bytes().to_vec();
        bytes.extend(self.key.seal(&text, PLACE)?);
        let name = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        (name.len() <= KEPT_NAME_BYTES_MAX).then_some(name)
    }
}

/// The key of one day of an app: it seals far fewer names than random nonces allow.
fn key(snapshot: &Snapshot, caller: (&Word, &Word), day: u16) -> aead::Key {
    let derived = snapshot.kept_key(caller, day);
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    bytes.copy_from_slice(hmac::sign(&derived, PLACE).as_ref());
    aead::Key::new(&bytes)
}

/// A text behind its length.
fn put(out: &mut Vec<u8>, text: &str) -> Option<()> {
    out.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn text<'a>(plain: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::from(u16::from_le_bytes(take(plain)?));
    let (text, rest) = plain.split_at_checked(length)?;
    *plain = rest;
    std::str::from_utf8(text).ok()
}

fn take<const N: usize>(plain: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = plain.split_first_chunk::<N>()?;
    *plain = rest;
    Some(*bytes)
}

fn deflated(text: &str) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// What was deflated; empty, which says nothing, where it is not to be had.
fn inflated(bytes: &[u8]) -> String {
    let mut text = String::new();
    let read = flate2::read::DeflateDecoder::new(bytes).take(KEPT_FACTS_BYTES_MAX as u64).read_to_string(&mut text);
    if read.is_ok() { text } else { String::new() }
}

/// What names of answers begin with, for clients that look.
const PREFIX: &str = "resp_";
const VERSION: u8 = 1;
const RAW: u8 = 1;
const PLACE: &[u8] = b"octroi kept answer";
const DAY_S: i64 = 86_400;
/// Names that one answer gives out and remembers: its own, and what it goes on from.
const NAMES_MAX: usize = 4;
