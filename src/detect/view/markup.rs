//! Markup that stands inside a value: `**06** 12 34`, `7328<b>29</b>320`, `\\textbf{06} 12`, quoted-printable, a `+` of a form.
//! `printable` reads quoted-printable.
//!
//! Emphasis is dropped only in pairs around one stretch without a line end, inline tags by their names: `2**10`, `a < b` and
//! `<nir>` stay, for what they say is wanted. Marks that no name has beside it are dropped around words with a capital too
//! (`_Claire Martin_`); those that a name may have stay. Nothing is guessed across more than [`STRETCH_BYTES_MAX`] bytes, so that the cost is
//! linear.

use std::ops::Range;

use super::{Builder, View, mixed, printable};

/// A range of the text and what stands there for a reader: a character, or nothing.
pub(super) type Cut = (Range<usize>, Option<char>);

/// Bytes between the two marks of an emphasis, and of a tag.
pub(super) const STRETCH_BYTES_MAX: usize = 64;
/// Digits of a tag that may be a value in one of its attributes.
const VALUE_DIGITS_MIN: usize = 6;

/// Takes markup out of a text; `None` when there is none that hides a value.
pub(super) fn strip(text: &str) -> Option<View> {
    written(text, &mut cuts(text)?, |_| false).finish()
}

/// Takes markup out of a text, and puts behind it the tags that say something themselves (`<a title="Mme Claire Martin">`) and what
/// tags cut that stay.
pub(super) fn set_aside(text: &str) -> Option<View> {
    let (cuts, stretches) = (cuts(text), mixed::stretches(text));
    if cuts.is_none() && stretches.is_empty() {
        return None;
    }
    let mut builder = written(text, &mut cuts.unwrap_or_default(), says_something);
    for stretch in &stretches {
        mixed::append(stretch, &mut builder);
    }
    builder.finish()
}

/// What hides a value, in no order.
fn cuts(text: &str) -> Option<Vec<Cut>> {
    let bytes = text.as_bytes();
    // Plain text pays a few vectorised searches.
    let first = memchr::memchr3(b'<', b'=', b'*', bytes);
    let first =
        first.or_else(|| memchr::memchr3(b'_', b'`', b'~', bytes)).or_else(|| memchr::memchr2(b'+', b'\\', bytes));
    let mut cuts: Vec<Cut> = Vec::new();
    hyphenated(bytes, &mut cuts);
    if first.is_none() {
        return (!cuts.is_empty()).then_some(cuts);
    }
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
            Some(b'=') => from = printable::read(bytes, at, &mut cuts).unwrap_or(from),
            Some(b'+') => {
                if form_blank(bytes, at) {
                    cuts.push((at..at + 1, Some(' ')));
                }
            }
            Some(b'\\') => from = command(bytes, at, &mut cuts).unwrap_or(from),
            _ => from = emphasis(bytes, at, &mut cuts).unwrap_or(from),
        }
    }
    (!cuts.is_empty()).then_some(cuts)
}

/// A text without what is cut, and behind it that of the cuts which is kept.
pub(super) fn written<'a>(text: &'a str, cuts: &mut [Cut], kept: impl Fn(&str) -> bool) -> Builder<'a> {
    cuts.sort_by_key(|(range, _)| range.start);
    let mut builder = Builder::new(text);
    let mut aside = Vec::new();
    for (range, instead) in cuts {
        let Some(cut) = text.get(range.clone()).filter(|_| range.start >= builder.done) else { continue };
        let mut utf8 = [0; 4];
        builder.replace(range.clone(), instead.map_or("", |c| &*c.encode_utf8(&mut utf8)));
        if kept(cut) {
            aside.push(range.clone());
        }
    }
    for range in aside {
        builder.append(range);
    }
    builder
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

pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

pub(super) fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |at| byte(bytes, at))
}

/// An inline tag: where it ends and what it reads as.
pub(super) fn tag(bytes: &[u8], at: usize) -> Option<(usize, Option<char>)> {
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
    (blank || is_inline(&name)).then_some((at + len + 2, blank.then_some(' ')))
}

/// Whether an element changes how a text looks, not what it is.
pub(super) fn is_inline(name: &[u8]) -> bool {
    INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline))
}

/// Tags that change how a text looks, not what it is.
const INLINE: &[&[u8]] = &[
    b"b", b"i", b"u", b"s", b"em", b"strong", b"span", b"font", b"mark", b"small", b"big", b"sub", b"sup", b"tt",
    b"code", b"kbd", b"wbr", b"a", b"del", b"ins", b"bdi", b"bdo", b"nobr",
];

/// Whether a tag has an attribute that tells more than how a text looks: another one, or one with a capital.
fn says_something(cut: &str) -> bool {
    let Some(tag) = cut.strip_prefix('<').and_then(|tag| tag.strip_suffix('>')) else { return false };
    if tag.starts_with('/') {
        return false;
    }
    let blank = |c: char| c.is_ascii_whitespace() || c == '/';
    let mut rest = tag.get(tag.find(blank).unwrap_or(tag.len())..).unwrap_or_default().trim_matches(blank);
    while !rest.is_empty() {
        let (name, behind) = rest.split_at(rest.find(|c| c == '=' || blank(c)).unwrap_or(rest.len()));
        let value = behind.trim_start_matches(['=', ' ']);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inner = value.get(quote.map_or(0, char::len_utf8)..).unwrap_or_default();
        let end = inner.find(|c| quote.map_or_else(|| blank(c), |quote| c == quote)).unwrap_or(inner.len());
        let (value, behind) = inner.split_at(end);
        let looks = LOOKS.iter().any(|look| name.eq_ignore_ascii_case(look));
        if !looks || !value.is_ascii() || value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return true;
        }
        rest = behind.trim_start_matches(['"', '\'']).trim_start_matches(blank);
    }
    false
}

/// Attributes that change how a text looks.
const LOOKS: &[&str] = &["class", "style", "color", "face", "size", "lang", "dir", "rel", "target"];

/// `**…**`, `__…__`, `*…*`, `~~…~~`, `` `…` `` around a stretch; the end of the opening mark.
fn emphasis(bytes: &[u8], at: usize, cuts: &mut Vec<Cut>) -> Option<usize> {
    let mark = byte(bytes, at);
    let run = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|&&byte| byte == mark).count();
    let len = run(at);
    let inner = at + len;
    let most = if mark == b'`' { 1 } else { 3 };
    let least = if mark == b'~' { 2 } else { 1 };
    if len > most || len < least || !(is_letter_or_digit(byte(bytes, inner)) || byte(bytes, inner) == b'@') {
        return Some(inner);
    }
    let window = bytes.get(inner..bytes.len().min(inner + STRETCH_BYTES_MAX))?;
    let stop = window.iter().position(|&byte| byte == mark || byte == b'\n')?;
    let close = inner + stop;
    let apart = !before(bytes, at).is_ascii_alphanumeric();
    let solid = window.get(..stop)?.iter().all(u8::is_ascii_alphanumeric);
    // A mark of an underscore keeps a name from being one; the others do not.
    let hides = window.get(..stop)?.iter().any(u8::is_ascii_digit) || mark == b'_' && are_words(window.get(..stop)?);
    // Small names in code (`snake_case_1`) are no emphasis: a mark of one underscore needs blanks around.
    let outside = apart && !byte(bytes, close + len).is_ascii_alphanumeric();
    let pair = run(close) == len && (is_letter_or_digit(before(bytes, close)) || before(bytes, close) == b'@');
    if pair && mark != b'_' && is_in_address(bytes, at..close + len) {
        cuts.push((at..inner, None));
        cuts.push((close..close + len, None));
        return Some(close + len);
    }
    let fits = if mark == b'_' && len == 1 { outside } else { apart || (solid && len > 1) };
    if !(pair && hides && fits) {
        return Some(inner);
    }
    cuts.push((at..inner, None));
    cuts.push((close..close + len, None));
    Some(close + len)
}

/// Whether an emphasis is a part of an address: `camille.aubertin**@**example.com`, `camille.aubertin@*example*.com`.
fn is_in_address(bytes: &[u8], range: Range<usize>) -> bool {
    let part = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'@' | b'-' | b'_' | b'+' | b'*' | b'`' | b'~')
    };
    let head = bytes.get(range.start.saturating_sub(STRETCH_BYTES_MAX)..range.start).unwrap_or_default();
    let tail = bytes.get(range.end..bytes.len().min(range.end + STRETCH_BYTES_MAX)).unwrap_or_default();
    let (ahead, behind) = (head.iter().rev().take_while(part).count(), tail.iter().take_while(part).count());
    let token = bytes.get(range.start - ahead..range.end + behind).unwrap_or_default();
    let sign = memchr::memchr(b'@', token);
    let dotted = sign.and_then(|sign| token.get(sign..)).is_some_and(|domain| domain.contains(&b'.'));
    // Within it: an address as a whole in emphasis needs nothing.
    let cuts = ahead > 0 && is_letter_or_sign(before(bytes, range.start)) || is_letter_or_sign(byte(bytes, range.end));
    dotted && cuts && memchr::memchr_iter(b'@', token).count() == 1 && token.iter().all(|byte| part(&byte))
}

fn is_letter_or_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'-')
}

/// Whether these are words, the first of them with a capital and small letters: no constant and no name of a program.
fn are_words(stretch: &[u8]) -> bool {
    let first = stretch.first().is_some_and(|byte| byte.is_ascii_uppercase() || !byte.is_ascii());
    let part = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii() || matches!(byte, b' ' | b'-' | b'\'' | b'.');
    // `camelCase`
    let inner = stretch
        .windows(2)
        .any(|pair| matches!(pair, [left, right] if left.is_ascii_lowercase() && right.is_ascii_uppercase()));
    first && !inner && stretch.iter().all(part) && stretch.iter().any(u8::is_ascii_lowercase)
}

fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// A LaTeX command around digits or words with a capital (`\textbf{06}`), or a thin space (`\,`).
fn command(bytes: &[u8], at: usize, cuts: &mut Vec<Cut>) -> Option<usize> {
    let within = before(bytes, at).is_ascii_alphanumeric() || before(bytes, at) == b'}';
    if matches!(byte(bytes, at + 1), b',' | b';' | b'!') && within {
        cuts.push((at..at + 2, Some(' ')));
        return Some(at + 2);
    }
    let open = command_end(bytes, at)?;
    let window = bytes.get(open + 1..bytes.len().min(open + STRETCH_BYTES_MAX))?;
    let len = window.iter().position(|byte| matches!(byte, b'}' | b'{' | b'\n'))?;
    let hides = window.get(..len)?.iter().any(u8::is_ascii_digit) || are_words(window.get(..len)?);
    if window.get(len) != Some(&b'}') || !hides {
        return None;
    }
    let close = open + 1 + len;
    cuts.push((at..open + 1, None));
    cuts.push((close..close + 1, None));
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

/// Whether a `+` is a blank of a form: between letters or digits, in a token that has a `=` before.
fn form_blank(bytes: &[u8], at: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let behind = before(bytes, at);
    let within = (word(behind) || behind == b',') && word(byte(bytes, at + 1));
    let head = bytes.get(at.saturating_sub(STRETCH_BYTES_MAX)..at).unwrap_or_default();
    let of_token = |byte: &&u8| byte.is_ascii_graphic() || !byte.is_ascii();
    within && (head.iter().rev().take_while(of_token).any(|&byte| byte == b'=') || parts_words(bytes, at))
}

/// Whether a `+` stands between two words with a capital each, as in `Mme+Camille+Aubertin`; `C+Java` and `A+B` are other things.
fn parts_words(bytes: &[u8], at: usize) -> bool {
    let head = bytes.get(..at).unwrap_or_default();
    let small = head.iter().rev().take(STRETCH_BYTES_MAX).take_while(|byte| byte.is_ascii_lowercase()).count();
    let capital = head.len().checked_sub(small + 1).and_then(|at| head.get(at)).is_some_and(u8::is_ascii_uppercase);
    capital && small > 1 && byte(bytes, at + 1).is_ascii_uppercase() && byte(bytes, at + 2).is_ascii_lowercase()
}

/// A line end within a word with a capital, behind its hyphen: `Auber-⏎tin`.
fn hyphenated(bytes: &[u8], cuts: &mut Vec<Cut>) {
    for hyphen in memchr::memchr_iter(b'-', bytes) {
        let end = match (byte(bytes, hyphen + 1), byte(bytes, hyphen + 2)) {
            (b'\n', _) => hyphen + 2,
            (b'\r', b'\n') => hyphen + 3,
            _ => continue,
        };
        let head = bytes.get(..hyphen).unwrap_or_default();
        let small = head.iter().rev().take(STRETCH_BYTES_MAX).take_while(|byte| byte.is_ascii_lowercase()).count();
        let capital = head.len().checked_sub(small + 1).and_then(|at| head.get(at)).is_some_and(u8::is_ascii_uppercase);
        if small > 0 && capital && byte(bytes, end).is_ascii_lowercase() {
            cuts.push((hyphen..end, None));
        }
    }
}
