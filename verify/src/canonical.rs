//! Canonical JSON: one spelling for one value, so that an entry has one hash.
//!
//! It is RFC 8785 (JCS) narrowed to what entries use: keys in ascending byte order without repetition, no blanks, strings
//! with the shortest escapes, integers only (from -2^63 to 2^64-1), depth at most [`DEPTH_MAX`]. Keys hold no character
//! that needs an escape. [`check`] reads bytes in one pass without allocating; [`write()`] makes them from a value.

use std::ops::Range;

use serde::Serialize;

mod arrange;

use arrange::Arranged;

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
/// [`NotCanonical`] for a number that is not an integer, a key that needs escapes or is repeated, or too much depth; nothing
/// is appended then.
pub fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    // serde_json writes no blanks, the shortest escapes and whole numbers as they are: what is left is the order of keys.
    let mut text = Vec::with_capacity(2_048);
    serde_json::to_writer(&mut text, value).map_err(|_| NotCanonical { at: 0 })?;
    let before = out.len();
    let mut reader = Reader { bytes: &text, at: 0 };
    let mut arranged = Arranged { out, members: Vec::with_capacity(64), moved: Vec::new() };
    let result =
        arranged.value(&mut reader, 0).and_then(|()| if reader.at == text.len() { Ok(()) } else { Err(reader.here()) });
    if result.is_err() {
        out.truncate(before);
    }
    result
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
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    reader.value(0)?;
    if reader.at == bytes.len() { Ok(()) } else { Err(reader.here()) }
}

/// Passes canonical JSON, value by value.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    /// Bytes passed.
    pub(crate) const fn place(&self) -> usize {
        self.at
    }

    /// Returns to a place passed before.
    pub(crate) const fn go_back(&mut self, place: usize) {
        self.at = place;
    }

    /// Whether these bytes come next.
    #[inline]
    pub(crate) fn is_next(&self, word: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word))
    }

    /// Bytes passed before, as text.
    pub(crate) fn text(&self, range: Range<usize>) -> &'a str {
        self.bytes.get(range).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
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

    pub(crate) fn key(&mut self) -> Result<&'a [u8], NotCanonical> {
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
        let digits = self.bytes.get(start..self.at).and_then(|digits| std::str::from_utf8(digits).ok());
        let canonical = |text: &str| match text.as_bytes() {
            [b'0'] => true,
            [b'0', ..] | [b'-', b'0', ..] => false,
            [b'-', ..] => text.parse::<i64>().is_ok(),
            _ => text.parse::<u64>().is_ok(),
        };
        if digits.is_some_and(canonical) { Ok(()) } else { Err(NotCanonical { at: start }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn one_spelling() {
        for (name, text) in [
            ("blank", r#"{"a": 1}"#),
            ("order", r#"{"b":1,"a":2}"#),
            ("repetition", r#"{"a":1,"a":1}"#),
            ("fraction", "1.0"),
            ("exponent", "1e3"),
            ("leading zero", "01"),
            ("minus zero", "-0"),
            ("plus", "+1"),
            ("beyond 64 bits", "18446744073709551616"),
            ("solidus", r#""\/""#),
            ("long escape", r#""\u000a""#),
            ("escaped letter", r#""\u0041""#),
            ("upper-case hexadecimal", r#""\u001F""#),
            ("escaped key", r#"{"\n":1}"#),
            ("raw control", "\"\u{1}\""),
            ("open string", "\"a"),
            ("open object", r#"{"a":1"#),
            ("comma at the end", "[1,]"),
            ("two values", "1 2"),
            ("nothing", ""),
            ("half a word", "nul"),
        ] {
            assert!(check(text.as_bytes()).is_err(), "{name}: {text}");
        }
        assert_eq!(check(b"\"\xff\""), Err(NotCanonical { at: 1 }));
        let deep = "[".repeat(18) + &"]".repeat(18);
        assert!(check(deep.as_bytes()).is_err());
    }

    #[test]
    fn writes_sorted_without_blanks() {
        let mut out = Vec::new();
        write(&json!({"b": [1, -2, true, null], "a": "é\"\\\n\u{1}\u{7f}/"}), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":\"é\\\"\\\\\\n\\u0001\u{7f}/\",\"b\":[1,-2,true,null]}");
        for bad in [json!(1.5), json!({"a\n": 1}), json!([1e300])] {
            let mut out = b"before".to_vec();
            assert!(write(&bad, &mut out).is_err(), "{bad}");
            assert_eq!(out, b"before");
        }
    }

    #[test]
    fn a_repeated_key_is_no_value() {
        let (mut out, mut reader) = (Vec::new(), Reader { bytes: br#"{"a":1,"b":2,"a":3}"#, at: 0 });
        let mut arranged = Arranged { out: &mut out, members: Vec::new(), moved: Vec::new() };
        assert!(arranged.value(&mut reader, 0).is_err());
    }

    #[test]
    fn plain_bytes_end_at_the_first_that_needs_an_escape() {
        for length in 0..20 {
            for byte in 0..=u8::MAX {
                for at in 0..length {
                    let mut bytes = vec![b' '; length];
                    bytes[at] = byte;
                    let expected = bytes.iter().position(|byte| needs_escape(*byte)).unwrap_or(length);
                    assert_eq!(plain(&bytes), expected, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-z_é]{0,8}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_checks_and_reads_back(value in values()) {
            let mut out = Vec::new();
            write(&value, &mut out).unwrap();
            prop_assert_eq!(check(&out), Ok(()));
            prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
        }

        #[test]
        fn what_checks_is_what_is_written(value in values(), at in any::<usize>(), byte in any::<u8>()) {
            let mut bytes = Vec::new();
            write(&value, &mut bytes).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            if check(&bytes).is_ok() {
                let mut again = Vec::new();
                write(&serde_json::from_slice::<Value>(&bytes).unwrap(), &mut again).unwrap();
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
