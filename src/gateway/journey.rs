//! The journey of one request: one straight function. `docs/journey.md` is its map.
//!
//! Each stage takes what the one before it made, so that none can be skipped or repeated: a head is routed before a caller
//! is known, a caller is known before a body is read, and only a [`super::record::Receipt`] can be dispatched.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;

use super::examine::{self, Examined, Question};
use super::ledger::Ledger;
use super::respond::Answer;
use super::route::Route;
use super::snapshot::Snapshot;
use super::{Gate, accept, body, dispatch, edge, outbound, record, restore};
use crate::dialect;
use crate::model::{Line, Operation, Refusal, Word};

/// Bytes of a body from which its inspection leaves the reactor: below it the hand-over costs more than the work.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Leads a request through all stages.
///
/// # Errors
/// The refusal that the client is told; the ledger holds what is known of the request.
pub async fn journey(gate: &Arc<Gate>, ledger: &mut Ledger, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let snapshot = gate.snapshot();
    ledger.dialect = dialect::spoken(request.uri().path(), request.headers());
    let head = accept::head(&request)?;
    let api = head.line.api;
    ledger.operation = Word::fixed(api.operation.name());
    let caller = accept::identify(&snapshot.callers, request.headers(), request.uri().query())?;
    ledger.app = caller.app.clone();
    ledger.quiet = caller.quiet;
    if api.operation == Operation::MODELS {
        return Answer::models(&snapshot, &head.line);
    }
    ledger.known = Some(record::Known { snapshot: Arc::clone(&snapshot), caller: caller.clone(), api });
    let (parts, incoming) = request.into_parts();
    let limits = &snapshot.limits;
    body::check_head(&parts.headers, limits.body_bytes, dialect::untyped(api))?;
    let read = body::read(&parts.headers, incoming, limits.body_bytes, limits.body, &gate.budget).await?;
    let share = read.share;
    let (call, model) = parse(Arc::clone(&snapshot), head.line, read.text).await?;
    ledger.model = model.clone();
    let question = Question { id: ledger.id, caller, declared: head.declared, call, model };
    let examined = Arc::new(decide(gate, snapshot, question).await?);
    gate.telemetry.found(&record::count(&examined, &examined.findings, &examined.snapshot.catalogue));
    let mut route = Route::new(gate, Arc::clone(&examined));
    loop {
        let leg = match route.next().await {
            Ok(leg) => leg,
            Err(refusal) => {
                if ledger.backend.is_none() {
                    record::refused(gate, ledger, &examined, &refusal).await;
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
                return restore::restore(ledger, answering, share).await;
            }
            Err(failed) => route.failed(&failed),
        }
    }
}

/// Parses a body, away from the reactor when it is large.
async fn parse(snapshot: Arc<Snapshot>, line: Line, text: String) -> Result<(crate::model::Call, Word), Refusal> {
    if text.len() <= INLINE_BYTES_MAX {
        return examine::parse(&snapshot, line, text);
    }
    tokio::task::spawn_blocking(move || examine::parse(&snapshot, line, text))
        .await
        .map_err(|_| edge::failed_inside())?
}

/// Inspects and decides, the leak scan first since its score is a fact.
async fn decide(gate: &Gate, snapshot: Arc<Snapshot>, question: Question) -> Result<Examined, Refusal> {
    let leak = snapshot.scanner.scan(&question.call).await;
    let now = gate.now();
    if question.call.body.len() <= INLINE_BYTES_MAX {
        return Ok(examine::decide(snapshot, question, leak, now));
    }
    tokio::task::spawn_blocking(move || examine::decide(snapshot, question, leak, now))
        .await
        .map_err(|_| edge::failed_inside())
}
