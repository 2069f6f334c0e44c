//! Numbers and keys of a JSON text that is carried in a string: arguments of a tool, a tool's answer, a file.
//!
//! `{"latitude":<PLACE_K7Q2M9F3>}` is no JSON any more, and servers that read the arguments of an earlier call refuse it. So what
//! takes the place of a number there is a string: `{"latitude":"<PLACE_K7Q2M9F3>"}` (decision 0020).

use std::ops::Range;

use super::value::is_json;
use crate::model::{Field, Role, TokenKind};

/// For each range of a field, in their order: the whole literal that it touches, where it begins in one that stands outside the
/// strings of a JSON text.
pub(super) fn bare_in_json(
    field: &Field,
    text: &str,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Option<Range<usize>>> {
    let ranges: Vec<Range<usize>> = ranges.collect();
    if ranges.is_empty() || !is_document(field, text) {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let (mut at, mut inside, mut escaped) = (0, false, false);
    let mut bare = |range: Range<usize>| {
        for byte in bytes.get(at..range.start).unwrap_or_default() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = inside,
                b'"' => inside = !inside,
                _ => {}
            }
        }
        at = at.max(range.start);
        let starts = bytes.get(range.start).is_some_and(|byte| is_of_literal(*byte));
        if inside || !starts {
            return None;
        }
        let before = bytes.get(..range.start)?.iter().rev().take_while(|byte| is_of_literal(**byte)).count();
        let behind = bytes.get(range.end..)?.iter().take_while(|byte| is_of_literal(**byte)).count();
        Some(range.start - before..range.end + behind)
    };
    ranges.into_iter().map(&mut bare).collect()
}

/// For each range of a field: whether it lies in a key of the arguments of a call, where words that are the same for two values
/// would make one key of two. Elsewhere a JSON text is one that somebody reads.
pub(super) fn keys_in_json(field: &Field, text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<bool> {
    let ranges: Vec<Range<usize>> = ranges.collect();
    if ranges.is_empty() || field.role != Role::ToolCall || !is_document(field, text) {
        return vec![false; ranges.len()];
    }
    // Each string of the text with what stands behind it: a colon stands behind keys alone.
    let (mut keys, mut opened, mut escaped) = (Vec::new(), None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (byte, opened) {
            _ if escaped => escaped = false,
            (b'\\', Some(_)) => escaped = true,
            (b'"', None) => opened = Some(at),
            (b'"', Some(from)) => {
                opened = None;
                if text.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with(':')) {
                    keys.push(from..at);
                }
            }
            _ => {}
        }
    }
    let overlaps = |range: &Range<usize>| {
        let first = keys.partition_point(|key| key.end <= range.start);
        keys.get(first).is_some_and(|key| key.start < range.end)
    };
    ranges.iter().map(overlaps).collect()
}

/// Whether the text of a field is a JSON document.
fn is_document(field: &Field, text: &str) -> bool {
    let parses = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let begins = text.trim_start().starts_with(['{', '[']);
    field.kind == TokenKind::String && begins && is_json(field.role, text) && parses()
}

const fn is_of_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
