//! One policy in a search: what it surely does, and what it may do, while part of the request is still open.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::engine::{Undetected, evaluate};
use super::super::facts::by_label;
use super::super::program::has;
use super::super::resolved::{Atom, Condition, Gate, Resolved, Rule};
use super::super::tree::Expr;
use super::super::view::View;
use super::super::{BackendSet, Policy};
use super::space::{Bound, Open, Place, Space};
use crate::model::{Action, BackendId, Facts, Plan};

/// A policy with its rules as they stand today; rows of the program and rules have the same order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) policy: &'a Policy,
    pub(super) today: &'a Resolved,
    pub(super) now: Timestamp,
    /// Classes that nothing located count as located, as in a scenario.
    pub(super) told: bool,
}

/// One side at one place of the space.
pub(super) struct Look<'a> {
    side: Side<'a>,
    space: &'a Space,
    place: &'a Place,
    least: Facts,
    most: Facts,
}

impl<'a> Side<'a> {
    /// The decision on a request.
    pub(super) fn plan(&self, facts: &Facts) -> Plan {
        let mut facts = facts.clone();
        by_label(&mut facts, self.policy);
        let everyone: BackendSet = (0..).take(self.policy.backends().len()).map(BackendId).collect();
        let undetected = if self.told { Undetected::Assumed } else { Undetected::Real };
        evaluate(self.policy, &facts, &everyone, self.now, undetected)
    }

    pub(super) fn look(self, space: &'a Space, place: &'a Place) -> Look<'a> {
        let least = space.extreme(place, Open::Least, self.policy);
        let most = space.extreme(place, Open::Most, self.policy);
        Look { side: self, space, place, least, most }
    }

    /// Whether a rule asks something of a backend: takes it out, or demands a change for it.
    pub(super) fn concerns(&self, rule: usize, backend: BackendId) -> bool {
        let row = self.policy.program().rules.get(rule);
        row.is_some_and(|row| has(&row.removes, backend) || (row.has_duties() && has(&row.on, backend)))
    }

    pub(super) fn removes(&self, rule: usize, backend: BackendId) -> bool {
        self.policy.program().rules.get(rule).is_some_and(|row| has(&row.removes, backend))
    }

    pub(super) fn demands(&self, rule: usize, backend: BackendId) -> bool {
        let row = self.policy.program().rules.get(rule);
        row.is_some_and(|row| row.has_duties() && has(&row.on, backend))
    }

    pub(super) fn admits(&self, allow: usize, backend: BackendId) -> bool {
        self.policy.program().allows.get(allow).is_some_and(|row| has(&row.admits, backend))
    }

    /// The dimensions on which it depends what becomes of a backend.
    pub(super) fn depends(&self, space: &Space, backend: BackendId, into: &mut BTreeSet<usize>) {
        let says = !self.policy.says.is_empty();
        let mut gates: Vec<&Gate> = Vec::new();
        for (index, allow) in self.today.allows.iter().enumerate() {
            if self.admits(index, backend) {
                gates.push(&allow.gate);
            }
        }
        gates.extend(self.today.tools.iter().map(|tool| &tool.gate));
        for (index, rule) in self.today.rules.iter().enumerate().filter(|(index, _)| self.concerns(*index, backend)) {
            gates.push(&rule.gate);
            if self.demands(index, backend) {
                self.changed(space, rule, into);
            }
        }
        for condition in gates.into_iter().flat_map(|gate| gate.when.iter().chain(&gate.unless)) {
            condition.visit(true, &mut |atom, _| space.depends(atom, says, into));
        }
        space.depends(&Atom::Hosted, says, into);
    }

    /// The dimensions of what a rule changes, and of what cannot be changed because nobody read it.
    fn changed(&self, space: &Space, rule: &Rule, into: &mut BTreeSet<usize>) {
        into.extend(rule.actions.iter().filter_map(|(entity, _)| space.dim_of(*entity)));
        for (class, _) in &rule.class_actions {
            let what = super::super::resolved::What::Class(*class);
            space.depends(&Atom::Includes { what, at_least: 1, confidence: 0 }, !self.policy.says.is_empty(), into);
        }
        for atom in [Atom::ScanIncomplete, Atom::Unreadable, Atom::Reference] {
            space.depends(&atom, false, into);
        }
    }
}

/// Dimensions with those of a gate first: what leads a search is fixed first.
pub(super) fn led_by(gate: &Gate, space: &Space, says: bool, dims: &BTreeSet<usize>) -> Vec<usize> {
    let mut first = BTreeSet::new();
    for condition in gate.when.iter().chain(&gate.unless) {
        condition.visit(true, &mut |atom, _| space.depends(atom, says, &mut first));
    }
    let rest = dims.iter().filter(|dim| !first.contains(dim));
    first.iter().chain(rest).copied().collect()
}

impl Look<'_> {
    fn condition(&self, condition: &Condition, least: &View<'_>, most: &View<'_>) -> Bound {
        match condition {
            Expr::Is(atom) => self.space.bound(atom, self.place, least, most),
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

    /// Whether what opens a flow can be open.
    pub(super) fn may_open(&self, gate: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        when.most.surely && !unless.least.possibly
    }

    fn must_open(&self, gate: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        when.least.surely && !unless.most.possibly
    }

    /// Whether the backend can be allowed: some `allow` can open, and no rule must take it out.
    pub(super) fn may_allow(&self, backend: BackendId) -> bool {
        let side = &self.side;
        let opens = |(index, allow): (usize, &super::super::resolved::Allow)| {
            side.admits(index, backend) && self.may_open(&allow.gate)
        };
        side.today.allows.iter().enumerate().any(opens)
            && !side
                .today
                .rules
                .iter()
                .enumerate()
                .any(|(index, rule)| !rule.gate.asks_still() && side.removes(index, backend) && self.must_fire(rule))
    }

    /// Whether the backend is allowed, and as it is, whatever is still open.
    pub(super) fn must_allow(&self, backend: BackendId) -> bool {
        let side = &self.side;
        let hosted = self.space.bound(
            &Atom::Hosted,
            self.place,
            &View::arrived(&self.least, side.policy),
            &View::arrived(&self.most, side.policy),
        );
        !hosted.most.possibly
            && !side.policy.program().asks_still()
            && side
                .today
                .allows
                .iter()
                .enumerate()
                .any(|(index, allow)| side.admits(index, backend) && self.must_open(&allow.gate))
            && !side
                .today
                .rules
                .iter()
                .enumerate()
                .any(|(index, rule)| side.concerns(index, backend) && self.may_fire(rule))
    }
}

/// How a backend stands in a plan: not at all, or with these duties.
pub(super) fn standing(plan: &Plan, backend: BackendId) -> Option<&crate::model::Duties> {
    plan.choices.iter().find(|choice| choice.backend == backend).map(|choice| &choice.duties)
}

/// Whether something is possible under the second that was not under the first: the backend, or a milder change.
pub(super) fn opens(
    before: Option<&crate::model::Duties>,
    after: Option<&crate::model::Duties>,
    facts: &Facts,
) -> bool {
    match (before, after) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(before), Some(after)) => {
            let milder = |fact: &crate::model::TypeFact| {
                after.action(fact.entity) < before.action(fact.entity) && before.action(fact.entity) > Action::Keep
            };
            facts.types.iter().any(milder) || (before.log_sealed && !after.log_sealed)
        }
    }
}
