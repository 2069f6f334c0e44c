//! The most promising pairs of a window of a request and one of a document, as the scan finds them: bounded for each window of
//! the request, and the same in whatever order they come and whoever found them.
//!
//! No window of a request takes a place from another: whoever puts registered texts around a passage cannot crowd the passage
//! out. Within a window the bound on *kin* (a document and its versions of the same class) does the same for the documents.
//!
//! Pairs of a window have one order: the higher score first, of equal ones the lower numbers. Kept is what a walk in that order
//! would take which passes over what is too much of one kin or in all. A pair that the bounds shut out once is shut out by the
//! same pairs whatever comes later, so that parts of a scan can be bounded before they are put together.

use std::cmp::Reverse;

/// Pairs of windows that are looked at closely, in a request of few windows.
const PAIRS_MAX: usize = 1536;
/// Pairs of one window of the request that are, however few windows there are.
const OF_WINDOW_MAX: usize = 96;
/// Pairs that each window has, however many windows there are.
const OF_WINDOW_MIN: usize = 8;
/// Pairs of one window with a document and its versions.
pub(super) const OF_KIN_MAX: usize = 3;

/// A window of the request, a document and a window of it.
pub(super) type Place = (usize, usize, usize);

/// Pairs that are kept of each window of a request that has so many.
pub(super) const fn of_window(windows: usize) -> usize {
    let share = PAIRS_MAX / if windows == 0 { 1 } else { windows };
    if share < OF_WINDOW_MIN {
        OF_WINDOW_MIN
    } else if share > OF_WINDOW_MAX {
        OF_WINDOW_MAX
    } else {
        share
    }
}

/// A pair that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Near {
    /// Where.
    pub(super) place: Place,
    /// The first of the documents that share one bound.
    pub(super) kin: usize,
    /// How near the two windows are.
    pub(super) score: i32,
}

impl Near {
    fn order(&self) -> (Reverse<i32>, Place) {
        (Reverse(self.score), self.place)
    }
}

/// The nearest pairs so far.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    /// Of each window of the request, in order.
    windows: Vec<Vec<Near>>,
    /// Of each window the kin that was met last and has as many as it may, by the last of them: a document of which every window
    /// is near (the lines of a log) is turned away by one comparison each.
    shut: Vec<Option<Near>>,
}

impl Nearest {
    /// Takes a pair, if it is among the `most` nearest of its window. One that is there already has the higher of its scores.
    pub(super) fn take(&mut self, new: Near, most: usize) {
        let window = new.place.0;
        if self.windows.len() <= window {
            self.windows.resize_with(window + 1, Vec::new);
            self.shut.resize(window + 1, None);
        }
        let (Some(kept), Some(shut)) = (self.windows.get_mut(window), self.shut.get_mut(window)) else { return };
        if shut.is_some_and(|last| last.kin == new.kin && last.order() < new.order()) {
            return;
        }
        if kept.len() >= most && kept.last().is_some_and(|last| last.order() < new.order()) {
            return;
        }
        if let Some(same) = kept.iter().position(|kept| kept.place == new.place) {
            if kept.get(same).is_some_and(|kept| kept.score >= new.score) {
                return;
            }
            kept.remove(same);
        }
        let at = kept.partition_point(|kept| kept.order() < new.order());
        let of_kin = || kept.iter().enumerate().filter(|(_, kept)| kept.kin == new.kin);
        let is_full = of_kin().count() >= OF_KIN_MAX;
        // What has to go for it: the last of its kin, or of all.
        let gone = if is_full {
            of_kin().next_back().map(|(at, _)| at)
        } else {
            kept.len().checked_sub(1).filter(|_| kept.len() >= most)
        };
        match gone {
            Some(gone) if gone < at => {
                *shut = kept.get(gone).copied().filter(|_| is_full);
                return;
            }
            Some(gone) => drop(kept.remove(gone)),
            None => {}
        }
        kept.insert(at, new);
    }

    /// Takes all of another part.
    pub(super) fn take_all(&mut self, other: &Self, most: usize) {
        for near in other.windows.iter().flatten() {
            self.take(*near, most);
        }
    }

    /// The score below which no pair of a window is taken any more; none as long as there is room.
    pub(super) fn cut(&self, window: usize, most: usize) -> Option<i32> {
        self.windows.get(window).filter(|kept| kept.len() >= most)?.last().map(|last| last.score)
    }

    /// The pairs of a window of the request, in order.
    pub(super) fn of(&self, window: usize) -> &[Near] {
        self.windows.get(window).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 7;

    /// The same by a walk over all pairs.
    fn walked(all: &[Near]) -> Vec<Near> {
        let mut best: BTreeMap<Place, Near> = BTreeMap::new();
        for near in all {
            let best = best.entry(near.place).or_insert(*near);
            best.score = best.score.max(near.score);
        }
        let mut all: Vec<Near> = best.into_values().collect();
        all.sort_by_key(Near::order);
        let mut of_kin: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut of_window: BTreeMap<usize, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for near in all {
            let of_kin = of_kin.entry((near.place.0, near.kin)).or_default();
            let of_window = of_window.entry(near.place.0).or_default();
            if *of_kin < OF_KIN_MAX && *of_window < MOST {
                (*of_kin, *of_window) = (*of_kin + 1, *of_window + 1);
                kept.push(near);
            }
        }
        kept.sort_by_key(|near| (near.place.0, near.order()));
        kept
    }

    proptest! {
        /// Few scores and documents: bounds are met and equals are common.
        #[test]
        fn parts_put_together_are_the_whole(
            pairs in proptest::collection::vec(((0_usize..4, 0_usize..20, 0_usize..6), 0_i32..12), 0..500),
            parts in proptest::collection::vec(0_usize..4, 500),
        ) {
            let all: Vec<Near> =
                pairs.into_iter().map(|(place, score)| Near { place, kin: place.1 / 3, score }).collect();
            let expected = walked(&all);
            let mut each: [Nearest; 4] = Default::default();
            for (near, part) in all.iter().zip(parts) {
                each[part].take(*near, MOST);
            }
            let mut whole = Nearest::default();
            for part in &each {
                whole.take_all(part, MOST);
            }
            let found: Vec<Near> = (0..4).flat_map(|window| whole.of(window).to_vec()).collect();
            prop_assert_eq!(found, expected);
            let is_below = |window: usize| whole.cut(window, MOST).is_some_and(|cut| whole.of(window).iter().any(|near| near.score < cut));
            prop_assert!((0..4).all(|window| !is_below(window)));
        }
    }

    #[test]
    fn every_window_has_its_share_however_many_there_are() {
        for (windows, expected) in [(0, 96), (1, 96), (16, 96), (41, 37), (192, 8), (100_000, 8)] {
            assert_eq!(of_window(windows), expected, "{windows} windows");
        }
    }
}
