//! Numbers that a justified line spread, as texts taken from PDF have them: `IBAN FR76  3000  6000  0112  3456  7890  189`.
//!
//! Detectors know one blank between groups, and columns of figures stand apart as well, whose places say under which head they are. So
//! the text stays as it is, and the number is read a second time: a copy with one blank for several stands behind it.

use std::ops::Range;

use super::{Builder, View};

/// Blanks that a justified line has for one; columns are mostly further apart.
const BLANKS: std::ops::RangeInclusive<usize> = 2..=3;
/// Groups of a number, bytes of one, and digits of all.
const GROUPS_MIN: usize = 4;
const GROUP_BYTES_MAX: usize = 8;
const DIGITS_MIN: usize = 9;
/// Bytes before the number that are read with it: its key.
const BEFORE_BYTES_MAX: usize = 32;

/// Puts such numbers behind the text, each on a line of its own; `None` where there is none.
pub(super) fn read_twice(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder: Option<Builder<'_>> = None;
    let blanks = memchr::memmem::Finder::new(b"  ");
    let mut seen = 0;
    while let Some(at) = bytes.get(seen..).and_then(|rest| blanks.find(rest)).map(|found| seen + found) {
        let before = bytes.get(seen..at).unwrap_or_default();
        let groups = groups(bytes, at - before.iter().rev().take_while(|byte| is_of_group(**byte)).count());
        let Some((first, last)) = groups.first().zip(groups.last()) else {
            // An indentation.
            seen = at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
            continue;
        };
        seen = last.end.max(at);
        let digits =
            groups.iter().filter_map(|group| bytes.get(group.clone())).flatten().filter(|byte| byte.is_ascii_digit());
        if groups.len() < GROUPS_MIN || digits.count() < DIGITS_MIN {
            continue;
        }
        let near = first.start.saturating_sub(BEFORE_BYTES_MAX);
        let before = bytes.get(near..first.start).unwrap_or_default();
        let key = text.ceil_char_boundary(near + memchr::memrchr(b'\n', before).map_or(0, |end| end + 1));
        let builder = builder.get_or_insert_with(|| Builder::new(text));
        builder.append(key..first.end);
        for group in groups.iter().skip(1) {
            // With the last of the blanks before it.
            builder.done = group.start - 1;
            builder.copy_to(group.end);
        }
        builder.done = text.len();
    }
    builder.and_then(Builder::finish)
}

/// The groups that begin here, one behind the other.
fn groups(bytes: &[u8], from: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = from;
    loop {
        let rest = bytes.get(start..).unwrap_or_default();
        let len = rest.iter().take(GROUP_BYTES_MAX + 1).take_while(|byte| is_of_group(**byte)).count();
        if !(1..=GROUP_BYTES_MAX).contains(&len) {
            return found;
        }
        found.push(start..start + len);
        let behind = rest.get(len..).unwrap_or_default();
        let blanks = behind.iter().take(BLANKS.end() + 1).take_while(|byte| **byte == b' ').count();
        if !BLANKS.contains(&blanks) {
            return found;
        }
        start += len + blanks;
    }
}

const fn is_of_group(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}
