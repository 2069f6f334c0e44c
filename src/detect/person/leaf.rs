//! Values that stand by themselves within a text: the text of an element, a string of JSON, a value of a query.
//!
//! ```text
//! <name>Jean Dupont</name>    {"x": "Jean Dupont"}    ?n=Jean Dupont    client=Jean Dupont
//! ```
//! Each is read as the whole value of a field would be, with the name of its element as its key. Only what is made like a name
//! from end to end comes out of here: headings, labels and titles are written with capitals too. Each byte is read once or
//! twice, whatever the text.

use std::ops::Range;

use super::name::name_at;
use super::whole::{Trust, whole};
use super::words::{VALUE_KEYS, WEAK_VALUE_KEYS};
use crate::detect::fold;

/// Bytes of a value.
const VALUE_BYTES: Range<usize> = 2..120;
/// Bytes of the name of an element, and of a key.
const KEY_BYTES_MAX: usize = 48;
/// Blanks between a quote and what it follows.
const BLANKS_MAX: usize = 8;
/// Confidence in a value whose key says that it is a name: of several words, of one, and where it says so weakly.
const KEYED: (u8, u8, u8) = (86, 82, 78);
/// Keys that name things as well as people, besides the weak ones, folded.
const DOUBTFUL: &[&str] = &["nm", "cn", "display name", "holder", "patient"];

/// A value that may be somebody's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::detect) struct Leaf {
    /// Its bytes, without blanks around and titles before it.
    pub(in crate::detect) range: Range<usize>,
    /// How sure its key makes of it; without a key it is read by the recogniser.
    pub(in crate::detect) keyed: Option<u8>,
}

/// What the name of an element or a key says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// It is a name.
    Name,
    /// It may be one.
    Perhaps,
    /// Nothing.
    Nothing,
}

/// Finds the values of a text that may be names.
pub(in crate::detect) fn each(text: &str, mut found: impl FnMut(Leaf)) {
    elements(text, &mut found);
    for mark in [b'"', b'`'] {
        marked(text, mark, &mut found);
    }
    bracketed(text, &mut found);
    assigned(text, &mut found);
}

/// What stands between two tags, or in a `CDATA` section of its own.
fn elements(text: &str, found: &mut impl FnMut(Leaf)) {
    const CDATA: &[u8] = b"<![CDATA[";
    let bytes = text.as_bytes();
    // The name of the element that the last tag opened, and where the tag ended.
    let mut last: Option<(Range<usize>, usize)> = None;
    let mut at = 0;
    while let Some(open) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)).map(|place| at + place) {
        at = open + 1;
        let rest = bytes.get(open..).unwrap_or_default();
        let next = rest.get(1).copied().unwrap_or_default();
        if !(next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')) {
            last = None;
            continue;
        }
        let before = last.take();
        if let Some((name, from)) = before.clone() {
            found_between(text, from..open, name, found);
        }
        if rest.starts_with(CDATA) {
            // It may be all of the text, once the tags around it are out of the view.
            let from = open + CDATA.len();
            let inside = bytes.get(from..).unwrap_or_default();
            let len = memchr::memmem::find(inside, b"]]>").unwrap_or(inside.len());
            found_between(text, from..from + len, before.map_or(0..0, |(name, _)| name), found);
            at = from + len;
            continue;
        }
        let inside = bytes.get(at..).unwrap_or_default();
        let Some(len) = memchr::memchr2(b'>', b'<', inside).filter(|len| inside.get(*len) == Some(&b'>')) else {
            continue;
        };
        let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.');
        let name = inside.iter().take(len.min(KEY_BYTES_MAX)).take_while(part).count();
        let empty = inside.get(len.saturating_sub(1)) == Some(&b'/');
        last = Some((at..at + if empty { 0 } else { name }, at + len + 1));
        at += len + 1;
    }
}

/// What stands between two tags, the first of which opened the element of this name.
fn found_between(text: &str, between: Range<usize>, name: Range<usize>, found: &mut impl FnMut(Leaf)) {
    // `w:t`, `ns2:Nm`
    let name = text.get(name).and_then(|name| name.rsplit(':').next());
    found_in(text, between, name, found);
}

/// What stands between two marks of a kind: a string of JSON and its kin, the value of an attribute, code of Markdown. What prose puts
/// in quotes is a title more often than a name.
fn marked(text: &str, mark: u8, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    let mut last = None;
    for at in memchr::memchr_iter(mark, bytes) {
        let Some(open) = last.replace(at).filter(|open| VALUE_BYTES.contains(&(at - open))) else { continue };
        let head = bytes.get(..open).unwrap_or_default();
        let before = first_sign(head.iter().rev());
        let behind = first_sign(bytes.get(at + 1..).unwrap_or_default().iter());
        let opens = matches!(before, b':' | b'[' | b',' | b'{' | b'(' | b'=');
        let closes = matches!(behind, b',' | b']' | b'}' | b':' | b')' | b';' | b'/' | b'>');
        if mark != b'"' || opens && closes {
            found_in(text, open + 1..at, None, found);
        }
    }
}

/// The first byte that is no blank, among few; 0 where there is none.
fn first_sign<'b>(bytes: impl Iterator<Item = &'b u8>) -> u8 {
    bytes.take(BLANKS_MAX).find(|byte| !byte.is_ascii_whitespace()).copied().unwrap_or(0)
}

/// What stands before a closing tag in brackets: `[b]Jean Dupont[/b]`.
fn bracketed(text: &str, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    for close in memchr::memmem::find_iter(bytes, b"[/") {
        let near = bytes.get(close.saturating_sub(VALUE_BYTES.end)..close).unwrap_or_default();
        if let Some(open) = memchr::memrchr(b']', near) {
            found_in(text, close - near.len() + open + 1..close, None, found);
        }
    }
}

/// Values behind a `=`: of a query, whatever their key is, and of a key that says what they are.
fn assigned(text: &str, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    for sign in memchr::memchr_iter(b'=', bytes) {
        if !bytes.get(sign + 1).is_some_and(|&byte| may_begin(byte)) {
            continue;
        }
        let head = bytes.get(..sign).unwrap_or_default();
        let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let key = sign - head.iter().rev().take(KEY_BYTES_MAX).take_while(part).count();
        let before = key.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        let of_query = matches!(before, b'?' | b'&');
        let apart = before.is_ascii_whitespace() || matches!(before, b',' | b';' | b'(' | b'"' | b'\'' | b'[');
        if key == sign || !(of_query || apart) {
            continue;
        }
        let name = text.get(key..sign).filter(|key| of_query || said(key) != Said::Nothing);
        let value = name.and_then(|_| name_at(text, sign + 1)).filter(|value| value.words.len() > 1);
        if let Some(value) = value {
            found_in(text, value.range, name, found);
        }
    }
}

/// Whether a name may begin with this byte.
const fn may_begin(byte: u8) -> bool {
    byte.is_ascii_uppercase() || !byte.is_ascii()
}

/// Reports a value if it is made like a name.
fn found_in(text: &str, range: Range<usize>, key: Option<&str>, found: &mut impl FnMut(Leaf)) {
    let value = text.get(range.clone()).unwrap_or_default();
    let start = range.start + value.len() - value.trim_start().len();
    let value = value.trim();
    if !VALUE_BYTES.contains(&value.len()) || !value.as_bytes().first().is_some_and(|&byte| may_begin(byte)) {
        return;
    }
    let range = start..start + value.len();
    let name = |trust| whole(text, range.clone(), trust);
    let leaf = match key.map_or(Said::Nothing, said) {
        Said::Name => name(Trust::Sure).map(|(range, words)| (range, Some(if words > 1 { KEYED.0 } else { KEYED.1 }))),
        Said::Perhaps => several(name(Trust::Perhaps)).map(|range| (range, Some(KEYED.2))),
        Said::Nothing => None,
    };
    // What a weak key does not vouch for is read like any other value.
    let unkeyed = || {
        let made = [Trust::Perhaps, Trust::Likely, Trust::Strange].into_iter().find_map(name);
        several(made).map(|range| (range, None))
    };
    if let Some((range, keyed)) = leaf.or_else(unkeyed) {
        found(Leaf { range, keyed });
    }
}

/// A name of several words.
fn several(name: Option<(Range<usize>, usize)>) -> Option<Range<usize>> {
    name.filter(|(_, words)| *words > 1).map(|(range, _)| range)
}

/// What a key says of its value: `lastName`, `customer_name`, `nom`.
fn said(key: &str) -> Said {
    let mut folded = fold::Window::new();
    fold::words(key, &mut folded);
    let key = folded.trim_ascii();
    let holds = |keys: &[&str]| keys.iter().any(|known| known.as_bytes() == key);
    if holds(DOUBTFUL) || holds(WEAK_VALUE_KEYS) {
        Said::Perhaps
    } else if holds(VALUE_KEYS) {
        Said::Name
    } else {
        Said::Nothing
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_elements_strings_and_queries() {
        for (text, expected) in [
            ("<x>Claire Martin</x>", &[("Claire Martin", None)][..]),
            ("<x>\n  Claire Martin\n</x>", &[("Claire Martin", None)]),
            ("<a><nom><![CDATA[Claire Martin]]></nom></a>", &[("Claire Martin", Some(86))]),
            (
                "<c><firstName>Claire</firstName><lastName>Martin</lastName></c>",
                &[("Claire", Some(82)), ("Martin", Some(82))],
            ),
            ("<ns2:Nm>Claire Martin</ns2:Nm>", &[("Claire Martin", Some(78))]),
            ("<name>Apache Maven</name><nom/>Release Notes<nom>string</nom>", &[]),
            ("<h1>Introduction</h1><li>Martin</li>", &[]),
            (r#"{"x": "Claire Martin", "y": ["Paul Leroy"]}"#, &[("Claire Martin", None), ("Paul Leroy", None)]),
            ("https://x.example/?n=Claire Martin", &[("Claire Martin", None)]),
            ("client=Claire Martin", &[("Claire Martin", Some(78))]),
            ("if a < b && Claire Martin > c { x = Claire Martin }", &[]),
            ("a<b<c<", &[]),
        ] {
            let mut leaves = Vec::new();
            each(text, |leaf| leaves.push((text[leaf.range].to_owned(), leaf.keyed)));
            let expected: Vec<_> = expected.iter().map(|(text, keyed)| ((*text).to_owned(), *keyed)).collect();
            assert_eq!(leaves, expected, "{text}");
        }
    }
}
