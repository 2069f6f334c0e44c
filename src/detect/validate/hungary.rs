//! Hungary: tax id of persons (act CL of 2017), TAJ of health insurance and the personal number (act XX of 1996), tax number
//! of companies.

use super::calendar::{is_day_of_any_century, part};
use super::sums::digit_at;
use super::weights::{are_digits, is_repeated, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table =
    &[("hu_adoazonosito", hu_adoazonosito), ("hu_anum", hu_anum), ("hu_szemelyi", hu_szemelyi), ("hu_taj", hu_taj)];

/// Adóazonosító jel: 8, days since 1867, serial; weights 1 to 9 mod 11.
fn hu_adoazonosito(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = digits.get(..9).and_then(|body| weighted(body, &[1, 2, 3, 4, 5, 6, 7, 8, 9]));
    Verdict::of(digits.len() == 10 && digits.starts_with(b"8") && sum.map(|sum| sum % 11) == digit_at(digits, 9))
}

/// TAJ: nine digits, weights 3 7 mod 10.
fn hu_taj(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = digits.get(..8).and_then(|body| weighted(body, &[3, 7, 3, 7, 3, 7, 3, 7]));
    Verdict::of(digits.len() == 9 && digits != b"000000000" && sum.map(|sum| sum % 10) == digit_at(digits, 8))
}

/// Személyi szám: sex and century, `YYMMDD`, serial, check digit; weights 1 to 10 mod 11, 10 to 1 for those born from 1997.
fn hu_szemelyi(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let date = || Some(is_day_of_any_century(part(digits, 1, 3)?, part(digits, 3, 5)?, part(digits, 5, 7)?));
    let Some(body) = digits.get(..10).filter(|_| are_digits(digits, 11) && date() == Some(true)) else {
        return Verdict::Wrong;
    };
    let check = digit_at(digits, 10);
    let right = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]
        .iter()
        .any(|weights| weighted(body, weights).map(|sum| sum % 11) == check);
    Verdict::of(right && digit_at(digits, 0).is_some_and(|sex| (1..=8).contains(&sex)))
}

/// Adószám: eight digits, weights 9 7 3 1 mod 10; in full a digit of the VAT kind and two of the county.
fn hu_anum(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"HU").unwrap_or(candidate.compact);
    let (Some(body), true) = (digits.get(..8), matches!(digits.len(), 8 | 11)) else { return Verdict::Wrong };
    let kind = digits.len() == 8
        || digit_at(digits, 8).is_some_and(|kind| (1..=5).contains(&kind))
            && part(digits, 9, 11).is_some_and(|county| (2..=44).contains(&county) || county == 51);
    let sum = weighted(body, &[9, 7, 3, 1, 9, 7, 3, 1]);
    Verdict::of(kind && !is_repeated(body) && sum.is_some_and(|sum| sum % 10 == 0))
}
