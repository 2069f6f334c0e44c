//! Names that code hands to a function as two strings: `new User("Camille", "Aubertin")`, `Patient.create('Aubertin', 'Camille')`.
//!
//! Strings beside one another are mostly no name: lists must know both words, or the function must say that it is of people and one
//! word be a common given name.
//!
//! False friends: `("Visual", "Studio")`, `("Paris", "Texas")`, `["Ruby", "Perl"]`.

use std::ops::Range;

use super::path::PEOPLE;
use super::tied::{are_known_name, are_name};
use crate::detect::page::{Page, Report};

/// Bytes of a word of a name, and of the name of a function.
const WORD_BYTES_MAX: usize = 40;
/// Confidence in both.
const CONFIDENCE: u8 = 78;

/// Reports the names in the calls of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for at in memchr::memchr_iter(b'(', page.text.as_bytes()) {
        let Some(one) = string(page, at + 1) else { continue };
        let comma = page.right(one.end + 1, 2, |byte| byte == b' ');
        if page.byte(comma) != b',' {
            continue;
        }
        let Some(other) = string(page, page.right(comma + 1, 4, |byte| matches!(byte, b' ' | b'\n' | b'\t'))) else {
            continue;
        };
        let word = |range: &Range<usize>| page.text.get(range.clone()).unwrap_or_default();
        let is_name = if is_of_people(page, at) { are_name } else { are_known_name };
        if is_name(word(&one), word(&other)) {
            report.push(one, CONFIDENCE);
            report.push(other, CONFIDENCE);
        }
    }
}

/// The word that is the whole of a string that begins here.
fn string(page: &Page<'_>, at: usize) -> Option<Range<usize>> {
    let quote = page.byte(at);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = page.right(at + 1, WORD_BYTES_MAX, |byte| {
        byte.is_ascii_alphabetic() || !byte.is_ascii() || matches!(byte, b'-' | b' ')
    });
    let word = page.text.get(at + 1..end)?;
    let mut parts = word.split(['-', ' ']);
    (page.byte(end) == quote && parts.all(|part| part.starts_with(char::is_uppercase))).then_some(at + 1..end)
}

/// Whether the function in whose brackets these are is called after people: `User(`, `createPatient(`, `patients.add(`.
pub(super) fn is_of_people(page: &Page<'_>, bracket: usize) -> bool {
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'>' | b'-');
    let path = page.text.get(page.left(bracket, WORD_BYTES_MAX, of_path)..bracket).unwrap_or_default().as_bytes();
    PEOPLE.iter().filter(|word| word.len() > 2).any(|word| {
        path.windows(word.len()).enumerate().any(|(at, own)| {
            let next = path.get(at + word.len()).is_none_or(|byte| !byte.is_ascii_lowercase());
            let begins = own.first().is_some_and(u8::is_ascii_uppercase)
                || at.checked_sub(1).and_then(|at| path.get(at)).is_none_or(|byte| !byte.is_ascii_alphabetic());
            next && begins && own.eq_ignore_ascii_case(word.as_bytes())
        })
    })
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_calls() {
        for (text, expected) in [
            ("new User(\"Camille\", \"Aubertin\")", &["Camille", "Aubertin"][..]),
            ("p = createPatient('Aubertin', 'Camille', 39)", &["Aubertin", "Camille"]),
            ("self.clients.add( x ); clients.add(\"Jean-Paul\",\n\t\"Martin\")", &["Jean-Paul", "Martin"]),
            ("f('Martin', 'Paul')", &["Martin", "Paul"]),
            ("f(\"Camille\", \"Xyloframe\")", &[]),
            ("f(\"Visual\", \"Studio\") g(\"Paris\", \"Texas\") superuser(\"Ruby\", \"Perl\")", &[]),
            ("User(\"camille\", \"aubertin\")", &[]),
            ("User(\"Camille\", Aubertin) User(\"Camille", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
