//! The splicer: replaces whole tokens of a JSON text and copies every other byte as it came.
//!
//! Re-serialising a body would change number spellings, key order and escapes that the client chose, and a second parser
//! could then read it differently; patching cannot.

use std::fmt;
use std::ops::Range;

use super::json;

/// Replaces the bytes of `span` by `replacement`. An empty span inserts.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// Byte range of the text, half-open, on character boundaries.
    pub span: Range<u32>,
    /// What stands there afterwards: JSON, already quoted where it is a string.
    pub replacement: String,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edit({:?} -> {} bytes)", self.span, self.replacement.len())
    }
}

/// The edits overlap, or a span does not lie in the text on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("edits overlap or lie outside the text at byte {at}")]
pub struct Misplaced {
    /// Where the first misplaced edit begins.
    pub at: u32,
}

/// Applies edits to a text. They may come in any order.
///
/// # Errors
/// [`Misplaced`] when two spans overlap or one lies outside the text; nothing is guessed.
pub fn splice(text: &str, mut edits: Vec<Edit>) -> Result<String, Misplaced> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let grown: usize = edits.iter().map(|edit| edit.replacement.len()).sum();
    let mut out = String::with_capacity(text.len().saturating_add(grown));
    let mut copied = 0_usize;
    for edit in &edits {
        let misplaced = Misplaced { at: edit.span.start };
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        if end < start {
            return Err(misplaced);
        }
        out.push_str(text.get(copied..start).ok_or(misplaced)?);
        text.get(start..end).ok_or(misplaced)?;
        out.push_str(&edit.replacement);
        copied = end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Ok(out)
}

/// Writes a text as a JSON string token, escaping only what RFC 8259 section 7 requires.
pub fn quote(text: &str) -> String {
    // A `str` always serialises; the fallback keeps the function total.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// The same for a text that was made of a string token: half a character, which a text cannot hold, is written as it came.
pub fn quote_as(token: &str, text: &str) -> String {
    let quoted = quote(text);
    let half = |at: usize| matches!(token.as_bytes().get(at + 2), Some(b'd' | b'D'));
    if !memchr::memmem::find_iter(token.as_bytes(), b"\\u").any(half) {
        return quoted;
    }
    let inside = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    let pieces: Vec<&str> = quoted.split(char::REPLACEMENT_CHARACTER).collect();
    match json::halved(inside).filter(|spelt| spelt.len() + 1 == pieces.len()) {
        Some(spelt) => {
            pieces.into_iter().zip(spelt.into_iter().chain([""])).flat_map(|(plain, half)| [plain, half]).collect()
        }
        None => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(span: Range<u32>, replacement: &str) -> Edit {
        Edit { span, replacement: replacement.to_owned() }
    }

    #[test]
    fn replaces_inserts_and_keeps_the_rest() {
        let text = r#"{ "a" :1.0e0,"b":"x" }"#;
        let edits = vec![edit(17..20, "\"y\""), edit(1..1, "\"s\":false,")];
        assert_eq!(splice(text, edits).unwrap(), r#"{"s":false, "a" :1.0e0,"b":"y" }"#);
    }

    #[test]
    fn half_a_character_stays_as_it_was_written() {
        for (token, text, expected) in [
            (r#""a\ud83d""#, "b\u{fffd}", r#""b\ud83d""#),
            (r#""\uD83D \ufffd""#, "\u{fffd} é \u{fffd}", r#""\uD83D é \ufffd""#),
            (r#""\ud83d\ude00""#, "😀\n", r#""😀\n""#),
            // Where it cannot be told which is which.
            (r#""\ud83d""#, "\u{fffd}\u{fffd}", "\"\u{fffd}\u{fffd}\""),
        ] {
            assert_eq!(quote_as(token, text), expected, "{token}");
        }
    }

    #[test]
    fn refuses_overlap_and_outside() {
        assert_eq!(splice("abcdef", vec![edit(0..3, ""), edit(2..4, "")]), Err(Misplaced { at: 2 }));
        assert_eq!(splice("é", vec![edit(1..2, "")]), Err(Misplaced { at: 1 }));
        assert_eq!(splice("a", vec![edit(0..9, "")]), Err(Misplaced { at: 0 }));
    }
}
