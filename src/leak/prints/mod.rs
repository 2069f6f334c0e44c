//! Fingerprints: which runs of words stand in a registered document word for word, however short a part of it they are.
//!
//! ```text
//! k words in a row -> a rolling hash over their keyed tokens -> of each stretch of hashes the smallest is kept (winnowing)
//! ```
//! Two texts that share `k + w - 1` words in a row keep a hash in common wherever those words stand, so that a document needs
//! two hashes for every `w + 1` words. A kept hash of a request that is known leads to places in documents; from there the run
//! is followed to both sides over the tokens themselves, so that what is reported is exact.
//!
//! What very many documents share is boilerplate: a hash with more than [`PLACES_MAX`] places leads nowhere. What one document
//! repeats (the lines of a log) is not: of it only the first `DOCUMENT_PLACES_MAX` places of a hash are kept.
#![expect(clippy::cast_possible_truncation, reason = "tokens of an index are counted in 32 bits (`TOKENS_MAX`)")]

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use zeroize::{Zeroize, Zeroizing};

/// Places of one hash that are followed. A hash with more is boilerplate.
pub const PLACES_MAX: usize = 24;
/// Places of one hash that are kept of one document.
const DOCUMENT_PLACES_MAX: usize = 2;
/// Words ahead for which a run of a document says enough: what repeats itself is not followed from each of its places again.
const AHEAD: usize = 64;
/// Runs of one document in one request behind which what they cover already is followed no more: a short document of one word would
/// have a run for each word of a request that repeats it.
const RUNS_MAX: usize = 256;
/// Tokens that an index can hold: a place is named by 32 bits.
pub const TOKENS_MAX: usize = u32::MAX as usize - 1;
/// Bits of the filter for each slot of the table.
const FILTER_BITS: usize = 8;

/// How fingerprints are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Words of a fingerprint.
    pub words: usize,
    /// Fingerprints of which one is kept: four or eight.
    pub window: usize,
}

/// Five words, as kept for prose: eight shared words in a row are found.
pub const PROSE: Shape = Shape { words: 5, window: 4 };
/// Sixteen tokens, as kept for code: 23 shared tokens in a row are found.
pub const CODE: Shape = Shape { words: 16, window: 8 };

/// Words of a request that stand in the index as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Words of the request.
    pub asked: Range<usize>,
    /// Where they begin among the index's tokens.
    pub place: usize,
}

/// Calls `kept` with every hash that winnowing keeps, and where its words begin.
#[inline]
pub fn winnow(tokens: &[u32], shape: Shape, kept: impl FnMut(u64, usize)) {
    if shape.window <= 4 { winnowed::<4>(tokens, shape.words, kept) } else { winnowed::<8>(tokens, shape.words, kept) }
}

/// The same of stretches whose length the compiler knows.
fn winnowed<const WINDOW: usize>(tokens: &[u32], words: usize, mut kept: impl FnMut(u64, usize)) {
    let Some((first, entering)) = tokens.split_at_checked(words) else { return };
    let power = (1..words).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut rolling = first.iter().fold(0_u64, |sum, token| sum.wrapping_mul(BASE).wrapping_add(spread(*token)));
    let mut recent = [u64::MAX; WINDOW];
    // Of equal hashes the last: a repeated phrase is kept once.
    let mut least = (finished(rolling), 0);
    recent.iter_mut().take(1).for_each(|place| *place = least.0);
    let mut start = 0;
    for (leaving, entering) in tokens.iter().zip(entering) {
        rolling = rolling.wrapping_sub(spread(*leaving).wrapping_mul(power));
        rolling = rolling.wrapping_mul(BASE).wrapping_add(spread(*entering));
        let hash = finished(rolling);
        start += 1;
        if let Some(place) = recent.get_mut(start % WINDOW) {
            *place = hash;
        }
        let is_new = if hash <= least.0 {
            least = (hash, start);
            true
        } else if least.1 + WINDOW <= start {
            least = least_of(&recent, start);
            true
        } else {
            start + 1 == WINDOW
        };
        if is_new && start + 1 >= WINDOW {
            kept(least.0, least.1);
        }
    }
    // A text too short for one stretch keeps its smallest.
    if start + 1 < WINDOW {
        kept(least.0, least.1);
    }
}

/// The smallest of the latest hashes and where it begins; of equal ones the last.
#[inline]
fn least_of<const WINDOW: usize>(recent: &[u64; WINDOW], last: usize) -> (u64, usize) {
    let mut least = (u64::MAX, last);
    for start in (last + 1 - WINDOW..=last).rev() {
        let hash = recent.get(start % WINDOW).copied().unwrap_or(u64::MAX);
        if hash < least.0 {
            least = (hash, start);
        }
    }
    least
}

const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
const fn spread(token: u32) -> u64 {
    (token as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

#[inline]
const fn finished(rolling: u64) -> u64 {
    let x = (rolling ^ (rolling >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 29)
}

/// The fingerprints of all documents of one tenant.
pub struct Prints {
    shape: Shape,
    tokens: Vec<u32>,
    /// Of each slot: the upper half of a hash and the place plus one. Zero is free; [`REMOVED`] was used.
    slots: Vec<u64>,
    used: usize,
    filter: Vec<u64>,
}

impl std::fmt::Debug for Prints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prints").field("tokens", &self.tokens.len()).field("used", &self.used).finish_non_exhaustive()
    }
}

impl Drop for Prints {
    fn drop(&mut self) {
        self.tokens.zeroize();
        self.slots.zeroize();
        self.filter.zeroize();
    }
}

impl Prints {
    /// No documents yet.
    pub fn new(shape: Shape) -> Self {
        Self { shape, tokens: Vec::new(), slots: vec![0; 1024], used: 0, filter: vec![0; 1024 * FILTER_BITS / 64] }
    }

    /// All tokens of the index.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Adds a document's tokens behind those of the others; where they begin, or `None` when the index is full.
    pub fn add(&mut self, tokens: &[u32]) -> Option<usize> {
        let start = self.tokens.len();
        if start + tokens.len() > TOKENS_MAX {
            return None;
        }
        self.tokens.extend_from_slice(tokens);
        let mut kept = Vec::with_capacity(tokens.len() / 2);
        winnow(tokens, self.shape, |hash, at| kept.push((hash, start + at)));
        kept.sort_unstable();
        let mut of_hash = (0, 0);
        kept.retain(|(hash, _)| {
            of_hash = if of_hash.0 == *hash { (*hash, of_hash.1 + 1) } else { (*hash, 1) };
            of_hash.1 <= DOCUMENT_PLACES_MAX
        });
        if (self.used + kept.len()) * 3 > self.slots.len() * 2 {
            self.grow((self.used + kept.len()) * 3);
        }
        for (hash, place) in kept {
            self.put(hash & UPPER | (place as u64 + 1), hash);
        }
        Some(start)
    }

    /// Forgets the places of a document's tokens: its versions, however many there were, make no hash boilerplate.
    pub fn remove(&mut self, range: Range<usize>) {
        let start = range.start;
        let tokens = Zeroizing::new(self.tokens.get(range).unwrap_or_default().to_vec());
        let mask = self.slots.len() - 1;
        winnow(&tokens, self.shape, |hash, at| {
            let gone = hash & UPPER | ((start + at) as u64 + 1);
            for step in 0..self.slots.len() {
                match self.slots.get_mut((hash as usize).wrapping_add(step) & mask) {
                    None | Some(0) => break,
                    Some(slot) if *slot == gone => {
                        *slot = REMOVED;
                        break;
                    }
                    Some(_) => {}
                }
            }
        });
    }

    /// Keeps a place, unless the hash has enough of them.
    fn put(&mut self, slot: u64, hash: u64) {
        let mask = self.slots.len() - 1;
        let mut same = 0;
        for step in 0..self.slots.len() {
            let Some(found) = self.slots.get_mut((hash as usize).wrapping_add(step) & mask) else { return };
            if *found == 0 {
                *found = slot;
                self.used += 1;
                self.mark(hash);
                return;
            }
            same += usize::from(*found != REMOVED && *found & UPPER == hash & UPPER);
            if same > PLACES_MAX {
                return;
            }
        }
    }

    fn mark(&mut self, hash: u64) {
        let (word, bits) = filter_place(hash, self.filter.len());
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bits;
        }
    }

    /// Makes the table larger: slots hold only the upper half of a hash, so hashes are made again from the tokens.
    fn grow(&mut self, wanted: usize) {
        let size = wanted.next_power_of_two();
        let mut old = std::mem::replace(&mut self.slots, vec![0; size]);
        self.filter.zeroize();
        self.filter = vec![0; size * FILTER_BITS / 64];
        self.used = 0;
        for slot in old.iter().copied().filter(|slot| *slot != 0 && *slot != REMOVED) {
            let place = (slot & !UPPER) as usize - 1;
            let words = self.tokens.get(place..place + self.shape.words.min(self.tokens.len() - place));
            let rolling = words.unwrap_or_default().iter();
            let rolling = rolling.fold(0_u64, |sum, token| sum.wrapping_mul(BASE).wrapping_add(spread(*token)));
            self.put(slot, finished(rolling));
        }
        old.zeroize();
    }

    /// Where a hash is known from; nothing for boilerplate.
    #[inline]
    fn places(&self, hash: u64, mut found: impl FnMut(usize)) {
        let (word, bits) = filter_place(hash, self.filter.len());
        if self.filter.get(word).is_none_or(|word| *word & bits != bits) {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut places = smallvec::SmallVec::<[usize; PLACES_MAX]>::new();
        for step in 0..self.slots.len() {
            match self.slots.get((hash as usize).wrapping_add(step) & mask) {
                None | Some(0) => break,
                Some(&REMOVED) => {}
                Some(slot) if slot & UPPER == hash & UPPER => places.push((slot & !UPPER) as usize - 1),
                Some(_) => {}
            }
        }
        if places.len() <= PLACES_MAX {
            places.into_iter().for_each(&mut found);
        }
    }

    /// Every run of a request's tokens that stands in the index and is at least one fingerprint long. `bounds` tells the
    /// tokens of the document that a place lies in; nothing for a document that was removed or is not the asker's.
    pub fn runs(&self, asked: &[u32], bounds: impl Fn(usize) -> Option<Range<usize>>) -> Vec<Run> {
        let mut runs = Vec::new();
        // For each diagonal (how far a place lies ahead of the request's word) the end of the last run on it; for each document
        // too, and how many there were.
        let (mut ends, mut of_documents) = (HashMap::<usize, usize>::new(), HashMap::<usize, (usize, usize)>::new());
        winnow(asked, self.shape, |hash, at| {
            self.places(hash, |place| {
                let Some(document) = bounds(place) else { return };
                let diagonal = place.wrapping_sub(at);
                let (reached, count) = of_documents.entry(document.start).or_default();
                let ahead = if *count < RUNS_MAX { AHEAD } else { self.shape.words };
                if *reached > at + ahead || ends.get(&diagonal).is_some_and(|end| *end > at) {
                    return;
                }
                let run = self.follow(asked, at, place, &document);
                if run.asked.len() >= self.shape.words.min(asked.len()) {
                    ends.insert(diagonal, run.asked.end);
                    *reached = run.asked.end.max(*reached);
                    *count += 1;
                    runs.push(run);
                }
            });
        });
        runs.sort_unstable_by_key(|run| (run.asked.start, run.place));
        runs
    }

    /// Follows equal tokens to both sides.
    fn follow(&self, asked: &[u32], at: usize, place: usize, document: &Range<usize>) -> Run {
        let (left, right) = asked.split_at_checked(at).unwrap_or_default();
        let known = |range: Range<usize>| self.tokens.get(range).unwrap_or_default();
        let behind = right.iter().zip(known(place..document.end)).take_while(|(one, other)| one == other).count();
        let before = left.iter().rev().zip(known(document.start..place).iter().rev());
        let before = before.take_while(|(one, other)| one == other).count();
        Run { asked: at - before..at + behind, place: place - before }
    }
}

/// The half of a slot that holds bits of the hash.
const UPPER: u64 = 0xFFFF_FFFF_0000_0000;
/// A slot whose place was removed: no place has a lower half of zero.
const REMOVED: u64 = 1 << 32;

/// A word of the filter and three bits of it.
#[inline]
const fn filter_place(hash: u64, words: usize) -> (usize, u64) {
    let word = (hash as usize) & (words - 1);
    (word, 1 << (hash >> 40 & 63) | 1 << (hash >> 46 & 63) | 1 << (hash >> 52 & 63))
}
