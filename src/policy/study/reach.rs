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
use super::side::{data_last, standing};
use super::space::{Place, Space};
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
    /// at work if there is such a request; and what the search was given up for. What no scenario can tell is left out.
    pub(super) fn reaching(&self, suggested: &[Suggestion]) -> (Vec<Suggestion>, Vec<String>) {
        let atoms = self.boundaries();
        let scenarios = self.policy.scenarios().iter().map(|scenario| &scenario.facts);
        let mut reached = self.reached(scenarios.chain(suggested.iter().map(|one| &one.facts)), &atoms);
        let space = self.space(true);
        let (mut found, mut given_up) = (Vec::new(), Vec::new());
        let mut add = |title: Text, sought: Found, reached: &mut Reached| match sought {
            Found::Example(facts) => {
                if let Some(suggestion) = self.whole(&title, *facts) {
                    self.reach(&suggestion.facts, &atoms, reached);
                    found.push(suggestion);
                }
            }
            Found::Unknown => given_up.push(title.said(self.language)),
            Found::None => {}
        };
        let silent: Vec<&Rule> = self.silent(&reached).collect();
        for rule in silent {
            if !reached.fired.contains(rule.name.as_str()) {
                add(say!("`{}` plays a part", rule.name), self.request(&space, Some(rule), None), &mut reached);
            }
        }
        for (atom, truth) in atoms.iter().flat_map(|atom| sides(atom).map(move |truth| (atom, truth))) {
            if reached.has(atom, truth) {
                continue;
            }
            let asking = self.own_rules().filter(|rule| asks(&rule.gate, atom));
            let tries = asking.map(Some).chain([None]).map(|rule| self.request(&space, rule, Some((atom, truth))));
            let mut sought = Found::None;
            for tried in tries {
                match tried {
                    Found::None => {}
                    other => sought = other,
                }
                if matches!(sought, Found::Example(_)) {
                    break;
                }
            }
            add(say!("{}: {}", self.said(atom), truth.told()), sought, &mut reached);
        }
        (found, given_up)
    }

    /// A request that a scenario can tell, on which a rule fires, and that sees a side of a boundary.
    fn request(&self, space: &Space, rule: Option<&Rule>, seen: Option<(&Atom, Truth)>) -> Found {
        let (says, side) = (!self.policy.says.is_empty(), self.side());
        let alone = seen.map(|(atom, _)| Gate { when: Some(Condition::Is(atom.clone())), ..Gate::default() });
        let mut dims = BTreeSet::new();
        rule.map(|rule| &rule.gate).into_iter().chain(&alone).for_each(|gate| space.asked(gate, says, &mut dims));
        let excluded = |place: &Place| {
            let look = side.look(space, place);
            rule.is_some_and(|rule| !look.may_fire(rule))
                || seen.is_some_and(|(atom, truth)| {
                    let (least, most) = look.bound(atom);
                    match truth {
                        Truth::True => !most.surely,
                        Truth::False => least.possibly,
                        Truth::Unknown => !most.possibly || least.surely,
                    }
                })
        };
        let has = |facts: &Facts| {
            rule.is_none_or(|rule| side.plan(facts).fired.contains(&rule.name))
                && seen.is_none_or(|(atom, truth)| self.truth(atom, facts) == truth)
                && sentence::given(facts, &self.catalogue, self.language, true).is_some()
        };
        anywhere(space, &data_last(space, dims), &excluded, &has, None)
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
