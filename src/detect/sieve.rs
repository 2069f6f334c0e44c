//! Many patterns asked at once: which of them may match at a place, and where.
//!
//! Patterns share shapes (`[0-9](?:~[0-9]){7}` is the tail of a dozen numbers of companies), so that a shape is walked once,
//! whoever has it. What stands around a place decides before the walk which patterns are worth it: most are nothing without a
//! word that says so, and a walk over few shapes ends early.

use smallvec::SmallVec;

use super::shape::{self, Index, NONE, PATTERNS_MAX, Set, Shape, Walk};

/// Up to [`PATTERNS_MAX`] patterns with as many different shapes.
#[derive(Debug)]
pub(super) struct Sieve {
    index: Index,
    /// Where its patterns begin among all.
    first: usize,
    /// For each shape, the patterns that have it.
    patterns: Vec<Set>,
    /// For each pattern, its shapes.
    shapes: Vec<Set>,
}

/// The patterns of a sieve that are worth trying, and their shapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Worth {
    patterns: Set,
    shapes: Set,
}

impl Worth {
    /// Adds what another has.
    pub(super) fn unite(&mut self, other: &Self) {
        shape::unite(&mut self.patterns, &other.patterns);
        shape::unite(&mut self.shapes, &other.shapes);
    }
}

impl Sieve {
    /// Bytes of the tables of one.
    pub(super) const BYTES: usize = Index::BYTES;

    /// Sieves for patterns, given by their shapes.
    pub(super) fn of(patterns: &[SmallVec<[Shape; 1]>]) -> Vec<Self> {
        let mut sieves = Vec::new();
        let mut first = 0;
        while first < patterns.len() {
            let mut known: Vec<&Shape> = Vec::new();
            let mut sieve = Self { index: Index::new([]), first, patterns: Vec::new(), shapes: Vec::new() };
            for shapes in patterns.iter().skip(first).take(PATTERNS_MAX) {
                let fresh = shapes.iter().filter(|shape| !known.contains(shape)).count();
                if known.len() + fresh > PATTERNS_MAX {
                    break;
                }
                sieve.add(shapes, &mut known);
            }
            sieve.index = Index::new(known);
            first += sieve.shapes.len().max(1);
            sieves.push(sieve);
        }
        sieves
    }

    fn add<'s>(&mut self, shapes: &'s [Shape], known: &mut Vec<&'s Shape>) {
        let pattern = self.shapes.len();
        let mut own = NONE;
        for shape in shapes {
            let place = known.iter().position(|other| *other == shape).unwrap_or(known.len());
            if place == known.len() {
                known.push(shape);
                self.patterns.push(NONE);
            }
            shape::include(&mut own, place);
            if let Some(patterns) = self.patterns.get_mut(place) {
                shape::include(patterns, pattern);
            }
        }
        self.shapes.push(own);
    }

    /// The place of a pattern within the sieve, given by that among all; `None`: it is in another.
    pub(super) fn place(&self, pattern: usize) -> Option<usize> {
        pattern.checked_sub(self.first).filter(|&place| place < self.shapes.len())
    }

    /// Adds a pattern of the sieve to those that are worth trying.
    pub(super) fn include(&self, worth: &mut Worth, place: usize) {
        shape::include(&mut worth.patterns, place);
        if let Some(shapes) = self.shapes.get(place) {
            shape::unite(&mut worth.shapes, shapes);
        }
    }

    /// The patterns that may match at the start of `bytes` and end where a run of letters and digits ends, in order: each with its
    /// place among all and those of its ends that are ends, bytes from the start, which are right for one whose shapes tell all.
    pub(super) fn walk(
        &self,
        bytes: &[u8],
        worth: &Worth,
        is_end: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, &mut dyn Iterator<Item = usize>),
    ) {
        let mut walk: Walk = self.index.walk(bytes, &worth.shapes);
        walk.retain(is_end);
        let mut alive = NONE;
        for patterns in shape::members(walk.any).filter_map(|shape| self.patterns.get(shape)) {
            shape::unite(&mut alive, patterns);
        }
        shape::meet(&mut alive, Some(&worth.patterns));
        for place in shape::members(alive) {
            if let Some(shapes) = self.shapes.get(place) {
                found(self.first + place, &mut walk.ends_of(shapes));
            }
        }
    }
}
