//! Names in vCards (RFC 6350): `N:Aubertin;Camille;;Mme;` and `FN:Camille Aubertin`, also with parameters (`N;CHARSET=UTF-8:`).
//!
//! `N` has five parts: family names, given names, further ones, and what stands before and behind them, which is no name.

use std::ops::Range;

use super::parts;
use super::whole::{Trust, whole};
use crate::detect::page::{Page, Report};

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 512;
/// Parts of `N` that are names, and the signs between all of them.
const PARTS: (usize, usize) = (3, 4);
/// Confidence in a part, and in a whole name.
const CONFIDENCE: (u8, u8) = (86, 90);

/// Reports the names of all cards of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    let card = memchr::memmem::find(bytes, b"BEGIN:VCARD").is_some();
    if bytes.starts_with(b"N") {
        line(page, 0, card, report);
    }
    let signs: &[&[u8]] = if card { &[b"\nN:", b"\nN;", b"\nFN"] } else { &[b"\nN:"] };
    for sign in signs {
        for at in memchr::memmem::find_iter(bytes, sign) {
            line(page, at + 1, card, report);
        }
    }
}

/// Reads the line that begins here.
fn line(page: &Page<'_>, start: usize, card: bool, report: &mut Report<'_>) {
    let rest = page.text.as_bytes().get(start..).unwrap_or_default();
    let rest = rest.get(..LINE_BYTES_MAX.min(rest.len())).unwrap_or_default();
    let end = start + memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
    let own = page.text.get(start..end).unwrap_or_default();
    let Some((key, value)) = own.split_once(':') else { return };
    let from = end - value.len();
    let mut push = |range: Range<usize>, confidence| {
        if let Some((name, _)) = whole(page.text, range, Trust::Sure) {
            report.push(name, confidence);
        }
    };
    match key.split(';').next() {
        Some("FN") if card => push(from..end, CONFIDENCE.1),
        // Without its card around it, it is one by its parts.
        Some("N") if card || value.matches(';').count() == PARTS.1 => {
            for part in parts(value, from, ';').take(PARTS.0) {
                push(part, CONFIDENCE.0);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_cards() {
        for (text, expected) in [
            ("N:Aubertin;Camille;;Mme;", &["Aubertin", "Camille"][..]),
            (
                "BEGIN:VCARD\r\nN;CHARSET=UTF-8:Quispe;Xiomara;Ana;;\r\nFN:Xiomara Quispe\r\nEND:VCARD",
                &["Quispe", "Xiomara", "Ana", "Xiomara Quispe"],
            ),
            ("BEGIN:VCARD\nN:Lefèvre;Hélène\nEND:VCARD", &["Lefèvre", "Hélène"]),
            ("N:12;13;;;", &[]),
            ("Q:Aubertin\nN: Aubertin; see below", &[]),
            ("FN:Loop", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
