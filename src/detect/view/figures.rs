//! Whole numbers as programs write them once they took them for decimal ones: `184127645108946.0`, `1.84127645108946E14`.
//!
//! What reads as digits is replaced as a whole. A decimal number, a version, an address and a round amount stay as they are.

use std::ops::Range;

use super::{Builder, View};

/// Digits below which a number is none of the identifiers that any detector knows, leading and trailing zeros apart.
const TELLING_DIGITS_MIN: usize = 7;
/// Digits of a number that is no identifier any more.
const DIGITS_MAX: usize = 40;
/// Digits of an exponent.
const EXPONENT_DIGITS_MAX: usize = 2;

/// Writes whole numbers as their digits; `None` when all are.
pub(super) fn plain(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder: Option<Builder<'_>> = None;
    for point in memchr::memchr_iter(b'.', bytes) {
        if !bytes.get(point + 1).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let Some(range) = literal(bytes, point) else { continue };
        let Some(digits) = text.get(range.clone()).filter(|written| tells(written)).and_then(plain_number) else {
            continue;
        };
        // A phone number keeps the zero that it begins with.
        let zeros = bytes.get(range.start..point)?.iter().take_while(|byte| **byte == b'0').count();
        builder.get_or_insert_with(|| Builder::new(text)).replace(range, &("0".repeat(zeros) + &digits));
    }
    builder.and_then(Builder::finish)
}

/// The digits of a whole number that is written with a fraction or an exponent (`4.111111111111111e15`, `732829320.0`).
pub(in crate::detect) fn plain_number(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() == text.len() {
        return None;
    }
    let places = exponent.trim_start_matches('+').parse::<usize>().ok().filter(|places| *places <= DIGITS_MAX)?;
    let point = fraction.len().min(places);
    let (digits, rest) = (fraction.get(..point)?, fraction.get(point..)?);
    let plain = whole.trim_start_matches(['-', '0']).to_owned() + digits + &"0".repeat(places - point);
    (plain.len() <= DIGITS_MAX && rest.bytes().all(|digit| digit == b'0')).then_some(plain)
}

/// The number around a decimal point, when it is one by itself.
fn literal(bytes: &[u8], point: usize) -> Option<Range<usize>> {
    let digits = |from: usize, most: usize| {
        bytes.get(from..).unwrap_or_default().iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
    };
    let whole = bytes.get(..point)?.iter().rev().take(DIGITS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
    let start = point - whole;
    let mut end = point + 1 + digits(point + 1, DIGITS_MAX);
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(bytes.get(end + 1) == Some(&b'+'));
        let places = digits(end + 1 + sign, EXPONENT_DIGITS_MAX);
        end += if places > 0 { 1 + sign + places } else { 0 };
    }
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    let opens = !before.is_some_and(|byte| joins(byte) || *byte == b'.');
    let more = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    (whole > 0 && opens && !more && !bytes.get(end).is_some_and(joins)).then_some(start..end)
}

/// Whether a number has the digits of an identifier.
fn tells(written: &str) -> bool {
    let mantissa = written.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
    digits >= TELLING_DIGITS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        for (text, expected) in [
            ("nir;184127645108946.0;x", "nir;184127645108946;x"),
            (
                r#"{"nir": 1.84127645108946e14, "y": -4111111111111111.00}"#,
                r#"{"nir": 184127645108946, "y": -4111111111111111}"#,
            ),
            ("E14 1.84127645108946E+14. n°732829320.0", "E14 184127645108946. n°732829320"),
            ("tel 0612345678.0,0.5", "tel 0612345678,0.5"),
            ("4111111111111111.05 1841276451.089e2", "4111111111111111.05 1841276451.089e2"),
            (
                "10.0.0.1 1.2.1234567.0 a1234567.0 1234567.0.1 1234567.0b",
                "10.0.0.1 1.2.1234567.0 a1234567.0 1234567.0.1 1234567.0b",
            ),
            ("12500000.00 1.5e9 3.14159265358979", "12500000.00 1.5e9 3.14159265358979"),
        ] {
            let view = plain(text);
            assert_eq!(view.as_ref().map_or(text, View::text), expected);
        }
        let text = "card 4111111111111111.0!";
        let view = plain(text).unwrap();
        assert_eq!(&view.original(5..21), &(5..23));
        assert_eq!(&view.original(6..8), &(5..23));
    }
}
