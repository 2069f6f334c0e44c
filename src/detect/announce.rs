//! What announces a value: words directly before it, with no other number between, or the key that it stands under.
//!
//! For values that are nothing without their word (`CVV 123`, `né le 3 mai`), where a word somewhere near would be taken for
//! every number around it.

use super::context::Context;
use super::page::Page;

/// Whether one of the words stands within so many bytes before `start`, behind the last digit, or in the key of a text that
/// begins with the value.
pub(super) fn announces(words: &Context, page: &Page<'_>, start: usize, reach_bytes: usize) -> bool {
    let from = page.text.floor_char_boundary(start.saturating_sub(reach_bytes));
    let head = page.text.get(from..start).unwrap_or_default();
    let behind_digit = head.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    let head = head.get(behind_digit..).unwrap_or_default();
    let first = from + behind_digit == 0 && !head.chars().any(char::is_alphanumeric);
    words.is_in(head) || first && page.key.is_some_and(|key| words.is_in(key))
}

/// Whether one of the words stands within so many bytes behind `end`, before the next digit.
pub(super) fn follows(words: &Context, page: &Page<'_>, end: usize, reach_bytes: usize) -> bool {
    let to = page.text.ceil_char_boundary(end.saturating_add(reach_bytes).min(page.text.len()));
    let tail = page.text.get(end..to).unwrap_or_default();
    let digit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
    words.is_in(tail.get(..digit).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let words = Context::new(["cvv", "né le"]);
        for (name, text, key, expected) in [
            ("directly before", "CVV : 123", None, true),
            ("phrase", "Il est né le 123", None, true),
            ("another number between", "CVV 999, montant 123", None, false),
            ("key", "123", Some("cardCvv"), true),
            ("key of a longer text", "montant 123", Some("cvv"), false),
        ] {
            let page = Page { text, key };
            assert_eq!(announces(&words, &page, text.find("123").unwrap(), 40), expected, "{name}");
        }
        assert!(follows(&words, &Page { text: "123 (CVV)", key: None }, 3, 20));
        assert!(!follows(&words, &Page { text: "123, 4 CVV", key: None }, 3, 20));
    }
}
