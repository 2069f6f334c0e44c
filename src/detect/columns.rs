//! The head of a candidate's column: `nir` over `184127645108946` in a table of commas, semicolons, tabs or bars.
//!
//! A table is a run of lines that hold one delimiter equally often; its first line is its head. Lines are read once, from the
//! top, and only as far as candidates ask: the head of the table that a line belongs to is remembered for each delimiter.

use std::ops::Range;

/// What separates the columns of a table.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;

/// The tables of one text, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The last line that was read.
    line: Range<usize>,
    /// For each delimiter, the first line of the table that the line belongs to, and how often it stands in the line.
    tables: [(Range<usize>, usize); 4],
    begun: bool,
}

impl Columns {
    /// The head of the column in which an offset lies; `None` outside of tables and in their first line.
    pub(super) fn head<'t>(&mut self, text: &'t str, at: usize) -> Option<&'t str> {
        if at < self.line.start {
            *self = Self::default();
        }
        while !self.begun || at > self.line.end {
            self.next_line(text)?;
        }
        let line = text.get(self.line.start..at).filter(|line| line.len() <= LINE_BYTES_MAX)?;
        DELIMITERS.iter().zip(&self.tables).find_map(|(&delimiter, (first, count))| {
            if *count == 0 || first.start == self.line.start {
                return None;
            }
            let column = separators(line.as_bytes(), delimiter).count();
            let head = text.get(first.clone())?;
            let mut bounds = separators(head.as_bytes(), delimiter);
            let from = column.checked_sub(1).map_or(Some(0), |before| bounds.nth(before).map(|at| at + 1))?;
            let to = bounds.next().unwrap_or(head.len());
            head.get(from..to)
        })
    }

    fn next_line(&mut self, text: &str) -> Option<()> {
        let start = if self.begun { self.line.end + 1 } else { 0 };
        let rest = text.as_bytes().get(start..)?;
        let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.begun = true;
        self.line = start..end;
        let line = text.as_bytes().get(start..end).filter(|line| line.len() <= LINE_BYTES_MAX).unwrap_or_default();
        // The rule of dashes under the head of a Markdown table belongs to it.
        for ((first, count), now) in self.tables.iter_mut().zip(count(line)) {
            if now == 0 || now != *count {
                (*first, *count) = (start..end, now);
            }
        }
        Some(())
    }
}

/// How often each delimiter stands in a line, outside of double quotes.
fn count(line: &[u8]) -> [usize; 4] {
    let mut counts = [0; 4];
    let mut quoted = false;
    for &byte in line {
        quoted ^= byte == b'"';
        if let Some(slot) = DELIMITERS.iter().position(|&delimiter| delimiter == byte).filter(|_| !quoted) {
            counts.get_mut(slot).into_iter().for_each(|count: &mut usize| *count += 1);
        }
    }
    counts
}

/// Where a delimiter stands in a line, outside of double quotes.
fn separators(line: &[u8], delimiter: u8) -> impl Iterator<Item = usize> + '_ {
    let mut quoted = false;
    line.iter().enumerate().filter_map(move |(at, &byte)| {
        quoted ^= byte == b'"';
        (byte == delimiter && !quoted).then_some(at)
    })
}

#[cfg(test)]
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
            assert_eq!(Columns::default().head(text, at), expected, "{name}");
        }
    }
}
