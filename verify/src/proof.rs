//! Inclusion and consistency proofs: RFC 6962 section 2.1 for their content, RFC 9162 section 2.1.3.2 and 2.1.4.2 for the
//! way they are checked.
//!
//! An inclusion proof shows that an entry is in the tree with a given root; a consistency proof that a larger tree is an
//! extension of a smaller one, so that nothing was removed or rewritten between two checkpoints. Proofs are made from
//! complete subtrees, which are what tlog-tiles stores: a [`Nodes`] gives them from wherever they are kept.

use crate::merkle::{Hash, node_hash};

/// Where the hashes of complete subtrees come from.
pub trait Nodes {
    /// The root of the complete subtree over the leaves `index << level .. (index + 1) << level`; `None` when unknown.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;
}

/// Leaf hashes in memory, for short logs and tests.
impl Nodes for [Hash] {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let Some(below) = level.checked_sub(1) else {
            return self.get(usize::try_from(index).ok()?).copied();
        };
        let left = index.checked_mul(2)?;
        Some(node_hash(&self.node(below, left)?, &self.node(below, left.checked_add(1)?)?))
    }
}

/// A proof does not show what it claims to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Index and sizes do not fit together.
    #[error("index or sizes out of range")]
    Range,
    /// Too many or too few hashes for these sizes.
    #[error("proof has the wrong length")]
    Length,
    /// The hashes lead to another root.
    #[error("proof leads to another root")]
    Root,
}

/// Gives the root of the tree over the first `size` leaves.
pub fn root<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Option<Hash> {
    if size == 0 { Some(Hash::empty()) } else { range_hash(nodes, 0, size) }
}

/// Proves that leaf `index` is in the tree over the first `size` leaves; `None` when out of range or a node is unknown.
pub fn inclusion<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Proves that the tree over `new` leaves extends the one over `old`; `None` when out of range or a node is unknown.
pub fn consistency<N: Nodes + ?Sized>(nodes: &N, old: u64, new: u64) -> Option<Vec<Hash>> {
    if old > new {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut proof = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    // The subtree that ends at `old` is the old root itself when nothing stands left of it, and then goes without saying.
    if start != 0 {
        proof.push(range_hash(nodes, start, end)?);
    }
    proof.reverse();
    Some(proof)
}

/// Checks an inclusion proof (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`ProofError`] when the proof does not lead from the leaf to the root.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut number, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if number & 1 == 1 || number == last {
            hash = node_hash(sibling, &hash);
            let up = if number & 1 == 1 { 0 } else { number.trailing_zeros() };
            number = number.checked_shr(up).unwrap_or(0);
            last = last.checked_shr(up).unwrap_or(0);
        } else {
            hash = node_hash(&hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    finish(last == 0, hash == *root)
}

/// Checks a consistency proof (RFC 9162 section 2.1.4.2). From the empty tree everything is consistent, with no hashes.
///
/// # Errors
/// [`ProofError`] when the proof does not connect both roots.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Range);
    }
    if old == 0 || old == new {
        let known = if old == 0 { *old_root == Hash::empty() } else { old_root == new_root };
        return finish(proof.is_empty(), known);
    }
    // When `old` is a power of two, its root is the first hash of the path and is left out of the proof.
    let (first, rest) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofError::Length)? };
    let up = (old - 1).trailing_ones();
    let (mut number, mut last) = ((old - 1).checked_shr(up).unwrap_or(0), (new - 1).checked_shr(up).unwrap_or(0));
    let (mut to_old, mut to_new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if number & 1 == 1 || number == last {
            to_old = node_hash(sibling, &to_old);
            to_new = node_hash(sibling, &to_new);
            let up = if number & 1 == 1 { 0 } else { number.trailing_zeros() };
            number = number.checked_shr(up).unwrap_or(0);
            last = last.checked_shr(up).unwrap_or(0);
        } else {
            to_new = node_hash(&to_new, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    finish(last == 0, to_old == *old_root && to_new == *new_root)
}

fn finish(used_up: bool, equal: bool) -> Result<(), ProofError> {
    match (used_up, equal) {
        (true, true) => Ok(()),
        (true, false) => Err(ProofError::Root),
        (false, _) => Err(ProofError::Length),
    }
}

/// The hash of the subtree over leaves `start..end` of the RFC's recursion.
fn range_hash<N: Nodes + ?Sized>(nodes: &N, start: u64, end: u64) -> Option<Hash> {
    let size = end - start;
    if size.is_power_of_two() {
        // The recursion only ever starts a range at a multiple of the power of two that it spans.
        let level = size.trailing_zeros();
        return nodes.node(level, start >> level);
    }
    let middle = start + split(size);
    Some(node_hash(&range_hash(nodes, start, middle)?, &range_hash(nodes, middle, end)?))
}

/// The largest power of two below `size`, which is at least 2.
pub(crate) const fn split(size: u64) -> u64 {
    match (size - 1).checked_ilog2() {
        Some(bits) => 1 << bits,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::{Frontier, leaf_hash};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn every_proof_of_every_small_tree_holds() {
        let all = leaves(65);
        let nodes = all.as_slice();
        let mut frontier = Frontier::default();
        for size in 0..=65_u64 {
            let root = root(nodes, size).unwrap();
            assert_eq!(root, frontier.root(), "size {size}");
            for index in 0..size {
                let proof = inclusion(nodes, index, size).unwrap();
                let leaf = all[usize::try_from(index).unwrap()];
                assert_eq!(verify_inclusion(index, size, &leaf, &proof, &root), Ok(()), "{index} of {size}");
            }
            for old in 0..=size {
                let old_root = super::root(nodes, old).unwrap();
                let proof = consistency(nodes, old, size).unwrap();
                assert_eq!(verify_consistency((old, &old_root), (size, &root), &proof), Ok(()), "{old} to {size}");
            }
            if let Some(leaf) = all.get(usize::try_from(size).unwrap()) {
                frontier.push(*leaf);
            }
        }
    }

    #[test]
    fn refuses_what_is_out_of_range() {
        let all = leaves(4);
        let (nodes, root) = (all.as_slice(), root(all.as_slice(), 4).unwrap());
        assert_eq!(inclusion(nodes, 4, 4), None);
        assert_eq!(inclusion(nodes, 0, 5), None);
        assert_eq!(consistency(nodes, 5, 4), None);
        assert_eq!(verify_inclusion(4, 4, &all[0], &[], &root), Err(ProofError::Range));
        assert_eq!(verify_consistency((5, &root), (4, &root), &[]), Err(ProofError::Range));
        assert_eq!(verify_consistency((3, &root), (4, &root), &[]), Err(ProofError::Length));
    }

    proptest! {
        #[test]
        fn a_changed_proof_fails(size in 2_u64..300, index in 0_u64..300, at in 0_usize..16, bit in 0_usize..256) {
            let index = index % size;
            let all = leaves(size);
            let root = root(all.as_slice(), size).unwrap();
            let leaf = all[usize::try_from(index).unwrap()];
            let mut proof = inclusion(all.as_slice(), index, size).unwrap();
            let at = at % proof.len();
            proof[at].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(verify_inclusion(index, size, &leaf, &proof, &root), Err(ProofError::Root));
            proof.pop();
            prop_assert!(verify_inclusion(index, size, &leaf, &proof, &root).is_err());
        }

        #[test]
        fn a_rewritten_prefix_is_inconsistent(new in 2_u64..300, old in 1_u64..300, changed in 0_u64..300) {
            let old = 1 + old % (new - 1);
            let before = leaves(new);
            let mut after = before.clone();
            after[usize::try_from(changed % old).unwrap()] = leaf_hash(b"rewritten");
            let old_root = root(before.as_slice(), old).unwrap();
            let new_root = root(after.as_slice(), new).unwrap();
            let proof = consistency(after.as_slice(), old, new).unwrap();
            prop_assert_eq!(verify_consistency((old, &old_root), (new, &new_root), &proof), Err(ProofError::Root));
        }
    }
}
