//! Romania: CNP (legea 105/1996), CUI (codul de procedură fiscală) and the trade register (ONRC).
//!
//! - CNP: sex and century, birth date, county, serial, a digit by weights 2 7 9 1 4 6 3 5 8 2 7 9 mod 11 (10 read as 1).
//! - CUI: two to ten digits, weights 7 5 3 2 1 7 5 3 2 from the right, ten times the sum mod 11, 10 read as 0.
//! - ONRC: register, county, number and year (`J40/1234/2001`); since 2024 register, year, number, county and a digit that
//!   is the sum of the others mod 10, the register's letter read by its ASCII code.

use super::weights::{are_digits, is_grouped, split_check, weighted};
use super::{Candidate, Table, Verdict, behind, calendar, digit, if_written};

pub(super) const TABLE: Table = &[("ro_cf", ro_cf), ("ro_cnp", ro_cnp), ("ro_cui", ro_cui), ("ro_onrc", ro_onrc)];

fn ro_cnp(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[1, 6, 6], &[1, 6, 2, 3, 1], &[7, 6], &[1, 2, 2, 2, 6]]);
    if_written(written).where_right(is_cnp(candidate.compact) == Some(true))
}

fn is_cnp(digits: &[u8]) -> Option<bool> {
    let part = |from, to| calendar::part(digits, from, to);
    let (body, check) = split_check(digits)?;
    let sum = weighted(body, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9])? % 11;
    let (year, month, day) = (part(1, 3)?, part(3, 5)?, part(5, 7)?);
    let born = match part(0, 1)? {
        1 | 2 => calendar::is_day(1900 + year, month, day),
        3 | 4 => calendar::is_day(1800 + year, month, day),
        5 | 6 => calendar::is_day(2000 + year, month, day),
        // Residents and foreigners: the century is not told.
        7..=9 => calendar::is_day_of_any_century(year, month, day),
        _ => false,
    };
    let county = matches!(part(7, 9)?, 1..=48 | 51 | 52 | 70 | 80..=83);
    Some(born && county && check == if sum == 10 { 1 } else { sum })
}

fn ro_cui(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"RO");
    // The shortest ones, behind two letters, are anything.
    let worth = if digits.len() < 6 { Verdict::Weak } else { worth };
    worth.where_right(is_cui(digits) == Some(true))
}

fn is_cui(digits: &[u8]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let weights = weights.get(weights.len().checked_sub(body.len())?..)?;
    Some(!body.is_empty() && !digits.starts_with(b"0") && weighted(body, weights)? * 10 % 11 % 10 == check)
}

/// The fiscal code of anybody: a company's CUI or a person's CNP.
fn ro_cf(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"RO");
    let worth = if digits.len() < 6 { Verdict::Weak } else { worth };
    worth.where_right(is_cui(digits) == Some(true) || is_cnp(digits) == Some(true))
}

fn ro_onrc(candidate: &Candidate<'_>) -> Verdict {
    let right = if candidate.raw.contains('/') { is_old_onrc(candidate.raw) } else { is_new_onrc(candidate.compact) };
    Verdict::of(right == Some(true))
}

fn is_old_onrc(raw: &str) -> Option<bool> {
    let mut parts = raw.split('/');
    let county: u64 = parts.next()?.get(1..)?.trim().parse().ok()?;
    let serial: u64 = parts.next()?.trim().parse().ok()?;
    let year: u64 = parts.next()?.trim().rsplit('.').next()?.parse().ok()?;
    Some(matches!(county, 1..=40 | 51 | 52) && serial > 0 && (1990..=2049).contains(&year) && parts.next().is_none())
}

fn is_new_onrc(value: &[u8]) -> Option<bool> {
    let (&register, digits) = value.split_first()?;
    let (body, check) = split_check(digits)?;
    let sum = body.iter().try_fold(u32::from(register) % 10, |sum, &byte| Some(sum + digit(byte)?))?;
    let county = matches!(calendar::part(digits, 10, 12)?, 0..=40 | 51 | 52);
    Some(
        are_digits(digits, 13) && county && (1990..=2049).contains(&calendar::part(digits, 0, 4)?) && sum % 10 == check,
    )
}
