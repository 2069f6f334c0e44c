//! Audit files as an auditor receives them: damaged or forged, they are read to the end or refused.
#![no_main]

use std::hint::black_box;
use std::io;

use libfuzzer_sys::fuzz_target;
use octroi_verify::policy::Policy;
use octroi_verify::segment::{BatchBuilder, Found, HEADER_BYTES, Header, ReadAt, Segment};
use octroi_verify::tiles::unbundle;
use octroi_verify::tlog_proof::TlogProof;
use octroi_verify::{Checkpoint, Hash, VerifierKey, entry, note};

/// A file in memory.
struct Bytes(Vec<u8>);

impl ReadAt for Bytes {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

fuzz_target!(|bytes: &[u8]| {
    black_box(entry::open(bytes).is_ok());
    black_box(unbundle(bytes).is_some());
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(VerifierKey::parse(text));
        if let Some(key) = VerifierKey::new("fuzz", [7; 32]) {
            black_box(note::open(text, &key).is_ok());
            drop(Checkpoint::open(text, &key));
        }
        drop(Policy::parse(text));
        if let Ok(proof) = TlogProof::parse(text) {
            assert_eq!(TlogProof::parse(&proof.to_string()), Ok(proof), "a proof has one spelling");
        }
    }
    read(bytes.to_vec());
    // And as a file whose checksums are right, so that what lies behind them is reached.
    if let Some(mut file) = sound(bytes) {
        let end = file.len() as u64;
        file.resize(file.len() + 4096, 0);
        assert_eq!(read(file), Some(end), "a sound batch was not read");
    }
});

/// Reads batch by batch and returns where the last sound one ended; `None` when the header is not one.
fn read(file: Vec<u8>) -> Option<u64> {
    let mut segment = Segment::open(Box::new(Bytes(file))).ok()??;
    let mut at = HEADER_BYTES as u64;
    while let Ok(Found::Batch(batch)) = segment.batch(at) {
        assert!(batch.end > at, "no progress");
        for (_, _, bytes) in batch.entries() {
            black_box(entry::open(bytes).is_ok());
        }
        at = batch.end;
    }
    Some(at)
}

/// A segment with one batch whose entries are the lines of the input; `None` for an input without lines.
fn sound(bytes: &[u8]) -> Option<Vec<u8>> {
    let header = Header { number: 1, first_seq: 0, root: Hash::empty(), origin: "fuzz".to_owned() };
    let mut batch = BatchBuilder::default();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| (1..=1024).contains(&line.len()));
    lines.clone().next()?;
    lines.take(64).for_each(|line| batch.push(line));
    let mut file = header.encode()?;
    file.extend(batch.finish(0));
    Some(file)
}
