//! Opens one level of the escapes that a text may carry: JSON and its kin (`\u00e9`, `\u{e9}`, `\n`, `\"`), URL (`%C3%A9`), HTML
//! (`&eacute;`), and a backslash before a mark or a blank, as writers of Markdown and of regular expressions put it (`\_`, `\.`).
//!
//! Nothing is guessed: a sequence that does not decode to a character stays as it is.

use std::ops::Range;

use super::{Builder, View};

/// Opens every escape of the text once; `None` when there is none.
pub(super) fn open(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder: Option<Builder<'_>> = None;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr3(b'\\', b'%', b'&', rest)) {
        let start = at + found;
        let decoded = match bytes.get(start) {
            Some(b'\\') => backslash(bytes, start),
            Some(b'%') => percent(bytes, start),
            _ => entity(text, start),
        };
        at = start + 1;
        if let Some((c, end)) = decoded {
            let mut utf8 = [0; 4];
            builder.get_or_insert_with(|| Builder::new(text)).replace(start..end, c.encode_utf8(&mut utf8));
            at = end;
        }
    }
    builder.and_then(Builder::finish)
}

/// RFC 8259 section 7, and `\xHH` and `\'` of its kin; `CommonMark` 2.4 and what `re.escape` escapes.
fn backslash(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let plain = |c| Some((c, at + 2));
    // Behind an escape character it ends a string that a terminal is sent.
    let ends = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&0x1B);
    if ends || super::markup::command_end(bytes, at).is_some() {
        return None;
    }
    match bytes.get(at + 1)? {
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'b' | b'f' => plain(' '),
        // LaTeX writes thin spaces so; they are blanks and read as markup.
        b',' | b';' | b'!' => None,
        byte if byte.is_ascii_punctuation() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => plain(char::from(*byte)),
        b's' => Some((' ', blank_end(bytes, at)?)),
        // What a shell and a log write of a terminal's colours: `\e[31m`, `\033[31m`.
        b'e' if bytes.get(at + 2) == Some(&b'[') => Some((ESCAPE, at + 2)),
        b'0' if bytes.get(at + 1..at + 5) == Some(b"033[") => Some((ESCAPE, at + 4)),
        b'x' => {
            let code = hex(bytes, at + 2..at + 4)?;
            // Bytes of a database (`\x4d6d6520…`) are read as a run.
            (code < 0x80 && hex(bytes, at + 4..at + 4 + 6).is_none()).then_some(())?;
            Some((char::from_u32(code)?, at + 4))
        }
        // JavaScript, Rust and Swift: as many digits as it takes.
        b'u' if bytes.get(at + 2) == Some(&b'{') => {
            let tail = bytes.get(at + 3..)?;
            let len = tail.iter().take(BRACED_DIGITS_MAX + 1).position(|&byte| byte == b'}').filter(|&len| len > 0)?;
            let c = char::from_u32(hex(bytes, at + 3..at + 3 + len)?).filter(|&c| c != '\0')?;
            Some((c, at + 4 + len))
        }
        b'u' => {
            let unit = hex(bytes, at + 2..at + 6)?;
            if !(0xD800..0xDC00).contains(&unit) {
                return Some((char::from_u32(unit)?, at + 6));
            }
            let low = hex(bytes, at + 8..at + 12)?;
            let pair = bytes.get(at + 6..at + 8)? == b"\\u" && (0xDC00..0xE000).contains(&low);
            let code = 0x1_0000 + ((unit - 0xD800) << 10) + low.checked_sub(0xDC00)?;
            pair.then_some((char::from_u32(code)?, at + 12))
        }
        _ => None,
    }
}

/// What begins a terminal's control sequence.
const ESCAPE: char = '\u{1B}';

/// Digits of a code point in braces (`\u{1F600}`).
const BRACED_DIGITS_MAX: usize = 6;

/// Where `\s` of a regular expression ends, with how often it may stand there. Only within what reads as one value: between
/// digits, with a count between words, or before the capital of the next word. `C:\sources` and `DOMAIN\smith` are none.
fn blank_end(bytes: &[u8], at: usize) -> Option<usize> {
    let before = *at.checked_sub(1).and_then(|before| bytes.get(before))?;
    let tail = bytes.get(at + 2..)?;
    let count = match tail.first()? {
        b'+' | b'*' | b'?' => 1,
        b'{' => 1 + tail.iter().take(COUNT_BYTES_MAX).position(|&byte| byte == b'}')?,
        _ => 0,
    };
    let behind = *tail.get(count)?;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let joins = if count > 0 {
        (word(before) || before == b')') && (word(behind) || behind == b'(')
    } else {
        let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'(' | b')');
        number(before) && number(behind) || before.is_ascii_lowercase() && behind.is_ascii_uppercase()
    };
    joins.then_some(at + 2 + count)
}

/// Bytes of how often something may stand in a regular expression (`{1,2}`).
const COUNT_BYTES_MAX: usize = 8;

/// RFC 3986 section 2.1: one to four triplets that make one UTF-8 character.
fn percent(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let lead = u8::try_from(triplet(bytes, at)?).ok()?;
    let len = match lead {
        0x20..=0x7E | b'\n' | b'\r' | b'\t' => return Some((char::from(lead), at + 3)),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let mut utf8 = [lead, 0, 0, 0];
    for (index, byte) in utf8.iter_mut().enumerate().take(len).skip(1) {
        *byte = u8::try_from(triplet(bytes, at + 3 * index)?).ok()?;
    }
    let c = std::str::from_utf8(utf8.get(..len)?).ok()?.chars().next()?;
    Some((c, at + 3 * len))
}

fn triplet(bytes: &[u8], at: usize) -> Option<u32> {
    (bytes.get(at) == Some(&b'%')).then(|| hex(bytes, at + 1..at + 3)).flatten()
}

/// HTML character references (WHATWG 13.5): decimal, hexadecimal, and the names that carry text.
fn entity(text: &str, at: usize) -> Option<(char, usize)> {
    let window = text.as_bytes().get(at + 1..text.len().min(at + 12))?;
    let length = memchr::memchr(b';', window)?;
    let name = text.get(at + 1..at + 1 + length)?;
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32).filter(|c| *c != '\0')?
        }
        None => NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)?,
    };
    Some((c, at + length + 2))
}

fn hex(bytes: &[u8], range: Range<usize>) -> Option<u32> {
    bytes.get(range)?.iter().try_fold(0, |sum, &byte| Some(sum * 16 + char::from(byte).to_digit(16)?))
}

/// Named references that stand inside values; the rest only decorate.
#[rustfmt::skip]
const NAMES: &[(&str, char)] = &[
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{A0}'), ("shy", '\u{AD}'),
    ("ensp", ' '), ("emsp", ' '), ("thinsp", ' '), ("zwj", '\u{200D}'), ("zwnj", '\u{200C}'), ("ndash", '–'),
    ("mdash", '—'), ("hyphen", '-'), ("commat", '@'), ("period", '.'), ("plus", '+'), ("colon", ':'), ("sol", '/'),
    ("lowbar", '_'), ("middot", '·'), ("rsquo", '’'), ("lsquo", '‘'), ("laquo", '«'), ("raquo", '»'),
    ("agrave", 'à'), ("aacute", 'á'), ("acirc", 'â'), ("atilde", 'ã'), ("auml", 'ä'), ("aring", 'å'), ("aelig", 'æ'),
    ("ccedil", 'ç'), ("egrave", 'è'), ("eacute", 'é'), ("ecirc", 'ê'), ("euml", 'ë'), ("igrave", 'ì'), ("iacute", 'í'),
    ("icirc", 'î'), ("iuml", 'ï'), ("ntilde", 'ñ'), ("ograve", 'ò'), ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'),
    ("ouml", 'ö'), ("oslash", 'ø'), ("ugrave", 'ù'), ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'), ("yacute", 'ý'),
    ("yuml", 'ÿ'), ("szlig", 'ß'), ("oelig", 'œ'), ("OElig", 'Œ'), ("Agrave", 'À'), ("Aacute", 'Á'), ("Acirc", 'Â'),
    ("Auml", 'Ä'), ("Aring", 'Å'), ("AElig", 'Æ'), ("Ccedil", 'Ç'), ("Egrave", 'È'), ("Eacute", 'É'), ("Ecirc", 'Ê'),
    ("Euml", 'Ë'), ("Icirc", 'Î'), ("Iuml", 'Ï'), ("Ntilde", 'Ñ'), ("Oacute", 'Ó'), ("Ocirc", 'Ô'), ("Ouml", 'Ö'),
    ("Oslash", 'Ø'), ("Ugrave", 'Ù'), ("Ucirc", 'Û'), ("Uuml", 'Ü'),
];
