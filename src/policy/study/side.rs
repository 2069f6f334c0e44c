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
use super::dim::Dim;
use super::space::{Bound, Open, Place, Space};
use crate::model::{Action, BackendId, Facts, LabelFact, Plan};

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
        let mut facts = self.knows(facts.clone());
        by_label(&mut facts, self.policy);
        let everyone: BackendSet = (0..).take(self.policy.backends().len()).map(BackendId).collect();
        let undetected = if self.told { Undetected::Assumed } else { Undetected::Real };
        evaluate(self.policy, &facts, &everyone, self.now, undetected)
    }

    /// Whether an `allow` is surely open for a request.
    pub(super) fn opens(&self, allow: usize, facts: &Facts) -> bool {
        let mut facts = self.knows(facts.clone());
        by_label(&mut facts, self.policy);
        let bits = self.policy.program().bits(&View::arrived(&facts, self.policy));
        self.policy.program().allows.get(allow).is_some_and(|row| row.gate.surely_open(&bits))
    }

    /// A request as this policy sees it: a label that it does not list may be any.
    fn knows(&self, mut facts: Facts) -> Facts {
        if matches!(&facts.label, LabelFact::Named(label) if !self.policy.labels().contains(label)) {
            facts.label = LabelFact::Unknown;
        }
        facts
    }

    pub(super) fn look(self, space: &'a Space, place: &'a Place) -> Look<'a> {
        let least = self.knows(space.extreme(place, Open::Least, self.policy));
        let most = self.knows(space.extreme(place, Open::Most, self.policy));
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

/// Dimensions in the order of a search for what refuses: who asks, what was read and what was declared first, since that settles
/// most, then the types of data, those of a gate before all other.
pub(super) fn settled_first(gate: &Gate, space: &Space, says: bool, dims: &BTreeSet<usize>) -> Vec<usize> {
    let data = |at: &usize| matches!(space.dims.get(*at), Some(Dim::Type(..)));
    let led = led_by(gate, space, says, dims);
    let (last, first): (Vec<usize>, Vec<usize>) = led.into_iter().partition(data);
    first.into_iter().chain(last).collect()
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

    pub(super) fn must_open(&self, gate: &Gate) -> bool {
        let (when, unless) = self.gate(gate);
        when.least.surely && !unless.most.possibly
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
            let declared = row.class_actions.iter().filter(|(class, _)| least.undetected().contains(*class));
            declared.into_iter().any(|(_, action)| !side.told || undoable(*action))
        };
        removes || (row.seals && !side.policy.seals()) || (row.changes() && (least.opaque() || blocks() || nowhere()))
    }

    /// Whether the backend is allowed whatever is still open, with or without duties.
    pub(super) fn must_admit(&self, backend: BackendId) -> bool {
        let side = &self.side;
        if side.policy.program().asks_still() {
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
        side.policy.program().asks_still() || self.may_refuse(index, rule, backend, &most)
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
            declared.any(|(_, action)| !side.told || undoable(*action))
        };
        let perhaps_not = || row.seals || (row.changes() && (most.opaque() || blocks() || nowhere()));
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
