//! The eight characters that make a pseudonym: base32 without I, L, O, U.
//!
//! Six come from the type and the normalised value, two from the exact spelling, so that one person stays one person to the
//! model and each spelling comes back as it was written.

use aws_lc_rs::hmac;

pub(super) use crate::model::pseudonym::CODE_BYTES as LENGTH;
use crate::model::pseudonym::{CODE_ALPHABET as ALPHABET, STEM_BYTES as STEM, is_stem};

/// A code, upper-case ASCII.
pub(super) type Code = [u8; LENGTH];

/// Writes the code of a stem and a spelling.
pub(super) fn code(stem: &hmac::Tag, spelling: &hmac::Tag) -> Code {
    let mut code = [b'0'; LENGTH];
    let (front, back) = code.split_at_mut(STEM);
    fill(front, stem);
    fill(back, spelling);
    code
}

/// Whether the code of a stem can be told from what people write; one of six is not and is derived again.
pub(super) fn is_told_apart(stem: &hmac::Tag) -> bool {
    let mut front = [b'0'; STEM];
    fill(&mut front, stem);
    is_stem(&front)
}

/// Whether a byte can stand in a code that this program made.
pub(super) fn is_symbol(byte: u8) -> bool {
    ALPHABET.contains(&byte)
}

/// Number of places in which two codes differ.
pub(super) fn distance(one: Code, other: Code) -> usize {
    one.iter().zip(&other).filter(|(a, b)| a != b).count()
}

/// Spreads the first bits of a tag over the places, five bits each.
fn fill(places: &mut [u8], tag: &hmac::Tag) {
    let mut bits = tag.as_ref().iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    for place in places {
        let symbol = usize::try_from(bits >> 59).unwrap_or(0);
        *place = ALPHABET.get(symbol).copied().unwrap_or(b'0');
        bits <<= 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_base32_and_keeps_its_halves_apart() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let (a, b) = (hmac::sign(&key, b"a"), hmac::sign(&key, b"b"));
        let (first, second) = (code(&a, &a), code(&a, &b));
        assert!(first.iter().all(|byte| is_symbol(*byte)));
        assert_eq!(first[..6], second[..6]);
        assert_ne!(first[6..], second[6..]);
        assert_eq!(distance(first, first), 0);
        assert!("ILOU".bytes().all(|byte| !is_symbol(byte)));
    }
}
