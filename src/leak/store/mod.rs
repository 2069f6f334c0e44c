//! A corpus on disk: one folder a tenant, append-only segments, everything sealed.
//!
//! ```text
//! corpus/
//!   lock                          held by whoever writes
//!   <32 hex digits>/              a tenant; the name is a keyed hash
//!     tenant                      its name, sealed under the corpus's own key
//!     00000000.segment …          at most 65 536 rows each, and what was removed or measured meanwhile
//!     start                       once they were written anew without what was removed: where they begin, sealed
//!
//! segment = magic (16 bytes), frames
//! frame   = length of the sealed bytes (u32), nonce (12 bytes), sealed bytes: AES-256-GCM of a record
//! ```
//! The segment, the place in it and the length of the segment before are authenticated with a frame, so that none can be moved, repeated or left
//! out but at the end. A document is one frame: it is there whole or not at all. What a crash cut off at the end is dropped by
//! the next writer and not looked at by readers; a frame that was changed makes the corpus unreadable, and the score unknown.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "this module owns the corpus's files")]

mod follow;
mod keys;
mod lock;
mod record;
mod start;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;

pub use follow::Follower;
pub use keys::CorpusKeys;
pub use lock::Lock;
pub use record::{Background, Margin, Meant, Record};
pub use start::Start;
pub use write::{Writer, compact};

use crate::aead::NONCE_BYTES;

/// How a segment begins.
const MAGIC: &[u8; 16] = b"octroi corpus 1\n";
/// Bytes of a frame's length and nonce.
const HEAD_BYTES: usize = 4 + NONCE_BYTES;
/// Bytes of one sealed record.
pub const RECORD_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bytes of a segment after which the next one begins, whatever its rows.
const SEGMENT_BYTES: u64 = 512 * 1024 * 1024;
/// The file with a tenant's name.
const TENANT_FILE: &str = "tenant";

/// Why a corpus cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("`{path}`: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file was changed by somebody else, or belongs to another key.
    #[error("`{path}` was changed or is sealed under another key (at byte {offset})")]
    Sealed {
        /// The file.
        path: String,
        /// Where.
        offset: u64,
    },
    /// The records begin in a file that is not there, or the file that says where they begin is gone or another one.
    #[error(
        "`{path}` is gone, and the records begin there; put the folder back from a copy: nothing in it was changed"
    )]
    Gone {
        /// The file.
        path: String,
    },
    /// A record that this version cannot read.
    #[error("`{path}` holds a record that this version cannot read")]
    Record {
        /// The file.
        path: String,
    },
    /// Somebody else writes.
    #[error("another process changes this corpus")]
    Busy,
    /// A document of too many words.
    #[error("a document beyond {RECORD_BYTES_MAX} bytes of index")]
    Large,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| StoreError::File { path, error }
}

/// The tenants of a corpus. The empty name is what belongs to every tenant.
///
/// # Errors
/// A folder that cannot be read, or whose name is sealed under another key.
pub fn tenants(folder: &Path, keys: &CorpusKeys) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error(folder)(error)),
    };
    let mut tenants = Vec::new();
    for entry in entries {
        let path = entry.map_err(file_error(folder))?.path().join(TENANT_FILE);
        let mut sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                continue;
            }
            Err(error) => return Err(file_error(&path)(error)),
        };
        let name = keys.names().open(&mut sealed, b"tenant");
        let name = name.and_then(|name| String::from_utf8(name.to_vec()).ok());
        tenants.push(name.ok_or_else(|| StoreError::Sealed { path: path.display().to_string(), offset: 0 })?);
    }
    tenants.sort();
    Ok(tenants)
}
