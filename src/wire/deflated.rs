//! Texts within zlib streams (RFC 1950), as SAML, logs and cookies carry them in base64.
//!
//! What is read of a stream is bounded by the stream's own length, so that none costs more than a text of a few times its size. Of one
//! that holds more, or anything but text, the caller must say that it was not read.

use std::io::Read as _;

use crate::limits::{INFLATED_RATIO_MAX, OPAQUE_TEXT_BYTES_MAX};

/// What came out of a stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Inflated {
    /// Its text, as far as it is text and was read.
    pub text: String,
    /// Whether that is all that the stream holds.
    pub whole: bool,
}

/// Whether bytes begin as a zlib stream does (RFC 1950 section 2.2): deflate, a window of 32 KiB, a multiple of 31.
pub fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31))
}

/// Inflates a zlib stream; nothing of bytes of which nothing comes out.
pub fn inflated(bytes: &[u8]) -> Option<Inflated> {
    let most = bytes.len().saturating_mul(INFLATED_RATIO_MAX).min(OPAQUE_TEXT_BYTES_MAX);
    let mut read = Vec::new();
    // One more tells whether there is more. What came before a fault is there all the same.
    let ended = flate2::read::ZlibDecoder::new(bytes).take(most as u64 + 1).read_to_end(&mut read);
    if read.is_empty() {
        return None;
    }
    let all = ended.is_ok() && read.len() <= most;
    let valid = read.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    let whole = all && valid == read.len();
    read.truncate(valid.min(most));
    let text = String::from_utf8_lossy(&read).into_owned();
    Some(Inflated { text, whole })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_stream_is_read_whole_or_said_not_to_be() {
        let text = "jean.dupont@example.com asks, and asks again";
        let stream = deflated(text.as_bytes());
        assert!(is_zlib(&stream));
        assert_eq!(inflated(&stream), Some(Inflated { text: text.to_owned(), whole: true }));
        let cut = inflated(&stream[..stream.len() - 8]).unwrap();
        assert!(!cut.whole && text.starts_with(&cut.text), "{cut:?}");
        let long = inflated(&deflated("la ".repeat(10_000).as_bytes())).unwrap();
        assert!(!long.whole && long.text.starts_with("la la"), "more than the bound");
        let binary = inflated(&deflated(b"text \xFF\xFE\x00 and more")).unwrap();
        assert_eq!(binary, Inflated { text: "text ".to_owned(), whole: false });
        assert_eq!(inflated(b"\x78\x9c\xff\xff\xff\xff"), None);
    }
}
