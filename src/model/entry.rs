//! The entries of the audit log. By type they hold closed words, numbers, digests and keyed codes: no identifier, no content.
//!
//! A *decision* is written before the first byte leaves, an *attempt* before each further backend sees one, an *outcome*
//! when the answer has ended, however it ended. The log adds the envelope: version, sequence number, time.
//!
//! Members of entries stand here in the order of their keys, as canonical JSON has them: so they are written in one pass and
//! nothing is put in order (`audit::tests::kinds` has one of each).

use serde::Serialize;

pub use super::change::{Ended, Frozen, InventoryLoaded, PolicyLoaded, Reloaded};
pub use super::credential::CredentialChange;
pub use super::ids::{Digest, RequestId};
pub use super::near::{Protected, ProtectedToo};
pub use super::recorded::{Crossed, Excepted, LeftOut};
use super::recorded::{RecordedFacts, is_not, is_zero};
pub use super::upkeep::{Access, Erasure, Gap, Heartbeat, KeyChange, Prune, Quarantine};
use super::{Country, Word};

/// One entry, before the log numbers and dates it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// Where a request may go, written before a byte of it leaves, or that it was refused.
    Decision(Box<Decision>),
    /// A further backend is about to see the request.
    Attempt(Box<Attempt>),
    /// How the answer ended.
    Outcome(Box<Outcome>),
    /// The gateway started.
    Start(Start),
    /// The gateway stopped in good order.
    Stop,
    /// A policy came into force, or a new one was refused.
    Policy(Box<PolicyLoaded>),
    /// Another inventory, or other reference data, came into force.
    Inventory(InventoryLoaded),
    /// The files were read again.
    Reload(Reloaded),
    /// An emergency freeze began or ended, or an order was refused.
    Freeze(Box<Frozen>),
    /// The log's key was announced or taken over.
    Key(KeyChange),
    /// A key that proves callers was issued, rotated or revoked.
    Credential(Box<CredentialChange>),
    /// Somebody reads the log.
    Access(Box<Access>),
    /// A key was destroyed, and with it what it protected.
    Erasure(Erasure),
    /// Entries whose retention had ended were removed.
    Prune(Prune),
    /// The gateway runs.
    Heartbeat(Heartbeat),
    /// For a time the log could not write.
    Gap(Gap),
    /// A backend did not prove its region, or may be used again.
    Quarantine(Quarantine),
}

/// The decision on one request.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Keyed pseudonym of the credential.
    pub actor: Word,
    /// Dialect.
    pub api: Word,
    /// Through which app.
    pub app: Word,
    /// Bytes of the body as received.
    pub body_bytes: u64,
    /// Keyed MAC of the body as received.
    pub body_mac: Digest,
    /// What the system says of the clock that dates the entry; the log says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Word>,
    /// The tier that was left at once for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossed: Option<Crossed>,
    /// Exceptions that spared it a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Excepted>,
    /// The facts that were decided on; absent when it was refused before anything was inspected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<RecordedFacts>>,
    /// Why it goes to a later tier than the first at once, when it does: a `fall back` clause was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fell_back: Option<Word>,
    /// What was found, by type and place.
    pub findings: Vec<FindingCount>,
    /// Digest of the inventory in force.
    pub inventory: Digest,
    /// Keyed code of the kept answer that it goes on from or asks for; the outcome of the request that made it has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Digest>,
    /// The label, in the sheet's spelling, or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Word>,
    /// The protected document that it is nearest to: from a score of 500, or of 300 where an encoder alone saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<Protected>,
    /// Leak score, absent when unknown; the least that it may be where `facts.leak_most` stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak_score: Option<u16>,
    /// What of the rest there is no room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// The configured model name, or `unknown`.
    pub model: Word,
    /// Operation.
    pub operation: Word,
    /// Backends that may have it, in order.
    pub plan: Vec<PlannedBackend>,
    /// Digest of the policy in force.
    pub policy: Digest,
    /// For what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Word>,
    /// Why, when it was refused: the refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word>,
    /// Digest of the reference data in force.
    pub reference: Digest,
    /// Backends that may not, and by which rules.
    pub removed: Vec<RemovedBackend>,
    /// Of which request.
    pub request: RequestId,
    /// Rules that fired.
    pub rules: Vec<Word>,
    /// What was read.
    pub scan: Scan,
    /// What is about to be sent, when something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sending>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Who asked.
    pub tenant: Word,
    /// W3C trace id of the gateway's own span, 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Word>,
    /// What was decided: `forward`, `refuse`.
    pub verdict: Word,
}

/// What is about to leave for one backend.
#[derive(Debug, Clone, Serialize)]
pub struct Sending {
    /// To which backend.
    pub backend: Word,
    /// Bytes of the body as sent.
    pub body_bytes: u64,
    /// Keyed MAC of the body as sent.
    pub body_mac: Digest,
    /// What was changed, by type and action, counted from the edits made.
    pub changed: Vec<Change>,
    /// What only the change brought to light, by type and place: with a pseudonym beside them, words may say something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FindingCount>,
    /// The model's name at the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Word>,
    /// Where the content is kept under seal, when policy wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// The configured name of the smaller model that serves in the place of the one that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smaller: Option<Word>,
}

/// Content that is kept under seal beside the log: which file, and whose key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Bytes of the sealed file.
    pub bytes: u64,
    /// Whether only the beginning is in it: of an answer that is longer than what is kept of one.
    #[serde(skip_serializing_if = "is_not")]
    pub cut: bool,
    /// SHA-256 of the sealed file, which says nothing of what is in it.
    pub digest: Digest,
    /// Id of the key.
    pub key: Word,
    /// The month of the key that protects it, `2026-11`.
    pub month: Word,
    /// Pseudonym of the subject or keyed code of the case.
    pub of: Word,
    /// `subject`, `case`.
    pub scope: Word,
}

/// How many values of a type were changed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Action.
    pub action: Word,
    /// Places changed.
    pub count: u32,
    /// Entity type.
    #[serde(rename = "type")]
    pub entity: Word,
}

/// Findings of one type at one place of the dialect's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingCount {
    /// Classes that it implies.
    pub classes: Vec<Word>,
    /// `possible` (50 to 79) or `sure` (80 to 100).
    pub confidence: Word,
    /// How many.
    pub count: u32,
    /// The table's path.
    pub path: Word,
    /// Entity type.
    #[serde(rename = "type")]
    pub entity: Word,
}

/// What was read of a request.
#[derive(Debug, Clone, Serialize)]
pub struct Scan {
    /// Bytes read.
    pub bytes: u64,
    /// Leaves of the body.
    pub leaves: u32,
    /// Leaves read.
    pub scanned: u32,
    /// `complete`, `partial`, `failed`.
    pub status: Word,
    /// Leaves at paths that no table names.
    pub unknown: u32,
    /// Leaves that cannot be read.
    pub unreadable: u32,
}

/// A backend in a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedBackend {
    /// Its name.
    pub backend: Word,
    /// Ultimate control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controlled_from: Option<Country>,
    /// Countries of processing.
    pub countries: Vec<Country>,
    /// Duties: type and action.
    pub duties: Vec<(Word, Word)>,
    /// A backend before it in the plan whose duties it has; its own are then empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duties_as: Option<Word>,
    /// Who operates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Word>,
    /// Its tier.
    pub tier: Word,
    /// Instrument of transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_basis: Option<Word>,
}

/// A backend that may not have the request.
#[derive(Debug, Clone, Serialize)]
pub struct RemovedBackend {
    /// Its name.
    pub backend: Word,
    /// The rules, when rules did it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Word>,
    /// `not-allowed`, `rule`, `duty`, `expired`, `frozen`, `unable`.
    pub why: Word,
}

/// Causes for which a backend did not serve and nothing of the request was written to it, as `upstream::SendError` says of each.
pub const UNSENT_CAUSES: [&str; 6] = ["address", "connect", "credential", "identity", "request", "tls"];

/// A further attempt of a request.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Why the one before did not serve, or was not asked: the words are listed in `docs/audit-format.md`.
    pub cause: Word,
    /// The tier that was left for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossed: Option<Crossed>,
    /// Whether the tier is a later one than the first: a `fall back` clause was used.
    pub fell_back: bool,
    /// What the newest state says of it, where that is another than the decision's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Box<Newest>>,
    /// 2 for the second backend tried, and so on.
    pub number: u32,
    /// Digests of the policies that both allow it: the request's own, and the newest.
    pub policies: [Digest; 2],
    /// Of which request.
    pub request: RequestId,
    /// What is about to be sent.
    pub sending: Sending,
}

/// The newest state, under which a further attempt is made or no further backend is left.
#[derive(Debug, Clone, Serialize)]
pub struct Newest {
    /// Its exceptions that spared the request a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Excepted>,
    /// Digest of its inventory.
    pub inventory: Digest,
    /// The backend of the attempt, as its inventory declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<PlannedBackend>,
    /// Digest of its policy.
    pub policy: Digest,
    /// Digest of its reference data.
    pub reference: Digest,
    /// Backends that may not have the request under it, and by which rules; of a refusal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<RemovedBackend>,
    /// Further ones, for which there is no room.
    #[serde(skip_serializing_if = "is_zero")]
    pub removed_left_out: usize,
}

/// How an answer ended.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The backend that answered, or with a cause the last that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Word>,
    /// Bytes sent to the client.
    pub bytes_out: u64,
    /// Why the backend that was asked last did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Word>,
    /// `complete`, `client-gone`, `gateway-stop`, `upstream-broke`, `refused`, `failed`, `gateway-restart`.
    pub end: Word,
    /// Microseconds from accept to the first byte of the answer.
    pub first_byte_us: u64,
    /// Strings in the answer that look like pseudonyms and are not of this request.
    pub foreign_tokens: u32,
    /// Tokens in, as the backend counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Keyed code of the answer, where the backend keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Digest>,
    /// Under what no further backend was left, when it was refused for that after one had seen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Box<Newest>>,
    /// Tokens out, as the backend counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Why, when it was refused after a backend had seen it: the refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word>,
    /// Of which request.
    pub request: RequestId,
    /// Pseudonyms restored in the answer, counted from the edits made.
    pub restored: u32,
    /// Where the answer is kept under seal, when policy wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Status sent to the client.
    pub status: u16,
    /// Microseconds from accept to the end.
    pub total_us: u64,
    /// Whether the answer was to be kept under seal and could not be.
    #[serde(skip_serializing_if = "is_not")]
    pub unsealed: bool,
    /// Pseudonyms of this request that were left in addresses of the answer, where a value could be carried off.
    pub withheld_tokens: u32,
}

/// The gateway started.
#[derive(Debug, Clone, Serialize)]
pub struct Start {
    /// Requests of the run before whose decision had no outcome; each has got one that says so.
    pub unfinished: u32,
    /// Version of octroi.
    pub version: Word,
}
