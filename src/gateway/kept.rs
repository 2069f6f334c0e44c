//! Answers that a provider keeps, and the names by which clients refer to them.
//!
//! The gateway keeps nothing of its own (decision 0013): the name that a client is given says all that is needed, sealed under a
//! key that only this tenant's app has ([`name`]), so that any gateway with the same root reads it and nobody else can make one.
//!
//! *Raw* says that what was sent went as it came: only then may a request go on from it, because what an answer to it repeats
//! of pseudonyms nobody could restore. The facts are those of all that is kept there: a follow-up is decided on as the
//! conversation that it is part of.
//!
//! INVARIANT: a name is opened for the caller that was proven, before anything is decided; a call that names a kept object
//! and has no [`Stored`] goes nowhere.

pub mod name;

use aws_lc_rs::hmac;
use jiff::Timestamp;

use self::name::Said;
use super::entries::{digest, month};
use super::examine::Examined;
use super::snapshot::Snapshot;
use crate::aead;
use crate::dialect::ReplyLeaf;
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
        digest(&snapshot.content_key(tenant, &month(self.at)), &self.own)
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
    let key = |day| name::key(&snapshot.root, (&caller.tenant, &caller.app), day);
    let (day, Said { raw, endpoint, backend, model, own, facts }) = name::open(name, key)?;
    // A backend or model that is no longer there keeps nothing that could be asked for.
    let backends = snapshot.policy.backends().iter();
    let backend = backends.map(|backend| &backend.name).find(|known| known.as_str() == backend)?.clone();
    let model = snapshot.models.get_key_value(model.as_str())?.0.clone();
    let at = Timestamp::from_second(i64::from(day) * DAY_S).ok()?;
    let (name, facts) = (name.to_owned(), Some(name::inflated(&facts)));
    Some(Stored { backend, endpoint, model, raw, name, own, facts, at })
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
    /// What every name says, but for the provider's own.
    said: Said,
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
        Some(digest(self.mint.as_ref()?.code.as_ref()?, own))
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
        let facts = policy::told(&examined.facts, &snapshot.policy, (&examined.leak, snapshot.engine.unsought()));
        let said = Said {
            raw: kept.raw,
            endpoint: kept.endpoint,
            backend: kept.backend.as_str().to_owned(),
            model: kept.model.as_str().to_owned(),
            own: String::new(),
            facts: name::deflated(&facts)?,
        };
        let code = kept.keeps.then(|| snapshot.content_key(&caller.tenant, &month(kept.at)));
        let key = std::sync::Arc::new(name::key(&snapshot.root, (&caller.tenant, &caller.app), day));
        Some(Self { key, day, said, code })
    }

    /// The name for what a provider calls so; none for what is no name. Facts that do not fit are left out, and count as unknown.
    fn name(&self, own: &str) -> Option<String> {
        let said = Said { own: own.to_owned(), ..self.said.clone() };
        let bare = || name::seal(&self.key, self.day, &Said { facts: Vec::new(), ..said.clone() });
        name::seal(&self.key, self.day, &said).or_else(bare)
    }
}

const DAY_S: i64 = 86_400;
/// Names that one answer gives out and remembers: its own, and what it goes on from.
const NAMES_MAX: usize = 4;
