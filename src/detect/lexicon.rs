//! Words and phrases that mean something by themselves: health terms, titles, cues of a name.
//!
//! A bitmap of 8 KiB over the first eight bytes of a word turns away nearly every word of a text in a few instructions; only
//! the rest is folded and looked up. Words with accents always are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use smallvec::SmallVec;

use super::fold::{self, Folded};

/// What a word or phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A term of a lexicon row: the detector's number.
    Term(u16),
    /// A word that announces a name.
    Cue(super::person::Cue),
}

/// All words of all lexicons.
#[derive(Debug)]
pub(super) struct Lexicon {
    bits: Box<[u64]>,
    words: HashMap<Box<[u8]>, SmallVec<[Entry; 1]>, BuildHasherDefault<Mixer>>,
}

#[derive(Debug)]
struct Entry {
    /// The folded words that must follow the first.
    rest: Box<[Box<[u8]>]>,
    /// Written in capitals in the lexicon (AIDS): matches only capitals.
    capitals: bool,
    meaning: Meaning,
}

impl Lexicon {
    /// Builds the lexicon. A phrase without a letter or digit is left out.
    pub(super) fn new<'a>(phrases: impl IntoIterator<Item = (&'a str, Meaning)>) -> Self {
        let mut lexicon = Self { bits: vec![0; 1024].into(), words: HashMap::default() };
        for (phrase, meaning) in phrases {
            lexicon.add(phrase, meaning);
        }
        for entries in lexicon.words.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.rest.len()));
        }
        lexicon
    }

    fn add(&mut self, phrase: &str, meaning: Meaning) {
        let mut words = Vec::new();
        let mut at = 0;
        while let Some((range, folded)) = fold::next_word(phrase, at) {
            at = range.end;
            words.push(folded.to_vec().into_boxed_slice());
        }
        let Some(first) = words.first().cloned() else { return };
        let letters = phrase.chars().filter(|c| c.is_alphabetic());
        let capitals = letters.clone().count() > 1 && letters.clone().all(char::is_uppercase);
        let (slot, bit) = place(key(load(&first, 0), first.len().min(8)));
        if let Some(bits) = self.bits.get_mut(slot) {
            *bits |= bit;
        }
        let rest = words.into_iter().skip(1).collect();
        self.words.entry(first).or_default().push(Entry { rest, capitals, meaning });
    }

    /// Whether a word whose first eight bytes are these may be in the lexicon. `len` is its length, at most 8.
    pub(super) fn may_hold(&self, first_eight: u64, len: usize) -> bool {
        let (slot, bit) = place(key(first_eight, len));
        self.bits.get(slot).is_some_and(|bits| bits & bit != 0)
    }

    /// Looks up the word that begins at or after `at` and returns where it ends. Reports the longest phrase that is a term
    /// and the longest that is a cue: a word may be both (`patient`).
    pub(super) fn look_up(&self, text: &str, at: usize, mut found: impl FnMut(Range<usize>, Meaning)) -> usize {
        let Some((first, folded)) = fold::next_word(text, at) else { return text.len() };
        let (mut term, mut cue) = (false, false);
        for entry in self.words.get(folded.as_slice()).into_iter().flatten() {
            let done = if matches!(entry.meaning, Meaning::Term(_)) { &mut term } else { &mut cue };
            if *done {
                continue;
            }
            let Some(end) = follow(text, first.end, &entry.rest) else { continue };
            let range = first.start..end;
            if !entry.capitals || in_capitals(text, &range) {
                *done = true;
                found(range, entry.meaning);
            }
        }
        first.end
    }
}

/// Reads the words that must follow; returns where the last ends.
fn follow(text: &str, from: usize, rest: &[Box<[u8]>]) -> Option<usize> {
    let mut at = from;
    for word in rest {
        let (range, folded): (Range<usize>, Folded) = fold::next_word(text, at)?;
        let gap = text.get(at..range.start)?;
        let between = |c: char| c.is_whitespace() || matches!(c, '-' | '\'' | '’' | '_' | '\u{2010}' | '\u{2011}');
        if folded.as_slice() != &**word || gap.chars().count() > 2 || !gap.chars().all(between) {
            return None;
        }
        at = range.end;
    }
    Some(at)
}

fn in_capitals(text: &str, range: &Range<usize>) -> bool {
    text.get(range.clone()).is_some_and(|word| !word.chars().any(char::is_lowercase))
}

/// The eight bytes at an offset as a little-endian number, zero behind the end.
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    let tail = bytes.get(at..).unwrap_or_default();
    if let Some(eight) = tail.first_chunk::<8>() {
        return u64::from_le_bytes(*eight);
    }
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(tail) {
        *to = *from;
    }
    u64::from_le_bytes(eight)
}

/// The first bytes of a word in lower case; bytes behind the word are cleared.
const fn key(first_eight: u64, len: usize) -> u64 {
    let lower = first_eight | 0x2020_2020_2020_2020;
    if len >= 8 { lower } else { lower & ((1 << (8 * len)) - 1) }
}

const fn place(key: u64) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// A fast hash for a table whose keys come from our own files; a flood of chosen words costs one probe each.
#[derive(Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.0 = (self.0.rotate_left(5) ^ load(chunk, 0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_and_phrases() {
        let lexicon = Lexicon::new([
            ("diabète", Meaning::Term(1)),
            ("diabète de type 2", Meaning::Term(2)),
            ("AIDS", Meaning::Term(3)),
            ("anti-inflammatoire", Meaning::Term(4)),
        ]);
        for (text, expected) in [
            ("Diabete", Some((0..7, Meaning::Term(1)))),
            ("DIABÈTE de type 2.", Some((0..18, Meaning::Term(2)))),
            ("diabète, de type 2", Some((0..8, Meaning::Term(1)))),
            ("aids", None),
            ("AIDS", Some((0..4, Meaning::Term(3)))),
            ("anti inflammatoire", Some((0..18, Meaning::Term(4)))),
            ("diabètes", None),
        ] {
            let mut found = None;
            lexicon.look_up(text, 0, |range, meaning| found = Some((range, meaning)));
            assert_eq!(found, expected, "{text}");
        }
        assert!(lexicon.may_hold(load(b"Diabete ", 0), 7));
        assert!(!lexicon.may_hold(load(b"bonjour ", 0), 7));
    }
}
