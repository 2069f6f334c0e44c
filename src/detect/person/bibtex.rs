//! Names in bibliographies of BibTeX: `author = {Aubertin, Camille and Dupont, Jean}`, `editor = "Camille Aubertin and others"`.
//!
//! The list stands in braces or quotes within an entry (`@article{…}`), names are joined by `and`, and what stands in braces of its own
//! is a body (`{{World Health Organization}}`). Accents may be written as LaTeX has them (`Garc{\'i}a`).
//!
//! False friends: `author = {…}` of a program, where no entry is open.

use std::ops::Range;

use super::whole::{Trust, whole};
use super::words::PARTICLES;
use crate::detect::page::{Page, Report};

/// Fields whose value is such a list.
const FIELDS: [&str; 5] = ["author", "editor", "translator", "editora", "bookauthor"];
/// Bytes of a list, and of what may stand between its field and the entry that it is of.
const LIST_BYTES_MAX: usize = 4096;
const ENTRY_BYTES_MAX: usize = 16_384;
/// What joins two names; an end of a line may stand for either blank.
const AND: &str = "and";
/// Marks that LaTeX writes accents with, and groups by.
const LATEX: [char; 9] = ['\\', '{', '}', '\'', '`', '^', '"', '~', '='];
/// Confidence in a name.
const CONFIDENCE: u8 = 88;

/// Reports the names of all lists of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for sign in memchr::memchr_iter(b'=', page.text.as_bytes()) {
        let Some(list) = list(page, sign).filter(|list| in_entry(page, list.start)) else { continue };
        let mut from = list.start;
        for to in joints(page.text, &list).chain([list.end]) {
            name(page.text, from..to, report);
            from = to + AND.len();
        }
    }
}

/// The list behind a sign that follows such a field.
fn list(page: &Page<'_>, sign: usize) -> Option<Range<usize>> {
    let end = page.left(sign, 8, |byte| byte == b' ');
    let start = page.left(end, 12, |byte| byte.is_ascii_alphabetic());
    let field = page.text.get(start..end)?;
    if !FIELDS.iter().any(|known| field.eq_ignore_ascii_case(known)) {
        return None;
    }
    let open = page.right(sign + 1, 4, |byte| matches!(byte, b' ' | b'\n' | b'\t'));
    let braces = match page.byte(open) {
        b'{' => true,
        b'"' => false,
        _ => return None,
    };
    let inside = page.text.as_bytes().get(open + 1..)?;
    let mut depth = 0_usize;
    for (at, byte) in inside.iter().take(LIST_BYTES_MAX).enumerate() {
        match byte {
            b'}' if braces && depth == 0 => return Some(open + 1..open + 1 + at),
            b'"' if !braces && depth == 0 => return Some(open + 1..open + 1 + at),
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether an entry was opened a little before: `@book{key,`.
fn in_entry(page: &Page<'_>, at: usize) -> bool {
    let head = page.text.as_bytes().get(at.saturating_sub(ENTRY_BYTES_MAX)..at).unwrap_or_default();
    memchr::memrchr(b'@', head).is_some_and(|at| {
        let kind = head.iter().skip(at + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
        kind > 0 && matches!(head.get(at + 1 + kind), Some(b'{' | b'('))
    })
}

/// Where the words begin that join the names of a list, outside of its inner braces.
fn joints<'t>(text: &'t str, list: &Range<usize>) -> impl Iterator<Item = usize> + 't {
    let (list, mut depth) = (list.clone(), 0_usize);
    let bytes = text.as_bytes();
    list.clone().filter(move |at| {
        match bytes.get(*at) {
            Some(b'{') => depth += 1,
            Some(b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let blank = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_whitespace);
        let word = bytes.get(*at..*at + AND.len()).is_some_and(|own| own.eq_ignore_ascii_case(AND.as_bytes()));
        depth == 0 && word && *at > list.start && blank(*at - 1) && blank(*at + AND.len())
    })
}

/// Reports one name of a list.
fn name(text: &str, range: Range<usize>, report: &mut Report<'_>) {
    let value = text.get(range.clone()).unwrap_or_default();
    let mut start = range.start + value.len() - value.trim_start().len();
    let end = range.start + value.trim_end().len();
    // `von Xylander, Ludwig`: what stands before the surname in small letters is no word of its own.
    while let Some((first, rest)) = text.get(start..end).and_then(|own| own.split_once(' '))
        && PARTICLES.contains(&first)
    {
        start = end - rest.trim_start().len();
    }
    let own = text.get(start..end).unwrap_or_default();
    if !own.contains(LATEX) {
        if let Some((name, _)) = whole(text, start..end, Trust::People) {
            report.push(name, CONFIDENCE);
        }
        return;
    }
    let plain = own.replace(LATEX, "");
    if !own.starts_with('{') && whole(&plain, 0..plain.len(), Trust::People).is_some() {
        report.push(start..end, CONFIDENCE);
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_entries() {
        for (text, expected) in [
            (
                "@article{x2020,\n  author = {Aubertin, Camille and Dupont, Jean},\n  title = {On and on}\n}",
                &["Aubertin, Camille", "Dupont, Jean"][..],
            ),
            (
                "@Book{k, Editor=\"Camille Aubertin and\n Xiomara Quispe and others\"}",
                &["Camille Aubertin", "Xiomara Quispe"],
            ),
            (
                "@misc{k, author = {Lef{\\`e}vre, H{\\'e}l{\\`e}ne and von Xylander, Ludwig and {World Health Organization}}}",
                &["Lef{\\`e}vre, H{\\'e}l{\\`e}ne", "Xylander, Ludwig"],
            ),
            ("@misc{k, author = {Aubertin, Camille", &[]),
            ("const author = {Camille: Aubertin}; author = {Aubertin, Camille}", &[]),
            ("@inproceedings{k, title = {Aubertin, Camille}, author = {Google}}", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
