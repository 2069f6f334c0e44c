//! Words near a candidate that say what it is: `SIREN`, `carte vitale`, the key it stands under.
//!
//! Looked at only for a candidate whose pattern and check digit already hold, so that the cost is paid by few. The window is
//! small and fixed: a word far away says nothing, and the scan stays linear.

use std::ops::Range;

use super::fold::{self, Window};
use super::glance::{self, Bits, key_of};
use super::page::Page;

/// Bytes before a candidate in which a context word counts.
const BEFORE_BYTES: usize = 80;
/// Bytes behind a candidate in which a context word counts.
const AFTER_BYTES: usize = 40;
/// Bytes of a key that are read.
const KEY_BYTES: usize = 128;

/// A phrase, folded, with a blank behind each word.
type Phrase = Box<[u8]>;

/// Words and phrases, folded, with a blank behind each.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    phrases: Box<[Phrase]>,
    /// The key of the first word of each.
    keys: Box<[u64]>,
    /// First words, cut to eight bytes: nearly every window is turned away by them without being folded.
    heads: Bits,
}

impl Context {
    /// Prepares words and phrases of any language.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let phrases = words.into_iter().map(|word| {
            let mut folded = Window::new();
            fold::words(word, &mut folded);
            Phrase::from(folded.strip_prefix(b" ").unwrap_or(&folded))
        });
        let phrases: Box<[Phrase]> = phrases.filter(|phrase: &Phrase| !phrase.is_empty()).collect();
        let first = |phrase: &[u8]| key_of(phrase.split(|&byte| byte == b' ').next().unwrap_or_default());
        let keys: Box<[u64]> = phrases.iter().map(|phrase| first(phrase)).collect();
        let mut heads = Bits::new(keys.len());
        for &key in &keys {
            heads.insert(key);
        }
        Self { phrases, keys, heads }
    }

    /// Whether one of the words stands near the range, or in the key of the text.
    pub(super) fn is_near(&self, page: &Page<'_>, range: &Range<usize>) -> bool {
        if self.phrases.is_empty() {
            return false;
        }
        let text = page.text;
        let from = text.floor_char_boundary(range.start.saturating_sub(BEFORE_BYTES));
        let to = text.ceil_char_boundary(range.end.saturating_add(AFTER_BYTES).min(text.len()));
        let in_key = |key: &str| self.is_in(key.get(..key.floor_char_boundary(KEY_BYTES)).unwrap_or_default());
        page.key.is_some_and(in_key)
            || self.is_between(text, &(from..range.start))
            || self.is_between(text, &(range.end..to))
    }

    /// Whether one of the words stands in a short stretch of text.
    pub(super) fn is_in(&self, part: &str) -> bool {
        self.is_between(part, &(0..part.len()))
    }

    /// Whether one of the words stands in a short range of a text. A word that the range cuts is one of its own.
    pub(super) fn is_between(&self, text: &str, range: &Range<usize>) -> bool {
        let mut at = range.start;
        while let Some(word) = glance::next(text.as_bytes(), at, range.end) {
            if word.odd {
                return text.get(at..range.end).is_some_and(|rest| self.reads_in(rest));
            }
            if self.heads.holds(word.key)
                && let Some(rest) = text.get(word.start..range.end)
                && self.phrases_with(word.key).any(|phrase| begins(rest, phrase))
            {
                return true;
            }
            at = word.end;
        }
        false
    }

    /// The phrases whose first word has this key.
    fn phrases_with(&self, key: u64) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().zip(&self.phrases).filter(move |(own, _)| **own == key).map(|(_, phrase)| &**phrase)
    }

    /// Folds a stretch and compares word by word.
    fn reads_in(&self, part: &str) -> bool {
        let mut folded = Window::new();
        fold::words(part, &mut folded);
        let mut rest = folded.as_slice();
        while let Some(blank) = memchr::memchr(b' ', rest) {
            rest = rest.get(blank + 1..).unwrap_or_default();
            if self.phrases.iter().any(|phrase| rest.starts_with(phrase)) {
                return true;
            }
        }
        false
    }
}

/// Whether a text begins with the words of a phrase, folded, a blank behind each.
fn begins(text: &str, phrase: &[u8]) -> bool {
    let mut at = 0;
    phrase.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).all(|expected| {
        let read = fold::next_piece(text, at).filter(|(_, folded)| folded.as_slice() == expected);
        read.is_some_and(|(range, _)| {
            at = range.end;
            true
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn near_and_far() {
        let context = Context::new(["sécurité sociale", "NIR"]);
        let far = format!("nir {} 123", "x ".repeat(60));
        for (name, text, key, expected) in [
            ("before", "numéro de Sécurité-sociale : 123", None, true),
            ("behind", "123 (nir)", None, true),
            ("no accent", "SECURITE SOCIALE 123", None, true),
            ("within a word", "souvenir 123", None, false),
            ("key", "123", Some("patientNir"), true),
            ("too far", far.as_str(), None, false),
            ("apart", "sécurité 123 sociale", None, false),
        ] {
            let start = text.find("123").unwrap();
            let page = Page { text, key };
            assert_eq!(context.is_near(&page, &(start..start + 3)), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_filter_turns_no_word_away(text in "(NIR|sécurité|Sociale|nir|é|[ ’_.-]|[a-zA-Z]{1,9}|\\PC){0,24}", from in 0_usize..40, len in 0_usize..60) {
            let context = Context::new(["sécurité sociale", "NIR", "numéro de téléphone", "x"]);
            let from = text.floor_char_boundary(from.min(text.len()));
            let to = text.floor_char_boundary((from + len).min(text.len()));
            let part = text.get(from..to).unwrap();
            let mut folded = Window::new();
            fold::words(part, &mut folded);
            let whole = String::from_utf8_lossy(&folded).into_owned();
            let expected = [" securite sociale ", " nir ", " numero de telephone ", " x "].iter().any(|phrase| whole.contains(phrase));
            prop_assert_eq!(context.is_between(&text, &(from..to)), expected);
        }
    }
}
