//! What a failing disk keeps from the log, noted in a small file whose room is taken before it fails: a gateway that is killed
//! or stopped meanwhile says so when it starts again.
//!
//! The note is no evidence and no part of the log, and the log never waits for it or refuses anything because of it: where the
//! disk takes not even this, or loses power, the note is lost with the rest.

use std::io;

use jiff::Timestamp;

use super::storage::{SegmentFile, Storage};

/// The name of its file.
pub(super) const OUTAGE: &str = "outage";
/// Bytes of the file: within one sector, so that it is wholly old or wholly new.
const OUTAGE_BYTES: usize = 64;

/// Since when the storage takes nothing, and how many entries were refused since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) since: Timestamp,
    pub(super) refused: u64,
}

impl Outage {
    /// `2026-11-30T02:47:06.123456789Z 12`, then blanks.
    fn write(self) -> Vec<u8> {
        format!("{:.9} {:<width$}", self.since, self.refused, width = OUTAGE_BYTES).into_bytes()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(bytes).ok()?.split_whitespace();
        Some(Self { since: words.next()?.parse().ok()?, refused: words.next()?.parse().ok()? })
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct OutageNote(Option<Box<dyn SegmentFile>>);

impl OutageNote {
    /// Opens the file, or takes the room for it; returns what an earlier run left in it.
    pub(super) fn open(storage: &dyn Storage) -> (Self, Option<Outage>) {
        let file = match storage.open(OUTAGE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(storage),
            file => file,
        };
        match file {
            Ok(file) => {
                let mut bytes = [0; OUTAGE_BYTES];
                let read = file.read_at(&mut bytes, 0).unwrap_or_default();
                let left = Outage::read(bytes.get(..read).unwrap_or_default());
                (Self(Some(file)), left)
            }
            Err(error) => {
                tracing::warn!(error = %error.kind(), "No room for a note of what a failing disk keeps from the audit log");
                (Self(None), None)
            }
        }
    }

    /// Notes an outage, or that there is none any more.
    pub(super) fn note(&self, outage: Option<Outage>) {
        let mut bytes = outage.map(Outage::write).unwrap_or_default();
        bytes.resize(OUTAGE_BYTES, b' ');
        let written = self.0.as_ref().map(|file| file.write_all_at(&bytes, 0).and_then(|()| file.sync()));
        if let Some(Err(error)) = written {
            tracing::warn!(error = %error.kind(), "What the disk keeps from the audit log could not be noted");
        }
    }
}

fn create(storage: &dyn Storage) -> io::Result<Box<dyn SegmentFile>> {
    let file = storage.create(OUTAGE, false)?;
    file.write_all_at(&[b' '; OUTAGE_BYTES], 0)?;
    file.sync()?;
    storage.sync_folder_of(OUTAGE)?;
    Ok(file)
}
