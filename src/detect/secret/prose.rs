//! Passwords that a sentence tells, with words between them and their label or with nothing: `Le mot de passe du serveur est
//! Azerty99`, `log in with password Azerty99`.
//!
//! Nothing but its look then says that a word is a password, so it must look like one: capitals, small letters and digits, or
//! digits and signs. False friends: what is hashed and encoded (`password Base64`), versions, names in programs.

use std::ops::Range;

use super::label;
use crate::detect::page::Page;

/// Bytes of a value.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 8..=64;
/// Words between a label and its value.
const WORDS_MAX: usize = 7;
/// Words between the verb and the value: `is now`, `est toujours`.
const BEHIND_VERB_MAX: usize = 1;
/// Bytes of a word between.
const WORD_BYTES_MAX: usize = 24;

/// The value that a label tells further on in its sentence.
pub(super) fn told(page: &Page<'_>, label: &Range<usize>) -> Option<Range<usize>> {
    // `login/password: camille / Azerty99`
    let mut at = page.right(label.end, 1, |byte| matches!(byte, b':' | b'='));
    let mut behind = (at > label.end).then_some(0);
    for place in 0..WORDS_MAX {
        let start = page.right(at, 1, |byte| byte == b' ');
        if start == at {
            return None;
        }
        let end = page.right(start, VALUE_BYTES.end() + 8, |byte| byte > b' ');
        let word = page.text.get(start..end)?;
        let value = word.trim_matches(['"', '\'', '`', '*', '(', ')', ',', ';', ':', '.', '«', '»', '“', '”']);
        if (place == 0 || behind.is_some()) && looks_secret(value) {
            let from = start + word.find(value)?;
            return Some(from..from + value.len());
        }
        if word == "/" {
            at = end;
            continue;
        }
        if behind.is_some_and(|words| words >= BEHIND_VERB_MAX) {
            return None;
        }
        let bare = word.strip_suffix(':').unwrap_or(word);
        let between = bare.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
        if !between || word.len() > WORD_BYTES_MAX {
            return None;
        }
        let folded = bare.to_lowercase();
        let own = folded.rsplit(['\'', '’']).next().unwrap_or_default();
        let says = bare.len() < word.len() || own.is_empty() || label::is_verb(own);
        behind = behind.map(|words| words + 1).or_else(|| says.then_some(0));
        at = end;
    }
    None
}

/// Whether a word looks like a password and like nothing else: letters in both cases and two digits, or letters, digits and signs.
fn looks_secret(value: &str) -> bool {
    let has = |what: fn(&u8) -> bool| value.bytes().any(|byte| what(&byte));
    let sign = has(|byte| b"!#$%&*?@^~+".contains(byte));
    let cased = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let foreign = value.contains(['/', '(', '<', '=', '[', '{', ':', '.', ',', '"', '\'', '\\']);
    let stem = value.trim_end_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    let thing = THINGS.contains(&stem.as_str());
    VALUE_BYTES.contains(&value.len())
        && !foreign
        && !thing
        && has(u8::is_ascii_alphabetic)
        && (digits > 1 && cased || digits > 0 && sign)
        && !value.starts_with(['#', '@', '$', '%', '&', '-', '+'])
}

/// What stands before the number of a thing that sentences about passwords name.
const THINGS: &[&str] = &[
    "base",
    "windows",
    "office",
    "server",
    "argon",
    "bcrypt",
    "scrypt",
    "pbkdf",
    "keepass",
    "postgres",
    "postgresql",
    "mysql",
    "oracle",
    "python",
    "debian",
    "ubuntu",
    "iphone",
    "sha",
    "article",
    "section",
    "version",
    "chapter",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_sentences() {
        for (text, expected) in [
            ("password for the staging server is Azerty99, thanks", Some("Azerty99")),
            ("password du serveur est Azerty99", Some("Azerty99")),
            ("password für den Server lautet Blauwal77.", Some("Blauwal77")),
            ("password is now Azerty99", Some("Azerty99")),
            ("password c'est Azerty99", Some("Azerty99")),
            ("password provisoire : Azerty99", Some("Azerty99")),
            ("password provisoire: s3cr3t!x", Some("s3cr3t!x")),
            ("password Azerty99 to log in", Some("Azerty99")),
            ("password `Azerty99`", Some("Azerty99")),
            ("password: camille / Azerty99", Some("Azerty99")),
            ("password for the staging server is wrong", None),
            ("password is not yet set, ask Camille99", None),
            ("password policy of Windows11", None),
            ("password is stored in Base64url", None),
            ("password hash Argon2id", None),
            ("password has 12characters", None),
            ("password of the server. It is Azerty99", None),
            ("password\nis Azerty99", None),
            ("password field1 TextBox1", None),
            ("password min=8Chars99", None),
        ] {
            assert_eq!(told(&Page { text, key: None }, &(0..8)).map(|range| &text[range]), expected, "{text}");
        }
    }
}
