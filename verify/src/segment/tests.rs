//! Tables for the layout, and the law that tells a torn write from damage.

use proptest::prelude::*;

use super::*;
use crate::merkle::Hash;

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

fn header() -> Header {
    Header { number: 3, first_seq: 10, root: Hash::empty(), origin: "octroi/a/1".into() }
}

/// A segment file with these batches, and the offset at which each begins and ends.
fn file(batches: &[&[&[u8]]], length: usize) -> (Vec<u8>, Vec<Range<usize>>) {
    let mut bytes = header().encode().unwrap();
    let (mut seq, mut places) = (10, Vec::new());
    for entries in batches {
        let mut builder = BatchBuilder::default();
        entries.iter().for_each(|entry| builder.push(entry));
        let batch = builder.finish(seq);
        places.push(bytes.len()..bytes.len() + batch.len());
        bytes.extend_from_slice(&batch);
        seq += entries.len() as u64;
    }
    bytes.resize(length, 0);
    (bytes, places)
}

/// Where damage was found, what it is, and whether it can be a torn write.
type Damage = (u64, Fault, bool);

/// Reads batches until something else is found: the entries, and what was found.
fn read_all(bytes: Vec<u8>) -> (Vec<Vec<u8>>, Option<Damage>) {
    let mut segment = Segment::open(Box::new(bytes)).unwrap().unwrap();
    let (mut at, mut seq, mut entries) = (HEADER_BYTES as u64, 10, Vec::new());
    loop {
        match segment.batch(at).unwrap() {
            Found::End => return (entries, None),
            Found::Damaged { offset, fault, torn } => return (entries, Some((offset, fault, torn))),
            Found::Batch(batch) => {
                for (_, number, entry) in batch.entries() {
                    assert_eq!(number, seq);
                    seq += 1;
                    entries.push(entry.to_vec());
                }
                at = batch.end;
            }
        }
    }
}

#[test]
fn header_round_trip() {
    let bytes = header().encode().unwrap();
    assert_eq!(bytes.len(), HEADER_BYTES);
    assert_eq!(Header::decode(&bytes), Some(header()));
    for at in [0, 7, 9, 20, 60, 511] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(Header::decode(&damaged), None, "byte {at}");
    }
    assert_eq!(Header { origin: String::new(), ..header() }.encode(), None);
    assert_eq!(Header { origin: "x".repeat(257), ..header() }.encode(), None);
}

#[test]
fn reads_batches_and_the_end() {
    let (bytes, _) = file(&[&[b"one"], &[b"two", b"three"]], 4096);
    assert_eq!(read_all(bytes), (vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()], None));
    let (full, places) = file(&[&[b"one"]], 0);
    assert!(full.is_empty());
    let (full, _) = file(&[&[b"one"]], places[0].end);
    assert_eq!(read_all(full), (vec![b"one".to_vec()], None), "a file without room to spare");
}

#[test]
fn names_the_damage() {
    let (intact, places) = file(&[&[b"one"], &[b"two", b"three"], &[b"four"]], 4096);
    let second = places[1].start;
    let two = second + BATCH_FRAME_BYTES;
    let last = places[2].start;
    let cases = [
        ("content of an entry in the middle", two + FRAME_HEAD_BYTES, (two, Fault::Checksum, false)),
        ("length of an entry in the middle", two + 1, (two, Fault::Length, false)),
        ("head of a batch in the middle", second + FRAME_HEAD_BYTES, (second, Fault::Checksum, false)),
        ("head of the last batch", last + FRAME_HEAD_BYTES, (last, Fault::Checksum, true)),
        ("length in the head of the last batch", last, (last, Fault::Length, true)),
        ("the last entry", places[2].end - 1, (last + BATCH_FRAME_BYTES, Fault::Checksum, true)),
    ];
    for (name, at, (offset, fault, torn)) in cases {
        let mut bytes = intact.clone();
        bytes[at] ^= 1;
        assert_eq!(read_all(bytes).1, Some((offset as u64, fault, torn)), "{name}");
    }
    let mut hole = intact.clone();
    hole[places[1].clone()].fill(0);
    assert_eq!(read_all(hole).1, Some((second as u64, Fault::NoBatch, false)), "zeros before a later batch");
    let mut short = intact.clone();
    short.truncate(places[2].end - 1);
    assert_eq!(read_all(short).1, Some((last as u64, Fault::Length, true)), "cut file");
    let mut dust = intact;
    dust[4000] = 1;
    assert_eq!(read_all(dust).1, Some((places[2].end as u64, Fault::NoBatch, true)), "dust behind the end");
}

proptest! {
    /// Whatever part of the last batch did not reach the disk, it is torn; whatever byte of an earlier batch changes, it is
    /// damage.
    #[test]
    fn torn_is_only_the_last_batch(
        sizes in prop::collection::vec(prop::collection::vec(1_usize..900, 1..5), 2..5),
        lost in prop::collection::vec(any::<bool>(), 40),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let entries: Vec<Vec<Vec<u8>>> =
            sizes.iter().map(|batch| batch.iter().map(|size| vec![b'x'; *size]).collect()).collect();
        let borrowed: Vec<Vec<&[u8]>> =
            entries.iter().map(|batch| batch.iter().map(Vec::as_slice).collect()).collect();
        let batches: Vec<&[&[u8]]> = borrowed.iter().map(Vec::as_slice).collect();
        let (intact, places) = file(&batches, 32 * 1024);
        let last = places.last().unwrap().clone();

        let mut torn = intact.clone();
        let mut changed = false;
        for (sector, _) in lost.iter().enumerate().filter(|(_, lost)| **lost) {
            let from = (last.start / 512 + sector) * 512;
            let range = from.max(last.start)..(from + 512).min(last.end);
            if !range.is_empty() {
                torn[range].fill(0);
                changed = true;
            }
        }
        let kept: usize = sizes.iter().rev().skip(1).map(Vec::len).sum();
        let (read, found) = read_all(torn);
        if changed && found.is_some() {
            prop_assert_eq!(read.len(), kept);
            prop_assert!(found.unwrap().2);
        } else if changed {
            prop_assert_eq!(read.len(), kept, "the whole batch is gone");
        } else {
            prop_assert_eq!(found, None);
        }

        let mut damaged = intact;
        let at = HEADER_BYTES + at.index(last.start - HEADER_BYTES);
        damaged[at] ^= 1 << bit;
        let (_, found) = read_all(damaged);
        prop_assert!(!found.unwrap().2);
    }
}
