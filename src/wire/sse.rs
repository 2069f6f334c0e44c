//! Server-sent events, as WHATWG's HTML standard (section 9.2) has them: bytes in, frames out.
//!
//! A [`Frame`] keeps its own bytes, so that a frame in which nothing changed is passed on as it came, and the frames' bytes
//! joined are the stream's bytes, whatever the chunks were. Lines end in CR, LF or CRLF; a byte order mark, comments, fields
//! without a colon and several `data` lines are read as the standard says. Two things differ from a browser: invalid UTF-8 is
//! an error rather than replacement characters (what cannot be read cannot be restored), and [`Decoder::finish`] yields a last
//! frame that no blank line ended, because clients in the field act on such a frame and it must not pass unread.
//!
//! Every byte is looked at once; nothing is searched again when a chunk arrives.

use std::fmt;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::limits;

/// One event, comment or run of blank lines.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Its bytes as they came, the blank line at its end included.
    pub raw: Bytes,
    /// The last `event` field, if it names something.
    pub event: Option<String>,
    /// The `data` fields joined by line feeds; nothing when there was none (a comment, a heartbeat).
    pub data: Option<String>,
    /// The last `id` field.
    pub id: Option<String>,
    /// The last valid `retry` field, in milliseconds.
    pub retry: Option<u64>,
}

/// A stream that cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadStream {
    /// One event is longer than [`limits::EVENT_BYTES_MAX`].
    #[error("an event is longer than {} bytes", limits::EVENT_BYTES_MAX)]
    TooLong,
    /// A field is not UTF-8.
    #[error("an event is not valid UTF-8")]
    NotUtf8,
}

/// Takes chunks and gives frames.
#[derive(Default)]
pub struct Decoder {
    buffer: BytesMut,
    /// Offset in the buffer of the line that is being read.
    line: usize,
    /// Offset in the buffer up to which there is no line end behind `line`.
    seen: usize,
    /// The last line ended in CR at the end of what had arrived: a LF that follows belongs to it.
    after_cr: bool,
    /// The first line was read, so a byte order mark is no longer one.
    begun: bool,
    frame: Frame,
    /// The error that ended the stream.
    failed: Option<BadStream>,
}

impl Decoder {
    /// Starts a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Bytes of the frame that is not whole yet.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len() + self.frame.data.as_ref().map_or(0, String::len)
    }

    /// Takes the next whole frame, if it has arrived.
    ///
    /// # Errors
    /// [`BadStream`], and the same again on every later call.
    pub fn frame(&mut self) -> Result<Option<Frame>, BadStream> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.read().inspect_err(|error| self.failed = Some(*error))
    }

    /// Ends the stream and takes what was not ended by a blank line.
    ///
    /// # Errors
    /// [`BadStream`], as [`Decoder::frame`].
    pub fn finish(&mut self) -> Result<Option<Frame>, BadStream> {
        if let Some(frame) = self.frame()? {
            return Ok(Some(frame));
        }
        if self.line < self.buffer.len() {
            self.field(self.line, self.buffer.len()).inspect_err(|error| self.failed = Some(*error))?;
        }
        let rest = self.buffer.len();
        Ok((rest > 0).then(|| self.take(rest)))
    }

    fn read(&mut self) -> Result<Option<Frame>, BadStream> {
        loop {
            if self.after_cr && self.line < self.buffer.len() {
                // The LF of a CRLF that was cut between two chunks stays with the bytes at hand.
                self.after_cr = false;
                if self.buffer.get(self.line) == Some(&b'\n') {
                    self.line += 1;
                    self.seen = self.line;
                }
            }
            let unseen = self.buffer.get(self.seen..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'\r', b'\n', unseen) else {
                self.seen = self.buffer.len();
                return if self.buffer.len() > limits::EVENT_BYTES_MAX { Err(BadStream::TooLong) } else { Ok(None) };
            };
            let end = self.seen + length;
            let next = match (self.buffer.get(end), self.buffer.get(end + 1)) {
                (Some(b'\r'), Some(b'\n')) => end + 2,
                (Some(b'\r'), None) => {
                    self.after_cr = true;
                    end + 1
                }
                _ => end + 1,
            };
            if next > limits::EVENT_BYTES_MAX {
                return Err(BadStream::TooLong);
            }
            let blank = end == self.line;
            if !blank {
                self.field(self.line, end)?;
            }
            self.begun = true;
            self.line = next;
            self.seen = next;
            if blank {
                return Ok(Some(self.take(next)));
            }
        }
    }

    /// Hands out the frame that was gathered, with the first bytes of the buffer as its own.
    fn take(&mut self, length: usize) -> Frame {
        let mut frame = std::mem::take(&mut self.frame);
        frame.raw = self.buffer.split_to(length).freeze();
        frame.event = frame.event.filter(|name| !name.is_empty());
        self.line = 0;
        self.seen = 0;
        frame
    }

    /// Reads one line that is not blank.
    fn field(&mut self, start: usize, end: usize) -> Result<(), BadStream> {
        let mut line = self.buffer.get(start..end).unwrap_or_default();
        if !self.begun {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, mut value) = line.split_at(colon);
        value.advance(usize::from(!value.is_empty()));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || std::str::from_utf8(value).map_err(|_| BadStream::NotUtf8);
        match name {
            b"data" => match &mut self.frame.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(text()?);
                }
                none => *none = Some(text()?.to_owned()),
            },
            b"event" => self.frame.event = Some(text()?.to_owned()),
            b"id" if !value.contains(&0) => self.frame.id = Some(text()?.to_owned()),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.frame.retry = text()?.parse().ok();
            }
            // Comments and fields that the standard does not know carry nothing to a client, yet their bytes are passed on.
            _ => {
                std::str::from_utf8(line).map_err(|_| BadStream::NotUtf8)?;
            }
        }
        Ok(())
    }
}

impl Frame {
    /// Writes the frame anew with other data; its comments are left out.
    pub fn with_data(&self, data: &str) -> String {
        let mut out = String::with_capacity(data.len() + 64);
        if let Some(id) = &self.id {
            line(&mut out, "id", id);
        }
        if let Some(retry) = self.retry {
            line(&mut out, "retry", &retry.to_string());
        }
        out.push_str(&encode(self.event.as_deref(), data));
        out
    }
}

/// Writes an event.
pub fn encode(event: Option<&str>, data: &str) -> String {
    let mut out = String::with_capacity(data.len() + 32);
    if let Some(event) = event {
        line(&mut out, "event", event);
    }
    for piece in data.split(['\n', '\r']) {
        line(&mut out, "data", piece);
    }
    out.push('\n');
    out
}

/// Writes one field. A value that came from the decoder has no line end in it; one that has is cut there.
fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    out.push_str(value.split(['\n', '\r']).next().unwrap_or_default());
    out.push('\n');
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("raw_bytes", &self.raw.len())
            .field("data_bytes", &self.data.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("buffered_bytes", &self.buffer.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
