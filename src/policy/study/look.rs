//! What a policy surely does, and what it may do, while part of a request is still open.

use super::super::program::has;
use super::super::resolved::{Atom, Condition, Gate, Rule};
use super::super::tree::Expr;
use super::super::view::View;
use super::causes::as_strict;
use super::side::{Obstacle, Side};
use super::space::{Bound, Place, Space};
use crate::model::{Action, BackendId, Certainty, Facts};

/// One side at one place of the space.
pub(super) struct Look<'a> {
    pub(super) side: Side<'a>,
    pub(super) space: &'a Space,
    pub(super) place: &'a Place,
    pub(super) least: Facts,
    pub(super) most: Facts,
}

impl Look<'_> {
    fn condition(&self, condition: &Condition, least: &View<'_>, most: &View<'_>) -> Bound {
        match condition {
            Expr::Is(atom) => self.space.bound(atom, self.place, self.side.policy, (least, most)),
            Expr::Not(inner) => self.condition(inner, least, most).negated(),
            Expr::All(parts) => parts.iter().fold(Bound::TRUE, |all, part| all.and(self.condition(part, least, most))),
            Expr::Any(parts) => parts.iter().fold(Bound::FALSE, |any, part| any.or(self.condition(part, least, most))),
        }
    }

    fn gate(&self, gate: &Gate) -> (Bound, Bound) {
        let (least, most) = (View::arrived(&self.least, self.side.policy), View::arrived(&self.most, self.side.policy));
        let when = gate.when.as_ref().map_or(Bound::TRUE, |when| self.condition(when, &least, &most));
        let unless = gate.unless.as_ref().map_or(Bound::FALSE, |unless| self.condition(unless, &least, &most));
        (when, unless)
    }

    /// What is the least and the most that can be said of an atom.
    pub(super) fn bound(&self, atom: &Atom) -> (Certainty, Certainty) {
        let views = (&View::arrived(&self.least, self.side.policy), &View::arrived(&self.most, self.side.policy));
        let Bound { least, most } = self.space.bound(atom, self.place, self.side.policy, views);
        (least, most)
    }

    /// Whether a rule fires whatever is still open.
    pub(super) fn must_fire(&self, rule: &Rule) -> bool {
        let (when, unless) = self.gate(&rule.gate);
        when.least.possibly && !unless.most.surely
    }

    /// Whether a rule can fire.
    pub(super) fn may_fire(&self, rule: &Rule) -> bool {
        let (when, unless) = self.gate(&rule.gate);
        when.most.possibly && !unless.least.surely
    }

    /// Whether what a rule's gate asks, and a wider one that lacks a clause of it does not, can keep the rule from firing.
    pub(super) fn may_hold_back(&self, gate: &Gate, wider: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        (wider.when != gate.when && !when.least.possibly) || (wider.unless != gate.unless && unless.most.surely)
    }

    /// Whether what opens a flow can be open.
    pub(super) fn may_open(&self, gate: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        when.most.surely && !unless.least.possibly
    }

    pub(super) fn must_open(&self, gate: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        when.least.surely && !unless.most.possibly
    }

    /// Whether a `fall back` is open whatever is still open.
    pub(super) fn must_fall_back(&self) -> bool {
        self.side.today.fall_backs.iter().any(|clause| self.must_open(&clause.gate))
    }

    /// Whether the backend can be allowed: some `allow` can open, and nothing must take it out.
    pub(super) fn may_allow(&self, backend: BackendId) -> bool {
        let side = &self.side;
        let opens = |(index, allow): (usize, &super::super::resolved::Allow)| {
            side.admits(index, backend) && self.may_open(&allow.gate)
        };
        side.today.allows.iter().enumerate().any(opens)
            && !self.must_refuse_tools()
            && !side.today.rules.iter().enumerate().any(|(index, rule)| self.must_refuse(index, rule, backend))
    }

    /// Whether a rule must refuse the backend, whatever is still open: it takes it out, or demands what cannot be done.
    fn must_refuse(&self, index: usize, rule: &Rule, backend: BackendId) -> bool {
        let side = &self.side;
        let Some(row) = side.policy.program().rules.get(index) else { return false };
        let (removes, demands) = (has(&row.removes, backend), row.has_duties() && has(&row.on, backend));
        if !(removes || demands) || !self.must_fire(rule) {
            return false;
        }
        let undoable = |action: Action| action == Action::Block || !(action == Action::Keep || side.policy.can(action));
        let least = View::arrived(&self.least, side.policy);
        let blocks = || {
            let mut found = self.least.types.iter().filter(|fact| fact.possibly > 0);
            found.any(|fact| undoable(row.action(fact.entity)))
        };
        let nowhere = || {
            let mut declared = row.class_actions.iter().filter(|(class, _)| least.undetected().contains(*class));
            let lost = least.nowhere(side.undetected());
            declared.any(|(class, action)| lost.contains(*class) || undoable(*action))
        };
        removes || (row.seals && !side.policy.seals()) || (row.changes() && (least.opaque() || blocks() || nowhere()))
    }

    /// Whether the backend is allowed whatever is still open, with or without duties.
    pub(super) fn must_admit(&self, backend: BackendId) -> bool {
        let side = &self.side;
        if side.asks_still_of(backend) {
            // What the duties leave may refuse it in the second decision.
            return self.must_allow(backend);
        }
        let most = View::arrived(&self.most, side.policy);
        let admits = |(index, allow): (usize, &super::super::resolved::Allow)| {
            side.admits(index, backend) && self.must_open(&allow.gate)
        };
        self.most.hosted.is_empty()
            && side.today.allows.iter().enumerate().any(admits)
            && !side.today.rules.iter().enumerate().any(|(index, rule)| self.may_refuse(index, rule, backend, &most))
    }

    /// Whether it may depend on a rule alone that the backend is refused: by what it does itself, or by what is asked after its
    /// duties.
    pub(super) fn may_matter(&self, rule: &Rule, backend: BackendId) -> bool {
        let side = &self.side;
        let Some(index) = side.today.rules.iter().position(|known| known.name == rule.name) else { return true };
        let most = View::arrived(&self.most, side.policy);
        side.asks_still_of(backend) || self.may_refuse(index, rule, backend, &most)
    }

    /// Whether an obstacle may be one for the backend.
    pub(super) fn may_stop(&self, obstacle: Obstacle, backend: BackendId) -> bool {
        let side = &self.side;
        match obstacle {
            Obstacle::Any => !self.must_allow(backend),
            Obstacle::NotAllowed => {
                let mut admits = side.today.allows.iter().enumerate().filter(|(index, _)| side.admits(*index, backend));
                !admits.any(|(_, allow)| self.must_open(&allow.gate))
            }
            Obstacle::Rule(index) => {
                let most = View::arrived(&self.most, side.policy);
                side.today.rules.get(index).is_none_or(|rule| self.may_refuse(index, rule, backend, &most))
            }
        }
    }

    /// Whether the backend must be given at least the duties of a rule, of this policy or another, by some rule that fires.
    pub(super) fn must_do(&self, (whose, rule): (Side<'_>, &Rule), backend: BackendId) -> bool {
        let mut rules = self.side.today.rules.iter().enumerate();
        rules.any(|(index, other)| {
            self.side.demands(index, backend) && as_strict((self.side, other), (whose, rule)) && self.must_fire(other)
        })
    }

    /// Whether a rule may refuse the backend: it takes it out, or demands what perhaps cannot be done.
    fn may_refuse(&self, index: usize, rule: &Rule, backend: BackendId, most: &View<'_>) -> bool {
        let side = &self.side;
        let Some(row) = side.policy.program().rules.get(index) else { return true };
        let (removes, demands) = (has(&row.removes, backend), row.has_duties() && has(&row.on, backend));
        let undoable = |action: Action| action == Action::Block || !(action == Action::Keep || side.policy.can(action));
        let blocks = || self.most.types.iter().any(|fact| undoable(row.action(fact.entity)));
        let nowhere = || {
            let mut declared = row.class_actions.iter().filter(|(class, _)| most.undetected().contains(*class));
            let lost = most.nowhere(side.undetected());
            declared.any(|(class, action)| lost.contains(*class) || undoable(*action))
        };
        let unsealed = row.seals && !side.policy.seals();
        let perhaps_not = || unsealed || (row.changes() && (most.opaque() || blocks() || nowhere()));
        (removes || (demands && perhaps_not())) && self.may_fire(rule)
    }

    /// Whether the request must hold a hosted tool that no line can allow.
    fn must_refuse_tools(&self) -> bool {
        let allowed = |tool: &(crate::model::Word, Option<crate::model::Word>)| {
            let mut rows = self.side.today.tools.iter().filter(|row| row.tool == tool.0 && row.host == tool.1);
            rows.any(|row| self.may_open(&row.gate))
        };
        !self.least.hosted.iter().all(allowed)
    }

    /// Whether something that is asked after the duties may be so: data that would be identified may be there.
    pub(super) fn may_still(&self) -> bool {
        let (least, most) = (View::arrived(&self.least, self.side.policy), View::arrived(&self.most, self.side.policy));
        let mut may = false;
        for condition in self.side.today.conditions() {
            condition.visit(true, &mut |atom, _| {
                may |= matches!(atom, Atom::Still(_))
                    && self.space.bound(atom, self.place, self.side.policy, (&least, &most)).most.possibly;
            });
        }
        may
    }

    /// Whether the backend is allowed, and as it is, whatever is still open.
    pub(super) fn must_allow(&self, backend: BackendId) -> bool {
        let side = &self.side;
        let hosted = self.space.bound(
            &Atom::Hosted,
            self.place,
            side.policy,
            (&View::arrived(&self.least, side.policy), &View::arrived(&self.most, side.policy)),
        );
        let admits = |(index, allow): (usize, &super::super::resolved::Allow)| {
            side.admits(index, backend) && self.must_open(&allow.gate)
        };
        !hosted.most.possibly
            && side.today.allows.iter().enumerate().any(admits)
            && !side
                .today
                .rules
                .iter()
                .enumerate()
                .any(|(index, rule)| side.concerns(index, backend) && self.may_fire(rule))
    }
}
