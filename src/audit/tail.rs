//! The segment that is being written, and the making of the next one.
//!
//! A segment is filled with zeros, given its header and brought to the disk under another name before it gets its own: a
//! file named `.seg` always has all its room. Half-way through a segment the next one is prepared by a thread of its own,
//! so that no request waits for 64 MiB of zeros.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use octroi_verify::segment::{BATCH_FRAME_BYTES, FRAME_HEAD_BYTES, HEADER_BYTES, Header};
use octroi_verify::walk::{Place, SEGMENTS, segment_name};

use super::storage::{SegmentFile, Storage};

/// Segments shorter than this (tests have them) are filled when they are needed.
const PREPARED_FROM_BYTES: u64 = 1024 * 1024;

/// The segment that is being written. Whoever sees one of its writes fail drops it: it is never written again.
#[derive(Debug)]
pub(super) struct Tail {
    file: Box<dyn SegmentFile>,
    number: u32,
    offset: u64,
    length: u64,
}

impl Tail {
    /// Goes on with the segment in which a log ends.
    pub(super) fn resume(storage: &dyn Storage, place: Place) -> io::Result<Self> {
        let file = storage.open(&segment_name(place.segment))?;
        let length = file.length()?;
        Ok(Self { file, number: place.segment, offset: place.offset, length })
    }

    /// Bytes that still fit.
    pub(super) fn room(&self) -> usize {
        usize::try_from(self.length.saturating_sub(self.offset)).unwrap_or(usize::MAX)
    }

    /// Whether a batch with one entry of this length still fits.
    pub(super) fn fits(&self, entry_bytes: usize) -> bool {
        self.room() >= BATCH_FRAME_BYTES + FRAME_HEAD_BYTES + entry_bytes
    }

    /// Whether it is time to prepare the next segment.
    pub(super) const fn half_full(&self) -> bool {
        self.offset > self.length / 2
    }

    /// Writes a batch and brings it to durable storage.
    pub(super) fn write(&mut self, batch: &[u8]) -> io::Result<()> {
        self.file.write_all_at(batch, self.offset)?;
        self.file.sync()?;
        self.offset = self.offset.saturating_add(batch.len() as u64);
        Ok(())
    }

    /// Where the entry with this sequence number would go.
    pub(super) const fn place(&self, seq: u64) -> Place {
        Place { segment: self.number, offset: self.offset, seq }
    }
}

/// Makes segments.
#[derive(Debug)]
pub(super) struct Segments {
    storage: Arc<dyn Storage>,
    bytes: u64,
    next_number: u32,
    prepared: Option<JoinHandle<io::Result<Box<dyn SegmentFile>>>>,
}

impl Segments {
    pub(super) const fn new(storage: Arc<dyn Storage>, bytes: u64, next_number: u32) -> Self {
        Self { storage, bytes, next_number, prepared: None }
    }

    /// Begins to fill the next segment with zeros, unless that is under way.
    pub(super) fn prepare(&mut self) {
        if self.prepared.is_some() || self.bytes < PREPARED_FROM_BYTES {
            return;
        }
        let (storage, bytes) = (Arc::clone(&self.storage), self.bytes);
        let fill = move || filled(storage.as_ref(), bytes);
        // Without a thread the segment is filled when it is needed.
        self.prepared = std::thread::Builder::new().name("audit-prepare".to_owned()).spawn(fill).ok();
    }

    /// Makes the next segment. An error leaves nothing behind that could be taken for a part of the log.
    pub(super) fn create(&mut self, header: Header) -> io::Result<Tail> {
        let number = self.next_number;
        let bytes = Header { number, ..header }.encode().ok_or(io::ErrorKind::InvalidInput)?;
        let file = match self.prepared.take().map(JoinHandle::join) {
            Some(Ok(Ok(file))) => file,
            _ => filled(self.storage.as_ref(), self.bytes)?,
        };
        file.write_all_at(&bytes, 0)?;
        file.sync()?;
        let name = segment_name(number);
        self.storage.rename(&unused_name(), &name)?;
        self.storage.sync_folder_of(&name)?;
        self.next_number = number.checked_add(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(Tail { file, number, offset: HEADER_BYTES as u64, length: self.bytes })
    }

    /// The number that the next segment will have.
    pub(super) const fn next_number(&self) -> u32 {
        self.next_number
    }
}

impl Drop for Segments {
    fn drop(&mut self) {
        if let Some(Ok(Ok(_))) = self.prepared.take().map(JoinHandle::join) {
            remove_unused(self.storage.as_ref());
        }
    }
}

/// Removes a segment that was prepared and never used.
pub(super) fn remove_unused(storage: &dyn Storage) {
    match storage.remove(&unused_name()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(error = %error.kind(), "A prepared audit segment could not be removed");
        }
        _ => {}
    }
}

fn unused_name() -> String {
    format!("{SEGMENTS}/next.new")
}

fn filled(storage: &dyn Storage, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
    let fill = || {
        let file = storage.create(&unused_name(), false)?;
        file.fill(bytes)?;
        file.sync()?;
        Ok(file)
    };
    // A disk that is full gets its room back.
    fill().inspect_err(|_| remove_unused(storage))
}
