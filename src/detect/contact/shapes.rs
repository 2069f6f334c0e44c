//! How telephone numbers are written: digits in groups, the forms that tell by themselves, extensions, and what stands around.

use std::ops::Range;

use smallvec::SmallVec;

use super::plan;
use crate::detect::page::Page;

/// Bytes that a number with separators may span.
const SPAN_BYTES_MAX: usize = 48;

/// Whether further pairs of digits stand directly before and behind a number.
pub(super) fn pairs_around(page: &Page<'_>, range: &Range<usize>) -> (bool, bool) {
    let gap = |byte: u8| matches!(byte, b' ' | b'.' | b'-' | b':');
    let pair = |at: usize| page.byte(at).is_ascii_hexdigit() && page.byte(at + 1).is_ascii_hexdigit();
    let start = range.start;
    let before =
        start >= 3 && gap(page.byte(start - 1)) && pair(start - 3) && !page.before(start - 3).is_ascii_alphanumeric();
    let behind = gap(page.byte(range.end)) && pair(range.end + 1) && !page.byte(range.end + 3).is_ascii_alphanumeric();
    (before, behind)
}

/// Digits with separators between them, read from left to right.
pub(super) struct Number {
    pub(super) digits: SmallVec<[u8; 24]>,
    /// After how many digits a group ends, and where in the text.
    pub(super) ends: SmallVec<[(usize, usize); 8]>,
}

impl Number {
    pub(super) fn read(page: &Page<'_>, start: usize) -> Self {
        let mut number = Self { digits: SmallVec::new(), ends: SmallVec::new() };
        let mut at = start;
        let mut began: SmallVec<[usize; 8]> = SmallVec::new();
        while at < start + SPAN_BYTES_MAX && number.digits.len() < 18 {
            let end = page.right(at, 18, |byte| byte.is_ascii_digit());
            if end == at {
                break;
            }
            number.digits.extend_from_slice(page.text.as_bytes().get(at..end).unwrap_or_default());
            number.ends.push((number.digits.len(), end));
            began.push(at);
            at = end;
            at = page.right(at, 3, is_gap);
            // `+33 (0)6`: the trunk prefix is written but not dialled.
            if page.before(at) == b'(' && page.byte(at) == b'0' && page.byte(at + 1) == b')' {
                at = page.right(at + 1, 3, is_gap);
            }
        }
        number.leave_moment(page, &began);
        number
    }

    /// Leaves a date and the hour behind it to whom they belong: in `2025-11-04 09:12:33` a colon and minutes follow the last group, and
    /// the groups before are a date, or the year of one.
    fn leave_moment(&mut self, page: &Page<'_>, began: &[usize]) {
        let Some(&(_, end)) = self.ends.last() else { return };
        let minutes = page.right(end + 1, 3, |byte| byte.is_ascii_digit()) == end + 3 && page.byte(end + 1) <= b'5';
        if page.byte(end) != b':' || !minutes {
            return;
        }
        let groups: SmallVec<[&str; 8]> =
            began.iter().zip(&self.ends).filter_map(|(&start, &(_, end))| page.text.get(start..end)).collect();
        let Some((hour, before)) = groups.split_last() else { return };
        let date = match before {
            [.., one, two, three] if is_date([one, two, three]) => 3,
            [.., day] if is_compact_date(day) => 1,
            [year] if is_year(year) => 1,
            _ => return,
        };
        if hour.len() > 2 || !is_within(hour, 0..=24) {
            return;
        }
        self.ends.truncate(before.len() - date);
        self.digits.truncate(self.ends.last().map_or(0, |&(count, _)| count));
    }
}

/// Whether three groups are a day, in the order of any country, with two digits of the year or four.
fn is_date(groups: [&str; 3]) -> bool {
    let pair = |text: &str, to: u32| text.len() <= 2 && is_within(text, 1..=to);
    let day = |one: &str, two: &str| pair(one, 31) && pair(two, 12) || pair(one, 12) && pair(two, 31);
    match groups {
        [year, month, of] if year.len() == 4 => is_year(year) && day(of, month),
        [one, two, year] => day(one, two) && (is_year(year) || year.len() == 2),
    }
}

/// Whether one group is a day: `20251104`.
fn is_compact_date(text: &str) -> bool {
    match (text.len(), text.get(..4), text.get(4..6), text.get(6..)) {
        (8, Some(year), Some(month), Some(day)) => is_date([year, month, day]),
        _ => false,
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_within(text, 1900..=2099)
}

fn is_within(text: &str, range: std::ops::RangeInclusive<u32>) -> bool {
    text.parse().is_ok_and(|number| range.contains(&number))
}

const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'/' | b'(' | b')' | b'\n' | b'_')
}

/// The end of a number that needs no word: `0171/2345678`, `(030) 901820`, `020 7946 0958`: a trunk zero, an area or network
/// apart from the rest, nine digits and more that are a line of a region, and nothing behind that goes on.
pub(super) fn trunk_in_groups(page: &Page<'_>, number: &Number, start: usize) -> Option<usize> {
    let &(count, end) = number.ends.last()?;
    let written = page.text.get(start..end)?;
    let groups: SmallVec<[usize; 10]> =
        written.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).map(str::len).collect();
    let gaps = written.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'/' | b')'));
    let area = groups.first().is_some_and(|first| (2..=5).contains(first));
    let shaped = (2..=5).contains(&groups.len()) && area && groups.iter().all(|&group| group > 1);
    let date = matches!(groups.as_slice(), [2, 2, 4, ..]);
    let trunk = matches!(number.digits.as_slice(), [b'0', b'1'..=b'9', ..]) && (9..=12).contains(&count);
    let before = page.before(start);
    let open = !matches!(before, b'.' | b'/' | b'-' | b'_' | b':' | b'#' | b'=')
        && !page.before(start.saturating_sub(1)).is_ascii_digit();
    let decimal = matches!(page.byte(end), b'.' | b',' | b':') && page.byte(end + 1).is_ascii_digit();
    let closed = !page.byte(end).is_ascii_alphanumeric() && !decimal;
    let (before_pairs, behind_pairs) = pairs_around(page, &(start..end));
    if !gaps || !shaped || date || !trunk || !open || !closed || before_pairs || behind_pairs {
        return None;
    }
    let rest = number.digits.get(1..)?;
    let line = plan::near()
        .filter(|region| region.trunk == Some("0") || region.name == "IT")
        .any(|region| region.has_line(if region.name == "IT" { &number.digits } else { rest }));
    line.then_some(end)
}

/// The end of a number with its extension: `ext. 42`, `x123`, `poste 12`.
pub(super) fn extended(page: &Page<'_>, end: usize) -> usize {
    let gap = page.right(end, 2, |byte| matches!(byte, b' ' | b',' | b';'));
    let rest = page.text.as_bytes().get(gap..).unwrap_or_default();
    let word = EXTENSIONS
        .iter()
        .find(|word| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes())));
    let Some(word) = word.filter(|word| gap > end || word.len() == 1) else { return end };
    let digits = page.right(gap + word.len(), 3, |byte| matches!(byte, b' ' | b'.' | b':' | b'#'));
    let last = page.right(digits, 6, |byte| byte.is_ascii_digit());
    if (1..=5).contains(&(last - digits)) && !page.byte(last).is_ascii_alphanumeric() { last } else { end }
}

/// Words before an extension, the longer of two first.
const EXTENSIONS: &[&str] = &["extension", "ext", "poste", "durchwahl", "dw", "toestel", "interno", "int", "x"];

/// `(415) 555-0132`, `415-555-0132`, `415.555.0132`, a `1` before any of them, where area and exchange exist.
pub(super) fn american(page: &Page<'_>, number: &Number, from: Range<usize>) -> Option<(Range<usize>, u8)> {
    if let [(1, one), ..] = number.ends.as_slice()
        && number.digits.first() == Some(&b'1')
        && matches!(page.byte(*one), b' ' | b'-' | b'.')
    {
        let start = page.right(*one, 3, is_gap);
        let bracket = page.before(start) == b'(';
        let (range, confidence) = without_one(page, &Number::read(page, start), start - usize::from(bracket)..start)?;
        return Some((from.end..range.end, confidence));
    }
    without_one(page, number, from)
}

fn without_one(page: &Page<'_>, number: &Number, from: Range<usize>) -> Option<(Range<usize>, u8)> {
    let [(3, area), (6, exchange), (10, end), ..] = number.ends.as_slice() else { return None };
    let bracket = !from.is_empty() && page.byte(*area) == b')';
    let dashed =
        page.byte(*area) == page.byte(*exchange) && matches!(page.byte(*area), b'-' | b'.') && exchange - area == 4;
    let exists = number.digits.get(..10).is_some_and(|digits| {
        ["US", "CA"].iter().filter_map(|name| plan::region(name)).any(|region| region.has(digits))
    });
    let longer = page.byte(*end).is_ascii_alphanumeric() && !matches!(page.byte(*end), b'x' | b'X')
        || matches!(page.byte(*end), b'-' | b'.') && page.byte(end + 1).is_ascii_digit();
    let start = if bracket { from.start } else { from.end };
    match (bracket, dashed) {
        _ if !exists || longer => None,
        (true, _) => Some((start..*end, 88)),
        (false, true) => Some((start..*end, 72)),
        _ => None,
    }
}
