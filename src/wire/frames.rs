//! One face for the framings in which answers are streamed: server-sent events, lines, an array's elements, AWS messages.
//!
//! Whatever the framing, a [`Frame`] has the bytes that came, the event's name where the framing has one, and data that is
//! JSON; it can be written anew with other data.

use bytes::Bytes;

use super::eventstream::{self, Message};
use super::sse;
use super::values::{self, Apart, Piece};
use crate::limits;

/// How the events of a streamed answer are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// `text/event-stream`
    Events,
    /// `application/x-ndjson`: a JSON value a line.
    Lines,
    /// `application/json`: the elements of one array.
    Array,
    /// `application/vnd.amazon.eventstream`
    Binary,
}

/// A stream that cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrames {
    /// One event is longer than [`limits::EVENT_BYTES_MAX`].
    #[error("an event is longer than {} bytes", limits::EVENT_BYTES_MAX)]
    TooLong,
    /// An event is not UTF-8.
    #[error("an event is not valid UTF-8")]
    NotUtf8,
    /// A checksum does not hold.
    #[error("an event's checksum does not hold")]
    Checksum,
    /// The framing is broken.
    #[error("the framing is broken")]
    Syntax,
    /// The stream ends within an event.
    #[error("the stream ends within an event")]
    Cut,
}

impl From<sse::BadStream> for BadFrames {
    fn from(bad: sse::BadStream) -> Self {
        match bad {
            sse::BadStream::TooLong => Self::TooLong,
            sse::BadStream::NotUtf8 => Self::NotUtf8,
        }
    }
}

/// Takes chunks of any framing and gives frames.
#[derive(Debug)]
pub struct Decoder(Inner);

#[derive(Debug)]
enum Inner {
    Events(sse::Decoder),
    Values(values::Decoder),
    Binary(eventstream::Decoder),
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Of a stream of server-sent events.
    Event(sse::Frame),
    /// Of a stream of values.
    Value(Piece),
    /// Of an AWS event stream.
    Message(Message),
}

impl Decoder {
    /// Starts a stream.
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Events => Inner::Events(sse::Decoder::new()),
            Framing::Lines => Inner::Values(values::Decoder::new(Apart::Lines)),
            Framing::Array => Inner::Values(values::Decoder::new(Apart::Elements)),
            Framing::Binary => Inner::Binary(eventstream::Decoder::default()),
        })
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        match &mut self.0 {
            Inner::Events(decoder) => decoder.push(chunk),
            Inner::Values(decoder) => decoder.push(chunk),
            Inner::Binary(decoder) => decoder.push(chunk),
        }
    }

    /// Bytes that wait for the rest of their frame.
    pub fn held_bytes(&self) -> usize {
        match &self.0 {
            Inner::Events(decoder) => decoder.held_bytes(),
            Inner::Values(decoder) => decoder.held_bytes(),
            Inner::Binary(decoder) => decoder.held_bytes(),
        }
    }

    /// Takes the next whole frame, if it has arrived.
    ///
    /// # Errors
    /// [`BadFrames`], and the same again on every later call.
    pub fn frame(&mut self) -> Result<Option<Frame>, BadFrames> {
        Ok(match &mut self.0 {
            Inner::Events(decoder) => decoder.frame()?.map(Frame::Event),
            Inner::Values(decoder) => decoder.frame()?.map(Frame::Value),
            Inner::Binary(decoder) => decoder.frame()?.map(Frame::Message),
        })
    }

    /// Ends the stream and takes what is left.
    ///
    /// # Errors
    /// [`BadFrames`], as [`Decoder::frame`].
    pub fn finish(&mut self) -> Result<Option<Frame>, BadFrames> {
        Ok(match &mut self.0 {
            Inner::Events(decoder) => decoder.finish()?.map(Frame::Event),
            Inner::Values(decoder) => decoder.finish()?.map(Frame::Value),
            Inner::Binary(decoder) => decoder.finish()?.map(Frame::Message),
        })
    }
}

impl Frame {
    /// Its bytes as they came.
    pub fn raw(&self) -> &Bytes {
        match self {
            Self::Event(frame) => &frame.raw,
            Self::Value(piece) => &piece.raw,
            Self::Message(message) => &message.raw,
        }
    }

    /// The event's name.
    pub fn event(&self) -> Option<&str> {
        match self {
            Self::Event(frame) => frame.event.as_deref(),
            Self::Value(_) => None,
            Self::Message(message) => message.event.as_deref(),
        }
    }

    /// The data; nothing for a comment, a heartbeat, blank lines, the end of an array.
    pub fn data(&self) -> Option<&str> {
        match self {
            Self::Event(frame) => frame.data.as_deref(),
            Self::Value(piece) => piece.data.as_deref(),
            Self::Message(message) => message.data.as_deref(),
        }
    }

    /// Whether the framing itself says that the backend failed.
    pub const fn failed(&self) -> bool {
        matches!(self, Self::Message(message) if message.failed)
    }

    /// Whether it closes the array that the stream is.
    pub fn closes(&self) -> bool {
        matches!(self, Self::Value(piece) if piece.closes())
    }

    /// The frame that a server would have sent with other data.
    #[must_use]
    pub fn rewritten(&self, data: &str) -> Self {
        let (mut frame, bytes) = (self.clone(), self.with_data(data));
        let (raw, text) = match &mut frame {
            Self::Event(frame) => (&mut frame.raw, &mut frame.data),
            Self::Value(piece) => (&mut piece.raw, &mut piece.data),
            Self::Message(message) => (&mut message.raw, &mut message.data),
        };
        (*raw, *text) = (bytes, Some(data.to_owned()));
        frame
    }

    /// Writes the frame anew with other data.
    pub fn with_data(&self, data: &str) -> Bytes {
        match self {
            Self::Event(frame) => Bytes::from(frame.with_data(data)),
            Self::Value(piece) => piece.with_data(data),
            Self::Message(message) => message.with_data(data),
        }
    }
}

/// What ends a last frame that its server did not end, so that another may follow.
pub const fn ending(framing: Framing) -> Bytes {
    Bytes::from_static(match framing {
        Framing::Events => b"\n\n",
        Framing::Lines => b"\n",
        Framing::Array | Framing::Binary => b"",
    })
}

/// Writes a frame of our own into a stream in which a frame has gone before; `first` where none has. An error is said so
/// where the framing can; it is the last, and closes an array.
pub fn encode(framing: Framing, event: Option<&str>, data: &str, failed: bool, first: bool) -> Bytes {
    match framing {
        Framing::Events => Bytes::from(sse::encode(event, data)),
        Framing::Lines => Bytes::from(format!("{data}\n")),
        Framing::Array => {
            let (before, behind) = (if first { '[' } else { ',' }, if failed { "]" } else { "" });
            Bytes::from(format!("{before}{data}{behind}"))
        }
        Framing::Binary => eventstream::encode(event.unwrap_or("chunk"), failed, data),
    }
}
