//! Changes of a sheet that weaken it, one at a time: what `test --mutate` puts to the scenarios.
//!
//! A rule is taken out, or one of its clauses or duties; a part of its condition goes, one of its numbers grows, a group or a list of
//! labels loses one; what spares it (`unless`, exceptions) asks for less; an `allow` loses its condition. Packs are not changed: their own scenarios watch over them.

use super::super::phrase::Phrase;
use super::super::resolved::{Atom, Condition, Gate, Resolved, Rule};
use super::super::text::{Text, say};
use super::super::tree::Expr;
use super::{Study, sentence};
use crate::model::{Action, BackendId, ClassId, EntityId, Word};

/// A change in words, the sheets with it, and where it can show.
pub(super) type Mutation = (Text, Resolved, Weakened);

/// What was weakened: it can only show where it did something.
pub(super) enum Weakened {
    /// A rule, and whether what it demanded is gone.
    Rule(Box<Rule>, bool),
    Allow(Gate),
}

impl Weakened {
    pub(super) const fn gate(&self) -> &Gate {
        match self {
            Self::Rule(rule, _) => &rule.gate,
            Self::Allow(gate) => gate,
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

    /// Whether it does anything for a backend. What a rule demands of one can change what becomes of it in the second decision.
    pub(super) fn concerns(&self, study: &Study, backend: BackendId) -> bool {
        match self {
            Self::Rule(rule, _) => {
                let index = study.today.rules.iter().position(|known| known.name == rule.name);
                index.is_none_or(|index| study.side().concerns(index, backend))
            }
            Self::Allow(_) => true,
        }
    }
}

impl Study {
    /// Every weakening of the sheets.
    pub(super) fn mutations(&self) -> Vec<Mutation> {
        let rules = self.today.rules.iter().enumerate().filter(|(_, rule)| !rule.pack);
        rules.flat_map(|(index, rule)| self.of_rule(index, rule)).chain(self.of_allows()).collect()
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
        for (condition, what) in rule.gate.when.iter().flat_map(|when| weaker(when, true)) {
            change(self.told(rule, &what), demands, &|rule| rule.gate.when = Some(condition.clone()));
        }
        for (condition, what) in rule.gate.unless.iter().flat_map(|unless| weaker(unless, false)) {
            change(self.told(rule, &what), demands, &|rule| rule.gate.unless = Some(condition.clone()));
        }
        mutations
    }

    fn told(&self, rule: &Rule, what: &Weaker) -> Text {
        match what {
            Weaker::Without(part) => {
                let mut words = Vec::new();
                part.visit(true, &mut |atom, _| words.push(self.said(atom)));
                say!("rule `{}` no longer asks `{}`", rule.name, words.join(", "))
            }
            Weaker::Instead(atom) => say!("rule `{}` asks `{}` instead", rule.name, self.said(atom)),
        }
    }

    /// The duties of a rule without one class, or without one type that no class of them has, each with the name of what is left
    /// alone.
    fn fewer_duties(&self, rule: &Rule) -> Vec<FewerDuties> {
        let has = |class: ClassId, entity: EntityId| {
            self.catalogue.info(entity).is_some_and(|info| info.classes.contains(class))
        };
        let mut found = Vec::new();
        for (class, _) in &rule.class_actions {
            let rest: Vec<_> = rule.class_actions.iter().copied().filter(|(other, _)| other != class).collect();
            let stays = |entity: EntityId| !has(*class, entity) || rest.iter().any(|(other, _)| has(*other, entity));
            let actions = rule.actions.iter().copied().filter(|(entity, _)| stays(*entity)).collect();
            found.push((sentence::class_name(*class, &self.catalogue, self.language), actions, rest));
        }
        let alone = |entity: EntityId| !rule.class_actions.iter().any(|(class, _)| has(*class, entity));
        for (entity, _) in rule.actions.iter().filter(|(entity, _)| alone(*entity)) {
            let actions = rule.actions.iter().copied().filter(|(other, _)| other != entity).collect();
            found.push((self.type_name(*entity), actions, rule.class_actions.clone()));
        }
        // One alone is the whole clause.
        if found.len() > 1 { found } else { Vec::new() }
    }

    fn of_allows(&self) -> impl Iterator<Item = Mutation> {
        let conditional = |gate: &Gate| gate.when.is_some() || gate.unless.is_some();
        let allows = self.today.allows.iter().enumerate().filter(move |(_, allow)| conditional(&allow.gate));
        allows.map(|(index, allow)| {
            let mut wider = self.today.clone();
            if let Some(allow) = wider.allows.get_mut(index) {
                allow.gate.when = None;
                allow.gate.unless = None;
            }
            let text = say!("`{}` number {} without its condition", Phrase::AllowBackends, allow.number);
            (text, wider, Weakened::Allow(allow.gate.clone()))
        })
    }
}

/// The name of what is no longer changed, and the duties of types and classes that are left.
type FewerDuties = (String, Vec<(EntityId, Action)>, Vec<(ClassId, Action)>);

/// How a condition was made to hold less often, or more often where it spares.
enum Weaker {
    /// A part is gone.
    Without(Condition),
    /// It asks for something else.
    Instead(Atom),
}

/// A condition with one thing changed so that it holds less often (if not `positive`, more often), in every way there is.
fn weaker(condition: &Condition, positive: bool) -> Vec<(Condition, Weaker)> {
    let inside = |parts: &[Condition], join: fn(Vec<Condition>) -> Condition| {
        let mut found = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            found.extend(weaker(part, positive).into_iter().map(|(changed, what)| {
                let mut all = parts.to_vec();
                if let Some(part) = all.get_mut(index) {
                    *part = changed;
                }
                (join(all), what)
            }));
        }
        found
    };
    match condition {
        Expr::Is(atom) => {
            let number = if positive { more(atom) } else { fewer(atom) };
            let numbers = number.map(|atom| (Expr::Is(atom.clone()), Weaker::Instead(atom)));
            let lists = positive.then(|| one_less(atom)).into_iter().flatten();
            let lists = lists.map(|(rest, gone)| (Expr::Is(rest), Weaker::Without(Expr::Is(gone))));
            numbers.into_iter().chain(lists).collect()
        }
        Expr::Not(inner) => {
            let inner = weaker(inner, !positive).into_iter();
            inner.map(|(changed, what)| (Expr::Not(Box::new(changed)), what)).collect()
        }
        Expr::All(parts) => {
            let without = (!positive).then(|| without_one(parts, Expr::All)).into_iter().flatten();
            inside(parts, Expr::All).into_iter().chain(without).collect()
        }
        Expr::Any(parts) => {
            let without = positive.then(|| without_one(parts, Expr::Any)).into_iter().flatten();
            inside(parts, Expr::Any).into_iter().chain(without).collect()
        }
    }
}

/// Joined parts without one of them.
fn without_one(parts: &[Condition], join: fn(Vec<Condition>) -> Condition) -> Vec<(Condition, Weaker)> {
    let several = parts.iter().enumerate().filter(|_| parts.len() > 1);
    several
        .map(|(index, part)| {
            let mut rest = parts.to_vec();
            rest.remove(index);
            (join(rest), Weaker::Without(part.clone()))
        })
        .collect()
}

/// A group or list of labels without one of them, and that one.
fn one_less(atom: &Atom) -> Vec<(Atom, Atom)> {
    let parted = |words: &[Word], list: fn(Vec<Word>) -> Atom, one: fn(Word) -> Atom| {
        let several = words.iter().enumerate().filter(|_| words.len() > 1);
        several
            .map(|(index, word)| {
                let mut rest = words.to_vec();
                rest.remove(index);
                (list(rest), one(word.clone()))
            })
            .collect()
    };
    match atom {
        Atom::Group(apps) => parted(apps, Atom::Group, Atom::App),
        Atom::Label(labels) => parted(labels, Atom::Label, |label| Atom::Label(vec![label])),
        _ => Vec::new(),
    }
}

/// The same with its number one lower, where it has one that is written.
fn fewer(atom: &Atom) -> Option<Atom> {
    Some(match atom {
        Atom::LeakAtLeast(score) if *score > 1 => Atom::LeakAtLeast(score - 1),
        Atom::LeakHistoryAtLeast(score) if *score > 1 => Atom::LeakHistoryAtLeast(score - 1),
        Atom::Includes { what, at_least, confidence: 0 } if *at_least > 1 => {
            Atom::Includes { what: *what, at_least: at_least.saturating_sub(1), confidence: 0 }
        }
        Atom::Includes { what, at_least, confidence } if *confidence > 1 => {
            Atom::Includes { what: *what, at_least: *at_least, confidence: confidence - 1 }
        }
        _ => return None,
    })
}

/// The same with its number one higher, where it has one that is written.
fn more(atom: &Atom) -> Option<Atom> {
    Some(match atom {
        Atom::LeakAtLeast(score) if *score < 1_000 => Atom::LeakAtLeast(score + 1),
        Atom::LeakHistoryAtLeast(score) if *score < 1_000 => Atom::LeakHistoryAtLeast(score + 1),
        Atom::Includes { what, at_least, confidence: 0 } if *at_least > 1 => {
            Atom::Includes { what: *what, at_least: at_least.saturating_add(1), confidence: 0 }
        }
        Atom::Includes { what, at_least, confidence } if (1..100).contains(confidence) => {
            Atom::Includes { what: *what, at_least: *at_least, confidence: confidence + 1 }
        }
        _ => return None,
    })
}
