//! South Africa and Nigeria.
//!
//! - ZA identity number (Identification Act 1997): birth date, serial, citizenship 0 to 2, a digit, Luhn. Tax number (SARS):
//!   ten digits from 0, 1, 2, 3 or 9, Luhn.
//! - NG NIN (NIMC): eleven digits, Verhoeff.

use super::luhn::is_luhn;
use super::verhoeff::is_verhoeff;
use super::weights::{are_digits, is_grouped, is_repeated};
use super::{Candidate, Table, Verdict, calendar, if_written};

pub(super) const TABLE: Table = &[("ng_nin", ng_nin), ("za_id", za_id), ("za_tin", za_tin)];

fn za_id(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let part = |from, to| calendar::part(digits, from, to).unwrap_or(0);
    let born = calendar::is_day_of_any_century(part(0, 2), part(2, 4), part(4, 6));
    let citizenship = matches!(digits.get(10), Some(b'0'..=b'2'));
    let written = is_grouped(candidate.raw, &[&[6, 4, 2, 1], &[6, 4, 3], &[6, 7], &[2, 2, 2, 4, 3]]);
    // Milliseconds since 1970 begin with 1.
    let clock = candidate.raw.len() == 13 && candidate.raw.starts_with('1');
    if_written(written && !clock).where_right(are_digits(digits, 13) && born && citizenship && is_luhn(digits))
}

fn za_tin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let issued = matches!(digits.first(), Some(b'0'..=b'3' | b'9'));
    Verdict::of(are_digits(digits, 10) && issued && is_luhn(digits) && !is_repeated(digits))
}

fn ng_nin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    Verdict::of(are_digits(digits, 11) && is_verhoeff(digits) && !is_repeated(digits))
}
