//! Slovenia: EMŠO (zakon o centralnem registru prebivalstva), davčna številka and matična številka (AJPES).
//!
//! - EMŠO, the JMBG of former Yugoslavia: birth date with three digits of the year, region, serial, a digit by weights
//!   7 6 5 4 3 2 twice, 11 less the remainder mod 11, 10 and 11 read as 0.
//! - Davčna številka: eight digits, weights 8 to 2, by the same remainder.
//! - Matična številka: seven digits, weights 7 to 2; a unit adds three characters.

use super::weights::{are_digits, is_grouped, split_check, weighted};
use super::{Candidate, Table, Verdict, behind, calendar, if_written};

pub(super) const TABLE: Table = &[("si_ddv", si_ddv), ("si_emso", si_emso), ("si_maticna", si_maticna)];

fn si_emso(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[7, 6], &[7, 2, 3, 1], &[2, 2, 3, 6], &[2, 2, 3, 2, 3, 1], &[7, 5, 1]]);
    // Milliseconds since 1970 begin with 1.
    let clock = candidate.raw.len() == 13 && candidate.raw.starts_with('1');
    if_written(written && !clock).where_right(is_emso(candidate.compact) == Some(true))
}

fn is_emso(digits: &[u8]) -> Option<bool> {
    let part = |from, to| calendar::part(digits, from, to);
    let year = match part(4, 7)? {
        year @ 800.. => 1000 + year,
        year => 2000 + year,
    };
    let weights = [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    Some(calendar::is_day(year, part(2, 4)?, part(0, 2)?) && is_right(digits, &weights)?)
}

fn si_ddv(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"SI");
    worth.where_right(!digits.starts_with(b"0") && is_issued(digits, &[8, 7, 6, 5, 4, 3, 2]))
}

fn si_maticna(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let unit = value.get(7..).unwrap_or_default();
    let head = value.get(..7).unwrap_or_default();
    Verdict::of(matches!(unit.len(), 0 | 3) && are_digits(head, 7) && is_issued(head, &[7, 6, 5, 4, 3, 2]))
}

/// The same for bodies, of which those with a sum of 0 mod 11 are not issued.
fn is_issued(digits: &[u8], weights: &[u32]) -> bool {
    let sum = split_check(digits).and_then(|(body, _)| weighted(body, weights));
    is_right(digits, weights) == Some(true) && sum.is_some_and(|sum| !sum.is_multiple_of(11))
}

/// Whether the last digit is 11 less the weighted sum mod 11, 10 and 11 read as 0.
fn is_right(digits: &[u8], weights: &[u32]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    Some((11 - weighted(body, weights)? % 11) % 11 % 10 == check)
}
