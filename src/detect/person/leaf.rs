//! Values that stand by themselves within a text: the text of an element, a string of JSON, a value of a query.
//!
//! ```text
//! <name>Jean Dupont</name>    {"x": "Jean Dupont"}    ?n=Jean Dupont    client=Jean Dupont    [Jean Dupont](/u/3)    @Jean Dupont
//! ```
//! Each is read as the whole value of a field would be, with the name of its element as its key. Only what is made like a name
//! from end to end comes out of here: headings, labels and titles are written with capitals too. Each byte is read once or
//! twice, whatever the text.

use std::ops::Range;

use super::name::name_at;
use super::tied::are_name;
use super::whole::{Trust, whole};
use super::words::{VALUE_KEYS, WEAK_VALUE_KEYS};
use super::{attribute, keys};
use crate::detect::names::lexicon::PARTICLE;
use crate::detect::{fold, named};

/// Bytes of a value.
pub(super) const VALUE_BYTES: Range<usize> = 2..120;
/// Bytes of the name of an element, and of a key.
pub(super) const KEY_BYTES_MAX: usize = 48;
/// Blanks between a quote and what it follows.
const BLANKS_MAX: usize = 8;
/// Bytes within which two keys stand side by side.
const BESIDE_BYTES: usize = 200;
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
pub(super) enum Said {
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
    enclosed(text, &mut found);
    mentioned(text, &mut found);
    assigned(text, &mut found);
    attribute::each(text, &mut found);
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
    found_in(text, between, name, &ANY, found);
}

/// What stands between two marks of a kind: a string of JSON and its kin, the value of an attribute, code of Markdown. What prose puts
/// in quotes is a title more often than a name.
fn marked(text: &str, mark: u8, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    let mut last = None;
    let mut strings = Strings::default();
    for at in memchr::memchr_iter(mark, bytes) {
        let Some(open) = last.replace(at).filter(|open| VALUE_BYTES.contains(&(at - open))) else { continue };
        let range = open + 1..at;
        if mark != b'"' {
            found_in(text, range, None, &ANY, found);
            continue;
        }
        let head = bytes.get(..open).unwrap_or_default();
        let before = first_sign(head.iter().rev());
        let behind = first_sign(bytes.get(at + 1..).unwrap_or_default().iter());
        let opens = matches!(before, b':' | b'[' | b',' | b'{' | b'(' | b'=');
        let closes = matches!(behind, b',' | b']' | b'}' | b':' | b')' | b';' | b'/' | b'>');
        if opens && closes {
            let key = strings.key_of(text, &range);
            for part in strings.in_parts(text, key, &range).into_iter().flatten() {
                found(Leaf { range: part, keyed: Some(KEYED.2) });
            }
            found_in(text, range, key, &ANY, found);
        }
    }
}

/// The strings of JSON before one, as far as they say what it stands under.
#[derive(Default)]
struct Strings {
    /// The last one.
    last: Option<Range<usize>>,
    /// The key of the last one.
    key: Option<Range<usize>>,
    /// The last one is an element of an array.
    in_array: bool,
    /// The last one, where it is one word of such an array.
    part: Option<Range<usize>>,
    /// The key of the object that is open, and what a string of it says that its `value` is (`"key": "nom"`).
    outer: Option<Range<usize>>,
    told: Option<Range<usize>>,
}

/// Keys whose value names what another holds, and keys of that one.
const NAMING: &[&str] = &["key", "name", "field", "label", "id", "code", "property", "attribute"];
const VALUES: &[&str] = &["value", "val", "text", "content", "raw", "answer"];

impl Strings {
    /// The key that the next string stands under, itself or in an array.
    fn key_of<'t>(&mut self, text: &'t str, own: &Range<usize>) -> Option<&'t str> {
        let last = self.last.replace(own.clone());
        let end = last.as_ref().map_or(0, |last| last.end + 1);
        let gap = text.as_bytes().get(end..own.start - 1).filter(|gap| gap.len() <= 3 * BLANKS_MAX).unwrap_or_default();
        if gap.contains(&b'}') {
            (self.outer, self.told) = (None, None);
        }
        let mut signs = gap.iter().filter(|byte| !byte.is_ascii_whitespace());
        match (signs.next(), signs.next(), signs.next()) {
            (Some(b':'), None, _) => (self.key, self.in_array) = (last, false),
            (Some(b':'), Some(b'['), None) => (self.key, self.in_array) = (last, true),
            (Some(b','), None, _) if self.in_array => {}
            (Some(b':'), Some(b'{'), None) => {
                (self.key, self.in_array, self.outer, self.told) = (None, false, last, None);
            }
            _ => (self.key, self.in_array) = (None, false),
        }
        let key = text.get(self.key.clone()?)?;
        let is = |keys: &[&str]| keys.iter().any(|known| key.eq_ignore_ascii_case(known));
        if is(NAMING) && text.get(own.clone()).is_some_and(|value| said(value) == Said::Name) {
            self.told = Some(own.clone());
        }
        // `{"nom": {"value": …}}`, `{"nom": {"0": …, "1": …}}`
        let of_outer = is(VALUES) || key.bytes().all(|byte| byte.is_ascii_digit());
        let outer = self.told.as_ref().filter(|_| is(VALUES)).or(self.outer.as_ref()).filter(|_| of_outer);
        if let Some(outer) = outer {
            return text.get(outer.clone());
        }
        match keys::beside(key) {
            None => Some(key),
            // `"first": "Monday"`
            Some((other, says)) => {
                let named = is_near(text.as_bytes(), own, other) && whole(text, own.clone(), Trust::People).is_some();
                named.then_some(says)
            }
        }
    }

    /// A name whose words are elements of an array under a key such as `name`, once the second one of them has come.
    fn in_parts(&mut self, text: &str, key: Option<&str>, own: &Range<usize>) -> Option<[Range<usize>; 2]> {
        let word = text.get(own.clone()).filter(|word| word.starts_with(char::is_uppercase) && !word.contains(' '));
        let listed = word.filter(|_| self.in_array && key.map(said) == Some(Said::Perhaps));
        let last = std::mem::replace(&mut self.part, listed.map(|_| own.clone()));
        let last = last.filter(|last| last.end + BESIDE_BYTES > own.start)?;
        are_name(text.get(last.clone())?, listed?).then(|| [last, own.clone()])
    }
}

/// Whether a key stands a little before or behind a string.
fn is_near(bytes: &[u8], own: &Range<usize>, key: &str) -> bool {
    let near = bytes.get(own.start.saturating_sub(BESIDE_BYTES)..bytes.len().min(own.end + BESIDE_BYTES));
    memchr::memmem::find(near.unwrap_or_default(), format!("\"{key}\"").as_bytes()).is_some()
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
            found_in(text, close - near.len() + open + 1..close, None, &ANY, found);
        }
    }
}

/// What stands in brackets or braces: the text of a link, of a chat, of a template.
fn enclosed(text: &str, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    for close in memchr::memchr2_iter(b']', b'}', bytes) {
        let opens = if bytes.get(close) == Some(&b']') { b'[' } else { b'{' };
        let near = bytes.get(close.saturating_sub(VALUE_BYTES.end)..close).unwrap_or_default();
        let open = memchr::memrchr(opens, near).map(|open| close - near.len() + open);
        // `CDATA[…]`, `values[…]`
        let of_word =
            |open: usize| opens == b'[' && open > 0 && bytes.get(open - 1).is_some_and(u8::is_ascii_alphanumeric);
        if let Some(open) = open.filter(|open| !of_word(*open) && !opens_place(text, open + 1)) {
            found_in(text, open + 1..close, None, &KNOWN, found);
        }
    }
}

/// Who is called by a chat or a tracker: `@Jean Dupont`.
fn mentioned(text: &str, found: &mut impl FnMut(Leaf)) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        let opens =
            !(before.is_ascii_alphanumeric() || matches!(before, b'.' | b'_' | b'-' | b'+') || !before.is_ascii());
        if opens
            && bytes.get(at + 1).is_some_and(|&byte| may_begin(byte))
            && !opens_place(text, at + 1)
            && let Some(name) = name_at(text, at + 1).filter(|name| name.words.len() > 1)
        {
            found_in(text, name.range, None, &KNOWN, found);
        }
    }
}

/// Whether a word stands here that towns begin with: `San`, `Los`, `El`.
fn opens_place(text: &str, at: usize) -> bool {
    fold::next_word(text, at).is_some_and(|(_, folded)| named::flags(folded.as_slice()) & PARTICLE != 0)
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
        let apart = before.is_ascii_whitespace() || matches!(before, b',' | b';' | b'(' | b'"' | b'\'' | b'[' | b'{');
        if key == sign || !(of_query || apart) {
            continue;
        }
        let name = text.get(key..sign).filter(|key| of_query || said(key) != Said::Nothing);
        let sure = name.is_some_and(|key| !of_query && said(key) == Said::Name);
        let ends = |end: usize| {
            let behind = bytes.get(end).copied().unwrap_or(b' ');
            behind.is_ascii_whitespace() || matches!(behind, b',' | b';' | b'&' | b'"' | b'\'' | b')' | b']' | b'}')
        };
        let value = name.and_then(|_| name_at(text, sign + 1));
        let value = value.filter(|value| value.words.len() > 1 || sure && ends(value.range.end));
        if let Some(value) = value {
            found_in(text, value.range, name, &ANY, found);
        }
    }
}

/// Whether a name may begin with this byte.
const fn may_begin(byte: u8) -> bool {
    byte.is_ascii_uppercase() || !byte.is_ascii()
}

/// Whatever words, and the recogniser decides.
pub(super) const ANY: [Trust; 3] = [Trust::Perhaps, Trust::Likely, Trust::Strange];
/// Words that are known as names.
const KNOWN: [Trust; 2] = [Trust::Perhaps, Trust::Likely];

/// Reports a value if it is made like a name; `trusts` is how it may be made where its key says nothing.
pub(super) fn found_in(
    text: &str,
    range: Range<usize>,
    key: Option<&str>,
    trusts: &[Trust],
    found: &mut impl FnMut(Leaf),
) {
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
        let made = trusts.iter().copied().find_map(name);
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
pub(super) fn said(key: &str) -> Said {
    let folded = keys::words(key);
    let key = folded.trim_ascii();
    let holds = |keys: &[&str]| keys.iter().any(|known| known.as_bytes() == key);
    if holds(DOUBTFUL) || holds(WEAK_VALUE_KEYS) {
        Said::Perhaps
    } else if holds(VALUE_KEYS) || keys::is_of_name(key) {
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
