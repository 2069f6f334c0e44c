//! One policy in a search: what it surely does, and what it may do, while part of the request is still open.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::engine::{Undetected, evaluate};
use super::super::facts::{by_label, by_label_as_told, listed};
use super::super::program::has;
use super::super::resolved::{Atom, Condition, Gate, Resolved, Rule};
use super::super::view::View;
use super::super::{BackendSet, Policy};
use super::dim::Dim;
use super::look::Look;
use super::space::{Open, Place, Scope, Space};
use crate::model::{Action, BackendId, Certainty, Country, Facts, LabelFact, Plan, Removal, Word};

/// A policy with its rules as they stand today; rows of the program and rules have the same order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) policy: &'a Policy,
    pub(super) today: &'a Resolved,
    pub(super) now: Timestamp,
    /// Classes that nothing located count as located, as in a scenario.
    pub(super) told: bool,
}

impl<'a> Side<'a> {
    /// The decision on a request.
    pub(super) fn plan(&self, facts: &Facts) -> Plan {
        let facts = self.knows(facts.clone());
        let everyone: BackendSet = (0..).take(self.policy.backends().len()).map(BackendId).collect();
        evaluate(self.policy, &facts, &everyone, self.now, self.undetected())
    }

    /// How classes that nothing located meet duties.
    pub(super) fn undetected(&self) -> Undetected {
        if self.told { Undetected::Assumed } else { Undetected::Real }
    }

    /// Whether an `allow` is surely open for a request.
    pub(super) fn opens(&self, allow: usize, facts: &Facts) -> bool {
        let facts = self.knows(facts.clone());
        let bits = self.policy.program().bits(&View::arrived(&facts, self.policy));
        self.policy.program().allows.get(allow).is_some_and(|row| row.gate.surely_open(&bits))
    }

    /// A request as this policy sees it: a label that it does not list may be any, and one that it does says what it says.
    fn knows(&self, facts: Facts) -> Facts {
        let mut facts = self.labelled(facts);
        says(&mut facts, self.policy, self.told);
        facts
    }

    fn labelled(&self, mut facts: Facts) -> Facts {
        facts.label = self.knows_label(&facts.label);
        let countries = &self.policy.countries;
        for country in facts.residence.iter_mut().filter(|country| !countries.contains(*country)) {
            *country = Country::UNKNOWN;
        }
        facts
    }

    /// A label as this policy sees it, as the gateway would.
    pub(super) fn knows_label(&self, label: &LabelFact) -> LabelFact {
        seen(label, self.policy)
    }

    pub(super) fn look(self, space: &'a Space, place: &'a Place) -> Look<'a> {
        let least = self.labelled(space.extreme(place, Open::Least, self.policy, self.told));
        let most = self.labelled(space.extreme(place, Open::Most, self.policy, self.told));
        Look { side: self, space, place, least, most }
    }

    /// Whether a rule asks something of a backend: takes it out, or demands a change for it.
    pub(super) fn concerns(&self, rule: usize, backend: BackendId) -> bool {
        let row = self.policy.program().rules.get(rule);
        row.is_some_and(|row| has(&row.removes, backend) || (row.has_duties() && has(&row.on, backend)))
    }

    /// Whether it turns on what the duties leave whether a backend may have a request.
    pub(super) fn asks_still_of(&self, backend: BackendId) -> bool {
        let program = self.policy.program();
        let mut rules = program.rules.iter().enumerate();
        rules.any(|(index, rule)| rule.still && self.concerns(index, backend))
            || program.allows.iter().any(|allow| allow.still && has(&allow.admits, backend))
    }

    pub(super) fn removes(&self, rule: usize, backend: BackendId) -> bool {
        self.policy.program().rules.get(rule).is_some_and(|row| has(&row.removes, backend))
    }

    pub(super) fn demands(&self, rule: usize, backend: BackendId) -> bool {
        let row = self.policy.program().rules.get(rule);
        row.is_some_and(|row| row.has_duties() && has(&row.on, backend))
    }

    /// Whether a rule may refuse a backend and leave another: what it asks of both it refuses both, since what cannot be done to a request
    /// cannot be done for any backend.
    pub(super) fn parts(&self, rule: usize, (backend, other): (BackendId, BackendId)) -> bool {
        let still = self.asks_still_of(backend) || self.asks_still_of(other);
        let removes = self.removes(rule, backend) && (still || !self.removes(rule, other));
        let demands = self.demands(rule, backend) && (still || !self.demands(rule, other));
        removes || demands
    }

    pub(super) fn surely_demands(&self, rule: usize, backend: BackendId) -> bool {
        let row = self.policy.program().rules.get(rule);
        row.is_some_and(|row| row.has_duties() && has(&row.surely_on, backend))
    }

    pub(super) fn admits(&self, allow: usize, backend: BackendId) -> bool {
        self.policy.program().allows.get(allow).is_some_and(|row| has(&row.admits, backend))
    }

    /// The dimensions on which it depends what becomes of a backend.
    pub(super) fn depends(&self, space: &Space, backend: BackendId, into: &mut BTreeSet<usize>) {
        let says = !self.policy.says.is_empty();
        for (_, rule) in self.today.rules.iter().enumerate().filter(|(index, _)| self.demands(*index, backend)) {
            self.changed(space, rule, into);
        }
        for condition in self.conditions(backend) {
            condition.visit(true, &mut |atom, _| space.depends(atom, says, into));
        }
        space.depends(&Atom::Hosted, says, into);
    }

    /// The conditions on which it depends what becomes of a backend.
    fn conditions(&self, backend: BackendId) -> impl Iterator<Item = &'a Condition> {
        let side = *self;
        let allows = side.today.allows.iter().enumerate().filter(move |(index, _)| side.admits(*index, backend));
        let rules = side.today.rules.iter().enumerate().filter(move |(index, _)| side.concerns(*index, backend));
        let gates = allows.map(|(_, allow)| &allow.gate).chain(side.today.tools.iter().map(|tool| &tool.gate));
        let gates = gates.chain(rules.map(|(_, rule)| &rule.gate));
        gates.flat_map(Gate::conditions)
    }

    /// Adds what becomes of a backend to what a space has to tell apart.
    pub(super) fn tell(&self, backend: BackendId, scope: &mut Scope<'a>) {
        let rows = self.policy.program().rules.iter().enumerate();
        scope.conditions.extend(self.conditions(backend));
        scope.rules.extend(rows.filter(|(index, _)| self.concerns(*index, backend)).map(|(_, row)| row));
    }

    /// Whether it asks where somebody lives.
    pub(super) fn asks_residence(&self) -> bool {
        let mut asks = false;
        for condition in self.today.conditions() {
            condition.visit(true, &mut |atom, _| asks |= matches!(atom, Atom::Residence(_)));
        }
        asks
    }

    /// The conditions of its `fall back` clauses.
    pub(super) fn fall_back_conditions(&self) -> impl Iterator<Item = &'a Condition> {
        self.today.fall_backs.iter().flat_map(|clause| clause.gate.conditions())
    }

    /// All that may refuse a backend a request, each with the dimensions on which it depends alone, those of data last.
    pub(super) fn obstacles(&self, space: &Space, backend: BackendId) -> Vec<(Obstacle, Vec<usize>)> {
        if self.asks_still_of(backend) {
            // What the duties leave depends on all of them.
            return vec![self.everything(space, backend)];
        }
        let says = !self.policy.says.is_empty();
        let mut admitting = BTreeSet::new();
        let allows = self.today.allows.iter().enumerate().filter(|(index, _)| self.admits(*index, backend));
        allows.for_each(|(_, allow)| space.asked(&allow.gate, says, &mut admitting));
        let mut obstacles = vec![(Obstacle::NotAllowed, data_last(space, admitting))];
        for (index, rule) in self.today.rules.iter().enumerate().filter(|(index, _)| self.concerns(*index, backend)) {
            let mut dims = BTreeSet::new();
            space.asked(&rule.gate, says, &mut dims);
            if self.demands(index, backend) {
                self.changed(space, rule, &mut dims);
            }
            obstacles.push((Obstacle::Rule(index), data_last(space, dims)));
        }
        obstacles
    }

    /// Whatever decides on a backend, as one.
    pub(super) fn everything(&self, space: &Space, backend: BackendId) -> (Obstacle, Vec<usize>) {
        let mut dims = BTreeSet::new();
        self.depends(space, backend, &mut dims);
        (Obstacle::Any, dims.into_iter().collect())
    }

    /// The dimensions of what refuses a backend a request: of one rule where several do, since each must go.
    pub(super) fn hurdles(&self, space: &Space, backend: BackendId, facts: &Facts) -> BTreeSet<usize> {
        let mut into = BTreeSet::new();
        let plan = self.plan(facts);
        let Some(removed) = plan.removed.iter().find(|removed| removed.backend == backend) else { return into };
        let mut gates: Vec<&Gate> = Vec::new();
        match &removed.why {
            Removal::NotAllowed => {
                let admits = self.today.allows.iter().enumerate().filter(|(index, _)| self.admits(*index, backend));
                gates.extend(admits.map(|(_, allow)| &allow.gate));
            }
            Removal::Rules(rules) => {
                let named = rules.first().map(|(name, _)| name);
                match self.today.rules.iter().find(|rule| Some(&rule.name) == named) {
                    Some(rule) => gates.push(&rule.gate),
                    None => space.depends(&Atom::Hosted, false, &mut into),
                }
            }
            Removal::Duty(_) => {
                for (index, rule) in self.today.rules.iter().enumerate() {
                    if self.demands(index, backend) && plan.fired.contains(&rule.name) {
                        gates.push(&rule.gate);
                        self.changed(space, rule, &mut into);
                    }
                }
            }
            Removal::Expired | Removal::Frozen => {}
        }
        for gate in gates {
            space.asked(gate, !self.policy.says.is_empty(), &mut into);
        }
        into
    }

    /// The dimensions of what a rule changes, and of what cannot be changed because nobody read it.
    fn changed(&self, space: &Space, rule: &Rule, into: &mut BTreeSet<usize>) {
        into.extend(rule.actions.iter().filter_map(|(entity, _)| space.dim_of(*entity)));
        if !self.policy.says.is_empty() {
            // A label can take the data away.
            space.labels(into);
        }
        for (class, _) in &rule.class_actions {
            let what = super::super::resolved::What::Class(*class);
            space.depends(&Atom::Includes { what, at_least: 1, confidence: 0 }, !self.policy.says.is_empty(), into);
        }
        for atom in [Atom::ScanIncomplete, Atom::Unreadable, Atom::Reference] {
            space.depends(&atom, false, into);
        }
    }
}

/// A label as a policy sees it: in its own spelling, and unknown where it does not list it.
pub(super) fn seen(label: &LabelFact, policy: &Policy) -> LabelFact {
    match label {
        LabelFact::Named(named) => listed(named.as_str(), policy),
        label => label.clone(),
    }
}

/// Whether a label, as a policy sees it, is one of these.
pub(super) fn is_any(label: &LabelFact, labels: &[Word]) -> Certainty {
    match label {
        LabelFact::Absent => Certainty::FALSE,
        LabelFact::Unknown => Certainty::UNKNOWN,
        LabelFact::Named(label) => Certainty::known(labels.contains(label)),
    }
}

/// What the label of a request says. What is told rather than found is data as a detector would have found it.
pub(super) fn says(facts: &mut Facts, policy: &Policy, told: bool) {
    if told {
        by_label_as_told(facts, policy);
    } else {
        by_label(facts, policy);
    }
}

/// What may refuse a backend a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// No `allow` is open.
    NotAllowed,
    /// A rule, by its place.
    Rule(usize),
    /// Any of them.
    Any,
}

/// Dimensions with the types of data last, and of these health terms first: without one there is no health of a person, whoever is
/// named.
pub(super) fn data_last(space: &Space, dims: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let data = |at: &usize| matches!(space.dims.get(*at), Some(Dim::Type(..)));
    let (last, first): (Vec<usize>, Vec<usize>) = dims.into_iter().partition(data);
    let health = |at: &usize| matches!(space.dims.get(*at), Some(Dim::Type(entity, _)) if space.is_health(*entity));
    let (health, last): (Vec<usize>, Vec<usize>) = last.into_iter().partition(health);
    [first, health, last].concat()
}

/// Dimensions in the order of a search for what refuses: who asks, what was read and what was declared first, since that settles
/// most, then the types of data, those of a gate before all other.
pub(super) fn settled_first(gate: &Gate, space: &Space, says: bool, dims: &BTreeSet<usize>) -> Vec<usize> {
    data_last(space, led_by(gate, space, says, dims))
}

/// Dimensions with those of a gate first, and of these the types of data last: what leads a search is fixed first, and where nothing is
/// declared and a label takes data away, no type needs to be tried.
pub(super) fn led_by(gate: &Gate, space: &Space, says: bool, dims: &BTreeSet<usize>) -> Vec<usize> {
    let mut first = BTreeSet::new();
    space.asked(gate, says, &mut first);
    let rest = data_last(space, dims.difference(&first).copied());
    data_last(space, first).into_iter().chain(rest).collect()
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
