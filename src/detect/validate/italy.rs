//! Italy: codice fiscale (decreto ministeriale 23 December 1976) and partita IVA (d.P.R. 633/1972 art. 35).
//!
//! ```text
//! RSS     MRA   85   M      01   H501          Z
//! surname name  year month  day  municipality  check letter
//! ```
//! Women add 40 to the day. Two people with one code are told apart by letters in place of digits, from the right
//! (omocodia). The check letter sums tables for odd and even places, mod 26. Companies have their partita IVA as code: seven
//! digits, the province's office, a Luhn digit.

use super::luhn::is_luhn;
use super::weights::{are_digits, pick, value36};
use super::{Candidate, Table, Verdict, behind, calendar, digit};

pub(super) const TABLE: Table = &[("it_codice_fiscale", codice_fiscale), ("it_partita_iva", partita_iva)];

fn codice_fiscale(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_personal(candidate.compact) == Some(true))
}

fn is_personal(code: &[u8]) -> Option<bool> {
    let (body, check) = code.split_at_checked(15)?;
    let at = |place: usize| body.get(place).copied();
    let letters = [0, 1, 2, 3, 4, 5, 11].iter().all(|&place| at(place).is_some_and(|byte| byte.is_ascii_uppercase()));
    let month = b"ABCDEHLMPRST".contains(&at(8)?);
    let day = plain(at(9)?)? * 10 + plain(at(10)?)?;
    let digits = [6, 7, 12, 13, 14].iter().all(|&place| at(place).and_then(plain).is_some());
    let sum = body.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
        // Digits and letters count alike from 0: `A` as `0`.
        let value = digit(byte).or_else(|| value36(byte)?.checked_sub(10))?;
        Some(sum + if place % 2 == 0 { u32::from(pick(ODD, value)?) } else { value })
    })?;
    let letter = pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", sum % 26)?;
    Some(letters && digits && month && matches!(day, 1..=31 | 41..=71) && check == [letter])
}

/// The digit that a character of a numeric place stands for, omocodia undone.
fn plain(byte: u8) -> Option<u32> {
    let omocodia =
        || b"LMNPQRSTUV".iter().position(|&letter| letter == byte).and_then(|place| u32::try_from(place).ok());
    digit(byte).or_else(omocodia)
}

/// Values of characters at odd places, counted from one.
const ODD: &[u8] = &[1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

fn partita_iva(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"IT");
    let office = calendar::part(digits, 7, 10);
    worth.where_right(
        are_digits(digits, 11)
            && is_luhn(digits)
            && !digits.starts_with(b"0000000")
            && office.is_some_and(|office| matches!(office, 1..=100 | 120 | 121 | 888 | 999)),
    )
}
