//! Denmark: CPR of persons (Indenrigs- og Sundhedsministeriet) and CVR of companies (Erhvervsstyrelsen).

use super::calendar::{is_day, part};
use super::sums::digit_at;
use super::weights::{are_digits, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("dk_cpr", dk_cpr), ("dk_cvr", dk_cvr)];

/// The last year of birth that is read as one.
const LAST_YEAR: u64 = 2030;

/// CPR: `DDMMYY`, four digits whose first tells the century. Weights 4 3 2 7 6 5 4 3 2 1 mod 11 bound until 2007 only, so that
/// a number without it is weak.
fn dk_cpr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let (Some(day), Some(month), Some(year)) = (part(digits, 0, 2), part(digits, 2, 4), part(digits, 4, 6)) else {
        return Verdict::Wrong;
    };
    let century = match (digit_at(digits, 6), year) {
        (Some(0..=3), _) | (Some(4 | 9), 37..) => 1900,
        (Some(5..=8), 58..) => 1800,
        _ => 2000,
    };
    // Nobody is born yet who has a later one.
    if !are_digits(digits, 10) || century + year > LAST_YEAR || !is_day(century + year, month, day) {
        return Verdict::Wrong;
    }
    let sum = weighted(digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    if sum.is_some_and(|sum| sum % 11 == 0) { Verdict::Right } else { Verdict::Weak }
}

/// CVR: eight digits, weights 2 7 6 5 4 3 2 1, 0 mod 11.
fn dk_cvr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"DK").unwrap_or(candidate.compact);
    let sum = weighted(digits, &[2, 7, 6, 5, 4, 3, 2, 1]);
    Verdict::of(!digits.starts_with(b"0") && sum.is_some_and(|sum| sum % 11 == 0))
}
