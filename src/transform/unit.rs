//! Where a restored value lands, and the characters of a text as that place spells them.
//!
//! The grammar of restore runs over [`Unit`]s, so that it is written once: in the text of a JSON document `\n` and `\u003c`
//! are one unit each, elsewhere every character is. A text that ends inside an escape is not cut there: the reader says that
//! more is needed, and the caller holds the bytes back.

/// Where restored text lands, which decides how a value is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Landing {
    /// Text for a reader: values stand as they were.
    #[default]
    Text,
    /// The text of a JSON document that is carried in a string (tool arguments): values are JSON-escaped once more.
    JsonInString,
}

/// One character of a text, as the reader of its landing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// The character; U+FFFD for half of a surrogate pair.
    pub(super) char: char,
    /// Bytes that it takes in the text.
    pub(super) bytes: usize,
    /// Whether it was spelt as a JSON escape.
    pub(super) escaped: bool,
}

/// What stands at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// A character.
    Unit(Unit),
    /// Nothing: the text ends here for good.
    End,
    /// Only the next fragment can tell.
    More,
}

impl Landing {
    /// Reads the unit at a byte offset. `last` says that no fragment follows.
    pub(super) fn read(self, text: &str, at: usize, last: bool) -> Read {
        if let Some(byte) = text.as_bytes().get(at).filter(|byte| byte.is_ascii() && **byte != b'\\') {
            return Read::Unit(Unit { char: char::from(*byte), bytes: 1, escaped: false });
        }
        let rest = text.get(at..).unwrap_or_default();
        let Some(char) = rest.chars().next() else {
            return if last { Read::End } else { Read::More };
        };
        let plain = Read::Unit(Unit { char, bytes: char.len_utf8(), escaped: false });
        if char != '\\' || self == Self::Text {
            return plain;
        }
        match escape(rest.as_bytes()) {
            Escape::Whole(unit) => Read::Unit(unit),
            Escape::Cut if !last => Read::More,
            Escape::Cut | Escape::None => plain,
        }
    }

    /// Writes a value as it must stand where it lands.
    pub(super) fn write(self, out: &mut String, value: &str) {
        match self {
            Self::Text => out.push_str(value),
            Self::JsonInString => escape_json(out, value),
        }
    }
}

/// Appends a value as the inside of a JSON string.
pub(super) fn escape_json(out: &mut String, value: &str) {
    let quoted = zeroize::Zeroizing::new(crate::wire::quote(value));
    out.push_str(quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default());
}

enum Escape {
    Whole(Unit),
    Cut,
    None,
}

/// Reads a JSON escape; the bytes begin with its backslash.
fn escape(bytes: &[u8]) -> Escape {
    let char = match bytes.get(1) {
        None => return Escape::Cut,
        Some(b'u') => return hexadecimal(bytes),
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        Some(_) => return Escape::None,
    };
    Escape::Whole(Unit { char, bytes: 2, escaped: true })
}

/// Reads `\uXXXX`.
fn hexadecimal(bytes: &[u8]) -> Escape {
    let mut value = 0_u32;
    for index in 2..6 {
        let Some(byte) = bytes.get(index) else { return Escape::Cut };
        let Some(digit) = char::from(*byte).to_digit(16) else { return Escape::None };
        value = value * 16 + digit;
    }
    let char = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    Escape::Whole(Unit { char, bytes: 6, escaped: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(landing: Landing, text: &str) -> Vec<(char, usize, bool)> {
        let (mut at, mut units) = (0, Vec::new());
        while let Read::Unit(unit) = landing.read(text, at, true) {
            units.push((unit.char, unit.bytes, unit.escaped));
            at += unit.bytes;
        }
        units
    }

    #[test]
    fn reads_what_the_landing_spells() {
        let text = r"\u003cé\n\\\q\ud83d";
        let json = all(Landing::JsonInString, text);
        let expected = [
            ('<', 6, true),
            ('é', 2, false),
            ('\n', 2, true),
            ('\\', 2, true),
            ('\\', 1, false),
            ('q', 1, false),
            (char::REPLACEMENT_CHARACTER, 6, true),
        ];
        assert_eq!(json, expected);
        assert_eq!(all(Landing::Text, r"\n"), [('\\', 1, false), ('n', 1, false)]);
    }

    #[test]
    fn waits_inside_an_escape_only_while_a_fragment_may_follow() {
        for cut in ["\\", "\\u", "\\u00", "\\u003"] {
            assert_eq!(Landing::JsonInString.read(cut, 0, false), Read::More, "{cut}");
            assert!(matches!(Landing::JsonInString.read(cut, 0, true), Read::Unit(Unit { bytes: 1, .. })), "{cut}");
        }
        assert!(matches!(Landing::JsonInString.read("\\u0g", 0, false), Read::Unit(Unit { bytes: 1, .. })));
    }

    #[test]
    fn writes_a_value_for_its_landing() {
        let mut out = String::new();
        Landing::JsonInString.write(&mut out, "O\"Neil\n");
        Landing::Text.write(&mut out, "\"");
        assert_eq!(out, "O\\\"Neil\\n\"");
    }
}
