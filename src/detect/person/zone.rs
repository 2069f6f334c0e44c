//! Names in lines of machine-readable zones (ICAO Doc 9303): `P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<`.
//!
//! A zone whose check digits are right is found whole, by `mrz`. A line that was cut, misread or typed has its holder's name in it
//! all the same, so that here the fillers alone decide.
//!
//! False friends: `<<<<<<< HEAD`, `<<<EOF`, generics.

use std::ops::Range;

use crate::detect::page::{Page, Report};

/// Characters of a line, with those that a reader lost or doubled: lines have 30, 36 or 44.
const LINE_CHARS: std::ops::RangeInclusive<usize> = 28..=46;
/// Letters of the kind of document and of the state before the name, where a line has both.
const HEAD: usize = 5;
/// Confidence in a name.
const CONFIDENCE: u8 = 80;

/// Reports the names of all such lines of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let mut done = 0;
    for at in memchr::memmem::find_iter(page.text.as_bytes(), b"<<<") {
        if at < done {
            continue;
        }
        let of_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'<';
        let most = *LINE_CHARS.end() + 1;
        let line = page.left(at, most, of_name)..page.right(at, most, of_name);
        done = line.end;
        let open = page.before(line.start).is_ascii_alphanumeric() || page.byte(line.end).is_ascii_alphanumeric();
        if LINE_CHARS.contains(&line.len())
            && !open
            && let Some(name) = page.text.get(line.clone()).and_then(name_of)
        {
            report.push(line.start + name.start..line.start + name.end, CONFIDENCE);
        }
    }
}

/// Where the name stands in a line of nothing but letters and fillers.
fn name_of(line: &str) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    let head = if is_kind(bytes.get(..2)?) { HEAD } else { 0 };
    let name = line.get(head..)?.trim_end_matches('<');
    let (surname, given) = name.split_once("<<")?;
    let words = |part: &str| !part.is_empty() && part.split('<').all(|word| !word.is_empty());
    (surname.len() > 1 && words(surname) && words(given) && line.ends_with("<<")).then(|| head..head + name.len())
}

/// Whether a line begins with a kind of document: `P<`, `I<`, `ID`.
fn is_kind(letters: &[u8]) -> bool {
    matches!(letters, [b'P' | b'I' | b'A' | b'C' | b'V', b'<'] | b"ID" | b"IP" | b"PD" | b"PO" | b"PS" | b"AC")
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_lines() {
        for (text, expected) in [
            ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO", &["ERIKSSON<<ANNA<MARIA"][..]),
            ("scan: ERIKSSON<<ANNA<<<<<<<<<<<<<<<<<. ok", &["ERIKSSON<<ANNA"]),
            ("IDFRADE<LA<TOUR<<CAMILLE<<<<<<<<<<<<", &["DE<LA<TOUR<<CAMILLE"]),
            ("<<<<<<< HEAD\n<<<EOF\nA<<<B", &[]),
            ("P<UTOERIKSSON<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", &[]),
            ("xP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", &[]),
            ("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
