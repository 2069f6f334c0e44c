//! Eight bytes at once: which of them are letters, digits or neither, by plain arithmetic on a machine word.
//!
//! A byte's verdict is its high bit, so that a whole word of verdicts is tested, counted and searched in one instruction each.
//! Nothing here knows what it is looked for; every function agrees with the standard library byte by byte.

use std::ops::Range;

/// The high bit of every byte.
pub(super) const HIGH: u64 = 0x8080_8080_8080_8080;
/// Turns ASCII letters into small ones and leaves digits as they are.
pub(super) const SMALL: u64 = 0x2020_2020_2020_2020;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The eight bytes at an offset as a little-endian number, zero behind the end.
#[inline]
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

/// The high bit of every byte that is an ASCII letter, and of every one that is an ASCII digit.
pub(super) const fn classes(bytes: u64) -> (u64, u64) {
    let seven = bytes & !HIGH;
    let lower = seven | (ONES * 0x20);
    let letter = (lower + ONES * (0x80 - b'a' as u64)) & !(lower + ONES * (0x7F - b'z' as u64));
    let digit = (seven + ONES * (0x80 - b'0' as u64)) & !(seven + ONES * (0x7F - b'9' as u64));
    (letter & !bytes & HIGH, digit & !bytes & HIGH)
}

/// The high bit of every byte that is an ASCII digit.
pub(super) const fn digits(bytes: u64) -> u64 {
    let seven = bytes & !HIGH;
    (seven + ONES * (0x80 - b'0' as u64)) & !(seven + ONES * (0x7F - b'9' as u64)) & !bytes & HIGH
}

/// Gathers the high bits of eight bytes into the low byte, first byte lowest.
pub(super) const fn gather(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Where the next byte stands that is an ASCII letter or digit, or not ASCII; `None` behind the last.
pub(super) fn begin(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Mostly one blank.
    for _ in 0..2 {
        let byte = bytes.get(at)?;
        if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
            return Some(at);
        }
        at += 1;
    }
    while at < bytes.len() {
        let eight = load(bytes, at);
        let (letter, digit) = classes(eight);
        let any = letter | digit | eight & HIGH;
        if any != 0 {
            return Some(at + (any.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    None
}

/// The eight bytes at an offset and how many letters and digits they begin with. `None`: what follows those is not ASCII.
pub(super) fn run(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let eight = load(bytes, at);
    let (letter, digit) = classes(eight);
    let other = !(letter | digit) & HIGH;
    let len = (other.trailing_zeros() / 8) as usize;
    let foreign = other != 0 && eight >> (8 * len) & 0x80 != 0;
    (!foreign).then_some((eight, len))
}

/// Whether no capital follows a small letter in a word of ASCII letters and digits.
pub(super) fn is_one_piece(bytes: &[u8], word: &Range<usize>) -> bool {
    let word = bytes.get(word.clone()).unwrap_or_default();
    !word.windows(2).any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

/// Counts capitals, small letters and digits among the first `len` of eight bytes, fewer than eight, all of them ASCII letters or
/// digits.
pub(super) const fn count_short(eight: u64, len: usize) -> [usize; 3] {
    let (letter, digit) = classes(eight & ((1 << (8 * len)) - 1));
    // A small letter has the bit 0x20; two places up it is the verdict's.
    let (capitals, digits) = ((letter & !(eight << 2)).count_ones() as usize, digit.count_ones() as usize);
    [capitals, len - capitals - digits, digits]
}

/// Counts capitals, small letters and digits of a word of ASCII letters and digits within a text; `None` when it has others.
pub(super) fn count(bytes: &[u8], word: &Range<usize>) -> Option<[usize; 3]> {
    let [mut capitals, mut digits] = [0, 0];
    let mut at = word.start;
    while at < word.end {
        let len = word.end - at;
        // Behind the word lies the text: to cut it off costs less than to read a short end apart.
        let eight = load(bytes, at) & if len < 8 { (1 << (8 * len)) - 1 } else { u64::MAX };
        let (letter, digit) = classes(eight);
        let other = letter & !(eight << 2) | digit;
        if eight & HIGH != 0 {
            return None;
        }
        // Most words are in small letters alone.
        if other != 0 {
            digits += digit.count_ones() as usize;
            capitals += (other & !digit).count_ones() as usize;
        }
        at += 8;
    }
    Some([capitals, word.len() - capitals - digits, digits])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn verdicts_agree_with_the_standard_library(bytes in proptest::array::uniform8(any::<u8>())) {
            let (letter, digit) = classes(u64::from_le_bytes(bytes));
            for (index, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(gather(letter) >> index & 1 == 1, byte.is_ascii_alphabetic());
                prop_assert_eq!(gather(digit) >> index & 1 == 1, byte.is_ascii_digit());
                prop_assert_eq!(digits(u64::from_le_bytes(bytes)), digit);
            }
        }

        #[test]
        fn places(text in "[ -~]{0,40}|\\PC{0,20}", from in 0_usize..40) {
            let bytes = text.as_bytes();
            let inside = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
            let expected = bytes.iter().skip(from).position(inside).map(|at| at + from);
            prop_assert_eq!(begin(bytes, from), expected);
        }

        #[test]
        fn counts(before in "\\PC{0,9}", word in "[a-zA-Z0-9é]{0,20}", behind in "\\PC{0,9}") {
            let of = |kind: fn(&u8) -> bool| word.bytes().filter(kind).count();
            let counts = [of(u8::is_ascii_uppercase), of(u8::is_ascii_lowercase), of(u8::is_ascii_digit)];
            let (text, start) = (format!("{before}{word}{behind}"), before.len());
            prop_assert_eq!(count(text.as_bytes(), &(start..start + word.len())), word.is_ascii().then_some(counts));
            if word.is_ascii() && word.len() < 8 {
                prop_assert_eq!(count_short(load(text.as_bytes(), start), word.len()), counts);
            }
        }
    }
}
