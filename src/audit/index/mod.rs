//! The review index: a SQLite file beside the log by which records are found and counted quickly.
//!
//! It is no evidence. It can be thrown away and made anew from the log at any time, and what a search shows is read from the
//! log itself, frame by frame with its checksum: the index only says where. So whoever edits it can hide a record from a
//! search, and [`compare`] finds that by making the index anew, as `octroi-verify --index` does without SQLite; they cannot
//! change what a record says. The tables, and what an entry adds to them, stand in the verifier's crate (`review`).
//!
//! [`Index::catch_up`] reads from where it last ended, and remembers in the same transaction how far it is: the *watermark*,
//! which every answer names.

mod build;
mod compare;
mod proof;
mod search;

use std::fmt;
use std::path::{Path, PathBuf};

use octroi_verify::problem::Problem;
use rusqlite::{Connection, OptionalExtension as _};

pub use compare::compare;
pub use octroi_verify::review::{Dimension, FILE, RollupKey};
use octroi_verify::review::{PLACE_BYTES, TABLES, VERSION};
pub use search::{Answer, Counted, Rollup};

/// Why the index cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database refuses.
    #[error("the review index: {0}")]
    Database(#[from] rusqlite::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] Problem),
    /// No record has this word.
    #[error("no request in the log has the {dimension} `{word}`")]
    Unknown {
        /// The dimension.
        dimension: &'static str,
        /// The word.
        word: String,
        /// The words of the dimension that there are.
        listed: Vec<String>,
    },
    /// The index says that an entry stands where the log has none, or another.
    #[error(
        "the log and its review index differ at entry {0}: run `octroi audit verify`, and where that finds the log sound, `octroi audit reindex`"
    )]
    Unfit(u64),
}

/// An open index.
pub struct Index {
    connection: Connection,
    log: PathBuf,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("log", &self.log).finish_non_exhaustive()
    }
}

/// How far an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// Entries indexed: the answer speaks of the log up to here.
    pub entries: u64,
}

impl Index {
    /// Opens the index of the log in a folder, or begins one.
    ///
    /// # Errors
    /// [`IndexError::Database`] when the file cannot be written or is no database.
    pub fn open(log: &Path) -> Result<Self, IndexError> {
        Self::open_at(log, &log.join(FILE))
    }

    /// Opens an index that lies elsewhere.
    ///
    /// # Errors
    /// [`IndexError::Database`] when the file cannot be written or is no database.
    pub fn open_at(log: &Path, file: &Path) -> Result<Self, IndexError> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        // It can be made anew at any time: a power failure may cost it, so syncs would buy nothing.
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")?;
        let index = Self { connection, log: log.to_owned() };
        if index.meta("version")? != Some(VERSION) {
            index.begin()?;
        }
        Ok(index)
    }

    /// Empties the index, so that it is filled anew from the first entry.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn clear(&self) -> Result<(), IndexError> {
        self.begin()
    }

    fn begin(&self) -> Result<(), IndexError> {
        let mut statements = "BEGIN IMMEDIATE;".to_owned();
        for (name, statement) in TABLES {
            // An index goes with its table.
            let away = format!("DROP TABLE IF EXISTS {name};");
            statements.extend([if statement.starts_with("CREATE TABLE") { &*away } else { "" }, statement, ";"]);
        }
        statements.push_str("COMMIT;");
        self.connection.execute_batch(&statements)?;
        self.set_meta("version", VERSION)
    }

    /// How far it is.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn watermark(&self) -> Result<Watermark, IndexError> {
        Ok(Watermark { entries: unsigned(self.meta("entries")?.unwrap_or(0)) })
    }

    fn meta(&self, key: &str) -> Result<Option<i64>, IndexError> {
        let exists: bool = self.connection.query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
            [],
            |row| Ok(row.get::<_, i64>(0)? > 0),
        )?;
        if !exists {
            return Ok(None);
        }
        let value = self.connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0));
        Ok(value.optional()?)
    }

    fn set_meta(&self, key: &str, value: i64) -> Result<(), IndexError> {
        self.connection
            .execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", rusqlite::params![key, value])?;
        Ok(())
    }
}

/// Where an entry lies: its number, the segment, and the offset of its frame there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    seq: u64,
    segment: u32,
    offset: u64,
}

fn encode_places(places: &[Place]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len() * PLACE_BYTES);
    for place in places {
        bytes.extend_from_slice(&place.seq.to_le_bytes());
        bytes.extend_from_slice(&place.segment.to_le_bytes());
        bytes.extend_from_slice(&place.offset.to_le_bytes());
    }
    bytes
}

fn decode_places(bytes: &[u8]) -> Vec<Place> {
    let place = |chunk: &[u8]| {
        let (seq, rest) = chunk.split_first_chunk::<8>()?;
        let (segment, rest) = rest.split_first_chunk::<4>()?;
        let (offset, _) = rest.split_first_chunk::<8>()?;
        let (seq, offset) = (u64::from_le_bytes(*seq), u64::from_le_bytes(*offset));
        Some(Place { seq, segment: u32::from_le_bytes(*segment), offset })
    };
    bytes.chunks_exact(PLACE_BYTES).filter_map(place).collect()
}

/// SQLite's numbers are signed; a log has no 2^63 entries.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
