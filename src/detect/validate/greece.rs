//! Greece and Cyprus: AFM, the tax number (AADE), AMKA of social security (law 3655/2008), the Cypriot VAT number.

use super::calendar::{is_day_of_any_century, part};
use super::luhn::is_luhn;
use super::sums::digit_at;
use super::weights::{are_digits, is_repeated, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("cy_vat", cy_vat), ("gr_afm", gr_afm), ("gr_amka", gr_amka)];

/// AFM: nine digits, powers of two mod 11, 10 counts as 0.
fn gr_afm(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let digits = digits.strip_prefix(b"EL").or_else(|| digits.strip_prefix(b"GR")).unwrap_or(digits);
    let sum = digits.get(..8).and_then(|body| weighted(body, &[256, 128, 64, 32, 16, 8, 4, 2]));
    Verdict::of(digits.len() == 9 && !is_repeated(digits) && sum.map(|sum| sum % 11 % 10) == digit_at(digits, 8))
}

/// AMKA: `DDMMYY`, four digits, Luhn over all.
fn gr_amka(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let date = || Some(is_day_of_any_century(part(digits, 4, 6)?, part(digits, 2, 4)?, part(digits, 0, 2)?));
    Verdict::of(are_digits(digits, 11) && date() == Some(true) && is_luhn(digits))
}

/// Cypriot VAT number: eight digits, those in odd places through a table, the sum as a letter mod 26; none begins with 12.
fn cy_vat(candidate: &Candidate<'_>) -> Verdict {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let value = candidate.compact.strip_prefix(b"CY").unwrap_or(candidate.compact);
    let (Some(digits), Some(letter), true) = (value.get(..8), value.get(8), value.len() == 9) else {
        return Verdict::Wrong;
    };
    let sum = digits.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
        let digit = super::digit(byte)?;
        Some(sum + if place % 2 == 0 { *ODD.get(digit as usize)? } else { digit })
    });
    let right = sum.and_then(|sum: u32| char::from_digit(sum % 26 + 10, 36)).map(|letter| letter.to_ascii_uppercase());
    Verdict::of(right == Some(char::from(*letter)) && !value.starts_with(b"12"))
}
