//! Names in tables that stand upright, a key in each row and its value beside it: `| Nom | Aubertin |`, `prenom;Camille`, a record
//! of `psql -x`, columns of blanks.
//!
//! The first cells of the rows are what the head of another table is, and read as one. But two cells side by side may be a head
//! themselves (`| Nom | Prénom |`), and a schema describes its fields so (`| first_name | string |`): what stands beside a key
//! must not be a key, and look like somebody's name by itself.

use std::ops::Range;

use smallvec::SmallVec;

use super::table::{Column, column};
use super::whole::{Trust, whole};
use crate::detect::aligned;
use crate::detect::columns::{is_rule, separators};
use crate::detect::page::{Page, Report};

/// Bytes of a key with what stands before it.
const KEY_BYTES_MAX: usize = 48;
/// Bytes of a row.
const ROW_BYTES_MAX: usize = 200;
/// Rows that are judged together.
const ROWS_MAX: usize = 64;
/// Confidence in a value whose key or the keys around say that it is a name, and in one that is known as one.
const CONFIDENCE: (u8, u8) = (84, 74);

/// A key and its value.
struct Row {
    column: Option<Column>,
    value: Range<usize>,
}

/// Rows below one another.
#[derive(Default)]
struct Table {
    delimiter: u8,
    rows: SmallVec<[Row; 8]>,
}

/// Reports the names of all upright tables of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    let blanks = aligned::may_stand_in(page.text);
    let mut table = Table::default();
    for line in page.lines() {
        if bytes.get(line.clone()).is_some_and(is_rule) {
            continue;
        }
        let row = pair(page.text, &line, blanks);
        let fits = row.as_ref().is_some_and(|(delimiter, ..)| table.rows.is_empty() || *delimiter == table.delimiter);
        if !fits || table.rows.len() == ROWS_MAX {
            table.report(page.text, report);
        }
        if let Some((delimiter, key, value)) = row {
            table.delimiter = delimiter;
            table.rows.push(Row { column: said(page.text, &key, &value), value });
        }
    }
    table.report(page.text, report);
}

/// What a key says of its value; nothing where that is a key as well.
fn said(text: &str, key: &Range<usize>, value: &Range<usize>) -> Option<Column> {
    let bare = |cell: &Range<usize>| Some(text.get(cell.clone())?.trim_matches([' ', '*', ':', '"', '\'']));
    let column_of = |cell: &Range<usize>| bare(cell).and_then(column);
    column_of(key).filter(|_| column_of(value).is_none())
}

/// What parts the two cells of a line, and where they lie; `None` for a line that has more or fewer.
fn pair(text: &str, line: &Range<usize>, blanks: bool) -> Option<(u8, Range<usize>, Range<usize>)> {
    let own = text.as_bytes().get(line.clone()).filter(|own| own.len() <= ROW_BYTES_MAX)?;
    let head = own.get(..own.len().min(KEY_BYTES_MAX)).unwrap_or_default();
    if let Some(&delimiter) = b"|\t;,".iter().find(|delimiter| head.contains(delimiter)) {
        let mut from = line.start;
        let mut cells: SmallVec<[Range<usize>; 2]> = SmallVec::new();
        for bound in separators(own, delimiter).chain(std::iter::once(own.len())) {
            let cell = from..line.start + bound;
            from = line.start + bound + 1;
            if text.get(cell.clone())?.trim().is_empty() {
                continue;
            }
            if cells.len() == 2 {
                return None;
            }
            cells.push(cell);
        }
        let [key, value] = cells.into_inner().ok()?;
        return Some((delimiter, key, value));
    }
    let parted = blanks && head.windows(2).any(|pair| pair == b"  ");
    let cells = parted.then(|| aligned::cells(text, line)).flatten()?;
    match cells.as_slice() {
        [key, value] => Some((b' ', key.range.clone(), value.range.clone())),
        _ => None,
    }
}

impl Table {
    /// Reports the names, and begins another table.
    fn report(&mut self, text: &str, report: &mut Report<'_>) {
        let rows = std::mem::take(&mut self.rows);
        let keys = rows.iter().filter(|row| row.column.is_some()).count();
        let personal = rows.iter().any(|row| row.column.is_some_and(|column| column != Column::Name));
        for (place, row) in rows.iter().enumerate() {
            // One key alone may be the head of a table of two columns.
            let sure = match row.column {
                Some(Column::Person) => keys > 1 || place > 0 && self.delimiter == b'|',
                Some(Column::Name) => keys > 1 && personal,
                Some(Column::Personal) | None => continue,
            };
            let trusts: &[Trust] = if sure { &[Trust::People, Trust::Likely] } else { &[Trust::Perhaps] };
            let known = sure || matches!(self.delimiter, b'|' | b'\t') || keys > 1;
            let named = trusts.iter().find_map(|trust| whole(text, row.value.clone(), *trust)).filter(|_| known);
            if let Some((range, _)) = named {
                report.push(range, if sure { CONFIDENCE.0 } else { CONFIDENCE.1 });
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_beside_their_keys() {
        for (text, expected) in [
            ("| Nom | Aubertin |\n|---|---|\n| Prénom | Camille |", &["Aubertin", "Camille"][..]),
            (
                "| Champ | Valeur |\n|---|---|\n| Nom | Quispe |\n| Prénom | Yaretzi |\n| Ville | Lyon |",
                &["Quispe", "Yaretzi"],
            ),
            ("| **Nom** | Quispe |\n| **Prénom** | Yaretzi |", &["Quispe", "Yaretzi"]),
            ("| Champ | Valeur |\n|---|---|\n| Nom complet | Yaretzi Quispe |", &["Yaretzi Quispe"]),
            ("-[ RECORD 1 ]---\nnom    | Petit\nprenom | Yaretzi\nage    | 34", &["Petit", "Yaretzi"]),
            ("nom;Quispe\nprenom;Yaretzi", &["Quispe", "Yaretzi"]),
            (
                "Patient      Quispe Yaretzi\nNom          Quispe\nPrénom       Yaretzi",
                &["Quispe Yaretzi", "Quispe", "Yaretzi"],
            ),
            ("| Nom | Prénom |\n|:---|---:|\n| Quispe | Yaretzi |", &[]),
            ("| Prénom | Ville |\n|---|---|\n| Yaretzi | Lyon |", &[]),
            ("| Field | Type |\n|---|---|\n| first_name | string |\n| last_name | String |\n| email | text |", &[]),
            ("| Source | Target |\n|---|---|\n| first_name | FirstName |\n| last_name | LastName |", &[]),
            ("| Field | Note |\n|---|---|\n| first_name | Mandatory |\n| last_name | The name of the family |", &[]),
            ("| English | Français |\n|---|---|\n| First name | Prénom |\n| Last name | Nom de famille |", &[]),
            ("Bonjour, Camille\nNom, au hasard", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
