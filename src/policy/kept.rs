//! What is known of a conversation that a provider keeps, and a request that goes on from it: decided on as one.
//!
//! A follow-up holds the last question alone; what it goes on from lies at the backend. So the facts of all that is kept there
//! travel with its name, in the words in which a decision is recorded, and are read under the policy of the day as a record is
//! when it is decided on again. What cannot be read counts as unreadable: possibly anything.
//!
//! INVARIANT: nothing that possibly held of either part is held not to be of both. The two are joined as they were found, before
//! any label; the label is heard last, and two that differ are one that nobody knows.

use serde::Serialize;

use super::facts::{by_corpus, by_label, tell_of_somebody};
use super::recall::{Recall, recorded};
use super::remembered::Recorded;
use super::{BackendSet, Policy};
use crate::model::recorded::RecordedFacts;
use crate::model::{
    Catalogue, Certainty, ClassSet, EntityId, Facts, LabelFact, Leak, LeakFact, ScanStatus, TypeFact, Word,
};

/// The members of a decision's entry from which it is decided on again.
#[derive(Serialize)]
struct Told<'a> {
    tenant: &'a str,
    app: &'a Word,
    purpose: Option<&'a Word>,
    label: Option<&'a Word>,
    leak_score: Option<u16>,
    scan: Status,
    plan: [(); 0],
    facts: RecordedFacts,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// The facts that a request was decided on, as they travel with the name of its answer: closed words and numbers, JSON.
/// `unsought` is a type that the gateway knows and did not look for.
pub fn told(facts: &Facts, policy: &Policy, (leak, unsought): (&Leak, Option<EntityId>)) -> String {
    let told = Told {
        tenant: "",
        app: &facts.app,
        purpose: facts.purpose.as_ref(),
        label: match &facts.label {
            LabelFact::Named(label) => Some(label),
            LabelFact::Absent | LabelFact::Unknown => None,
        },
        leak_score: facts.leak.least(),
        scan: Status { status: facts.scan.name() },
        plan: [],
        facts: recorded(facts, policy, &BackendSet::new(), (leak, unsought)),
    };
    // An empty text is read as one that says nothing.
    serde_json::to_string(&told).unwrap_or_default()
}

/// Joins the facts of a request with those of what it goes on from, as [`told`] wrote them. `leak` is what the comparison with
/// protected documents says of the request; what comes back says it of both.
pub fn join(now: Facts, leak: &Leak, before: &str, policy: &Policy) -> (Facts, Leak) {
    let read = serde_json::from_str::<Recorded<'_>>(before).ok().and_then(|entry| {
        let mut recall = Recall::new(policy);
        // What is looked for where a sheet asks for it was looked for then, unless the entry says otherwise.
        let unsought = recall.unsought(&entry, policy.asked());
        let (facts, _) = recall.as_found(&entry).ok().filter(|_| unsought.is_empty())?;
        Some((facts, entry.brought()))
    });
    let (mut facts, leak) = match read {
        Some((before, brought)) => (both(now, &before, policy.catalogue()), compared(leak, &before, brought)),
        None => (unread(now), Leak::unknown(policy.catalogue().classes.iter().map(|class| class.name.clone()))),
    };
    (facts.declared, facts.suspected) = Default::default();
    (facts.leak, facts.leak_history) = (leak.score, leak.history);
    by_label(&mut facts, policy);
    by_corpus(&mut facts, &leak, policy.catalogue());
    (facts, leak)
}

/// What is known of a request when nothing is known of what it goes on from.
fn unread(now: Facts) -> Facts {
    let now = as_found(now);
    Facts { scan: ScanStatus::Failed, unreadable: true, reference: true, label: LabelFact::Unknown, ..now }
}

/// Both as they were found, before any label is heard.
fn both(now: Facts, before: &Facts, catalogue: &Catalogue) -> Facts {
    let mut facts = as_found(now);
    for fact in &before.types {
        match facts.types.binary_search_by_key(&fact.entity, |known| known.entity) {
            Ok(at) => facts.types.get_mut(at).into_iter().for_each(|known| add(known, fact)),
            Err(at) => facts.types.insert(at, *fact),
        }
    }
    if (&facts.purpose, facts.purpose_declared) != (&before.purpose, before.purpose_declared) {
        (facts.purpose, facts.purpose_declared) = (Some(Word::UNKNOWN), true);
    }
    if facts.label != before.label {
        facts.label = LabelFact::Unknown;
    }
    facts.residence.extend(&before.residence);
    facts.residence.sort_unstable();
    facts.residence.dedup();
    facts.minors |= before.minors;
    facts.unreadable |= before.unreadable;
    facts.reference |= before.reference;
    facts.scan = worse(facts.scan, before.scan);
    for tool in &before.hosted {
        if !facts.hosted.contains(tool) {
            facts.hosted.push(tool.clone());
        }
    }
    // A conversation names the patient once and the illness later.
    let apart = Certainty { possibly: tell_of_somebody(&facts.types, catalogue), surely: false };
    facts.health_of_a_person = facts.health_of_a_person.or(before.health_of_a_person).or(apart);
    facts
}

/// The types as they were found.
fn as_found(mut facts: Facts) -> Facts {
    facts.types.append(&mut facts.lowered);
    facts.types.sort_by_key(|fact| fact.entity);
    facts.health_of_a_person = facts.health_of_a_person.or(facts.lowered_health);
    (facts.lowered_classes, facts.lowered_health) = (ClassSet::default(), Certainty::FALSE);
    facts
}

fn add(known: &mut TypeFact, more: &TypeFact) {
    known.possibly = known.possibly.saturating_add(more.possibly);
    known.surely = known.surely.saturating_add(more.surely);
    known.confidence = known.confidence.max(more.confidence);
}

fn worse(one: ScanStatus, other: ScanStatus) -> ScanStatus {
    match (one, other) {
        (ScanStatus::Failed, _) | (_, ScanStatus::Failed) => ScanStatus::Failed,
        (ScanStatus::Partial, _) | (_, ScanStatus::Partial) => ScanStatus::Partial,
        (ScanStatus::Complete, ScanStatus::Complete) => ScanStatus::Complete,
    }
}

/// What the comparison says of both.
fn compared(now: &Leak, before: &Facts, brought: Vec<(Word, bool)>) -> Leak {
    let mut leak = now.clone();
    leak.score = higher(now.score, before.leak);
    leak.history = higher(now.history, before.leak_history);
    for (class, sure) in brought {
        match leak.classes.iter_mut().find(|(known, _)| *known == class) {
            Some((_, known)) => *known |= sure,
            None => leak.classes.push((class, sure)),
        }
    }
    leak
}

fn higher(one: LeakFact, other: LeakFact) -> LeakFact {
    match (one.least(), other.least()) {
        (None, None) => LeakFact::Unknown,
        (one_least, other_least) => {
            let (least, most) = (one_least.max(other_least).unwrap_or_default(), one.most().max(other.most()));
            if least == most { LeakFact::Score(least) } else { LeakFact::Between(least, most) }
        }
    }
}
