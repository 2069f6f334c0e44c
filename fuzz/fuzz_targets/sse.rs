//! Server-sent events: however the bytes are cut, the same events, and no byte lost.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use octroi::wire::sse::{BadStream, Decoder, Frame};

#[derive(Debug, Arbitrary)]
struct Input {
    bytes: Vec<u8>,
    cuts: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let (whole, end) = read([input.bytes.as_slice()].into_iter());
    let mut chunks = Vec::new();
    let mut rest = input.bytes.as_slice();
    for cut in &input.cuts {
        let (chunk, after) = rest.split_at(rest.len().min(usize::from(*cut)));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    let (cut, cut_end) = read(chunks.into_iter());
    assert_eq!(end, cut_end, "the cuts changed how the stream ended");
    assert!(said(&whole).eq(said(&cut)), "the cuts changed the events");
    if end.is_none() {
        let raw: Vec<u8> = cut.iter().flat_map(|frame| frame.raw.iter().copied()).collect();
        assert!(raw == input.bytes, "bytes were lost");
    }
});

/// All frames of a stream, and the error that ended it.
fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<BadStream>) {
    let mut decoder = Decoder::new();
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

/// What the frames that carry something say. A line feed cut off a CRLF may make an empty frame of its own.
fn said(frames: &[Frame]) -> impl Iterator<Item = (&Option<String>, &Option<String>, &Option<String>, Option<u64>)> {
    let all = frames.iter().map(|frame| (&frame.event, &frame.data, &frame.id, frame.retry));
    all.filter(|said| *said != (&None, &None, &None, None))
}
