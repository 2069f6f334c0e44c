//! AWS event streams (`application/vnd.amazon.eventstream`): binary messages, each with two checksums.
//!
//! ```text
//! u32 length of the message | u32 length of the headers | u32 CRC-32 of these eight bytes
//! headers: u8 length, name, u8 type, value (7: u16 length and UTF-8) ...
//! payload | u32 CRC-32 of everything before
//! ```
//!
//! Integers are big-endian, the checksum is that of gzip. A message whose checksums do not hold is an error and never passed
//! on. Headers are kept as bytes: a message with another payload gets new lengths and checksums and the same headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::frames::BadFrames;
use crate::limits;

/// Bytes before the headers.
const PRELUDE: usize = 12;
/// Bytes of the checksum behind the payload.
const TRAILER: usize = 4;

/// One message.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Its bytes as they came.
    pub raw: Bytes,
    /// The headers as they came.
    headers: Bytes,
    /// The value of `:event-type` or `:exception-type`.
    pub event: Option<String>,
    /// Whether `:message-type` says that this is no event but an exception or an error.
    pub failed: bool,
    /// The payload; of a `chunk`, what its `bytes` hold.
    pub data: Option<String>,
    /// The payload wraps the data in base64.
    wrapped: bool,
}

/// Takes chunks and gives messages.
#[derive(Default)]
pub struct Decoder {
    buffer: BytesMut,
    failed: Option<BadFrames>,
}

impl Decoder {
    /// Adds bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Bytes that wait for the rest of what they belong to.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Takes the next whole message, if it has arrived.
    ///
    /// # Errors
    /// [`BadFrames`], and the same again on every later call.
    pub fn frame(&mut self) -> Result<Option<Message>, BadFrames> {
        match self.failed {
            Some(failed) => Err(failed),
            None => self.read().inspect_err(|error| self.failed = Some(*error)),
        }
    }

    /// Ends the stream: nothing may be left over.
    ///
    /// # Errors
    /// [`BadFrames`], as [`Decoder::frame`].
    pub fn finish(&mut self) -> Result<Option<Message>, BadFrames> {
        let frame = self.frame()?;
        if frame.is_none() && !self.buffer.is_empty() {
            self.failed = Some(BadFrames::Cut);
            return Err(BadFrames::Cut);
        }
        Ok(frame)
    }

    fn read(&mut self) -> Result<Option<Message>, BadFrames> {
        let Some(prelude) = self.buffer.get(..PRELUDE) else { return Ok(None) };
        let mut fields = prelude;
        let (total, headers) = (fields.get_u32() as usize, fields.get_u32() as usize);
        if fields.get_u32() != checksum(prelude.get(..8).unwrap_or_default()) {
            return Err(BadFrames::Checksum);
        }
        if total > limits::EVENT_BYTES_MAX {
            return Err(BadFrames::TooLong);
        }
        let payload = PRELUDE.checked_add(headers).ok_or(BadFrames::Syntax)?;
        let end = total.checked_sub(TRAILER).filter(|end| *end >= payload).ok_or(BadFrames::Syntax)?;
        if self.buffer.len() < total {
            return Ok(None);
        }
        let raw = self.buffer.split_to(total).freeze();
        let mut trailer = raw.get(end..).unwrap_or_default();
        if trailer.get_u32() != checksum(raw.get(..end).unwrap_or_default()) {
            return Err(BadFrames::Checksum);
        }
        let headers = raw.slice(PRELUDE..payload);
        let mut message = Message { headers: headers.clone(), ..Message::default() };
        each_header(&headers, |name, value| match (name, value) {
            (b":event-type" | b":exception-type" | b":error-code", value) => message.event = Some(value.to_owned()),
            (b":message-type", value) => message.failed = value != "event",
            _ => {}
        })?;
        let text = std::str::from_utf8(raw.get(payload..end).unwrap_or_default()).map_err(|_| BadFrames::NotUtf8)?;
        let opened = if message.event.as_deref() == Some(CHUNK) { unwrapped(text) } else { None };
        message.wrapped = opened.is_some();
        message.data = opened.or_else(|| (!text.is_empty()).then(|| text.to_owned()));
        message.raw = raw;
        Ok(Some(message))
    }
}

impl Message {
    /// Writes the message anew with another payload: new lengths, new checksums.
    pub fn with_data(&self, data: &str) -> Bytes {
        if self.wrapped {
            write(&self.headers, wrapped(data).as_bytes())
        } else {
            write(&self.headers, data.as_bytes())
        }
    }
}

/// The event whose payload wraps another server's event.
const CHUNK: &str = "chunk";

/// Opens `{"bytes":"..."}`; nothing when the payload is not that or holds no text.
fn unwrapped(payload: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        bytes: String,
    }
    let Wrapped { bytes } = serde_json::from_str(payload).ok()?;
    String::from_utf8(STANDARD.decode(bytes).ok()?).ok()
}

fn wrapped(data: &str) -> String {
    format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(data))
}

/// Writes an event, or an exception for `failed`.
pub fn encode(event: &str, failed: bool, data: &str) -> Bytes {
    let mut headers = BytesMut::new();
    let (kind, name) = if failed { ("exception", ":exception-type") } else { ("event", ":event-type") };
    for (name, value) in [(name, event), (":content-type", "application/json"), (":message-type", kind)] {
        headers.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        headers.put_slice(name.as_bytes());
        headers.put_u8(7);
        headers.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        headers.put_slice(value.as_bytes());
    }
    if event == CHUNK && !failed { write(&headers, wrapped(data).as_bytes()) } else { write(&headers, data.as_bytes()) }
}

fn write(headers: &[u8], payload: &[u8]) -> Bytes {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut out = BytesMut::with_capacity(PRELUDE + headers.len() + payload.len() + TRAILER);
    out.put_u32(length(PRELUDE + headers.len() + payload.len() + TRAILER));
    out.put_u32(length(headers.len()));
    let prelude = checksum(&out);
    out.put_u32(prelude);
    out.put_slice(headers);
    out.put_slice(payload);
    let whole = checksum(&out);
    out.put_u32(whole);
    out.freeze()
}

/// Shows every header of type string; the others are passed over by their lengths.
fn each_header(mut rest: &[u8], mut show: impl FnMut(&[u8], &str)) -> Result<(), BadFrames> {
    let take = |rest: &mut &[u8], length: usize| {
        let (taken, left) = rest.split_at_checked(length).ok_or(BadFrames::Syntax)?;
        *rest = left;
        Ok::<_, BadFrames>(taken.to_vec())
    };
    while let Some((length, after)) = rest.split_first() {
        rest = after;
        let name = take(&mut rest, usize::from(*length))?;
        let (kind, after) = rest.split_first().ok_or(BadFrames::Syntax)?;
        rest = after;
        let fixed = match kind {
            0 | 1 => Some(0),
            2 => Some(1),
            3 => Some(2),
            4 => Some(4),
            5 | 8 => Some(8),
            9 => Some(16),
            6 | 7 => None,
            _ => return Err(BadFrames::Syntax),
        };
        let length = match fixed {
            Some(length) => length,
            None => usize::from(take(&mut rest, 2)?.as_slice().get_u16()),
        };
        let value = take(&mut rest, length)?;
        if *kind == 7 {
            show(&name, std::str::from_utf8(&value).map_err(|_| BadFrames::NotUtf8)?);
        }
    }
    Ok(())
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("raw_bytes", &self.raw.len()).finish_non_exhaustive()
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

    /// The format's published example without headers: length 16, nothing in it.
    #[test]
    fn the_empty_message_has_the_published_bytes() {
        let bytes = [0, 0, 0, 16, 0, 0, 0, 0, 5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(write(b"", b""), bytes.as_slice());
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        assert_eq!(decoder.frame().unwrap().unwrap().data, None);
        assert_eq!(decoder.finish(), Ok(None));
    }

    #[test]
    fn messages_survive_every_cut_and_no_flipped_bit() {
        let one = encode("contentBlockDelta", false, r#"{"delta":{"text":"é"}}"#);
        let two = encode("throttlingException", true, "{}");
        let stream = [one.as_ref(), two.as_ref()].concat();
        for cut in 0..=stream.len() {
            let mut decoder = Decoder::default();
            let mut seen = Vec::new();
            for chunk in [&stream[..cut], &stream[cut..]] {
                decoder.push(chunk);
                while let Some(message) = decoder.frame().unwrap() {
                    seen.push((message.event.clone().unwrap(), message.failed, message.data.clone().unwrap()));
                }
            }
            assert_eq!(decoder.finish(), Ok(None), "{cut}");
            assert_eq!(seen[0], ("contentBlockDelta".into(), false, r#"{"delta":{"text":"é"}}"#.into()), "{cut}");
            assert_eq!(seen[1], ("throttlingException".into(), true, "{}".into()), "{cut}");
        }
        for bit in 0..one.len() * 8 {
            let mut flipped = one.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::default();
            decoder.push(&flipped);
            assert!(!matches!(decoder.frame(), Ok(Some(_))), "bit {bit}");
        }
        let mut decoder = Decoder::default();
        decoder.push(&one[..one.len() - 1]);
        assert_eq!(decoder.finish(), Err(BadFrames::Cut));
    }

    #[test]
    fn another_payload_keeps_the_headers() {
        let mut decoder = Decoder::default();
        for event in ["metadata", "chunk"] {
            decoder.push(&encode(event, false, "old"));
            let message = decoder.frame().unwrap().unwrap();
            assert_eq!(message.data.as_deref(), Some("old"), "{event}");
            assert_eq!(message.with_data("new and longer"), encode(event, false, "new and longer"), "{event}");
        }
    }
}
