//! Sets of sequence numbers in blocks of 65,536: which records have a word.
//!
//! All conditions of a search are such sets, so that any number of them costs one `and` a machine word, and a count is a
//! population count. A block is kept as a sorted list of 16-bit numbers while that is shorter than its 8,192 bytes.

/// Numbers in a block.
pub const BLOCK: u64 = 1 << 16;
const WORDS: usize = 1024;
const BYTES: usize = WORDS * 8;

/// The members of a set in one block.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits(Box<[u64]>);

impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bits").field(&self.count()).finish()
    }
}

impl Default for Bits {
    fn default() -> Self {
        Self(vec![0; WORDS].into_boxed_slice())
    }
}

impl Bits {
    /// Every number from `first` to `last`, both within the block and both meant.
    pub fn range(first: u16, last: u16) -> Self {
        let mut bits = Self::default();
        (first..=last).for_each(|number| bits.insert(number));
        bits
    }

    /// Adds a number.
    pub fn insert(&mut self, number: u16) {
        if let Some(word) = self.0.get_mut(usize::from(number) / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: u16) {
        if let Some(word) = self.0.get_mut(usize::from(number) / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// Keeps what is in the other set too.
    pub fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one &= other);
    }

    /// Takes in what is in the other set.
    pub fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one |= other);
    }

    /// How many numbers are in both sets.
    pub fn count_with(&self, other: &Self) -> u64 {
        self.0.iter().zip(&other.0).map(|(one, other)| u64::from((one & other).count_ones())).sum()
    }

    /// How many numbers are in it.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers, largest first.
    pub fn descending(&self) -> impl Iterator<Item = u16> {
        let words = (0_u16..1024).rev().zip(self.0.iter().rev()).filter(|(_, word)| **word != 0);
        words.flat_map(|(index, word)| {
            (0..64_u16).rev().filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        })
    }

    /// The form in the database.
    pub fn encode(&self) -> Vec<u8> {
        if self.count() < (BYTES / 2) as u64 {
            let mut numbers: Vec<u16> = self.descending().collect();
            numbers.reverse();
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        } else {
            self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
        }
    }

    /// Reads the form in the database; what is not one is empty.
    pub fn decode(bytes: &[u8]) -> Self {
        let mut bits = Self::default();
        if bytes.len() == BYTES {
            for (word, chunk) in bits.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = chunk.try_into().map_or(0, u64::from_le_bytes);
            }
        } else {
            for chunk in bytes.chunks_exact(2) {
                bits.insert(chunk.try_into().map_or(0, u16::from_le_bytes));
            }
        }
        bits
    }
}

/// Whether a number is in a set in the form in which it is kept.
pub(super) fn holds(set: &[u8], number: u16) -> bool {
    if set.len() == BYTES {
        return set.get(usize::from(number) / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1);
    }
    let at = |index: usize| {
        set.get(2 * index..2 * index + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_le_bytes)
    };
    let (mut low, mut high) = (0, set.len() / 2);
    while low < high {
        let middle = usize::midpoint(low, high);
        if at(middle) < number { low = middle + 1 } else { high = middle }
    }
    low < set.len() / 2 && at(low) == number
}

/// The block of a sequence number and its place there.
pub fn place(seq: u64) -> (u64, u16) {
    (seq / BLOCK, u16::try_from(seq % BLOCK).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits(numbers: &BTreeSet<u16>) -> Bits {
        let mut bits = Bits::default();
        for number in numbers {
            bits.insert(*number);
        }
        bits
    }

    proptest! {
        #[test]
        fn is_a_set(
            one in proptest::collection::btree_set(any::<u16>(), 0..300),
            other in proptest::collection::btree_set(any::<u16>(), 0..300),
        ) {
            let (a, mut both) = (bits(&one), bits(&one));
            both.and(&bits(&other));
            let mut expected: Vec<u16> = one.intersection(&other).copied().collect();
            expected.reverse();
            prop_assert_eq!(both.descending().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(a.count_with(&bits(&other)), expected.len() as u64);
            let mut either = bits(&one);
            either.or(&bits(&other));
            let mut expected: Vec<u16> = one.union(&other).copied().collect();
            expected.reverse();
            prop_assert_eq!(either.descending().collect::<Vec<_>>(), expected);
            let set = a.encode();
            prop_assert!(one.iter().all(|number| holds(&set, *number)));
            prop_assert!(other.difference(&one).all(|number| !holds(&set, *number)));
            prop_assert_eq!(Bits::decode(&a.encode()), a);
        }
    }

    #[test]
    fn a_full_block_is_kept_as_bits() {
        let full = Bits::range(0, u16::MAX);
        assert_eq!((full.count(), full.encode().len()), (65_536, BYTES));
        assert_eq!(Bits::decode(&full.encode()), full);
        let half = Bits::range(0, 40_000).encode();
        assert_eq!([0, 40_000, 40_001].map(|number| holds(&half, number)), [true, true, false]);
        let mut most = Bits::range(10, 20);
        most.remove(15);
        assert_eq!((most.count(), most.encode().len()), (10, 20));
        assert_eq!(place(65_537), (1, 1));
    }
}
