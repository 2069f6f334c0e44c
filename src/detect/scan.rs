//! The pass over a text that finds words and digits, eight bytes at a time.
//!
//! Sixty-four bytes become bit masks (letter or digit or not ASCII; digit; not ASCII) by plain arithmetic on eight bytes at
//! once; words begin where a mask rises. Plain prose is read at more than a gigabyte a second because a word costs one load,
//! one multiplication and one bit.

use std::ops::Range;

use super::fold;
use super::glance::{Bits, key};
use super::lexicon::{Lexicon, Meaning};
use super::swar::{HIGH, classes, digits, gather, load};

/// Bits of a block of 64 bytes, lowest first.
#[derive(Debug, Clone, Copy, Default)]
struct Masks {
    word: u64,
    digit: u64,
    foreign: u64,
}

/// Reports every phrase of the lexicon.
pub(super) fn words(text: &str, lexicon: &Lexicon, mut found: impl FnMut(Range<usize>, Meaning)) {
    let mut words = Words { text, lexicon, resume: 0 };
    let mut found = |event| {
        if let Event::Phrase(range, meaning) = event {
            found(range, meaning);
        }
    };
    blocks(text.as_bytes(), |base, masks, carry| {
        words.block(base, masks, Starts { carry, opens: 0, may_open: |_| false }, &mut found);
    });
}

/// What the pass finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A phrase of the lexicon.
    Phrase(Range<usize>, Meaning),
    /// A run of letters and digits that holds a digit and is no part of a UUID.
    Number(Range<usize>),
    /// A UUID.
    Uuid(Range<usize>),
    /// The start of a run of ASCII letters and digits with which a prefix may begin.
    Prefix(usize),
}

/// The first bytes of prefixes, in any case. May say yes wrongly, rarely.
#[derive(Debug, Default)]
pub(super) struct Openings {
    /// The first three bytes of all.
    all: Bits,
    /// The first three, four and five bytes of those that have so many, five standing for more.
    by_length: [Bits; 3],
}

impl Openings {
    /// Prepares the openings of prefixes of three bytes and more.
    pub(super) fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let prefixes: Vec<&str> = prefixes.into_iter().collect();
        let bits = || Bits::new(8 * prefixes.len());
        let mut openings = Self { all: bits(), by_length: [bits(), bits(), bits()] };
        for prefix in &prefixes {
            let eight = load(prefix.as_bytes(), 0);
            openings.all.insert(key(eight, 3));
            if let Some(bits) = openings.by_length.get_mut(prefix.len().clamp(3, 5) - 3) {
                bits.insert(key(eight, prefix.len().min(5)));
            }
        }
        openings
    }

    /// Whether a prefix may begin with these eight bytes.
    #[inline]
    pub(super) fn may_hold(&self, eight: u64) -> bool {
        self.all.holds(key(eight, 3)) && (3..).zip(&self.by_length).any(|(len, bits)| bits.holds(key(eight, len)))
    }
}

/// Reports every phrase of the lexicon and every number.
#[cfg(test)]
pub(super) fn words_and_numbers(text: &str, lexicon: &Lexicon, found: impl FnMut(Event)) {
    events(text, lexicon, &Openings::new([]), found);
}

/// Reports every phrase of the lexicon, every number, and every place where a prefix may begin.
pub(super) fn events(text: &str, lexicon: &Lexicon, openings: &Openings, mut found: impl FnMut(Event)) {
    let bytes = text.as_bytes();
    let mut words = Words { text, lexicon, resume: 0 };
    let mut done = 0_usize;
    let mut before = 0;
    blocks(bytes, |base, masks, carry| {
        let plain = masks.word & !masks.foreign;
        let opens = plain & !(plain << 1 | before);
        before = plain >> 63;
        let may_open = |eight: u64| openings.may_hold(eight);
        words.block(base, masks, Starts { carry, opens, may_open }, &mut found);
        let mut digits = masks.digit;
        while digits != 0 {
            let at = base + digits.trailing_zeros() as usize;
            digits &= digits - 1;
            if at < done {
                continue;
            }
            let run = run_around(bytes, done, at);
            done = uuid(bytes, run.start).unwrap_or(run.end);
            found(if done == run.end { Event::Number(run) } else { Event::Uuid(run.start..done) });
        }
    });
}

/// Reports every run of ASCII letters and digits that holds a digit.
pub(super) fn runs_with_digits(bytes: &[u8], mut found: impl FnMut(Range<usize>)) {
    let (mut at, mut done) = (0, 0);
    while at < bytes.len() {
        let digits = digits(load(bytes, at));
        if digits == 0 {
            at += 8;
            continue;
        }
        let run = run_around(bytes, done, at + (digits.trailing_zeros() / 8) as usize);
        (at, done) = (run.end, run.end);
        found(run);
    }
}

/// The run of ASCII letters and digits around an offset, begun no earlier than `from`.
fn run_around(bytes: &[u8], from: usize, at: usize) -> Range<usize> {
    let head = bytes.get(from..at).unwrap_or_default();
    let tail = bytes.get(at..).unwrap_or_default();
    let start = at - head.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    start..at + tail.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// Calls back for every block with its offset, its masks and whether the byte before it was part of a word.
fn blocks(bytes: &[u8], mut block: impl FnMut(usize, Masks, u64)) {
    let (whole, tail) = bytes.as_chunks::<64>();
    let mut carry = 0;
    for (index, chunk) in whole.iter().enumerate() {
        let masks = masks(chunk);
        block(index * 64, masks, carry);
        carry = masks.word >> 63;
    }
    if !tail.is_empty() {
        let mut last = [b' '; 64];
        for (to, from) in last.iter_mut().zip(tail) {
            *to = *from;
        }
        block(whole.len() * 64, masks(&last), carry);
    }
}

fn masks(chunk: &[u8; 64]) -> Masks {
    let mut masks = Masks::default();
    for (index, eight) in chunk.as_chunks::<8>().0.iter().enumerate() {
        let bytes = u64::from_le_bytes(*eight);
        let (letter, digit) = classes(bytes);
        let shift = 8 * index;
        masks.word |= gather(letter | digit | bytes & HIGH) << shift;
        // Most of a text is neither.
        if digit | bytes & HIGH != 0 {
            masks.digit |= gather(digit) << shift;
            masks.foreign |= gather(bytes & HIGH) << shift;
        }
    }
    masks
}

/// Where something may begin in a block.
struct Starts<F> {
    /// Whether the byte before the block was part of a word.
    carry: u64,
    /// Where runs of ASCII letters and digits begin.
    opens: u64,
    /// Whether a prefix may begin with eight bytes.
    may_open: F,
}

/// Looks words up where they begin.
struct Words<'a> {
    text: &'a str,
    lexicon: &'a Lexicon,
    /// Words before this offset are done.
    resume: usize,
}

impl Words<'_> {
    /// Reports what begins in a block.
    fn block(
        &mut self,
        base: usize,
        masks: Masks,
        starts: Starts<impl Fn(u64) -> bool>,
        found: &mut impl FnMut(Event),
    ) {
        let Starts { carry, opens, may_open } = starts;
        let bytes = self.text.as_bytes();
        let starts = masks.word & !(masks.word << 1 | carry);
        let plain = masks.word & !masks.foreign;
        // Punctuation outside ASCII (a typographic apostrophe) is inside a run of the mask, yet a word may begin behind it.
        let foreign = masks.foreign & !(masks.foreign << 1);
        let mut places = starts | foreign | opens;
        while places != 0 {
            let place = places.trailing_zeros();
            places &= places - 1;
            let at = base + place as usize;
            let eight = load(bytes, at);
            let bit = 1 << place;
            if opens & bit != 0 && may_open(eight) {
                found(Event::Prefix(at));
            }
            if at < self.resume {
                continue;
            }
            // How many letters and digits the block shows; what it does not show whole is looked at again.
            let ascii = (plain >> place).trailing_ones();
            let shown = ascii >= 8 || place + ascii < 64 && masks.foreign >> ((place + ascii) & 63) & 1 == 0;
            if starts & bit != 0
                && self.lexicon.may_open(eight)
                && if shown { self.lexicon.may_hold(eight, ascii.min(8) as usize) } else { self.may_begin(at) }
            {
                self.look_up(at, found);
            } else if foreign & bit != 0 {
                self.behind_punctuation(at, base + 64, found);
            }
        }
    }

    /// Whether a phrase may begin with the word that begins here.
    fn may_begin(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let eight = load(bytes, at);
        let (letter, digit) = classes(eight);
        let len = ((!(letter | digit) & HIGH).trailing_zeros() / 8) as usize;
        // A word that has other than ASCII in its first bytes is folded before it is judged.
        if len < 8 && eight >> (8 * len) & 0x80 != 0 {
            return fold::head(bytes, at).is_none_or(|(head, len)| self.lexicon.may_hold_word(head, len));
        }
        self.lexicon.may_hold(eight, len)
    }

    /// Looks up what follows the first character between two offsets that is neither ASCII nor part of a word.
    fn behind_punctuation(&mut self, from: usize, to: usize, found: &mut impl FnMut(Event)) {
        let run = self.text.get(from..).unwrap_or_default().char_indices().take_while(|(_, c)| !c.is_ascii());
        let mark =
            run.map(|(offset, c)| (from + offset, c)).take_while(|(at, _)| *at < to).find(|(_, c)| !fold::is_word(*c));
        if let Some((at, _)) = mark {
            self.look_up(at, found);
        }
    }

    /// Looks up the word at `at`, and those that follow it in the same run.
    fn look_up(&mut self, mut at: usize, found: &mut impl FnMut(Event)) {
        let bytes = self.text.as_bytes();
        loop {
            let mut consumed = 0;
            let end = self.lexicon.look_up(self.text, at, |range, meaning| {
                // A title may announce a word that is itself one: only terms are consumed.
                if matches!(meaning, Meaning::Term(_)) {
                    consumed = range.end;
                }
                found(Event::Phrase(range, meaning));
            });
            self.resume = end.max(consumed);
            if end <= at || bytes.get(self.resume).is_none_or(u8::is_ascii) {
                return;
            }
            at = self.resume;
        }
    }
}

/// The end of a UUID that begins here. Its runs of digits mean nothing.
pub(super) fn uuid(bytes: &[u8], start: usize) -> Option<usize> {
    let shape = bytes.get(start..start + 36)?;
    let dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    let right = shape
        .iter()
        .enumerate()
        .all(|(index, byte)| if dash(index) { *byte == b'-' } else { byte.is_ascii_hexdigit() });
    // A number in groups could be written so; a UUID has letters somewhere.
    let letters = shape.iter().any(u8::is_ascii_alphabetic);
    (right && letters && !bytes.get(start + 36).is_some_and(u8::is_ascii_alphanumeric)).then_some(start + 36)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_whole_runs() {
        let text = "a1b2 . 33é44 x 550e8400-e29b-41d4-a716-446655440000 7";
        let mut runs = Vec::new();
        let lexicon = Lexicon::new([]);
        words_and_numbers(text, &lexicon, |event| {
            if let Event::Number(run) = event {
                runs.push(&text[run]);
            }
        });
        assert_eq!(runs, ["a1b2", "33", "44", "7"]);
    }

    proptest! {
        #[test]
        fn masks_agree_with_the_standard_library(bytes in proptest::array::uniform32(any::<u8>())) {
            let mut chunk = [0; 64];
            chunk[7..39].copy_from_slice(&bytes);
            let masks = masks(&chunk);
            for (index, byte) in chunk.iter().enumerate() {
                prop_assert_eq!(masks.word >> index & 1 == 1, byte.is_ascii_alphanumeric() || !byte.is_ascii());
                prop_assert_eq!(masks.digit >> index & 1 == 1, byte.is_ascii_digit());
                prop_assert_eq!(masks.foreign >> index & 1 == 1, !byte.is_ascii());
            }
        }

        #[test]
        fn runs_are_those_around_digits(text in "[a-z0-9 é.-]{0,70}") {
            let mut found = Vec::new();
            runs_with_digits(text.as_bytes(), |run| found.push(text[run].to_owned()));
            let runs = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.contains(|c: char| c.is_ascii_digit()));
            prop_assert_eq!(found, runs.map(str::to_owned).collect::<Vec<_>>());
        }

        #[test]
        fn every_word_is_found_wherever_it_stands(before in "[ a-zé’.]{0,150}", after in "[ ’.,]\\PC{0,80}", few: bool) {
            let phrases = [("hypertension", Meaning::Term(0)), ("œdème", Meaning::Term(1)), ("élan vital", Meaning::Term(2))];
            let lexicon = if few { Lexicon::of_few(phrases) } else { Lexicon::new(phrases) };
            for word in ["hypertension", "HYPERTENSION", "œdème", "Élan vital", "elan vital"] {
                let text = format!("{before} l’{word}{after}");
                let mut ranges = Vec::new();
                words(&text, &lexicon, |range, _| ranges.push(range));
                let start = before.len() + " l’".len();
                prop_assert!(ranges.contains(&(start..start + word.len())), "{:?}", ranges);
            }
        }
    }
}
