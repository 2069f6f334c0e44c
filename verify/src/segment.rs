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
use crate::merkle::Hash;

/// Bytes of the header: one sector, so that it is written whole or not at all.
pub const HEADER_BYTES: usize = 512;
/// Bytes in front of a frame's content.
pub const FRAME_HEAD_BYTES: usize = 9;
/// Bytes of the frame that opens a batch.
pub const BATCH_FRAME_BYTES: usize = FRAME_HEAD_BYTES + BATCH_HEAD_BYTES;
/// Bytes of the entry frames of one batch at most.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a log's name at most.
pub const ORIGIN_BYTES_MAX: usize = 256;

const MAGIC: [u8; 8] = *b"octroi\0\x01";
const BATCH_HEAD_BYTES: usize = 16;
const TYPE_ENTRY: u8 = 1;
const TYPE_BATCH: u8 = 2;
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

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its place among the segments of the log, from 1.
    pub number: u32,
    /// Sequence number of its first entry.
    pub first_seq: u64,
    /// Root of the log over all entries before.
    pub root: Hash,
    /// Name of the log.
    pub origin: String,
}

impl Header {
    /// The header as it lies on disk; `None` for a name that is empty or longer than [`ORIGIN_BYTES_MAX`].
    pub fn encode(&self) -> Option<Vec<u8>> {
        let length = u16::try_from(self.origin.len()).ok()?;
        if self.origin.is_empty() || self.origin.len() > ORIGIN_BYTES_MAX {
            return None;
        }
        let mut rest = Vec::with_capacity(HEADER_BYTES);
        rest.extend_from_slice(&self.number.to_le_bytes());
        rest.extend_from_slice(&self.first_seq.to_le_bytes());
        rest.extend_from_slice(&self.root.0);
        rest.extend_from_slice(&length.to_le_bytes());
        rest.extend_from_slice(self.origin.as_bytes());
        rest.resize(HEADER_BYTES - MAGIC.len() - 4, 0);
        Some([&MAGIC[..], &crc32c::crc32c(&rest).to_le_bytes(), &rest].concat())
    }

    /// Reads a header; `None` when it is not one, or damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Cursor(bytes.get(..HEADER_BYTES)?.strip_prefix(&MAGIC)?);
        if from.u32()? != crc32c::crc32c(from.0) {
            return None;
        }
        let (number, first_seq, root) = (from.u32()?, from.u64()?, Hash(from.array()?));
        let length = usize::from(u16::from_le_bytes(from.array()?));
        let origin = std::str::from_utf8(from.0.get(..length)?).ok()?.to_owned();
        Some(Self { number, first_seq, root, origin })
    }
}

/// Opens a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHead {
    /// Sequence number of its first entry.
    pub first_seq: u64,
    /// Number of entries, at least 1.
    pub count: u32,
    /// Bytes of their frames.
    pub bytes: u32,
}

impl BatchHead {
    fn encode(self) -> Vec<u8> {
        [&self.first_seq.to_le_bytes()[..], &self.count.to_le_bytes(), &self.bytes.to_le_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Cursor(bytes);
        let head = Self { first_seq: from.u64()?, count: from.u32()?, bytes: from.u32()? };
        (from.0.is_empty() && head.count > 0 && head.bytes as usize <= BATCH_BYTES_MAX).then_some(head)
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// A batch while it is put together, in the form in which it is written.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    frames: Vec<u8>,
    count: u32,
}

impl BatchBuilder {
    /// Appends an entry.
    pub fn push(&mut self, entry: &[u8]) {
        frame(TYPE_ENTRY, entry, &mut self.frames);
        self.count = self.count.saturating_add(1);
    }

    /// Bytes that the batch would take with one more entry of this length.
    pub const fn bytes_with(&self, entry_bytes: usize) -> usize {
        BATCH_FRAME_BYTES + self.frames.len() + FRAME_HEAD_BYTES + entry_bytes
    }

    /// The bytes to write.
    pub fn finish(self, first_seq: u64) -> Vec<u8> {
        let bytes = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(BATCH_FRAME_BYTES + self.frames.len());
        frame(TYPE_BATCH, &BatchHead { first_seq, count: self.count, bytes }.encode(), &mut out);
        out.extend_from_slice(&self.frames);
        out
    }
}

fn frame(kind: u8, content: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, kind, content).to_le_bytes());
    out.push(kind);
    out.extend_from_slice(content);
}

fn checksum(length: [u8; 4], kind: u8, content: &[u8]) -> u32 {
    let [a, b, c, d] = length;
    crc32c::crc32c_append(crc32c::crc32c(&[a, b, c, d, kind]), content)
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Zeros, or something that is no frame, where a batch should begin.
    #[error("no batch where one should begin")]
    NoBatch,
    /// Its length leads outside the batch or the file.
    #[error("frame length leads outside")]
    Length,
    /// Its checksum is not that of its bytes.
    #[error("frame checksum does not match")]
    Checksum,
    /// Its type does not belong here.
    #[error("frame of a type that does not belong here")]
    Type,
    /// The batch's head announces other entries than follow.
    #[error("batch head does not match its entries")]
    Count,
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
        let (head, fault) = match self.batch_head(start)? {
            Ok(None) => return Ok(Found::End),
            Ok(Some(head)) => match self.fill_entries(start, head)? {
                Ok(()) => {
                    let end = start + (BATCH_FRAME_BYTES + head.bytes as usize) as u64;
                    let bytes = self.slice(start, end);
                    return Ok(Found::Batch(Batch { head, start, end, bytes, entries: &self.entries }));
                }
                Err(bad) => (Some(head), bad),
            },
            Err(fault) => (None, (start, fault)),
        };
        let (offset, fault) = fault;
        Ok(Found::Damaged { offset, fault, torn: self.is_torn(start, head)? })
    }

    /// Finds the first byte at or behind `from` that is not zero.
    pub fn first_written(&self, from: u64) -> io::Result<Option<u64>> {
        let mut chunk = vec![0; 64 * 1024];
        let mut at = from;
        while at < self.length {
            let read = self.file.read_at(&mut chunk, at)?;
            if let Some(place) = chunk.iter().take(read).position(|byte| *byte != 0) {
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

fn parse_batch_head(bytes: &[u8]) -> Result<BatchHead, Fault> {
    let (kind, content) = parse_frame(bytes, BATCH_HEAD_BYTES)?;
    let content = bytes.get(content).ok_or(Fault::Length)?;
    if kind != TYPE_BATCH {
        return Err(Fault::Type);
    }
    BatchHead::decode(content).ok_or(Fault::Count)
}

/// Checks the frames behind a batch's head and notes the range of each entry in `bytes`.
fn check_entries(bytes: &[u8], count: u32, entries: &mut Vec<Range<usize>>) -> Result<(), (usize, Fault)> {
    let mut at = BATCH_FRAME_BYTES;
    for _ in 0..count {
        let (kind, content) =
            parse_frame(bytes.get(at..).unwrap_or_default(), ENTRY_BYTES_MAX).map_err(|fault| (at, fault))?;
        if kind != TYPE_ENTRY {
            return Err((at, Fault::Type));
        }
        entries.push(at + content.start..at + content.end);
        at += content.end;
    }
    if at == bytes.len() { Ok(()) } else { Err((at, Fault::Count)) }
}

/// Reads the frame at the start of `bytes`: its type, and where its content lies.
fn parse_frame(bytes: &[u8], content_max: usize) -> Result<(u8, Range<usize>), Fault> {
    let mut from = Cursor(bytes);
    let length: [u8; 4] = from.array().ok_or(Fault::Length)?;
    let expected = from.u32().ok_or(Fault::Length)?;
    let [kind] = from.array().ok_or(Fault::Length)?;
    let size = u32::from_le_bytes(length) as usize;
    if size == 0 || size > content_max {
        return Err(Fault::Length);
    }
    let content = from.0.get(..size).ok_or(Fault::Length)?;
    if checksum(length, kind, content) != expected {
        return Err(Fault::Checksum);
    }
    Ok((kind, FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + size))
}

#[cfg(test)]
mod tests;
