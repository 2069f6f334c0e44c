//! Entries of the model to bodies of the log, and the entries that the log writes by itself when it opens.

use std::collections::VecDeque;

use octroi_verify::canonical;
use octroi_verify::entry::{About, ENVELOPE_BYTES_MAX, Kind, Request};
use octroi_verify::relations::Relations;

use super::log::AuditError;
use super::open::OpenError;
use super::queue::Item;
use crate::limits::ENTRY_BYTES_MAX;
use crate::model::Word;
use crate::model::entry::{Entry, Outcome, RequestId, Start};

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
    };
    let request = id.map(|id| Request(u128::from_be_bytes(id.0)));
    Ok(Item { body, about: About { kind, request, refuses }, reply: None })
}

/// The requests whose decision has no outcome. Their ids begin with the time, so this is oldest first.
pub(super) fn unfinished(relations: &Relations) -> Vec<RequestId> {
    let mut unfinished: Vec<_> = relations.open().collect();
    unfinished.sort_unstable();
    unfinished.into_iter().map(|request| RequestId(request.0.to_be_bytes())).collect()
}

pub(super) fn first_entries(unfinished: &[RequestId], count: u32) -> Result<VecDeque<Item>, OpenError> {
    let outcomes = unfinished.iter().map(|request| Entry::Outcome(Box::new(cut_off(*request))));
    let start = Entry::Start(Start { version: Word::fixed(env!("CARGO_PKG_VERSION")), unfinished: count });
    let too_long = |_| OpenError::Options("an entry of ours is too long");
    outcomes.chain([start]).map(|entry| prepare(&entry).map_err(too_long)).collect()
}

/// The outcome of a request that a crash cut off: nothing is known but that.
fn cut_off(request: RequestId) -> Outcome {
    Outcome {
        request,
        end: Word::fixed("gateway-restart"),
        backend: None,
        status: 0,
        restored: 0,
        foreign_tokens: 0,
        withheld_tokens: 0,
        bytes_out: 0,
        first_byte_us: 0,
        total_us: 0,
        input_tokens: None,
        output_tokens: None,
    }
}
