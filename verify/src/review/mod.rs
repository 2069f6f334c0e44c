//! The review index of a log: a SQLite file by which records are found and counted. It is no evidence; but whoever edits it
//! hides a record from a search or changes a count of a report, so the verifier can say whether it says what the log says.
//!
//! ```text
//! request   a row a record: number of its first entry, request id, time, and where each of its entries lies
//! word      the words of each dimension (app, class, backend, a whole sending …)                               facts.rs
//! bits      for each word and block of 65,536 entries, which records have it                                   bits.rs
//! hourly    counts and sums by hour, tenant, app, backend, country, basis, class, exception …
//! span      first and last record of each hour
//! tile      the hash tiles of the tree, for proofs
//! meta      version, how far it is
//! ```
//!
//! What an entry adds to it stands here, and the gateway's own commands fill it by the same lines. It is read without SQLite
//! (`sqlite`), and held against the entries while they pass by (`check`).

mod bits;
mod body;
pub(crate) mod check;
mod compare;
pub mod facts;
mod record;
mod sqlite;
mod wal;

pub use bits::{BLOCK, Bits, place};
pub use facts::{Dimension, Enveloped, Opened, RollupKey, Taken, parts};

/// The file in the log's folder.
pub const FILE: &str = "index.db";
/// Version of the tables: an index of another version is made anew.
pub const VERSION: i64 = 4;
/// Nanoseconds of an hour.
pub const HOUR_NS: i64 = 3_600_000_000_000;
/// Bytes of the place of an entry: its number, that of its segment, and the offset of its frame there; little-endian.
pub const PLACE_BYTES: usize = 20;

/// The tables, and the one index that is not a part of its table, each with the statement that makes it, in the order in which
/// they are made. SQLite keeps the statements as they are written.
pub const TABLES: [(&str, &str); 8] = [
    ("meta", "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID"),
    ("request", "CREATE TABLE request (seq INTEGER PRIMARY KEY, id BLOB, time INTEGER NOT NULL, places BLOB NOT NULL)"),
    ("request_id", "CREATE INDEX request_id ON request (id) WHERE id IS NOT NULL"),
    (
        "word",
        "CREATE TABLE word (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (dimension, text))",
    ),
    (
        "bits",
        "CREATE TABLE bits (word INTEGER NOT NULL, block INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (word, block)) WITHOUT ROWID",
    ),
    (
        "hourly",
        "CREATE TABLE hourly (hour INTEGER NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL, purpose TEXT NOT NULL, \
         decision TEXT NOT NULL, reason TEXT NOT NULL, backend TEXT NOT NULL, country TEXT NOT NULL, control TEXT NOT NULL, \
         basis TEXT NOT NULL, class TEXT NOT NULL, exception TEXT NOT NULL, spared TEXT NOT NULL, n INTEGER NOT NULL, \
         input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, bytes_out INTEGER NOT NULL, \
         PRIMARY KEY (hour, tenant, app, purpose, decision, reason, backend, country, control, basis, class, exception, spared)) \
         WITHOUT ROWID",
    ),
    ("span", "CREATE TABLE span (hour INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL)"),
    (
        "tile",
        "CREATE TABLE tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, number)) \
         WITHOUT ROWID",
    ),
];
