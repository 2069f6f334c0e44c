//! The review index: a SQLite file beside the log by which records are found and counted quickly.
//!
//! It is no evidence. It can be thrown away and made anew from the log at any time, and what a search shows is read from the
//! log itself, frame by frame with its checksum: the index only says where. So whoever edits it can hide a record from a
//! search, and [`compare`] finds that by making the index anew, as `octroi-verify --index` does without SQLite; they cannot
//! change what a record says. The tables, and what an entry adds to them, stand in the verifier's crate (`review`).
//!
//! [`Index::catch_up`] reads from where it last ended, and remembers in the same transaction how far it is: the *watermark*,
//! which every answer names. Commands may ask one index at the same time: what one writes is never half of what another reads, and
//! nothing is counted twice.

mod build;
mod compare;
mod count;
mod gathered;
mod place;
mod proof;
mod search;

use std::fmt;
use std::path::{Path, PathBuf};

use octroi_verify::problem::Problem;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

pub use compare::compare;
pub use count::Counted;
pub use octroi_verify::review::{Dimension, FILE, RollupKey};
use octroi_verify::review::{PLACE_BYTES, TABLES, VERSION};
pub use search::{Answer, Rollup};

use super::epochs::KeyChanging;

/// Why the index cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database refuses.
    #[error("the review index: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file is damaged, or is no index.
    #[error("the review index `{file}` is damaged ({error}): make it anew with `octroi audit reindex {dir}`")]
    Damaged {
        /// The file.
        file: String,
        /// The folder of its log.
        dir: String,
        /// The word of SQLite.
        error: rusqlite::Error,
    },
    /// The database refuses for another reason.
    #[error("the review index `{file}`: {error}")]
    Refused {
        /// The file.
        file: String,
        /// The word of SQLite.
        error: rusqlite::Error,
    },
    /// The file cannot be written by this user, or not here.
    #[error("the review index `{file}` cannot be written here")]
    Unwritable {
        /// The file.
        file: String,
    },
    /// It would take the last room of the log.
    #[error("the review index `{file}` is not written: what is free on its disk is left to the log")]
    NoRoom {
        /// The file.
        file: String,
    },
    /// A link lies in its place.
    #[error("the review index `{file}` is a symbolic link, and none is followed: remove it")]
    Linked {
        /// The link.
        file: String,
    },
    /// The system refuses something of a new file.
    #[error("the review index `{file}`: {kind}")]
    Io {
        /// The file.
        file: String,
        /// The word of the system.
        kind: std::io::ErrorKind,
    },
    /// There is none.
    #[error("there is no review index `{file}`")]
    Missing {
        /// The file.
        file: String,
    },
    /// Somebody wrote it while it was compared.
    #[error("the review index `{file}` was written meanwhile: ask again")]
    Written {
        /// The file.
        file: String,
    },
    /// It is of a time before entries were pruned.
    #[error("the review index `{file}` is older than the last pruning: the next search makes it anew")]
    Stale {
        /// The file.
        file: String,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] Problem),
    /// Its key is being changed.
    #[error(transparent)]
    Changing(#[from] KeyChanging),
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

impl IndexError {
    /// Names the file in what SQLite says of the index of a log.
    pub(super) fn of(self, log: &Path) -> Self {
        let (file, dir) = (log.join(FILE).display().to_string(), log.display().to_string());
        match self {
            Self::Database(error) if is_damage(&error) => Self::Damaged { file, dir, error },
            Self::Database(error) => Self::Refused { file, error },
            other => other,
        }
    }

    fn io(file: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.display().to_string();
        move |error| Self::Io { file, kind: error.kind() }
    }

    /// Whether the file is there to be read at most.
    fn is_unwritable(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly};
        match self {
            Self::Unwritable { .. } | Self::NoRoom { .. } => true,
            Self::Database(error) | Self::Refused { error, .. } => error
                .sqlite_error_code()
                .is_some_and(|code| [CannotOpen, DiskFull, PermissionDenied, ReadOnly].contains(&code)),
            _ => false,
        }
    }
}

/// Whether it says that the file is not what SQLite wrote, or holds other tables and values than an index.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
    match error {
        rusqlite::Error::SqliteFailure(..) | rusqlite::Error::SqlInputError { .. } => {
            let code = error.sqlite_error_code();
            code.is_some_and(|code| [DatabaseCorrupt, NotADatabase, Unknown].contains(&code))
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows => true,
        _ => false,
    }
}

/// An open index.
pub struct Index {
    connection: Connection,
    log: PathBuf,
    is_temporary: bool,
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
    /// Empties the index, so that it is filled anew from the first entry.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn clear(&self) -> Result<(), IndexError> {
        self.begin()
    }

    fn begin(&self) -> Result<(), IndexError> {
        self.begin_from(|_| Ok(true)).map(drop)
    }

    /// Begins the index anew, if that is still to be done when nobody else can write; else `false`.
    fn begin_from(&self, wanted: impl FnOnce(&Connection) -> Result<bool, IndexError>) -> Result<bool, IndexError> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        if !wanted(&transaction)? {
            return Ok(false);
        }
        for (name, statement) in TABLES {
            // An index goes with its table.
            if statement.starts_with("CREATE TABLE") {
                transaction.execute_batch(&format!("DROP TABLE IF EXISTS {name}"))?;
            }
            transaction.execute_batch(statement)?;
        }
        let version = "INSERT OR REPLACE INTO meta (key, value) VALUES ('version', ?1)";
        transaction.execute(version, [VERSION])?;
        transaction.commit()?;
        Ok(true)
    }

    /// How far it is.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn watermark(&self) -> Result<Watermark, IndexError> {
        Ok(Watermark { entries: unsigned(self.meta("entries")?.unwrap_or(0)) })
    }

    /// How many entries its answers are of: those that were pruned before it was made are not among them.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn held(&self) -> Result<u64, IndexError> {
        Ok(self.watermark()?.entries.saturating_sub(unsigned(self.meta("pruned")?.unwrap_or(0))))
    }

    fn meta(&self, key: &str) -> Result<Option<i64>, IndexError> {
        meta(&self.connection, key)
    }
}

/// A number that an index remembers; nothing in a file without tables.
fn meta(connection: &Connection, key: &str) -> Result<Option<i64>, IndexError> {
    let exists: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
        [],
        |row| Ok(row.get::<_, i64>(0)? > 0),
    )?;
    if !exists {
        return Ok(None);
    }
    let value = connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0));
    Ok(value.optional()?)
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
