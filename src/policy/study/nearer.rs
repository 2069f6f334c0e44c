//! How a backend can become the nearest that may serve a request, although nothing more is allowed: those that were nearer are
//! refused, gone, or no longer nearer. Without a `fall back` only the nearest tier is used, so that such a change moves traffic.

use super::super::resolved::Rule;
use super::causes::{Cause, as_strict};
use super::diff::Pair;
use super::look::Look;
use super::side::{Obstacle, Side};
use crate::model::{BackendId, Plan};

impl<'a> Pair<'a> {
    /// Rules that the old policy does not have so, and that refuse backends nearer than this one: they take one out, or demand of
    /// it what was not demanded, which may not be possible.
    pub(super) fn nearer(&self, old: BackendId) -> impl Iterator<Item = &'a Rule> {
        let (before, after) = (self.before, self.after);
        let tier = before.policy.backend(old).map(|backend| backend.tier);
        let near = move |index: usize| {
            let mut backends = (0..).map(BackendId).zip(after.policy.backends());
            backends.any(|(id, backend)| after.concerns(index, id) && Some(backend.tier) < tier)
        };
        let was = move |index: usize, rule: &Rule| {
            before.today.rules.iter().enumerate().any(|(at, other)| {
                other.gate == rule.gate
                    && (0..).map(BackendId).zip(after.policy.backends()).all(|(id, backend)| {
                        before.policy.id_of(backend.name.as_str()).is_none_or(|known| {
                            (!after.removes(index, id) || before.removes(at, known))
                                && (!after.demands(index, id)
                                    || (before.demands(at, known) && as_strict((before, other), (after, rule))))
                        })
                    })
            })
        };
        let rules = after.today.rules.iter().enumerate();
        rules.filter(move |(index, rule)| near(*index) && !was(*index, rule)).map(|(_, rule)| rule)
    }

    /// Whether a rule of the new policy may refuse a backend nearer than this one.
    pub(super) fn may_stop_nearer(&self, rule: &Rule, after: &Look<'_>) -> bool {
        let Some(index) = self.after.today.rules.iter().position(|known| known.name == rule.name) else { return true };
        // As in the old policy or the new one: what was nearer may no longer be.
        let tier = self.old.and_then(|old| self.before.policy.backend(old)).map(|backend| backend.tier);
        let mut backends = (0..).map(BackendId).zip(self.after.policy.backends());
        backends.any(|(id, backend)| {
            Some(backend.tier) < tier && self.after.concerns(index, id) && after.may_stop(Obstacle::Rule(index), id)
        })
    }

    /// Backends of the old policy nearer than this one that the new one does not have, holds to be no nearer, or admits by less.
    pub(super) fn left(&self, old: BackendId) -> impl Iterator<Item = Cause<'a>> {
        let (before, after, new) = (self.before, self.after, self.new);
        let tier = before.policy.backend(old).map(|backend| backend.tier);
        let now = after.policy.backend(new).map(|backend| backend.tier);
        let stays = move |was: BackendId, is: BackendId| {
            let admitted = before.today.allows.iter().enumerate().filter(move |(index, _)| before.admits(*index, was));
            let mut kept = admitted.map(move |(_, allow)| {
                let mut others = after.today.allows.iter().enumerate();
                others.any(|(index, other)| after.admits(index, is) && other.gate == allow.gate)
            });
            after.policy.backend(is).map(|backend| backend.tier) < now && kept.all(|kept| kept)
        };
        let nearer = (0..).map(BackendId).zip(before.policy.backends());
        nearer.filter(move |(_, backend)| Some(backend.tier) < tier).filter_map(move |(was, backend)| {
            let is = after.policy.id_of(backend.name.as_str());
            let left = is.is_none_or(|is| !stays(was, is));
            left.then(|| Cause::Left(was, backend.name.clone()))
        })
    }

    /// Whether it may have stood behind something nearer, and nothing nearer surely serves now.
    pub(super) fn may_move(&self, before: &Look<'_>, after: &Look<'_>) -> bool {
        let nearer = |side: Side<'a>, own: Option<BackendId>| {
            let tier = own.and_then(|own| side.policy.backend(own)).map(|backend| backend.tier);
            let backends = (0..).map(BackendId).zip(side.policy.backends());
            backends.filter(move |(_, backend)| Some(backend.tier) < tier).map(|(id, _)| id)
        };
        nearer(self.before, self.old).any(|id| before.may_allow(id))
            && (!self.after.today.fall_backs.is_empty()
                || !nearer(self.after, Some(self.new)).any(|id| after.must_allow(id)))
    }

    /// Whether it was allowed behind something nearer, and now nothing nearer is left.
    pub(super) fn moves(&self, before: &Plan, after: &Plan) -> bool {
        let first = |plan: &Plan, backend: BackendId| {
            let tier = plan.choices.iter().find(|choice| choice.backend == backend).map(|choice| choice.tier);
            tier.is_some() && (plan.fall_back.open || plan.choices.first().map(|choice| choice.tier) == tier)
        };
        let stood = |old: BackendId| before.choices.iter().any(|choice| choice.backend == old);
        self.old.is_some_and(|old| stood(old) && !first(before, old)) && first(after, self.new)
    }
}
