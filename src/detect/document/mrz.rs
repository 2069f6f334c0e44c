//! Machine-readable zones (ICAO Doc 9303): two or three lines, found at their fillers, decided by the check digits.

use std::ops::Range;

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, validate};

/// Bytes of the longest line.
const LINE_BYTES_MAX: usize = 44;

/// Finds machine-readable zones.
#[derive(Debug)]
pub(in crate::detect) struct Mrz;

impl Detector for Mrz {
    fn card(&self) -> Card {
        Card { id: "mrz", country: "*", method: "lines of 30, 36 or 44, check digits 7-3-1" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["<<<"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        let is_zone = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
        let line = page.left(at, LINE_BYTES_MAX, is_zone)..page.right(at, LINE_BYTES_MAX, is_zone);
        let lines = match line.len() {
            30 => 3,
            36 | 44 => 2,
            _ => return,
        };
        // The filler may stand in any of the lines.
        for before in 0..lines {
            let Some(range) = zone(page, &line, before, lines) else { continue };
            let value = page.text.get(range.clone()).unwrap_or_default();
            if validate::check("mrz", value) == Some(validate::Verdict::Right) {
                report.push(range, 99);
                return;
            }
        }
    }
}

/// The stretch of so many lines of one length, so many of them before this one.
fn zone(page: &Page<'_>, line: &Range<usize>, before: usize, lines: usize) -> Option<Range<usize>> {
    let mut start = line.start;
    for _ in 0..before {
        let gap = page.left(start, 3, |byte| byte.is_ascii_whitespace());
        start = (gap < start).then(|| gap.checked_sub(line.len()))??;
    }
    let mut end = line.end;
    for _ in before + 1..lines {
        let gap = page.right(end, 3, |byte| byte.is_ascii_whitespace());
        end = (gap > end).then_some(gap + line.len())?;
    }
    let open = page.before(start).is_ascii_alphanumeric() || page.byte(end).is_ascii_alphanumeric();
    (!open && end <= page.text.len()).then_some(start..end)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let card = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        for (text, expected) in [
            (format!("Passport:\n{passport}\nend"), Some(passport)),
            (card.to_owned(), Some(card)),
            (passport.replace("7408122", "7408123"), None),
            ("<<<<<<< HEAD".to_owned(), None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let at = text.find("<<<").unwrap();
            Mrz.look(
                &Page { text: &text, key: None },
                &Mark::Literal(at),
                &mut Report { sink: &mut sink, detector: 0 },
            );
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
