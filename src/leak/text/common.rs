//! How much a word says: little where everybody writes it, much where it stands in few texts.
//!
//! The weight is 16 times `-ln(1 - e^(-48 p))`, the inverse frequency of windows of 48 words that hold a word of frequency `p`:
//! 2 for *the*, 120 for a word that is in no table. Frequencies are of running text in eight languages and a list of plain
//! English; `common.tsv` has the weight, then words. It is fixed, not learned from a corpus: rows that were registered
//! yesterday stay comparable with those of tomorrow.

use std::sync::LazyLock;

use super::{Lexeme, lexemes};

/// Weight of a word in no table.
pub(super) const RARE: u8 = 120;
/// Weight of a number of one or two digits.
pub(super) const SMALL_NUMBER: u8 = 64;
/// Weight of a single letter.
pub(super) const LETTER: u8 = 32;

/// Slots of the table; a power of two, three quarters free.
const SLOTS: usize = 1 << 14;

static TABLE: LazyLock<Vec<(u64, u8)>> = LazyLock::new(|| {
    let mut table = vec![(0, 0); SLOTS];
    for line in include_str!("common.tsv").lines() {
        let Some((weight, words)) = line.split_once('\t') else { continue };
        let weight = weight.parse().unwrap_or(RARE);
        for word in words.split(' ') {
            let mut found = Vec::new();
            lexemes(word, |lexeme: Lexeme<'_>| found.push(lexeme.hash));
            if let [hash] = found.as_slice() {
                put(&mut table, *hash, weight);
            }
        }
    }
    table
});

/// Keeps the smaller weight where two spellings fold to one.
fn put(table: &mut [(u64, u8)], hash: u64, weight: u8) {
    let start = slot(hash);
    for step in 0..SLOTS {
        let Some(place) = table.get_mut((start + step) % SLOTS) else { return };
        if place.0 == hash {
            place.1 = place.1.min(weight);
            return;
        }
        if place.0 == 0 {
            *place = (hash, weight);
            return;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
const fn slot(hash: u64) -> usize {
    hash as usize % SLOTS
}

/// The table, for many look-ups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights(&'static [(u64, u8)]);

impl Weights {
    pub(super) fn new() -> Self {
        Self(&TABLE)
    }

    /// The weight of a word by its hash; `None` when it is in no table.
    pub(super) fn of(self, hash: u64) -> Option<u8> {
        let start = slot(hash);
        for step in 0..SLOTS {
            match self.0.get((start + step) % SLOTS) {
                Some((found, weight)) if *found == hash => return Some(*weight),
                Some((0, _)) | None => return None,
                Some(_) => {}
            }
        }
        None
    }
}
