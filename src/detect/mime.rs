//! Encoded words of mail headers (RFC 2047): `=?utf-8?Q?Camille_Aubertin?=`, `=?iso-8859-1?B?…?=`.
//!
//! Words with nothing but blanks between them are one text, as mail programs cut them anywhere. What is found inside is a finding over
//! what is encoded, from the first word to the last; the charset stays as it came.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Bytes of one word; the standard has 75.
const WORD_BYTES_MAX: usize = 512;
/// Words that are read as one text.
const WORDS_MAX: usize = 64;
/// What a word begins with.
const OPENS: &str = "=?";

/// One encoded word.
struct Encoded {
    /// What is encoded.
    inside: Range<usize>,
    /// Where the word ends.
    end: usize,
    text: String,
}

/// Reports every text that encoded words hold: its range and the text.
pub fn each(text: &str, mut found: impl FnMut(Range<usize>, &str)) {
    let mut done = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), OPENS) {
        let Some(first) = word(text, at).filter(|_| at >= done) else { continue };
        let (mut decoded, mut range) = (first.text, first.inside);
        done = first.end;
        for _ in 1..WORDS_MAX {
            let rest = text.get(done..).unwrap_or_default();
            let Some(next) = word(text, text.len() - rest.trim_start().len()) else { break };
            decoded.push_str(&next.text);
            range.end = next.inside.end;
            done = next.end;
        }
        if !decoded.trim().is_empty() {
            found(range, &decoded);
        }
    }
}

/// The encoded word that begins here.
fn word(text: &str, at: usize) -> Option<Encoded> {
    let own = text.get(at..)?.strip_prefix(OPENS)?;
    let own = own.get(..own.floor_char_boundary(WORD_BYTES_MAX))?;
    let (charset, rest) = own.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (inside, _) = rest.split_once("?=")?;
    let named = charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*' | b'.'));
    if charset.is_empty() || !named || inside.is_empty() || inside.contains(['\n', '\t', '?']) {
        return None;
    }
    let utf8 = charset.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("utf-8"));
    let decoded = match encoding {
        "Q" | "q" => printable(inside, utf8),
        "B" | "b" => written(&STANDARD_NO_PAD.decode(inside.trim_end_matches('=')).ok()?, utf8),
        _ => return None,
    };
    let start = at + OPENS.len() + charset.len() + 1 + encoding.len() + 1;
    let inside = start..start + inside.len();
    Some(Encoded { end: inside.end + 2, inside, text: decoded })
}

/// The text of a word in quoted-printable, where a `_` is a blank.
fn printable(inside: &str, utf8: bool) -> String {
    let mut bytes = Vec::with_capacity(inside.len());
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        let digits = rest.strip_prefix('=').and_then(|rest| rest.get(..2));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, c) {
            (Some(byte), _) => bytes.push(byte),
            (None, '_') => bytes.push(b' '),
            (None, '\0'..='\x7F') => bytes.push(u8::try_from(c).unwrap_or(b' ')),
            // The view may have undone a part of it.
            (None, _) => {
                out.push_str(&written(&bytes, utf8));
                bytes.clear();
                out.push(c);
            }
        }
        rest = rest.get(if byte.is_some() { 3 } else { c.len_utf8() }..).unwrap_or_default();
    }
    out.push_str(&written(&bytes, utf8));
    out
}

/// Bytes as text: of what is not UTF-8 each byte is the character of Latin-1, which the others share most letters with.
fn written(bytes: &[u8], utf8: bool) -> String {
    if utf8 {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn encoded_words() {
        for (text, expected) in [
            ("From: =?utf-8?Q?Camille_Aubertin?= <x@a.test>", Some(("Camille_Aubertin", "Camille Aubertin"))),
            ("=?UTF-8?q?H=C3=A9l=C3=A8ne?=", Some(("H=C3=A9l=C3=A8ne", "Hélène"))),
            ("=?iso-8859-1?Q?H=E9l=E8ne?=", Some(("H=E9l=E8ne", "Hélène"))),
            ("=?utf-8?B?Q2FtaWxsZQ==?=", Some(("Q2FtaWxsZQ==", "Camille"))),
            (
                "=?utf-8?Q?Camille_Au?=\r\n =?utf-8?Q?bertin?=",
                Some(("Camille_Au?=\r\n =?utf-8?Q?bertin", "Camille Aubertin")),
            ),
            ("a =? b : c", None),
            ("x=?1?2?=", None),
            ("=?utf-8?Q??=", None),
        ] {
            let mut found = None;
            each(text, |range, decoded| found = Some((text[range].to_owned(), decoded.to_owned())));
            assert_eq!(found, expected.map(|(inside, text)| (inside.to_owned(), text.to_owned())), "{text}");
        }
    }
}
