//! HTTP/2 as an attacker speaks it: frame by frame, slowly, or too many at once.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::common::{House, PATIENCE, Plot, until};
use super::connections::{TLS13, connect};
use super::echo_house;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection of HTTP/2 without a library that would keep to the rules.
pub(crate) struct Wire {
    stream: TlsStream<TcpStream>,
    unread: Vec<u8>,
}

/// A frame that came.
pub(crate) struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Wire {
    async fn open(house: &House) -> Self {
        let stream = connect(house, TLS13, &["h2"], None).await.unwrap();
        let mut wire = Self { stream, unread: Vec::new() };
        wire.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        wire.send(SETTINGS, 0, 0, b"").await;
        wire
    }

    /// Sends a frame; false when the other side is gone.
    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat();
        self.stream.write_all(&frame).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The next frame; pings are answered, settings agreed to. Nothing when the connection has ended.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(length) = self.unread.first_chunk::<3>().map(|&[a, b, c]| u32::from_be_bytes([0, a, b, c])) {
                let whole = 9 + length as usize;
                if self.unread.len() >= whole {
                    let bytes: Vec<u8> = self.unread.drain(..whole).collect();
                    let frame = Frame {
                        kind: bytes[3],
                        flags: bytes[4],
                        stream: u32::from_be_bytes(bytes[5..9].try_into().unwrap()),
                        payload: bytes[9..].to_vec(),
                    };
                    if frame.flags & ACK == 0 && matches!(frame.kind, SETTINGS | PING) {
                        let echo = if frame.kind == PING { frame.payload.clone() } else { Vec::new() };
                        self.send(frame.kind, ACK, 0, &echo).await;
                    }
                    return Some(frame);
                }
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
            if !matches!(read.expect("neither a frame nor the end of the connection"), Ok(1..)) {
                return None;
            }
        }
    }

    /// Reads until a stream has ended.
    async fn ended(&mut self, stream: u32) {
        while let Some(frame) = self.frame().await {
            if frame.stream == stream && matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0 {
                return;
            }
        }
        panic!("the connection ended before the answer");
    }

    /// Reads until the connection has ended; the frames that came.
    async fn closed(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            frames.push(frame);
        }
        frames
    }
}

/// One header field of a name in HPACK's static table, not indexed, not compressed.
fn field(index: u8, value: &str) -> Vec<u8> {
    let index = if index < 15 { vec![index] } else { vec![15, index - 15] };
    let bytes = u8::try_from(value.len()).unwrap();
    let length = if bytes < 127 { vec![bytes] } else { vec![127, bytes - 127] };
    [index, length, value.as_bytes().to_vec()].concat()
}

/// The header block of a request: `GET /v1/models`, or a chat completion whose body follows.
fn head(house: &House, get: bool) -> Vec<u8> {
    let path = if get { "/v1/models" } else { "/v1/chat/completions" };
    let key = format!("Bearer {}", house.plot.key);
    let first = if get { [0x82, 0x87] } else { [0x83, 0x87] };
    [first.to_vec(), field(4, path), field(1, "localhost"), field(23, &key), field(31, "application/json")].concat()
}

async fn strict(change: &str) -> (House, super::scripted::Scripted) {
    let limits = format!("[limits]\n{change}\n");
    echo_house(|plot: &mut Plot| plot.extra = limits).await
}

/// After a good request, a head or a frame that begins and does not end: cut, however it drips.
#[tokio::test(flavor = "multi_thread")]
async fn what_begins_and_does_not_end_is_cut() {
    let (house, _server) = strict("head_s = 1\nbody_s = 1\nidle_s = 60").await;
    let (block, cut) = (head(&house, true), 20);
    for name in ["continuations", "nothing more", "a frame's header", "a byte of a frame at a time", "a body's frame"] {
        let mut wire = Wire::open(&house).await;
        wire.send(HEADERS, END_STREAM | END_HEADERS, 1, &block).await;
        wire.ended(1).await;
        let since = Instant::now();
        match name {
            "a frame's header" => wire.stream.write_all(&[0, 0]).await.unwrap(),
            "a byte of a frame at a time" => {
                wire.stream.write_all(&[0, 1, 0, HEADERS, END_HEADERS, 0, 0, 0, 3]).await.unwrap();
            }
            "a body's frame" => {
                wire.send(HEADERS, END_HEADERS, 3, &head(&house, false)).await;
                wire.stream.write_all(&[0, 1, 0, DATA, 0, 0, 0, 0, 3, b'{']).await.unwrap();
            }
            _ => drop(wire.send(HEADERS, END_STREAM, 3, &block[..cut]).await),
        }
        let (mut tick, mut at) = (tokio::time::interval(Duration::from_millis(100)), cut);
        while since.elapsed() < Duration::from_secs(5) {
            tick.tick().await;
            let goes_on = match name {
                "continuations" => {
                    at += 1;
                    wire.send(CONTINUATION, 0, 3, &block[at - 1..at]).await
                }
                "a byte of a frame at a time" => {
                    wire.stream.write_all(b"\x82").await.is_ok() && wire.stream.flush().await.is_ok()
                }
                _ => break,
            };
            if !goes_on {
                break;
            }
        }
        wire.closed().await;
        assert!(since.elapsed() < Duration::from_secs(4), "{name}: cut after {:?}", since.elapsed());
    }
}

/// A connection that has no request is told and closed, though it answers pings; one that waits for an answer is not.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed() {
    let (house, _server) = strict("idle_s = 1").await;
    let mut wire = Wire::open(&house).await;
    wire.send(HEADERS, END_STREAM | END_HEADERS, 1, &head(&house, true)).await;
    wire.ended(1).await;
    let since = Instant::now();
    let frames = wire.closed().await;
    assert!(frames.iter().any(|frame| frame.kind == GOAWAY), "it was not told");
    assert!(since.elapsed() < Duration::from_secs(5), "closed after {:?}", since.elapsed());

    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nidle_s = 1\n".to_owned();
    let waiting =
        |asked: &super::scripted::Asked| [vec![super::scripted::Step::Wait], super::scripted::echo(asked)].concat();
    let server = plot.script("paris-gpu-1", waiting).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let mut wire = Wire::open(&house).await;
    wire.send(HEADERS, END_HEADERS, 1, &head(&house, false)).await;
    wire.send(DATA, END_STREAM, 1, super::common::chat_body("x", false).as_bytes()).await;
    let since = Instant::now();
    // The server thinks for longer than a connection may idle; the client has nothing to say but its answers to pings.
    while since.elapsed() < Duration::from_millis(2500) {
        if let Ok(frame) = tokio::time::timeout(Duration::from_millis(100), wire.frame()).await {
            assert!(frame.expect("the connection was closed under a request").kind != GOAWAY);
        }
    }
    server.go();
    wire.ended(1).await;
}

/// A client that asks and takes nothing of the answer is cut, whether its window is shut or its socket full; what it held is
/// given back. One that reads slowly is not.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_take_nothing_are_cut() {
    use super::scripted::{Step, delta, stream};
    let long = |_: &super::scripted::Asked| {
        let frames = (0..20_000).map(|_| Step::Chunk(delta(&"word ".repeat(200)).into_bytes()));
        std::iter::once(stream()).chain(frames).collect()
    };
    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nstall_s = 1\n".to_owned();
    let _server = plot.script("paris-gpu-1", long).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let body = super::common::chat_body("x", true);
    for (asked, shut_window) in [(1, true), (2, false)] {
        let since = Instant::now();
        let held: Box<dyn std::any::Any> = if shut_window {
            let mut wire = Wire::open(&house).await;
            wire.send(HEADERS, END_HEADERS, 1, &head(&house, false)).await;
            wire.send(DATA, END_STREAM, 1, body.as_bytes()).await;
            Box::new(wire)
        } else {
            let mut stream = connect(&house, TLS13, &["http/1.1"], None).await.unwrap();
            let (key, length) = (&house.plot.key, body.len());
            let request = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 authorization: Bearer {key}\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            Box::new(stream)
        };
        house.outcomes(asked).await;
        assert!(since.elapsed() < Duration::from_secs(8), "cut after {:?}", since.elapsed());
        until("the end of it", async || (house.app.gate().telemetry.requests_in_work() == 0).then_some(())).await;
        drop(held);
    }
    let ends: Vec<_> = house.outcomes(2).await.iter().map(|outcome| outcome["end"].clone()).collect();
    assert_eq!(ends, ["client-gone", "client-gone"]);
    // A slow one: a piece now and then, for longer than the deadline.
    let mut wire = Wire::open(&house).await;
    wire.send(HEADERS, END_HEADERS, 1, &head(&house, false)).await;
    wire.send(DATA, END_STREAM, 1, body.as_bytes()).await;
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        let frame = wire.frame().await.expect("a slow client was cut");
        if frame.kind == DATA {
            let read = u32::try_from(frame.payload.len()).unwrap().to_be_bytes();
            tokio::time::sleep(Duration::from_millis(50)).await;
            wire.send(WINDOW_UPDATE, 0, 1, &read).await;
            wire.send(WINDOW_UPDATE, 0, 0, &read).await;
        }
    }
}

/// Streams beyond the limit are refused, each by itself.
#[tokio::test(flavor = "multi_thread")]
async fn streams_beyond_the_limit_are_refused() {
    let (house, _server) = strict("streams = 4").await;
    let mut wire = Wire::open(&house).await;
    let block = head(&house, false);
    let streams: Vec<u32> = (0..6).map(|number| 2 * number + 1).collect();
    for stream in &streams {
        wire.send(HEADERS, END_HEADERS, *stream, &block).await;
    }
    let mut refused = Vec::new();
    while refused.len() < 2 {
        let frame = wire.frame().await.expect("the whole connection was closed");
        if frame.kind == RST_STREAM {
            assert_eq!(frame.payload, 7_u32.to_be_bytes(), "REFUSED_STREAM");
            refused.push(frame.stream);
        }
    }
    assert_eq!(refused, streams[4..]);
    // Those that were accepted go on.
    wire.send(DATA, END_STREAM, 1, super::common::chat_body("x", false).as_bytes()).await;
    wire.ended(1).await;
}

/// Opening and resetting streams without end (CVE-2023-44487) ends the connection, and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection() {
    let (house, _server) = strict("resets = 8").await;
    let mut wire = Wire::open(&house).await;
    let block = head(&house, false);
    let mut stream = 1;
    while wire.send(HEADERS, END_HEADERS, stream, &block).await
        && wire.send(RST_STREAM, 0, stream, &8_u32.to_be_bytes()).await
    {
        stream += 2;
        assert!(stream < 20_000, "resets without end");
    }
    let answer = house.client.chat("x", false).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // What was reset is not in work any more.
    until("the end of all requests", async || (house.app.gate().telemetry.requests_in_work() == 0).then_some(())).await;
}
