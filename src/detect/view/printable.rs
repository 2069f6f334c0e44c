//! Quoted-printable as mail has it (RFC 2045 section 6.7): `Zo=C3=A9`, `Camille=20Aubertin`, `FR76=203000`, a soft line end.
//!
//! A `=` with two digits or letters behind it stands in code and in queries too (`size=20`, `a=40b`): a lone triplet is read only
//! where its neighbours leave no other reading.

use super::markup::{Cut, STRETCH_BYTES_MAX, before, byte};

/// Triplets in a row that are no accident, whatever they stand for.
const ROW: usize = 3;
/// Bytes of a character.
const UTF8_BYTES_MAX: usize = 4;

/// Reads what begins with a `=`; where it ends.
pub(super) fn read(bytes: &[u8], at: usize, cuts: &mut Vec<Cut>) -> Option<usize> {
    let line_end = if byte(bytes, at + 1) == b'\r' { 2 } else { 1 };
    if byte(bytes, at + line_end) == b'\n' {
        let end = at + line_end + 1;
        let within = before(bytes, at).is_ascii_alphanumeric() && byte(bytes, end).is_ascii_alphanumeric();
        if within {
            cuts.push((at..end, None));
        }
        return Some(end);
    }
    let first = triplet(bytes, at)?;
    let row = || std::iter::successors(Some(at), |at| Some(at + 3)).map_while(|at| triplet(bytes, at));
    let plain = |value: &u8| value.is_ascii_graphic() || *value == b' ';
    let len = row().take_while(plain).count();
    if len >= ROW {
        for (index, value) in row().take(len).enumerate() {
            let at = at + 3 * index;
            cuts.push((at..at + 3, Some(char::from(value))));
        }
        return Some(at + 3 * len);
    }
    let values: Vec<u8> = row().take(UTF8_BYTES_MAX).collect();
    let (c, len) = match (character(&values), first) {
        (Some(own), _) => own,
        (None, b' ') if is_blank(bytes, at) => (' ', 1),
        (None, b'@') if is_of_address(bytes, at) => ('@', 1),
        (None, 0xC0..=0xFF) if is_of_word(bytes, at) => (char::from(first), 1),
        (None, b'A'..=b'Z') if is_capital(bytes, at) => (char::from(first), 1),
        _ => return None,
    };
    let end = at + 3 * len;
    // The no-break spaces of a French keyboard are blanks.
    cuts.push((at..end, Some(if matches!(c, '\u{A0}' | '\u{202F}') { ' ' } else { c })));
    Some(end)
}

fn triplet(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(byte(bytes, at)).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    (byte(bytes, at) == b'=').then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?)).flatten()
}

/// The one character in UTF-8 that the values begin with, and how many of them it takes.
fn character(values: &[u8]) -> Option<(char, usize)> {
    let len = match values.first()? {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let c = std::str::from_utf8(values.get(..len)?).ok()?.chars().next()?;
    Some((c, len))
}

/// Whether `=20` is a blank: before a word with a capital (`Camille=20Aubertin`), or between groups of letters and digits, others
/// of which it parts as well (`FR76=203000=206000`).
fn is_blank(bytes: &[u8], at: usize) -> bool {
    const BLANK: &[u8] = b"=20";
    let (behind, next) = (byte(bytes, at + 3), byte(bytes, at + 4));
    if !is_of_group(before(bytes, at)) && before(bytes, at) != b',' && before(bytes, at) != b'.' {
        return false;
    }
    let titled = behind.is_ascii_uppercase() && (next.is_ascii_lowercase() || next == b'=') || behind == b'=';
    let tail = bytes.get(at + 3..).unwrap_or_default();
    let after = group(tail.iter());
    let head = bytes.get(..at).unwrap_or_default();
    let ahead = head.get(..head.len() - group(head.iter().rev())).unwrap_or_default();
    // The group before may begin with the `20` of another one.
    let parted = tail.get(after..).is_some_and(|tail| tail.starts_with(BLANK))
        || ahead.ends_with(b"=") && head.get(ahead.len()..).is_some_and(|run| run.starts_with(b"20"));
    titled || after > 0 && parted
}

/// How many bytes are letters and digits before another follows.
fn group<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take(STRETCH_BYTES_MAX).take_while(|byte| is_of_group(**byte)).count()
}

const fn is_of_group(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Whether `=40` is the sign of an address: before a domain.
fn is_of_address(bytes: &[u8], at: usize) -> bool {
    let tail = bytes.get(at + 3..).unwrap_or_default();
    let label =
        tail.iter().take(STRETCH_BYTES_MAX).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let letters = |at: usize| tail.get(at..at + 2).is_some_and(|two| two.iter().all(u8::is_ascii_alphabetic));
    // `max=40mm.x` is a measure.
    before(bytes, at).is_ascii_alphanumeric()
        && letters(0)
        && letters(1)
        && tail.get(label) == Some(&b'.')
        && letters(label + 1)
}

/// Whether the capital of a word stands here (`=41ubertin`): behind a blank, before small letters of which one at least is no digit.
fn is_capital(bytes: &[u8], at: usize) -> bool {
    let tail = bytes.get(at + 3..).unwrap_or_default();
    let small = tail.iter().take(STRETCH_BYTES_MAX).take_while(|byte| byte.is_ascii_lowercase()).count();
    let word = tail.get(..small).is_some_and(|word| word.iter().any(|byte| *byte > b'f'));
    let behind = tail.get(small).copied().unwrap_or(b' ');
    matches!(before(bytes, at), 0 | b' ' | b'\n' | b':') && small > 2 && word && !behind.is_ascii_alphanumeric()
}

/// Whether a letter of Latin-1 stands here: behind the beginning of a word with a capital, and no digit nor capital behind it.
fn is_of_word(bytes: &[u8], at: usize) -> bool {
    let head = bytes.get(..at).unwrap_or_default();
    let small = head.iter().rev().take(STRETCH_BYTES_MAX).take_while(|byte| byte.is_ascii_lowercase()).count();
    let capital = head.len().checked_sub(small + 1).and_then(|at| head.get(at)).is_some_and(u8::is_ascii_uppercase);
    let behind = byte(bytes, at + 3);
    let signs = bytes.get(at + 1..at + 3).is_some_and(|two| !two.iter().any(u8::is_ascii_lowercase));
    signs && small > 0 && capital && !behind.is_ascii_uppercase() && !behind.is_ascii_digit()
}
