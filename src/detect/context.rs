//! Words near a candidate that say what it is: `SIREN`, `carte vitale`, the key it stands under.
//!
//! Looked at only for a candidate whose pattern and check digit already hold, so that the cost is paid by few. The window is
//! small and fixed: a word far away says nothing, and the scan stays linear.

use std::ops::Range;

use super::fold::{self, Window};
use super::page::Page;

/// Bytes before a candidate in which a context word counts.
const BEFORE_BYTES: usize = 80;
/// Bytes behind a candidate in which a context word counts.
const AFTER_BYTES: usize = 40;
/// Bytes of a key that are read.
const KEY_BYTES: usize = 128;

/// Words and phrases, folded, with a blank behind each.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    phrases: Box<[Box<[u8]>]>,
    /// One bit for each first pair of letters: most words of a window are turned away by it.
    heads: u64,
}

impl Context {
    /// Prepares words and phrases of any language.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let phrases = words.into_iter().map(|word| {
            let mut folded = Window::new();
            fold::words(word, &mut folded);
            folded.strip_prefix(b" ").unwrap_or(&folded).into()
        });
        let phrases: Box<[Box<[u8]>]> = phrases.collect();
        let heads = phrases.iter().fold(0, |heads, phrase| heads | head(phrase));
        Self { phrases, heads }
    }

    /// Whether one of the words stands near the range, or in the key of the text.
    pub(super) fn is_near(&self, page: &Page<'_>, range: &Range<usize>) -> bool {
        if self.phrases.is_empty() {
            return false;
        }
        let text = page.text;
        let from = text.floor_char_boundary(range.start.saturating_sub(BEFORE_BYTES));
        let to = text.ceil_char_boundary(range.end.saturating_add(AFTER_BYTES).min(text.len()));
        let key = page.key.map(|key| key.get(..key.floor_char_boundary(KEY_BYTES)).unwrap_or_default());
        [key, text.get(from..range.start), text.get(range.end..to)].into_iter().flatten().any(|part| self.is_in(part))
    }

    /// Whether one of the words stands in a short stretch of text.
    pub(super) fn is_in(&self, part: &str) -> bool {
        let mut folded = Window::new();
        fold::words(part, &mut folded);
        let mut rest = folded.as_slice();
        while let Some(blank) = memchr::memchr(b' ', rest) {
            rest = rest.get(blank + 1..).unwrap_or_default();
            if head(rest) & self.heads != 0 && self.phrases.iter().any(|phrase| rest.starts_with(phrase)) {
                return true;
            }
        }
        false
    }
}

/// The bit of a word's first two letters.
fn head(word: &[u8]) -> u64 {
    match word {
        [first, second, ..] => 1 << (u32::from(*first).wrapping_mul(7).wrapping_add(u32::from(*second)) & 63),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
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
}
