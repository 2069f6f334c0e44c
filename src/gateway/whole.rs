//! Whole answers: gathered, restored, handed over. Their memory is paid for from the tenant's share until the client has taken
//! the last byte; streams go to [`super::restore`].

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use super::budget::{Paid, Share};
use super::cite::Moved;
use super::dispatch::Answering;
use super::kept::{Keeper, Kept};
use super::landing::{self, failed, landing};
use super::ledger::Ledger;
use super::outbound::store_off;
use super::respond::{Answer, Server};
use super::restore::Restored;
use super::route::Leg;
use super::source::Source;
use super::{body, charge, edge, logprobs};
use crate::dialect::{self, ChannelKind, ReplyLeaf, Usage};
use crate::limits;
use crate::model::{Api, Refusal, Word};
use crate::transform::{Counts, Restorer, Thread, Vault};
use crate::upstream::{Backend, Reply, Shown};
use crate::wire::frames::Framing;
use crate::wire::json::slice;
use crate::wire::{Edit, quote, quote_as, splice};

/// Makes the client's answer of a backend's.
///
/// # Errors
/// 502 when a whole answer breaks off, is no JSON, or says what no client may see; 429 or 503 when there is no memory for it.
pub async fn restore(ledger: &mut Ledger, answering: Answering, mut share: Share) -> Result<Answer, Refusal> {
    let Answering { leg, endpoint, reply, vault, changed } = answering;
    let keeper = keeper(&leg, endpoint, changed.is_empty() && vault.is_empty(), ledger.accepted_at);
    let stored = leg.examined.stored.clone();
    ledger.keep_answer(&leg);
    let (api, json) = (leg.examined.call.api, dialect::answers_in_json(&leg.examined.call));
    let said = reply.content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let framing = dialect::framing(&leg.examined.call, said);
    let smaller = (leg.model != leg.examined.model).then(|| (leg.model.clone(), leg.examined.model.clone()));
    let server = Server { backend: leg.backend, smaller };
    // The original is not needed any more: what it held goes to others.
    drop(leg.examined);
    let upstream = leg.upstream;
    share.cut(vault.held_bytes());
    let (status, error_type) = (reply.status, reply.error_type.clone().filter(|_| relayed(reply.status)));
    if let (Some(framing), true) = (framing, status.is_success()) {
        let source = Source::new(reply.body, reply.codings).map_err(|_| edge::failed_inside())?;
        let restored = Restored::new((api, json), framing, source, (vault, changed, keeper), share);
        let restored = restored.looking_for(upstream.shown());
        return Ok(Answer::frames(status, content_type(framing), &server, restored));
    }
    if !(status.is_success() || relayed(status)) {
        ledger.unanswered = Some(Word::fixed("error"));
        return Err(failed("the backend refused the request without a reason that can be passed on"));
    }
    let mut text = collect(reply, &vault, &mut share).await.map_err(|refusal| ledger.malformed(refusal))?;
    if !status.is_success() {
        if let Some(stored) = stored {
            text = stored.rename(&text);
        }
        text = conceal(api, &upstream, &text).unwrap_or(text);
    }
    let shown = upstream.shown();
    text = shown.conceal(&text).unwrap_or(text);
    let made = whole(ledger, (api, json), (&vault, keeper, &shown), (text, &mut share));
    let (body, usage) = made.map_err(|refusal| ledger.malformed(refusal))?;
    drop(vault);
    share.cut(body.len());
    ledger.usage = usage;
    let body = Bytes::from_owner(Paid { bytes: body.into_bytes(), share });
    Ok(Answer::whole(status, &server, &changed, body).telling(error_type))
}

/// The names that the answer of a leg has, where its backend keeps it or shows one that it keeps.
fn keeper(leg: &Leg, endpoint: u64, raw: bool, at: Timestamp) -> Option<Keeper> {
    let keeps = dialect::keeps(&leg.examined.call, store_off(&leg.backend));
    let (backend, model) = (&leg.backend.name, &leg.model);
    Keeper::new(&leg.examined, Kept { backend, endpoint, model, raw, keeps, at })
}

/// What the client is told of a stream's framing.
const fn content_type(framing: Framing) -> HeaderValue {
    HeaderValue::from_static(match framing {
        Framing::Events => "text/event-stream; charset=utf-8",
        Framing::Lines => "application/x-ndjson",
        Framing::Array => "application/json; charset=utf-8",
        Framing::Binary => "application/vnd.amazon.eventstream",
    })
}

/// Errors of a backend that the caller can mend: passed on, restored like any answer (decision 0002).
fn relayed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 404 | 409 | 413 | 422)
}

/// An error without the gateway's own credential, which backends quote; nothing where there is none of it.
fn conceal(api: Api, upstream: &Backend, text: &str) -> Option<String> {
    let view = dialect::reply_leaves(api, text).ok()?;
    let leaves = view.leaves.iter().filter_map(|leaf| Some((leaf, upstream.conceal(&leaf.text)?)));
    let edits = leaves.map(|(leaf, text)| Edit { span: leaf.span.clone(), replacement: quote(&text) }).collect();
    splice(text, edits).ok()
}

/// Gathers an answer, paying for each piece as it comes, and for what it may unfold to before it does.
async fn collect(reply: Reply, vault: &Vault, share: &mut Share) -> Result<String, Refusal> {
    let (mut body, codings) = (reply.body, reply.codings);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| failed("the backend's answer broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        share.cover(vault.held_bytes() + bytes.len() + data.len())?;
        bytes.extend_from_slice(&data);
    }
    if !codings.is_none() {
        share.cover(vault.held_bytes() + bytes.len() + body::answer_unfolds_to(bytes.len()))?;
        let unfolding = tokio::task::spawn_blocking(move || body::unfold_answer(codings, bytes));
        let unfolded = unfolding.await.map_err(|_| edge::failed_inside())?;
        bytes = unfolded.ok_or_else(|| failed("the backend's answer is not coded as it says"))?;
    }
    String::from_utf8(bytes).map_err(|_| failed("the backend's answer is not UTF-8"))
}

/// Restores a whole JSON answer; the share grows by what that takes.
fn whole(
    ledger: &mut Ledger,
    (api, json): (Api, bool),
    (vault, keeper, shown): (&Vault, Option<Keeper>, &Shown),
    (text, share): (String, &mut Share),
) -> Result<(String, Option<Usage>), Refusal> {
    share.grow(strings(&text) * limits::LEAF_BYTES)?;
    let view = dialect::reply_leaves(api, &text).map_err(|_| failed("the backend's answer is not JSON"))?;
    // What stands there as it is was taken out: this one is written with escapes.
    if view.leaves.iter().any(|leaf| shown.is_in(leaf.text.as_bytes())) {
        return Err(landing::quoting());
    }
    let usage = view.usage;
    ledger.is_gathered = true;
    ledger.text_out += charge::text_bytes(&view.leaves);
    ledger.unnamed(&view.unknown);
    let mut edits = Vec::new();
    if let Some(mut keeper) = keeper {
        edits = keeper.edits(&view.leaves);
        ledger.kept = keeper.code();
    }
    if vault.is_empty() && edits.is_empty() {
        drop(view);
        return Ok((text, usage));
    }
    let restorer = Restorer::new(vault);
    let (mut moved, mut threads) = (Moved::default(), HashMap::new());
    for parts in parts(&view.leaves, json).into_iter().filter(|_| !vault.is_empty()) {
        let Some((_, first)) = parts.first() else { continue };
        let mut alone = Thread::default();
        let thread = first.joint.map_or(&mut alone, |joint| threads.entry(joint).or_default());
        let texts: Vec<&str> = parts.iter().map(|(_, leaf)| &*leaf.text).collect();
        let restored = restorer.restore_parts(&texts, landing(first, json), thread);
        for ((index, leaf), restored) in parts.into_iter().zip(restored) {
            ledger.count(restored.counts);
            if restored.text != *leaf.text {
                let replacement = quote_as(slice(&text, &leaf.span), &restored.text);
                share.grow(replacement.len() * 2)?;
                edits.push(Edit { span: leaf.span.clone(), replacement });
                moved.note(index, restored.moves);
            }
        }
    }
    let called = view.leaves.iter().filter(|leaf| leaf.called);
    for (leaf, name) in called.filter_map(|leaf| Some((leaf, quote(vault.name(&leaf.text)?)))) {
        ledger.count(Counts::ONE);
        share.grow(name.len() * 2)?;
        edits.push(Edit { span: leaf.span.clone(), replacement: name });
    }
    if !vault.is_empty() {
        let of = view.logprobs.iter();
        edits.extend(of.flat_map(|of| logprobs::edits(of, (&view.leaves, &moved), vault, |_, _| None)));
    }
    edits.extend(moved.edits((&view.positions, &view.leaves), vault, |_| None));
    share.grow(text.len())?;
    let body = splice(&text, edits).map_err(|_| failed("the backend's answer cannot be restored"))?;
    Ok((body, usage))
}

/// The leaves that are restored, with their places: those that clients put together, in the order in which each text begins. A token may
/// begin in one part of a message and end in the next.
fn parts<'v, 'a>(leaves: &'v [ReplyLeaf<'a>], json: bool) -> Vec<Vec<(usize, &'v ReplyLeaf<'a>)>> {
    let (mut groups, mut running): (Vec<Vec<_>>, HashMap<_, usize>) = Default::default();
    for (index, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| leaf.restore) {
        let (own, alone) = (groups.len(), leaf.joint.is_none().then_some(leaf.channel));
        let at = if leaf.channel.kind == ChannelKind::Whole && leaf.joint.is_none() {
            own
        } else {
            *running.entry((leaf.joint, alone, landing(leaf, json))).or_insert(own)
        };
        match groups.get_mut(at) {
            Some(group) => group.push((index, leaf)),
            None => groups.push(vec![(index, leaf)]),
        }
    }
    groups
}

/// How many strings and containers an answer has at most: numbers in arrays (an embedding) are no leaves.
fn strings(text: &str) -> usize {
    let text = text.as_bytes();
    let quotes = memchr::memchr_iter(b'"', text).count() / 2;
    (quotes + memchr::memchr2_iter(b'[', b'{', text).count()).min(limits::JSON_LEAVES_MAX)
}
