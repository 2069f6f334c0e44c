//! What a terminal is told between the letters (ECMA-48): colours, weights, the erasing of a line's rest, links. `grep --color`,
//! `git diff` and `ls` put it within words, and what agents run is full of it.
//!
//! A control sequence says nothing to a reader and is dropped. A string that a terminal is sent (a link, a title) is set aside: it
//! may hold a value of its own. A lone escape character is dropped too. Text without one pays one vectorised search.

use super::View;
use super::markup::{Cut, byte, written};

/// The escape character.
const ESCAPE: u8 = 0x1B;
/// Bytes of a control sequence.
const SEQUENCE_BYTES_MAX: usize = 64;
/// Bytes of a string that a terminal is sent.
const STRING_BYTES_MAX: usize = 2048;

/// Takes control sequences out of a text; `None` when there is none.
pub(super) fn strip(text: &str) -> Option<View> {
    written(text, &mut cuts(text)?, |_| false).finish()
}

/// Takes control sequences out of a text, and puts behind it the strings that a terminal is sent.
pub(super) fn set_aside(text: &str) -> Option<View> {
    written(text, &mut cuts(text)?, |cut| cut.get(1..).is_some_and(|rest| rest.starts_with(is_string))).finish()
}

fn cuts(text: &str) -> Option<Vec<Cut>> {
    let bytes = text.as_bytes();
    let first = memchr::memchr(ESCAPE, bytes)?;
    let mut cuts: Vec<Cut> = Vec::new();
    let mut done = first;
    for at in memchr::memchr_iter(ESCAPE, bytes) {
        if at < done {
            continue;
        }
        done = match byte(bytes, at + 1) {
            b'[' => sequence(bytes, at),
            mark if is_string(char::from(mark)) => string(bytes, at),
            // `ESC ( B`, `ESC 7`, and an escape by itself.
            b'(' | b')' if byte(bytes, at + 2).is_ascii_alphanumeric() => at + 3,
            b'7' | b'8' | b'=' | b'>' | b'\\' => at + 2,
            _ => at + 1,
        };
        cuts.push((at..done, None));
    }
    Some(cuts)
}

/// What follows the escape of a string: a command of the system, of a device, of an application.
const fn is_string(mark: char) -> bool {
    matches!(mark, ']' | 'P' | '^' | '_')
}

/// Where a control sequence ends: parameters, intermediates, one final byte.
fn sequence(bytes: &[u8], at: usize) -> usize {
    let tail = bytes.get(at + 2..).unwrap_or_default();
    let len = tail.iter().take(SEQUENCE_BYTES_MAX).take_while(|byte| matches!(byte, b' '..=b'?')).count();
    match tail.get(len) {
        Some(b'@'..=b'~') => at + 3 + len,
        _ => at + 2,
    }
}

/// Where a string ends: with a bell, or an escape and a backslash. One that does not end is none.
fn string(bytes: &[u8], at: usize) -> usize {
    let tail = bytes.get(at + 2..bytes.len().min(at + STRING_BYTES_MAX)).unwrap_or_default();
    match memchr::memchr3(0x07, ESCAPE, b'\n', tail).map(|len| (len, byte(tail, len))) {
        Some((len, 0x07)) => at + 3 + len,
        Some((len, ESCAPE)) if byte(tail, len + 1) == b'\\' => at + 4 + len,
        _ => at + 1,
    }
}
