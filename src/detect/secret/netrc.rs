//! Whether a password stands in an entry of `.netrc`, the file of accounts that `curl`, `git` and `ftp` read: `machine h login x
//! password y`, on one line or on several.
//!
//! False friends: sentences that have a machine and a login in them; an entry is nothing but pairs of a key and a value.

use crate::detect::page::Page;

/// Bytes of an entry before its password.
const ENTRY_BYTES_MAX: usize = 240;

/// Whether what stands before the word at `at` is an entry as far as its password.
pub(super) fn precedes(page: &Page<'_>, at: usize) -> bool {
    let from = page.text.ceil_char_boundary(at.saturating_sub(ENTRY_BYTES_MAX));
    let head = page.text.get(from..at).unwrap_or_default();
    let Some(start) = head.rfind("machine ").max(head.rfind("default ")) else { return false };
    let before = page.before(from + start);
    let mut words = head.get(start..).unwrap_or_default().split_ascii_whitespace();
    // `default` stands for every machine and has no name.
    if words.next() != Some("default") && words.next().is_none() {
        return false;
    }
    let mut pairs = 0;
    while let Some(key) = words.next() {
        if !matches!(key, "login" | "account" | "port") || words.next().is_none() {
            return false;
        }
        pairs += 1;
    }
    pairs > 0 && (before == 0 || before.is_ascii_whitespace() || matches!(before, b'"' | b'\'' | b'`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        for (text, expected) in [
            ("machine h login x password y", true),
            ("machine h\n  login x\n  password y", true),
            ("machine a login b password c\nmachine h\nlogin x\npassword y", true),
            ("default login anonymous password y", true),
            ("echo 'machine h login x password y'", true),
            ("machine h password y", false),
            ("a machine with a login and password y", false),
            ("the machine asks for login and password y", false),
            ("login x password y", false),
        ] {
            let at = text.rfind("password").unwrap();
            assert_eq!(precedes(&Page { text, key: None }, at), expected, "{text}");
        }
    }
}
