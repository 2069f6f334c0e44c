//! Segment files: where entries lie on disk, and how damage is told from a write that a crash cut short.
//!
//! ```text
//! header, 512 bytes     "octroi\0\x01" | crc32c u32 | number u32 | first_seq u64 | root 32 | length u16 | origin | zeros
//! frame                 length u32 | crc32c u32 | type u8 | bytes          all integers little-endian
//!   type 2, batch       first_seq u64 | count u32 | bytes u32              then `count` entry frames, `bytes` in all
//!   type 1, entry       canonical JSON
//! zeros to the end      the file is written full of zeros before its first use
//! ```
//!
//! The checksum of a frame covers its length, its type and its bytes; that of the header all that follows it.
//!
//! INVARIANT: the writer begins a batch only after the one before is on durable storage. So a damaged batch followed by
//! anything but zeros had been durable, and was damaged later; only a damaged batch at the very end may be a torn write.

use std::io;
use std::ops::Range;

use crate::entry::ENTRY_BYTES_MAX;
pub use crate::frame::{
    BATCH_BYTES_MAX, BATCH_FRAME_BYTES, BatchBuilder, BatchHead, FRAME_HEAD_BYTES, Fault, HEADER_BYTES, Header,
    ORIGIN_BYTES_MAX,
};
use crate::frame::{check_entries, parse_batch_head, parse_entry};

/// Bytes fetched at a time.
const WINDOW_BYTES: usize = 256 * 1024;

/// A file that can be read at any place.
pub trait ReadAt: Send {
    /// Reads into `buf` from `offset` and returns how many bytes there were: fewer only at the end of the file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Bytes of the file.
    fn length(&self) -> io::Result<u64>;
}

impl ReadAt for std::fs::File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = buf.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match std::os::unix::fs::FileExt::read_at(self, rest, offset.saturating_add(read as u64)) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// What stands at a place where a batch may begin.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole batch.
    Batch(Batch<'a>),
    /// Nothing but zeros up to the end of the file.
    End,
    /// Something that is not a whole batch.
    Damaged {
        /// Where the first bad frame begins.
        offset: u64,
        /// What is wrong with it.
        fault: Fault,
        /// Whether it can be a write that a crash cut short: nothing was written behind it.
        torn: bool,
    },
}

/// What one reading of a place gives.
enum Look {
    Whole(BatchHead),
    End,
    /// Offset of the first bad frame, its fault, and whether it can be torn.
    Damaged(u64, Fault, bool),
}

/// A whole batch, its checksums verified.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Its head.
    pub head: BatchHead,
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its last byte.
    pub end: u64,
    bytes: &'a [u8],
    entries: &'a [Range<usize>],
}

impl<'a> Batch<'a> {
    /// Its entries in order: the offset of the frame, the sequence number that its place gives, and the bytes.
    pub fn entries(&self) -> impl Iterator<Item = (u64, u64, &'a [u8])> + use<'a> {
        let (start, first_seq, bytes) = (self.start, self.head.first_seq, self.bytes);
        self.entries.iter().zip(0_u64..).map(move |(range, index)| {
            let offset = start + (range.start - FRAME_HEAD_BYTES) as u64;
            (offset, first_seq.saturating_add(index), bytes.get(range.clone()).unwrap_or_default())
        })
    }
}

/// A segment open for reading.
pub struct Segment {
    file: Box<dyn ReadAt>,
    header: Header,
    length: u64,
    window: Vec<u8>,
    window_at: u64,
    entries: Vec<Range<usize>>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("header", &self.header).field("length", &self.length).finish_non_exhaustive()
    }
}

impl Segment {
    /// Opens a segment; `None` when the header is not one, or damaged.
    pub fn open(file: Box<dyn ReadAt>) -> io::Result<Option<Self>> {
        let length = file.length()?;
        let mut bytes = vec![0; HEADER_BYTES];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        let Some(header) = Header::decode(&bytes) else {
            return Ok(None);
        };
        Ok(Some(Self { file, header, length, window: Vec::new(), window_at: 0, entries: Vec::new() }))
    }

    /// Its header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the file.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Reads the batch that begins at `start`, which is [`HEADER_BYTES`] or the end of the batch before.
    pub fn batch(&mut self, start: u64) -> io::Result<Found<'_>> {
        let mut look = self.look(start)?;
        if matches!(look, Look::Damaged(..)) {
            // A log that is being written: what was half there a moment ago is whole once anything stands behind it.
            self.window.clear();
            look = self.look(start)?;
        }
        Ok(match look {
            Look::End => Found::End,
            Look::Damaged(offset, fault, torn) => Found::Damaged { offset, fault, torn },
            Look::Whole(head) => {
                let end = start + (BATCH_FRAME_BYTES + head.bytes as usize) as u64;
                Found::Batch(Batch { head, start, end, bytes: self.slice(start, end), entries: &self.entries })
            }
        })
    }

    fn look(&mut self, start: u64) -> io::Result<Look> {
        let (head, (offset, fault)) = match self.batch_head(start)? {
            Ok(None) => return Ok(Look::End),
            Ok(Some(head)) => match self.fill_entries(start, head)? {
                Ok(()) => return Ok(Look::Whole(head)),
                Err(bad) => (Some(head), bad),
            },
            Err(fault) => (None, (start, fault)),
        };
        Ok(Look::Damaged(offset, fault, self.is_torn(start, head)?))
    }

    /// Whether the file ends before the batch that begins at `start` does. Segments are written full of zeros, so none ends so by itself.
    pub fn ends_within(&mut self, start: u64) -> io::Result<bool> {
        let length = self.length;
        let bytes = self.fetch(start, BATCH_FRAME_BYTES)?;
        if bytes.len() < BATCH_FRAME_BYTES {
            return Ok(bytes.iter().any(|byte| *byte != 0));
        }
        let end = |head: BatchHead| start.saturating_add((BATCH_FRAME_BYTES + head.bytes as usize) as u64);
        Ok(parse_batch_head(bytes).is_ok_and(|head| end(head) > length))
    }

    /// Finds the first byte at or behind `from` that is not zero.
    pub fn first_written(&self, from: u64) -> io::Result<Option<u64>> {
        let mut chunk = vec![0; 64 * 1024];
        let mut at = from;
        while at < self.length {
            let read = self.file.read_at(&mut chunk, at)?;
            if let Some(place) = first_set(chunk.get(..read).unwrap_or_default()) {
                return Ok(Some(at + place as u64));
            }
            if read == 0 {
                break;
            }
            at += read as u64;
        }
        Ok(None)
    }

    /// The head of the batch at `start`, `None` where only zeros follow.
    fn batch_head(&mut self, start: u64) -> io::Result<Result<Option<BatchHead>, Fault>> {
        let bytes = self.fetch(start, BATCH_FRAME_BYTES)?;
        if bytes.iter().all(|byte| *byte == 0) {
            let written = self.first_written(start)?;
            return Ok(if written.is_none() { Ok(None) } else { Err(Fault::NoBatch) });
        }
        Ok(parse_batch_head(bytes).map(Some))
    }

    /// Checks the entry frames of a batch and notes where they lie; `Err` names the first bad one.
    fn fill_entries(&mut self, start: u64, head: BatchHead) -> io::Result<Result<(), (u64, Fault)>> {
        let total = BATCH_FRAME_BYTES + head.bytes as usize;
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        let bytes = self.fetch(start, total)?;
        let checked = if bytes.len() == total {
            check_entries(bytes, head.count, &mut entries).map_err(|(at, fault)| (start + at as u64, fault))
        } else {
            Err((start, Fault::Length))
        };
        self.entries = entries;
        Ok(checked)
    }

    /// Whether the damaged batch at `start` can be the last one that was written.
    fn is_torn(&mut self, start: u64, head: Option<BatchHead>) -> io::Result<bool> {
        if let Some(head) = head {
            let end = start + (BATCH_FRAME_BYTES + head.bytes as usize) as u64;
            return Ok(self.first_written(end)?.is_none());
        }
        // Its extent is not known. It is at most this long, and a batch that begins within proves that it was durable.
        let most = BATCH_FRAME_BYTES + BATCH_BYTES_MAX;
        if self.first_written(start + most as u64)?.is_some() {
            return Ok(false);
        }
        let bytes = self.fetch(start, most)?;
        let later = bytes.windows(BATCH_FRAME_BYTES).skip(1).any(|window| parse_batch_head(window).is_ok());
        Ok(!later)
    }

    /// Makes `length` bytes from `at` available, fewer at the end of the file.
    fn fetch(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let held = at.checked_sub(self.window_at).and_then(|skip| usize::try_from(skip).ok());
        if held.is_none_or(|skip| self.window.len() < skip.saturating_add(length)) {
            self.window.resize(length.max(WINDOW_BYTES), 0);
            let read = self.file.read_at(&mut self.window, at)?;
            self.window.truncate(read);
            self.window_at = at;
        }
        Ok(self.slice(at, at.saturating_add(length as u64)))
    }

    /// Bytes of the window between two offsets of the file.
    fn slice(&self, from: u64, to: u64) -> &[u8] {
        let place = |at: u64| usize::try_from(at.saturating_sub(self.window_at)).unwrap_or(usize::MAX);
        let end = place(to).min(self.window.len());
        self.window.get(place(from)..end).unwrap_or_default()
    }
}

/// Reads the one entry whose frame begins at `offset`; `None` when no whole frame of an entry stands there.
///
/// # Errors
/// What the file says.
pub fn entry_at(file: &dyn ReadAt, offset: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; FRAME_HEAD_BYTES + ENTRY_BYTES_MAX];
    let read = file.read_at(&mut bytes, offset)?;
    bytes.truncate(read);
    let Some(range) = parse_entry(&bytes) else { return Ok(None) };
    bytes.truncate(range.end);
    Ok(Some(bytes.split_off(range.start)))
}

/// The place of the first byte that is not zero. Whole blocks are compared, for nearly all of a segment's end is empty.
fn first_set(bytes: &[u8]) -> Option<usize> {
    const EMPTY: [u8; 4096] = [0; 4096];
    let mut blocks = bytes.chunks(EMPTY.len()).enumerate();
    let (number, block) = blocks.find(|(_, block)| EMPTY.get(..block.len()) != Some(*block))?;
    let place = block.iter().position(|byte| *byte != 0)?;
    Some(number * EMPTY.len() + place)
}

#[cfg(test)]
mod tests;
