//! What a request may take of its caller's limits, what it took in the end, and what the client is told of it.
//!
//! Before anything is sent the most that the request may take is reserved: its text at four bytes a token, the answer as long as
//! it asks for, at the dearest backend that serves its model. When the answer has ended it is settled by what the backend
//! counted; where it did not say, by the text that passed. A client that leaves before the end does not make the backend's work
//! undone, and nobody has counted it: it has taken what was reserved, at least. A request of which nothing was sent, or that its
//! backends failed to serve, costs no tokens and no money.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Gate;
use super::end::End;
use super::ledger::Ledger;
use super::snapshot::Snapshot;
use crate::dialect::{self, ChannelKind, ReplyLeaf};
use crate::limits;
use crate::model::{Call, Caller, Fault, Refusal, Role, Word};
use crate::quota::{Amounts, Left, Subject, Tokens, What};

/// Bytes of text for a token, where nobody counted.
const TOKEN_BYTES: u64 = 4;

/// Reserves what a request may take.
///
/// # Errors
/// 429 when a limit is used up, 503 when limits cannot be counted and the operator wants refusals then.
pub(super) async fn reserve(
    gate: &Gate,
    ledger: &mut Ledger,
    snapshot: &Snapshot,
    (caller, call): (&Caller, &Call),
) -> Result<(), Refusal> {
    if snapshot.quota.rules.is_empty() {
        return Ok(());
    }
    let subject = Subject { tenant: &caller.tenant, app: &caller.app, key: &caller.actor };
    let amounts = estimate(snapshot, &ledger.model, call);
    let lease = u128::from_be_bytes(ledger.id.0);
    match snapshot.quota.reserve(subject, amounts, (gate.now(), lease)).await {
        Ok(ticket) => {
            ledger.rate = ticket.as_ref().map(|ticket| ticket.left.clone()).unwrap_or_default();
            ledger.ticket = ticket;
            Ok(())
        }
        Err(exceeded) => {
            ledger.rate = exceeded.left;
            let by = exceeded.by.map_or(("store", "unavailable"), |(of, what)| (of.name(), what.name()));
            gate.telemetry.exceeded(&Word::fixed(by.0), &Word::fixed(by.1), &caller.app);
            Err(exceeded.refusal)
        }
    }
}

/// The most that a request may take.
fn estimate(snapshot: &Snapshot, model: &Word, call: &Call) -> Amounts {
    let texts =
        call.fields.iter().filter(|field| field.role != Role::Binary).map(|field| call.text(field).len() as u64);
    let input = texts.sum::<u64>().div_ceil(TOKEN_BYTES);
    let unsaid = if dialect::answers_in_text(call) { limits::OUTPUT_TOKENS } else { 0 };
    let output = dialect::output_asked(call, unsaid);
    let backends = snapshot.models.get(model).into_iter().flat_map(std::collections::BTreeMap::keys);
    // What a cache will hold of it nobody knows.
    let tokens = Tokens { input, output, cached: 0 };
    let money = backends.map(|backend| snapshot.quota.rules.money(backend, model, tokens)).max();
    Amounts { input, output, money: money.unwrap_or_default() }
}

/// Settles what a request took; called when its account is closed.
pub(super) fn settle(ledger: &mut Ledger) {
    let Some(ticket) = ledger.ticket.take() else { return };
    let Some(backend) = ledger.backend.clone() else { return ticket.settle(Amounts::default()) };
    let (input, output) = took(ledger, ticket.reserved());
    let cached = ledger.usage.map_or(0, |usage| usage.cached);
    let money = ticket.money(&backend, &ledger.model, Tokens { input, output, cached });
    ticket.settle(Amounts { input, output, money });
}

/// Tokens of a request of which something was sent.
fn took(ledger: &Ledger, reserved: Amounts) -> (u64, u64) {
    let passed = ledger.text_out.div_ceil(TOKEN_BYTES);
    let (input, output) = ledger.usage.map_or((reserved.input, passed), |usage| (usage.input, usage.output));
    let failed = matches!(ledger.fault, None | Some(Fault::Upstream | Fault::Policy)) && ledger.status >= 400;
    match ledger.end {
        // The whole answer is here, whoever took it.
        _ if ledger.is_gathered && ledger.status < 400 => (input, output),
        End::Complete | End::Refused if failed && ledger.usage.is_none() && passed == 0 => (0, 0),
        End::Complete => (input, output),
        // What was told before the last event is what came before.
        End::UpstreamBroke => (input, output.max(passed)),
        End::ClientGone | End::Stopped | End::Refused | End::Failed => {
            (input.max(reserved.input), output.max(passed).max(reserved.output))
        }
    }
}

/// Bytes of the answer's text among leaves: what a model wrote, and no ids or names.
pub(super) fn text_bytes(leaves: &[ReplyLeaf<'_>]) -> u64 {
    let written = leaves.iter().filter(|leaf| leaf.fragment || leaf.channel.kind != ChannelKind::Whole);
    written.map(|leaf| leaf.text.len() as u64).sum()
}

/// Tells a client what is left, in the headers that OpenAI's clients read and those of the IETF's draft. An app whose answers
/// carry only the request id is told nothing: what is left also tells what others of its tenant do, and how long its text was
/// when it left.
pub(super) fn tell(ledger: &Ledger, headers: &mut HeaderMap) {
    if ledger.quiet {
        return;
    }
    let mut items = Vec::new();
    for left in &ledger.rate {
        let (names, item) =
            if left.what == What::RequestsMinute { (&REQUESTS, "requests") } else { (&TOKENS, "tokens") };
        let values = [left.limit.to_string(), left.left.to_string(), duration(left.reset_ms)];
        for (name, value) in names.iter().zip(values) {
            headers.extend(HeaderValue::from_str(&value).ok().map(|value| (name.clone(), value)));
        }
        items.push((item, left));
    }
    let join = |write: &dyn Fn(&(&str, &Left)) -> String| items.iter().map(write).collect::<Vec<_>>().join(", ");
    if !items.is_empty() {
        let state = join(&|(name, left)| format!("\"{name}\";r={};t={}", left.left, left.reset_ms.div_ceil(1000)));
        let policy = join(&|(name, left)| format!("\"{name}\";q={};w=60", left.limit));
        for (name, value) in [(STATE, state), (POLICY, policy)] {
            headers.extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
        }
    }
}

/// A time as OpenAI writes it: `59s`, `1m30s`, `250ms`.
fn duration(ms: u64) -> String {
    match (ms / 60_000, ms % 60_000 / 1000) {
        (0, 0) => format!("{ms}ms"),
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

const REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
const TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];
/// Of draft-ietf-httpapi-ratelimit-headers.
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// Of the same.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_openai_does() {
        for (ms, text) in
            [(0, "0ms"), (250, "250ms"), (1_000, "1s"), (59_999, "59s"), (90_000, "1m30s"), (3_600_000, "60m0s")]
        {
            assert_eq!(duration(ms), text);
        }
    }
}
