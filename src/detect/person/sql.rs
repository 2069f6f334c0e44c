//! Names in statements that add rows: `INSERT INTO clients (nom, prenom) VALUES ('Aubertin', 'Camille'), (…)`.
//!
//! What stands in brackets before `VALUES` is the head of the rows behind it. Each row is read once.

use std::ops::Range;

use super::table::{COLUMNS_MAX, Cells, blanks, named_columns, report_row};
use crate::detect::page::{Page, Report};

/// Bytes of the names of the columns.
const HEAD_BYTES_MAX: usize = 2048;

/// Reports the names of all such rows of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for word in ["VALUES", "values"] {
        let mut done = 0;
        for at in memchr::memmem::find_iter(page.text.as_bytes(), word) {
            // What stands within the rows before it was read.
            if at >= done
                && let Some(head) = head(page.text, at)
            {
                done = rows(page, head, at + word.len(), report);
            }
        }
    }
}

/// Where the names of the columns stand before the word.
fn head(text: &str, at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?.trim_ascii_end().strip_suffix(')')?;
    let near = before.as_bytes().get(before.len().saturating_sub(HEAD_BYTES_MAX)..)?;
    let open = memchr::memrchr(b'(', near)?;
    Some(before.len() - near.len() + open + 1..before.len())
}

/// Reads the rows that begin at `at`; where they end.
fn rows(page: &Page<'_>, head: Range<usize>, at: usize, report: &mut Report<'_>) -> usize {
    let heads = page.text.get(head).unwrap_or_default().split(',');
    let around = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '[' | ']' | '\'');
    let Some(columns) = named_columns(heads.map(|head| Some(head.trim_matches(around)))) else { return at };
    let bytes = page.text.as_bytes();
    let mut at = blanks(bytes, at);
    while bytes.get(at) == Some(&b'(') {
        let Some((cells, end)) = row(bytes, at + 1) else { break };
        report_row(page, &columns, &cells, report);
        at = blanks(bytes, end);
        if bytes.get(at) == Some(&b',') {
            at = blanks(bytes, at + 1);
        }
    }
    at
}

/// The strings of a row and where it ends; `None` when it does not.
fn row(bytes: &[u8], from: usize) -> Option<(Cells, usize)> {
    let mut cells = Cells::new();
    let mut cell = None;
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match bytes.get(at)? {
            b'\'' => {
                let end = string_end(bytes, at + 1)?;
                if depth == 0 {
                    cell = Some(at + 1..end);
                }
                at = end;
            }
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b',' if depth == 0 && cells.len() < COLUMNS_MAX => cells.push(cell.take()),
            b')' => {
                cells.push(cell);
                return Some((cells, at + 1));
            }
            b';' | b'\n' if depth > 0 => return None,
            _ => {}
        }
        at += 1;
    }
}

/// Where the string ends that begins here: a quote within it is doubled, or stands behind a backslash.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'\'', b'\\', bytes.get(at..)?)?;
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', _) | (_, Some(b'\'')) => at += 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_statements() {
        for (text, expected) in [
            ("INSERT INTO c (nom, prenom) VALUES ('Aubertin','Camille');", &["Aubertin", "Camille"][..]),
            (
                "insert into \"c\" (id, `last_name`, at) values (1, N'Quispe', now()), (2,\n 'O''Neill', f('x', 2))",
                &["Quispe"],
            ),
            ("INSERT INTO t (id, prenom)\nVALUES (7, NULL), (8, 'Camille')", &["Camille"]),
            ("INSERT INTO products (name, price) VALUES ('Proxy', 3)", &[]),
            ("INSERT INTO c (nom, prenom) VALUES ('Aubertin", &[]),
            ("the map (last_name) values them", &[]),
            ("VALUES ('Aubertin')", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
