//! Slovenia: EMŠO (zakon o centralnem registru prebivalstva), davčna številka and matična številka (AJPES).
//!
//! - EMŠO, the JMBG of former Yugoslavia: birth date with three digits of the year, region, serial, a digit by weights
//!   7 6 5 4 3 2 twice, 11 less the remainder mod 11, 10 and 11 read as 0.
//! - Davčna številka: eight digits, weights 8 to 2, by the same remainder.
//! - Matična številka: seven digits, weights 7 to 2; a unit adds three characters.

use super::weights::{are_digits, split_check, weighted};
use super::{Candidate, Table, Verdict, behind, calendar};

pub(super) const TABLE: Table = &[("si_ddv", si_ddv), ("si_emso", si_emso), ("si_maticna", si_maticna)];

fn si_emso(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_emso(candidate.compact) == Some(true))
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
    worth.where_right(!digits.starts_with(b"0") && is_right(digits, &[8, 7, 6, 5, 4, 3, 2]) == Some(true))
}

fn si_maticna(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let unit = value.get(7..).unwrap_or_default();
    let head = value.get(..7).unwrap_or_default();
    Verdict::of(matches!(unit.len(), 0 | 3) && are_digits(head, 7) && is_right(head, &[7, 6, 5, 4, 3, 2]) == Some(true))
}

/// Whether the last digit is 11 less the weighted sum mod 11, 10 and 11 read as 0.
fn is_right(digits: &[u8], weights: &[u32]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    Some((11 - weighted(body, weights)? % 11) % 11 % 10 == check)
}
