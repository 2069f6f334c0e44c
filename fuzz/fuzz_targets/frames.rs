//! Every framing of a stream: however the bytes are cut, the same events, and no byte lost.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use octroi::wire::frames::{BadFrames, Decoder, Frame, Framing};

#[derive(Debug, Arbitrary)]
struct Input {
    framing: u8,
    bytes: Vec<u8>,
    cuts: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let framing = [Framing::Lines, Framing::Array, Framing::Binary][usize::from(input.framing) % 3];
    let (whole, end) = read(framing, [input.bytes.as_slice()].into_iter());
    let mut chunks = Vec::new();
    let mut rest = input.bytes.as_slice();
    for cut in &input.cuts {
        let (chunk, after) = rest.split_at(rest.len().min(usize::from(*cut)));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    let (cut, cut_end) = read(framing, chunks.into_iter());
    assert_eq!(end, cut_end, "the cuts changed how the stream ended");
    assert!(whole == cut, "the cuts changed the frames");
    if end.is_none() {
        let raw: Vec<u8> = cut.iter().flat_map(|frame| frame.raw().iter().copied()).collect();
        assert!(raw == input.bytes, "bytes were lost");
    }
    for frame in &whole {
        if let Some(data) = frame.data() {
            let again = frame.with_data(data);
            let (read_again, _) = read(Framing::Binary, [again.as_ref()].into_iter());
            assert!(framing != Framing::Binary || read_again.first().and_then(Frame::data) == Some(data));
        }
    }
});

/// All frames of a stream, and the error that ended it.
fn read<'a>(framing: Framing, chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<BadFrames>) {
    let mut decoder = Decoder::new(framing);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            match decoder.frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    loop {
        match decoder.finish() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}
