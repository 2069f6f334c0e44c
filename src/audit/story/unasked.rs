//! Why others of the plan were not asked, as far as the entries tell: where they do not, that is said.

use serde_json::Value;

use super::{list, name, state};
use crate::audit::query::{Record, items, sent_to, word};
use crate::limits::ATTEMPTS_MAX;

/// Why a request that was refused after a backend had seen it went to no other: those of the plan that were not asked, and what
/// kept it from them as far as the entries tell.
pub(super) fn not_asked(record: &Record, outcome: &Value, newest: &Value) -> Vec<String> {
    let plan: Vec<&Value> = record.of_kind("decision").flat_map(|decision| items(decision, "plan")).collect();
    let asked: Vec<&str> = sent_to(record).map(|(backend, _)| backend).collect();
    let last = plan.iter().rposition(|planned| asked.last() == Some(&name(planned)));
    let tier = last.and_then(|last| plan.get(last)).map(|planned| word(planned, "tier"));
    let is_left = |planned: &&&Value| {
        let taken_out = items(newest, "removed").any(|removed| word(removed, "backend") == name(planned));
        !taken_out && !asked.contains(&name(planned))
    };
    let in_tier = |planned: &&&Value| tier == Some(word(planned, "tier"));
    let near: Vec<_> = plan.iter().filter(is_left).filter(in_tier).map(|planned| name(planned).to_owned()).collect();
    let behind = plan.iter().skip(last.map_or(plan.len(), |last| last + 1));
    let far = behind.filter(is_left).filter(|planned| !in_tier(planned));
    let far: Vec<_> = far.map(|planned| format!("{} (tier: {})", name(planned), word(planned, "tier"))).collect();
    let state = state(newest);
    if near.is_empty() && far.is_empty() {
        return vec![format!("No further backend was left under {state}.")];
    }
    let were = |count: usize| if count == 1 { "was" } else { "were" };
    let (near_count, far_count) = (near.len(), far.len());
    let mut told = Vec::new();
    if asked.len() >= ATTEMPTS_MAX {
        let all = list(near.into_iter().chain(far));
        let were = were(near_count + far_count);
        told.push(format!("{all} {were} not asked: a request is sent at most {ATTEMPTS_MAX} times."));
        return told;
    }
    if !near.is_empty() {
        let (near, were) = (list(near), were(near_count));
        told.push(format!(
            "Of the same tier {near} {were} not asked. Why, the entries do not say: down or full at that moment, or the gateway's budget for further attempts was used up."
        ));
    }
    if !far.is_empty() {
        let (far, were) = (list(far), were(far_count));
        // The code with which it was refused tells: a fault that is told to the client keeps the clause from opening anything.
        let why = if word(outcome, "reason") == "backend_failed" {
            "a later tier opens where all of the one before is down, or full for the time of the `fall back` clause, and here a backend was there and failed"
        } else {
            "the policy has no `fall back` clause that opened a later tier"
        };
        told.push(format!("{far} {were} not asked: {why}. This was under {state}."));
    }
    told
}
