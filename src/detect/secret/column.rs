//! Secrets under the head of a column: `user,password` over `camille,…`, in tables of commas, semicolons, tabs and bars, with rules
//! of dashes between the lines or without, and in those that blanks align.
//!
//! The label must be all of its cell, and the line above must be none of the same table. Each line below is read once for each label
//! of its head.

use std::ops::Range;

use crate::detect::aligned::{self, Cell};
use crate::detect::columns::{is_rule, separators};
use crate::detect::page::Page;

/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;
/// Columns of which the head is read.
const COLUMNS_MAX: usize = 64;
/// Rules of dashes above a head.
const RULES_MAX: usize = 2;
/// Bytes of a head's cell.
const HEAD_BYTES_MAX: usize = 40;

/// Calls back with every value in the column of which a label is the head.
pub(in crate::detect) fn below(page: &Page<'_>, label: &Range<usize>, mut found: impl FnMut(Range<usize>, &str)) {
    let bytes = page.text.as_bytes();
    let Some(end) = line_end(bytes, label.end).filter(|end| *end < bytes.len()) else { return };
    // What follows a head is the next cell or the next line.
    let next = page.right(label.end, HEAD_BYTES_MAX, |byte| matches!(byte, b' ' | b'"' | b'\r'));
    let start = page.left(label.start, LINE_BYTES_MAX, |byte| byte != b'\n');
    if !matches!(page.byte(next), b',' | b';' | b'\t' | b'|' | b'\n') {
        return aligned_below(page, label, start..end, &mut found);
    }
    let head = bytes.get(start..end).unwrap_or_default();
    for delimiter in *b",;\t|" {
        let count = separators(head, delimiter).count();
        if count == 0 {
            continue;
        }
        let place = separators(head, delimiter).take_while(|at| start + at < label.start).count();
        let Some(own) = cell(head, delimiter, place) else { continue };
        let Some(own) = page.text.get(start + own.start..start + own.end).map(trimmed) else { continue };
        let whole = own.len() <= HEAD_BYTES_MAX
            && own.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
            && page.text.get(..label.end).is_some_and(|head| head.ends_with(own));
        if whole && place < COLUMNS_MAX && is_first(page, start, (delimiter, count)) {
            rows(page, end + 1, (delimiter, count, place), &mut found);
            return;
        }
    }
    aligned_below(page, label, start..end, &mut found);
}

/// Calls back with the values that begin or end where a head does, in a table that blanks align.
fn aligned_below(
    page: &Page<'_>,
    label: &Range<usize>,
    line: Range<usize>,
    found: &mut impl FnMut(Range<usize>, &str),
) {
    // Where no value is wider than its head, one blank parts heads; somewhere there are two.
    let apart = page.text.get(line.clone()).is_some_and(|line| line.contains("  "));
    let Some(cells) = aligned::cells(page.text, &line).filter(|_| apart) else { return };
    let words: aligned::Cells = cells.iter().flat_map(|cell| cell.words(page.text)).collect();
    let is_own = |cell: &&Cell| cell.range.end == label.end && cell.range.start <= label.start;
    let Some(head) = words.iter().chain(&cells).find(is_own).filter(|_| words.len() > 1) else { return };
    let bytes = page.text.as_bytes();
    let row = |line: Range<usize>| {
        let cells = aligned::cells(page.text, &line).filter(|cells| cells.len() > 1)?;
        cells.into_iter().find(|cell| head.heads(cell))
    };
    // What a head above has in the same place was read below that.
    if let Some(end) = line.start.checked_sub(1)
        && row(page.left(end, LINE_BYTES_MAX, |byte| byte != b'\n')..end).is_some()
    {
        return;
    }
    let mut start = line.end + 1;
    while let Some(end) = line_end(bytes, start).filter(|end| *end > start) {
        if !bytes.get(start..end).is_some_and(is_rule) {
            let Some(own) = row(start..end) else { return };
            if let Some(value) = page.text.get(own.range.clone()) {
                found(own.range, value);
            }
        }
        start = end + 1;
    }
}

/// Whether no line of the same table stands above one, rules of dashes apart. A line of a table that is read already heads none: so
/// each line is read once for each label of its head.
fn is_first(page: &Page<'_>, mut start: usize, (delimiter, count): (u8, usize)) -> bool {
    for _ in 0..=RULES_MAX {
        let Some(end) = start.checked_sub(1) else { return true };
        start = page.left(end, LINE_BYTES_MAX, |byte| byte != b'\n');
        let above = page.text.as_bytes().get(start..end).unwrap_or_default();
        if !is_rule(above) {
            return separators(above, delimiter).count() != count;
        }
    }
    false
}

/// Reads the rows that begin at `from`.
fn rows(
    page: &Page<'_>,
    from: usize,
    (delimiter, count, place): (u8, usize, usize),
    found: &mut impl FnMut(Range<usize>, &str),
) {
    let bytes = page.text.as_bytes();
    let mut start = from;
    while start < bytes.len() {
        let Some(end) = line_end(bytes, start) else { return };
        let line = bytes.get(start..end).unwrap_or_default();
        if !is_rule(line) {
            if separators(line, delimiter).count() != count {
                return;
            }
            let Some(own) = cell(line, delimiter, place) else { return };
            let text = page.text.get(start + own.start..start + own.end).unwrap_or_default();
            let value = trimmed(text);
            if let Some(offset) = text.find(value).filter(|_| !value.is_empty()) {
                let at = start + own.start + offset;
                found(at..at + value.len(), value);
            }
        }
        start = end + 1;
    }
}

fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let near = rest.get(..rest.len().min(LINE_BYTES_MAX)).unwrap_or_default();
    match memchr::memchr(b'\n', near) {
        Some(len) => Some(from + len),
        None => (rest.len() <= LINE_BYTES_MAX).then_some(bytes.len()),
    }
}

/// The cell at a place of a line.
fn cell(line: &[u8], delimiter: u8, place: usize) -> Option<Range<usize>> {
    let mut bounds = separators(line, delimiter).chain(std::iter::once(line.len()));
    let from = match place.checked_sub(1) {
        Some(before) => bounds.nth(before)? + 1,
        None => 0,
    };
    Some(from..bounds.next()?)
}

fn trimmed(cell: &str) -> &str {
    cell.trim().trim_matches('"')
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_column() {
        for (text, expected) in [
            ("user,password\ncamille,x1\n\"a, b\",\"x2\"\n", &["x1", "x2"][..]),
            ("| user | password |\n|---|---|\n| camille | x1 |", &["x1"]),
            (" user | password \n------+---------\n a    | x1\n(1 row)", &["x1"]),
            ("x,y\n+---+---+\n| user | password |\n+---+---+\n| camille | x1 |\n+---+---+", &["x1"]),
            ("user,k\nuser,password\na,x1", &[]),
            ("user|k\n---|---\nuser|password\n---|---\na|x1", &[]),
            ("id;password;role\n1;x1;r\n2;;r\n3;x3", &["x1"]),
            ("a,b\nuser,password\nc,d\n", &[]),
            ("the password of mine, that is\nanother, one\n", &[]),
            ("user,password", &[]),
            ("    user  password\n0  alice        x1\n1    bob        x2\n\nc  x3", &["x1", "x2"]),
            ("user    password   role\n------  ---------  ----\nalice   x1         r\n", &["x1"]),
            ("   user password\n0  alice      x1", &["x1"]),
            ("the password\nis  x1", &[]),
            ("the password of mine  is\nanother one  here", &[]),
        ] {
            let at = text.find("password").unwrap();
            let mut values = Vec::new();
            below(&Page { text, key: None }, &(at..at + 8), |range, value| {
                assert_eq!(&text[range], value);
                values.push(value.to_owned());
            });
            assert_eq!(values, expected, "{text}");
        }
    }
}
