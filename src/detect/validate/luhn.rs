//! Luhn's formula (ISO/IEC 7812-1 annex B): from the right, every second digit doubled, digits summed, 0 mod 10.
//!
//! One random number in ten passes: never evidence on its own.

use super::{Candidate, Verdict, digit};

/// Whether all is digits and the Luhn sum is 0 mod 10.
pub(super) fn luhn(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_luhn(candidate.compact))
}

/// Whether the digits, check digit last, have a Luhn sum of 0 mod 10.
pub(super) fn is_luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().try_fold(0_u32, |sum, (place, &byte)| {
        let value = digit(byte)?;
        let value = if place % 2 == 0 { value } else { value * 2 };
        Some(sum + value / 10 + value % 10)
    });
    digits.len() > 1 && sum.is_some_and(|sum| sum % 10 == 0)
}
