//! Estonia, Latvia, Lithuania: personal codes (EVS 585; Lithuanian law I-2237; Latvian law on the register of natural persons)
//! and the registers of companies and VAT payers.

use super::calendar::{is_day, part};
use super::sums::{digit_at, two_pass_mod11};
use super::weights::{are_digits, is_repeated, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[
    ("baltic_code", baltic_code),
    ("ee_kmkr", ee_kmkr),
    ("ee_registrikood", ee_registrikood),
    ("lt_asmens", lt_asmens),
    ("lt_pvm", lt_pvm),
    ("lv_pvn", lv_pvn),
];

const FIRST: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1];
const SECOND: [u32; 10] = [3, 4, 5, 6, 7, 8, 9, 1, 2, 3];

/// Estonian and Lithuanian personal code: century and sex, `YYMMDD`, serial, check digit in two passes mod 11.
fn baltic_code(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let (Some(first), Some(year), Some(month), Some(day)) =
        (digit_at(digits, 0), part(digits, 1, 3), part(digits, 3, 5), part(digits, 5, 7))
    else {
        return Verdict::Wrong;
    };
    let century = 1700 + 100 * u64::from(first.div_ceil(2));
    let check = digits.get(..10).and_then(|body| two_pass_mod11(body, &FIRST, &SECOND));
    let right = (1..=8).contains(&first)
        && is_day(century + year, month, day)
        && check.is_some()
        && check == digit_at(digits, 10);
    Verdict::of(digits.len() == 11 && right)
}

/// Lithuanian personal code; those that begin with 9 carry no birth date.
fn lt_asmens(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    if !digits.starts_with(b"9") {
        return baltic_code(candidate);
    }
    let check = digits.get(..10).and_then(|body| two_pass_mod11(body, &FIRST, &SECOND));
    Verdict::of(digits.len() == 11 && !is_repeated(digits) && check.is_some() && check == digit_at(digits, 10))
}

/// KMKR, the VAT number of Estonia: nine digits, weights 3 7 1, 0 mod 10.
fn ee_kmkr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"EE").unwrap_or(candidate.compact);
    let sum = weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    Verdict::of(!is_repeated(digits) && sum.is_some_and(|sum| sum % 10 == 0))
}

/// Registrikood: eight digits that begin with 1, 7, 8 or 9.
fn ee_registrikood(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let first = digits.first().is_some_and(|first| b"1789".contains(first));
    let check = digits.get(..7).and_then(|body| two_pass_mod11(body, &[1, 2, 3, 4, 5, 6, 7], &[3, 4, 5, 6, 7, 8, 9]));
    Verdict::of(digits.len() == 8 && first && check.is_some() && check == digit_at(digits, 7))
}

/// PVM, the VAT number of Lithuania: nine digits of a company or twelve of another payer, a 1 before the check digit.
fn lt_pvm(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"LT").unwrap_or(candidate.compact);
    let Some((_, body)) = digits.split_last() else { return Verdict::Wrong };
    let check = match digits.len() {
        9 => two_pass_mod11(body, &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8, 9, 1]),
        12 => two_pass_mod11(body, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]),
        _ => None,
    };
    let one = body.last() == Some(&b'1');
    Verdict::of(one && check.is_some() && check == digit_at(digits, digits.len() - 1))
}

/// Latvian number: a company (first digit above 3) or a person, `DDMMYY` and the century, or 32 and no date.
fn lv_pvn(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"LV").unwrap_or(candidate.compact);
    let Some(body) = digits.get(..10).filter(|_| are_digits(digits, 11)) else { return Verdict::Wrong };
    if digit_at(digits, 0) > Some(3) {
        let sum = weighted(digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]);
        return Verdict::of(sum.is_some_and(|sum| sum % 11 == 3) && !is_repeated(digits));
    }
    let sum = weighted(body, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]).map(|sum| (1 + sum) % 11 % 10);
    let date = || {
        let (day, month, year) = (part(digits, 0, 2)?, part(digits, 2, 4)?, part(digits, 4, 6)?);
        Some(is_day(1800 + 100 * u64::from(digit_at(digits, 6)?) + year, month, day))
    };
    let born = digits.starts_with(b"32") || date() == Some(true);
    Verdict::of(born && sum == digit_at(digits, 10))
}
