//! Switzerland: AHV number (AHVG art. 50c), UID and VAT number (UIDG art. 6), QR reference (SIX, QR-bill guidelines).
//!
//! - AHV: 756, nine digits, an EAN-13 digit. UID: `CHE`, eight digits, a digit by weights 5 4 3 2 7 6 5 4 mod 11; the VAT
//!   number adds MWST, TVA, IVA or TPV.
//! - ESR and QR reference: a digit by MOD 10 recursive; 27 digits, older slips 16.

use super::weights::{are_digits, is_grouped, is_repeated, split_check, weighted};
use super::{Candidate, Table, Verdict, digit, if_written};

pub(super) const TABLE: Table =
    &[("ch_ahv", ch_ahv), ("ch_esr", ch_esr), ("ch_esr_short", ch_esr_short), ("ch_uid", ch_uid), ("ch_vat", ch_vat)];

fn ch_ahv(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    let written = is_grouped(candidate.raw, &[&[3, 4, 4, 2]]);
    if_written(written).where_right(digits.starts_with(b"756") && sum.is_some_and(|sum| sum.is_multiple_of(10)))
}

fn ch_uid(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_uid(candidate.compact))
}

fn is_uid(value: &[u8]) -> bool {
    let sum = value.strip_prefix(b"CHE").and_then(|digits| weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 1]));
    sum.is_some_and(|sum| sum > 0 && sum.is_multiple_of(11))
}

fn ch_vat(candidate: &Candidate<'_>) -> Verdict {
    let suffixes: [&[u8]; 4] = [b"MWST", b"TVA", b"IVA", b"TPV"];
    let uid = suffixes.iter().find_map(|suffix| candidate.compact.strip_suffix(*suffix));
    Verdict::of(uid.is_some_and(is_uid))
}

/// A reference of fewer than 27 digits, written without its leading zeros.
fn ch_esr_short(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let right = (6..=26).contains(&digits.len())
        && are_digits(digits, digits.len())
        && !is_repeated(digits)
        && split_check(digits).is_some_and(|(body, check)| recursive(body) == Some(check));
    Verdict::Weak.where_right(right)
}

fn ch_esr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let right = matches!(digits.len(), 16 | 27)
        && are_digits(digits, digits.len())
        && !is_repeated(digits)
        && split_check(digits).is_some_and(|(body, check)| recursive(body) == Some(check));
    // Sixteen digits are anything; the 27 of a QR bill stand in one piece or by fives from the right.
    if_written(digits.len() == 27 && is_grouped(candidate.raw, &[&[2, 5, 5, 5, 5, 5]])).where_right(right)
}

/// The check digit by MOD 10 recursive: a table carried from digit to digit.
fn recursive(body: &[u8]) -> Option<u32> {
    const CARRY: [u32; 10] = [0, 9, 4, 6, 8, 2, 7, 1, 3, 5];
    let carry = body.iter().try_fold(0, |carry, &byte| {
        let place = usize::try_from((carry + digit(byte)?) % 10).ok()?;
        CARRY.get(place).copied()
    })?;
    Some((10 - carry) % 10)
}
