//! Sweden, Norway and Iceland.
//!
//! - SE personnummer (folkbokföringslagen 18 §): birth date, serial, Luhn over ten digits; `+` from the age of 100;
//!   samordningsnummer add 60 to the day. Organisationsnummer (lag 1974:174): ten digits, the third at least 2, Luhn.
//! - NO fødselsnummer (folkeregisterforskriften § 2-2): birth date, serial, two digits mod 11; D-numbers add 40 to the day,
//!   H-numbers 40 to the month. Organisasjonsnummer and kontonummer: one digit mod 11.
//! - IS kennitala (Þjóðskrá): birth date, serial, a digit mod 11, the century's last digit; companies add 40 to the day.

use super::iban::is_iban;
use super::luhn::is_luhn;
use super::weights::{are_digits, is_grouped, is_repeated, is_written, weighted};
use super::{Candidate, Table, Verdict, behind, calendar, if_written};

pub(super) const TABLE: Table = &[
    ("is_kennitala", is_kennitala),
    ("no_fodselsnummer", no_fodselsnummer),
    ("no_iban", no_iban),
    ("no_kontonr", no_kontonr),
    ("no_mva", no_mva),
    ("no_orgnr", no_orgnr),
    ("se_orgnr", se_orgnr),
    ("se_personnummer", se_personnummer),
    ("se_postnummer", se_postnummer),
    ("se_vat", se_vat),
];

fn se_personnummer(candidate: &Candidate<'_>) -> Verdict {
    personnummer(candidate).unwrap_or(Verdict::Wrong)
}

fn personnummer(candidate: &Candidate<'_>) -> Option<Verdict> {
    let digits = candidate.compact;
    let (century, short) = match digits.len() {
        12 => (Some(calendar::part(digits, 0, 2)?), digits.get(2..)?),
        _ => (None, digits),
    };
    let (year, month, day) = (calendar::part(short, 0, 2)?, calendar::part(short, 2, 4)?, calendar::part(short, 4, 6)?);
    let day = if day > 60 { day - 60 } else { day };
    let born = match century {
        Some(century @ 18..=20) => calendar::is_day(century * 100 + year, month, day),
        Some(_) => false,
        None => calendar::is_day_of_any_century(year, month, day),
    };
    if short.len() != 10 || !is_luhn(short) || !born || short.ends_with(b"0000") {
        return Some(Verdict::Wrong);
    }
    // The sign stands before the serial.
    let signed = candidate.raw.contains(['-', '+']);
    let usual = is_grouped(candidate.raw, &[&[6, 4], &[8, 4], &[2, 2, 2, 4], &[4, 2, 2, 4]]);
    Some(match (signed, usual) {
        (true, false) => Verdict::Wrong,
        (true, true) => Verdict::Right,
        (false, _) => if_written(usual && century.is_some()),
    })
}

/// Whether ten digits are seconds since 1970 in the years 2001 to 2033.
fn is_unix_time(digits: &[u8]) -> bool {
    digits.len() == 10 && matches!(calendar::part(digits, 0, 2), Some(10..=19))
}

fn se_orgnr(candidate: &Candidate<'_>) -> Verdict {
    // The third digit tells a body from a person; sole traders have their personnummer.
    let body = matches!(candidate.compact.get(2), Some(b'2'..=b'9'));
    if_written(body && is_written(candidate.raw, &['-'], &[&[6, 4]])).where_right(is_orgnr(candidate.compact))
}

fn is_orgnr(digits: &[u8]) -> bool {
    are_digits(digits, 10) && is_luhn(digits) && !is_repeated(digits)
}

fn se_vat(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"SE");
    worth.where_right(digits.strip_suffix(b"01").is_some_and(is_orgnr))
}

fn se_postnummer(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(are_digits(candidate.compact, 5) && matches!(candidate.compact.first(), Some(b'1'..=b'9')))
}

fn no_fodselsnummer(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[6, 5], &[2, 2, 2, 5], &[2, 2, 2, 3, 2], &[6, 3, 2]]);
    if_written(written).where_right(is_fodselsnummer(candidate.compact) == Some(true))
}

fn is_fodselsnummer(digits: &[u8]) -> Option<bool> {
    let first = weighted(digits.get(..10)?, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])?;
    let second = weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])?;
    let (day, month, year) =
        (calendar::part(digits, 0, 2)?, calendar::part(digits, 2, 4)?, calendar::part(digits, 4, 6)?);
    let (day, month) = (if day > 40 { day - 40 } else { day }, if month > 40 { month - 40 } else { month });
    // The serial tells the century.
    let year = match calendar::part(digits, 6, 9)? {
        500..=749 if year >= 54 => 1800 + year,
        500..=999 if year < 40 => 2000 + year,
        0..=499 | 900..=999 => 1900 + year,
        _ => return None,
    };
    Some(first % 11 == 0 && second % 11 == 0 && calendar::is_day(year, month, day))
}

fn no_orgnr(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_norwegian_body(candidate.compact))
}

fn is_norwegian_body(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[3, 2, 7, 6, 5, 4, 3, 2, 1]);
    sum.is_some_and(|sum| sum > 0 && sum.is_multiple_of(11))
}

fn no_mva(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact.strip_prefix(b"NO").unwrap_or(candidate.compact);
    Verdict::of(value.strip_suffix(b"MVA").is_some_and(is_norwegian_body))
}

fn no_kontonr(candidate: &Candidate<'_>) -> Verdict {
    // Seven digits: without the four zeros that stand before accounts of the former postal giro.
    if let [body @ .., _] = candidate.compact
        && body.len() == 6
    {
        let mut whole = *b"00000000000";
        whole.iter_mut().skip(4).zip(candidate.compact).for_each(|(to, from)| *to = *from);
        return Verdict::Weak.where_right(is_kontonr(&whole));
    }
    if !is_kontonr(candidate.compact) {
        return Verdict::Wrong;
    }
    if_written(is_written(candidate.raw, &['.', ' '], &[&[4, 2, 5]]))
}

/// Weights mod 11; accounts of the former postal giro, behind four zeros, may have Luhn instead.
fn is_kontonr(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    let giro = digits.strip_prefix(b"0000").is_some_and(is_luhn);
    sum.is_some_and(|sum| sum > 0 && (giro || sum.is_multiple_of(11)))
}

fn no_iban(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let account = value.get(4..).unwrap_or_default();
    Verdict::of(value.starts_with(b"NO") && is_iban(value) && is_kontonr(account))
}

fn is_kennitala(candidate: &Candidate<'_>) -> Verdict {
    kennitala(candidate).unwrap_or(Verdict::Wrong)
}

fn kennitala(candidate: &Candidate<'_>) -> Option<Verdict> {
    let digits = candidate.compact;
    let century = match digits.get(9)? {
        b'8' => 1800,
        b'9' => 1900,
        b'0' => 2000,
        _ => return None,
    };
    let (day, month, year) =
        (calendar::part(digits, 0, 2)?, calendar::part(digits, 2, 4)?, calendar::part(digits, 4, 6)?);
    let day = if day > 40 { day - 40 } else { day };
    let sum = weighted(digits.get(..9)?, &[3, 2, 7, 6, 5, 4, 3, 2, 1])?;
    if digits.len() != 10 || sum % 11 != 0 || !calendar::is_day(century + year, month, day) {
        return None;
    }
    let written = is_written(candidate.raw, &['-', ' '], &[&[6, 4]]);
    Some(if_written(written || candidate.raw.len() == 10 && !is_unix_time(digits)))
}
