//! The candidate policy beside the live one: it decides on the same request, and the difference is counted. Nothing of it is
//! enforced, it costs one more decision and no more inspection, and whatever goes wrong in it is told and touches no request.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use super::examine::Examined;
use crate::model::{Action, BackendId, Catalogue, Choice, ClassId, ClassSet, EntityId, Facts, Plan, Word};
use crate::policy::{self, Policy};
use crate::telemetry::Telemetry;
use crate::telemetry::shadow::{Difference, Gets, apart as apart_at};

/// Decides on an examined request under the candidate, if there is one, and counts how that differs.
pub fn compare(telemetry: &Telemetry, examined: &Examined) {
    let Some(candidate) = &examined.snapshot.shadow else { return };
    apart(telemetry, || {
        let plan = decide(examined, candidate);
        let difference = difference((&examined.snapshot.policy, &examined.plan), (candidate, &plan));
        let classes = classes(&examined.facts, &examined.snapshot.catalogue);
        telemetry.shadowed(&examined.caller.app, &classes, difference);
    });
}

/// Does the candidate's work so that a panic in it ends here. Nothing of the request is written by it: what it borrows is as
/// it was.
fn apart(telemetry: &Telemetry, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        telemetry.shadow_failed();
    }
}

fn decide(examined: &Examined, candidate: &Policy) -> Plan {
    let facts = examined.facts_under(examined.leak.clone(), candidate);
    let servable = examined.servable_under(candidate);
    let now: Timestamp = examined.decided_at;
    let mut plan = policy::decide(candidate, &facts, &servable, now);
    if examined.snapshot.is_frozen(now) {
        policy::freeze(candidate, &mut plan);
    }
    plan
}

/// The gravest difference between two plans. Policies number their backends differently, so names are compared.
pub fn difference(live: (&Policy, &Plan), candidate: (&Policy, &Plan)) -> Option<Difference> {
    let (mine, theirs) = (named(live), named(candidate));
    let (Some(first), Some(other)) = (mine.first(), theirs.first()) else {
        return match (mine.is_empty(), theirs.is_empty()) {
            (false, true) => Some(Difference::Refused),
            (true, false) => Some(Difference::Allowed),
            _ => None,
        };
    };
    if first.backend != other.backend {
        return Some(Difference::Moved);
    }
    apart_at(&mine, 0, &theirs)
}

fn named<'a>((policy, plan): (&'a Policy, &'a Plan)) -> Vec<Gets<'a>> {
    let name = |backend: BackendId| policy.backend(backend).map(|backend| backend.name.as_str());
    let duty = |(entity, action): &(EntityId, Action)| {
        let info = policy.catalogue().info(*entity)?;
        (*action > Action::Keep).then_some((info.name.as_str(), *action))
    };
    let gets = |choice: &'a Choice| {
        let duties = choice.duties.actions.iter().filter_map(duty).collect();
        Some(Gets { backend: name(choice.backend)?, duties, sealed: choice.duties.log_sealed })
    };
    plan.choices.iter().filter_map(gets).collect()
}

/// The classes that a request carries, by name.
fn classes(facts: &Facts, catalogue: &Catalogue) -> Vec<Word> {
    let found = facts.types.iter().filter_map(|fact| catalogue.info(fact.entity));
    let set: ClassSet = found.fold(facts.declared, |set, info| set.union(info.classes));
    let all = (0_u8..).map(ClassId).zip(&catalogue.classes);
    all.filter(|(class, _)| set.contains(*class)).map(|(_, info)| info.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_that_panics_is_counted_and_goes_no_further() {
        let telemetry = Telemetry::new(&opentelemetry::global::meter("test"));
        apart(&telemetry, || panic!("inside the candidate"));
        apart(&telemetry, || telemetry.shadowed(&Word::fixed("app"), &[], None));
        let page = telemetry.page();
        for outcome in ["failed", "same"] {
            assert!(page.contains(&format!("octroi_shadow_decisions_total{{outcome=\"{outcome}\"}} 1")), "{page}");
        }
        telemetry.shadow_began();
        assert!(!telemetry.page().contains("octroi_shadow_decisions_total{"));
    }
}
