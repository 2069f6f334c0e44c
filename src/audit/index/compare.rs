//! Whether an index says what the log says: it is made anew elsewhere and compared, row by row.

use std::path::Path;

use octroi_verify::problem::{Problem, ProblemKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{FILE, Index, IndexError, unsigned};

/// Makes the index of a log anew in another file and compares it with the one beside the log, row by row.
///
/// # Errors
/// [`Problem`] of the kind `index edited` that names the first table that differs and the entry; [`IndexError`] when there
/// is no index or the log cannot be read.
pub fn compare(log: &Path, scratch: &Path) -> Result<Option<Problem>, IndexError> {
    let mut kept = Index::open(log)?;
    let mut fresh = Index::open_at(log, scratch)?;
    fresh.begin()?;
    kept.connection.execute("ATTACH DATABASE ?1 AS fresh", params![scratch.to_string_lossy()])?;
    if let Some(detail) = unlike(&kept.connection)? {
        return Ok(Some(Problem::new(FILE, ProblemKind::Index, detail)));
    }
    let watermark = kept.catch_up()?;
    // The log may grow meanwhile: what is compared ends where the kept one ends.
    fresh.fill(watermark.entries, &mut |_| {})?;
    drop(fresh);
    // Each as a set of rows that does not depend on the order in which words were met.
    let bits = |schema: &str| {
        format!(
            "SELECT block * 65536, dimension, text, data FROM {schema}.bits JOIN {schema}.word ON word.id = bits.word"
        )
    };
    let rows = |schema: &str, table: &str, first: &str| format!("SELECT {first}, * FROM {schema}.{table}");
    let tables = [
        ("request", rows("main", "request", "seq"), rows("fresh", "request", "seq")),
        ("bits", bits("main"), bits("fresh")),
        ("hourly", rows("main", "hourly", "0"), rows("fresh", "hourly", "0")),
        ("span", rows("main", "span", "first"), rows("fresh", "span", "first")),
        ("tile", rows("main", "tile", "number"), rows("fresh", "tile", "number")),
    ];
    for (table, ours, theirs) in tables {
        let count = |rows: &str| -> Result<i64, IndexError> {
            Ok(kept.connection.query_row(&format!("SELECT count(*) FROM ({rows})"), [], |row| row.get(0))?)
        };
        if count(&ours)? != count(&theirs)? {
            let detail = format!("its table `{table}` has more or fewer rows than the log");
            return Ok(Some(Problem::new(FILE, ProblemKind::Index, detail)));
        }
        for (one, other) in [(&ours, &theirs), (&theirs, &ours)] {
            let first = kept.connection.query_row(&format!("{one} EXCEPT {other} LIMIT 1"), [], |row| row.get(0));
            if let Some(seq) = first.optional()? {
                let detail = format!("its table `{table}` does not say what the log says");
                return Ok(Some(Problem::new(FILE, ProblemKind::Index, detail).entry(unsigned(seq))));
            }
        }
    }
    Ok(None)
}

/// What makes a database another than an index has: a trigger, a view in the place of a table, a table that holds a row twice
/// stand in its schema; and its own indexes must fit its tables, or a search would find what a comparison of tables does not.
fn unlike(connection: &Connection) -> Result<Option<&'static str>, IndexError> {
    let schemas = "SELECT count(*) FROM (SELECT type, name, tbl_name, sql FROM {one}.sqlite_master
                   EXCEPT SELECT type, name, tbl_name, sql FROM {other}.sqlite_master)";
    for (one, other) in [("main", "fresh"), ("fresh", "main")] {
        let differ = schemas.replace("{one}", one).replace("{other}", other);
        if connection.query_row(&differ, [], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(Some("its tables are not those of an index"));
        }
    }
    let sound: String = connection.query_row("PRAGMA main.integrity_check(1)", [], |row| row.get(0))?;
    Ok((sound != "ok").then_some("the database is not sound"))
}
