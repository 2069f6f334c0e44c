//! Words and phrases that mean something by themselves: health terms, titles, cues of a name.
//!
//! A bitmap of 16 KiB over the first eight bytes of a word turns away nearly every word of a text in a few instructions; only
//! the rest is folded and looked up. Words with accents always are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use smallvec::SmallVec;

use super::fold::{self, Folded};
use super::glance::{Bits, key, key_of};
use super::swar::load;

/// What a word or phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A term of a lexicon row: the detector's number.
    Term(u16),
    /// A word that announces a name.
    Cue(super::person::Cue),
    /// A label of a row of labelled values: the row's place.
    Label(u16),
    /// A word of a number in words.
    Spelt,
    /// What heads a column of addresses.
    AddressHead,
}

/// All words of all lexicons.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// First words, cut to eight bytes.
    heads: Bits,
    /// The first eight bytes of phrases whose first word is short: `in vitro` is rare where `in` is everywhere.
    openings: Bits,
    /// The first words of those phrases.
    short_heads: Bits,
    words: HashMap<Box<[u8]>, SmallVec<[Entry; 1]>, BuildHasherDefault<Mixer>>,
    /// The first two letters of every phrase; `None` where there are so many phrases that every pair is one of them.
    pairs: Option<Box<[u64; PAIRS / 64]>>,
}

/// Pairs of letters that are told apart.
const PAIRS: usize = 2048;

#[derive(Debug)]
struct Entry {
    /// The first eight bytes of the second word, 0 when there is none: most phrases of a word are turned away by it.
    second: u64,
    /// The folded words that must follow the first.
    rest: Box<[Box<[u8]>]>,
    /// Written in capitals in the lexicon (AIDS): matches only capitals.
    capitals: bool,
    meaning: Meaning,
}

impl Lexicon {
    /// Builds the lexicon. A phrase without a letter or digit is left out.
    pub(super) fn new<'a>(phrases: impl IntoIterator<Item = (&'a str, Meaning), IntoIter: ExactSizeIterator>) -> Self {
        let phrases = phrases.into_iter();
        let count = phrases.len();
        let mut lexicon = Self {
            heads: Bits::new(count),
            openings: Bits::new(count),
            short_heads: Bits::new(count),
            words: HashMap::with_capacity_and_hasher(count, BuildHasherDefault::default()),
            pairs: None,
        };
        for (phrase, meaning) in phrases {
            lexicon.add(phrase, meaning);
        }
        for entries in lexicon.words.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.rest.len()));
        }
        lexicon
    }

    /// Builds a lexicon of few phrases, those of one call's names: it turns words away faster, and a stop joins words too.
    pub(super) fn of_few<'a>(
        phrases: impl IntoIterator<Item = (&'a str, Meaning), IntoIter: ExactSizeIterator>,
    ) -> Self {
        let mut lexicon = Self::new(phrases);
        let mut pairs = Box::new([0; PAIRS / 64]);
        for word in lexicon.words.keys() {
            let eight = load(word, 0);
            // Behind a single letter anything may stand.
            let seconds = if word.len() > 1 { eight >> 8 & 0xFF..=eight >> 8 & 0xFF } else { 0..=0x3F };
            for second in seconds {
                let (slot, bit) = pair(eight & 0xFF | second << 8);
                if let Some(slot) = pairs.get_mut(slot) {
                    *slot |= bit;
                }
            }
        }
        lexicon.pairs = Some(pairs);
        lexicon
    }

    /// Whether a phrase may begin with the first two of these eight bytes. Letters with accents always may.
    pub(super) fn may_open(&self, first_eight: u64) -> bool {
        let Some(pairs) = &self.pairs else { return true };
        let (slot, bit) = pair(first_eight);
        first_eight & 0x8080 != 0 || pairs.get(slot).is_some_and(|slot| slot & bit != 0)
    }

    fn add(&mut self, phrase: &str, meaning: Meaning) {
        let Some((range, first)) = fold::next_word(phrase, 0) else { return };
        let mut rest: SmallVec<[Box<[u8]>; 4]> = SmallVec::new();
        let mut at = range.end;
        while let Some((range, folded)) = fold::next_word(phrase, at) {
            at = range.end;
            rest.push(folded.as_slice().into());
        }
        let letters = phrase.chars().filter(|c| c.is_alphabetic());
        let capitals = letters.clone().count() > 1 && letters.clone().all(char::is_uppercase);
        let rest = rest.into_boxed_slice();
        let phrase_len = first.len() + rest.iter().map(|word| word.len() + 1).sum::<usize>();
        if first.len() <= SHORT_BYTES_MAX && phrase_len >= 8 {
            self.short_heads.insert(key(load(&first, 0), first.len()));
            for opening in openings(&first, &rest) {
                self.openings.insert(key(load(&opening, 0), 8));
            }
        } else {
            self.heads.insert(key(load(&first, 0), first.len().min(8)));
        }
        if !self.words.contains_key(first.as_slice()) {
            self.words.insert(first.as_slice().into(), SmallVec::new());
        }
        let Some(entries) = self.words.get_mut(first.as_slice()) else { return };
        // Forms that differ by an accent alone are one.
        if entries.iter().all(|known| known.rest != rest || known.capitals != capitals || known.meaning != meaning) {
            let second = rest.first().map_or(0, |word| key_of(word));
            entries.push(Entry { second, rest, capitals, meaning });
        }
    }

    /// Whether a phrase may begin with these eight bytes, of which the first word has `len`, at most 8.
    #[inline]
    pub(super) fn may_hold(&self, first_eight: u64, len: usize) -> bool {
        if self.heads.holds(key(first_eight, len)) {
            return true;
        }
        // An accent among the eight bytes: what follows the first word cannot be compared as it stands.
        let accented = first_eight & 0x8080_8080_8080_8080 != 0;
        len <= SHORT_BYTES_MAX
            && if accented {
                self.short_heads.holds(key(first_eight, len))
            } else {
                self.openings.holds(key(first_eight, 8))
            }
    }

    /// Whether a phrase may begin with this folded word, given by its first eight bytes.
    pub(super) fn may_hold_word(&self, head: u64, len: usize) -> bool {
        let key = key(head, len);
        self.heads.holds(key) || self.short_heads.holds(key)
    }

    /// Looks up the word that begins at or after `at` and returns where it ends. Reports the longest phrase that is a term
    /// and the longest that is a cue: a word may be both (`patient`).
    pub(super) fn look_up(&self, text: &str, at: usize, mut found: impl FnMut(Range<usize>, Meaning)) -> usize {
        let Some((first, folded)) = fold::next_word(text, at) else { return text.len() };
        let (mut term, mut cue, mut label, mut spelt, mut head) = (false, false, false, false, false);
        // Many phrases share a first word (`cancer du …`): the second is read once.
        let mut second = None;
        for entry in self.words.get(folded.as_slice()).into_iter().flatten() {
            if entry.second != 0 {
                let second = *second.get_or_insert_with(|| {
                    fold::next_word(text, first.end).map_or(0, |(_, folded)| folded.first_eight())
                });
                if second != entry.second {
                    continue;
                }
            }
            let done = match entry.meaning {
                Meaning::Term(_) => &mut term,
                Meaning::Cue(_) => &mut cue,
                Meaning::Label(_) => &mut label,
                Meaning::Spelt => &mut spelt,
                Meaning::AddressHead => &mut head,
            };
            if *done {
                continue;
            }
            let Some(end) = follow(text, first.end, &entry.rest, self.pairs.is_some()) else { continue };
            let range = first.start..end;
            if !entry.capitals || in_capitals(text, &range) {
                *done = true;
                found(range, entry.meaning);
            }
        }
        first.end
    }
}

/// Reads the words that must follow; returns where the last ends. `stop` says that a stop may join two of them, as in the names of
/// accounts (`jean.dupont`).
fn follow(text: &str, from: usize, rest: &[Box<[u8]>], stop: bool) -> Option<usize> {
    let mut at = from;
    for word in rest {
        let (range, folded): (Range<usize>, Folded) = fold::next_word(text, at)?;
        let gap = text.get(at..range.start)?;
        let between = |c: char| c.is_whitespace() || matches!(c, '-' | '\'' | '’' | '_' | '\u{2010}' | '\u{2011}');
        let joined = stop && gap == "." || gap.chars().count() <= 2 && gap.chars().all(between);
        if folded.as_slice() != &**word || !joined {
            return None;
        }
        at = range.end;
    }
    Some(at)
}

/// Where a pair of letters is noted: five bits of the first and six of the second, as both cases share them.
const fn pair(bytes: u64) -> (usize, u64) {
    let place = (bytes & 0x1F) << 6 | (bytes >> 8 | 0x20) & 0x3F;
    ((place >> 6) as usize, 1 << (place & 63))
}

fn in_capitals(text: &str, range: &Range<usize>) -> bool {
    text.get(range.clone()).is_some_and(|word| !word.chars().any(char::is_lowercase))
}

/// Bytes of a first word that is too common to be looked up by itself. A phrase may go on behind it with any of
/// [`BETWEEN`]; other separators are not ASCII, and such words are always looked up.
const SHORT_BYTES_MAX: usize = 5;
/// Separators of a phrase, in lower case as [`key`] makes them.
const BETWEEN: [u8; 7] = [b' ', b'-', b'\'', b'.', b'_' | 0x20, b'\n' | 0x20, b'\t' | 0x20];

/// Every way in which the first eight bytes of a phrase of at least as many may read, with each separator that may stand
/// between its words.
fn openings(first: &[u8], rest: &[Box<[u8]>]) -> Vec<SmallVec<[u8; 16]>> {
    let mut openings: Vec<SmallVec<[u8; 16]>> = vec![first.into()];
    for word in rest {
        if openings.iter().all(|opening| opening.len() >= 8) {
            break;
        }
        let longer = openings.iter().flat_map(|opening| {
            BETWEEN.iter().map(move |between| opening.iter().chain([between]).chain(word.iter()).copied().collect())
        });
        openings = longer.collect();
    }
    openings
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
            ("mal à la tête", Meaning::Term(5)),
            ("in vitro", Meaning::Term(6)),
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
        for (text, len) in
            [("Diabete ", 7), ("mal \u{e0} la tete", 3), ("MAL A LA TETE", 3), ("In Vitro", 2), ("in-vitro", 2)]
        {
            assert!(lexicon.may_hold(load(text.as_bytes(), 0), len), "{text}");
        }
        assert!(!lexicon.may_hold(load(b"in the sun", 0), 2));
        assert!(lexicon.may_hold(load(b"Diabete ", 0), 7));
        assert!(!lexicon.may_hold(load(b"bonjour ", 0), 7));
    }
}
