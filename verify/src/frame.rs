//! The bytes of a segment: its header, and frames. [`crate::segment`] draws them.

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
#[derive(Debug)]
pub struct BatchBuilder {
    /// Room for the batch's own head, then the frames of entries.
    bytes: Vec<u8>,
    count: u32,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl BatchBuilder {
    /// Begins a batch that is expected to take so many bytes.
    pub fn with_room(bytes: usize) -> Self {
        let mut room = Vec::with_capacity(bytes.max(BATCH_FRAME_BYTES));
        room.resize(BATCH_FRAME_BYTES, 0);
        Self { bytes: room, count: 0 }
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: &[u8]) {
        self.push_with(|out| out.extend_from_slice(entry));
    }

    /// Appends an entry that is written in its place, and shows it.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        let start = self.bytes.len();
        self.bytes.resize(start + FRAME_HEAD_BYTES, 0);
        write(&mut self.bytes);
        self.count = self.count.saturating_add(1);
        let (head, entry) =
            self.bytes.get_mut(start..).unwrap_or_default().split_at_mut_checked(FRAME_HEAD_BYTES).unwrap_or_default();
        head.iter_mut().zip(frame_head(TYPE_ENTRY, entry)).for_each(|(place, byte)| *place = byte);
        entry
    }

    /// Bytes that the batch would take with one more entry of this length.
    pub const fn bytes_with(&self, entry_bytes: usize) -> usize {
        self.bytes.len() + FRAME_HEAD_BYTES + entry_bytes
    }

    /// The bytes to write.
    pub fn finish(mut self, first_seq: u64) -> Vec<u8> {
        let bytes = u32::try_from(self.bytes.len().saturating_sub(BATCH_FRAME_BYTES)).unwrap_or(u32::MAX);
        let content = BatchHead { first_seq, count: self.count, bytes }.encode();
        let head = frame_head(TYPE_BATCH, &content);
        self.bytes.iter_mut().zip(head.iter().chain(&content)).for_each(|(place, byte)| *place = *byte);
        self.bytes
    }
}

/// What stands before the content of a frame: its length, the checksum, its type.
fn frame_head(kind: u8, content: &[u8]) -> [u8; FRAME_HEAD_BYTES] {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes();
    let checksum = checksum(length, kind, content).to_le_bytes();
    let mut head = [kind; FRAME_HEAD_BYTES];
    head.iter_mut().zip(length.iter().chain(&checksum)).for_each(|(place, byte)| *place = *byte);
    head
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

pub(crate) fn parse_batch_head(bytes: &[u8]) -> Result<BatchHead, Fault> {
    let (kind, content) = parse_frame(bytes, BATCH_HEAD_BYTES)?;
    let content = bytes.get(content).ok_or(Fault::Length)?;
    if kind != TYPE_BATCH {
        return Err(Fault::Type);
    }
    BatchHead::decode(content).ok_or(Fault::Count)
}

/// Checks the frames behind a batch's head and notes the range of each entry in `bytes`.
pub(crate) fn check_entries(bytes: &[u8], count: u32, entries: &mut Vec<Range<usize>>) -> Result<(), (usize, Fault)> {
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

/// Where the content of the entry frame at the start of `bytes` lies; `None` when there is no whole one.
pub(crate) fn parse_entry(bytes: &[u8]) -> Option<Range<usize>> {
    let (kind, content) = parse_frame(bytes, ENTRY_BYTES_MAX).ok()?;
    (kind == TYPE_ENTRY).then_some(content)
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
