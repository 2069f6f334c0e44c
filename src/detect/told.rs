//! Patterns whose shapes tell all: where such a pattern matches is read off the walk over shapes, and no automaton is run.
//!
//! A shape knows which letters and digits may stand at each place, how many there may be and behind how many of them something
//! else may stand, each for itself. For `[A-Z]{2}~[0-9]{7}` that is the whole truth. `(?:LU~)?[0-9]{8}` is two such truths: a
//! pattern is taken apart at its alternatives and at what may be left out, and each part has a shape of its own. Nothing is
//! believed: the shapes and the automaton of the pattern are stepped side by side through every state that they reach
//! together, and only where they agree in all of them does the automaton rest. A pattern of many states is not compared.

use std::collections::{HashMap, HashSet};

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::{Hir, HirKind, Repetition};
use smallvec::SmallVec;

use super::shape::{Column, Shape, Step};

/// Shapes of one pattern; one that has more keeps a single one, which does not tell all.
const SHAPES_MAX: usize = 8;

/// States that are compared; a pattern with more runs its automaton.
const STATES_MAX: usize = 4096;

/// Where each shape of a pattern stands; `None` where it allows nothing more.
type Steps = SmallVec<[Option<Step>; SHAPES_MAX]>;

/// The shapes of a pattern, and whether they tell all: its automaton, which reports a match one byte late, matches exactly what
/// one of them allows when every gap has one byte.
pub(super) fn shapes(
    hir: &Hir,
    automaton: &dense::DFA<Vec<u32>>,
    start: Option<StateID>,
) -> (SmallVec<[Shape; 1]>, bool) {
    let parts = parts(hir).filter(|parts| parts.len() <= SHAPES_MAX);
    let shapes: SmallVec<[Shape; 1]> = parts.iter().flatten().map(Shape::of).collect();
    if !shapes.is_empty() && start.is_some_and(|start| tell_all(&shapes, automaton, start)) {
        return (shapes, true);
    }
    (SmallVec::from_iter([Shape::of(hir)]), false)
}

/// What a pattern is taken apart into; `None` for too many parts.
fn parts(hir: &Hir) -> Option<Vec<Hir>> {
    let parts = match hir.kind() {
        HirKind::Capture(capture) => parts(&capture.sub)?,
        HirKind::Alternation(all) => all.iter().map(parts).collect::<Option<Vec<_>>>()?.concat(),
        // A separator that may be left out is a gap like others.
        HirKind::Repetition(Repetition { min: 0, max: Some(1), sub, .. }) if Shape::of(sub).holds_symbols() => {
            let mut all = vec![Hir::empty()];
            all.extend(parts(sub)?);
            all
        }
        HirKind::Concat(all) => {
            let mut heads = vec![Vec::new()];
            for part in all {
                let tails = parts(part)?;
                let longer = |head: &Vec<Hir>| {
                    tails.iter().map(|tail| head.iter().chain([tail]).cloned().collect()).collect::<Vec<Vec<Hir>>>()
                };
                heads = heads.iter().flat_map(longer).collect();
                if heads.len() > SHAPES_MAX {
                    return None;
                }
            }
            heads.into_iter().map(Hir::concat).collect()
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Repetition(_) => {
            vec![hir.clone()]
        }
    };
    (parts.len() <= SHAPES_MAX).then_some(parts)
}

fn tell_all(shapes: &[Shape], automaton: &dense::DFA<Vec<u32>>, start: StateID) -> bool {
    let bytes = kinds(shapes, automaton);
    let mut over: HashMap<StateID, bool> = HashMap::new();
    let begin: Steps = shapes.iter().map(|_| Some(Step::default())).collect();
    let mut seen = HashSet::from([(start, begin.clone())]);
    let mut open = vec![(start, begin)];
    while let Some((state, steps)) = open.pop() {
        let ends = shapes.iter().zip(&steps).any(|(shape, step)| step.is_some_and(|step| shape.may_end(step)));
        if automaton.is_match_state(automaton.next_eoi_state(state)) != ends || seen.len() > STATES_MAX {
            return false;
        }
        for &byte in &bytes {
            let next = automaton.next_state(state, byte);
            let over = *over.entry(next).or_insert_with(|| is_over(automaton, &bytes, next));
            let further = |(shape, step): (&Shape, &Option<Step>)| step.and_then(|step| shape.step(step, byte));
            let steps: Steps = shapes.iter().zip(&steps).map(further).collect();
            if over != steps.iter().all(Option::is_none) {
                return false;
            }
            if !over && seen.insert((next, steps.clone())) {
                open.push((next, steps));
            }
        }
    }
    true
}

/// One byte of each kind that the automaton or a shape tells apart.
fn kinds(shapes: &[Shape], automaton: &dense::DFA<Vec<u32>>) -> Vec<u8> {
    let mut kinds: Vec<(u8, SmallVec<[Column; SHAPES_MAX]>, u8)> = Vec::new();
    for byte in 0..=u8::MAX {
        let class = automaton.byte_classes().get(byte);
        let columns = shapes.iter().map(|shape| shape.column(byte)).collect();
        if !kinds.iter().any(|(other, others, _)| (*other, others) == (class, &columns)) {
            kinds.push((class, columns, byte));
        }
    }
    kinds.into_iter().map(|(.., byte)| byte).collect()
}

/// Whether an automaton that reports a match one byte late can match nothing more behind a state.
fn is_over(automaton: &impl Automaton, kinds: &[u8], state: StateID) -> bool {
    let dead = |byte: &u8| automaton.is_dead_state(automaton.next_state(state, *byte));
    automaton.is_dead_state(state)
        || !automaton.is_match_state(automaton.next_eoi_state(state)) && kinds.iter().all(dead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::rows;

    #[test]
    fn rows() {
        for (pattern, shapes, told) in [
            ("[0-9](?:[ .]?[0-9]){8}", 1, true),
            ("[A-Za-z]{2}-?[0-9]{7}", 1, true),
            ("(?:[Ll][Uu][ .]?)?[0-9](?:[ .]?[0-9]){7}", 2, true),
            ("[0-9]{4,6}[a-z]", 1, false),
            ("[0-9]{4}[A-Za-z]|[A-Za-z][0-9]{4}", 2, true),
            ("[0-9]{2,4}[A-Za-z]{2}", 1, false),
            ("[A-Z]{2}[0-9]{3}", 1, false),
            ("[0-9](?:-?[0-9]){2}(?:[.][0-9])?", 1, false),
            ("[0-9]{3}  ?[0-9]{3}", 1, false),
            ("[0-9_]{3}", 1, false),
            ("[+][0-9]{3}", 1, false),
            ("(?:[0-9]{2}|97[12])[A-Za-z]", 2, true),
            ("[0-9]{200}", 1, false),
        ] {
            let automaton = rows::automaton(pattern).unwrap();
            let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
            let start = regex_automata::util::start::Config::new().anchored(regex_automata::Anchored::Yes);
            let start = automaton.start_state(&start).ok();
            let (own, all) = super::shapes(&hir, &automaton, start);
            assert_eq!((own.len(), all), (shapes, told), "{pattern}");
        }
    }
}
