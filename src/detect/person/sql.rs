//! Names in statements that add rows: `INSERT INTO clients (nom, prenom) VALUES ('Aubertin', 'Camille'), (…)`, and in the lines of
//! `COPY clients (nom, prenom) FROM stdin;`.

use super::table::{Cells, named_columns, report_row};
use crate::detect::page::{Page, Report};
use crate::detect::statements::Statement;

/// Reports the names of all such rows of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let around = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '[' | ']' | '\'');
    let mut done = 0;
    for mut statement in Statement::each(page.text) {
        let heads =
            statement.heads.iter().map(|head| page.text.get(head.clone()).map(|head| head.trim_matches(around)));
        // What stands within the rows before it was read.
        let Some(columns) = named_columns(heads).filter(|_| statement.begins() >= done) else { continue };
        while let Some((cells, end)) = statement.next(page.text.as_bytes()) {
            let cells: Cells = cells.into_iter().map(|cell| cell.string).collect();
            report_row(page, &columns, &cells, report);
            done = end;
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
            ("COPY public.c (id, prenom) FROM stdin;\n7\tCamille\n8\t\\N\n\\.\n", &["Camille"]),
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
