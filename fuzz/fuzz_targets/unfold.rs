//! Codings of bodies: whatever the bytes and however they are cut, unfolding gives the same, in bounded pieces.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use octroi::wire::unfold::{BadCoding, Coding, PIECE_BYTES, Unfolder};

/// Bytes that are looked at; a thousandfold of them is enough.
const UNFOLDED_BYTES_MAX: usize = 4 << 20;

// The first byte chooses the coding, the second the length of the chunks.
fuzz_target!(|input: (u8, u8, &[u8])| {
    let (which, length, bytes) = input;
    let all = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];
    let coding = all[usize::from(which) % all.len()];
    let (whole, cut) = (unfold(coding, bytes, bytes.len().max(1)), unfold(coding, bytes, usize::from(length) + 1));
    // Broken data may show more or less of what came before the fault.
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => assert!(whole == cut, "the cuts changed what it unfolds to"),
        (Err(BadCoding), Err(BadCoding)) => {}
        _ => panic!("only one way of cutting it can be read"),
    }
});

fn unfold(coding: Coding, bytes: &[u8], length: usize) -> Result<Vec<u8>, BadCoding> {
    let mut unfolder = Unfolder::new(coding)?;
    let mut out = Vec::new();
    for chunk in bytes.chunks(length) {
        unfolder.push(Bytes::copy_from_slice(chunk));
        while let Some(piece) = unfolder.piece()? {
            assert!(!piece.is_empty() && piece.len() <= 2 * PIECE_BYTES);
            out.extend_from_slice(&piece);
            if out.len() > UNFOLDED_BYTES_MAX {
                return Err(BadCoding);
            }
        }
    }
    unfolder.finish().map(|()| out)
}
