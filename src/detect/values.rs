//! Values that a call has shown once, found again without what gave them away: with other separators or none, backwards, in
//! base64.
//!
//! A number with `SIREN` before it is one; repeated bare ten messages later, or read from its end, it is still the same. Only
//! numbers are followed: eight letters and digits and more, six of them digits.

use std::collections::HashMap;
use std::ops::Range;

use smallvec::SmallVec;

use super::encoded;
use super::glance::Bits;
use super::page::Sink;
use super::scan;

/// Letters and digits of a value.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 8..=40;
/// Digits of a value.
const DIGITS_MIN: usize = 6;
/// Values of one call that are looked for elsewhere. Beyond it the scan is partial.
const VALUES_MAX: usize = 16_384;
/// Confidence in a known value in another spelling, and backwards.
const CONFIDENCE: (u8, u8) = (80, 80);

/// Letters and digits with which values are told apart before they are looked up.
const HEAD_BYTES: usize = 4;

/// Letters and digits of a value, letters in upper case.
type Compact = SmallVec<[u8; 64]>;

/// The values of one call.
#[derive(Default)]
pub(super) struct Values {
    /// The detector that found it, and the confidence with which it is found again.
    known: HashMap<Compact, (u16, u8)>,
    /// One bit for each length.
    lengths: u64,
    /// How values begin: nearly every number of a text is turned away by it.
    heads: Bits,
    /// Set when a value had to be left out.
    pub(super) full: bool,
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Values({})", self.known.len())
    }
}

impl Values {
    /// Notes a value that a detector is sure of.
    pub(super) fn note(&mut self, value: &str, detector: u16) {
        if value.len() < *VALUE_BYTES.start() || value.len() > 4 * VALUE_BYTES.end() {
            return;
        }
        // What is no number in groups (an address, a URL, a sentence) is not followed.
        let mut compact = Compact::new();
        let mut digits = 0;
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                digits += usize::from(byte.is_ascii_digit());
                compact.push(byte.to_ascii_uppercase());
            } else if !is_separator(byte) {
                return;
            }
        }
        if !VALUE_BYTES.contains(&compact.len()) || digits < DIGITS_MIN || self.known.contains_key(&compact) {
            return;
        }
        if self.known.len() >= 2 * VALUES_MAX {
            self.full = true;
            return;
        }
        self.lengths |= 1 << compact.len();
        let backwards: Compact = compact.iter().rev().copied().collect();
        self.heads.insert(head(&compact));
        self.heads.insert(head(&backwards));
        self.known.insert(compact, (detector, CONFIDENCE.0));
        self.known.entry(backwards).or_insert((detector, CONFIDENCE.1));
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Reports every known value of a text, also in what its runs decode to, if any does.
    pub(super) fn find(&self, text: &str, encoded: bool, sink: &mut Sink) {
        self.each(text.as_bytes(), |range, (detector, confidence)| sink.push(detector, range, confidence));
        if !encoded {
            return;
        }
        encoded::each(text, |range, decoded| {
            self.each(decoded.as_bytes(), |_, (detector, confidence)| sink.push(detector, range.clone(), confidence));
        });
    }

    fn each(&self, bytes: &[u8], mut found: impl FnMut(Range<usize>, (u16, u8))) {
        // A value has a digit among its first letters, or is written in one piece that has one.
        scan::runs_with_digits(bytes, |run| {
            let head = bytes.get(run.start..run.end.min(run.start + 4)).unwrap_or_default();
            if run.len() >= *VALUE_BYTES.start() || head.iter().any(u8::is_ascii_digit) {
                self.at(bytes, run.start, &mut found);
            }
        });
    }

    /// Compares what begins at one place, up to each end of a group.
    fn at(&self, bytes: &[u8], start: usize, found: &mut impl FnMut(Range<usize>, (u16, u8))) {
        let mut compact = Compact::new();
        let mut end = start;
        let mut seen = false;
        loop {
            let run = run_end(bytes, end);
            if compact.len() + run - end > *VALUE_BYTES.end() {
                return;
            }
            compact.extend(bytes.get(end..run).unwrap_or_default().iter().map(u8::to_ascii_uppercase));
            if !seen && compact.len() >= HEAD_BYTES {
                if !self.heads.holds(head(&compact)) {
                    return;
                }
                seen = true;
            }
            if self.lengths >> compact.len() & 1 == 1
                && let Some(&known) = self.known.get(&compact)
            {
                found(start..run, known);
            }
            let next = run + usize::from(bytes.get(run).is_some_and(|&byte| is_separator(byte)));
            if next == run || !bytes.get(next).is_some_and(u8::is_ascii_alphanumeric) {
                return;
            }
            end = next;
        }
    }
}

/// The first letters and digits of a value.
fn head(compact: &[u8]) -> u64 {
    compact.first_chunk::<HEAD_BYTES>().map_or(0, |head| u64::from(u32::from_le_bytes(*head)))
}

fn run_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'.' | b'/' | b'_' | b'-')
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn values_are_found_again() {
        let mut values = Values::default();
        values.note("732 829 320", 3);
        values.note("FR14 2004 1010 0505 0001 3M02 606", 4);
        values.note("a@b.fr", 5);
        values.note("1234567", 5);
        let encoded = base64::engine::general_purpose::STANDARD.encode("x=732829320,");
        for (name, text, expected) in [
            ("bare", "x 732829320 y", Some("732829320")),
            ("other groups", "7328-29320", Some("7328-29320")),
            ("backwards", "(023928237)", Some("023928237")),
            ("letters", "606 20M3 1000", None),
            ("an IBAN in small letters", "fr1420041010050500013m02606", Some("fr1420041010050500013m02606")),
            ("within a number", "17328293201", None),
            ("base64", encoded.as_str(), Some(encoded.as_str())),
            ("nothing of it", "a@b.fr 1234567", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            values.find(text, true, &mut sink);
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{name}");
        }
    }
}
