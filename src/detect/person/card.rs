//! Names on cards and forms as they are photographed: `Surname/Nom TREGENZA`, `APELLIDOS ARIZMENDI`, `COGNOME⏎PELLIZZARI`.
//!
//! There is no colon; the key has its line or its beginning for itself, and the name is in capitals.

use std::ops::Range;

use smallvec::SmallVec;

use super::Name;
use crate::detect::page::Page;

/// Confidence in a name on the line of its key, and on the next.
const CONFIDENCE: (u8, u8) = (80, 76);
/// Bytes of a line of a card.
const LINE_BYTES_MAX: usize = 60;
/// Words of a name on one line.
const WORDS_MAX: usize = 3;

/// The name behind a key of a card.
pub(super) fn after(page: &Page<'_>, key: &Range<usize>) -> Option<(Name, u8)> {
    let begins = page.left(key.start, LINE_BYTES_MAX, |byte| byte != b'\n');
    // `Surname/Nom`, `3. Surname`: nothing but keys before it.
    let before = page.text.get(begins..key.start)?;
    let alone = before.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | ' ' | '(' | ')'));
    let ends = page.right(key.end, LINE_BYTES_MAX, |byte| byte != b'\n' && byte != b'\r');
    if !alone || before.split(' ').count() > WORDS_MAX || !matches!(page.byte(ends), b'\n' | b'\r' | 0) {
        return None;
    }
    let rest = page.text.get(key.end..ends)?;
    if !rest.trim().is_empty() {
        return (rest.starts_with(' ')).then(|| Some((capitals(page, key.end..ends)?, CONFIDENCE.0))).flatten();
    }
    let is_loud = !page.text.get(key.clone())?.contains(char::is_lowercase) || before.contains('/');
    let next = page.right(ends, 2, |byte| matches!(byte, b'\r' | b'\n'));
    let last = page.right(next, LINE_BYTES_MAX, |byte| byte != b'\n' && byte != b'\r');
    is_loud.then(|| Some((capitals(page, next..last)?, CONFIDENCE.1))).flatten()
}

/// A stretch that is a name in capitals from end to end.
fn capitals(page: &Page<'_>, stretch: Range<usize>) -> Option<Name> {
    let own = page.text.get(stretch.clone())?;
    let start = stretch.start + own.len() - own.trim_start().len();
    let own = own.trim();
    let is_name = |word: &str| {
        word.chars().count() > 1
            && word.chars().all(|c| c.is_uppercase() || "-'’".contains(c))
            && word.starts_with(char::is_uppercase)
    };
    let mut words: SmallVec<[Range<usize>; 4]> = SmallVec::new();
    for word in own.split(' ') {
        let at = start + words.last().map_or(0, |last| last.end + 1 - start);
        is_name(word).then_some(())?;
        words.push(at..at + word.len());
    }
    (words.len() <= WORDS_MAX).then(|| Name { range: start..start + own.len(), words })
}
