//! Literals wherever they stand, also within words, in any case: `://`, `eyJ`, `assword`.
//!
//! A byte says by one table each whether it may be the first, second or third of a literal, for 32 groups of literals at
//! once; three lookups and two `and`s turn nearly every place of a text away, independently of the places beside it. Only where
//! all three agree is the automaton of all literals asked, from that place alone.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind, StartKind};

/// Bytes of a literal that are looked at first; no literal is shorter.
const HEAD_BYTES: usize = 3;
/// Places that are looked at together.
const PLACES: usize = 16;

/// Groups of literals, one bit each.
type Groups = u32;

/// All literals, compiled.
#[derive(Debug)]
pub(super) struct Literals {
    /// For each of the first bytes of a literal, the groups that may have it there, one bit each.
    heads: Box<[[Groups; 256]; HEAD_BYTES]>,
    automaton: AhoCorasick,
}

impl Literals {
    /// Compiles literals of three bytes and more; `None` when there are too many, or a shorter one.
    pub(super) fn new<'l>(literals: impl IntoIterator<Item = &'l str>) -> Option<Self> {
        let literals: Vec<&str> = literals.into_iter().collect();
        let mut heads = Box::new([[0; 256]; HEAD_BYTES]);
        let head = |literal: &&str| {
            literal.as_bytes().first_chunk().map(|head: &[u8; HEAD_BYTES]| head.map(|byte| byte.to_ascii_lowercase()))
        };
        let own: Option<BTreeSet<[u8; HEAD_BYTES]>> = literals.iter().map(head).collect();
        let mut groups = (2..Groups::BITS).cycle();
        for head in &own? {
            // Marks are rare: their literals share two groups. Letters and blanks are everywhere: theirs have one each, so that
            // not the first byte of one with the second of another is taken for a head.
            let [first, ..] = head;
            let spoken = first.is_ascii_alphabetic() || *first == b' ';
            let group = if spoken { groups.next()? } else { Groups::from(*first == b'.') };
            for (table, byte) in heads.iter_mut().zip(head) {
                for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                    if let Some(groups) = table.get_mut(usize::from(case)) {
                        *groups |= 1 << group;
                    }
                }
            }
        }
        let mut automaton = AhoCorasick::builder();
        automaton.match_kind(MatchKind::LeftmostLongest).start_kind(StartKind::Anchored).ascii_case_insensitive(true);
        Some(Self { heads, automaton: automaton.build(&literals).ok()? })
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        self.automaton.memory_usage() + size_of_val(&*self.heads)
    }

    /// Reports the literals of a text from left to right, the longest at each place, none within another: their numbers and
    /// where they stand.
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at + HEAD_BYTES <= bytes.len() {
            let Some(place) = self.next_place(bytes, at) else { return };
            at = place + 1;
            let input = Input::new(bytes).range(place..).anchored(Anchored::Yes);
            if let Ok(Some(literal)) = self.automaton.try_find(input) {
                at = literal.end();
                found(literal.pattern().as_usize(), literal.range());
            }
        }
    }

    /// The next place at which the first bytes of a literal may stand.
    fn next_place(&self, bytes: &[u8], mut at: usize) -> Option<usize> {
        let [first, second, third] = &*self.heads;
        while let Some(stretch) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ PLACES + HEAD_BYTES - 1 }>) {
            // Each byte is looked up once in every table: as the third of a head, the second of one, and the first.
            let (mut any, mut one, mut two) = (0, 0, 0);
            for &byte in stretch {
                any |= two & of(third, byte);
                two = one & of(second, byte);
                one = of(first, byte);
            }
            if any != 0 {
                let place = (at..at + PLACES).find(|&place| self.may_begin(bytes, place));
                if place.is_some() {
                    return place;
                }
            }
            at += PLACES;
        }
        (at..bytes.len()).find(|&place| self.may_begin(bytes, place))
    }

    /// Whether a literal may begin at a place, by its first three bytes.
    fn may_begin(&self, bytes: &[u8], place: usize) -> bool {
        let [first, second, third] = &*self.heads;
        let head = bytes.get(place..).and_then(<[u8]>::first_chunk::<HEAD_BYTES>);
        head.is_some_and(|[a, b, c]| of(first, *a) & of(second, *b) & of(third, *c) != 0)
    }
}

/// What a table says of a byte.
fn of(table: &[Groups; 256], byte: u8) -> Groups {
    table.get(usize::from(byte)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [&str; 8] = ["://", ".com", ".co", "eyj", "assword", "hra", "-----begin", "sername"];

    proptest! {
        #[test]
        fn what_one_automaton_finds(text in "(://|\\.co|\\.com|EyJ|assWord|hra|-|s|a|ser|name|\\PC){0,30}") {
            let mut found = Vec::new();
            Literals::new(ALL).unwrap().find(&text, |literal, range| found.push((literal, range)));
            let mut plain = AhoCorasick::builder();
            plain.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
            let plain = plain.build(ALL).unwrap();
            let expected: Vec<_> = plain.find_iter(&text).map(|one| (one.pattern().as_usize(), one.range())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
