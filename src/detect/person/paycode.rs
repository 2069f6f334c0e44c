//! Names in the codes of payment slips, which are lines in a fixed order: the EPC's (`BCD`, then version, character set, `SCT`, BIC, name,
//! IBAN) and the Swiss one (`SPC`, then version, coding, IBAN, kind of address, name and five lines of address).
//!
//! Payees are companies as often as people, so one word alone and the words of companies are none.

use super::whole::{Trust, whole};
use crate::detect::page::{Page, Report};

/// A code: its first line, what another line of it begins with, and the lines that are names, all counted from its first.
struct Code {
    head: &'static str,
    sign: (usize, &'static str),
    names: &'static [usize],
}

/// The EPC's guidelines 069-12; the Swiss Implementation Guidelines QR-bill, payee and payer.
const CODES: [Code; 2] =
    [Code { head: "BCD", sign: (3, "SCT"), names: &[5] }, Code { head: "SPC", sign: (1, "02"), names: &[5, 21] }];
/// Lines of the longest.
const LINES_MAX: usize = 22;
/// Confidence in a name.
const CONFIDENCE: u8 = 84;

/// Reports the names of all codes of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for code in &CODES {
        for start in memchr::memmem::find_iter(page.text.as_bytes(), code.head.as_bytes()) {
            if matches!(page.before(start), 0 | b'\n') {
                read(page, start, code, report);
            }
        }
    }
}

/// Reads the code that may begin here.
fn read(page: &Page<'_>, start: usize, code: &Code, report: &mut Report<'_>) {
    let mut at = start;
    let lines = page.text.get(start..).unwrap_or_default().split('\n').take(LINES_MAX).map(|line| {
        let range = at..at + line.trim_end().len();
        at += line.len() + 1;
        (line.trim_end(), range)
    });
    let lines: Vec<_> = lines.collect();
    let line = |number: usize| lines.get(number);
    let is_code = line(0).is_some_and(|(own, _)| *own == code.head)
        && line(code.sign.0).is_some_and(|(own, _)| own.starts_with(code.sign.1));
    for (_, range) in code.names.iter().filter(|_| is_code).filter_map(|number| line(*number)) {
        if let Some((name, _)) = whole(page.text, range.clone(), Trust::People).filter(|(_, words)| *words > 1) {
            report.push(name, CONFIDENCE);
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_codes() {
        let swiss = "SPC\n0200\n1\nCH4431999123000889012\nS\nCamille Aubertin\nRue du Lac\n1268\n2501\nBiel\nCH\n\n\n\n\n\n\n\n\
                     199.95\nCHF\nS\nXiomara Quispe\nRue";
        for (text, expected) in [
            (
                "BCD\n002\n1\nSCT\nBNPAFRPP\nCamille Aubertin\nFR7630006000011234567890189\nEUR12.50",
                &["Camille Aubertin"][..],
            ),
            ("Code :\nBCD\r\n001\r\n1\r\nSCT\r\n\r\nAUBERTIN CAMILLE\r\nFR76", &["AUBERTIN CAMILLE"]),
            (swiss, &["Camille Aubertin", "Xiomara Quispe"]),
            ("BCD\n002\n1\nSCT\nBNPAFRPP\nCroix-Rouge\nFR76", &[]),
            ("BCD\n002\n1\nSCT\nBNPAFRPP\nACME France SAS\nFR76", &[]),
            ("BCD\nis a code\nof decimals\nand\nso\nCamille Aubertin", &[]),
            ("ABCD\n002\n1\nSCT\nX\nCamille Aubertin", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
