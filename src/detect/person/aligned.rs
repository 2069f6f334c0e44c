//! Names under the head of a column that blanks align: a printed data frame, `column -t`, a console's list.
//!
//! What a head says is what [`super::table`] reads; here a name begins with a capital besides, for so are printed the lists of
//! programs (`NAME  READY  AGE` over `nginx-1  1/1  3d`), and few people.

use std::ops::Range;

use super::table::{self, Column, Named};
use super::whole::Trust;
use crate::detect::aligned::{self, Cell, Cells};
use crate::detect::columns::is_rule;
use crate::detect::page::{Page, Report};

/// Bytes of a head; a longer one is a sentence.
const HEAD_BYTES_MAX: usize = 1024;

/// A table whose head was read.
struct Table {
    heads: Cells,
    columns: Named,
}

/// Reports the names of all aligned tables of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    if !aligned::may_stand_in(page.text) {
        return;
    }
    let bytes = page.text.as_bytes();
    let mut table: Option<Table> = None;
    for line in page.lines() {
        let row = table.as_ref().is_some_and(|table| table.row(page, &line, report));
        let rule = table.is_some() && bytes.get(line.clone()).is_some_and(is_rule);
        if !row && !rule {
            table = if line.end < bytes.len() { Table::under(page.text, &line) } else { None };
        }
    }
}

impl Table {
    /// The table of which a line is the head.
    fn under(text: &str, line: &Range<usize>) -> Option<Self> {
        let own = text.get(line.clone()).filter(|own| own.len() <= HEAD_BYTES_MAX && own.contains("  "))?;
        if own.contains(['(', ')', '{', '}', '=', ';', ':', ',', '.', '"', '\'', '<', '>', '|', '#', '`']) {
            return None;
        }
        let mut heads = Cells::new();
        for cell in aligned::cells(text, line)? {
            // Where no value is wider than its head, one blank parts heads: `last_name first_name`.
            let words = cell.words(text);
            let is_head = |word: &Cell| {
                let word = text.get(word.range.clone()).unwrap_or_default();
                word.contains('_') || table::column(word) == Some(Column::Person)
            };
            if words.len() > 1 && words.iter().any(is_head) {
                heads.extend(words);
            } else {
                heads.push(cell);
            }
        }
        // One word behind blanks is no table.
        let columns = table::named_columns(heads.iter().map(|head| text.get(head.range.clone())))?;
        (heads.len() > 1).then_some(Self { heads, columns })
    }

    /// Reports the names of a row. `false`: the line is none.
    fn row(&self, page: &Page<'_>, line: &Range<usize>, report: &mut Report<'_>) -> bool {
        let Some(row) = aligned::cells(page.text, line).filter(|row| row.len() > 1) else { return false };
        let below = |head: &Cell| row.iter().find(|cell| head.heads(cell)).map(|cell| cell.range.clone());
        let named = |(column, _): &(usize, Trust)| self.heads.get(*column).and_then(below).is_some();
        let cells: table::Cells =
            self.heads.iter().map(|head| below(head).filter(|cell| begins_with_capital(page.text, cell))).collect();
        table::report_row(page, &self.columns, &cells, report);
        self.columns.iter().any(named)
    }
}

fn begins_with_capital(text: &str, cell: &Range<usize>) -> bool {
    text.get(cell.clone()).is_some_and(|cell| cell.starts_with(char::is_uppercase))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_in_columns_of_blanks() {
        for (text, expected) in [
            (
                "        nom   prenom   ville\n0  Aubertin  Camille    Lyon\n1    Quispe  Yaretzi   Paris",
                &["Aubertin", "Camille", "Quispe", "Yaretzi"][..],
            ),
            (
                "   last_name first_name  age\n0   Aubertin    Camille   34\n1     Quispe    Yaretzi   41\n\nQuispe  x",
                &["Aubertin", "Camille", "Quispe", "Yaretzi"],
            ),
            ("             name  age\n0  Yaretzi Quispe   34", &["Yaretzi Quispe"]),
            (
                "Nom        Prénom     Ville\n---------  ---------  -----\nQuispe     Zoé        Lyon\nAubertin   Yaretzi    Paris\n",
                &["Quispe", "Zoé", "Aubertin", "Yaretzi"],
            ),
            ("NAME        READY   STATUS    AGE\nredis       1/1     Running   3d", &[]),
            ("Name      Status\nSpooler   Running", &[]),
            ("First name  Description\n\nWhere it is set  Quispe", &[]),
            ("the first name  and the last\nof the people  here", &[]),
            ("    let last_name = row.last_name;\n    Quispe  x", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
