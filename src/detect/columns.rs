//! The head of a candidate's column: `nir` over `184127645108946` in a table of commas, semicolons, tabs or bars.
//!
//! A table is a run of lines that hold one delimiter equally often; its first line is its head. Lines are read once, from the
//! top, and only as far as candidates ask: the last few lines are remembered, each with the head of the table that it belongs
//! to for each delimiter. A candidate that begins a little before the last one costs nothing more.

use std::collections::VecDeque;
use std::ops::Range;

use smallvec::SmallVec;

/// What separates the columns of a table.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;
/// Lines that are remembered: more than a candidate can lie behind the one before it. Candidates come by blocks of 64 bytes, one
/// kind behind the other, and each may have a lead of eight letters with a blank before each.
const LINES_MAX: usize = 160;

/// Where a delimiter stands in a line, in order.
type Bounds = SmallVec<[u16; 16]>;

/// The tables of one text, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The last lines that were read, in order.
    lines: VecDeque<Line>,
    /// The delimiters of the last line and of the last head that were asked for.
    row: Option<(Place, Bounds)>,
    head: Option<(Place, Bounds)>,
}

/// A line's start and the delimiter that was looked for in it.
type Place = (usize, u8);

#[derive(Debug, Clone)]
struct Line {
    range: Range<usize>,
    /// For each delimiter, the table that the line belongs to.
    tables: [Table; 4],
    /// Whether it belongs to a table that began above it.
    within: bool,
}

/// The first line of a table and how often its delimiter stands in each of its lines.
type Table = (Range<usize>, usize);

/// Whether a line belongs to a table that began above it.
fn continues((first, count): &Table, line: &Range<usize>) -> bool {
    *count > 0 && first.start != line.start
}

impl Columns {
    /// The place of the head of the column in which an offset lies; `None` outside of tables and in their first line.
    pub(super) fn head(&mut self, text: &str, at: usize) -> Option<Range<usize>> {
        let line = self.line(text, at).filter(|line| line.within && at - line.range.start <= LINE_BYTES_MAX)?;
        let mut tables = DELIMITERS.iter().zip(&line.tables);
        let (&delimiter, (first, _)) = tables.find(|(_, table)| continues(table, &line.range))?;
        let (first, line) = (first.clone(), line.range.clone());
        let row = bounds(&mut self.row, text, &line, delimiter);
        let column = row.partition_point(|&bound| line.start + usize::from(bound) < at);
        let head = bounds(&mut self.head, text, &first, delimiter);
        let from = match column.checked_sub(1) {
            Some(before) => first.start + usize::from(*head.get(before)?) + 1,
            None => first.start,
        };
        let to = head.get(column).map_or(first.end, |&bound| first.start + usize::from(bound));
        Some(from..to)
    }

    /// The line in which an offset lies.
    fn line(&mut self, text: &str, at: usize) -> Option<&Line> {
        if self.lines.front().is_some_and(|first| at < first.range.start) {
            *self = Self::default();
        }
        while self.lines.back().is_none_or(|last| at > last.range.end) {
            self.next_line(text)?;
        }
        self.lines.iter().rev().find(|line| line.range.start <= at)
    }

    fn next_line(&mut self, text: &str) -> Option<()> {
        let start = self.lines.back().map_or(0, |last| last.range.end + 1);
        let rest = text.as_bytes().get(start..)?;
        let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let mut tables = self.lines.back().map(|last| last.tables.clone()).unwrap_or_default();
        let line = text.as_bytes().get(start..end).filter(|line| line.len() <= LINE_BYTES_MAX).unwrap_or_default();
        // The rule of dashes under the head of a Markdown table belongs to it.
        for ((first, count), now) in tables.iter_mut().zip(count(line)) {
            if now == 0 || now != *count {
                (*first, *count) = (start..end, now);
            }
        }
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        let range = start..end;
        let within = tables.iter().any(|table| continues(table, &range));
        self.lines.push_back(Line { range, tables, within });
        Some(())
    }
}

/// Where a delimiter stands in a line, read once for all candidates of the line.
fn bounds<'m>(memory: &'m mut Option<(Place, Bounds)>, text: &str, line: &Range<usize>, delimiter: u8) -> &'m Bounds {
    let place = (line.start, delimiter);
    if memory.as_ref().is_some_and(|(known, _)| *known != place) {
        memory.take();
    }
    let (_, bounds) = memory.get_or_insert_with(|| {
        let line = text.as_bytes().get(line.clone()).unwrap_or_default();
        (place, separators(line, delimiter).filter_map(|at| u16::try_from(at).ok()).collect())
    });
    bounds
}

/// The bytes that matter to [`count`].
#[expect(clippy::indexing_slicing, reason = "computed when this is compiled")]
const COUNTED: [bool; 256] = {
    let mut counted = [false; 256];
    let mut rest: &[u8] = b"\",;\t|";
    while let [byte, more @ ..] = rest {
        counted[*byte as usize] = true;
        rest = more;
    }
    counted
};

/// Whether what stands behind a stretch may belong to another line or column than what stands before it.
pub(super) fn may_part(stretch: &[u8]) -> bool {
    stretch.iter().any(|&byte| byte == b'\n' || COUNTED.get(usize::from(byte)).is_some_and(|&counted| counted))
}

/// How often each delimiter stands in a line, outside of double quotes.
fn count(line: &[u8]) -> [usize; 4] {
    let mut counts = [0; 4];
    let mut quoted = false;
    for &byte in line.iter().filter(|&&byte| COUNTED.get(usize::from(byte)).is_some_and(|&counted| counted)) {
        quoted ^= byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
            *count += usize::from(delimiter == byte && !quoted);
        }
    }
    counts
}

/// Whether a line is a rule of dashes between the lines of a table (`psql`, `mysql`, Markdown).
pub(super) fn is_rule(line: &[u8]) -> bool {
    line.iter().all(|byte| b"-+=|: \r".contains(byte)) && line.contains(&b'-')
}

/// Where a delimiter stands in a line, outside of double quotes.
pub(super) fn separators(line: &[u8], delimiter: u8) -> impl Iterator<Item = usize> + '_ {
    let mut quoted = false;
    line.iter().enumerate().filter_map(move |(at, &byte)| {
        quoted ^= byte == b'"';
        (byte == delimiter && !quoted).then_some(at)
    })
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        for (name, text, expected) in [
            ("comma", "id,nir,name\n1,999,x\n2,123,y", Some("nir")),
            ("last column", "id\tnir\n1\t123", Some("nir")),
            ("quotes", "\"a, b\",nir\n\"x, y\",123", Some("nir")),
            ("Markdown", "| name | nir |\n|---|---|\n| x | 123 |", Some(" nir ")),
            ("text before", "Bonjour, voici\n\nid;nir\n1;123", Some("nir")),
            ("first line", "id,123", None),
            ("another count", "id,nir,name\n1,123", None),
            ("no table", "nir\n123", None),
        ] {
            let at = text.find("123").unwrap();
            assert_eq!(Columns::default().head(text, at).map(|head| &text[head]), expected, "{name}");
        }
    }

    /// Candidates come a block of 64 bytes at a time, one kind behind the other, each with a lead: none lies so far back that
    /// lines are read again.
    #[test]
    fn a_candidate_a_little_before_the_last_one_costs_nothing_more() {
        let text = "1\n".repeat(10_000);
        let mut memory = Columns::default();
        for block in (0..text.len()).step_by(64) {
            memory.head(&text, block + 63);
            let last = memory.lines.back().unwrap().range.clone();
            memory.head(&text, block.saturating_sub(90));
            assert_eq!(memory.lines.back().unwrap().range, last, "{block}");
        }
    }

    #[test]
    fn an_answer_does_not_depend_on_earlier_ones() {
        let text = "a,b\n1,2\n3,4\n\nx;y;z\n5;6;7\n8;9;\"1;0\"\n| q | r |\n| 1 | 2 |\n".repeat(30);
        let mut memory = Columns::default();
        let forward = 0..text.len();
        for at in forward.clone().chain(forward.clone().rev()).chain(forward.step_by(7)) {
            assert_eq!(memory.head(&text, at), Columns::default().head(&text, at), "{at}");
        }
    }
}
