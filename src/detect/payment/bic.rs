//! BIC without a digit in it (ISO 9362): eight or eleven capitals shortly behind `BIC` or `SWIFT`. Those with a digit are a row.

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, validate};

/// Bytes behind the word in which the code may begin.
const REACH_BYTES: usize = 32;

/// Finds bank identifier codes.
#[derive(Debug)]
pub(in crate::detect) struct Bic;

impl Detector for Bic {
    fn card(&self) -> Card {
        Card { id: "bic", country: "*", method: "structure, country, behind its word" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["bic", "swift"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        let word = page.right(at, 8, |byte| byte.is_ascii_alphabetic());
        if page.before(at).is_ascii_lowercase() && page.byte(at).is_ascii_lowercase() || word - at > 5 {
            return;
        }
        let mut start = word;
        while start < word + REACH_BYTES {
            start = page.right(start, REACH_BYTES, |byte| !byte.is_ascii_alphabetic());
            let end = page.right(start, 12, |byte| byte.is_ascii_alphanumeric());
            let value = page.text.get(start..end).unwrap_or_default();
            let capitals =
                value.len() >= 8 && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if capitals && !shouted(page, start) && validate::check("bic", value) == Some(validate::Verdict::Right) {
                report.push(start..end, 93);
                return;
            }
            if end == start {
                return;
            }
            start = page.right(end, 40, |byte| byte.is_ascii_alphanumeric());
        }
    }
}

/// Whether the word before is in capitals too: then `INTEREST` is a word of a title and no code of Réunion.
fn shouted(page: &Page<'_>, start: usize) -> bool {
    let end = page.left(start, 2, |byte| byte == b' ');
    let begin = page.left(end, 16, |byte| byte.is_ascii_alphabetic());
    let word = page.text.get(begin..end).unwrap_or_default();
    let own = matches!(word, "BIC" | "SWIFT" | "CODE");
    word.len() > 1 && !own && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        for (text, expected) in [
            ("BIC : AGRIFRPP", Some("AGRIFRPP")),
            ("\"bic\": \"BNPAFRPPXXX\"", Some("BNPAFRPPXXX")),
            ("code SWIFT (BIC) DEUTDEFF", Some("DEUTDEFF")),
            ("BIC AGRIXXPP", None),
            ("aerobic EXERCISE", None),
            ("BIC and SWIFT are SYSTEMS OF INTEREST", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let lower = text.to_ascii_lowercase();
            let at = lower.find("swift").or_else(|| lower.find("bic")).unwrap();
            Bic.look(&Page { text, key: None }, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
