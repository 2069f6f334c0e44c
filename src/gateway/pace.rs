//! The pace of an HTTP/2 connection: a frame or a header block that has begun must end in time.
//!
//! hyper has a deadline for HTTP/1's heads and none for HTTP/2's: a client could send a header block in CONTINUATION frames,
//! a byte a minute, and keep its connection for ever, since nothing may come between them, not even the answer to a ping.
//! [`Paced`] stands between TLS and hyper and follows the boundaries of frames (RFC 9113, sections 4.1 and 6.10); it reads
//! nine bytes of each and changes nothing. What it cannot follow (HTTP/1) it passes on and does not time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a client sends first when it speaks HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a frame's header: length (3), type, flags, stream (4).
const HEADER_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// The flag of HEADERS and CONTINUATION that ends a header block.
const END_HEADERS: u8 = 4;

/// A connection whose incoming frames are timed.
#[derive(Debug)]
pub(super) struct Paced<S> {
    inner: S,
    frames: Frames,
    /// Runs while something has begun; the number says which.
    deadline: Option<(u64, Pin<Box<Sleep>>)>,
    head: Duration,
    body: Duration,
    /// Something was written.
    written: bool,
    /// The client has closed its side, or broken off.
    ended: bool,
}

impl<S> Paced<S> {
    /// Times a connection: `head` for a header block and for a frame that carries no body, `body` for one that does.
    pub(super) fn new(inner: S, head: Duration, body: Duration) -> Self {
        Self { inner, frames: Frames::default(), deadline: None, head, body, written: false, ended: false }
    }

    /// Whether the client was told something in HTTP/1 and may still be writing. HTTP/2 answers each stream by itself, and ends
    /// a connection only for what is wrong with it.
    pub(super) fn is_open(&self) -> bool {
        self.written && !self.ended && matches!(self.frames.at, At::Unknown)
    }

    /// Starts, keeps or ends the clock, and looks at it.
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(begun) = self.frames.begun() else {
            self.deadline = None;
            return Ok(());
        };
        let number = self.frames.ended;
        if self.deadline.as_ref().is_none_or(|(of, _)| *of != number) {
            let patience = if begun == Begun::Data { self.body } else { self.head };
            self.deadline = Some((number, Box::pin(tokio::time::sleep(patience))));
        }
        let late = self.deadline.as_mut().is_some_and(|(_, deadline)| deadline.as_mut().poll(cx).is_ready());
        if late { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
        match &polled {
            Poll::Ready(Ok(())) => {
                let read = buf.filled().get(before..).unwrap_or_default();
                this.ended |= read.is_empty() && buf.remaining() > 0;
                this.frames.take(read);
            }
            Poll::Ready(Err(_)) => this.ended = true,
            Poll::Pending => {}
        }
        if let Err(late) = this.look(cx) {
            return Poll::Ready(Err(late));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.written = true;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written = true;
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// A header block, or a frame that carries no body.
    Head,
    /// A frame of a body.
    Data,
}

/// Where in the stream of frames a connection is.
#[derive(Debug)]
enum At {
    /// So many bytes of the preface have come.
    Preface(usize),
    /// So many bytes of a frame's header have come.
    Header(usize),
    /// So many bytes of a frame's payload are still to come.
    Payload(usize),
    /// It is not HTTP/2.
    Unknown,
}

/// Follows the boundaries of frames.
#[derive(Debug)]
struct Frames {
    at: At,
    header: [u8; HEADER_BYTES],
    /// A header block is open: only CONTINUATION may follow.
    block: bool,
    /// Frames and header blocks that have ended.
    ended: u64,
}

impl Default for Frames {
    fn default() -> Self {
        Self { at: At::Preface(0), header: [0; HEADER_BYTES], block: false, ended: 0 }
    }
}

impl Frames {
    /// Takes the next bytes of the connection.
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.at {
                At::Unknown => return,
                At::Preface(seen) => self.preface(seen, bytes),
                At::Header(seen) => self.header(seen, bytes),
                At::Payload(left) => {
                    let taken = left.min(bytes.len());
                    self.at = At::Payload(left - taken);
                    if taken == left {
                        self.end();
                    }
                    bytes.get(taken..).unwrap_or_default()
                }
            };
        }
    }

    fn preface<'b>(&mut self, seen: usize, bytes: &'b [u8]) -> &'b [u8] {
        let due = PREFACE.get(seen..).unwrap_or_default();
        let taken = due.len().min(bytes.len());
        if due.get(..taken) != bytes.get(..taken) {
            self.at = At::Unknown;
            return &[];
        }
        self.at = if taken == due.len() { At::Header(0) } else { At::Preface(seen + taken) };
        bytes.get(taken..).unwrap_or_default()
    }

    fn header<'b>(&mut self, seen: usize, bytes: &'b [u8]) -> &'b [u8] {
        let taken = (HEADER_BYTES - seen).min(bytes.len());
        for (slot, byte) in self.header.iter_mut().skip(seen).zip(bytes) {
            *slot = *byte;
        }
        self.at = At::Header(seen + taken);
        if seen + taken == HEADER_BYTES {
            let [high, middle, low, ..] = self.header;
            let length = u32::from_be_bytes([0, high, middle, low]);
            self.at = At::Payload(length as usize);
            if length == 0 {
                self.end();
            }
        }
        bytes.get(taken..).unwrap_or_default()
    }

    /// A frame has ended, and with it perhaps a header block.
    fn end(&mut self) {
        self.at = At::Header(0);
        let [_, _, _, kind, flags, ..] = self.header;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.block = flags & END_HEADERS == 0;
        }
        if !self.block {
            self.ended = self.ended.wrapping_add(1);
        }
    }

    fn begun(&self) -> Option<Begun> {
        let [_, _, _, kind, ..] = self.header;
        match self.at {
            At::Unknown | At::Preface(_) => None,
            _ if self.block => Some(Begun::Head),
            At::Header(0) => None,
            At::Payload(_) if kind == DATA => Some(Begun::Data),
            At::Header(_) | At::Payload(_) => Some(Begun::Head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// What it is about, the frames that came, what has begun, what has ended.
    type Row = (&'static str, Vec<Vec<u8>>, Option<Begun>, u64);

    #[test]
    fn what_has_begun() {
        let settings = frame(4, 0, b"");
        let whole = frame(HEADERS, END_HEADERS, b"abc");
        let open = frame(HEADERS, 0, b"abc");
        let data = frame(DATA, 0, b"body");
        let rows: [Row; 9] = [
            ("nothing", vec![], None, 0),
            ("settings", vec![settings.clone()], None, 1),
            ("a whole head", vec![settings.clone(), whole.clone()], None, 2),
            ("a header of a frame", vec![settings[..5].to_vec()], Some(Begun::Head), 0),
            ("half of a head", vec![whole[..11].to_vec()], Some(Begun::Head), 0),
            ("an open block", vec![open.clone()], Some(Begun::Head), 0),
            (
                "continued",
                vec![open.clone(), frame(CONTINUATION, 0, b""), frame(CONTINUATION, 0, b"x")],
                Some(Begun::Head),
                0,
            ),
            ("continued to its end", vec![open, frame(CONTINUATION, END_HEADERS, b"")], None, 1),
            ("half of a body's frame", vec![whole, data[..10].to_vec()], Some(Begun::Data), 1),
        ];
        for (name, frames, begun, ended) in rows {
            let bytes = [PREFACE, &frames.concat()].concat();
            for piece in [1, 2, 7, bytes.len()] {
                let mut state = Frames::default();
                bytes.chunks(piece).for_each(|piece| state.take(piece));
                assert_eq!((state.begun(), state.ended), (begun, ended), "{name} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_is_not_http2_is_not_timed() {
        for text in ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\nx"] {
            let mut state = Frames::default();
            state.take(text.as_bytes());
            state.take(&[0; 100]);
            assert_eq!(state.begun(), None, "{text}");
        }
    }
}
