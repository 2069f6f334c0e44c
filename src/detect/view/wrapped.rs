//! Numbers that the end of a line cut: `FR76 3000 6000\r\n0112 …`, with blanks before it and an indentation or the marks of a quoted
//! mail behind it.
//!
//! Detectors of numbers know a line feed alone. What else stands around one between two groups of a number says nothing and is
//! dropped; between words it is how a text is laid out, and stays.

use super::{Builder, View};

/// Bytes around the end of a line that are looked at.
const GAP_BYTES_MAX: usize = 32;

/// Takes what stands around a line feed between groups out; `None` where there is none.
pub(super) fn join(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder: Option<Builder<'_>> = None;
    for at in memchr::memchr_iter(b'\n', bytes) {
        let before = bytes.get(at.saturating_sub(GAP_BYTES_MAX)..at).unwrap_or_default();
        let behind = bytes.get(at + 1..bytes.len().min(at + 1 + GAP_BYTES_MAX)).unwrap_or_default();
        let left = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        let right = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'|')).count();
        let group = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let ends = before.len().checked_sub(left + 1).and_then(|end| before.get(end));
        if left + right == 0 || !group(ends) || !group(behind.get(right)) {
            continue;
        }
        let builder = builder.get_or_insert_with(|| Builder::new(text));
        if builder.done <= at - left {
            builder.replace(at - left..at + 1 + right, "\n");
        }
    }
    builder.and_then(Builder::finish)
}
