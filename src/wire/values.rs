//! JSON values one after the other: a line each (NDJSON), or the elements of one array that is still being written.
//!
//! A [`Piece`] keeps what stood before and behind its value (the bracket, the comma, the line end), so that the bytes of all
//! pieces joined are the bytes of the stream. Values are only told apart here, not checked: that is the JSON reader's work.

use bytes::{Bytes, BytesMut};

use super::frames::BadFrames;
use crate::limits;

/// How the values are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// By line ends.
    Lines,
    /// As elements of an array.
    Elements,
}

/// One value with what surrounds it, or what stands between and behind values.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes as they came.
    pub raw: Bytes,
    /// Bytes before the value.
    before: usize,
    /// Bytes behind the value.
    behind: usize,
    /// The value's text; nothing for blank lines and the end of the array.
    pub data: Option<String>,
}

/// Takes chunks and gives pieces.
pub struct Decoder {
    apart: Apart,
    buffer: BytesMut,
    /// Bytes of the buffer that were looked at.
    seen: usize,
    /// Where the value begins that is being read.
    start: Option<usize>,
    depth: usize,
    string: bool,
    escaped: bool,
    place: Place,
    failed: Option<BadFrames>,
}

/// Where in an array the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    BeforeArray,
    BeforeElement,
    BehindElement,
    BehindArray,
}

impl Decoder {
    /// Starts a stream.
    pub fn new(apart: Apart) -> Self {
        let place = Place::BeforeArray;
        let buffer = BytesMut::new();
        Self { apart, buffer, seen: 0, start: None, depth: 0, string: false, escaped: false, place, failed: None }
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Bytes that wait for the rest of what they belong to.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Takes the next whole piece, if it has arrived.
    ///
    /// # Errors
    /// [`BadFrames`], and the same again on every later call.
    pub fn frame(&mut self) -> Result<Option<Piece>, BadFrames> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let read = match self.apart {
            Apart::Lines => self.line(),
            Apart::Elements => self.element(),
        };
        let read = match read {
            Ok(None) if self.buffer.len() > limits::EVENT_BYTES_MAX => Err(BadFrames::TooLong),
            read => read,
        };
        read.inspect_err(|error| self.failed = Some(*error))
    }

    /// Ends the stream and takes what is left: a last line without its end, or blanks.
    ///
    /// # Errors
    /// [`BadFrames`], as [`Decoder::frame`], and for an array that was not closed.
    pub fn finish(&mut self) -> Result<Option<Piece>, BadFrames> {
        if let Some(piece) = self.frame()? {
            return Ok(Some(piece));
        }
        let whole = match self.apart {
            Apart::Lines => true,
            Apart::Elements => self.place == Place::BehindArray,
        };
        if !whole {
            self.failed = Some(BadFrames::Cut);
            return Err(BadFrames::Cut);
        }
        let length = self.buffer.len();
        if length == 0 { Ok(None) } else { self.take(length, 0, 0).map(Some) }
    }

    fn line(&mut self) -> Result<Option<Piece>, BadFrames> {
        let unseen = self.buffer.get(self.seen..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', unseen) else {
            self.seen = self.buffer.len();
            return Ok(None);
        };
        let end = self.seen + length;
        let crlf = end > 0 && self.buffer.get(end - 1) == Some(&b'\r');
        self.take(end + 1, 0, 1 + usize::from(crlf)).map(Some)
    }

    fn element(&mut self) -> Result<Option<Piece>, BadFrames> {
        while let Some(byte) = self.buffer.get(self.seen).copied() {
            self.seen += 1;
            if let Some(start) = self.start {
                if self.inside(byte) {
                    let end = self.seen;
                    self.start = None;
                    self.place = Place::BehindElement;
                    return self.take(end, start, 0).map(Some);
                }
                continue;
            }
            match (self.place, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => {}
                (Place::BeforeArray, b'[') | (Place::BehindElement, b',') => self.place = Place::BeforeElement,
                (Place::BeforeElement | Place::BehindElement, b']') => {
                    self.place = Place::BehindArray;
                    let end = self.seen;
                    return self.take(end, end, 0).map(Some);
                }
                (Place::BeforeElement, b'{') => {
                    self.start = Some(self.seen - 1);
                    self.depth = 1;
                }
                _ => return Err(BadFrames::Syntax),
            }
        }
        Ok(None)
    }

    /// Looks at a byte of an object; true when it ends it.
    fn inside(&mut self, byte: u8) -> bool {
        if self.string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }

    fn take(&mut self, length: usize, before: usize, behind: usize) -> Result<Piece, BadFrames> {
        let raw = self.buffer.split_to(length).freeze();
        self.seen = 0;
        let value = raw.get(before..raw.len() - behind).unwrap_or_default();
        let text = std::str::from_utf8(value).map_err(|_| BadFrames::NotUtf8)?;
        let data = (!text.trim().is_empty()).then(|| text.to_owned());
        Ok(Piece { raw, before, behind, data })
    }
}

impl Piece {
    /// Writes the piece anew with another value.
    pub fn with_data(&self, data: &str) -> Bytes {
        let before = self.raw.get(..self.before).unwrap_or_default();
        let behind = self.raw.get(self.raw.len() - self.behind..).unwrap_or_default();
        Bytes::from([before, data.as_bytes(), behind].concat())
    }

    /// Whether the piece ends an array.
    pub fn closes(&self) -> bool {
        self.data.is_none() && self.raw.ends_with(b"]")
    }
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Piece").field("raw_bytes", &self.raw.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("buffered_bytes", &self.buffer.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(apart: Apart, stream: &str, cut: usize) -> Result<(Vec<String>, String), BadFrames> {
        let mut decoder = Decoder::new(apart);
        let (mut values, mut raw) = (Vec::new(), Vec::new());
        let mut note = |piece: Piece| {
            assert_eq!(piece.with_data(piece.data.as_deref().unwrap_or_default()).trim_ascii(), piece.raw.trim_ascii());
            raw.extend_from_slice(&piece.raw);
            values.extend(piece.data);
        };
        for chunk in [&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]] {
            decoder.push(chunk);
            while let Some(piece) = decoder.frame()? {
                note(piece);
            }
        }
        while let Some(piece) = decoder.finish()? {
            note(piece);
        }
        Ok((values, String::from_utf8(raw).unwrap()))
    }

    #[test]
    fn however_it_is_cut_the_values_are_the_same() {
        let rows: &[(&str, Apart, &str, &[&str])] = &[
            ("lines", Apart::Lines, "{\"a\":1}\n{\"b\":\"é\"}\r\n\n{}", &["{\"a\":1}", "{\"b\":\"é\"}", "{}"]),
            (
                "array",
                Apart::Elements,
                "[{\"a\":\"]}\\\"\"}\r\n,\r\n{\"b\":[{}]}]\n",
                &["{\"a\":\"]}\\\"\"}", "{\"b\":[{}]}"],
            ),
            ("empty array", Apart::Elements, "[]", &[]),
        ];
        for (name, apart, stream, expected) in rows {
            for cut in 0..=stream.len() {
                let (values, raw) = read(*apart, stream, cut).unwrap();
                assert_eq!(
                    (values.as_slice(), raw.as_str()),
                    (&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..], *stream),
                    "{name} at {cut}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_array_of_objects_is_refused() {
        for (name, stream, error) in [
            ("a number", "[1]", BadFrames::Syntax),
            ("an object", "{}", BadFrames::Syntax),
            ("two commas", "[{},,{}]", BadFrames::Syntax),
            ("more behind", "[{}]x", BadFrames::Syntax),
            ("not closed", "[{}", BadFrames::Cut),
            ("cut within", "[{\"a\":", BadFrames::Cut),
        ] {
            assert_eq!(read(Apart::Elements, stream, 0), Err(error), "{name}");
        }
    }
}
