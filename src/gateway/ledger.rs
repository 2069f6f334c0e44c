//! The running account of one request: what is known so far, and, when it is dropped, its outcome in the log and the metrics.
//!
//! The ledger travels with the request and then with the body of its answer, so that an answer that breaks off, a client
//! that leaves and a panic all end in the record, each under its own word. Nothing in it is text of the request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use opentelemetry::trace::{TraceContextExt as _, TraceId};
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::budget::Share;
use super::end::End;
use super::entries::{self, Known, State};
use super::peer::Peer;
use super::route::{Failed, Leg};
use super::{Gate, charge, edge, sealed};
use crate::audit::Slot;
use crate::audit::seal::SealError;
use crate::dialect::Usage;
use crate::model::entry::{Digest, Entry, Newest, Outcome, RequestId};
use crate::model::{Caller, Dialect, Fault, Refusal, Word};
use crate::quota::{Left, Ticket};
use crate::telemetry::InWork;
use crate::telemetry::events::RequestEnded;
use crate::transform::Counts;

/// The account of one request.
pub struct Ledger {
    gate: Arc<Gate>,
    /// Which request.
    pub id: RequestId,
    /// When it was accepted.
    pub started: Instant,
    /// The same, for what is dated.
    pub accepted_at: Timestamp,
    /// The API in which the client is answered.
    pub dialect: Dialect,
    /// Operation of the API, once routed.
    pub operation: Word,
    /// The configured model name, once known.
    pub model: Word,
    /// The app, once proven.
    pub app: Word,
    /// Whether the app wants only the id in answers.
    pub quiet: bool,
    /// The backend that is being asked or answers.
    pub backend: Option<Word>,
    /// Why it did not answer, once that is known.
    pub unanswered: Option<Word>,
    /// What the first decision was taken under.
    pub state: State,
    /// Under what no further backend was left.
    pub denied: Option<Box<Newest>>,
    /// Status sent.
    pub status: u16,
    /// `ok` or the refusal's code.
    pub code: Word,
    /// Accept to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// Bytes sent to the client.
    pub bytes_out: u64,
    /// Pseudonyms restored.
    pub restored: u32,
    /// Strings that look like pseudonyms of another request.
    pub foreign: u32,
    /// Pseudonyms of this request that were left in addresses of the answer.
    pub withheld: u32,
    /// Tokens in and out, as the backend counted them.
    pub usage: Option<Usage>,
    /// Keyed code of the answer, where the backend keeps it.
    pub kept: Option<Digest>,
    /// Whether the whole answer is here.
    pub is_gathered: bool,
    /// At whose fault it was refused, if it was.
    pub fault: Option<Fault>,
    /// How it ended; the client is gone until something else is known.
    pub end: End,
    /// Who asks and for what, until an entry of the log says so.
    pub known: Option<Known>,
    slot: Option<Slot>,
    /// The key of what was sealed of the request.
    pub sealed_with: Option<Word>,
    /// The answer so far, where policy wants it under seal.
    answer: Option<sealed::Answer>,
    /// Places among the requests in work: the tenant's and the app's.
    places: Vec<Share>,
    /// Whom the client certificate of the connection names.
    pub peer: Option<Arc<Peer>>,
    /// Whether its span is part of a trace of the caller's.
    pub is_joined: bool,
    /// What was reserved of the caller's limits.
    pub(super) ticket: Option<Ticket>,
    /// What is left of them, for the headers of the answer.
    pub rate: Vec<Left>,
    /// Bytes of text of the answer that passed: tokens are counted by them where the backend does not say.
    pub text_out: u64,
    /// The request's span; its fields are those of OpenTelemetry's conventions for generative AI.
    pub span: tracing::Span,
    _in_work: InWork,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the account of a request.
    #[expect(clippy::disallowed_methods, reason = "the gateway measures its own time")]
    pub fn open(gate: &Arc<Gate>, id: RequestId) -> Self {
        Self {
            gate: Arc::clone(gate),
            id,
            started: Instant::now(),
            accepted_at: gate.now(),
            dialect: Dialect::OPENAI,
            operation: Word::UNKNOWN,
            model: Word::UNKNOWN,
            app: Word::UNKNOWN,
            quiet: false,
            backend: None,
            unanswered: None,
            state: State::NONE,
            denied: None,
            status: 499,
            code: Word::fixed("client_gone"),
            first_byte: None,
            bytes_out: 0,
            restored: 0,
            foreign: 0,
            withheld: 0,
            usage: None,
            kept: None,
            is_gathered: false,
            fault: None,
            end: End::ClientGone,
            known: None,
            slot: None,
            sealed_with: None,
            answer: None,
            places: Vec::new(),
            peer: None,
            is_joined: false,
            ticket: None,
            rate: Vec::new(),
            text_out: 0,
            span: span(id),
            _in_work: gate.telemetry.in_work(),
        }
    }

    /// Takes a place among the requests in work, until the request ends.
    ///
    /// # Errors
    /// 429 when the tenant or the app crowds the others out, 503 when there is no room.
    pub fn take_place(&mut self, caller: &Caller) -> Result<(), Refusal> {
        let snapshot = self.gate.snapshot();
        let app = self.gate.app_places.share_of_app((&caller.tenant, &caller.app), &snapshot.weights);
        let mut places = vec![self.gate.places.share(&caller.tenant), app];
        places.iter_mut().try_for_each(|place| place.grow(1))?;
        self.places = places;
        Ok(())
    }

    /// From now on the end is an entry of the log: a decision to forward is about to be written.
    pub fn reserve(&mut self, slot: Slot) {
        self.slot = Some(slot);
    }

    /// The decision was not written, so there is nothing to end.
    pub fn release(&mut self) {
        self.slot = None;
    }

    /// The W3C trace id of the request's span, when spans are exported and the id is of our own making.
    pub fn trace(&self) -> Option<Word> {
        let context = self.span.context();
        let id = context.span().span_context().trace_id();
        (id != TraceId::INVALID && !self.is_joined).then(|| Word::configured(&id.to_string()))
    }

    /// The request was refused.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.status = refusal.status;
        self.code = Word::fixed(refusal.code);
        self.fault = Some(refusal.fault);
        self.end = if refusal.code == edge::INTERNAL { End::Failed } else { End::Refused };
    }

    /// The backend that was asked did not answer.
    pub fn unanswered_for<'f>(&mut self, failed: &'f Failed) -> &'f Failed {
        self.unanswered = Some(Word::fixed(failed.failure.cause()));
        failed
    }

    /// What the backend answered is no answer that anybody could be given, where it is to blame.
    pub fn malformed(&mut self, refusal: Refusal) -> Refusal {
        if refusal.fault == Fault::Upstream {
            self.unanswered.get_or_insert(Word::fixed("malformed"));
        }
        refusal
    }

    /// Something of the answer was restored, or left as it was.
    pub fn count(&mut self, counts: Counts) {
        self.restored = self.restored.saturating_add(counts.restored);
        self.foreign = self.foreign.saturating_add(counts.foreign);
        self.withheld = self.withheld.saturating_add(counts.withheld);
    }

    /// The answer to this leg is about to come: what of it the client gets is kept under seal, where the leg's duties say so.
    pub fn keep_answer(&mut self, leg: &Leg) {
        self.answer =
            sealed::Answer::of(leg, self.sealed_with.clone(), self.gate.budget.share(&leg.examined.caller.tenant));
    }

    /// A piece of the answer goes to the client.
    pub fn pass(&mut self, piece: &[u8]) {
        self.bytes_out += piece.len() as u64;
        if let Some(answer) = self.answer.as_mut() {
            answer.push(piece);
        }
    }

    /// How it ended, but for what is kept of the answer.
    fn outcome(&self, first_byte: Duration, total: Duration) -> Outcome {
        let (input_tokens, output_tokens) = self.usage.map(|usage| (usage.input, usage.output)).unzip();
        Outcome {
            request: self.id,
            end: Word::fixed(self.end.name()),
            backend: self.backend.clone(),
            status: self.status,
            restored: self.restored,
            sealed: None,
            unsealed: false,
            foreign_tokens: self.foreign,
            withheld_tokens: self.withheld,
            bytes_out: self.bytes_out,
            cause: self.unanswered.clone(),
            first_byte_us: micros(first_byte),
            total_us: micros(total),
            input_tokens,
            output_tokens,
            kept: self.kept,
            newest: self.denied.clone(),
            reason: (self.end == End::Refused).then(|| self.code.clone()),
        }
    }

    /// Hands the outcome to the log, once the answer is sealed where it is to be. That blocks on the disk, so it is done on a
    /// thread for that; the request's places stay taken meanwhile.
    fn conclude(&mut self, slot: Slot, mut outcome: Outcome) {
        let Some(answer) = self.answer.take().filter(|answer| !answer.is_empty()) else {
            return slot.submit(Entry::Outcome(Box::new(outcome)));
        };
        let (places, gate) = (std::mem::take(&mut self.places), Arc::clone(&self.gate));
        let work = move || {
            match answer.seal() {
                Ok(sealed) => outcome.sealed = Some(sealed),
                Err(SealError::Erased) => {
                    tracing::info!("An answer is not kept: the key of its request was destroyed before it ended");
                    outcome.unsealed = true;
                }
                Err(error) => {
                    tracing::error!(%error, "An answer cannot be sealed: its entry says so");
                    gate.telemetry.unsealed_answer();
                    outcome.unsealed = true;
                }
            }
            slot.submit(Entry::Outcome(Box::new(outcome)));
            drop((answer, places));
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(self.gate.sealing.spawn_blocking_on(work, &runtime)),
            Err(_) => work(),
        }
    }

    /// Counts texts of the answer that no table of its API names.
    pub(super) fn unnamed(&self, paths: &[&'static str]) {
        let mut counts = BTreeMap::new();
        for path in paths {
            *counts.entry(*path).or_default() += 1;
        }
        self.gate.telemetry.unknown_leaves(&Word::fixed(self.dialect.name()), &counts);
    }

    /// An answer begins.
    pub fn answered(&mut self, status: u16) {
        self.status = status;
        self.code = Word::fixed("ok");
        self.first_byte = Some(self.started.elapsed());
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The edge answers a panic with 500 whatever was known before.
            (self.status, self.end) = (500, End::Failed);
        }
        if self.end == End::ClientGone && self.gate.cut.is_cancelled() {
            self.end = End::Stopped;
        }
        charge::settle(self);
        let total = self.started.elapsed();
        let first_byte = self.first_byte.unwrap_or(total);
        let (input_tokens, output_tokens) = self.usage.map(|usage| (usage.input, usage.output)).unzip();
        match self.end {
            End::UpstreamBroke => self.code = Word::fixed("upstream_broke"),
            End::ClientGone => self.code = Word::fixed("client_gone"),
            End::Stopped => self.code = Word::fixed("gateway_stopped"),
            End::Failed => {
                self.code = Word::fixed(edge::INTERNAL);
                self.gate.telemetry.panicked(self.id);
            }
            End::Complete | End::Refused => {}
        }
        if let Some(slot) = self.slot.take() {
            let outcome = self.outcome(first_byte, total);
            self.conclude(slot, outcome);
        } else if let Some(known) = self.known.take()
            && let Ok(slot) = self.gate.audit.reserve()
        {
            // It panicked, or the client left, before anything was decided: nothing was sent, and that is recorded too.
            slot.submit(entries::undecided(self, &known, self.code.clone()));
        }
        // The conventions name a span after what was done and by which model.
        self.span.context().span().update_name(format!("{} {}", self.operation, self.model));
        self.span.record("gen_ai.operation.name", self.operation.as_str());
        self.span.record("gen_ai.request.model", self.model.as_str());
        self.span.record("http.response.status_code", self.status);
        if let Some(backend) = &self.backend {
            self.span.record("server.address", backend.as_str());
        }
        if let Some(Usage { input, output, .. }) = self.usage {
            self.span.record("gen_ai.usage.input_tokens", input);
            self.span.record("gen_ai.usage.output_tokens", output);
        }
        if self.code != *"ok" {
            self.span.record("error.type", self.code.as_str());
        }
        self.gate.telemetry.request_ended(&RequestEnded {
            id: self.id,
            operation: self.operation.clone(),
            model: self.model.clone(),
            app: self.app.clone(),
            status: self.status,
            code: self.code.clone(),
            backend: self.backend.as_ref(),
            first_byte,
            total,
            bytes_out: self.bytes_out,
            restored: self.restored,
            foreign: self.foreign,
            withheld: self.withheld,
            input_tokens,
            output_tokens,
        });
    }
}

fn span(id: RequestId) -> tracing::Span {
    tracing::info_span!(
        target: "octroi",
        "request",
        otel.kind = "server",
        octroi.request_id = %id,
        gen_ai.operation.name = Empty,
        gen_ai.request.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        server.address = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
