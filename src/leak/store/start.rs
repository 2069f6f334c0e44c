//! Where a tenant's records begin: the generation that is in force.
//!
//! A compaction writes all records anew into segments of the next generation and then names it here, in one rename. The numbers
//! of segments go on from generation to generation, and each frame is bound to the number of its segment, so that none of an old
//! generation passes for one of a new.

use std::path::Path;

use super::{StoreError, file_error};
use crate::aead::{Key, NONCE_BYTES};
use crate::disk;

/// The file that names the generation; the first one has none.
const START_FILE: &str = "start";
/// What the sealed generation is bound to.
const PLACE: &[u8] = b"start";
/// Segments of a generation.
const SEGMENTS_MAX: u64 = 1_000_000;
/// Changes of a generation, as epochs count them.
const CHANGES_MAX: u64 = 1_000_000_000;

/// A generation of a tenant's records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Start {
    generation: u32,
}

impl Start {
    /// Reads which generation is in force.
    pub(super) fn read(folder: &Path, sealer: &Key) -> Result<Self, StoreError> {
        let path = folder.join(START_FILE);
        let mut sealed = match disk::read(&path, 256) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(file_error(&path)(error)),
        };
        let plain = if sealed.len() > NONCE_BYTES { sealer.open(&mut sealed, PLACE) } else { None };
        let generation = plain.and_then(|plain| (&*plain).try_into().ok()).map(u32::from_le_bytes);
        let generation =
            generation.ok_or_else(|| StoreError::Sealed { path: path.display().to_string(), offset: 0 })?;
        Ok(Self { generation })
    }

    /// Puts this generation in force.
    pub(super) fn write(self, folder: &Path, sealer: &Key) -> Result<(), StoreError> {
        let path = folder.join(START_FILE);
        let sealed = sealer.seal(&self.generation.to_le_bytes(), PLACE).ok_or(StoreError::NoRandomness)?;
        disk::replace(&path, &sealed, 0o600).map_err(file_error(&path))
    }

    pub(super) const fn next(self) -> Self {
        Self { generation: self.generation.saturating_add(1) }
    }

    /// Its first segment.
    pub(super) fn segment(self) -> u64 {
        u64::from(self.generation) * SEGMENTS_MAX
    }

    /// Whether a segment is one of this generation.
    pub(super) fn holds(self, segment: u64) -> bool {
        segment / SEGMENTS_MAX == u64::from(self.generation)
    }

    /// The epoch that it begins with: above every one of the generations before.
    pub fn epoch(self) -> u64 {
        u64::from(self.generation) * CHANGES_MAX
    }
}
