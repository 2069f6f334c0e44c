//! Record: the entry of a decision or an attempt, durable before a byte leaves; and the entry of a refusal.
//!
//! [`Receipt`] has no public constructor: only [`record`] makes one, after the log said that the entry is on disk.

use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::examine::Examined;
use super::ledger::Ledger;
use super::outbound::Outbound;
use super::snapshot::Snapshot;
use super::{Gate, sealed};
use crate::audit::AuditError;
use crate::limits;
use crate::model::entry::{
    Attempt, Decision, Digest, Entry, Excepted, FindingCount, PlannedBackend, Protected, RemovedBackend, Scan, Sending,
};
use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{
    Api, Caller, Catalogue, ClassId, ClassSet, ExceptionUsed, Fault, Findings, LabelFact, Leak, Refusal, Removal, Word,
};
use crate::policy;

/// Proof that an entry which names this backend and this body is on durable storage. It owns what may now be sent.
#[derive(Debug)]
pub struct Receipt {
    outbound: Outbound,
}

impl Receipt {
    /// Gives up the receipt for what it permits to send, once.
    pub(super) fn into_outbound(self) -> Outbound {
        self.outbound
    }
}

/// Who asks, and for what: all that is known of a request before its body is.
#[derive(Debug)]
pub struct Known {
    /// The state under which the caller was known.
    pub snapshot: Arc<Snapshot>,
    /// Who asks.
    pub caller: Caller,
    /// The endpoint.
    pub api: Api,
}

/// Writes the entry of a leg and waits until it is durable.
///
/// # Errors
/// 503 when the log cannot write: nothing leaves.
pub async fn record(gate: &Gate, ledger: &mut Ledger, outbound: Outbound) -> Result<Receipt, Refusal> {
    let (outbound, sealed) = sealed::seal(outbound).await.inspect_err(|_| gate.telemetry.unsealed_request())?;
    let leg = &outbound.leg;
    let examined = &leg.examined;
    let mac = content_mac(examined);
    let sending = Sending {
        backend: leg.backend.name.clone(),
        body_mac: digest(&mac, &outbound.body),
        body_bytes: outbound.body.len() as u64,
        changed: outbound.changes.clone(),
        model: examined.snapshot.upstream_model(&leg.model, &leg.backend.name).cloned(),
        smaller: (leg.model != examined.model).then(|| leg.model.clone()),
        sealed,
    };
    let entry = if leg.number == 1 {
        // The outcome's place in the queue is taken before the decision is written: it can always be recorded.
        ledger.reserve(gate.audit.reserve().map_err(|error| unavailable(&error))?);
        let mut decision = decision(examined, &mac, Word::fixed("forward"), None, Some(sending));
        decision.fell_back = leg.fell_back.then(|| leg.cause.clone());
        decision.crossed.clone_from(&leg.crossed);
        decision.trace = ledger.trace();
        Entry::Decision(Box::new(decision))
    } else {
        Entry::Attempt(Box::new(Attempt {
            request: ledger.id,
            number: leg.number,
            cause: leg.cause.clone(),
            crossed: leg.crossed.clone(),
            fell_back: leg.fell_back,
            policies: [ledger.policy, examined.snapshot.policy.digest()],
            sending,
        }))
    };
    if leg.number == 1 {
        ledger.policy = examined.snapshot.policy.digest();
    }
    let known = ledger.known.take();
    if let Err(Unrecorded { refusal, absent }) = append(gate, entry).await {
        if leg.number == 1 && absent {
            // No decision, so no outcome: the place in the queue goes back, and the refusal is told on its own.
            ledger.release();
            ledger.known = known;
        }
        return Err(refusal);
    }
    ledger.backend = Some(outbound.leg.backend.name.clone());
    let leg = &outbound.leg;
    if let Some(crossed) = &leg.crossed {
        gate.telemetry.crossed(ledger.id, crossed);
    }
    if leg.model != leg.examined.model {
        gate.telemetry.took_smaller(ledger.id, &leg.examined.model, &leg.model);
    }
    gate.telemetry.changed(&outbound.changes);
    gate.telemetry.added(&ledger.operation, ledger.started.elapsed().saturating_sub(leg.waited));
    Ok(Receipt { outbound })
}

/// Writes the entry of a refusal that policy or the state of the backends caused. Nothing was sent, so a log that cannot
/// write changes nothing for the client; the failure shows in health and metrics.
pub async fn refused(gate: &Gate, ledger: &mut Ledger, examined: &Examined, refusal: &Refusal) {
    ledger.known = None;
    let mac = content_mac(examined);
    let reason = Some(Word::fixed(refusal.code));
    let entry = Entry::Decision(Box::new(decision(examined, &mac, Word::fixed("refuse"), reason, None)));
    // Nothing was sent, so nothing depends on this entry.
    drop(append(gate, entry).await);
}

/// Writes the entry of a refusal of a known caller that came before a decision: a body that cannot be read, a model that is
/// not configured. Nothing where another entry tells of the request, or nobody is known.
pub async fn unread(gate: &Gate, ledger: &mut Ledger, refusal: &Refusal) {
    if let Some(known) = ledger.known.take() {
        drop(append(gate, undecided(ledger, &known, Word::fixed(refusal.code))).await);
    }
}

/// The entry of a request that ended before it was decided on: nothing of it was inspected, and nothing left.
pub fn undecided(ledger: &Ledger, known: &Known, reason: Word) -> Entry {
    let Known { snapshot, caller, api } = known;
    let policy = &snapshot.policy;
    let key = snapshot.content_key(&caller.tenant, &month(ledger.accepted_at));
    Entry::Decision(Box::new(Decision {
        request: ledger.id,
        trace: ledger.trace(),
        tenant: caller.tenant.clone(),
        app: caller.app.clone(),
        purpose: caller.purpose.clone(),
        actor: caller.actor.clone(),
        api: Word::fixed(api.dialect.name()),
        operation: Word::fixed(api.operation.name()),
        model: ledger.model.clone(),
        stream: false,
        findings: Vec::new(),
        scan: Scan { status: Word::fixed("failed"), leaves: 0, scanned: 0, unknown: 0, unreadable: 0, bytes: 0 },
        label: None,
        leak_score: None,
        facts: None,
        leak: None,
        policy: policy.digest(),
        inventory: policy.inventory_digest(),
        reference: policy.reference_digest(),
        rules: Vec::new(),
        verdict: Word::fixed("refuse"),
        reason: Some(reason),
        plan: Vec::new(),
        removed: Vec::new(),
        sending: None,
        clock: None,
        exceptions: Vec::new(),
        crossed: None,
        fell_back: None,
        kept: None,
        body_mac: digest(&key, ""),
        body_bytes: 0,
    }))
}

/// An entry that is not known to be on disk.
struct Unrecorded {
    refusal: Refusal,
    /// Whether it surely is not; after a deadline it may still get there.
    absent: bool,
}

async fn append(gate: &Gate, entry: Entry) -> Result<(), Unrecorded> {
    match tokio::time::timeout(limits::AUDIT_DEADLINE, gate.audit.append(entry)).await {
        Ok(Ok(_position)) => Ok(()),
        Ok(Err(error)) => Err(Unrecorded { refusal: unavailable(&error), absent: true }),
        Err(_) => Err(Unrecorded { refusal: unavailable(&AuditError::Full), absent: false }),
    }
}

/// The refusal when the log cannot take an entry: a queue that is full passes by itself, a log that cannot write needs
/// somebody.
pub(super) fn unavailable(error: &AuditError) -> Refusal {
    tracing::error!(%error, "Entry could not be recorded: the request is refused");
    let (code, why) = match error {
        AuditError::Full => {
            ("audit_overloaded", "more waits to be recorded than there is room for, so it was not sent; try again")
        }
        _ => ("audit_unavailable", "the request cannot be recorded now, so it was not sent; try again"),
    };
    Refusal::new(Fault::Gateway, 503, code, why).retry_after(2)
}

/// The key of content MACs for this tenant and month.
fn content_mac(examined: &Examined) -> hmac::Key {
    examined.snapshot.content_key(&examined.caller.tenant, &month(examined.decided_at))
}

/// `2026-11`, in UTC.
pub(super) fn month(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

pub(super) fn digest(key: &hmac::Key, body: &str) -> Digest {
    let mut mac = [0; 32];
    mac.copy_from_slice(hmac::sign(key, body.as_bytes()).as_ref());
    Digest(mac)
}

fn decision(
    examined: &Examined,
    mac: &hmac::Key,
    verdict: Word,
    reason: Option<Word>,
    sending: Option<Sending>,
) -> Decision {
    let (caller, policy, plan) = (&examined.caller, &examined.snapshot.policy, &examined.plan);
    let catalogue = &examined.snapshot.catalogue;
    let coverage = examined.findings.coverage;
    Decision {
        request: examined.id,
        trace: None,
        tenant: caller.tenant.clone(),
        app: caller.app.clone(),
        purpose: examined.facts.purpose.clone(),
        actor: caller.actor.clone(),
        api: Word::fixed(examined.call.api.dialect.name()),
        operation: Word::fixed(examined.call.api.operation.name()),
        model: examined.model.clone(),
        stream: examined.call.stream,
        findings: count(examined, &examined.findings, catalogue),
        scan: Scan {
            status: Word::fixed(examined.findings.scan.name()),
            leaves: coverage.leaves,
            scanned: coverage.scanned,
            unknown: coverage.unknown,
            unreadable: coverage.unreadable,
            bytes: coverage.bytes,
        },
        label: match &examined.facts.label {
            LabelFact::Absent => None,
            LabelFact::Unknown => Some(Word::UNKNOWN),
            LabelFact::Named(label) => Some(label.clone()),
        },
        leak_score: examined.facts.leak.least(),
        facts: Some(Box::new(policy::recorded(
            &examined.facts,
            policy,
            &examined.servable,
            (&examined.leak, examined.snapshot.engine.unsought()),
        ))),
        leak: protected(examined),
        policy: policy.digest(),
        inventory: policy.inventory_digest(),
        reference: policy.reference_digest(),
        rules: plan.fired.clone(),
        verdict,
        reason,
        plan: planned(examined),
        removed: removed(examined),
        sending,
        clock: None,
        exceptions: excepted(&plan.exceptions),
        crossed: None,
        fell_back: None,
        kept: examined.stored.as_ref().map(|stored| stored.code(&examined.snapshot, &caller.tenant)),
        body_mac: digest(mac, &examined.call.body),
        body_bytes: examined.call.body.len() as u64,
    }
}

/// The protected document that the request, or what its caller sent before with it, is near to.
fn protected(examined: &Examined) -> Option<Protected> {
    let leak = &examined.leak;
    let nearest = leak.nearest.as_ref()?;
    let (score, history) = (leak.score.least(), leak.history.least());
    // What an encoder saw is for review, so the reviewer is told what it saw.
    let is_seen = nearest.stage == *"encoder" && score >= Some(Leak::REVIEW);
    (is_seen || score.max(history) >= Some(Leak::POSSIBLY)).then(|| Protected {
        document: nearest.document.clone(),
        passage: nearest.passage,
        class: nearest.class.clone(),
        stage: nearest.stage.clone(),
        chance_per_million: nearest.chance,
        history,
        epoch: nearest.epoch,
    })
}

fn planned(examined: &Examined) -> Vec<PlannedBackend> {
    let catalogue = &examined.snapshot.catalogue;
    let choices = examined.plan.choices.iter();
    choices
        .filter_map(|choice| {
            let backend = examined.backend(choice.backend)?;
            let duties = choice.duties.actions.iter();
            Some(PlannedBackend {
                backend: backend.name.clone(),
                tier: Word::fixed(choice.tier.name()),
                countries: backend.processing.clone(),
                operator: backend.operator.clone(),
                controlled_from: backend.controlled_from,
                transfer_basis: backend.transfer_basis.clone(),
                duties: duties
                    .filter_map(|(entity, action)| {
                        Some((catalogue.info(*entity)?.name.clone(), Word::fixed(action.name())))
                    })
                    .collect(),
            })
        })
        .collect()
}

fn excepted(used: &[ExceptionUsed]) -> Vec<Excepted> {
    let recorded = used.iter().map(|used| Excepted {
        exception: used.exception.clone(),
        rule: used.rule.clone(),
        until: Word::configured(&used.until.to_string()),
    });
    recorded.collect()
}

fn removed(examined: &Examined) -> Vec<RemovedBackend> {
    let named = |id, why, rules| {
        examined.backend(id).map(|backend| RemovedBackend {
            backend: backend.name.clone(),
            why: Word::fixed(why),
            rules,
        })
    };
    let removed = examined.plan.removed.iter().filter_map(|removed| match &removed.why {
        Removal::NotAllowed => named(removed.backend, "not-allowed", Vec::new()),
        Removal::Rules(rules) => named(removed.backend, "rule", rules.iter().map(|(rule, _)| rule.clone()).collect()),
        Removal::Duty(rule) => named(removed.backend, "duty", vec![rule.clone()]),
        Removal::Expired => named(removed.backend, "expired", Vec::new()),
        Removal::Frozen => named(removed.backend, "frozen", Vec::new()),
    });
    let unable = examined.plan.unable.iter().filter_map(|id| named(*id, "unable", Vec::new()));
    removed.chain(unable).collect()
}

/// Counts findings by type, place and band of confidence.
pub fn count(examined: &Examined, findings: &Findings, catalogue: &Catalogue) -> Vec<FindingCount> {
    let mut counts: Vec<FindingCount> = Vec::new();
    for finding in findings.list.iter().filter(|finding| finding.confidence >= POSSIBLY) {
        let Some(info) = catalogue.info(finding.entity) else { continue };
        let path = examined.call.fields.get(finding.field as usize).map_or("unknown", |field| field.path);
        let confidence = if finding.confidence >= SURELY { "sure" } else { "possible" };
        let same = counts
            .iter()
            .position(|count| count.entity == info.name && count.path == *path && count.confidence == *confidence);
        match same {
            Some(index) => counts.iter_mut().skip(index).take(1).for_each(|count| count.count += 1),
            // An entry is bounded: what does not fit is still in the coverage and the duties.
            None if counts.len() >= limits::FINDING_KINDS_MAX => {}
            None => counts.push(FindingCount {
                entity: info.name.clone(),
                classes: class_names(info.classes, catalogue),
                path: Word::fixed(path),
                count: 1,
                confidence: Word::fixed(confidence),
            }),
        }
    }
    counts
}

fn class_names(set: ClassSet, catalogue: &Catalogue) -> Vec<Word> {
    let classes = (0_u8..).zip(&catalogue.classes);
    classes.filter(|(id, _)| set.contains(ClassId(*id))).map(|(_, class)| class.name.clone()).collect()
}
