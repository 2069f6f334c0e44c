//! Belgium: national register (royal decree of 3 April 1984) and bis number, identity card, enterprise number (KBO/BCE), bank
//! account, INAMI/RIZIV, structured payment reference (Febelfin). All end in the remainder by 97.

use super::calendar::{is_day, part};
use super::iban::is_iban;
use super::weights::{are_digits, is_repeated};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[
    ("be_bis", be_bis),
    ("be_eid", be_eid),
    ("be_iban", be_iban),
    ("be_inami", be_inami),
    ("be_nn", be_nn),
    ("be_ogm_vcs", be_ogm_vcs),
    ("be_vat", be_vat),
];

/// National register number: `YYMMDD`, serial, 97 minus the remainder; those born from 2000 on are counted with a 2 before.
fn be_nn(candidate: &Candidate<'_>) -> Verdict {
    register(candidate.compact, |month| Some(month).filter(|month| *month <= 12)).unwrap_or(Verdict::Wrong)
}

/// Bis number: as the register's, the month raised by 20 or 40; a month or day of 0 is an unknown birth date.
fn be_bis(candidate: &Candidate<'_>) -> Verdict {
    let lowered = |month| match month {
        20..=32 => Some(month - 20),
        40..=52 => Some(month - 40),
        _ => None,
    };
    register(candidate.compact, lowered).unwrap_or(Verdict::Wrong)
}

fn register(digits: &[u8], month: impl Fn(u64) -> Option<u64>) -> Option<Verdict> {
    let (body, check, serial) = (part(digits, 0, 9)?, part(digits, 9, 11)?, part(digits, 6, 9)?);
    let (year, month, day) = (part(digits, 0, 2)?, month(part(digits, 2, 4)?)?, part(digits, 4, 6)?);
    let right = |number: u64| 97 - number % 97 == check;
    if digits.len() != 11 || is_repeated(digits) {
        return None;
    }
    // Nobody is born in 2040 yet.
    let centuries = [(1900, right(body)), (2000, year < 40 && right(2_000_000_000 + body))];
    if !centuries.iter().any(|(_, right)| *right) {
        return None;
    }
    // A birth date may be known to the year alone, and then the day counts on where serials ran out.
    let exists = |century: u64| is_day(century + year, month, day) || month == 0 || day == 0;
    let born = centuries.iter().any(|(century, right)| *right && exists(*century));
    Some(if born && serial > 0 { Verdict::Right } else { Verdict::Weak })
}

/// Identity card: ten digits and their remainder by 97, 97 for 0.
fn be_eid(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(ten_and_remainder(candidate.compact))
}

/// Payment reference `+++123/4567/89012+++`: ten digits and their remainder by 97, 97 for 0.
fn be_ogm_vcs(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(ten_and_remainder(candidate.compact))
}

fn ten_and_remainder(digits: &[u8]) -> bool {
    let parts = part(digits, 0, 10).zip(part(digits, 10, 12));
    digits.len() == 12 && parts.is_some_and(|(body, check)| body > 0 && check == remainder(body))
}

const fn remainder(number: u64) -> u64 {
    match number % 97 {
        0 => 97,
        rest => rest,
    }
}

/// Enterprise number: 0 or 1, seven digits, 97 minus the remainder.
fn be_vat(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"BE").unwrap_or(candidate.compact);
    let cut = digits.len().saturating_sub(2);
    let parts = part(digits, 0, cut).zip(part(digits, cut, digits.len()));
    let shaped = are_digits(digits, 10) && (digits.starts_with(b"0") || digits.starts_with(b"1"));
    // A remainder of 0 is written 97; 00 occurs.
    Verdict::of(shaped && parts.is_some_and(|(body, check)| body > 0 && (body + check) % 97 == 0))
}

/// Account of a Belgian bank as IBAN: the national check digits too.
fn be_iban(candidate: &Candidate<'_>) -> Verdict {
    let account = candidate.compact.get(4..).unwrap_or_default();
    Verdict::of(candidate.compact.starts_with(b"BE") && is_iban(candidate.compact) && ten_and_remainder(account))
}

/// INAMI/RIZIV number: profession and serial (six digits), two check digits, three of the qualification. The modulus is 97, or
/// 89, 83 or 79 for some professions; what fits none is weak.
fn be_inami(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let Some((body, check)) = part(digits, 0, 6).zip(part(digits, 6, 8)).filter(|_| are_digits(digits, 11)) else {
        return Verdict::Wrong;
    };
    if is_repeated(digits) {
        return Verdict::Wrong;
    }
    let right = [97, 89, 83, 79].iter().any(|modulus| modulus - body % modulus == check);
    if right { Verdict::Right } else { Verdict::Weak }
}
