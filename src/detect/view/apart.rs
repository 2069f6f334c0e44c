//! Names of programs read as words: `call_mathieu_delacourt`, `tel-0612345678`, `getBalanceMathieuDelacourt`.
//!
//! Marks between digits stay, which the detectors of numbers know, and so do those of a UUID. What is read so is read as it
//! stands besides: an IBAN in capitals and digits is never parted.

use super::{Builder, View};
use crate::detect::scan::uuid;
use crate::model::pseudonym;

/// Digits that are a word of their own beside letters (`tel0612345678`).
const NUMBER_BYTES_MIN: usize = 8;

/// How the words of a name are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Joint {
    /// By `_`, `-` or a stop.
    Mark,
    /// By those or by a capital, or a number begins or ends.
    Capital,
}

/// Puts a blank between the words; `None` when there is one word only.
pub(super) fn part(text: &str, joint: Joint) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder = Builder::new(text);
    let mut at = 0;
    while at < bytes.len() {
        if starts_run(bytes, at)
            && let Some(end) = uuid(bytes, at)
        {
            at = end;
            continue;
        }
        if is_mark(bytes, at) {
            builder.replace(at..at + 1, " ");
        } else if joint == Joint::Capital
            && let Some(instead) = begins(bytes, at)
        {
            builder.replace(at..at + 1, instead);
        }
        at += 1;
    }
    builder.finish()
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |at| byte(bytes, at))
}

fn starts_run(bytes: &[u8], at: usize) -> bool {
    byte(bytes, at).is_ascii_hexdigit() && !before(bytes, at).is_ascii_alphanumeric()
}

/// Whether a mark joins two words here.
fn is_mark(bytes: &[u8], at: usize) -> bool {
    let (left, right) = (before(bytes, at), byte(bytes, at + 1));
    match byte(bytes, at) {
        b'_' if is_code(bytes, at + 1) && left.is_ascii_uppercase() => false,
        b'_' | b'-' => !(left.is_ascii_digit() && right.is_ascii_digit()),
        b'.' => is_letter(left) && is_letter(right),
        _ => false,
    }
}

/// Whether the code of one of our own pseudonyms stands here: what is sent is read again, and must not be taken for a name.
fn is_code(bytes: &[u8], at: usize) -> bool {
    let tail = bytes.get(at..).unwrap_or_default();
    let code = tail.iter().take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()).count();
    tail.get(..code).is_some_and(pseudonym::is_code)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

/// What stands in place of a byte that begins a word without a mark before it. In small letters: that each word has a capital
/// says nothing here.
fn begins(bytes: &[u8], at: usize) -> Option<&'static str> {
    let (left, this, right) = (before(bytes, at), byte(bytes, at), byte(bytes, at + 1));
    let (head, tail) = bytes.split_at_checked(at)?;
    let begins = if this.is_ascii_digit() {
        left.is_ascii_lowercase() && tail.iter().take_while(|byte| byte.is_ascii_digit()).count() >= NUMBER_BYTES_MIN
    } else if left.is_ascii_digit() {
        let word = this.is_ascii_lowercase() || this.is_ascii_uppercase() && right.is_ascii_lowercase();
        word && head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count() >= NUMBER_BYTES_MIN
    } else {
        this.is_ascii_uppercase() && left.is_ascii_lowercase()
    };
    let first = this.is_ascii_uppercase() && !left.is_ascii_alphanumeric() && right.is_ascii_lowercase();
    match (begins, first) {
        (true, _) => SPACED.get(letter(this)..letter(this) + 2),
        (_, true) => SPACED.get(letter(this) + 1..letter(this) + 2),
        _ => None,
    }
}

/// Where a letter or digit stands in [`SPACED`], the blank before it included.
fn letter(byte: u8) -> usize {
    let place = if byte.is_ascii_digit() { byte - b'0' } else { byte.to_ascii_lowercase() - b'a' + 10 };
    2 * usize::from(place)
}

/// Digits and small letters, each behind a blank.
const SPACED: &str = " 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z";
