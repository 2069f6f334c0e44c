//! The write-ahead log beside a SQLite file in use (section 4 of the format): the pages that were committed and lie only there.

use std::collections::HashMap;
use std::fs::File;

use super::record::be32;
use super::sqlite::Fault;
use crate::segment::ReadAt as _;

/// Bytes of its header.
pub(super) const WAL_HEADER_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;

/// The pages of a write-ahead log that were committed, each where it lies last, and how many pages the database has by them.
pub(super) fn frames(wal: &File, page_bytes: usize) -> Result<(HashMap<u32, u64>, Option<u32>), Fault> {
    let (mut committed, mut pages) = (HashMap::new(), None);
    let mut head = [0; WAL_HEADER_BYTES];
    wal.read_at(&mut head, 0)?;
    let [magic, version, size, _, salt, pepper, one, other] = words(&head);
    let big = magic & 1 == 1;
    let mut sum = checksum((0, 0), head.get(..24).unwrap_or_default(), big);
    // A log that was begun and never got its header holds nothing.
    if magic & !1 != 0x377f_0682 || version != 3_007_000 || size as usize != page_bytes || sum != (one, other) {
        return Ok((committed, pages));
    }
    let (mut offset, mut waiting) = (WAL_HEADER_BYTES as u64, Vec::new());
    let mut frame = vec![0; FRAME_HEAD_BYTES + page_bytes];
    while wal.read_at(&mut frame, offset)? == frame.len() {
        let Some((head, page)) = frame.split_at_checked(FRAME_HEAD_BYTES) else { break };
        let [number, size, first, second, one, other, ..] = words(head);
        sum = checksum(checksum(sum, head.get(..8).unwrap_or_default(), big), page, big);
        // What is left of an older log behind this one ends it.
        if (first, second) != (salt, pepper) || sum != (one, other) {
            break;
        }
        waiting.push((number, offset + FRAME_HEAD_BYTES as u64));
        if size > 0 {
            committed.extend(waiting.drain(..));
            pages = Some(size);
        }
        offset += frame.len() as u64;
    }
    Ok((committed, pages))
}

/// The checksum of a write-ahead log: section 4.2 of the format.
fn checksum((mut one, mut other): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    let word = |four: &[u8]| {
        let four = four.try_into().unwrap_or_default();
        if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    };
    for eight in bytes.chunks_exact(8) {
        let (first, second) = eight.split_at(4);
        one = one.wrapping_add(word(first)).wrapping_add(other);
        other = other.wrapping_add(word(second)).wrapping_add(one);
    }
    (one, other)
}

fn words(bytes: &[u8]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, four) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = be32(four);
    }
    words
}
