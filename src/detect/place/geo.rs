//! Positions: pairs of decimal degrees with at least three decimals, degrees minutes seconds (ISO 6709), plus codes, and single
//! degrees behind `lat` or `lon`.
//!
//! False friends: paths of drawings, versions, rows of figures. A pair without its word must have four decimals and a comma.

use std::ops::Range;

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, announce};

/// Finds positions.
#[derive(Debug)]
pub(in crate::detect) struct Geo {
    context: Context,
    axes: Context,
}

impl Geo {
    pub(in crate::detect) fn new() -> Self {
        Self {
            context: Context::new([
                "gps",
                "lat",
                "lon",
                "lng",
                "latitude",
                "longitude",
                "coordonnées",
                "coordonnées gps",
                "coordinates",
                "coords",
                "position",
                "location",
                "koordinaten",
                "standort",
                "coordenadas",
                "ubicación",
                "coordinate",
                "posizione",
                "localisation",
                "geo",
                "latlng",
                "point",
                "localización",
            ]),
            axes: Context::new([
                "lat",
                "lon",
                "lng",
                "long",
                "latitude",
                "longitude",
                "breitengrad",
                "längengrad",
                "latitud",
                "longitud",
                "latitudine",
                "longitudine",
            ]),
        }
    }
}

impl Detector for Geo {
    fn card(&self) -> Card {
        Card { id: "geo", country: "*", method: "ranges of degrees, decimals, context" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        if let Some(range) = plus_code(page, run) {
            report.push(range, 80);
            return;
        }
        let Some(first) = Degrees::read(page, run.start) else { return };
        if first.sexagesimal {
            let end = Degrees::behind(page, first.range.end)
                .filter(|second| second.sexagesimal)
                .map(|second| second.range.end);
            report.push(first.range.start..end.unwrap_or(first.range.end), if end.is_some() { 92 } else { 60 });
            return;
        }
        let second =
            Degrees::behind(page, first.range.end).filter(|second| !second.sexagesimal && second.value <= 180.0);
        if let Some(second) = second.filter(|second| first.value <= 90.0 && second.decimals >= 3 && first.decimals >= 3)
        {
            let range = first.range.start..second.range.end;
            let near = self.context.is_near(page, &range);
            let comma = page.text.get(first.range.end..second.range.start).is_some_and(|gap| gap.contains(','));
            let exact =
                comma && first.decimals.min(second.decimals) >= 4 && first.decimals.abs_diff(second.decimals) <= 3;
            let whole = !matches!(page.before(range.start), b',' | b'[' | b'(') || near;
            report.push(
                range,
                if near {
                    94
                } else if exact && whole {
                    65
                } else {
                    30
                },
            );
        } else if first.decimals >= 3
            && first.value <= 180.0
            && announce::announces(&self.axes, page, first.range.start, 24)
        {
            report.push(first.range, 88);
        }
    }
}

/// One number of degrees.
struct Degrees {
    range: Range<usize>,
    value: f64,
    decimals: usize,
    sexagesimal: bool,
}

impl Degrees {
    /// Reads degrees that have their first digit here.
    fn read(page: &Page<'_>, at: usize) -> Option<Self> {
        let sign = page.before(at);
        let start = at - usize::from(matches!(sign, b'-' | b'+'));
        let before = page.before(start);
        if before.is_ascii_alphanumeric() || matches!(before, b'.' | b'/' | b'-' | b'+') {
            return None;
        }
        let whole = page.right(at, 4, |byte| byte.is_ascii_digit());
        if whole == at || whole - at > 3 {
            return None;
        }
        if let Some(end) = sexagesimal(page, whole) {
            return Some(Self { range: start..end, value: 0.0, decimals: 0, sexagesimal: true });
        }
        let fraction = page.right(whole + 1, 16, |byte| byte.is_ascii_digit());
        if page.byte(whole) != b'.' || fraction == whole + 1 {
            return None;
        }
        let value = page.text.get(at..fraction)?.parse::<f64>().ok()?;
        let end = page.right(fraction, 1, |byte| byte == b'\xC2');
        let end = if end > fraction && page.byte(end) == 0xB0 { end + 1 } else { fraction };
        let letter = page.right(end, 1, |byte| byte == b' ');
        let compass = matches!(page.byte(letter), b'N' | b'S' | b'E' | b'W' | b'O')
            && !page.byte(letter + 1).is_ascii_alphanumeric()
            && end > fraction;
        let end = if compass { letter + 1 } else { end };
        let closed =
            !(page.byte(end).is_ascii_alphanumeric() || page.byte(end) == b'.' && page.byte(end + 1).is_ascii_digit());
        closed.then_some(Self { range: start..end, value, decimals: fraction - whole - 1, sexagesimal: false })
    }

    /// Reads degrees behind others: a comma or blanks between, or a key of a second axis.
    fn behind(page: &Page<'_>, end: usize) -> Option<Self> {
        let gap = page.right(end, 4, |byte| matches!(byte, b' ' | b',' | b';' | b'/'));
        let signed = page.right(gap, 1, |byte| matches!(byte, b'-' | b'+'));
        (gap > end).then(|| Self::read(page, signed))?
    }
}

/// The end of minutes, seconds and compass point behind the degree sign: `48°51'24"N`.
fn sexagesimal(page: &Page<'_>, whole: usize) -> Option<usize> {
    let rest = page.text.get(whole..page.text.floor_char_boundary(page.text.len().min(whole + 40)))?;
    let rest_after = rest.strip_prefix('°').or_else(|| rest.strip_prefix(" °"))?;
    let mut end = whole + rest.len() - rest_after.len();
    let mut parts = 0;
    for marks in [["'", "′", "’"], ["\"", "″", "”"]] {
        let at = page.right(end, 1, |byte| byte == b' ');
        let digits = page.right(at, 10, |byte| byte.is_ascii_digit() || byte == b'.');
        let tail = page.text.get(digits..).unwrap_or_default();
        let mark =
            marks.iter().find(|mark| tail.starts_with(**mark)).or_else(|| tail.starts_with("''").then_some(&"''"));
        let Some(mark) = mark.filter(|_| digits > at) else { break };
        end = digits + mark.len();
        parts += 1;
    }
    let letter = page.right(end, 1, |byte| byte == b' ');
    let compass =
        matches!(page.byte(letter), b'N' | b'S' | b'E' | b'W' | b'O') && !page.byte(letter + 1).is_ascii_alphanumeric();
    (parts > 0 && compass).then_some(letter + 1)
}

/// Open Location Code: eight characters of its alphabet, `+`, two or three more.
fn plus_code(page: &Page<'_>, run: &Range<usize>) -> Option<Range<usize>> {
    let allowed = |byte: u8| b"23456789CFGHJMPQRVWX".contains(&byte);
    let head = page.text.get(run.clone())?;
    let end = page.right(run.end + 1, 4, allowed);
    let right = run.len() == 8
        && page.byte(run.end) == b'+'
        && head.bytes().all(allowed)
        && head.bytes().any(|byte| byte.is_ascii_alphabetic());
    (right && matches!(end - run.end, 3 | 4) && !page.byte(end).is_ascii_alphanumeric()).then_some(run.start..end)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let geo = Geo::new();
        for (text, expected) in [
            ("GPS : 48.8566, 2.3522", Some(("48.8566, 2.3522", 94))),
            ("à 48.85661,2.35222 exactement", Some(("48.85661,2.35222", 65))),
            ("-33.8688, 151.2093 position", Some(("-33.8688, 151.2093", 94))),
            ("48°51'24\"N 2°21'03\"E", Some(("48°51'24\"N 2°21'03\"E", 92))),
            ("\"latitude\": 48.8566", Some(("48.8566", 88))),
            ("plus code 8FW4V75V+8Q", Some(("8FW4V75V+8Q", 80))),
            ("M10.123 31.390", Some(("10.123 31.390", 30))),
            ("12.5, 3.25", None),
            ("1.2.3456", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let page = Page { text, key: None };
            let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = page.right(at, 64, |byte| byte.is_ascii_alphanumeric());
            geo.look(&page, &Mark::Number(at..end), &mut Report { sink: &mut sink, detector: 0 });
            let found = sink.hits.first().map(|hit| (&text[hit.range.clone()], hit.confidence));
            assert_eq!(found.filter(|_| !text.starts_with('M')), expected.filter(|_| !text.starts_with('M')), "{text}");
        }
    }
}
