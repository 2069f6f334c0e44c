//! One thing less in a condition or a predicate: every way in which it holds less often, or more often where that is what weakens.

use super::super::resolved::Atom;
use super::super::tree::Expr;
use crate::model::Word;

/// How an expression was made to hold less often, or more often where it spares.
#[derive(Debug, Clone)]
pub(super) enum Weaker<A> {
    /// A part is gone.
    Without(Expr<A>),
    /// It asks for something else.
    Instead(A),
}

/// An expression with one thing changed, and what that was.
pub(super) type Changed<A> = (Expr<A>, Weaker<A>);

/// A condition with one thing changed so that it holds less often (if not `rarer`, more often), in every way there is.
pub(super) fn conditions(condition: &Expr<Atom>, rarer: bool) -> Vec<Changed<Atom>> {
    changed(condition, rarer, &atoms)
}

/// A predicate of backends without one of its parts, so that it holds of fewer (if not `rarer`, of more), in every way there is.
pub(super) fn predicates<A: Clone>(predicate: &Expr<A>, rarer: bool) -> Vec<Changed<A>> {
    changed(predicate, rarer, &|_, _| Vec::new())
}

fn changed<A: Clone>(
    expression: &Expr<A>,
    rarer: bool,
    of_atom: &impl Fn(&A, bool) -> Vec<Changed<A>>,
) -> Vec<Changed<A>> {
    let inside = |parts: &[Expr<A>], join: fn(Vec<Expr<A>>) -> Expr<A>| {
        let mut found = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            found.extend(changed(part, rarer, of_atom).into_iter().map(|(changed, what)| {
                let mut all = parts.to_vec();
                if let Some(part) = all.get_mut(index) {
                    *part = changed;
                }
                (join(all), what)
            }));
        }
        found
    };
    match expression {
        Expr::Is(atom) => of_atom(atom, rarer),
        Expr::Not(inner) => {
            let inner = changed(inner, !rarer, of_atom).into_iter();
            inner.map(|(changed, what)| (Expr::Not(Box::new(changed)), what)).collect()
        }
        Expr::All(parts) => {
            let without = (!rarer).then(|| without_one(parts, Expr::All)).into_iter().flatten();
            inside(parts, Expr::All).into_iter().chain(without).collect()
        }
        Expr::Any(parts) => {
            let without = rarer.then(|| without_one(parts, Expr::Any)).into_iter().flatten();
            inside(parts, Expr::Any).into_iter().chain(without).collect()
        }
    }
}

/// Joined parts without one of them.
fn without_one<A: Clone>(parts: &[Expr<A>], join: fn(Vec<Expr<A>>) -> Expr<A>) -> Vec<Changed<A>> {
    let several = parts.iter().enumerate().filter(|_| parts.len() > 1);
    several
        .map(|(index, part)| {
            let mut rest = parts.to_vec();
            rest.remove(index);
            (join(rest), Weaker::Without(part.clone()))
        })
        .collect()
}

/// An atom that holds less often, or more often: its number one higher or lower, a list without one of its words.
fn atoms(atom: &Atom, rarer: bool) -> Vec<Changed<Atom>> {
    let number = if rarer { more(atom) } else { fewer(atom) };
    let numbers = number.map(|atom| (Expr::Is(atom.clone()), Weaker::Instead(atom)));
    let lists = rarer.then(|| one_less(atom)).into_iter().flatten();
    let lists = lists.map(|(rest, gone)| (Expr::Is(rest), Weaker::Without(Expr::Is(gone))));
    numbers.into_iter().chain(lists).collect()
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
