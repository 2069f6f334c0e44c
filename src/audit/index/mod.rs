//! The review index: a SQLite file beside the log by which records are found and counted quickly.
//!
//! It is no evidence. It can be thrown away and made anew from the log at any time, and what a search shows is read from the
//! log itself, frame by frame with its checksum: the index only says where. So whoever edits it can hide a record from a
//! search, and [`compare`] finds that by making the index anew; they cannot change what a record says.
//!
//! ```text
//! request   a row a record: number of its first entry, request id, time, and where each of its entries lies
//! word      the words of each dimension (app, class, backend …)
//! bits      for each word and block of 65,536 entries, which records have it            search.rs
//! hourly    counts and sums by hour, tenant, app, backend, country, basis, class …     reports
//! span      first and last record of each hour
//! tile      the hash tiles of the tree, for proofs
//! ```
//!
//! [`Index::catch_up`] reads from where it last ended, and remembers in the same transaction how far it is: the *watermark*,
//! which every answer names.

mod bits;
mod build;
mod compare;
mod facts;
mod proof;
mod search;

use std::fmt;
use std::path::{Path, PathBuf};

use octroi_verify::problem::Problem;
use rusqlite::{Connection, OptionalExtension as _};

pub use compare::compare;
pub use facts::{Dimension, RollupKey};
pub use search::{Answer, Counted, Rollup};

/// The file in the log's folder.
pub const FILE: &str = "index.db";
/// Version of the tables: an index of another version is made anew.
const VERSION: i64 = 1;

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
    #[error("the review index does not fit the log at entry {0}: make it anew with `octroi audit reindex`")]
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
        self.connection.execute_batch(
            "BEGIN IMMEDIATE;
             DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS request; DROP TABLE IF EXISTS word; DROP TABLE IF EXISTS bits;
             DROP TABLE IF EXISTS hourly; DROP TABLE IF EXISTS span; DROP TABLE IF EXISTS tile;
             CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
             CREATE TABLE request (seq INTEGER PRIMARY KEY, id BLOB, time INTEGER NOT NULL, places BLOB NOT NULL);
             CREATE INDEX request_id ON request (id) WHERE id IS NOT NULL;
             CREATE TABLE word (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, text TEXT NOT NULL,
                                UNIQUE (dimension, text));
             CREATE TABLE bits (word INTEGER NOT NULL, block INTEGER NOT NULL, data BLOB NOT NULL,
                                PRIMARY KEY (word, block)) WITHOUT ROWID;
             CREATE TABLE hourly (hour INTEGER NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL, purpose TEXT NOT NULL,
                                  decision TEXT NOT NULL, reason TEXT NOT NULL, backend TEXT NOT NULL,
                                  country TEXT NOT NULL, control TEXT NOT NULL, basis TEXT NOT NULL, class TEXT NOT NULL,
                                  n INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
                                  bytes_out INTEGER NOT NULL,
                                  PRIMARY KEY (hour, tenant, app, purpose, decision, reason, backend, country, control,
                                               basis, class)) WITHOUT ROWID;
             CREATE TABLE span (hour INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL);
             CREATE TABLE tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL,
                                PRIMARY KEY (level, number)) WITHOUT ROWID;
             COMMIT;",
        )?;
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

const PLACE_BYTES: usize = 20;

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
