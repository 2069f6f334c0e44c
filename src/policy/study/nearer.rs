//! How a backend can become the nearest that may serve a request, although nothing more is allowed: those that were nearer are
//! refused, gone, no longer nearer, or serve fewer models. Without a `fall back` only the nearest tier is used, so that such a change moves traffic.

use super::super::resolved::Rule;
use super::alike::{may_fall_back_more, may_lose};
use super::causes::{Cause, as_strict};
use super::diff::Pair;
use super::look::Look;
use super::side::Obstacle;
use crate::model::{BackendId, Plan};

impl<'a> Pair<'a> {
    /// Rules that the old policy does not have so, and that refuse backends nearer than this one: they take one out, or demand of
    /// it what was not demanded, which may not be possible.
    pub(super) fn nearer(&self, old: BackendId) -> impl Iterator<Item = &'a Rule> {
        let (before, after) = (self.before, self.after);
        let tier = before.policy.backend(old).map(|backend| backend.tier);
        let new = self.new;
        let near = move |index: usize| {
            let mut backends = (0..).map(BackendId).zip(after.policy.backends());
            backends.any(|(id, backend)| Some(backend.tier) < tier && after.parts(index, (id, new)))
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
            Some(backend.tier) < tier
                && self.after.parts(index, (id, self.new))
                && after.may_stop(Obstacle::Rule(index), id)
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
            let left = self.still(was).is_none_or(|is| !stays(was, is));
            left.then(|| Cause::Left(was, backend.name.clone()))
        })
    }

    /// Whether it may have stood behind something nearer that does not surely stand before it now.
    pub(super) fn may_move(&self, before: &Look<'_>, after: &Look<'_>) -> bool {
        let was = self.old.and_then(|old| self.before.policy.backend(old)).map(|backend| backend.tier);
        let now = self.after.policy.backend(self.new).map(|backend| backend.tier);
        // Whatever was nearer, it did not stand behind that where it was refused itself.
        if before.must_fall_back() || !self.old.is_some_and(|old| before.may_allow(old)) {
            return false;
        }
        let falls_back = may_fall_back_more(before, after);
        let mut nearer = (0..).map(BackendId).zip(self.before.policy.backends());
        nearer.any(|(id, backend)| {
            let stays = |is: BackendId| {
                let tier = self.after.policy.backend(is).map(|backend| backend.tier);
                tier < now && (after.must_allow(is) || !may_lose((after, is), (before, id), self.new))
            };
            Some(backend.tier) < was && before.may_allow(id) && (falls_back || !self.still(id).is_some_and(stays))
        })
    }

    /// Whether it was allowed behind something nearer that does not stand before it now. A request may be served by these two alone:
    /// which backends serve its model and speak its API is the operator's to say, and no part of the policy.
    pub(super) fn moves(&self, before: &Plan, after: &Plan) -> bool {
        let tier = |plan: &Plan, backend: BackendId| {
            plan.choices.iter().find(|choice| choice.backend == backend).map(|choice| choice.tier)
        };
        let (Some(was), Some(now)) = (self.old.and_then(|old| tier(before, old)), tier(after, self.new)) else {
            return false;
        };
        !before.fall_back.open
            && before.choices.iter().filter(|nearer| nearer.tier < was).any(|nearer| {
                let stands = self.still(nearer.backend).and_then(|is| tier(after, is)).is_some_and(|tier| tier < now);
                after.fall_back.open || !stands
            })
    }

    /// The backend of the new policy that a backend of the old one still is, for every model that it served.
    fn still(&self, old: BackendId) -> Option<BackendId> {
        let was = self.before.policy.backend(old)?;
        let is = self.after.policy.id_of(was.name.as_str())?;
        let models = &self.after.policy.backend(is)?.binding.models;
        was.binding.models.iter().all(|model| models.contains(model)).then_some(is)
    }
}
