//! Names in HL7 version 2 (chapter 2A, type XPN): `PID|1||12345||AUBERTIN^CAMILLE^^^MME||19840312|F`.
//!
//! A name has its family name, given name and further ones between carets. Each segment has its names in fields of their own.

use std::ops::Range;

use super::parts;
use super::whole::{Trust, whole};
use crate::detect::page::{Page, Report};

/// Bytes of a segment.
const SEGMENT_BYTES_MAX: usize = 4096;
/// Components of a name that are names.
const PARTS: usize = 3;
/// Confidence in a part.
const CONFIDENCE: u8 = 88;
/// Segments, and the fields that hold somebody's name: the patient's with the mother's maiden name and aliases, of kin, of who insures and
/// who is insured, of who answers.
const SEGMENTS: &[(&[u8], &[usize])] =
    &[(b"PID|", &[5, 6, 9]), (b"NK1|", &[2]), (b"IN1|", &[16]), (b"GT1|", &[3]), (b"STF|", &[3])];

/// Reports the names of all segments of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    // Most texts have no caret.
    if memchr::memchr(b'^', bytes).is_none() {
        return;
    }
    for (head, fields) in SEGMENTS {
        for start in memchr::memmem::find_iter(bytes, head) {
            if page.before(start).is_ascii_alphanumeric() {
                continue;
            }
            let end = page.right(start, SEGMENT_BYTES_MAX, |byte| !matches!(byte, b'\r' | b'\n'));
            segment(page, start..end, fields, report);
        }
    }
}

fn segment(page: &Page<'_>, range: Range<usize>, fields: &[usize], report: &mut Report<'_>) {
    let text = |range: &Range<usize>| page.text.get(range.clone()).unwrap_or_default();
    let range = range.start..page.text.floor_char_boundary(range.end);
    for (_, field) in parts(text(&range), range.start, '|').enumerate().filter(|(place, _)| fields.contains(place)) {
        for repeated in parts(text(&field), field.start, '~') {
            for component in parts(text(&repeated), repeated.start, '^').take(PARTS) {
                if let Some((name, _)) = whole(page.text, component, Trust::Sure) {
                    report.push(name, CONFIDENCE);
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_segments() {
        for (text, expected) in [
            ("PID|1||12345^^^HOP||AUBERTIN^CAMILLE^^^MME||19840312|F", &["AUBERTIN", "CAMILLE"][..]),
            (
                "MSH|^~\\&|A\rPID|1||1||Quispe^Xiomara^Ana~Roussel^^|Petit^^\rNK1|1|Garnier^Luc",
                &["Quispe", "Xiomara", "Ana", "Roussel", "Petit", "Garnier", "Luc"],
            ),
            ("PID|1||12345||1234^^", &[]),
            ("RAPID|1||12345||AUBERTIN^CAMILLE", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
