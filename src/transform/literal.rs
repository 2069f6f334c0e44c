//! Numbers of a JSON text that is carried in a string: arguments of a tool, a tool's answer, a file.
//!
//! `{"latitude":<PLACE_K7Q2M9F3>}` is no JSON any more, and servers that read the arguments of an earlier call refuse it. So what
//! takes the place of a number there is a string: `{"latitude":"<PLACE_K7Q2M9F3>"}` (decision 0020).

use std::ops::Range;

use super::value::is_json;
use crate::model::{Field, TokenKind};

/// For each range of a field, in their order: the whole literal that it touches, where it begins in one that stands outside the
/// strings of a JSON text.
pub(super) fn bare_in_json(
    field: &Field,
    text: &str,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Option<Range<usize>>> {
    let document = text.trim_start().starts_with(['{', '[']);
    let ranges: Vec<Range<usize>> = ranges.collect();
    let parses = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if field.kind != TokenKind::String || ranges.is_empty() || !document || !is_json(field.role, text) || !parses() {
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

const fn is_of_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
