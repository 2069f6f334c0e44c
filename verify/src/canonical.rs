//! Canonical JSON: one spelling for one value, so that an entry has one hash.
//!
//! It is RFC 8785 (JCS) narrowed to what entries use: keys in ascending byte order without repetition, no blanks, strings
//! with the shortest escapes, integers only (from -2^63 to 2^64-1), depth at most [`DEPTH_MAX`]. Keys hold no character
//! that needs an escape. [`check`] reads bytes in one pass without allocating; [`write()`] makes them from a value.

use std::ops::Range;

use serde::Serialize;

mod compound;
#[cfg(test)]
mod tests;
mod write;

use write::Writer;

/// Containers in containers: an entry of today has four levels.
pub const DEPTH_MAX: u32 = 16;

/// The bytes are not canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON at byte {at}")]
pub struct NotCanonical {
    /// Offset of the first byte that does not fit, or for values the bytes written before them.
    pub at: usize,
}

/// Appends the canonical form of a value.
///
/// # Errors
/// [`NotCanonical`] for a number that is not an integer, a key that needs escapes or is repeated, too much depth, or an enum
/// whose variants hold something without a tag inside; nothing is appended then.
pub fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let before = out.len();
    value.serialize(&mut Writer::new(out)).map_err(|_| {
        let at = out.len().saturating_sub(before);
        out.truncate(before);
        NotCanonical { at }
    })
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Bytes in front of the first that needs an escape; all where none does.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    // Eight at a time: the top bit of each byte of the sum says whether one of them may be below 0x20, a quotation mark or a
    // backslash. It is never missing, and at most set for a byte behind such a one.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES.wrapping_mul(u64::from(bound))) & !word;
    let is = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    let (words, _) = bytes.as_chunks::<8>();
    let clean = words.iter().take_while(|word| {
        let word = u64::from_le_bytes(**word);
        (below(word, 0x20) | is(word, b'"') | is(word, b'\\')) & TOPS == 0
    });
    let begun = clean.count() * 8;
    let rest = bytes.get(begun..).unwrap_or_default();
    begun + rest.iter().position(|byte| needs_escape(*byte)).unwrap_or(rest.len())
}

/// Checks that the bytes are exactly one value in canonical form.
///
/// # Errors
/// [`NotCanonical`] with the place where they are not.
pub fn check(bytes: &[u8]) -> Result<(), NotCanonical> {
    let text = std::str::from_utf8(bytes).map_err(|error| NotCanonical { at: error.valid_up_to() })?;
    let mut reader = Reader::new(text);
    reader.value(0)?;
    if reader.at == bytes.len() { Ok(()) } else { Err(reader.here()) }
}

/// Passes canonical JSON, value by value.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Bytes passed.
    pub(crate) const fn place(&self) -> usize {
        self.at
    }

    /// Whether these bytes come next.
    #[inline]
    pub(crate) fn is_next(&self, word: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word))
    }

    /// Bytes passed before, as text.
    pub(crate) fn text(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    const fn here(&self) -> NotCanonical {
        NotCanonical { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn eat(&mut self, word: &[u8]) -> Result<(), NotCanonical> {
        if self.is_next(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.here())
    }

    /// Passes this key and its colon, if they come next.
    #[inline]
    pub(crate) fn eat_key(&mut self, key: &str) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default().strip_prefix(b"\"");
        let fits = rest.and_then(|rest| rest.strip_prefix(key.as_bytes())).is_some_and(|rest| rest.starts_with(b"\":"));
        if fits {
            self.at += key.len() + 3;
        }
        fits
    }

    fn value(&mut self, depth: u32) -> Result<(), NotCanonical> {
        if depth > DEPTH_MAX {
            return Err(self.here());
        }
        match self.peek().ok_or_else(|| self.here())? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b't' => self.eat(b"true"),
            b'f' => self.eat(b"false"),
            b'n' => self.eat(b"null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), NotCanonical> {
        self.eat(b"{")?;
        if self.peek() == Some(b'}') {
            return self.eat(b"}");
        }
        let mut before: Option<&'a [u8]> = None;
        loop {
            let key = self.key()?;
            if before.is_some_and(|before| before >= key) {
                return Err(self.here());
            }
            before = Some(key);
            self.eat(b":")?;
            self.value(depth + 1)?;
            if self.peek() == Some(b'}') {
                return self.eat(b"}");
            }
            self.eat(b",")?;
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), NotCanonical> {
        self.eat(b"[")?;
        if self.peek() == Some(b']') {
            return self.eat(b"]");
        }
        loop {
            self.value(depth + 1)?;
            if self.peek() == Some(b']') {
                return self.eat(b"]");
            }
            self.eat(b",")?;
        }
    }

    fn key(&mut self) -> Result<&'a [u8], NotCanonical> {
        self.eat(b"\"")?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = plain(rest);
        self.at += length;
        self.eat(b"\"")?;
        Ok(rest.get(..length).unwrap_or_default())
    }

    pub(crate) fn string(&mut self) -> Result<(), NotCanonical> {
        self.eat(b"\"")?;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += plain(rest);
            match self.peek() {
                Some(b'"') => return self.eat(b"\""),
                Some(b'\\') => self.escape()?,
                _ => return Err(self.here()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotCanonical> {
        self.eat(b"\\")?;
        if let Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') = self.peek() {
            self.at += 1;
            return Ok(());
        }
        self.eat(b"u00")?;
        let (high, low) = (self.peek(), self.bytes.get(self.at + 1).copied());
        let short = high == Some(b'0') && matches!(low, Some(b'8' | b'9' | b'a' | b'c' | b'd'));
        let hexadecimal = matches!(low, Some(b'0'..=b'9' | b'a'..=b'f'));
        if !matches!(high, Some(b'0' | b'1')) || !hexadecimal || short {
            return Err(self.here());
        }
        self.at += 2;
        Ok(())
    }

    pub(crate) fn number(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at);
        let canonical = |text: &str| match text.as_bytes() {
            [b'0'] => true,
            [b'0', ..] | [b'-', b'0', ..] => false,
            [b'-', ..] => text.parse::<i64>().is_ok(),
            _ => text.parse::<u64>().is_ok(),
        };
        if digits.is_some_and(canonical) { Ok(()) } else { Err(NotCanonical { at: start }) }
    }
}
