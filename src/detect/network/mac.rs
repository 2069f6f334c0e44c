//! MAC addresses (IEEE 802): six octets parted by `:` or `-`, or three groups of four parted by dots.
//!
//! False friends: fingerprints of certificates and dumps in hexadecimal, which go on; broadcast and zero.

use std::ops::Range;

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, validate};

/// Finds MAC addresses.
#[derive(Debug)]
pub(in crate::detect) struct Mac {
    context: Context,
}

impl Mac {
    pub(in crate::detect) fn new() -> Self {
        Self {
            context: Context::new([
                "mac",
                "adresse mac",
                "mac address",
                "hardware address",
                "physical address",
                "ether",
                "hwaddr",
                "bssid",
                "bluetooth",
                "wifi",
                "mac-adresse",
                "macs",
            ]),
        }
    }

    /// The address of which a group is at this run.
    fn around(page: &Page<'_>, run: &Range<usize>) -> Option<Range<usize>> {
        let (sign, width, groups) = match (run.len(), page.byte(run.end), page.before(run.start)) {
            (2, sign @ (b':' | b'-'), _) | (2, _, sign @ (b':' | b'-')) => (sign, 2, 6),
            (4, b'.', _) | (4, _, b'.') => (b'.', 4, 3),
            _ => return None,
        };
        let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == sign;
        let length = groups * (width + 1) - 1;
        let start = page.left(run.start, length, is_part);
        let end = page.right(run.end, length, is_part);
        let text = page.text.get(start..end)?;
        let right = text.len() == length
            && text.split(char::from(sign)).count() == groups
            && text.split(char::from(sign)).all(|group| group.len() == width);
        let open = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-');
        let ends = |byte: u8, beyond: u8| !(open(byte) && (byte.is_ascii_alphanumeric() || beyond.is_ascii_hexdigit()));
        let closed =
            ends(page.before(start), page.before(start.saturating_sub(1))) && ends(page.byte(end), page.byte(end + 1));
        (right && closed).then_some(start..end)
    }
}

impl Detector for Mac {
    fn card(&self) -> Card {
        Card { id: "mac", country: "*", method: "structure, context" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let Some(range) = Self::around(page, run) else { return };
        let value = page.text.get(range.clone()).unwrap_or_default();
        // Only the first group that has a digit reports.
        let earlier =
            page.text.get(range.start..run.start).is_some_and(|head| head.bytes().any(|byte| byte.is_ascii_digit()));
        if earlier || validate::check("mac", value) != Some(validate::Verdict::Right) {
            return;
        }
        let near = self.context.is_near(page, &range);
        let dotted = value.contains('.');
        report.push(
            range,
            if near {
                96
            } else if dotted {
                45
            } else {
                82
            },
        );
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let mac = Mac::new();
        for (text, expected) in [
            ("MAC: 00:1A:2B:3C:4D:5E", Some("00:1A:2B:3C:4D:5E")),
            ("host ab-cd-ef-01-b3-4a.", Some("ab-cd-ef-01-b3-4a")),
            ("mac aabb.cc12.eeff", Some("aabb.cc12.eeff")),
            ("00:00:00:00:00:00", None),
            ("10:2F:33-AC-29-C3", None),
            ("00:1A:2B:3C:4D:5E:7F", None),
            ("12:30:45", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let page = Page { text, key: None };
            let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let start = page.left(at, 64, |byte| byte.is_ascii_alphanumeric());
            let end = page.right(at, 64, |byte| byte.is_ascii_alphanumeric());
            mac.look(&page, &Mark::Number(start..end), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
