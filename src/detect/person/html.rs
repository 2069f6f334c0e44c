//! Names in tables of HTML: `<td>` below `<th>Nom</th>` and beside it, `<dd>` behind `<dt>Nom</dt>`.
//!
//! A cell is what stands between its tag and the next one that is not within it; a row of one `<th>` and cells behind it says of
//! itself what it holds, any other is read under the row that heads its table. Each byte is read once.

use super::table::{COLUMNS_MAX, Cells, Column, Named, column, named_columns, report_row};
use super::whole::Trust;
use crate::detect::page::{Page, Report};

/// A table while it is read.
#[derive(Default)]
struct Table {
    /// The columns that hold names, once a row has said so.
    columns: Option<Named>,
    cells: Cells,
    /// Which of the cells are heads.
    heads: u64,
    /// Where the cell that is open begins, and where its text ended.
    open: Option<(usize, Option<usize>)>,
}

/// Reports the names of all tables of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    // Most texts have no tag of a table.
    if ["<t", "<T", "<d", "<D"].iter().all(|tag| memchr::memmem::find(bytes, tag.as_bytes()).is_none()) {
        return;
    }
    let mut table = Table::default();
    let mut at = 0;
    while let Some(tag) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)).map(|place| at + place) {
        at = tag + 1;
        let inside = bytes.get(at..).unwrap_or_default();
        let Some((name, closes)) = name(inside) else { continue };
        // `a < b` ends at the next sign that opens.
        let Some(len) = memchr::memchr2(b'>', b'<', inside).filter(|len| inside.get(*len) == Some(&b'>')) else {
            continue;
        };
        at += len + 1;
        match (&name, closes) {
            (b"td" | b"th", false) => {
                table.close(page.text, tag);
                table.open(name == *b"th", at);
            }
            (b"td" | b"th" | b"dt" | b"dd", true) => table.close(page.text, tag),
            // A list of terms, each of which is a row of its own.
            (b"dt", false) => {
                table.close(page.text, tag);
                table.row(page, report);
                table.open(true, at);
            }
            (b"dd", false) => {
                table.close(page.text, tag);
                table.open(false, at);
            }
            (b"tr", _) => {
                table.close(page.text, tag);
                table.row(page, report);
            }
            (b"ta", _) => {
                table.close(page.text, tag);
                table.row(page, report);
                table = Table::default();
            }
            _ => table.inner(page.text, tag, at),
        }
    }
    table.row(page, report);
}

/// The first two letters of a tag's name, all of it but for `table`, in small letters, and whether it closes; `None` for what is no
/// tag.
fn name(inside: &[u8]) -> Option<([u8; 2], bool)> {
    let closes = inside.first() == Some(&b'/');
    let name = inside.get(usize::from(closes)..)?;
    let len = name.iter().take(6).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let first = name.first().filter(|_| len > 0)?.to_ascii_lowercase();
    let second = name.get(1).copied().unwrap_or_default().to_ascii_lowercase();
    let table = name.get(..len).is_some_and(|name| name.eq_ignore_ascii_case(b"table"));
    Some((if len == 2 || table { [first, second] } else { [0; 2] }, closes))
}

impl Table {
    fn open(&mut self, head: bool, at: usize) {
        if self.cells.len() < COLUMNS_MAX {
            self.heads |= u64::from(head) << self.cells.len();
            self.open = Some((at, None));
        }
    }

    /// A tag within a cell: its text begins behind it, or ends before it.
    fn inner(&mut self, text: &str, from: usize, until: usize) {
        let Some((start, end)) = &mut self.open else { return };
        if end.is_none() {
            let is_blank = text.get(*start..from).is_some_and(|text| text.trim().is_empty());
            if is_blank { *start = until } else { *end = Some(from) }
        }
    }

    fn close(&mut self, text: &str, at: usize) {
        if let Some((start, end)) = self.open.take() {
            let cell = start..end.unwrap_or(at);
            self.cells.push(text.get(cell.clone()).map(|_| cell));
        }
    }

    /// Ends a row.
    fn row(&mut self, page: &Page<'_>, report: &mut Report<'_>) {
        let cells = std::mem::take(&mut self.cells);
        let heads = std::mem::take(&mut self.heads);
        let text = |at: usize| cells.get(at).cloned().flatten().and_then(|cell| page.text.get(cell));
        if heads == 1 && cells.len() > 1 {
            // `<th>Nom</th><td>Aubertin</td>`
            let trust = match text(0).map(str::trim).and_then(column) {
                Some(Column::Person) => Trust::Sure,
                // What has one name and one value beside it is seldom a thing.
                Some(Column::Name) if cells.len() == 2 && text(0).is_some_and(is_of_people) => Trust::People,
                Some(Column::Name) => Trust::Perhaps,
                _ => return,
            };
            return report_row(page, &(1..cells.len()).map(|at| (at, trust)).collect(), &cells, report);
        }
        match &self.columns {
            Some(columns) => report_row(page, columns, &cells, report),
            None => self.columns = named_columns((0..cells.len()).map(|at| text(at).or(Some("")))),
        }
    }
}

/// Whether a head that things have too is said of people first of all.
fn is_of_people(head: &str) -> bool {
    ["nom", "nombre", "cognome", "naam", "nome"]
        .iter()
        .any(|own| head.trim().trim_end_matches([':', ' ']).eq_ignore_ascii_case(own))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_tables() {
        for (text, expected) in [
            (
                "<table><tr><th>Nom</th><th>Prénom</th></tr><tr><td>Aubertin</td><td>Camille</td></tr></table>",
                &["Aubertin", "Camille"][..],
            ),
            (
                "<TABLE class=\"x\">\n<thead><TR><TH>Ville<TH>Last name</TR></thead>\n<tr><td>Lyon<td><b>Quispe</b>\n</tr></TABLE>",
                &["Quispe"],
            ),
            (
                "<table><tr><th>Nom</th><td>Aubertin</td></tr><tr><th scope=row>Prénom</th><td>Camille</td></tr></table>",
                &["Aubertin", "Camille"],
            ),
            ("<dl><dt>Nom</dt><dd>Aubertin</dd><dt>Prénom</dt><dd>Camille</dd></dl>", &["Aubertin", "Camille"]),
            ("<dl><dt>Name</dt><dd>Proxy</dd><dt>Nom</dt><dd>le fichier</dd></dl>", &[]),
            ("<table><tr><th>Name</th><th>Size</th></tr><tr><td>Proxy</td><td>3</td></tr></table>", &[]),
            ("<table><tr><th>Nom</th></tr></table><table><tr><td>a</td></tr><tr><td>Aubertin</td></tr></table>", &[]),
            ("if a <td && b> c <tr", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
