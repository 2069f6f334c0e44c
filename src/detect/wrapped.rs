//! Whether a name stands alone, or is a part of an identifier, a path or an address.
//!
//! What markup puts around a name is no part of it: the tags of an element (`<td>Camille Aubertin</td>`), emphasis, a command of
//! LaTeX, a tag in square brackets, the sign before the value of a form. It is told from code by both its ends.

use std::ops::Range;

use super::page::Page;

/// Bytes of the key of a form.
const FORM_KEY_BYTES_MAX: usize = 40;
/// Bytes between a name in a value of a form and the end of that.
const FORM_VALUE_BYTES_MAX: usize = 80;
/// Bytes of a command of LaTeX.
const COMMAND_BYTES_MAX: usize = 16;

/// Not a part of an identifier, a path or an address.
pub(super) fn stands_alone(page: &Page<'_>, range: &Range<usize>) -> bool {
    let bound = |byte: u8| !matches!(byte, b'_' | b'@' | b'/' | b'=' | b'\\' | b'#' | b'$' | b'{' | b'%');
    let (before, after) = (page.before(range.start), page.byte(range.end));
    let domain = after == b'.' && page.byte(range.end + 1).is_ascii_alphanumeric();
    let member = before == b'.' && range.start.checked_sub(2).is_some_and(|at| page.byte(at).is_ascii_alphanumeric());
    let path =
        after == b':' && page.byte(range.end + 1) == b':' || before == b':' && page.before(range.start - 1) == b':';
    let called = matches!(after, b'(' | b'<' | b'[' | b'!') && before != b' ' && !is_tagged(page, range);
    let (opened, closed) = emphasised(page, range);
    let begins = bound(before) || opened || is_of_form(page, range) || is_assigned(page, range);
    begins && (bound(after) || closed) && !domain && !member && !path && !called
}

/// Whether it is what an element holds, or a part of it: `<li>Camille Aubertin</li>`, `[b]Camille Aubertin[/b]`.
fn is_tagged(page: &Page<'_>, range: &Range<usize>) -> bool {
    let (before, next) = (page.before(range.start), page.byte(range.end + 1));
    match page.byte(range.end) {
        b'<' => {
            next == b'/'
                || next == b'!'
                || before == b'>'
                || page.text.get(range.end..).is_some_and(|rest| rest.starts_with("<br"))
        }
        b'[' => next == b'/',
        _ => false,
    }
}

/// Whether emphasis or a command begins directly before it, and ends directly behind: `_Camille Aubertin_`,
/// `\textbf{Camille Aubertin}`.
fn emphasised(page: &Page<'_>, range: &Range<usize>) -> (bool, bool) {
    let (Some(open), after) = (range.start.checked_sub(1), page.byte(range.end)) else { return (false, false) };
    match page.byte(open) {
        b'_' => {
            let run = |from: usize| page.right(from, 3, |byte| byte == b'_') - from;
            let first = page.left(range.start, 3, |byte| byte == b'_');
            let outside = !page.before(first).is_ascii_alphanumeric();
            // A name of several words is none of code's.
            let words = page.text.get(range.clone()).is_some_and(|name| name.contains(' '));
            let apart = !page.byte(range.end + run(range.end)).is_ascii_alphanumeric();
            (outside && words, after == b'_' && apart && words)
        }
        b'{' => {
            let name = page.left(open, COMMAND_BYTES_MAX, |byte| byte.is_ascii_alphabetic());
            (name < open && page.before(name) == b'\\', false)
        }
        _ => {
            let words = page.text.get(range.clone()).is_some_and(|name| name.contains(' '));
            (false, after == b'_' && words && !page.byte(range.end + 1).is_ascii_alphanumeric())
        }
    }
}

/// Whether it is the value of a form, with another beside it: `nom=Dupont&prenom=Jean`, `nom=Dupont, Jean&ville=Lyon`.
fn is_of_form(page: &Page<'_>, range: &Range<usize>) -> bool {
    let Some((key, sign)) = sign(page, range) else { return false };
    let opens = |byte: u8| matches!(byte, 0 | b'?' | b'"' | b'\'' | b'`' | b':' | b'(') || byte.is_ascii_whitespace();
    let (before, after) = (page.before(key), page.byte(range.end));
    // What another value stands before or behind is no statement of code.
    key < sign
        && (before == b'&' && (matches!(after, b'&' | b',') || opens(after))
            || opens(before) && goes_on(page, range.end))
}

/// Whether the value of a form ends behind a name, and another pair follows.
fn goes_on(page: &Page<'_>, end: usize) -> bool {
    let of_value = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || matches!(byte, b',' | b' ' | b'+' | b'-' | b'.' | b'\'' | b'%')
    };
    let stop = page.right(end, FORM_VALUE_BYTES_MAX, of_value);
    if page.byte(stop) != b'&' || page.before(stop) == b' ' {
        return false;
    }
    let key = page.right(stop + 1, FORM_KEY_BYTES_MAX, is_of_key);
    stop == end || key > stop + 1 && page.byte(key) == b'='
}

/// Whether it is a name of several words behind the sign of a log or a file of settings: `author=Camille Aubertin`.
fn is_assigned(page: &Page<'_>, range: &Range<usize>) -> bool {
    let several = page.text.get(range.clone()).is_some_and(|name| name.contains(' '));
    several && sign(page, range).is_some_and(|(key, sign)| key < sign)
}

/// The `=` directly before a name, and where its key begins.
fn sign(page: &Page<'_>, range: &Range<usize>) -> Option<(usize, usize)> {
    let sign = range.start.checked_sub(1).filter(|at| page.byte(*at) == b'=')?;
    Some((page.left(sign, FORM_KEY_BYTES_MAX, is_of_key), sign))
}

const fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}
