//! French telephone numbers as a type of their own (ARCEP decision 2018-0881): what [`super::phone`] finds and France's plan
//! has, a little less sure, so that the general type leads.

use super::phone::Phone;
use crate::detect::page::{Mark, Page, Report, Sink, Wake};
use crate::detect::{Card, Detector};

/// Finds French telephone numbers.
#[derive(Debug)]
pub(in crate::detect) struct FrenchPhone(Phone);

impl FrenchPhone {
    pub(in crate::detect) fn new() -> Self {
        Self(Phone::new())
    }
}

impl Detector for FrenchPhone {
    fn card(&self) -> Card {
        Card { id: "fr_phone", country: "FR", method: "French numbering plan" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let head = page.text.get(run.start..run.end.min(run.start + 4)).unwrap_or_default();
        if !head.starts_with('0') && !head.starts_with("33") {
            return;
        }
        // What begins with one zero is a French number in French groups, or none.
        let one_zero = head.starts_with('0') && !head.starts_with("00") && page.byte(run.start + 1).is_ascii_digit();
        if one_zero && Phone::french(page, run.start).is_none() {
            return;
        }
        let mut sink = Sink::new(crate::detect::page::Used::default());
        self.0.look(page, mark, &mut Report { sink: &mut sink, detector: 0 });
        for hit in sink.hits {
            let digits: Vec<u8> =
                page.text.get(hit.range.clone()).unwrap_or_default().bytes().filter(u8::is_ascii_digit).collect();
            // Ten digits with a zero are written in other groups elsewhere (`044 668 18 00`, `06-12345678`).
            let national = digits.starts_with(b"0") && !digits.starts_with(b"00");
            if is_french(&digits) && (!national || Phone::french(page, run.start).is_some()) {
                report.push(hit.range, hit.confidence.saturating_sub(1));
            }
        }
    }
}

/// `0` or `33`, perhaps `0033` or a trunk zero more, and nine digits that do not begin with 0.
fn is_french(digits: &[u8]) -> bool {
    let digits = digits.strip_prefix(b"00").unwrap_or(digits);
    let international = digits.strip_prefix(b"33").map(|rest| rest.strip_prefix(b"0").unwrap_or(rest));
    let national = digits.strip_prefix(b"0");
    [international, national].into_iter().flatten().any(|number| number.len() == 9 && !number.starts_with(b"0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        for (digits, expected) in [
            ("0612345678", true),
            ("33612345678", true),
            ("330612345678", true),
            ("0033612345678", true),
            ("4930901820", false),
            ("061234567", false),
        ] {
            assert_eq!(is_french(digits.as_bytes()), expected, "{digits}");
        }
    }
}
