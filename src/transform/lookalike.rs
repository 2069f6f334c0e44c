//! Counts the strings of an answer that look like pseudonyms and are none of this request.
//!
//! A model that invents tokens, or a caller who plants them, shows here; what they wrote is left as it is. Nothing is held
//! back for counting: the machine keeps the tail of the word that is being read and nothing else.

use super::code::{LENGTH, is_symbol};

/// Counts words such as `PERSON_K7Q2M9F3`, in angle brackets or with both a letter and a digit in the code.
#[derive(Debug, Clone, Default)]
pub(super) struct Lookalikes {
    count: u32,
    /// The last characters of the word: the separator and the code.
    tail: [u8; LENGTH + 1],
    /// Characters of the word.
    length: usize,
    /// Whether every character of the word so far can stand in a token.
    fits: bool,
    /// Whether the word stands behind `<`.
    bracketed: bool,
    before: char,
}

impl Lookalikes {
    /// Passes one character.
    pub(super) fn pass(&mut self, char: char) {
        if !(char.is_alphanumeric() || char == '_') {
            self.end();
            self.before = char;
            return;
        }
        if self.length == 0 {
            self.fits = char.is_ascii_uppercase();
            self.bracketed = self.before == '<';
        }
        self.length = self.length.saturating_add(1);
        self.fits &= char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
        if self.fits {
            self.tail.rotate_left(1);
            if let (Some(last), Ok(byte)) = (self.tail.last_mut(), u8::try_from(char)) {
                *last = byte;
            }
        }
    }

    /// Ends the word that is being read: the text ends, or a restored value follows.
    pub(super) fn end(&mut self) {
        let [separator, code @ ..] = &self.tail;
        let mixed = code.iter().any(u8::is_ascii_digit) && code.iter().any(u8::is_ascii_uppercase);
        let token = self.fits
            && self.length > LENGTH + 2
            && *separator == b'_'
            && code.iter().all(|byte| is_symbol(*byte))
            && (mixed || self.bracketed);
        self.count += u32::from(token);
        (self.length, self.before) = (0, '\0');
    }

    /// How many were read to their end.
    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_looks_like_a_token() {
        let rows = [
            ("bracketed", "<PERSON_K7Q2M9F3>", 1),
            ("bare", "to EMAIL_K7Q2M9F3, and", 1),
            ("at the end", "VAT_ID_K7Q2M9F3", 1),
            ("two", "<PERSON_K7Q2M9F3><PERSON_K7Q2M9F4>", 2),
            ("letters in brackets", "<PERSON_KQMFTXYZ>", 1),
            ("a constant", "MAX_MESSAGES", 0),
            ("a date", "VERSION_20261122", 0),
            ("too short", "PERSON_K7Q2M9F", 0),
            ("too long", "PERSON_K7Q2M9F33", 0),
            ("outside the alphabet", "PERSON_K7Q2M9FL", 0),
            ("lower case", "commit_a1b2c3d4", 0),
            ("one letter", "A_K7Q2M9F3", 0),
        ];
        for (name, text, expected) in rows {
            let mut lookalikes = Lookalikes::default();
            text.chars().for_each(|char| lookalikes.pass(char));
            lookalikes.end();
            assert_eq!(lookalikes.count(), expected, "{name}");
        }
    }
}
