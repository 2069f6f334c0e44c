//! What a word is worth in this corpus, and how much it says of which document it is from.

use super::{FACT, Space};

impl Space {
    /// How much a word says in this corpus: what many of its documents say too says less.
    pub(super) fn worth(&self, token: u32, weight: u8) -> u32 {
        u32::from(weight & !FACT) * (COMMON_SHARE + (256 - COMMON_SHARE) * self.rarity(token) / 256) / 256
    }

    /// How much a word says of which document it is from: hardly anything where all have it. Between what it is worth and how rare
    /// it is, so that a window of boilerplate is near to nothing and one of the field's words is still found.
    pub(super) fn telling(&self, token: u32, weight: u8) -> u8 {
        let rare = u32::from(weight & !FACT) * self.rarity(token) / 256;
        u8::try_from(u32::midpoint(self.worth(token, weight), rare)).unwrap_or(u8::MAX)
    }

    /// How rare a word is among the documents, in 256ths.
    fn rarity(&self, token: u32) -> u32 {
        if self.counted < FEW_DOCUMENTS {
            return 256;
        }
        let found = self.frequency.get(&token).copied().unwrap_or(0).max(1);
        // Logarithms in eighths of a bit, so that the same state gives the same number anywhere. A word of one document
        // alone keeps its weight.
        let (all, with, one) = (eighths(self.counted + 1), eighths(found + 1), eighths(2));
        (all.saturating_sub(with) * 256 / (all - one).max(1)).min(256)
    }
}

/// Documents below which how often a word is among them says nothing.
const FEW_DOCUMENTS: u32 = 8;
/// What is left, in 256ths, of the weight of a word that is in every document.
const COMMON_SHARE: u32 = 64;

/// Eight times the binary logarithm, rounded down, for numbers from 1.
const fn eighths(number: u32) -> u32 {
    if number == 0 {
        return 0;
    }
    let whole = number.ilog2();
    // The fraction, linear between powers of two.
    let rest = (number as u64) << 3 >> whole;
    whole * 8 + (rest as u32 - 8)
}
