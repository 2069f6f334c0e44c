//! Strings of JSON: checking one while scanning, decoding one that was checked, folding a key for comparison.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Flaw;

/// Finds the end of a string whose opening quote stands just before `start`: the offset of the closing quote, and whether
/// there are escapes. Errors name the offset of the byte at fault. `lenient`: control characters and halves of characters may
/// stand in it.
pub(super) fn scan(bytes: &[u8], start: usize, lenient: bool) -> Result<(usize, bool), (Flaw, usize)> {
    let mut at = start;
    let mut escaped = false;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(run) = memchr::memchr2(b'"', b'\\', rest) else {
            let control = control(rest).filter(|_| !lenient);
            return Err(control.map_or((Flaw::Cut, bytes.len()), |offset| (Flaw::Syntax, at + offset)));
        };
        if !lenient && let Some(offset) = control(rest.get(..run).unwrap_or_default()) {
            return Err((Flaw::Syntax, at + offset));
        }
        at += run;
        if bytes.get(at) == Some(&b'"') {
            return Ok((at, escaped));
        }
        escaped = true;
        at = match escape(bytes, at) {
            Err((Flaw::LoneSurrogate, half)) if lenient => half + HALF,
            other => other?,
        };
    }
}

/// Finds a control character, which RFC 8259 section 7 allows in a string only as an escape.
fn control(run: &[u8]) -> Option<usize> {
    // The minimum is vectorised; the position is looked for only when there is one.
    let least = run.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    if least < 0x20 { run.iter().position(|byte| *byte < 0x20) } else { None }
}

/// Checks the escape whose backslash stands at `at` and returns the offset behind it.
fn escape(bytes: &[u8], at: usize) -> Result<usize, (Flaw, usize)> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(bytes, at + 2)? {
            0xD800..=0xDBFF => {
                let low = (bytes.get(at + 6) == Some(&b'\\') && bytes.get(at + 7) == Some(&b'u'))
                    .then(|| hex4(bytes, at + 8))
                    .transpose()?;
                match low {
                    Some(0xDC00..=0xDFFF) => Ok(at + 12),
                    _ => Err((Flaw::LoneSurrogate, at)),
                }
            }
            0xDC00..=0xDFFF => Err((Flaw::LoneSurrogate, at)),
            _ => Ok(at + 6),
        },
        Some(_) => Err((Flaw::Syntax, at)),
        None => Err((Flaw::Cut, bytes.len())),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, (Flaw, usize)> {
    let Some(digits) = bytes.get(at..at + 4) else {
        return Err((Flaw::Cut, bytes.len()));
    };
    digits.iter().zip(at..).try_fold(0_u32, |value, (byte, at)| {
        let digit = char::from(*byte).to_digit(16).ok_or((Flaw::Syntax, at))?;
        Ok(value << 4 | digit)
    })
}

/// Decodes the inside of a string token that a [`super::Scanner`] has accepted. Borrows when there is no escape.
pub fn decode(inside: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inside.as_bytes()) else {
        return Cow::Borrowed(inside);
    };
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    let mut next = Some(first);
    while let Some(at) = next {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let (character, width) = unescape(tail);
        out.push(character);
        rest = tail.get(width..).unwrap_or_default();
        next = memchr::memchr(b'\\', rest.as_bytes());
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The spellings of the characters that decode to U+FFFD, in their order, where one of them is half a character, which a text cannot
/// hold; nothing where none is. `inside` is that of a string token that was accepted.
pub fn halved(inside: &str) -> Option<Vec<&str>> {
    let (mut spelt, mut rest, mut halves) = (Vec::new(), inside, false);
    while let Some(at) = rest.find(['\\', char::REPLACEMENT_CHARACTER]) {
        let tail = rest.get(at..)?;
        let plain = tail.starts_with(char::REPLACEMENT_CHARACTER);
        let (character, width) =
            if plain { (char::REPLACEMENT_CHARACTER, char::REPLACEMENT_CHARACTER.len_utf8()) } else { unescape(tail) };
        let (spelling, behind) = tail.split_at_checked(width)?;
        if character == char::REPLACEMENT_CHARACTER {
            halves |= !plain && !spelling.eq_ignore_ascii_case("\\ufffd");
            spelt.push(spelling);
        }
        rest = behind;
    }
    halves.then_some(spelt)
}

/// Bytes of an escape of one UTF-16 unit.
const HALF: usize = 6;

/// Decodes the escape at the start of a checked text: the character, and the bytes that spell it.
fn unescape(text: &str) -> (char, usize) {
    let unit =
        |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD);
    match text.as_bytes().get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => match unit(2) {
            high @ 0xD800..=0xDBFF => {
                let low = text.get(6..8).filter(|begin| *begin == "\\u").map(|_| unit(8));
                let Some(low @ 0xDC00..=0xDFFF) = low else { return (char::REPLACEMENT_CHARACTER, HALF) };
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 2 * HALF)
            }
            code => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        },
        Some(same) => (char::from(*same), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// Folds a decoded key to what a lax parser could take it for: compatibility forms composed, case removed character by
/// character (`ſ` and the Kelvin sign become `s` and `k`, as Go's decoder has it), cut at a NUL as C does, trimmed.
pub fn folded(key: &str) -> String {
    let seen = key.split('\0').next().unwrap_or_default();
    let fold = |character: char| one(one(character, char::to_uppercase), char::to_lowercase);
    seen.nfkc().filter(|character| !ignorable(*character)).map(fold).collect::<String>().trim().to_owned()
}

/// Applies a case mapping where it yields one character.
fn one<I: Iterator<Item = char>>(character: char, map: fn(char) -> I) -> char {
    let mut mapped = map(character);
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

/// Characters that show nothing and that a normalising parser may drop.
fn ignorable(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
