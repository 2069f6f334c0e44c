//! Whether an index says what the log says: it is made anew elsewhere and compared, row by row. Nothing of it is changed.

use std::path::Path;

use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::walk::Walk;
use rusqlite::{Connection, OptionalExtension as _};

use super::place::{KEPT, attach, beside, stamp};
use super::{FILE, Index, IndexError, is_damage, unsigned};

/// Makes the index of a log anew in another file and compares it with the one beside the log, row by row, as far as that goes.
///
/// # Errors
/// [`Problem`] of the kind `index edited` that names the first table that differs and the entry; [`IndexError`] when there
/// is no index, it was written meanwhile, or the log cannot be read.
pub fn compare(log: &Path) -> Result<Option<Problem>, IndexError> {
    let file = log.join(FILE);
    // What was committed may lie beside the file.
    let stamps = || [stamp(&file), stamp(&beside(log, "-wal"))];
    let before = stamps();
    if before[0].is_none() {
        return Err(IndexError::Missing { file: file.display().to_string() });
    }
    let compared = match compared(log, &file) {
        Err(IndexError::Database(error)) if is_damage(&error) => {
            Ok(Some(Problem::new(FILE, ProblemKind::Index, "the database is not sound")))
        }
        compared => compared.map_err(|error| error.of(log)),
    };
    match compared {
        Ok(None) => Ok(None),
        // What was read while another wrote is held against nobody.
        _ if stamps() != before => Err(IndexError::Written { file: file.display().to_string() }),
        compared => compared,
    }
}

fn compared(log: &Path, file: &Path) -> Result<Option<Problem>, IndexError> {
    let mut fresh = Index::temporary(log)?;
    attach(&fresh.connection, file)?;
    let tables = format!("SELECT count(*) FROM {KEPT}.sqlite_master");
    if fresh.connection.query_row(&tables, [], |row| row.get::<_, i64>(0))? == 0 {
        // Somebody begins it, or was stopped when they did.
        return Err(IndexError::Written { file: file.display().to_string() });
    }
    let problem = |detail: &str| Ok(Some(Problem::new(FILE, ProblemKind::Index, detail)));
    if let Some(detail) = unlike(&fresh.connection)? {
        return problem(detail);
    }
    let (entries, pruned) = (kept(&fresh.connection, "entries")?, kept(&fresh.connection, "pruned")?);
    let first = Walk::open(&log)?.headers().first().map_or(0, |header| header.first_seq);
    if first > pruned {
        return Err(IndexError::Stale { file: file.display().to_string() });
    }
    // The log may have grown since: what is compared ends where the kept one ends.
    if fresh.fill(entries, &mut |_| {})?.entries != entries {
        return problem("it does not end where an entry of the log does");
    }
    let connection = &fresh.connection;
    // From here on it is read in one state, and that must be the one that was asked about.
    let _state = connection.unchecked_transaction()?;
    if kept(connection, "entries")? != entries {
        return Err(IndexError::Written { file: file.display().to_string() });
    }
    // Each as a set of rows that does not depend on the order in which words were met.
    let bits = |schema: &str| {
        format!(
            "SELECT block * 65536, dimension, text, data FROM {schema}.bits JOIN {schema}.word ON word.id = bits.word"
        )
    };
    let rows = |schema: &str, table: &str, first: &str| format!("SELECT {first}, * FROM {schema}.{table}");
    let words = |schema: &str| format!("SELECT 0, dimension, text FROM {schema}.word");
    let tables = [
        ("request", rows(KEPT, "request", "seq"), rows("main", "request", "seq")),
        ("bits", bits(KEPT), bits("main")),
        ("word", words(KEPT), words("main")),
        ("hourly", rows(KEPT, "hourly", "0"), rows("main", "hourly", "0")),
        ("span", rows(KEPT, "span", "first"), rows("main", "span", "first")),
        ("tile", rows(KEPT, "tile", "number"), rows("main", "tile", "number")),
    ];
    for (table, ours, theirs) in tables {
        let count = |rows: &str| -> Result<i64, IndexError> {
            Ok(connection.query_row(&format!("SELECT count(*) FROM ({rows})"), [], |row| row.get(0))?)
        };
        if count(&ours)? != count(&theirs)? {
            let detail = format!("its table `{table}` has more or fewer rows than the log");
            return Ok(Some(Problem::new(FILE, ProblemKind::Index, detail)));
        }
        for (one, other) in [(&ours, &theirs), (&theirs, &ours)] {
            let first = connection.query_row(&format!("{one} EXCEPT {other} LIMIT 1"), [], |row| row.get(0));
            if let Some(seq) = first.optional()? {
                let detail = format!("its table `{table}` does not say what the log says");
                return Ok(Some(Problem::new(FILE, ProblemKind::Index, detail).entry(unsigned(seq))));
            }
        }
    }
    Ok(None)
}

/// A number that the kept index remembers.
fn kept(connection: &Connection, key: &str) -> Result<u64, IndexError> {
    let find = format!("SELECT value FROM {KEPT}.meta WHERE key = ?1");
    Ok(connection.query_row(&find, [key], |row| row.get(0)).optional()?.map_or(0, unsigned))
}

/// What makes a database another than an index has: a trigger, a view in the place of a table, a table that holds a row twice
/// stand in its schema; and its own indexes must fit its tables, or a search would find what a comparison of tables does not.
fn unlike(connection: &Connection) -> Result<Option<&'static str>, IndexError> {
    let schemas = "SELECT count(*) FROM (SELECT type, name, tbl_name, sql FROM {one}.sqlite_master
                   EXCEPT SELECT type, name, tbl_name, sql FROM {other}.sqlite_master)";
    for (one, other) in [(KEPT, "main"), ("main", KEPT)] {
        let differ = schemas.replace("{one}", one).replace("{other}", other);
        if connection.query_row(&differ, [], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(Some("its tables are not those of an index"));
        }
    }
    let sound: String = connection.query_row(&format!("PRAGMA {KEPT}.integrity_check(1)"), [], |row| row.get(0))?;
    Ok((sound != "ok").then_some("the database is not sound"))
}
