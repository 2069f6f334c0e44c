//! Arithmetic that check digits share: digit sums of products, ISO/IEC 7064 MOD 11,10, two passes mod 11, weights 7-3-1.

use super::digit;
use super::weights::{value36, weighted};

/// The sum of the digit sums of digits times weights.
pub(super) fn weighted_digit_sums(digits: &[u8], weights: &[u32]) -> Option<u32> {
    if digits.len() != weights.len() {
        return None;
    }
    digits.iter().zip(weights).try_fold(0, |sum, (&byte, weight)| {
        let product = digit(byte)? * weight;
        Some(sum + product / 10 + product % 10)
    })
}

/// The digit at a place, as a number.
pub(super) fn digit_at(digits: &[u8], place: usize) -> Option<u32> {
    digits.get(place).copied().and_then(digit)
}

/// ISO/IEC 7064 MOD 11,10 over digits, check digit last.
pub(super) fn is_mod11_10(digits: &[u8]) -> bool {
    let Some((&last, body)) = digits.split_last() else { return false };
    let rest = body.iter().try_fold(10_u32, |rest, &byte| {
        let sum = (rest + digit(byte)?) % 10;
        Some(if sum == 0 { 10 } else { sum } * 2 % 11)
    });
    rest.zip(digit(last)).is_some_and(|(rest, last)| (rest + last) % 10 == 1)
}

/// The check digit of the Baltic registers: weights once, again from the third on when the remainder is 10, else 0.
pub(super) fn two_pass_mod11(digits: &[u8], first: &[u32], second: &[u32]) -> Option<u32> {
    let once = weighted(digits, first)? % 11;
    if once < 10 {
        return Some(once);
    }
    Some(weighted(digits, second)? % 11 % 10)
}

/// The check digit of travel documents (ICAO Doc 9303-3 section 4.9): weights 7, 3, 1; `<` counts nothing.
pub(super) fn weights_731(value: impl IntoIterator<Item = u8>) -> Option<u32> {
    let sum = value
        .into_iter()
        .zip([7, 3, 1].into_iter().cycle())
        .try_fold(0, |sum, (byte, weight)| Some(sum + if byte == b'<' { 0 } else { value36(byte)? } * weight));
    sum.map(|sum: u32| sum % 10)
}
