//! Changes of a sheet that weaken it, one at a time: what `test --mutate` puts to the scenarios.
//!
//! A rule is taken out, or one of its clauses or duties; a duty becomes milder; a part of its condition goes, one of its numbers
//! grows, a group or a list of labels loses one; what spares it (`unless`, exceptions) asks for less; `only` asks one thing less of
//! a backend, `on` and `never` speak of fewer; an `allow` loses its condition or a part of it, or asks one thing less of a backend; a
//! label brings nothing any more. Packs are not changed: their own scenarios watch over them. Nor are `fall back`, of which no scenario can speak, and days:
//! scenarios are put to the sheets of today.

use super::super::phrase::Phrase;
use super::super::resolved::{Atom, Gate, Predicate, Quality, Resolved, Rule};
use super::super::text::{Text, say};
use super::side::Side;
use super::weaker::{self, Weaker};
use super::{Study, sentence};
use crate::model::{Action, BackendId, ClassId, EntityId};

/// A change in words, the sheets with it, and where it can show.
pub(super) type Mutation = (Text, Resolved, Weakened);

/// What was weakened: it can only show where it did something.
pub(super) enum Weakened {
    /// A rule, and whether what it demanded is gone.
    Rule(Box<Rule>, bool),
    Allow(Gate),
    /// The backends of an `allow`: it shows where the line is open.
    Admitted(Gate),
    /// What a label says of the data; it is said whatever else holds.
    Label(Gate),
}

impl Weakened {
    pub(super) const fn gate(&self) -> &Gate {
        match self {
            Self::Rule(rule, _) => &rule.gate,
            Self::Allow(gate) | Self::Admitted(gate) | Self::Label(gate) => gate,
        }
    }

    /// Whether something that was to be done on the way is gone.
    pub(super) const fn demands(&self) -> bool {
        matches!(self, Self::Rule(_, true))
    }

    /// Whether a rule takes backends out.
    pub(super) fn refuses(&self) -> bool {
        matches!(self, Self::Rule(rule, _) if rule.only.is_some() || rule.never.is_some())
    }

    /// Whether it does anything for a backend, and something else in the weaker sheets. What a rule demands of one can change what
    /// becomes of it in the second decision.
    pub(super) fn concerns(&self, (side, weaker): (&Side<'_>, &Side<'_>), backend: BackendId) -> bool {
        let Self::Rule(rule, _) = self else { return true };
        let place = |side: &Side<'_>| side.today.rules.iter().position(|known| known.name == rule.name);
        let Some(index) = place(side) else { return true };
        if !side.concerns(index, backend) {
            return false;
        }
        let Some(twin) = place(weaker) else { return true };
        let Some(changed) = weaker.today.rules.get(twin) else { return true };
        let asks = |rule: &Rule| (rule.gate.clone(), rule.actions.clone(), rule.class_actions.clone(), rule.seals);
        asks(rule) != asks(changed)
            || side.removes(index, backend) != weaker.removes(twin, backend)
            || side.demands(index, backend) != weaker.demands(twin, backend)
            || side.surely_demands(index, backend) != weaker.surely_demands(twin, backend)
    }
}

impl Study {
    /// Every weakening of the sheets.
    pub(super) fn mutations(&self) -> Vec<Mutation> {
        let rules = self.today.rules.iter().enumerate().filter(|(_, rule)| !rule.pack);
        rules
            .flat_map(|(index, rule)| self.of_rule(index, rule))
            .chain(self.of_allows())
            .chain(self.of_labels())
            .collect()
    }

    /// Every label that brings classes, and brings none.
    fn of_labels(&self) -> impl Iterator<Item = Mutation> {
        let brings = self.today.says.iter().enumerate().filter(|(_, says)| !says.lowers);
        brings.map(|(index, says)| {
            let mut without = self.today.clone();
            without.says.remove(index);
            (say!("the label `{}` no longer brings anything", says.label), without, Weakened::Label(Gate::default()))
        })
    }

    fn of_rule(&self, index: usize, rule: &Rule) -> Vec<Mutation> {
        let demands = !rule.actions.is_empty() || !rule.class_actions.is_empty() || rule.seals;
        let weakened = |demands: bool| Weakened::Rule(Box::new(rule.clone()), demands);
        let mut without = self.today.clone();
        without.rules.remove(index);
        let mut mutations = vec![(say!("rule `{}` taken out", rule.name), without, weakened(demands))];
        let mut change = |text: Text, demands: bool, weaken: &dyn Fn(&mut Rule)| {
            let mut weaker = self.today.clone();
            if let Some(rule) = weaker.rules.get_mut(index) {
                weaken(rule);
            }
            mutations.push((text, weaker, weakened(demands)));
        };
        let clauses = [rule.only.is_some(), rule.never.is_some(), !rule.actions.is_empty(), rule.seals];
        if clauses.into_iter().filter(|there| *there).count() > 1 {
            let lacks = |phrase: Phrase| say!("rule `{}` without `{}`", rule.name, phrase);
            if rule.only.is_some() {
                change(lacks(Phrase::OnlyBackends), false, &|rule| rule.only = None);
            }
            if rule.never.is_some() {
                change(lacks(Phrase::NeverBackends), false, &|rule| rule.never = None);
            }
            if !rule.actions.is_empty() {
                change(lacks(Phrase::Must), true, &|rule| {
                    rule.actions.clear();
                    rule.class_actions.clear();
                });
            }
            if rule.seals {
                change(lacks(Phrase::LogSealed), true, &|rule| rule.seals = false);
            }
        }
        for (name, actions, class_actions) in self.fewer_duties(rule) {
            change(say!("rule `{}` no longer changes `{}`", rule.name, name), true, &|rule| {
                rule.actions.clone_from(&actions);
                rule.class_actions.clone_from(&class_actions);
            });
        }
        for (text, actions, class_actions) in self.milder_duties(rule) {
            change(text, true, &|rule| {
                rule.actions.clone_from(&actions);
                rule.class_actions.clone_from(&class_actions);
            });
        }
        for (condition, what) in rule.gate.when.iter().flat_map(|when| weaker::conditions(when, true)) {
            change(self.told(rule, &what), demands, &|rule| rule.gate.when = Some(condition.clone()));
        }
        for (condition, what) in rule.gate.unless.iter().flat_map(|unless| weaker::conditions(unless, false)) {
            change(self.told(rule, &what), demands, &|rule| rule.gate.unless = Some(condition.clone()));
        }
        let lacks = |what: &Weaker<Quality>, clause: Phrase| match what {
            Weaker::Without(part) => {
                say!("rule `{}` without `{}` in `{}`", rule.name, self.said_of_backends(part), clause)
            }
            Weaker::Instead(quality) => {
                let asked = self.said_of_backends(&Predicate::Is(quality.clone()));
                say!("rule `{}` asks `{}` instead", rule.name, asked)
            }
        };
        for (predicate, what) in rule.on.iter().flat_map(|on| weaker::predicates(on, true)) {
            change(lacks(&what, Phrase::OnBackends), demands, &|rule| rule.on = Some(predicate.clone()));
        }
        for (predicate, what) in rule.only.iter().flat_map(|only| weaker::predicates(only, false)) {
            change(lacks(&what, Phrase::OnlyBackends), false, &|rule| rule.only = Some(predicate.clone()));
        }
        for (predicate, what) in rule.never.iter().flat_map(|never| weaker::predicates(never, true)) {
            change(lacks(&what, Phrase::NeverBackends), false, &|rule| rule.never = Some(predicate.clone()));
        }
        mutations
    }

    fn told(&self, rule: &Rule, what: &Weaker<Atom>) -> Text {
        match what {
            Weaker::Without(part) => say!("rule `{}` no longer asks `{}`", rule.name, self.asked(part)),
            Weaker::Instead(atom) => say!("rule `{}` asks `{}` instead", rule.name, self.said(atom)),
        }
    }

    /// The duties of a rule with one class, or one type that no class of them has, changed less than it demands.
    fn milder_duties(&self, rule: &Rule) -> Vec<(Text, Duties, ClassDuties)> {
        let mut found = Vec::new();
        let told = |action: Action, name: &str| {
            say!("rule `{}` asks `{}` instead", rule.name, format!("{} {name}", self.done(action)))
        };
        for (class, action) in &rule.class_actions {
            let Some(milder) = self.milder(*action) else { continue };
            let mut classes = rule.class_actions.clone();
            classes.iter_mut().filter(|(other, _)| other == class).for_each(|(_, action)| *action = milder);
            let least = |entity: EntityId| {
                let of = classes.iter().filter(|(class, _)| self.has(*class, entity));
                of.map(|(_, action)| *action).max().unwrap_or(milder)
            };
            let mut actions = rule.actions.clone();
            let of_class = actions.iter_mut().filter(|(entity, held)| self.has(*class, *entity) && held == action);
            of_class.for_each(|(entity, held)| *held = least(*entity));
            found.push((told(milder, &sentence::class_name(*class, &self.catalogue, self.language)), actions, classes));
        }
        for (entity, action) in rule.actions.iter().filter(|(entity, _)| self.is_alone(rule, *entity)) {
            let Some(milder) = self.milder(*action) else { continue };
            let mut actions = rule.actions.clone();
            actions.iter_mut().filter(|(other, _)| other == entity).for_each(|(_, action)| *action = milder);
            found.push((told(milder, &self.type_name(*entity)), actions, rule.class_actions.clone()));
        }
        found
    }

    /// The strictest action that this build can do and that changes less than this one; none where that is no change at all.
    fn milder(&self, action: Action) -> Option<Action> {
        let can = self.vocabulary.actions.iter().copied();
        can.filter(|other| *other < action && *other > Action::Keep).max()
    }

    fn has(&self, class: ClassId, entity: EntityId) -> bool {
        self.catalogue.info(entity).is_some_and(|info| info.classes.contains(class))
    }

    /// Whether a duty names a type itself, and no class of the rule's duties has it.
    fn is_alone(&self, rule: &Rule, entity: EntityId) -> bool {
        !rule.class_actions.iter().any(|(class, _)| self.has(*class, entity))
    }

    /// The duties of a rule without one class, or without one type that no class of them has, each with the name of what is left
    /// alone.
    pub(super) fn fewer_duties(&self, rule: &Rule) -> Vec<FewerDuties> {
        let mut found = Vec::new();
        for (class, _) in &rule.class_actions {
            let rest: Vec<_> = rule.class_actions.iter().copied().filter(|(other, _)| other != class).collect();
            let stays =
                |entity: EntityId| !self.has(*class, entity) || rest.iter().any(|(other, _)| self.has(*other, entity));
            let actions = rule.actions.iter().copied().filter(|(entity, _)| stays(*entity)).collect();
            found.push((sentence::class_name(*class, &self.catalogue, self.language), actions, rest));
        }
        for (entity, _) in rule.actions.iter().filter(|(entity, _)| self.is_alone(rule, *entity)) {
            let actions = rule.actions.iter().copied().filter(|(other, _)| other != entity).collect();
            found.push((self.type_name(*entity), actions, rule.class_actions.clone()));
        }
        // One alone is the whole clause.
        if found.len() > 1 { found } else { Vec::new() }
    }

    /// Every `allow`, of backends and of hosted tools, that asks for less.
    fn of_allows(&self) -> Vec<Mutation> {
        let mut found = Vec::new();
        for (index, allow) in self.today.allows.iter().enumerate() {
            for (text, gate) in self.looser((Phrase::AllowBackends, allow.number), &allow.gate) {
                let mut wider = self.today.clone();
                wider.allows.get_mut(index).into_iter().for_each(|allow| allow.gate = gate.clone());
                found.push((text, wider, Weakened::Allow(allow.gate.clone())));
            }
            for (predicate, what) in weaker::predicates(&allow.backends, false) {
                let Weaker::Without(part) = what else { continue };
                let asked = self.said_of_backends(&part);
                let text = say!("`{}` number {} no longer asks `{}`", Phrase::AllowBackends, allow.number, asked);
                let mut wider = self.today.clone();
                wider.allows.get_mut(index).into_iter().for_each(|allow| allow.backends = predicate.clone());
                found.push((text, wider, Weakened::Admitted(allow.gate.clone())));
            }
        }
        for (index, tool) in self.today.tools.iter().enumerate() {
            for (text, gate) in self.looser((Phrase::AllowHosted, index + 1), &tool.gate) {
                let mut wider = self.today.clone();
                wider.tools.get_mut(index).into_iter().for_each(|tool| tool.gate = gate.clone());
                found.push((text, wider, Weakened::Allow(tool.gate.clone())));
            }
        }
        found
    }

    /// What opens, with its condition gone or asking one thing less, and how that is told.
    fn looser(&self, (what, number): (Phrase, usize), gate: &Gate) -> Vec<(Text, Gate)> {
        let mut found = Vec::new();
        if gate.when.is_some() || gate.unless.is_some() {
            let open = Gate { when: None, unless: None, ..gate.clone() };
            found.push((say!("`{}` number {} without its condition", what, number), open));
        }
        let told = |weaker: &Weaker<Atom>| match weaker {
            Weaker::Without(part) => say!("`{}` number {} no longer asks `{}`", what, number, self.asked(part)),
            Weaker::Instead(atom) => say!("`{}` number {} asks `{}` instead", what, number, self.said(atom)),
        };
        for (condition, weaker) in gate.when.iter().flat_map(|when| weaker::conditions(when, false)) {
            found.push((told(&weaker), Gate { when: Some(condition), ..gate.clone() }));
        }
        for (condition, weaker) in gate.unless.iter().flat_map(|unless| weaker::conditions(unless, true)) {
            found.push((told(&weaker), Gate { unless: Some(condition), ..gate.clone() }));
        }
        found
    }
}

/// The name of what is no longer changed, and the duties of types and classes that are left.
pub(super) type FewerDuties = (String, Duties, ClassDuties);
pub(super) type Duties = Vec<(EntityId, Action)>;
pub(super) type ClassDuties = Vec<(ClassId, Action)>;
