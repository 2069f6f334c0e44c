//! What both decisions on a request allow: the one that it began under, and the newest.

use std::sync::Arc;

use super::examine::Examined;
use crate::model::{Duties, FallBack, Tier, Word};

/// A backend that may have the request.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    pub(super) name: Word,
    pub(super) tier: Tier,
    pub(super) rank: u32,
    pub(super) duties: Duties,
}

/// The backends that serve a model and that both allow, with the strictest duties of both, nearest first.
pub(super) fn allowed(first: &Arc<Examined>, newest: &Arc<Examined>, model: &Word) -> Vec<Allowed> {
    let mut allowed = Vec::new();
    for choice in newest.choices_for(model) {
        let Some(backend) = newest.backend(choice.backend) else { continue };
        let name = backend.name.clone();
        if Arc::ptr_eq(first, newest) {
            allowed.push(Allowed { name, tier: choice.tier, rank: choice.rank, duties: choice.duties.clone() });
            continue;
        }
        let is_it = |id| first.backend(id).is_some_and(|earlier| earlier.name == name);
        let Some(earlier) = first.choices_for(model).find(|earlier| is_it(earlier.backend)) else { continue };
        // The catalogues may number types differently: duties are carried over by name, and a type that the newest catalogue
        // does not know cannot be looked after.
        let Some(carried) = carried(first, newest, &earlier.duties) else { continue };
        let mut duties = choice.duties.clone();
        duties.merge(&carried);
        allowed.push(Allowed { name, tier: choice.tier.max(earlier.tier), rank: choice.rank, duties });
    }
    allowed.sort_by_key(|allowed| (allowed.tier, allowed.rank));
    allowed
}

fn carried(first: &Examined, newest: &Examined, duties: &Duties) -> Option<Duties> {
    let mut carried = Duties { actions: Vec::new(), log_sealed: duties.log_sealed };
    for (entity, action) in &duties.actions {
        let name = &first.snapshot.catalogue.info(*entity)?.name;
        carried.require(newest.snapshot.catalogue.entity(name.as_str())?, *action);
    }
    Some(carried)
}

/// The hosts into whose addresses the answer may have values put back: those that both decisions have.
pub(super) fn value_hosts(first: &Arc<Examined>, newest: &Arc<Examined>) -> Arc<[Word]> {
    let (earlier, now) = (&first.plan.value_hosts, &newest.plan.value_hosts);
    if Arc::ptr_eq(first, newest) {
        return Arc::clone(now);
    }
    now.iter().filter(|host| earlier.contains(host)).cloned().collect()
}

/// The clause, as both decisions have it.
pub(super) fn fall_back(first: &Examined, newest: &Examined) -> FallBack {
    let (first, newest) = (first.plan.fall_back, newest.plan.fall_back);
    FallBack {
        open: first.open && newest.open,
        after_ms: first.after_ms.zip(newest.after_ms).map(|(first, newest)| first.max(newest)),
    }
}
