//! Markup that stands inside a value: `**06** 12 34`, `7328<b>29</b>320`, `\\textbf{06} 12`, quoted-printable, a `+` of a form.
//!
//! Emphasis is dropped only in pairs around one stretch without a line end, inline tags by their names: `2**10`, `a < b` and
//! `<nir>` stay, for what they say is wanted. Nothing is guessed across more than [`STRETCH_BYTES_MAX`] bytes, so that the cost is
//! linear.

use std::ops::Range;

use super::{Builder, View};

/// Bytes between the two marks of an emphasis, and of a tag.
const STRETCH_BYTES_MAX: usize = 64;
/// Digits of a tag that may be a value in one of its attributes.
const VALUE_DIGITS_MIN: usize = 6;

/// Takes markup out of a text; `None` when there is none that hides a value.
pub(super) fn strip(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    // Plain text pays three vectorised searches.
    let first = memchr::memchr3(b'<', b'=', b'*', bytes);
    first.or_else(|| memchr::memchr3(b'_', b'`', b'~', bytes)).or_else(|| memchr::memchr2(b'+', b'\\', bytes))?;
    let mut cuts: Vec<(Range<usize>, &'static str)> = Vec::new();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(next_mark).map(|found| from + found) {
        from = at + 1;
        match bytes.get(at) {
            Some(b'<') => {
                if let Some((end, instead)) = tag(bytes, at) {
                    cuts.push((at..end, instead));
                    from = end;
                }
            }
            Some(b'=') => from = printable(bytes, at, &mut cuts).unwrap_or(from),
            Some(b'+') => {
                if form_blank(bytes, at) {
                    cuts.push((at..at + 1, " "));
                }
            }
            Some(b'\\') => from = command(bytes, at, &mut cuts).unwrap_or(from),
            _ => from = emphasis(bytes, at, &mut cuts).unwrap_or(from),
        }
    }
    if cuts.is_empty() {
        return None;
    }
    cuts.sort_by_key(|(range, _)| range.start);
    let mut builder = Builder::new(text);
    for (range, instead) in cuts {
        if range.start >= builder.done && text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
            builder.replace(range, instead);
        }
    }
    builder.finish()
}

/// Where the next byte stands that may be markup.
fn next_mark(bytes: &[u8]) -> Option<usize> {
    let is_mark = |byte: &u8| matches!(byte, b'<' | b'*' | b'_' | b'`' | b'~' | b'=' | b'+' | b'\\');
    // Thirty-two at once, without a branch: a search for eight bytes in vectors of the processor's.
    let (blocks, _) = bytes.as_chunks::<32>();
    let plain = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | is_mark(byte))).count();
    let from = 32 * plain;
    bytes.get(from..)?.iter().position(is_mark).map(|place| from + place)
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |at| byte(bytes, at))
}

/// An inline tag: where it ends and what it reads as.
fn tag(bytes: &[u8], at: usize) -> Option<(usize, &'static str)> {
    let window = bytes.get(at + 1..bytes.len().min(at + STRETCH_BYTES_MAX))?;
    let len = memchr::memchr2(b'>', b'<', window).filter(|&len| window.get(len) == Some(&b'>'))?;
    let inside = window.get(..len)?;
    let name = inside.strip_prefix(b"/").unwrap_or(inside);
    // `<a href="mailto:…">`: what an attribute holds is read.
    let digits = inside.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits >= VALUE_DIGITS_MIN || inside.contains(&b'@') || memchr::memmem::find(inside, b"://").is_some() {
        return None;
    }
    let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len());
    // `<a.nowak@example.pl>` is an address.
    if name.get(end).is_some_and(|byte| !matches!(byte, b' ' | b'/' | b'\n' | b'\t')) {
        return None;
    }
    let name = name.get(..end)?.to_ascii_lowercase();
    let blank = name == b"br";
    (blank || INLINE.contains(&name.as_slice())).then_some((at + len + 2, if blank { " " } else { "" }))
}

/// Tags that change how a text looks, not what it is.
const INLINE: &[&[u8]] = &[
    b"b", b"i", b"u", b"s", b"em", b"strong", b"span", b"font", b"mark", b"small", b"big", b"sub", b"sup", b"tt",
    b"code", b"kbd", b"wbr", b"a", b"del", b"ins", b"bdi", b"bdo", b"nobr",
];

/// `**…**`, `__…__`, `*…*`, `~~…~~`, `` `…` `` around a stretch; the end of the opening mark.
fn emphasis(bytes: &[u8], at: usize, cuts: &mut Vec<(Range<usize>, &'static str)>) -> Option<usize> {
    let mark = byte(bytes, at);
    let run = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|&&byte| byte == mark).count();
    let len = run(at);
    let inner = at + len;
    let most = if mark == b'`' { 1 } else { 3 };
    let least = if mark == b'~' { 2 } else { 1 };
    if len > most || len < least || !byte(bytes, inner).is_ascii_alphanumeric() {
        return Some(inner);
    }
    let window = bytes.get(inner..bytes.len().min(inner + STRETCH_BYTES_MAX))?;
    let stop = window.iter().position(|&byte| byte == mark || byte == b'\n')?;
    let close = inner + stop;
    let apart = !before(bytes, at).is_ascii_alphanumeric();
    let solid = window.get(..stop)?.iter().all(u8::is_ascii_alphanumeric);
    let digits = window.get(..stop)?.iter().any(u8::is_ascii_digit);
    // Small names in code (`snake_case_1`) are no emphasis: a mark of one underscore needs blanks around.
    let outside = apart && !byte(bytes, close + len).is_ascii_alphanumeric();
    let pair = run(close) == len && before(bytes, close).is_ascii_alphanumeric();
    let fits = if mark == b'_' && len == 1 { outside } else { apart || (solid && len > 1) };
    if !(pair && digits && fits) {
        return Some(inner);
    }
    cuts.push((at..inner, ""));
    cuts.push((close..close + len, ""));
    Some(close + len)
}

/// A LaTeX command around digits (`\textbf{06}`), or a thin space (`\,`).
fn command(bytes: &[u8], at: usize, cuts: &mut Vec<(Range<usize>, &'static str)>) -> Option<usize> {
    let within = before(bytes, at).is_ascii_alphanumeric() || before(bytes, at) == b'}';
    if matches!(byte(bytes, at + 1), b',' | b';' | b'!') && within {
        cuts.push((at..at + 2, " "));
        return Some(at + 2);
    }
    let open = command_end(bytes, at)?;
    let window = bytes.get(open + 1..bytes.len().min(open + STRETCH_BYTES_MAX))?;
    let len = window.iter().position(|byte| matches!(byte, b'}' | b'{' | b'\n'))?;
    let digits = window.get(..len)?.iter().any(u8::is_ascii_digit);
    if window.get(len) != Some(&b'}') || !digits {
        return None;
    }
    let close = open + 1 + len;
    cuts.push((at..open + 1, ""));
    cuts.push((close..close + 1, ""));
    Some(close + 1)
}

/// The brace that opens the argument of a command that changes how text looks.
pub(super) fn command_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at + 1..)?;
    let name = rest.get(..rest.iter().take(16).take_while(|byte| byte.is_ascii_lowercase()).count())?;
    let open = at + 1 + name.len();
    (COMMANDS.contains(&name) && byte(bytes, open) == b'{').then_some(open)
}

const COMMANDS: &[&[u8]] = &[
    b"textbf",
    b"textit",
    b"texttt",
    b"textrm",
    b"textsf",
    b"textsc",
    b"text",
    b"emph",
    b"underline",
    b"mathbf",
    b"mathrm",
    b"num",
    b"mbox",
];

/// Quoted-printable (RFC 2045 section 6.7): three triplets and more in a row, a character beyond ASCII, or a soft line end
/// within a value.
fn printable(bytes: &[u8], at: usize, cuts: &mut Vec<(Range<usize>, &'static str)>) -> Option<usize> {
    let line_end = if byte(bytes, at + 1) == b'\r' { 2 } else { 1 };
    if byte(bytes, at + line_end) == b'\n' {
        let end = at + line_end + 1;
        let within = before(bytes, at).is_ascii_alphanumeric() && byte(bytes, end).is_ascii_alphanumeric();
        if within {
            cuts.push((at..end, ""));
        }
        return Some(end);
    }
    let mut values: Vec<(usize, u8)> = Vec::new();
    let mut next = at;
    while let Some(value) = triplet(bytes, next) {
        values.push((next, value));
        next += 3;
    }
    let whole = values.len() >= 3 && values.iter().all(|(_, value)| value.is_ascii_graphic() || *value == b' ');
    if whole {
        for (at, value) in values {
            let place = usize::from(value.saturating_sub(b' '));
            cuts.push((at..at + 3, PRINTABLE.get(place..=place).unwrap_or_default()));
        }
        return Some(next);
    }
    let value: Vec<u8> = values.iter().map(|(_, value)| *value).collect();
    // The one character beyond ASCII that stands within values: the no-break spaces of a French keyboard.
    let blank = [&b"\xC2\xA0"[..], &b"\xE2\x80\xAF"[..]].into_iter().find(|blank| value.starts_with(blank));
    let blank = blank?;
    let end = at + 3 * blank.len();
    cuts.push((at..end, " "));
    Some(end)
}

/// Every printable ASCII character in its order.
const PRINTABLE: &str =
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

fn triplet(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(byte(bytes, at)).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    (byte(bytes, at) == b'=').then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?)).flatten()
}

/// Whether a `+` is a blank of a form: between letters or digits, in a token that has a `=` before.
fn form_blank(bytes: &[u8], at: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let behind = before(bytes, at);
    let within = (word(behind) || behind == b',') && word(byte(bytes, at + 1));
    let head = bytes.get(at.saturating_sub(STRETCH_BYTES_MAX)..at).unwrap_or_default();
    let of_token = |byte: &&u8| byte.is_ascii_graphic() || !byte.is_ascii();
    within && head.iter().rev().take_while(of_token).any(|&byte| byte == b'=')
}
