//! The most promising pairs of a window of a request and one of a document, as the scan finds them: bounded in all and for each
//! document, and the same in whatever order they come and whoever found them.
//!
//! Pairs have one order: the higher score first, of equal ones the lower numbers. Kept is what a walk in that order would take
//! which passes over what is too much of one document or in all. A pair that the bounds shut out once is shut out by the same
//! pairs whatever comes later, so that parts of a scan can be bounded before they are put together.

use std::cmp::Reverse;

/// Pairs of windows that are looked at closely.
pub(super) const PAIRS_MAX: usize = 96;
/// Pairs of one document that are.
pub(super) const PAIRS_OF_ONE_MAX: usize = 12;

/// A document, a window of the request and one of the document.
pub(super) type Place = (usize, usize, usize);

/// The nearest pairs so far.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    /// In order.
    kept: Vec<(Reverse<i32>, Place)>,
}

impl Nearest {
    /// Takes a pair, if it is among the nearest. One that is there already has the higher of its scores.
    pub(super) fn take(&mut self, place: Place, score: i32) {
        let new = (Reverse(score), place);
        if self.kept.len() >= PAIRS_MAX && self.kept.last().is_some_and(|last| *last < new) {
            return;
        }
        if let Some(same) = self.kept.iter().position(|(_, kept)| *kept == place) {
            if self.kept.get(same).is_some_and(|kept| *kept <= new) {
                return;
            }
            self.kept.remove(same);
        }
        let at = self.kept.partition_point(|kept| *kept < new);
        let of_one = || self.kept.iter().enumerate().filter(|(_, (_, (document, ..)))| *document == place.0);
        // What has to go for it: the last of its document, or of all.
        let gone = if of_one().count() >= PAIRS_OF_ONE_MAX {
            of_one().next_back().map(|(at, _)| at)
        } else {
            self.kept.len().checked_sub(1).filter(|_| self.kept.len() >= PAIRS_MAX)
        };
        match gone {
            Some(gone) if gone < at => return,
            Some(gone) => drop(self.kept.remove(gone)),
            None => {}
        }
        self.kept.insert(at, new);
    }

    /// Takes all of another part.
    pub(super) fn take_all(&mut self, other: &Self) {
        for (Reverse(score), place) in &other.kept {
            self.take(*place, *score);
        }
    }

    /// The score below which no pair is taken any more; none as long as there is room.
    pub(super) fn cut(&self) -> Option<i32> {
        self.kept.last().filter(|_| self.kept.len() >= PAIRS_MAX).map(|(Reverse(score), _)| *score)
    }

    /// The pairs in order, each with its score.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Place, i32)> + '_ {
        self.kept.iter().map(|(Reverse(score), place)| (*place, *score))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The same by a walk over all pairs.
    fn walked(all: &[(Place, i32)]) -> Vec<(Place, i32)> {
        let mut best: BTreeMap<Place, i32> = BTreeMap::new();
        for (place, score) in all {
            best.entry(*place).and_modify(|best| *best = (*best).max(*score)).or_insert(*score);
        }
        let mut all: Vec<(Place, i32)> = best.into_iter().collect();
        all.sort_by_key(|(place, score)| (Reverse(*score), *place));
        let mut of_one: BTreeMap<usize, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for (place, score) in all {
            let count = of_one.entry(place.0).or_default();
            if *count < PAIRS_OF_ONE_MAX && kept.len() < PAIRS_MAX {
                *count += 1;
                kept.push((place, score));
            }
        }
        kept
    }

    proptest! {
        /// Few scores and documents: bounds are met and equals are common.
        #[test]
        fn parts_put_together_are_the_whole(
            pairs in proptest::collection::vec(((0_usize..20, 0_usize..6, 0_usize..6), 0_i32..12), 0..500),
            parts in proptest::collection::vec(0_usize..4, 500),
        ) {
            let expected = walked(&pairs);
            let mut each: [Nearest; 4] = Default::default();
            for ((place, score), part) in pairs.iter().zip(parts) {
                each[part].take(*place, *score);
            }
            let mut whole = Nearest::default();
            for part in &each {
                whole.take_all(part);
            }
            prop_assert_eq!(whole.pairs().collect::<Vec<_>>(), expected);
            prop_assert!(whole.cut().is_none_or(|cut| whole.pairs().all(|(_, score)| score >= cut)));
        }
    }
}
