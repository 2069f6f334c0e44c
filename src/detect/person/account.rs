//! Names of accounts that are those of people: `C:\\Users\\camille.aubertin`, `GET /users/jean.dupont`, `user=camille.aubertin`,
//! `@camille.aubertin`.
//!
//! An account is a given name and a surname with a mark between them, and something before it says that it is one.
//!
//! False friends: `user=max.length`, `@grace.period`, `/home/sweet.home`.

use super::tied::are_name;
use crate::detect::page::{Page, Report};

/// Bytes of the name of an account.
const ACCOUNT_BYTES_MAX: usize = 48;
/// Bytes between a key and its value.
const GAP_BYTES_MAX: usize = 4;
/// Folders whose folders are called as people are.
const HOMES: [&[u8]; 3] = [b"Users", b"users", b"home"];
/// Keys of accounts.
#[rustfmt::skip]
const KEYS: [&[u8]; 11] = [
    b"user", b"User", b"username", b"login", b"account", b"owner", b"assignee", b"author", b"utilisateur", b"benutzer", b"usuario",
];
/// Confidence in a name.
const CONFIDENCE: u8 = 78;

/// Reports the accounts of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    if page.holds(b'/') || page.holds(b'\\') {
        behind(page, &HOMES, |byte| matches!(byte, b'/' | b'\\'), report);
    }
    if page.holds(b'=') || page.holds(b':') {
        behind(page, &KEYS, |byte| matches!(byte, b'=' | b':' | b'"' | b'\'' | b' '), report);
    }
    for at in memchr::memchr_iter(b'@', bytes) {
        if !page.before(at).is_ascii_alphanumeric() {
            account(page, at + 1, report);
        }
    }
}

/// Reports the accounts behind these words and what separates them.
fn behind(page: &Page<'_>, words: &[&[u8]], separates: impl Fn(u8) -> bool, report: &mut Report<'_>) {
    for word in words {
        for at in memchr::memmem::find_iter(page.text.as_bytes(), word) {
            let end = at + word.len();
            let start = page.right(end, GAP_BYTES_MAX, &separates);
            if start > end && !page.before(at).is_ascii_alphanumeric() {
                account(page, start, report);
            }
        }
    }
}

/// Reports the account that begins here, if it is one.
fn account(page: &Page<'_>, start: usize, report: &mut Report<'_>) {
    let end = page.right(start, ACCOUNT_BYTES_MAX, |byte| {
        byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'-' | b'_')
    });
    let name = page.text.get(start..end).unwrap_or_default();
    let len = name.trim_end_matches(['.', '-', '_']).len();
    if name.get(..len).is_some_and(is_account) && page.byte(end) != b'(' {
        report.push(start..start + len, CONFIDENCE);
    }
}

/// Whether the name of an account is somebody's: `camille.aubertin`, `aubertin_camille`.
pub(in crate::detect) fn is_account(name: &str) -> bool {
    let mut words = name.split(['.', '_', '-', ' ']);
    let (Some(one), Some(other), None) = (words.next(), words.next(), words.next()) else { return false };
    let letters = |word: &str| word.chars().all(char::is_alphabetic);
    letters(one) && letters(other) && are_name(one, other)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn accounts_of_people() {
        for (text, expected) in [
            ("C:\\Users\\camille.aubertin\\x /home/jean-dupont/y", &["camille.aubertin", "jean-dupont"][..]),
            ("GET /users/camille.aubertin HTTP/1.1", &["camille.aubertin"]),
            (
                "user=camille.aubertin ip=1 login: \"jean.dupont\", owner = martin.paul.",
                &["camille.aubertin", "jean.dupont", "martin.paul"],
            ),
            ("@camille.aubertin please, (@jean.dupont)", &["camille.aubertin", "jean.dupont"]),
            ("x@camille.aubertin user=max.length @grace.period superuser=camille.aubertin @self.name", &[]),
            ("user: martin.paul() @martin.paul(1) /home/sweet.home", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let mut found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            found.sort_by_key(|name| text.find(name));
            assert_eq!(found, expected, "{text}");
        }
    }
}
