//! What is persisted beside the log so that it opens without being read whole: the newest signed size, the tree's right
//! edge at that size, where the next entry lies, and which decisions were open.
//!
//! It is written before the checkpoint of the same size is published, so that a disk restored from a copy is noticed and
//! no second history is ever signed. All of it can be derived from the log; the tree's edge is believed only because its
//! root is the signed one.

use std::io;

use octroi_verify::checkpoint::Checkpoint;
use octroi_verify::entry::Request;
use octroi_verify::merkle::{Frontier, Hash};
use octroi_verify::note::VerifierKey;
use octroi_verify::walk::Place;
use serde::{Deserialize, Serialize};

use super::storage::{Storage, read_small, replace};

/// The file's name.
pub(super) const STATE: &str = "state";
/// Bytes of the file at most: the open decisions make it long.
const STATE_BYTES_MAX: u64 = 16 * 1024 * 1024;
const VERSION: u8 = 1;

/// The persisted state.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) tree: Frontier,
    pub(super) place: Place,
    /// Requests whose decision has no outcome.
    pub(super) open: Vec<Request>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    checkpoint: String,
    offset: u64,
    open: Vec<String>,
    /// Of `open`, which no signature covers: rot there would make us record outcomes of nothing.
    open_crc32c: u32,
    roots: Vec<String>,
    segment: u32,
    v: u8,
}

impl State {
    /// Persists the state together with the checkpoint that signs its size.
    pub(super) fn save(&self, storage: &dyn Storage, checkpoint: &str) -> io::Result<()> {
        let open: Vec<_> = self.open.iter().map(Request::to_string).collect();
        let raw = Raw {
            checkpoint: checkpoint.to_owned(),
            offset: self.place.offset,
            open_crc32c: checksum(&open),
            open,
            roots: self.tree.roots().iter().map(Hash::to_string).collect(),
            segment: self.place.segment,
            v: VERSION,
        };
        replace(storage, STATE, &serde_json::to_vec(&raw)?, false)
    }

    /// Reads the state back; `None` when it is not there or does not hold together, which costs only time.
    pub(super) fn load(storage: &dyn Storage, key: &VerifierKey) -> io::Result<Option<(Self, Checkpoint)>> {
        Ok(read_small(storage, STATE, STATE_BYTES_MAX)?.and_then(|bytes| Self::parse(&bytes, key)))
    }

    fn parse(bytes: &[u8], key: &VerifierKey) -> Option<(Self, Checkpoint)> {
        let raw: Raw = serde_json::from_slice(bytes).ok().filter(|raw: &Raw| raw.v == VERSION)?;
        if checksum(&raw.open) != raw.open_crc32c {
            return None;
        }
        let checkpoint = Checkpoint::open(&raw.checkpoint, key).ok()?;
        let roots = raw.roots.iter().map(|root| Hash::from_base64(root)).collect::<Option<_>>()?;
        let tree = Frontier::restore(checkpoint.size, roots).filter(|tree| tree.root() == checkpoint.root)?;
        let open = raw.open.iter().map(|id| Request::parse(id)).collect::<Option<_>>()?;
        let place = Place { segment: raw.segment, offset: raw.offset, seq: checkpoint.size };
        Some((Self { tree, place, open }, checkpoint))
    }
}

fn checksum(open: &[String]) -> u32 {
    open.iter().fold(0, |crc, id| crc32c::crc32c_append(crc, id.as_bytes()))
}
