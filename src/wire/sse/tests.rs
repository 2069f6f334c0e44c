//! Rows of the standard's parsing rules, and the law that neither frames nor their bytes depend on the chunks.

use proptest::prelude::*;

use super::*;

/// Decodes a stream that arrives in these chunks.
fn decode(chunks: &[&[u8]]) -> Result<Vec<Frame>, BadStream> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(frame) = decoder.frame()? {
            frames.push(frame);
        }
    }
    while let Some(frame) = decoder.finish()? {
        frames.push(frame);
    }
    Ok(frames)
}

/// The events a client would see.
fn events(stream: &str) -> Vec<(Option<String>, String)> {
    let frames = decode(&[stream.as_bytes()]).unwrap();
    frames.into_iter().filter_map(|frame| Some((frame.event, frame.data?))).collect()
}

/// A name, a stream, and the events in it: each with its name and data.
type Row = (&'static str, &'static str, &'static [(Option<&'static str>, &'static str)]);

#[test]
fn reads_as_the_standard_says() {
    let rows: &[Row] = &[
        ("one", "data: x\n\n", &[(None, "x")]),
        ("named", "event: add\ndata: x\n\n", &[(Some("add"), "x")]),
        ("several data lines", "data: a\ndata: b\ndata\ndata:\n\n", &[(None, "a\nb\n\n")]),
        ("one space is removed", "data:  x\n\ndata:y\n\n", &[(None, " x"), (None, "y")]),
        ("carriage returns", "data: a\r\rdata: b\r\n\r\ndata: c\n\r\n", &[(None, "a"), (None, "b"), (None, "c")]),
        ("comments", ": hello\n\ndata: x\n: in between\n\n:\n\n", &[(None, "x")]),
        ("order mark", "\u{feff}data: x\n\n", &[(None, "x")]),
        ("order mark later is part of a name", "\n\u{feff}data: x\n\n", &[]),
        ("unknown field", "colour: red\ndata: x\n\n", &[(None, "x")]),
        ("empty data", "data:\n\n", &[(None, "")]),
        ("empty name", "event:\ndata: x\n\n", &[(None, "x")]),
        ("last name wins", "event: a\nevent: b\ndata: x\n\n", &[(Some("b"), "x")]),
        ("colon in a value", "data: {\"a\":\"b: c\"}\n\n", &[(None, "{\"a\":\"b: c\"}")]),
        ("name does not carry over", "event: a\n\ndata: x\n\n", &[(None, "x")]),
        ("end without a blank line", "data: x\n\ndata: [DONE]", &[(None, "x"), (None, "[DONE]")]),
        ("nothing", "", &[]),
    ];
    for (name, stream, expected) in rows {
        let expected: Vec<_> =
            expected.iter().map(|(event, data)| (event.map(str::to_owned), (*data).to_owned())).collect();
        assert_eq!(events(stream), expected, "{name}");
    }
    let frames = decode(&[b"id: 7\nid: a\0b\nretry: 50\nretry: 5x\ndata: x\n\n"]).unwrap();
    assert_eq!((frames[0].id.as_deref(), frames[0].retry), (Some("7"), Some(50)));
}

#[test]
fn refuses_what_cannot_be_read() {
    assert_eq!(decode(&[b"data: \xff\n\n"]).unwrap_err(), BadStream::NotUtf8);
    assert_eq!(decode(&[b": \xff\n\n"]).unwrap_err(), BadStream::NotUtf8);
    assert_eq!(decode(&[b"data: \xc3"]).unwrap_err(), BadStream::NotUtf8, "cut within a letter at the end");
    assert_eq!(decode(&[b"data: \xc3", b"\xa9\n\n"]).unwrap()[0].data.as_deref(), Some("é"));
    let long = vec![b'x'; limits::EVENT_BYTES_MAX + 1];
    assert_eq!(decode(&[b"data: ", &long]).unwrap_err(), BadStream::TooLong);
    let lines = b"data: x\n".repeat(limits::EVENT_BYTES_MAX / 8 + 1);
    assert_eq!(decode(&[&lines]).unwrap_err(), BadStream::TooLong);
    let many = b"data: x\n\n".repeat(limits::EVENT_BYTES_MAX / 9 + 2);
    assert!(decode(&[&many]).is_ok(), "many short events are no long one");
}

#[test]
fn an_error_is_final() {
    let mut decoder = Decoder::new();
    decoder.push(b"data: \xff\n\ndata: x\n\n");
    assert_eq!(decoder.frame().unwrap_err(), BadStream::NotUtf8);
    assert_eq!(decoder.frame().unwrap_err(), BadStream::NotUtf8);
    assert_eq!(decoder.finish().unwrap_err(), BadStream::NotUtf8);
}

#[test]
fn writes_a_changed_frame() {
    let frame = decode(&[b": c\nid: 7\nevent: delta\nretry: 5\ndata: x\n\n"]).unwrap().remove(0);
    assert_eq!(frame.with_data("{\"a\":1}"), "id: 7\nretry: 5\nevent: delta\ndata: {\"a\":1}\n\n");
    assert_eq!(encode(None, "a\nb"), "data: a\ndata: b\n\n");
    assert_eq!(encode(Some("x\ndata: planted"), "a"), "event: x\ndata: a\n\n");
}

/// Streams made of the pieces that matter.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "data: x", "data:", "data", "event: e", "id: 1", "retry: 9", ": c", "\n", "\n", "\r", "\r\n", "\n\n", "é",
        "😀", "\u{feff}", ":", " ",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn chunks_do_not_matter(stream in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let whole = decode(&[&stream]).unwrap();
        let cut = decode(&chunks).unwrap();
        let seen = |frames: &[Frame]| -> Vec<_> {
            let fields = |frame: &Frame| (frame.event.clone(), frame.data.clone(), frame.id.clone(), frame.retry);
            frames.iter().map(fields).filter(|fields| *fields != (None, None, None, None)).collect()
        };
        prop_assert_eq!(seen(&whole), seen(&cut));
        for frames in [whole, cut] {
            let raw: Vec<u8> = frames.iter().flat_map(|frame| frame.raw.to_vec()).collect();
            prop_assert_eq!(&raw, &stream, "the frames' bytes are the stream's");
        }
    }

    #[test]
    fn what_is_written_is_read(event in prop::option::of("[a-z.]{1,8}"), data in "[^\r]{0,40}") {
        let frames = decode(&[encode(event.as_deref(), &data).as_bytes()]).unwrap();
        prop_assert_eq!(frames.len(), 1);
        prop_assert_eq!(&frames[0].event, &event);
        prop_assert_eq!(frames[0].data.as_ref(), Some(&data));
        let again = decode(&[frames[0].with_data(&data).as_bytes()]).unwrap();
        prop_assert_eq!(again[0].data.as_ref(), Some(&data));
    }
}
