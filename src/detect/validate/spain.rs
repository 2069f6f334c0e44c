//! Spain: DNI, NIE, NIF and CIF (real decreto 1065/2007; orden EHA/451/2008), social security, bank accounts, CUPS and the
//! land register.
//!
//! - DNI: up to eight digits and a letter, the number mod 23 in `TRWAGMYFPDXBNJZSQVHLCKE`. NIE: X, Y, Z read as 0, 1, 2.
//! - CIF: a letter for the kind, seven digits, a Luhn digit or the letter of `JABCDEFGHI` at its place. A, B, E and H have
//!   digits; of the others both are in use.
//! - NSS: province, number, the whole mod 97; a number below ten million is read without its leading zeros.
//! - CCC: bank and branch, two digits mod 11, account. The IBAN of Spain holds one.
//! - CUPS (real decreto 1074/2015): sixteen digits mod 529 as two letters of the DNI's table.
//! - Referencia catastral (Dirección General del Catastro): each half with the property's number makes a letter mod 23.

use super::iban::is_iban;
use super::weights::{are_digits, is_grouped, pick, weighted};
use super::{Candidate, Table, Verdict, behind, calendar, digit, if_written, number};

pub(super) const TABLE: Table = &[
    ("es_ccc", es_ccc),
    ("es_cif", es_cif),
    ("es_cups", es_cups),
    ("es_dni", es_dni),
    ("es_iban", es_iban),
    ("es_nie", es_nie),
    ("es_nif", es_nif),
    ("es_nss", es_nss),
    ("es_referenciacatastral", es_catastro),
];

const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn es_dni(candidate: &Candidate<'_>) -> Verdict {
    // Old seven-digit numbers and small letters look like anything.
    let sure = candidate.compact.len() == 9 && candidate.raw.ends_with(|c: char| c.is_ascii_uppercase());
    if_written(sure).where_right(is_dni(candidate.compact))
}

fn is_dni(value: &[u8]) -> bool {
    matches!(value.len(), 8 | 9) && has_letter(value) == Some(true)
}

/// Whether the last character is the letter of the number before it.
fn has_letter(value: &[u8]) -> Option<bool> {
    let (&letter, digits) = value.split_last()?;
    Some(letter == letter_of(number(digits)?)?)
}

fn letter_of(number: u64) -> Option<u8> {
    pick(LETTERS, u32::try_from(number % 23).ok()?)
}

fn es_nie(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_nie(candidate.compact) == Some(true))
}

fn is_nie(value: &[u8]) -> Option<bool> {
    let (first, rest) = value.split_first()?;
    let (&letter, digits) = rest.split_last()?;
    let head = match first {
        b'X' => 0,
        b'Y' => 10_000_000,
        b'Z' => 20_000_000,
        _ => return None,
    };
    Some(are_digits(digits, 7) && letter == letter_of(head + number(digits)?)?)
}

fn es_cif(candidate: &Candidate<'_>) -> Verdict {
    let written = !candidate.raw.starts_with(|c: char| c.is_ascii_lowercase())
        && is_grouped(candidate.raw, &[&[1, 8], &[1, 7, 1], &[8, 1]]);
    if_written(written).where_right(is_cif(candidate.compact) == Some(true))
}

fn is_cif(value: &[u8]) -> Option<bool> {
    let (kind, rest) = value.split_first()?;
    let (&check, body) = rest.split_last()?;
    if !are_digits(body, 7) || !b"ABCDEFGHJNPQRSUVW".contains(kind) {
        return None;
    }
    let sum = body.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
        let value = digit(byte)? * if place % 2 == 0 { 2 } else { 1 };
        Some(sum + value / 10 + value % 10)
    })?;
    let expected = (10 - sum % 10) % 10;
    let as_letter = pick(b"JABCDEFGHI", expected) == Some(check) && !b"ABEH".contains(kind);
    Some(digit(check) == Some(expected) || as_letter)
}

/// The tax number of anybody. K, L and M are people without a DNI: a letter, seven digits, a letter.
fn es_nif(candidate: &Candidate<'_>) -> Verdict {
    let (value, worth) = behind(candidate, b"ES");
    let without_dni = value.len() == 9
        && value.split_first().is_some_and(|(kind, rest)| b"KLM".contains(kind) && has_letter(rest) == Some(true));
    let person = value.len() == 9 && is_dni(value) || is_nie(value) == Some(true) || without_dni;
    worth.where_right(person || is_cif(value) == Some(true))
}

fn es_nss(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[2, 8, 2], &[2, 10], &[10, 2]]);
    if_written(written).where_right(is_nss(candidate.compact) == Some(true))
}

fn is_nss(digits: &[u8]) -> Option<bool> {
    let (province, serial, key) =
        (calendar::part(digits, 0, 2)?, calendar::part(digits, 2, 10)?, calendar::part(digits, 10, 12)?);
    let joined = if serial < 10_000_000 { province * 10_000_000 + serial } else { number(digits.get(..10)?)? };
    Some(digits.len() == 12 && (1..=66).contains(&province) && joined % 97 == key)
}

fn es_ccc(candidate: &Candidate<'_>) -> Verdict {
    let usual: &[&[usize]] = &[&[4, 4, 2, 10], &[4, 4, 4, 4, 4], &[4, 4, 12], &[8, 2, 10], &[4, 4, 2, 4, 4, 2]];
    if_written(is_grouped(candidate.raw, usual)).where_right(is_ccc(candidate.compact) == Some(true))
}

fn is_ccc(digits: &[u8]) -> Option<bool> {
    let weights = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let check = |body: &[u8]| {
        let sum = weighted(body, weights.get(weights.len().checked_sub(body.len())?..)?)?;
        Some(match 11 - sum % 11 {
            11 => 0,
            10 => 1,
            rest => rest,
        })
    };
    let (branch, keys, account) = (digits.get(..8)?, digits.get(8..10)?, digits.get(10..)?);
    let keys = number(keys)?;
    let right = u64::from(check(branch)? * 10 + check(account)?) == keys;
    Some(digits.len() == 20 && right && branch != b"00000000" && account != b"0000000000")
}

fn es_iban(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let account = value.get(4..).unwrap_or_default();
    Verdict::of(value.starts_with(b"ES") && is_iban(value) && is_ccc(account) == Some(true))
}

fn es_cups(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_cups(candidate.compact) == Some(true))
}

fn is_cups(value: &[u8]) -> Option<bool> {
    let rest = value.strip_prefix(b"ES")?;
    let key = number(rest.get(..16)?)? % 529;
    let letters = [letter_of(key / 23)?, letter_of(key % 23)?];
    let border = match rest.get(18..)? {
        [] => true,
        [place, kind] => place.is_ascii_digit() && b"FPRCXYZ".contains(kind),
        _ => false,
    };
    Some(rest.get(16..18)? == letters && border)
}

fn es_catastro(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_catastro(candidate.compact) == Some(true))
}

fn is_catastro(value: &[u8]) -> Option<bool> {
    let letter = |half: &[u8]| {
        let property = value.get(14..18)?;
        let weights = [13, 15, 12, 5, 4, 17, 9, 21, 3, 7, 1];
        let sum = half.iter().chain(property).zip(weights).try_fold(0, |sum, (&byte, weight)| {
            let value = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'A'..=b'N' => u32::from(byte - b'A') + 1,
                // N with tilde has a place of its own.
                b'O'..=b'Z' => u32::from(byte - b'A') + 2,
                _ => return None,
            };
            Some(sum + value * weight)
        })?;
        pick(b"MQWERTYUIOPASDFGHJKLBZX", sum % 23)
    };
    let keys = [letter(value.get(..7)?)?, letter(value.get(7..14)?)?];
    Some(value.get(18..)? == keys && value.iter().any(u8::is_ascii_digit))
}
