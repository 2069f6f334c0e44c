//! Changes of a sheet that weaken it, one at a time: what `test --mutate` puts to the scenarios.
//!
//! A rule is taken out, or one of its clauses; a part of its condition goes, or one of its numbers grows; an `allow` loses its
//! condition. Packs are not changed: their own scenarios watch over them.

use super::super::phrase::Phrase;
use super::super::resolved::{Atom, Condition, Gate, Resolved, Rule};
use super::super::text::{Text, say};
use super::super::tree::Expr;
use super::Study;
use crate::model::BackendId;

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
        for (condition, what) in rule.gate.when.iter().flat_map(|when| weaker(when, true)) {
            let text = match what {
                Weaker::Without(part) => {
                    let mut words = Vec::new();
                    part.visit(true, &mut |atom, _| words.push(self.said(atom)));
                    say!("rule `{}` no longer asks `{}`", rule.name, words.join(", "))
                }
                Weaker::More(atom) => say!("rule `{}` asks `{}` instead", rule.name, self.said(&atom)),
            };
            change(text, demands, &|rule| rule.gate.when = Some(condition.clone()));
        }
        mutations
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
            let text = say!("`{}` number {} without its condition", Phrase::AllowBackends, index + 1);
            (text, wider, Weakened::Allow(allow.gate.clone()))
        })
    }
}

/// How a condition was made to hold less often.
enum Weaker {
    /// A part that was joined by `or` is gone.
    Without(Condition),
    /// It asks for more.
    More(Atom),
}

/// A condition with one thing changed so that it holds less often, in every way there is.
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
        Expr::Is(atom) => more(atom)
            .filter(|_| positive)
            .map(|atom| (Expr::Is(atom.clone()), Weaker::More(atom)))
            .into_iter()
            .collect(),
        Expr::Not(inner) => {
            let inner = weaker(inner, !positive).into_iter();
            inner.map(|(changed, what)| (Expr::Not(Box::new(changed)), what)).collect()
        }
        Expr::All(parts) => inside(parts, Expr::All),
        Expr::Any(parts) => {
            let mut found = inside(parts, Expr::Any);
            if positive && parts.len() > 1 {
                found.extend(parts.iter().enumerate().map(|(index, part)| {
                    let mut rest = parts.clone();
                    rest.remove(index);
                    (Expr::Any(rest), Weaker::Without(part.clone()))
                }));
            }
            found
        }
    }
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
