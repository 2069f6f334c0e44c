//! French VAT number (CGI art. 286 ter; BOI-TVA-DECLA-20-10-20): `FR`, a key of two characters, a SIREN.
//!
//! A key of digits is (12 + 3 (SIREN mod 97)) mod 97. A key with a letter counts in base 34 without I and O and must agree
//! with the SIREN mod 11.

use super::siren::is_siren;
use super::{Candidate, Verdict, number};

/// Checks key and SIREN, with or without the country's letters.
pub(super) fn fr_vat_key(candidate: &Candidate<'_>) -> Verdict {
    let body = candidate.compact.strip_prefix(b"FR").unwrap_or(candidate.compact);
    Verdict::of(is_right(body).unwrap_or(false))
}

fn is_right(body: &[u8]) -> Option<bool> {
    let siren = body.get(2..)?;
    Some(is_siren(siren) && is_key(body)?)
}

/// Whether the two characters of the key belong to the nine digits behind them.
pub(super) fn is_key(body: &[u8]) -> Option<bool> {
    let (key, siren) = body.split_at_checked(2)?;
    let number_of_siren = number(siren)?;
    if let Some(key) = number(key) {
        return Some(key == (12 + 3 * (number_of_siren % 97)) % 97);
    }
    let (&first, &second) = (key.first()?, key.get(1)?);
    let (tens, ones) = (place(first)?, place(second)?);
    let key =
        if first.is_ascii_digit() { (tens * 24 + ones).checked_sub(10) } else { (tens * 34 + ones).checked_sub(100) }?;
    Some((number_of_siren + 1 + key / 11) % 11 == key % 11)
}

/// The place of a character among digits and letters without I and O.
fn place(byte: u8) -> Option<u64> {
    let place = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".iter().position(|&known| known == byte)?;
    u64::try_from(place).ok()
}
