//! The entries of the log that tell of one request, made from what is known of it.
//!
//! They hold words of the configuration, numbers, digests and keyed codes, never text of the request. Nothing is written
//! here: `record` does that, and `ledger` at the end.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::examine::Examined;
use super::fitted::{self, Room};
use super::ledger::Ledger;
use super::route::Leg;
use super::snapshot::Snapshot;
use crate::model::entry::{
    Attempt, Decision, Digest, Entry, Excepted, FindingCount, Newest, PlannedBackend, Protected, ProtectedToo,
    RemovedBackend, RequestId, Scan, Sending,
};
use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{
    Api, Backend, Caller, Catalogue, Choice, ClassId, ClassSet, ExceptionUsed, Finding, LabelFact, Leak, LeakPlace,
    Removal, Word,
};
use crate::policy;

/// Digests of what a decision was taken under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Of the sheets.
    pub policy: Digest,
    inventory: Digest,
    reference: Digest,
}

impl State {
    /// Before anything was decided.
    pub const NONE: Self = Self { policy: Digest([0; 32]), inventory: Digest([0; 32]), reference: Digest([0; 32]) };
}

pub(super) fn state(examined: &Examined) -> State {
    let policy = &examined.snapshot.policy;
    State { policy: policy.digest(), inventory: policy.inventory_digest(), reference: policy.reference_digest() }
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

/// Under what no backend is left for a request that one has seen already: its outcome says so.
pub fn denied(examined: &Examined) -> Newest {
    let mut newest = Newest { removed: removed(examined), ..newest(examined, None) };
    fitted::fit_newest(&mut newest);
    newest
}

pub(super) fn newest(examined: &Examined, backend: Option<&Backend>) -> Newest {
    let State { policy, inventory, reference } = state(examined);
    let is_it = |choice: &&Choice| {
        let name = examined.backend(choice.backend).map(|one| &one.name);
        backend.is_some_and(|backend| name == Some(&backend.name))
    };
    Newest {
        exceptions: excepted(&examined.plan.exceptions),
        inventory,
        planned: examined.plan.choices.iter().find(is_it).and_then(|choice| planned_at(examined, choice)),
        policy,
        reference,
        removed: Vec::new(),
        removed_left_out: 0,
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
        left_out: None,
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

/// The key of content MACs for this tenant and month.
pub(super) fn content_mac(examined: &Examined) -> hmac::Key {
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

/// The entry before the first backend sees a request.
pub(super) fn first(leg: &Leg, mac: &hmac::Key, sending: &Sending, trace: Option<Word>, room: Room) -> Entry {
    let mut decision = decision(&leg.examined, mac, Word::fixed("forward"), None, Some(sending.clone()));
    decision.fell_back = leg.fell_back.then(|| leg.cause.clone());
    decision.crossed.clone_from(&leg.crossed);
    decision.trace = trace;
    fitted::fit(&mut decision, room);
    Entry::Decision(Box::new(decision))
}

/// The entry before a further backend sees it; `before` is what the decision was taken under.
pub(super) fn further(leg: &Leg, request: RequestId, sending: &Sending, before: State, room: Room) -> Entry {
    let now = state(&leg.examined);
    let mut sending = sending.clone();
    fitted::fit_sending(&mut sending, room);
    Entry::Attempt(Box::new(Attempt {
        request,
        number: leg.number,
        cause: leg.cause.clone(),
        crossed: leg.crossed.clone(),
        fell_back: leg.fell_back,
        newest: (before != now).then(|| Box::new(newest(&leg.examined, Some(&leg.backend)))),
        policies: [before.policy, now.policy],
        sending,
    }))
}

/// The entry of a request that was refused once it had been decided on.
pub(super) fn refused(examined: &Examined, mac: &hmac::Key, reason: Word, room: Room) -> Entry {
    let mut decision = decision(examined, mac, Word::fixed("refuse"), Some(reason), None);
    fitted::fit(&mut decision, room);
    Entry::Decision(Box::new(decision))
}

fn decision(
    examined: &Examined,
    mac: &hmac::Key,
    verdict: Word,
    reason: Option<Word>,
    sending: Option<Sending>,
) -> Decision {
    let (caller, policy, plan) = (&examined.caller, &examined.snapshot.policy, &examined.plan);
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
        findings: fitted::kinds(count(examined, &examined.findings.list)),
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
        left_out: None,
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
    let place = &nearest.place;
    let (score, history) = (leak.score.least(), leak.history.least());
    // What an encoder saw is for review, so the reviewer is told what it saw.
    let is_seen = place.stage == *"encoder" && score >= Some(Leak::REVIEW);
    (is_seen || score.max(history) >= Some(Leak::POSSIBLY)).then(|| Protected {
        asked_byte: place.leaf.map(|(_, byte)| byte),
        asked_from: place.asked.0,
        asked_leaf: place.leaf.map(|(leaf, _)| leaf),
        asked_until: place.asked.1,
        document: place.document.clone(),
        passage: place.passage,
        class: place.class.clone(),
        stage: place.stage.clone(),
        words_from: place.words.0,
        words_until: place.words.1,
        others: nearest.others.iter().map(protected_too).collect(),
        chance_per_million: nearest.chance,
        history,
        epoch: nearest.epoch,
    })
}

fn protected_too(place: &LeakPlace) -> ProtectedToo {
    ProtectedToo {
        asked_byte: place.leaf.map(|(_, byte)| byte),
        asked_from: place.asked.0,
        asked_leaf: place.leaf.map(|(leaf, _)| leaf),
        asked_until: place.asked.1,
        class: place.class.clone(),
        document: place.document.clone(),
        passage: place.passage,
        score: place.score,
        stage: place.stage.clone(),
        words_from: place.words.0,
        words_until: place.words.1,
    }
}

fn planned(examined: &Examined) -> Vec<PlannedBackend> {
    examined.plan.choices.iter().filter_map(|choice| planned_at(examined, choice)).collect()
}

fn planned_at(examined: &Examined, choice: &Choice) -> Option<PlannedBackend> {
    let catalogue = &examined.snapshot.catalogue;
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
            .filter_map(|(entity, action)| Some((catalogue.info(*entity)?.name.clone(), Word::fixed(action.name()))))
            .collect(),
        duties_as: None,
    })
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
pub fn count<'f>(examined: &Examined, findings: impl IntoIterator<Item = &'f Finding>) -> Vec<FindingCount> {
    let catalogue = &examined.snapshot.catalogue;
    let mut counts: Vec<FindingCount> = Vec::new();
    let mut places = HashMap::new();
    for finding in findings.into_iter().filter(|finding| finding.confidence >= POSSIBLY) {
        let Some(info) = catalogue.info(finding.entity) else { continue };
        let path = examined.call.fields.get(finding.field as usize).map_or("unknown", |field| field.path);
        let is_sure = finding.confidence >= SURELY;
        let place = *places.entry((finding.entity, path, is_sure)).or_insert(counts.len());
        match counts.get_mut(place) {
            Some(count) => count.count += 1,
            None => counts.push(FindingCount {
                entity: info.name.clone(),
                classes: class_names(info.classes, catalogue),
                path: Word::fixed(path),
                count: 1,
                confidence: Word::fixed(if is_sure { "sure" } else { "possible" }),
            }),
        }
    }
    counts
}

fn class_names(set: ClassSet, catalogue: &Catalogue) -> Vec<Word> {
    let classes = (0_u8..).zip(&catalogue.classes);
    classes.filter(|(id, _)| set.contains(ClassId(*id))).map(|(_, class)| class.name.clone()).collect()
}
