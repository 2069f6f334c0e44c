//! The form of a pseudonym's code, by which a pseudonym is told from what people write.
//!
//! Eight signs of base32 alone are also a surname (`CLIENT_BERTRAND`), a phone number or that of a passport (`TEL_20123456`,
//! `PASSPORT_P1234567`): whoever looks for values must not pass those over. So the first signs of every code that is made are mixed
//! as no such value is.

/// Characters of a code.
pub const CODE_BYTES: usize = 8;
/// Those at its front that come from the normalised value.
pub const STEM_BYTES: usize = 6;
/// Digits and capital letters that nobody reads for one another; `u` is left out so that no word is spelt by chance.
pub const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters that a stem has at least.
const LETTERS_MIN: usize = 3;

/// Whether the front of a code is mixed: a digit, and three letters.
pub fn is_stem(stem: &[u8]) -> bool {
    let letters = stem.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    letters >= LETTERS_MIN && stem.iter().any(u8::is_ascii_digit)
}

/// Whether these bytes are a code that octroi makes, and nothing else.
pub fn is_code(bytes: &[u8]) -> bool {
    bytes.len() == CODE_BYTES
        && bytes.iter().all(|byte| CODE_ALPHABET.contains(byte))
        && bytes.get(..STEM_BYTES).is_some_and(is_stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_what_people_write() {
        for (text, expected) in [
            ("K7Q2M9F3", true),
            ("ABC0DEFG", true),
            // A surname, a phone number, a passport, a day.
            ("BERTRAND", false),
            ("20123456", false),
            ("P1234567", false),
            ("AB123456", false),
            ("20261130", false),
            // Neither are these of the alphabet, or of the length.
            ("K7Q2M9FI", false),
            ("k7q2m9f3", false),
            ("K7Q2M9F", false),
            ("", false),
        ] {
            assert_eq!(is_code(text.as_bytes()), expected, "{text}");
        }
    }
}
