//! Bulgaria: civil number EGN (Ordinance RD-02-20-9 of 2012), foreigner's number LNCH (LNČ), and the EIK of the commercial
//! register, also the VAT number.

use super::calendar::{is_day, part};
use super::sums::digit_at;
use super::weights::{are_digits, is_repeated, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("bg_egn", bg_egn), ("bg_lnch", bg_lnch), ("bg_vat", bg_vat)];

/// EGN: `YYMMDD` with the month raised by 20 before 1900 and by 40 from 2000, serial, weights 2 4 8 5 10 9 7 3 6 mod 11.
fn bg_egn(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_egn(candidate.compact))
}

fn is_egn(digits: &[u8]) -> bool {
    let (Some(year), Some(month), Some(day)) = (part(digits, 0, 2), part(digits, 2, 4), part(digits, 4, 6)) else {
        return false;
    };
    let exists = match month {
        1..=12 => is_day(1900 + year, month, day),
        21..=32 => is_day(1800 + year, month - 20, day),
        41..=52 => is_day(2000 + year, month - 40, day),
        _ => false,
    };
    let sum = digits.get(..9).and_then(|body| weighted(body, &[2, 4, 8, 5, 10, 9, 7, 3, 6]));
    digits.len() == 10 && exists && sum.map(|sum| sum % 11 % 10) == digit_at(digits, 9)
}

/// LNCH: weights 21 19 17 13 11 9 7 3 1 mod 10.
fn bg_lnch(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_lnch(candidate.compact))
}

fn is_lnch(digits: &[u8]) -> bool {
    let sum = digits.get(..9).and_then(|body| weighted(body, &[21, 19, 17, 13, 11, 9, 7, 3, 1]));
    digits.len() == 10 && !is_repeated(digits) && sum.map(|sum| sum % 10) == digit_at(digits, 9)
}

/// EIK of nine digits, or the ten digits of a person: EGN, LNCH, or another with weights 4 3 2 7 6 5 4 3 2 mod 11.
fn bg_vat(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"BG").unwrap_or(candidate.compact);
    Verdict::of(is_eik(digits) || is_egn(digits) || is_lnch(digits) || is_other(digits))
}

fn is_eik(digits: &[u8]) -> bool {
    let Some(body) = digits.get(..8).filter(|_| are_digits(digits, 9) && !is_repeated(digits)) else { return false };
    let check = match weighted(body, &[1, 2, 3, 4, 5, 6, 7, 8]).map(|sum| sum % 11) {
        Some(10) => weighted(body, &[3, 4, 5, 6, 7, 8, 9, 10]).map(|sum| sum % 11 % 10),
        once => once,
    };
    check == digit_at(digits, 8)
}

fn is_other(digits: &[u8]) -> bool {
    let Some(body) = digits.get(..9).filter(|_| are_digits(digits, 10) && !is_repeated(digits)) else { return false };
    let check = weighted(body, &[4, 3, 2, 7, 6, 5, 4, 3, 2]).map(|sum| (11 - sum % 11) % 11);
    check == digit_at(digits, 9)
}
