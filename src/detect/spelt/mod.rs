//! Numbers in disguise: digits in words (`zéro six douze trente-quatre …`, `double oh seven`, `einundzwanzig`), the alphabet of
//! radio between them, and letters in the place of digits (`4l11 llll …`).
//!
//! What is read here is only a candidate: the digits are read again by every detector, and what is found there is a finding
//! over the whole stretch. Words wake it from the one pass over all words, so that a text without numbers in words pays
//! nothing; a stretch is bounded, and read once. Letters for digits count only where a check digit agrees.

mod words;

use std::ops::Range;

use self::words::{PARTS, Part};
use super::fold;
use super::page::Hit;

pub(super) use self::words::wakes;

/// Parts of a number on either side of the word that wakes.
const PARTS_MAX: usize = 48;
/// Characters of a word.
const WORD_CHARACTERS_MAX: usize = 20;
/// Words for digits that a stretch must have.
const WORDS_MIN: usize = 4;
/// Digits and letters of what comes out.
const DIGITS: Range<usize> = 7..48;
/// Bytes between two words of one number.
const GAP_BYTES_MAX: usize = 3;
/// Confidence from which a finding as it stands is believed.
const LIKELY: u8 = 50;
/// Letters of a leet value that stand for no digit (the country of an IBAN).
const OTHERS_MAX: usize = 4;

/// Numbers in disguise of one text, each read once.
#[derive(Debug, Default)]
pub(super) struct Spelt {
    /// Where they stand, their digits, and whether a check digit must agree.
    pub(super) found: Vec<(Range<usize>, String, bool)>,
    words_done: usize,
    leet_done: usize,
}

impl Spelt {
    /// Reads the number in words around a word that woke.
    pub(super) fn word(&mut self, text: &str, woken: &Range<usize>) {
        if woken.start < self.words_done {
            return;
        }
        let parts = around(text, woken);
        self.words_done = parts.last().map_or(woken.end, |(range, _)| range.end);
        self.found.extend(in_words(text, &parts).map(|(range, digits)| (range, digits, false)));
    }

    /// Reads the value with letters for digits around a run of letters and digits.
    pub(super) fn number(&mut self, text: &str, run: &Range<usize>) {
        if run.start >= self.leet_done
            && let Some((range, plain)) = in_leet(text, run)
        {
            self.leet_done = range.end;
            self.found.push((range, plain, true));
        }
    }
}

/// Where something was found as it stands, for many questions.
pub(super) struct Plainly(Vec<(usize, usize)>);

impl Plainly {
    /// Of these findings, when anybody will ask.
    pub(super) fn of(hits: &[Hit], asked: bool) -> Self {
        let likely = hits.iter().filter(|hit| asked && hit.confidence >= LIKELY);
        let mut places: Vec<(usize, usize)> = likely.map(|hit| (hit.range.start, hit.range.end)).collect();
        places.sort_unstable();
        // Each end becomes the furthest so far.
        let mut furthest = 0;
        for (_, end) in &mut places {
            furthest = furthest.max(*end);
            *end = furthest;
        }
        Self(places)
    }

    /// Whether one of them shares a byte with a range.
    pub(super) fn touch(&self, range: &Range<usize>) -> bool {
        let before = self.0.partition_point(|(start, _)| *start < range.end);
        before.checked_sub(1).and_then(|last| self.0.get(last)).is_some_and(|(_, furthest)| *furthest > range.start)
    }
}

/// The parts of a number around a word that woke, in their order.
fn around(text: &str, woken: &Range<usize>) -> Vec<(Range<usize>, Part)> {
    let mut parts: Vec<(Range<usize>, Part)> = Vec::new();
    let mut start = woken.start;
    while let Some((range, part)) = word_before(text, start).filter(|_| parts.len() < PARTS_MAX) {
        start = range.start;
        parts.push((range, part));
    }
    parts.reverse();
    let mut at = woken.start;
    while let Some((range, folded)) = fold::next_word(text, at).filter(|_| parts.len() < 2 * PARTS_MAX) {
        let adjoins = range.start <= at + GAP_BYTES_MAX && text.get(at..range.start).is_some_and(is_gap);
        let Some(part) = part(folded.as_slice()).filter(|_| adjoins || at == woken.start) else { break };
        at = range.end;
        parts.push((range, part));
    }
    parts
}

/// The word before a place when it is part of a number.
fn word_before(text: &str, start: usize) -> Option<(Range<usize>, Part)> {
    let head = text.get(..start)?;
    let near = head.get(head.floor_char_boundary(start.saturating_sub(GAP_BYTES_MAX + 4))..)?;
    let end = start - near.len() + near.trim_end_matches(|c: char| !fold::is_word(c)).len();
    let gap = head.get(end..).filter(|gap| gap.len() <= GAP_BYTES_MAX)?;
    let letters = head.get(..end)?.chars().rev().take(WORD_CHARACTERS_MAX + 1).take_while(|c| fold::is_word(*c));
    let from = end - letters.map(char::len_utf8).sum::<usize>();
    let (range, folded) = fold::next_word(text, from).filter(|(range, _)| range.end == end && is_gap(gap))?;
    Some((range, part(folded.as_slice())?))
}

/// The number that parts spell: its range and its digits.
fn in_words(text: &str, parts: &[(Range<usize>, Part)]) -> Option<(Range<usize>, String)> {
    let loose = |part: &Part| matches!(part, Part::Joint | Part::Times(_));
    let first = parts.iter().position(|(_, part)| !loose(part))?;
    let last = parts.iter().rposition(|(_, part)| !loose(part))?;
    let parts = parts.get(first..=last)?;
    let words = parts.iter().filter(|(_, part)| matches!(part, Part::Unit(_) | Part::Whole(_) | Part::Ten(_))).count();
    let digits = read(text, parts);
    let range = parts.first()?.0.start..parts.last()?.0.end;
    (words >= WORDS_MIN && DIGITS.contains(&digits.len())).then_some((range, digits))
}

fn is_gap(gap: &str) -> bool {
    gap.chars().all(|c| c.is_whitespace() || matches!(c, '-' | ',' | '.' | '/' | '’' | '\'' | '‑' | '–'))
}

/// The digits that parts spell.
fn read(text: &str, parts: &[(Range<usize>, Part)]) -> String {
    let mut out = String::new();
    let mut times = 1;
    let mut rest = parts;
    while let [(range, part), after @ ..] = rest {
        rest = after;
        match *part {
            Part::Joint => {}
            Part::Times(count) => {
                times = usize::from(count);
                continue;
            }
            Part::Figures => out.push_str(text.get(range.clone()).unwrap_or_default()),
            Part::Letter(letter) => out.extend(std::iter::repeat_n(char::from(letter), times)),
            // `quatre-vingt-douze`.
            Part::Unit(4) if is_word(text, range, "quatre") && matches!(after, [(_, Part::Ten(20)), ..]) => {
                rest = after.get(1..).unwrap_or_default();
                let (more, behind) = below(rest, 19);
                rest = behind;
                out.push_str(&(80 + more).to_string());
            }
            Part::Unit(value) => out.extend(std::iter::repeat_n(char::from(b'0' + value), times)),
            Part::Whole(value) => out.push_str(&value.to_string()),
            Part::Ten(value) => {
                let most = if value == 60 && is_word(text, range, "soixante") { 19 } else { 9 };
                let (more, behind) = below(rest, most);
                rest = behind;
                out.push_str(&(value + more).to_string());
            }
        }
        times = 1;
    }
    out
}

fn is_word(text: &str, range: &Range<usize>, word: &str) -> bool {
    text.get(range.clone()).is_some_and(|own| own.eq_ignore_ascii_case(word))
}

/// What follows a ten and belongs to it: 1 to `most`, and the parts behind.
fn below(parts: &[(Range<usize>, Part)], most: u8) -> (u8, &[(Range<usize>, Part)]) {
    let joined = match parts {
        [(_, Part::Joint), rest @ ..] => rest,
        _ => parts,
    };
    match joined {
        // `soixante-dix-huit`.
        [(_, Part::Whole(10)), (_, Part::Unit(more @ 7..=9)), rest @ ..] if most == 19 => (10 + more, rest),
        [(_, Part::Unit(value) | Part::Whole(value)), rest @ ..] if (1..=most).contains(value) => (*value, rest),
        _ => (0, parts),
    }
}

/// What a folded word is.
fn part(word: &[u8]) -> Option<Part> {
    match word {
        [b'o'] => Some(Part::Unit(0)),
        [letter] if letter.is_ascii_alphabetic() && *letter != b'y' && *letter != b'e' => {
            Some(Part::Letter(letter.to_ascii_uppercase()))
        }
        _ if word.iter().all(u8::is_ascii_digit) => (word.len() <= 16).then_some(Part::Figures),
        _ => PARTS.get(word).copied(),
    }
}

/// A value with letters for digits around a run of letters and digits: its range and its digits.
pub(super) fn in_leet(text: &str, run: &Range<usize>) -> Option<(Range<usize>, String)> {
    let bytes = text.as_bytes();
    let first = bytes.get(run.clone())?;
    // Cheap, for nearly every run: a look-alike beside a digit.
    let touches =
        |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_digit() && is_sure(*b) || is_sure(*a) && b.is_ascii_digit());
    // Or, behind digits alone, one that stands apart.
    let apart = || first.iter().all(u8::is_ascii_digit) && bytes.get(run.end + 1).is_some_and(|byte| is_sure(*byte));
    let asks = first.windows(2).any(touches) || apart();
    if first.len() > DIGITS.end || !asks {
        return None;
    }
    let mut range = run.clone();
    while let Some(next) = group_left(bytes, range.start).filter(|start| run.end - start < 2 * DIGITS.end) {
        range.start = next;
    }
    while let Some(next) = group_right(bytes, range.end).filter(|end| end - range.start < 2 * DIGITS.end) {
        range.end = next;
    }
    let written = bytes.get(range.clone())?;
    let letters = written.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let country =
        written.iter().take(2).all(u8::is_ascii_alphabetic) && written.iter().take(2).all(u8::is_ascii_uppercase);
    let others = written.iter().filter(|byte| byte.is_ascii_alphabetic() && digit_of(**byte).is_none()).count();
    if !DIGITS.contains(&letters) || others > OTHERS_MAX {
        return None;
    }
    let plain = written.iter().enumerate().map(|(place, &byte)| {
        let kept = country && place < 2;
        char::from(digit_of(byte).filter(|_| !kept).unwrap_or(byte))
    });
    let plain: String = plain.collect();
    let changed = plain.bytes().zip(written).filter(|(plain, written)| plain != *written).count();
    // A value that has letters of its own may well have one more.
    (changed > usize::from(others > 0)).then_some((range, plain))
}

/// Whether a letter is often taken for a digit.
const fn is_sure(byte: u8) -> bool {
    matches!(byte, b'O' | b'o' | b'I' | b'l' | b'S' | b'B' | b'Z')
}

/// The digit that a letter resembles.
const fn digit_of(byte: u8) -> Option<u8> {
    match byte {
        b'O' | b'o' => Some(b'0'),
        b'I' | b'l' | b'i' => Some(b'1'),
        b'Z' | b'z' => Some(b'2'),
        b'S' | b's' => Some(b'5'),
        b'B' => Some(b'8'),
        _ => None,
    }
}

/// Where the group before a place begins, when it may be part of the value.
fn group_left(bytes: &[u8], start: usize) -> Option<usize> {
    let end = start.checked_sub(1).filter(|&gap| bytes.get(gap).is_some_and(|byte| is_separator(*byte)))?;
    let len = bytes.get(..end)?.iter().rev().take(9).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    is_group(bytes.get(end - len..end)?).then_some(end - len)
}

/// Where the group behind a place ends, when it may be part of the value.
fn group_right(bytes: &[u8], end: usize) -> Option<usize> {
    let start = end + 1;
    bytes.get(end).filter(|byte| is_separator(**byte))?;
    let len = bytes.get(start..)?.iter().take(9).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    is_group(bytes.get(start..start + len)?).then_some(start + len)
}

/// Up to eight digits and letters that resemble them, or the country and key of an IBAN.
fn is_group(group: &[u8]) -> bool {
    let others = group.iter().filter(|byte| !byte.is_ascii_digit() && digit_of(**byte).is_none()).count();
    let digits = group.iter().any(u8::is_ascii_digit);
    let sure = group.iter().all(|byte| byte.is_ascii_digit() || is_sure(*byte));
    (1..=8).contains(&group.len()) && (sure && (digits || group.len() > 2) || digits && others <= 2)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/')
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (name, text, woken, expected) in [
            (
                "French",
                "appelez le zéro six douze trente-quatre cinquante-six soixante-dix-huit merci",
                "douze",
                Some("0612345678"),
            ),
            (
                "eighty and ninety",
                "zéro un quatre-vingt-douze quatre-vingts soixante et onze vingt et un",
                "douze",
                Some("0192807121"),
            ),
            ("English", "call oh seven seven double oh nine hundred", "seven", Some("077009")),
            ("English with tens", "four one five five five five zero one thirty-two", "four", Some("4155550132")),
            ("German", "null eins sieben eins einundzwanzig zweiunddreißig vierzig", "sieben", Some("0171213240")),
            ("Italian", "tre tre tre ventuno trentadue quarantatré otto", "trentadue", Some("3332132438")),
            ("Spanish", "seis uno dos veintitrés cuarenta y cinco sesenta y siete", "seis", Some("612234567")),
            ("radio", "Foxtrot Romeo one four two zero zero four one zero", "four", Some("FR14200410")),
            ("too few", "one or two of the three", "three", None),
            ("a sentence", "il a six enfants et dix neveux", "six", None),
        ] {
            let start = text.find(woken).unwrap();
            let parts = around(text, &(start..start + woken.len()));
            let found = in_words(text, &parts).map(|(_, digits)| digits);
            let expected = expected.filter(|digits| digits.len() >= DIGITS.start);
            assert_eq!(found.as_deref(), expected, "{name}");
        }
        let text = "au zéro six douze trente-quatre cinquante-six soixante-dix-huit.";
        let start = text.find("douze").unwrap();
        let (range, _) = in_words(text, &around(text, &(start..start + 5))).unwrap();
        assert_eq!(&text[range], "zéro six douze trente-quatre cinquante-six soixante-dix-huit");
    }

    #[test]
    fn letters_for_digits() {
        for (name, text, run, expected) in [
            ("card", "pay 4III 1III 1111 1111 now", "1III", Some("4111 1111 1111 1111")),
            ("IBAN", "FR14 2OO4 1O1O O5O5 OO13 M026 O6", "2OO4", Some("FR14 2004 1010 0505 0013 M026 06")),
            ("one piece", "nir 1841276451O8946", "1841276451O8946", Some("184127645108946")),
            ("hash", "commit 1Bd8f2a9Oc4e", "1Bd8f2a9Oc4e", None),
            ("words", "in 2OO4 solo", "2OO4", None),
        ] {
            let start = text.find(run).unwrap();
            let found = in_leet(text, &(start..start + run.len())).map(|(_, digits)| digits);
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
