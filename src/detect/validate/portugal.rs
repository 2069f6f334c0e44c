//! Portugal: NIF (decreto-lei 14/2013), cartão de cidadão (Autoridade da Modernização Administrativa) and NISS.
//!
//! - NIF: nine digits, weights 9 to 2, 11 less the remainder mod 11, 10 and 11 read as 0.
//! - Document number: the eight digits and the check digit of the person, two characters of the version, a check digit;
//!   Luhn over base 36, doubled values above 9 less 9.
//! - NISS: eleven digits from 1 or 2; primes from 29 down to 2, 9 less the remainder mod 10.

use super::weights::{are_digits, split_check, value36, weighted};
use super::{Candidate, Table, Verdict, behind, if_written};

pub(super) const TABLE: Table = &[("pt_cc", pt_cc), ("pt_nif", pt_nif), ("pt_niss", pt_niss)];

fn pt_nif(candidate: &Candidate<'_>) -> Verdict {
    let (value, worth) = behind(candidate, b"PT");
    let right = split_check(value)
        .and_then(|(body, check)| Some((11 - weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2])? % 11) % 11 % 10 == check))
        .unwrap_or(false);
    worth.where_right(right && !value.starts_with(b"0"))
}

fn pt_cc(candidate: &Candidate<'_>) -> Verdict {
    // `2026-11-28T00`: the hour of a time in ISO 8601, a number before it or not, passes the check digit one time in ten.
    let hour = |part: &[u8]| matches!(part, [b'-', tens, ones, b'T'] if tens.is_ascii_digit() && ones.is_ascii_digit());
    if candidate.raw.as_bytes().windows(4).any(hour) {
        return Verdict::Wrong;
    }
    let value = candidate.compact;
    let digits = are_digits(value.get(..9).unwrap_or_default(), 9) && value.last().is_some_and(u8::is_ascii_digit);
    let sum = value.iter().rev().enumerate().try_fold(0, |sum, (place, &byte)| {
        let value = value36(byte)?;
        let doubled = if place % 2 == 1 { value * 2 } else { value };
        Some(sum + if place % 2 == 1 && doubled > 9 { doubled - 9 } else { doubled })
    });
    if value.len() != 12 || !digits || sum.is_none_or(|sum| sum % 10 != 0) {
        return Verdict::Wrong;
    }
    // A version of digits makes it twelve digits of anything, one of small letters a literal of code.
    let lettered = value.get(9..11).is_some_and(|version| version.iter().any(u8::is_ascii_uppercase));
    if_written(lettered && !candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase()))
}

fn pt_niss(candidate: &Candidate<'_>) -> Verdict {
    let right = split_check(candidate.compact)
        .and_then(|(body, check)| Some(9 - weighted(body, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2])? % 10 == check))
        .unwrap_or(false);
    Verdict::of(right && matches!(candidate.compact.first(), Some(b'1' | b'2')))
}
