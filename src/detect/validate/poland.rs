//! Poland: PESEL, NIP, REGON, identity card and passport numbers.
//!
//! - PESEL (ustawa o ewidencji ludności, 2010): birth date with the century in the month (1800s +80, 1900s +0, 2000s +20,
//!   2100s +40, 2200s +60), four digits, weights 1, 3, 7, 9 mod 10.
//! - NIP (ustawa o zasadach ewidencji, 1995): weights 6, 5, 7, 2, 3, 4, 5, 6, 7 mod 11; a remainder of 10 is not issued.
//! - REGON (GUS): nine digits, or fourteen for a local unit, each with a digit mod 11.
//! - Documents (ICAO 9303 weights 7, 3, 1 over the rest): the check digit stands behind the letters of the series.

use super::weights::{are_digits, is_grouped, is_written, split_check, weighted, weighted36};
use super::{Candidate, Table, Verdict, behind, calendar, if_written};

pub(super) const TABLE: Table = &[
    ("pl_dowod", pl_dowod),
    ("pl_nip", pl_nip),
    ("pl_passport", pl_passport),
    ("pl_pesel", pl_pesel),
    ("pl_regon", pl_regon),
];

fn pl_pesel(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[6, 5], &[2, 2, 2, 5]]);
    pesel(candidate.compact, written).unwrap_or(Verdict::Wrong)
}

fn pesel(digits: &[u8], written: bool) -> Option<Verdict> {
    let (body, check) = split_check(digits)?;
    let sum = weighted(body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3])?;
    let (year, month, day) = (calendar::part(body, 0, 2)?, calendar::part(body, 2, 4)?, calendar::part(body, 4, 6)?);
    let century = match month / 20 {
        0 => 1900,
        1 => 2000,
        2 => 2100,
        3 => 2200,
        _ => 1800,
    };
    if (sum + check) % 10 != 0 || !calendar::is_day(century + year, month % 20, day) {
        return Some(Verdict::Wrong);
    }
    // Nobody of the other centuries is alive.
    Some(if_written(written && (1900..2050).contains(&(century + year))))
}

fn pl_nip(candidate: &Candidate<'_>) -> Verdict {
    let (value, worth) = behind(candidate, b"PL");
    let written = is_written(candidate.raw, &['-'], &[&[3, 3, 2, 2], &[3, 2, 2, 3]]);
    let worth = if written { Verdict::Right } else { worth };
    let right = split_check(value)
        .and_then(|(body, check)| Some(weighted(body, &[6, 5, 7, 2, 3, 4, 5, 6, 7])? % 11 == check))
        .unwrap_or(false);
    worth.where_right(right && !value.starts_with(b"00000"))
}

fn pl_regon(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_regon(candidate.compact) == Some(true))
}

fn is_regon(digits: &[u8]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    Some(match body.len() {
        8 => weighted(body, &[8, 9, 2, 3, 4, 5, 6, 7])? % 11 % 10 == check,
        13 => {
            weighted(body, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8])? % 11 % 10 == check && is_regon(digits.get(..9)?)?
        }
        _ => false,
    })
}

fn pl_dowod(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let sum = weighted36(value, &[7, 3, 1, 9, 7, 3, 1, 7, 3]);
    Verdict::of(has_series(value, 3) && are_digits(value.get(3..).unwrap_or_default(), 6) && is_zero(sum))
}

fn pl_passport(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let sum = weighted36(value, &[7, 3, 9, 1, 7, 3, 1, 7, 3]);
    Verdict::of(has_series(value, 2) && are_digits(value.get(2..).unwrap_or_default(), 7) && is_zero(sum))
}

fn has_series(value: &[u8], letters: usize) -> bool {
    value.get(..letters).is_some_and(|series| series.iter().all(u8::is_ascii_uppercase))
}

fn is_zero(sum: Option<u32>) -> bool {
    sum.is_some_and(|sum| sum.is_multiple_of(10))
}
