//! The journey of one request: one straight function. `docs/journey.md` is its map.
//!
//! Each stage takes what the one before it made, so that none can be skipped or repeated: a head is routed before a caller
//! is known, a caller is known before a body is read, and only a [`super::record::Receipt`] can be dispatched.

use std::sync::Arc;

use http::Request;

use super::body::ReadBody;
use super::budget::Share;
use super::examine::{self, Examined, Parsed, Question};
use super::ledger::Ledger;
use super::respond::Answer;
use super::route::Route;
use super::snapshot::Snapshot;
use super::upload::Upload;
use super::{Gate, accept, body, charge, dispatch, edge, entries, outbound, record, shadow, whole};
use crate::config::Limits;
use crate::dialect;
use crate::limits;
use crate::model::{Api, Call, Caller, Findings, Line, Operation, Refusal, Word};

/// Bytes of a body from which its inspection leaves the reactor: below it the hand-over costs more than the work.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Leads a request through all stages.
///
/// # Errors
/// The refusal that the client is told; the ledger holds what is known of the request.
pub async fn journey(gate: &Arc<Gate>, ledger: &mut Ledger, request: Request<Upload>) -> Result<Answer, Refusal> {
    let snapshot = gate.in_force().await;
    ledger.dialect = dialect::spoken(request.uri().path(), request.headers());
    let mut head = accept::head(&request, snapshot.limits.head_bytes)?;
    let api = head.line.api;
    ledger.operation = Word::fixed(api.operation.name());
    let caller = accept::identify(&snapshot.callers, &request, (ledger.peer.as_deref(), gate.now())).await?;
    ledger.app = caller.app.clone();
    ledger.quiet = caller.quiet;
    if api.operation == Operation::MODELS {
        return Answer::models(&snapshot, &head.line, &caller);
    }
    ledger.known = Some(entries::Known { snapshot: Arc::clone(&snapshot), caller: caller.clone(), api });
    accept::permit(&caller, api, &mut head.declared)?;
    ledger.take_place(&caller)?;
    let share = gate.budget.share(&caller.tenant);
    let read = read(&snapshot.limits, request, api, share).await?;
    let priority = snapshot.waiting.priority(&caller.app, head.declared.priority);
    let mut work = gate.overload.begin(read.text.len(), priority)?;
    let (Parsed { call, model, stored }, share) = parse(gate, Arc::clone(&snapshot), &caller, head.line, read).await?;
    ledger.model = model.clone();
    accept::permit_model(&caller, &model)?;
    work.beside(charge::reserve(gate, ledger, &snapshot, (&caller, &call))).await?;
    let question = Question { id: ledger.id, caller, declared: head.declared, call: Arc::new(call), model, stored };
    let (examined, share) = decide(gate, question, share).await?;
    work.done();
    gate.telemetry.found(&entries::count(&examined, &examined.findings.list));
    let mut route = Route::new(gate, Arc::clone(&examined));
    loop {
        let leg = match route.next().await {
            Ok(leg) => leg,
            Err(refusal) => {
                if ledger.backend.is_none() {
                    record::refused(gate, ledger, &examined, &refusal).await;
                } else {
                    ledger.denied = Some(Box::new(entries::denied(route.newest())));
                }
                return Err(refusal);
            }
        };
        let outbound = match outbound::prepare(gate, leg) {
            Ok(outbound) => outbound,
            Err(failed) => {
                route.failed(&failed);
                continue;
            }
        };
        let receipt = record::record(gate, ledger, outbound).await?;
        match dispatch::dispatch(receipt).await {
            Ok(answering) => {
                gate.telemetry.attempted(ledger.id, &answering.leg.backend.name, &Word::fixed("ok"));
                // What is left of the original goes before the answer is gathered.
                drop((route, examined));
                return whole::restore(ledger, answering, share).await;
            }
            Err(failed) => route.failed(ledger.unanswered_for(&failed)),
        }
    }
}

/// Reads a body, where the endpoint takes one.
async fn read(limits: &Limits, request: Request<Upload>, api: Api, share: Share) -> Result<ReadBody, Refusal> {
    let (parts, incoming) = request.into_parts();
    if !dialect::takes_body(api) {
        return Ok(ReadBody { text: String::new(), share });
    }
    body::check_head(&parts.headers, limits.body_bytes, dialect::untyped(api))?;
    body::read(&parts.headers, incoming, limits.body_bytes, limits.body, share).await
}

/// Parses a body, away from the reactor when it is large. Its share goes with it: a client that leaves does not give back what
/// is still being worked on.
async fn parse(
    gate: &Gate,
    snapshot: Arc<Snapshot>,
    caller: &Caller,
    line: Line,
    read: ReadBody,
) -> Result<(Parsed, Share), Refusal> {
    let inline = read.text.len() <= INLINE_BYTES_MAX;
    let (caller, telemetry) = (caller.clone(), Arc::clone(&gate.telemetry));
    let work = move || {
        let ReadBody { text, share } = read;
        // Counted although the request may be refused for them.
        let count = |call: &Call| {
            telemetry.unknown_leaves(&Word::fixed(call.api.dialect.name()), &examine::unknown_leaves(call));
        };
        examine::parse(&snapshot, &caller, (line, text), count).map(|parsed| (parsed, share))
    };
    if inline { work() } else { tokio::task::spawn_blocking(work).await.map_err(|_| edge::failed_inside())? }
}

/// Inspects, compares with protected documents beside it, and decides on what both say, under what is in force then: a body may
/// have taken long to come, and a freeze or the end of a permission asks nobody when a head came.
async fn decide(gate: &Gate, question: Question, mut share: Share) -> Result<(Arc<Examined>, Share), Refusal> {
    let mut snapshot = gate.in_force().await;
    let mut rounds = 1;
    loop {
        let comparing = snapshot.scanner.scan(&question.caller, &question.call);
        let (leak, inspected) = tokio::join!(comparing, inspect(&snapshot, &question, share));
        let (findings, back) = inspected?;
        let newest = gate.in_force().await;
        // Whoever changes files again and again holds nobody up.
        if Arc::ptr_eq(&newest, &snapshot) || rounds == limits::DECISION_ROUNDS_MAX {
            let examined = examine::decide(snapshot, question, findings, leak, gate.now());
            shadow::compare(&gate.telemetry, &examined);
            return Ok((Arc::new(examined), back));
        }
        (snapshot, share, rounds) = (newest, back, rounds + 1);
    }
}

/// Inspects, away from the reactor when the body is large. The share of a client that leaves stays taken until it is done.
async fn inspect(snapshot: &Arc<Snapshot>, question: &Question, share: Share) -> Result<(Findings, Share), Refusal> {
    let inline = question.call.body.len() <= INLINE_BYTES_MAX;
    let (snapshot, caller, call) = (Arc::clone(snapshot), question.caller.clone(), Arc::clone(&question.call));
    let work = move || (examine::inspect(&snapshot, &caller, &call), share);
    if inline { Ok(work()) } else { tokio::task::spawn_blocking(work).await.map_err(|_| edge::failed_inside()) }
}
