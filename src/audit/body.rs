//! Entries of the model to bodies of the log, and the entries that the log writes by itself when it opens.

use std::collections::VecDeque;

use octroi_verify::VerifierKey;
use octroi_verify::entry::{About, ENVELOPE_BYTES_MAX, Kind, Request};
use octroi_verify::relations::Relations;
use octroi_verify::{canonical, entry};

use super::log::AuditError;
use super::open::OpenError;
use super::outage::Outage;
use super::queue::Item;
use super::store::{Opening, Previous};
use super::upkeep::gap;
use crate::limits::ENTRY_BYTES_MAX;
use crate::model::Word;
use crate::model::entry::{Entry, Gap, KeyChange, Outcome, RequestId, Start};

/// Turns an entry into canonical JSON.
pub(super) fn prepare(entry: &Entry) -> Result<Item, AuditError> {
    // Entries are plain structs: they always serialise, and hold no fractions. The limit is the one fault that can be.
    let mut body = Vec::with_capacity(4_096);
    canonical::write(entry, &mut body).map_err(|_| AuditError::TooLarge { bytes: body.len() })?;
    let bytes = body.len() + ENVELOPE_BYTES_MAX;
    if bytes > ENTRY_BYTES_MAX {
        return Err(AuditError::TooLarge { bytes });
    }
    let refuses = matches!(entry, Entry::Decision(decision) if decision.verdict == "refuse");
    let (kind, id) = match entry {
        Entry::Decision(decision) => (Kind::Decision, Some(decision.request)),
        Entry::Attempt(attempt) => (Kind::Attempt, Some(attempt.request)),
        Entry::Outcome(outcome) => (Kind::Outcome, Some(outcome.request)),
        Entry::Start(_) => (Kind::Start, None),
        Entry::Stop => (Kind::Stop, None),
        Entry::Policy(_) => (Kind::Policy, None),
        Entry::Inventory(_) => (Kind::Inventory, None),
        Entry::Reload(_) => (Kind::Reload, None),
        Entry::Freeze(_) => (Kind::Freeze, None),
        Entry::Key(_) => (Kind::Key, None),
        Entry::Credential(_) => (Kind::Credential, None),
        Entry::Access(_) => (Kind::Access, None),
        Entry::Erasure(_) => (Kind::Erasure, None),
        Entry::Prune(_) => (Kind::Prune, None),
        Entry::Heartbeat(_) => (Kind::Heartbeat, None),
        Entry::Gap(_) => (Kind::Gap, None),
        Entry::Quarantine(_) => (Kind::Quarantine, None),
    };
    // What the verifier would refuse is refused here: one such entry would make all behind it unreadable to an auditor.
    if !entry::is_body(kind, &body) {
        return Err(AuditError::Malformed);
    }
    let request = id.map(|id| Request(u128::from_be_bytes(id.0)));
    Ok(Item { body, about: About { kind, request, refuses }, placed: true, reply: None })
}

/// An entry of the log's own, which takes no place in the queue.
pub(super) fn own(entry: &Entry) -> Result<Item, AuditError> {
    Ok(Item { placed: false, ..prepare(entry)? })
}

/// The requests whose decision has no outcome. Their ids begin with the time, so this is oldest first.
pub(super) fn unfinished(relations: &Relations) -> Vec<RequestId> {
    let mut unfinished: Vec<_> = relations.open().collect();
    unfinished.sort_unstable();
    unfinished.into_iter().map(|request| RequestId(request.0.to_be_bytes())).collect()
}

/// The first entry of an epoch that follows another.
pub(super) fn begun(key: &VerifierKey, before: &Previous) -> Entry {
    Entry::Key(KeyChange {
        event: Word::fixed("begun"),
        vkey: Word::configured(&key.to_string()),
        previous: Some(Word::configured(&before.origin)),
        previous_size: Some(before.size),
        previous_root: Some(Word::configured(&before.root.to_string())),
    })
}

/// What the log writes first: which epoch it follows, an outcome for each decision that has none, a gap where a batch was
/// wiped or the disk failed until the run before ended, the start.
pub(super) fn first_entries(
    unfinished: &[RequestId],
    opening: &Opening,
    outage: Option<Outage>,
    begun: Option<Entry>,
) -> Result<VecDeque<Item>, OpenError> {
    let torn = opening.torn.then(|| Entry::Gap(Gap { cause: Word::fixed("torn"), refused: 0, since: None }));
    let gaps = torn.into_iter().chain(outage.map(gap));
    let outcomes = unfinished.iter().map(|request| Entry::Outcome(Box::new(cut_off(*request))));
    let start = Entry::Start(Start { version: Word::fixed(env!("CARGO_PKG_VERSION")), unfinished: opening.unfinished });
    let too_long = |_| OpenError::Options("an entry of ours is too long");
    begun
        .into_iter()
        .chain(outcomes)
        .chain(gaps)
        .chain([start])
        .map(|entry| prepare(&entry).map_err(too_long))
        .collect()
}

/// The outcome of a request that a crash cut off: nothing is known but that.
fn cut_off(request: RequestId) -> Outcome {
    Outcome {
        request,
        end: Word::fixed("gateway-restart"),
        backend: None,
        status: 0,
        restored: 0,
        sealed: None,
        unsealed: false,
        foreign_tokens: 0,
        withheld_tokens: 0,
        bytes_out: 0,
        cause: None,
        first_byte_us: 0,
        total_us: 0,
        input_tokens: None,
        output_tokens: None,
        kept: None,
        newest: None,
        reason: None,
    }
}
