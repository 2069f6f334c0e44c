//! Names in UN/EDIFACT messages (ISO 9735): `NAD+BY+5412345000013::9++AUBERTIN CAMILLE+12 RUE DE LA PAIX+PARIS++75002+FR'`.
//!
//! The segment of parties has its name in the fifth element, an unstructured one in the fourth. Most parties are companies, so the
//! words must be known as somebody's.

use super::parts;
use super::whole::{Trust, whole};
use crate::detect::page::{Page, Report};

/// Bytes of a segment.
const SEGMENT_BYTES_MAX: usize = 1024;
/// Elements that hold a name: name and address in one, and the name.
const ELEMENTS: std::ops::RangeInclusive<usize> = 3..=4;
/// Confidence in a name.
const CONFIDENCE: u8 = 84;

/// Reports the names of all such segments of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for start in memchr::memmem::find_iter(page.text.as_bytes(), b"NAD+") {
        if page.before(start).is_ascii_alphanumeric() {
            continue;
        }
        let end = page.right(start, SEGMENT_BYTES_MAX, |byte| !matches!(byte, b'\'' | b'\r' | b'\n'));
        let segment = page.text.get(start..page.text.floor_char_boundary(end)).unwrap_or_default();
        let elements = parts(segment, start, '+').enumerate().filter(|(place, _)| ELEMENTS.contains(place));
        for (_, element) in elements {
            for component in parts(page.text.get(element.clone()).unwrap_or_default(), element.start, ':') {
                let name = whole(page.text, component, Trust::Perhaps);
                if let Some((name, _)) = name.filter(|(_, words)| *words > 1) {
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
            ("UNH+1'NAD+BY+++MARTIN CAMILLE+12 RUE DE LA PAIX+PARIS++75002+FR'", &["MARTIN CAMILLE"][..]),
            ("NAD+DP+++Camille Martin:c/o ACME'\nNAD+CN++Paul Dupont:Lyon'", &["Camille Martin", "Paul Dupont"]),
            ("NAD+SU+5412345000013::9++ACME FRANCE SAS+1 RUE+PARIS'", &[]),
            ("GRENAD+BY+++MARTIN CAMILLE'", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
