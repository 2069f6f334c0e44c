//! Telephone numbers: international (ITU-T E.164, `+33 6 …`, `0033 …`, `+33 (0)6 …`) that exist in their region's plan, the
//! French national form (ARCEP decision 2018-0881: `0`, a digit from 1 to 9, four pairs), the North American one, and those
//! of other regions behind a word that says so; Italian ones in letters without it, too.
//!
//! False friends: timestamps with an offset, SVG paths, order numbers, decimals. Ten digits in one piece are only possible
//! without a word that says so; five pairs or a prefix are sure.

use std::ops::Range;

use smallvec::SmallVec;

use super::italian::{self, italian};
use super::plan;
use super::shapes::{Number, american, extended, pairs_around, trunk_in_groups};
use super::words::{DIRECT_WORDS, WEAK_WORDS, WORDS};
use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, announce};

/// Bytes before a national form in which its word must stand.
const NATIONAL_BYTES: usize = 40;
/// Digits of the shortest number, which needs a word directly before it.
const DIGITS_MIN: usize = 6;
/// Digits of the shortest number behind a word that announces other things as well.
const WEAK_DIGITS_MIN: usize = 8;

/// Finds telephone numbers.
#[derive(Debug)]
pub(in crate::detect) struct Phone {
    context: Context,
    /// Words that must stand directly before a national form of other regions.
    words: Context,
    /// Words that announce other things as well.
    weak: Context,
    italian: italian::Words,
}

impl Phone {
    pub(in crate::detect) fn new() -> Self {
        let [context, words, weak] = [WORDS, DIRECT_WORDS, WEAK_WORDS].map(|words| Context::new(words.iter().copied()));
        Self { context, words, weak, italian: italian::Words::new() }
    }

    /// `+` or `00`, calling code, number.
    fn international(page: &Page<'_>, plus: usize, digits_from: usize) -> Option<Range<usize>> {
        let number = Number::read(page, digits_from);
        // Blanks may tie the next word's digits to the number: the longest prefix of whole groups that exists is taken.
        number.ends.iter().rev().find_map(|&(count, end)| {
            let right = (7..=16).contains(&count) && number.digits.get(..count).is_some_and(plan::exists);
            (right && !page.byte(end).is_ascii_alphanumeric()).then_some(plus..end)
        })
    }

    /// `0`, `1` to `9`, eight digits: in one piece or in pairs that one kind of separator parts.
    pub(super) fn french(page: &Page<'_>, start: usize) -> Option<(Range<usize>, bool)> {
        let number = Number::read(page, start);
        let (_, end) = *number.ends.iter().find(|(count, _)| *count == 10)?;
        let written = page.text.get(start..end)?;
        let second = *number.digits.get(1)?;
        let blanks = written.bytes().filter(|byte| !byte.is_ascii_digit()).count();
        let groups: SmallVec<[usize; 10]> =
            written.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).map(str::len).collect();
        let shaped = matches!(
            groups.as_slice(),
            [10] | [2, 2, 2, 2, 2]
                | [4, 3, 3]
                | [4, 2, 2, 2]
                | [2, 4, 4]
                | [1, 1, 1, 1, ..]
                | [1, 1, 2, 2, 2, 2]
                | [1, 3, 3, 3]
                | [2, 3, 3, 2]
        );
        let counting = number.digits.starts_with(b"0123456789");
        let right = !counting && number.digits.first() == Some(&b'0') && (b'1'..=b'9').contains(&second) && shaped;
        (right && !page.byte(end).is_ascii_alphanumeric()).then_some((start..end, blanks > 0))
    }
}

impl Phone {
    /// National forms: those of North America by their shape, those with a trunk zero in groups that a region has, all others
    /// behind a word for a telephone.
    fn national(&self, page: &Page<'_>, start: usize, report: &mut Report<'_>) {
        let bracket = page.before(start) == b'(';
        let from = start - usize::from(bracket);
        if page.before(from).is_ascii_alphanumeric() {
            return;
        }
        let number = Number::read(page, start);
        if let Some((range, confidence)) = american(page, &number, from..start) {
            report.push(range.start..extended(page, range.end), confidence);
            return;
        }
        let announced = || announce::announces(&self.words, page, from, NATIONAL_BYTES);
        let opened = |end: usize| {
            let closes = page.text.get(start..end).is_some_and(|written| written.contains(')'));
            if bracket && closes { from } else { start }
        };
        if let Some(end) = trunk_in_groups(page, &number, start) {
            report.push(opened(end)..extended(page, end), if announced() { 92 } else { 62 });
            return;
        }
        if number.ends.last().is_none_or(|&(count, _)| count < DIGITS_MIN) {
            return;
        }
        let strong = announced();
        if !strong && !announce::announces(&self.weak, page, from, NATIONAL_BYTES) {
            if let Some((end, confidence)) = italian(&self.italian, page, &number, start) {
                report.push(opened(end)..extended(page, end), confidence);
            }
            return;
        }
        let digits_min = if strong { DIGITS_MIN } else { WEAK_DIGITS_MIN };
        let found = number.ends.iter().rev().find_map(|&(count, end)| {
            let digits = number.digits.get(..count).filter(|digits| (digits_min..=15).contains(&digits.len()))?;
            let closed = !page.byte(end).is_ascii_alphanumeric();
            (closed && (is_line(digits) || strong && is_dialled(digits))).then_some(end)
        });
        if let Some(end) = found {
            report.push(opened(end)..extended(page, end), 88);
        }
    }
}

/// Whether digits are a fixed line or a mobile of a region, with its trunk prefix or without.
fn is_line(digits: &[u8]) -> bool {
    plan::near().any(|region| {
        let trunk = region.trunk.and_then(|trunk| digits.strip_prefix(trunk.as_bytes()));
        trunk.is_some_and(|digits| region.has_line(digits)) || region.has_line(digits)
    })
}

/// Whether digits are what somebody dials: a service, a number that shows the trunk zero of old (`0-22 …`), or an international
/// one without its plus.
fn is_dialled(digits: &[u8]) -> bool {
    let service = |digits: &[u8]| {
        plan::near().any(|region| {
            let trunk = region.trunk.and_then(|trunk| digits.strip_prefix(trunk.as_bytes()));
            trunk.is_some_and(|digits| region.has(digits)) || region.has(digits)
        })
    };
    service(digits)
        || digits.strip_prefix(b"0").is_some_and(is_line)
        || digits.len() >= 10 && !digits.starts_with(b"0") && plan::exists(digits)
}

impl Detector for Phone {
    fn card(&self) -> Card {
        Card { id: "phone", country: "*", method: "numbering plans of all regions (E.164 and national), context" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let start = run.start;
        let before = page.before(start);
        let plus = match before {
            b'+' => Some(start - 1),
            b'(' | b' ' if page.before(start - 1) == b'+' => Some(start - 2),
            _ => None,
        };
        if let Some(plus) = plus {
            let open = page.before(plus);
            if !open.is_ascii_alphanumeric()
                && let Some(range) = Self::international(page, plus, start)
            {
                report.push(range.start..extended(page, range.end), 95);
            }
            return;
        }
        // The number is the tail of something longer: a decimal, a date, a reference, a longer row of groups.
        let behind = page.before(start.saturating_sub(1));
        let decimal = behind.is_ascii_digit() && matches!(before, b'.' | b'/' | b',' | b':');
        let reference = behind.is_ascii_alphanumeric() && matches!(before, b'-' | b'_');
        if decimal || reference {
            return;
        }
        if page.byte(start) != b'0' {
            self.national(page, start, report);
            return;
        }
        let zeros = page.byte(start + 1) == b'0';
        if zeros {
            if before == b'.' {
                return;
            }
            if let Some(range) = Self::international(page, start, start + 2) {
                let near = self.context.is_near(page, &range);
                report.push(range, if near { 95 } else { 75 });
            }
        } else if let Some((range, separated)) = Self::french(page, start) {
            let near = self.context.is_near(page, &range);
            let (before, behind) = pairs_around(page, &range);
            let confidence = match (before, behind) {
                _ if near => 97,
                // Bytes in hexadecimal or cells of a table.
                (true, true) => return,
                // The same, or one of several numbers in a row.
                (true, false) | (false, true) => 60,
                (false, false) if separated => 88,
                (false, false) => 70,
            };
            report.push(range, confidence);
        } else {
            self.national(page, start, report);
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    fn find(text: &str) -> Vec<(&str, u8)> {
        let phone = Phone::new();
        let mut sink = Sink::new(crate::detect::page::Used::default());
        let lexicon = crate::detect::lexicon::Lexicon::new([]);
        crate::detect::scan::words_and_numbers(text, &lexicon, |event| {
            if let crate::detect::scan::Event::Number(run) = event {
                let page = Page { text, key: None };
                phone.look(&page, &Mark::Number(run), &mut Report { sink: &mut sink, detector: 0 });
            }
        });
        sink.hits.into_iter().map(|hit| (&text[hit.range], hit.confidence)).collect()
    }

    #[test]
    fn positives() {
        for (name, text, expected) in [
            ("E.164", "+33612345678", "+33612345678"),
            ("spaced", "+33 6 12 34 56 78.", "+33 6 12 34 56 78"),
            ("trunk prefix", "+33 (0)6 12 34 56 78", "+33 (0)6 12 34 56 78"),
            ("code in brackets", "(+49) 30 901820", "(+49) 30 901820"),
            ("double zero", "0033 6 12 34 56 78", "0033 6 12 34 56 78"),
            ("pairs", "06 12 34 56 78", "06 12 34 56 78"),
            ("dots", "01.42.68.53.00", "01.42.68.53.00"),
            ("one piece", "0612345678,", "0612345678"),
            ("US", "+1 415-555-0132", "+1 415-555-0132"),
            ("followed by another number", "+33 6 12 34 56 78 12", "+33 6 12 34 56 78"),
            ("link", "tel:+33612345678", "+33612345678"),
            ("North America, brackets", "(415) 555-0132", "(415) 555-0132"),
            ("North America, dashes", "415-555-0132", "415-555-0132"),
            ("German", "Tel.: 030 901820", "030 901820"),
            ("Italian", "telefono 06 678 4343", "06 678 4343"),
            ("Philippine", "mobile 0917 123 4567", "0917 123 4567"),
            ("trunk zero in brackets", "au (0)6 12 34 56 78", "0)6 12 34 56 78"),
            ("area in brackets", "unter (030) 901820", "030) 901820"),
            ("slash", "Zentrale 0171/2345678.", "0171/2345678"),
            ("British", "on 020 7946 0958 today", "020 7946 0958"),
            ("Belgian", "gsm 0475/12.34.56", "0475/12.34.56"),
            ("Italian with the zero in brackets", "+39 (0)2 12345678", "+39 (0)2 12345678"),
            ("one before", "now 1-415-555-0132 or", "1-415-555-0132"),
            ("one and brackets", "now 1 (415) 555-0132 or", "1 (415) 555-0132"),
            ("extension", "212-736-5000 ext. 42", "212-736-5000 ext. 42"),
            ("extension behind a plus", "+1 212 736 5000 x123.", "+1 212 736 5000 x123"),
            ("code without plus", "tél. 33612345678", "33612345678"),
            ("service", "bel 0900-1234", "0900-1234"),
            ("old trunk zero", "tel. (0-22) 123 45 67", "0-22) 123 45 67"),
            ("Luxembourg", "Tél. : 26 12 34", "26 12 34"),
            ("bracket of the sentence", "my tel (3121234567)", "3121234567"),
            ("Polish", "nr telefonu 601-234-567", "601-234-567"),
            ("Italian mobile", "Mi richiami al 338 765 4321.", "338 765 4321"),
            ("Italian line behind its article", "allo 080.5212345", "080.5212345"),
            ("camel case", "WhatsApp 320/1234567", "320/1234567"),
            ("Italian extension", "Tel. 0165-123456 int. 12", "0165-123456 int. 12"),
            ("Italian service", "Numero verde 800 123456", "800 123456"),
            ("before a line of a log", "phone 030 901820\n2025-11-04 09:12:33 INFO", "030 901820"),
            ("before a day and an hour", "+33 6 12 34 56 78 04/11/2025 09:12", "+33 6 12 34 56 78"),
        ] {
            let found = find(text);
            // The bracket before the plus is not part of the number.
            let expected = expected.trim_start_matches('(');
            let first = found.first().map(|(text, _)| text.trim_start_matches('('));
            assert_eq!(first, Some(expected), "{name}");
        }
    }

    #[test]
    fn false_friends() {
        for (name, text) in [
            ("svg", "M.0078 31.39-12.3 0 01.5.5"),
            ("timestamp", "2024-11-22T15:30:00+01:00"),
            ("version", "v01.12.34.56.78.90"),
            ("date", "22/01/2024 01/02/2024"),
            ("no such code", "+999 123 456 789"),
            ("too long", "061234567812"),
            ("decimal", "0.0612345678"),
            ("order", "CMD-0012345678901"),
            ("counting", "0123456789"),
            ("date in front", "am 04-12-2024 15 Uhr"),
            (
                "times of a log",
                "phone gateway down\n2025-11-04 09:12:33 ERROR phone gateway down\n2025-11-04 10:12:34,412 INFO",
            ),
            ("time behind a day", "phone: 04/11/2025 09:12, phone 4.11.25 23:59:01.5, phone 20251104 09:12:33"),
            ("time behind a year", "call from phone on 4 Nov, phone 2025 09:12"),
            ("amount", "01 234 567,89"),
            ("bytes", "30 0d 06 09 01 42 68 53 00 01 05"),
        ] {
            assert_eq!(find(text), [], "{name}");
        }
    }
}
