//! A consistency proof that is made while the leaves pass by, in constant memory: what a log sends to a witness.
//!
//! The hashes of a proof from `old` to `new` are roots of ranges of leaves that do not overlap. Those left of `old` are the
//! complete subtrees on the right edge of the old tree, which a [`Frontier`] of that size holds; so whoever kept it reads the
//! leaves from `old` on, and whoever did not reads all.

use std::ops::Range;

use crate::merkle::{Frontier, Hash};
use crate::proof::split;

/// A proof in the making.
#[derive(Debug, Clone)]
pub struct Extension {
    /// In the order of the proof: the leaves of each hash, and what of them has passed by.
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    leaves: Range<u64>,
    seen: Frontier,
    known: Option<Hash>,
}

impl Extension {
    /// Begins the proof that the tree of `new` leaves extends that of `old`; `None` when it is the smaller one.
    pub fn new(old: u64, new: u64) -> Option<Self> {
        if old > new {
            return None;
        }
        let mut parts = Vec::new();
        if old > 0 && old < new {
            let (mut start, mut end) = (0, new);
            while old != end {
                let middle = start + split(end - start);
                if old <= middle {
                    parts.push(middle..end);
                    end = middle;
                } else {
                    parts.push(start..middle);
                    start = middle;
                }
            }
            if start != 0 {
                parts.push(start..end);
            }
            parts.reverse();
        }
        let part = |leaves| Part { leaves, seen: Frontier::default(), known: None };
        Some(Self { parts: parts.into_iter().map(part).collect() })
    }

    /// Takes from the right edge of the old tree what stands left of it, so that these leaves need not pass by. An edge of
    /// another size changes nothing.
    pub fn begin(&mut self, edge: &Frontier) {
        let mut start = 0_u64;
        for (bit, root) in (0..64).rev().filter(|bit| edge.size() >> bit & 1 == 1).zip(edge.roots()) {
            let end = start.saturating_add(1 << bit);
            self.parts.iter_mut().filter(|part| part.leaves == (start..end)).for_each(|part| part.known = Some(*root));
            start = end;
        }
    }

    /// A leaf passes by; they come in order.
    pub fn push(&mut self, index: u64, leaf: Hash) {
        for part in self.parts.iter_mut().filter(|part| part.known.is_none() && part.leaves.contains(&index)) {
            part.seen.push(leaf);
        }
    }

    /// The proof; `None` when not every leaf that it needs has passed by.
    pub fn finish(self) -> Option<Vec<Hash>> {
        let whole = |part: Part| {
            let length = part.leaves.end - part.leaves.start;
            part.known.or_else(|| (part.seen.size() == length).then(|| part.seen.root()))
        };
        self.parts.into_iter().map(whole).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use crate::proof;

    #[test]
    fn is_the_proof_that_the_whole_tree_gives() {
        let leaves: Vec<Hash> = (0_u8..70).map(|leaf| leaf_hash(&[leaf])).collect();
        for new in 0..=leaves.len() as u64 {
            for old in 0..=new {
                let right = proof::consistency(leaves.as_slice(), old, new);
                let (mut edge, mut whole) = (Frontier::default(), Extension::new(old, new).unwrap());
                for (index, leaf) in (0..new).zip(&leaves) {
                    whole.push(index, *leaf);
                    if index < old {
                        edge.push(*leaf);
                    }
                }
                assert_eq!(whole.finish(), right, "{old} to {new}, all leaves");
                let mut from_edge = Extension::new(old, new).unwrap();
                from_edge.begin(&edge);
                (old..new).for_each(|index| from_edge.push(index, leaves[usize::try_from(index).unwrap()]));
                assert_eq!(from_edge.finish(), right, "{old} to {new}, from the edge");
            }
        }
    }

    #[test]
    fn is_none_without_its_leaves() {
        assert!(Extension::new(3, 2).is_none(), "backwards");
        assert_eq!(Extension::new(3, 5).unwrap().finish(), None, "no leaf");
        let mut other = Extension::new(3, 5).unwrap();
        other.begin(&Frontier::default());
        (3..5).for_each(|index| other.push(index, leaf_hash(&[0])));
        assert_eq!(other.finish(), None, "an edge of another size");
        assert_eq!(Extension::new(0, 5).unwrap().finish(), Some(Vec::new()), "from nothing");
    }
}
