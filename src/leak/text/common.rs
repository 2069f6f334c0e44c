//! How much a word says: little where everybody writes it, much where it stands in few texts.
//!
//! The weight is 16 times `-ln(1 - e^(-48 p))`, the inverse frequency of windows of 48 words that hold a word of frequency `p`:
//! 2 for *the*, 120 for a word that is in no table. Frequencies are of running text in eight languages and a list of plain
//! English; of eleven more languages the little words stand there by hand. `common.tsv` has the weight, then words. It is fixed, not learned from a corpus: rows that were registered
//! yesterday stay comparable with those of tomorrow.

use std::sync::LazyLock;

use super::lexeme::lexemes;

/// Weight of a word in no table.
pub(super) const RARE: u8 = 120;
/// Weight of a number of one or two digits.
pub(super) const SMALL_NUMBER: u8 = 64;
/// Weight of a single letter.
pub(super) const LETTER: u8 = 32;

/// Weight of a character that is a word of its own, where a word of the language has one or two of them.
pub(super) const CHARACTER: u8 = 40;
/// The same of syllables and letters that are read so, each with the two before it: a word has many.
pub(super) const SYLLABLE: u8 = 16;

/// Slots of the table; a power of two, three quarters free.
const SLOTS: usize = 1 << 14;

/// Of each word 24 bits of its hash, beside those that name its slot, and its weight; zero is free.
static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut table = vec![0; SLOTS];
    for line in include_str!("common.tsv").lines() {
        let Some((weight, words)) = line.split_once('\t') else { continue };
        let weight = weight.parse().unwrap_or(RARE);
        for word in words.split(' ') {
            let mut found = Vec::new();
            lexemes(word, |lexeme| found.push(lexeme.hash));
            if let [hash] = found.as_slice() {
                put(&mut table, *hash, weight);
            }
        }
    }
    table
});

/// Keeps the smaller weight where two spellings fold to one.
fn put(table: &mut [u32], hash: u64, weight: u8) {
    let start = slot(hash);
    for step in 0..SLOTS {
        let Some(place) = table.get_mut((start + step) % SLOTS) else { return };
        if *place == 0 {
            *place = tag(hash) | u32::from(weight);
            return;
        }
        if *place & !WEIGHT == tag(hash) {
            *place = tag(hash) | u32::from(weight).min(*place & WEIGHT);
            return;
        }
    }
}

/// The bits of a slot that hold a weight.
const WEIGHT: u32 = 0xFF;

const fn slot(hash: u64) -> usize {
    (hash >> 8) as usize % SLOTS
}

/// Never zero.
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & !WEIGHT | 1 << 31
}

/// The table, for many look-ups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights(&'static [u32]);

impl Weights {
    pub(super) fn new() -> Self {
        Self(&TABLE)
    }

    /// The weight of a word by its hash; `None` when it is in no table.
    #[inline]
    pub(super) fn of(self, hash: u64) -> Option<u8> {
        let start = slot(hash);
        for step in 0..SLOTS {
            match self.0.get((start + step) % SLOTS) {
                Some(0) | None => return None,
                Some(found) if found & !WEIGHT == tag(hash) => return Some((found & WEIGHT) as u8),
                Some(_) => {}
            }
        }
        None
    }
}
