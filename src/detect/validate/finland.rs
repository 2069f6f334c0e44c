//! Finland: HETU of persons (DVV; decree 690/2022), Y-tunnus of companies (PRH), tax number of building sites (Vero).

use super::calendar::{is_day, part};
use super::weights::{are_digits, is_repeated, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("fi_hetu", fi_hetu), ("fi_veronumero", fi_veronumero), ("fi_ytunnus", fi_ytunnus)];

/// HETU: `DDMMYY`, the sign of the century, serial (900 to 999 are temporary), the place of the remainder by 31.
fn fi_hetu(candidate: &Candidate<'_>) -> Verdict {
    let raw = candidate.raw.as_bytes();
    let (Some(sign), Some(head), Some(tail)) = (raw.get(6), raw.get(..6), raw.get(7..)) else { return Verdict::Wrong };
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return Verdict::Wrong,
    };
    let (Some(day), Some(month), Some(year)) = (part(head, 0, 2), part(head, 2, 4), part(head, 4, 6)) else {
        return Verdict::Wrong;
    };
    let Some((check, serial)) = tail.split_last().filter(|_| raw.len() == 11) else { return Verdict::Wrong };
    let Some(body) = super::number(head).zip(super::number(serial)).filter(|(_, serial)| *serial >= 2) else {
        return Verdict::Wrong;
    };
    let place = usize::try_from((body.0 * 1000 + body.1) % 31).unwrap_or(usize::MAX);
    let sign = b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(place);
    Verdict::of(is_day(century + year, month, day) && sign == Some(&check.to_ascii_uppercase()))
}

/// Y-tunnus, also the VAT number behind `FI`: seven digits and a check digit, weights 7 9 10 5 8 4 2 1, 0 mod 11.
fn fi_ytunnus(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"FI").unwrap_or(candidate.compact);
    let sum = weighted(digits, &[7, 9, 10, 5, 8, 4, 2, 1]);
    Verdict::of(!is_repeated(digits) && sum.is_some_and(|sum| sum % 11 == 0))
}

/// Veronumero: twelve digits without a public check.
fn fi_veronumero(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(are_digits(candidate.compact, 12) && !is_repeated(candidate.compact))
}
