//! Signs of notes and marks that are tied to a value: `jean@exemple.fr¹`, `Aubertin²`, `FR76 … 189³`, `Vasseur™`.
//!
//! A superscript digit may also be a digit in disguise, and is read as one in the text. So what such a sign stands beside is read a
//! second time: a copy of the stretch stands behind the text, without the sign.

use std::ops::Range;

use super::{Builder, View};

/// Bytes before and behind a sign that are read with it.
const AROUND_BYTES_MAX: usize = 96;
/// Bytes of the word that a sign stands beside: `m²`, `x³` and `n¹` say something else.
const WORD_BYTES_MIN: usize = 5;
/// The first bytes of the signs, which nearly no other text has: `Â`, and the block of superscripts and of letter-like symbols.
const FIRST: [u8; 2] = [0xC2, 0xE2];

/// Puts what signs stand beside behind the text, without them; `None` where there is none.
pub(super) fn read_twice(text: &str) -> Option<View> {
    let signs = signs(text);
    let mut builder = signs.first().map(|_| Builder::new(text))?;
    // Signs whose stretches meet have one, so that no byte is read a third time.
    for near in signs.chunk_by(|one, next| next.start - one.end <= 2 * AROUND_BYTES_MAX) {
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        builder.append(text.ceil_char_boundary(first.start.saturating_sub(AROUND_BYTES_MAX))..first.start);
        for (sign, next) in near.iter().zip(near.iter().skip(1)) {
            builder.done = sign.end;
            builder.copy_to(next.start);
        }
        builder.done = last.end;
        builder.copy_to(text.floor_char_boundary(text.len().min(last.end + AROUND_BYTES_MAX)));
        builder.done = text.len();
    }
    builder.finish()
}

/// The signs that a word stands beside, on one side.
fn signs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut seen) = (Vec::new(), 0);
    for at in memchr::memchr2_iter(FIRST[0], FIRST[1], bytes) {
        if at < seen {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let len: usize = rest.chars().take_while(|&c| is_sign(c)).map(char::len_utf8).sum();
        seen = at + len;
        let word = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| is_of_a_word(**byte)).count();
        let before = word(&mut bytes.get(..at).unwrap_or_default().iter().rev().take(AROUND_BYTES_MAX));
        let behind = word(&mut bytes.get(seen..).unwrap_or_default().iter().take(AROUND_BYTES_MAX));
        // Within a word it is a letter of it.
        if len > 0 && (before == 0) != (behind == 0) && before.max(behind) >= WORD_BYTES_MIN {
            found.push(at..seen);
        }
    }
    found
}

/// A superscript digit, or a mark that reads as letters.
const fn is_sign(c: char) -> bool {
    matches!(c, '¹' | '²' | '³' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '™' | '℠')
}

/// A letter, a digit, or what joins them in an address or a key.
const fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'@' | b'_' | b'-')
}
