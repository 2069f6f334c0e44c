//! Words near a candidate that say what it is: `SIREN`, `carte vitale`, the key it stands under.
//!
//! Looked at only for a candidate whose pattern and check digit already hold, so that the cost is paid by few. The window is
//! small and fixed: a word far away says nothing, and the scan stays linear.

use std::ops::Range;

use memchr::memmem;

use super::fold;
use super::page::Page;

/// Bytes before a candidate in which a context word counts.
const BEFORE_BYTES: usize = 80;
/// Bytes behind a candidate in which a context word counts.
const AFTER_BYTES: usize = 40;

/// Words and phrases, folded, with a blank at both ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    phrases: Box<[memmem::Finder<'static>]>,
}

impl Context {
    /// Prepares words and phrases of any language.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let phrases = words.into_iter().map(|word| {
            let mut folded = Vec::new();
            fold::words(word, &mut folded);
            memmem::Finder::new(&folded).into_owned()
        });
        Self { phrases: phrases.collect() }
    }

    /// Whether one of the words stands near the range, or in the key of the text.
    pub(super) fn is_near(&self, page: &Page<'_>, range: &Range<usize>) -> bool {
        if self.phrases.is_empty() {
            return false;
        }
        let text = page.text;
        let from = text.floor_char_boundary(range.start.saturating_sub(BEFORE_BYTES));
        let to = text.ceil_char_boundary(range.end.saturating_add(AFTER_BYTES).min(text.len()));
        let mut folded = Vec::with_capacity(BEFORE_BYTES + AFTER_BYTES + 32);
        for part in [page.key, text.get(from..range.start), text.get(range.end..to)].into_iter().flatten() {
            fold::words(part, &mut folded);
            // A separator that no phrase holds keeps words of one part from meeting those of the next.
            folded.extend_from_slice(b"| ");
        }
        self.phrases.iter().any(|phrase| phrase.find(&folded).is_some())
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
