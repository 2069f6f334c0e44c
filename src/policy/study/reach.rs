//! What the scenarios of a sheet reach: which rules fire in them, and of which boundaries they have seen each side; and the
//! scenarios that would reach the rest.
//!
//! A boundary is what a condition asks, and its sides are true, false and, where a scenario can tell of it, unknown. Those of packs do
//! not count: their own scenarios watch over them.

use std::collections::BTreeSet;

use super::super::facts::by_label_as_told;
use super::super::resolved::{Atom, Condition, Gate, Rule};
use super::super::text::{Text, say};
use super::super::view::View;
use super::report::{Coverage, Suggestion};
use super::search::{Found, anywhere};
use super::side::standing;
use super::space::Space;
use super::{Study, sentence};
use crate::model::{BackendId, Certainty, Facts};

/// A side of a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    const ALL: [Self; 3] = [Self::True, Self::False, Self::Unknown];

    const fn of(certainty: Certainty) -> Self {
        match (certainty.possibly, certainty.surely) {
            (_, true) => Self::True,
            (true, false) => Self::Unknown,
            (false, false) => Self::False,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }

    fn told(self) -> Text {
        match self {
            Self::True => say!("true"),
            Self::False => say!("false"),
            Self::Unknown => say!("unknown"),
        }
    }
}

/// What some requests reach.
#[derive(Default)]
struct Reached {
    fired: BTreeSet<String>,
    seen: BTreeSet<(Atom, Truth)>,
}

impl Study {
    /// Which rules fire in the scenarios, and which boundaries they have seen true, false and unknown.
    pub fn coverage(&self) -> Coverage {
        let atoms = self.boundaries();
        let reached = self.reached(self.policy.scenarios().iter().map(|scenario| &scenario.facts), &atoms);
        let boundary = |atom: &Atom| {
            let missing: Vec<String> =
                sides(atom).filter(|truth| !reached.has(atom, *truth)).map(|truth| truth.name().to_owned()).collect();
            (!missing.is_empty()).then(|| (self.said(atom), missing))
        };
        Coverage {
            scenarios: self.policy.scenarios().len(),
            rules: self.own_rules().count(),
            silent: self.silent(&reached).map(|rule| rule.name.to_string()).collect(),
            dormant: self.dormant(),
            boundaries: atoms.len(),
            unseen: atoms.iter().filter_map(boundary).collect(),
        }
    }

    /// Scenarios that reach what neither the sheet's own nor those already suggested do, each side of a boundary where a rule is
    /// at work if there is such a request. What no scenario can tell is left out.
    pub(super) fn reaching(&self, suggested: &[Suggestion]) -> Vec<Suggestion> {
        let atoms = self.boundaries();
        let scenarios = self.policy.scenarios().iter().map(|scenario| &scenario.facts);
        let mut reached = self.reached(scenarios.chain(suggested.iter().map(|one| &one.facts)), &atoms);
        let space = self.space(true);
        let mut found = Vec::new();
        let mut add = |title: Text, facts: Facts, reached: &mut Reached| {
            if let Some(suggestion) = self.whole(&title, facts) {
                self.reach(&suggestion.facts, &atoms, reached);
                found.push(suggestion);
            }
        };
        let silent: Vec<&Rule> = self.silent(&reached).collect();
        for rule in silent {
            if reached.fired.contains(rule.name.as_str()) {
                continue;
            }
            let fires = |facts: &Facts| self.side().plan(facts).fired.contains(&rule.name);
            if let Some(facts) = self.request(&space, [&rule.gate], &fires) {
                add(say!("`{}` plays a part", rule.name), facts, &mut reached);
            }
        }
        for (atom, truth) in atoms.iter().flat_map(|atom| sides(atom).map(move |truth| (atom, truth))) {
            if reached.has(atom, truth) {
                continue;
            }
            let is_side = |facts: &Facts| self.truth(atom, facts) == truth;
            let gates: Vec<&Gate> = self.own_gates().filter(|gate| asks(gate, atom)).collect();
            let at_work = |facts: &Facts| {
                let plan = self.side().plan(facts);
                let mut rules = self.own_rules().filter(|rule| asks(&rule.gate, atom));
                is_side(facts) && rules.any(|rule| plan.fired.contains(&rule.name))
            };
            let alone = Gate { when: Some(Condition::Is(atom.clone())), ..Gate::default() };
            let facts = self.request(&space, gates, &at_work).or_else(|| self.request(&space, [&alone], &is_side));
            if let Some(facts) = facts {
                add(say!("{}: {}", self.said(atom), truth.told()), facts, &mut reached);
            }
        }
        found
    }

    /// A request that a scenario can tell, with a property that turns on what these gates ask.
    fn request<'a>(
        &self,
        space: &Space,
        gates: impl IntoIterator<Item = &'a Gate>,
        has: &dyn Fn(&Facts) -> bool,
    ) -> Option<Facts> {
        let says = !self.policy.says.is_empty();
        let mut dims = BTreeSet::new();
        gates.into_iter().for_each(|gate| space.asked(gate, says, &mut dims));
        let dims: Vec<usize> = dims.into_iter().collect();
        let tells = |facts: &Facts| sentence::given(facts, &self.catalogue, self.language, true).is_some();
        match anywhere(space, &dims, &|_| false, &|facts| has(facts) && tells(facts), None) {
            Found::Example(facts) => Some(*facts),
            Found::None | Found::Unknown => None,
        }
    }

    /// A scenario of all that becomes of a request, backend by backend.
    fn whole(&self, title: &Text, facts: Facts) -> Option<Suggestion> {
        let plan = self.side().plan(&facts);
        let (allowed, refused): (Vec<BackendId>, Vec<BackendId>) =
            self.backends().partition(|backend| standing(&plan, *backend).is_some());
        let refused = refused.into_iter().map(|backend| self.stands(&plan, backend));
        let allowed = allowed.into_iter().map(|backend| self.stands(&plan, backend));
        let then: Vec<String> = refused.chain(allowed).collect();
        self.scenario(title, facts, &then)
    }

    fn reached<'a>(&self, requests: impl Iterator<Item = &'a Facts>, atoms: &BTreeSet<Atom>) -> Reached {
        let mut reached = Reached::default();
        requests.for_each(|facts| self.reach(facts, atoms, &mut reached));
        reached
    }

    fn reach(&self, facts: &Facts, atoms: &BTreeSet<Atom>, reached: &mut Reached) {
        reached.fired.extend(self.side().plan(facts).fired.iter().map(ToString::to_string));
        reached.seen.extend(atoms.iter().map(|atom| (atom.clone(), self.truth(atom, facts))));
    }

    fn truth(&self, atom: &Atom, facts: &Facts) -> Truth {
        let mut facts = facts.clone();
        by_label_as_told(&mut facts, &self.policy);
        Truth::of(View::arrived(&facts, &self.policy).certainty(atom, None))
    }

    /// What the conditions of the sheets ask of a request as it arrives.
    fn boundaries(&self) -> BTreeSet<Atom> {
        let mut atoms = BTreeSet::new();
        for condition in self.own_gates().flat_map(Gate::conditions) {
            condition.visit(true, &mut |atom, _| {
                atoms.insert(atom.clone());
            });
        }
        atoms.retain(|atom| !matches!(atom, Atom::Still(_)));
        atoms
    }

    fn own_gates(&self) -> impl Iterator<Item = &Gate> {
        let opening = self.today.allows.iter().map(|allow| &allow.gate);
        let opening = opening.chain(self.today.tools.iter().map(|tool| &tool.gate));
        let falling = self.today.fall_backs.iter().map(|clause| &clause.gate);
        opening.chain(self.own_rules().map(|rule| &rule.gate)).chain(falling)
    }

    fn own_rules(&self) -> impl Iterator<Item = &Rule> {
        self.today.rules.iter().filter(|rule| !rule.pack)
    }

    fn silent(&self, reached: &Reached) -> impl Iterator<Item = &Rule> {
        self.own_rules().filter(|rule| !reached.fired.contains(rule.name.as_str()))
    }

    /// Rules of the sheets that are outside their window today.
    fn dormant(&self) -> Vec<String> {
        let rules = self.gathered.resolved.rules.iter().filter(|rule| !rule.pack);
        let awake = |rule: &&Rule| self.today.rules.iter().any(|known| known.name == rule.name);
        rules.filter(|rule| !awake(rule)).map(|rule| rule.name.to_string()).collect()
    }
}

impl Reached {
    fn has(&self, atom: &Atom, truth: Truth) -> bool {
        self.seen.contains(&(atom.clone(), truth))
    }
}

fn asks(gate: &Gate, atom: &Atom) -> bool {
    let mut asks = false;
    for condition in gate.conditions() {
        condition.visit(true, &mut |asked, _| asks |= asked == atom);
    }
    asks
}

/// The sides of a boundary that a scenario may see: it is sure of all that it gives, but what was not read may hold any data.
fn sides(atom: &Atom) -> impl Iterator<Item = Truth> {
    let uncertain = matches!(atom, Atom::Includes { .. } | Atom::HealthOfAPerson);
    Truth::ALL.into_iter().filter(move |truth| uncertain || *truth != Truth::Unknown)
}
