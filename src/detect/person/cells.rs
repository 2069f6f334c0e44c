//! Names in tables and lists that no head announces: `Dupont;Martin;Bernard`, the first column of `Dupont<TAB>Jean<TAB>Paris` lines.
//!
//! A list is a line of cells that are all names; a column of names is one whose cells, in lines that hold one delimiter equally
//! often, are all names but for that of a head. Half of them at least must be names and nothing else: `Petit` is a word too.
//! A column is read on only as long as it holds names, so that a large table costs no more than its names.

use std::ops::Range;

use smallvec::SmallVec;

use super::whole::{Trust, whole};
use crate::detect::columns::separators;
use crate::detect::fold;
use crate::detect::named::flags;
use crate::detect::names::lexicon::{PLACE, POPULAR};
use crate::detect::page::{Page, Report};

/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes of a cell of a name.
const CELL_BYTES_MAX: usize = 64;
/// Cells of a row of a table.
const COLUMNS_MAX: usize = 32;
/// Rows that are judged together.
const ROWS_MAX: usize = 64;
/// Confidence in a cell of several words, and of one.
const CONFIDENCE: (u8, u8) = (80, 72);

/// A name in a cell.
struct Cell {
    range: Range<usize>,
    words: usize,
    /// It is a name and no common word besides.
    strict: bool,
}

/// Rows of equal shape.
struct Rows {
    delimiter: u8,
    /// Cells of a row.
    width: usize,
    /// The line of the first row, until a second one shows that there is a table.
    first: Option<Range<usize>>,
    count: usize,
    columns: SmallVec<[Column; 8]>,
}

/// A column that held nothing but names so far, but for its first cell.
#[derive(Default)]
struct Column {
    dead: bool,
    names: Vec<Cell>,
}

/// Reports the names of all tables and lists of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    let mut rows: Option<Rows> = None;
    for line in page.lines() {
        let Some((delimiter, width)) = shape(bytes.get(line.clone()).unwrap_or_default()) else {
            finish(page.text, rows.take(), report);
            continue;
        };
        match &mut rows {
            Some(rows) if rows.delimiter == delimiter && rows.width == width => {
                rows.add(page.text, line);
                if rows.count.is_multiple_of(ROWS_MAX) {
                    rows.report(report);
                }
            }
            _ => finish(page.text, rows.replace(Rows::of(delimiter, width, line)), report),
        }
    }
    finish(page.text, rows, report);
}

/// What separates the cells of a line, and how many there are; `None` for what is no row.
fn shape(line: &[u8]) -> Option<(u8, usize)> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let delimiter = memchr::memchr3(b';', b'\t', b'|', line)
        .and_then(|at| line.get(at).copied())
        .or_else(|| memchr::memchr(b',', line).map(|_| b','))?;
    let width = match memchr::memchr(b'"', line) {
        Some(_) => width(separators(line, delimiter), delimiter)?,
        None => width(memchr::memchr_iter(delimiter, line), delimiter)?,
    };
    (width > 1).then_some((delimiter, width))
}

/// How many cells there are between these bounds; `None` for a sentence, as most lines with a comma are.
fn width(bounds: impl Iterator<Item = usize>, delimiter: u8) -> Option<usize> {
    let (mut from, mut width) = (0, 1);
    for bound in bounds {
        if delimiter == b',' && bound - from > CELL_BYTES_MAX {
            return None;
        }
        (from, width) = (bound + 1, width + 1);
    }
    Some(width)
}

/// The places of the cells of a line.
fn cells(text: &str, line: &Range<usize>, delimiter: u8) -> impl Iterator<Item = Range<usize>> {
    let own = text.as_bytes().get(line.clone()).unwrap_or_default();
    let start = line.start;
    let mut from = 0;
    separators(own, delimiter).chain(std::iter::once(own.len())).map(move |bound| {
        let cell = start + from..start + bound;
        from = bound + 1;
        cell
    })
}

/// Reports the names of a line whose cells are all names.
fn list(text: &str, line: &Range<usize>, delimiter: u8, report: &mut Report<'_>) {
    let mut names: SmallVec<[Cell; 8]> = SmallVec::new();
    for (place, mut cell) in cells(text, line, delimiter).enumerate() {
        let own = text.get(cell.clone()).unwrap_or_default();
        // `Clients: Dupont; Martin`
        if place == 0
            && let Some(label) = own.find(": ")
        {
            cell.start += label + 1;
        }
        if own.trim().is_empty() {
            continue;
        }
        let Some(name) = name(text, cell) else { return };
        names.push(name);
    }
    let strict = names.iter().filter(|name| name.strict).count();
    let full = names.iter().all(|name| name.words > 1 && name.strict);
    if strict * 2 >= names.len() && strict > 1 && (names.len() > 2 || full) {
        push(names, report);
    }
}

impl Rows {
    fn of(delimiter: u8, width: usize, line: Range<usize>) -> Self {
        Self { delimiter, width, first: Some(line), count: 1, columns: SmallVec::new() }
    }

    /// Reads a further row.
    fn add(&mut self, text: &str, line: Range<usize>) {
        self.count += 1;
        if self.width > COLUMNS_MAX {
            return;
        }
        let head = self.first.take();
        if head.is_some() {
            self.columns.resize_with(self.width, Column::default);
        }
        // The first cell of a column may be its head; what stands below it may not.
        for (line, may_be_head) in head.into_iter().map(|head| (head, true)).chain([(line, false)]) {
            let row = cells(text, &line, self.delimiter);
            for (column, cell) in self.columns.iter_mut().zip(row).filter(|(column, _)| !column.dead) {
                match name(text, cell) {
                    Some(name) => column.names.push(name),
                    None => column.dead |= !may_be_head,
                }
            }
        }
    }

    /// Reports the columns of names, and forgets those that are none.
    fn report(&mut self, report: &mut Report<'_>) {
        for column in self.columns.iter_mut().filter(|column| !column.dead) {
            let names = std::mem::take(&mut column.names);
            let strict = names.iter().filter(|name| name.strict).count();
            if strict > 1 && strict * 2 >= names.len() {
                push(names, report);
            } else {
                column.dead = true;
            }
        }
    }
}

/// Reports what a table or a line of its own holds.
fn finish(text: &str, rows: Option<Rows>, report: &mut Report<'_>) {
    let Some(mut rows) = rows else { return };
    match rows.first.take() {
        Some(line) => list(text, &line, rows.delimiter, report),
        None => rows.report(report),
    }
}

fn push(names: impl IntoIterator<Item = Cell>, report: &mut Report<'_>) {
    for name in names {
        report.push(name.range, if name.words > 1 { CONFIDENCE.0 } else { CONFIDENCE.1 });
    }
}

/// The name that a cell holds from end to end.
fn name(text: &str, cell: Range<usize>) -> Option<Cell> {
    let own = text.get(cell.clone())?.trim_start_matches([' ', '"', '\'', '*']);
    let opens = own.as_bytes().first().is_some_and(|byte| byte.is_ascii_uppercase() || !byte.is_ascii());
    if !opens || own.len() > CELL_BYTES_MAX {
        return None;
    }
    let strict = whole(text, cell.clone(), Trust::Perhaps);
    let (range, words, strict) = match strict {
        Some((range, words)) => (range, words, true),
        None => whole(text, cell, Trust::Likely).map(|(range, words)| (range, words, false))?,
    };
    let town = |range: &Range<usize>| {
        let flags = fold::next_word(text, range.start).map_or(0, |(_, folded)| flags(folded.as_slice()));
        flags & PLACE != 0 && flags & POPULAR == 0
    };
    (words > 1 || !town(&range)).then_some(Cell { range, words, strict })
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn lists_and_columns_of_names() {
        for (text, expected) in [
            ("Dupont;Martin;Bernard;Petit", &["Dupont", "Martin", "Bernard", "Petit"][..]),
            ("Dupont;Dupont;Dupont;Dupont", &["Dupont", "Dupont", "Dupont", "Dupont"]),
            ("Clients: Dupont; Martin; Bernard", &["Dupont", "Martin", "Bernard"]),
            ("Jean Dupont;Claire Martin", &["Jean Dupont", "Claire Martin"]),
            ("Dupont\tJean\tParis\nMartin\tClaire\tLyon", &["Dupont", "Martin", "Jean", "Claire"]),
            ("qui;tel\nDupont;0199001234\nMartin;0199001235", &["Dupont", "Martin"]),
            ("Paris;Lyon;Nantes;Lille", &[]),
            ("lundi;mardi;mercredi", &[]),
            ("Ruby;Python;Java", &[]),
            ("Dupont;3", &[]),
            ("Name;Type\nProxy;Object\nCache;Map", &[]),
            ("Bonjour, Jean, merci", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
