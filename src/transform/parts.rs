//! A text that an answer brings in parts, which clients put together: a token may lie in two of them.
//!
//! Where none does, each part is restored by itself, behind what was read of those before it. Where one does they are one text,
//! as the pieces of a stream are, and its value stands in the part in which its token begins.
//!
//! ```text
//! parts      "Dear <PERSO"  "N_8F3K2M9Q>, your file"
//! restored   "Dear Hélène"  ", your file"
//! ```

use super::ahead::joins_name;
use super::grammar::{Find, Source};
use super::joined::Thread;
use super::restore::{Restored, Restorer};
use super::unit::Landing;
use crate::model::Measure;

impl Restorer<'_> {
    /// Restores the parts of one text, in their order.
    #[must_use]
    pub fn restore_parts(&self, parts: &[&str], landing: Landing, thread: &mut Thread) -> Vec<Restored> {
        let text = parts.concat();
        if parts.len() < 2 || !self.crosses(&text, parts, landing) {
            return parts.iter().map(|part| self.restore_part(part, landing, thread)).collect();
        }
        let whole = self.restore_part(&text, landing, thread);
        let mut rest = whole.text.as_str();
        let (mut from, mut passed, mut counts) = (0, 0, whole.counts);
        let mut restored = Vec::with_capacity(parts.len());
        for part in parts {
            let until = from + part.len();
            let moves = whole.moves.part(&text, from..until);
            let ends = whole.moves.at(until as u64, Measure::Bytes, true).and_then(|end| usize::try_from(end).ok());
            let (own, behind) =
                rest.split_at_checked(ends.unwrap_or(usize::MAX).saturating_sub(passed)).unwrap_or((rest, ""));
            passed += own.len();
            (rest, from) = (behind, until);
            restored.push(Restored { text: own.to_owned(), counts: std::mem::take(&mut counts), moves });
        }
        restored
    }

    /// Whether a token lies in two of the parts that make up a text, or a name that would be made around one may.
    fn crosses(self, text: &str, parts: &[&str], landing: Landing) -> bool {
        let mut source = Source { text, from: 0, before: None, landing, last: true };
        while let Find::Token(found) = self.vault().find(source) {
            let mut end = 0;
            let mut ends = parts.iter().map(|part| {
                end += part.len();
                end
            });
            (source.from, source.before) = (found.end, None);
            if ends.any(|end| found.start < end && end < found.end) || joins_name(self.vault(), source) == Ok(true) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::vault::{Pseudonym, Vault};
    use super::*;

    fn vault() -> Vault {
        let rows: [(&str, &[u8; 8], &str); 2] =
            [("PERSON", b"K7Q2M9F3", "Hélène"), ("EMAIL", b"0ABCDEFG", "helene@example.com")];
        Vault::new(rows.map(|(word, code, value)| Pseudonym { word, code: *code, value }))
    }

    fn restored(parts: &[&str]) -> Vec<Restored> {
        Restorer::new(&vault()).restore_parts(parts, Landing::Text, &mut Thread::default())
    }

    #[test]
    fn a_token_in_two_parts_is_restored_in_the_first() {
        for (name, parts, texts) in [
            ("none", &["a", "b"][..], &["a", "b"][..]),
            ("whole in one", &["a <PERSON_K7Q2M9F3>", " b"], &["a Hélène", " b"]),
            ("in two", &["a <PERSO", "N_K7Q2M9F3> b <EMAIL_0ABCDEFG>"], &["a Hélène", " b helene@example.com"]),
            ("in three", &["é <", "PERSON_K7Q2", "M9F3> b"], &["é Hélène", "", " b"]),
            (
                "one behind the other",
                &["<PERSON_K7Q2M9F3", "><EMAIL_0ABC", "DEFG>"],
                &["Hélène", "helene@example.com", ""],
            ),
            (
                "a name in two",
                &["a PERSON_K7Q2M9F3", ".evil.example.com b"],
                &["a PERSON_K7Q2M9F3", ".evil.example.com b"],
            ),
            ("a sentence in two", &["a PERSON_K7Q2M9F3", ". Then b"], &["a Hélène", ". Then b"]),
        ] {
            let told: Vec<String> = restored(parts).into_iter().map(|part| part.text).collect();
            assert_eq!(told, texts, "{name}");
        }
    }

    #[test]
    fn places_are_those_of_the_part_that_they_are_in() {
        let parts = restored(&["é <PERSO", "N_K7Q2M9F3> é <EMAIL_0ABCDEFG>."]);
        assert_eq!(parts.iter().map(|part| part.counts.restored).sum::<u32>(), 2);
        let at = |part: usize, place, end| parts[part].moves.at(place, Measure::Bytes, end).unwrap();
        // In the first part: the token's beginning, and the end of the part, which is the end of the value.
        assert_eq!((at(0, 3, false), at(0, 9, true)), (3, 11));
        // In the second: what was of the token, what is behind it, and the next value.
        assert_eq!((at(1, 4, true), at(1, 11, false), at(1, 15, false), at(1, 31, true)), (0, 0, 4, 22));
        let chars = |part: usize, place| parts[part].moves.at(place, Measure::Chars, true).unwrap();
        assert_eq!((chars(0, 8), chars(1, 12), chars(1, 30)), (8, 1, 21));
    }
}
