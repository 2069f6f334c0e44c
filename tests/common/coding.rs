//! Bodies in the codings that clients and servers use, flushed piece by piece.

use std::io::Write;

/// The codings.
pub(crate) const CODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// What answers come in beside them: without the head of zlib, and coded twice.
pub(crate) const ODD: [&str; 4] = ["raw deflate", "gzip, br", "zstd, gzip", "deflate, deflate"];

/// What a coding is called in the head of a message.
pub(crate) fn called(coding: &str) -> &str {
    if coding == "raw deflate" { "deflate" } else { coding }
}

/// A text in a coding; any other word leaves it as it is.
pub(crate) fn coded(coding: &str, text: &[u8]) -> Vec<u8> {
    flushed(coding, &[text]).concat()
}

/// Texts in a coding, flushed behind each: what each of them adds, and last what ends the whole.
pub(crate) fn flushed<T: AsRef<[u8]>>(coding: &str, texts: &[T]) -> Vec<Vec<u8>> {
    if let Some((first, then)) = coding.split_once(", ") {
        let mut parts = flushed(then, &flushed(first, texts));
        // What ends the one is followed by what ends the other.
        let end = parts.pop().unwrap();
        parts.last_mut().unwrap().extend(end);
        return parts;
    }
    match coding {
        "raw deflate" => {
            let encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            written(encoder, texts, |encoder| encoder.get_ref(), |encoder| encoder.finish().unwrap())
        }
        "gzip" => {
            let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            written(encoder, texts, |encoder| encoder.get_ref(), |encoder| encoder.finish().unwrap())
        }
        "deflate" => {
            let encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            written(encoder, texts, |encoder| encoder.get_ref(), |encoder| encoder.finish().unwrap())
        }
        "zstd" => zstd(texts),
        "br" => brotli(texts),
        _ => texts.iter().map(|text| text.as_ref().to_vec()).chain([Vec::new()]).collect(),
    }
}

/// What an encoder writes behind each text, and at its end.
fn written<E: Write, T: AsRef<[u8]>>(
    mut encoder: E,
    texts: &[T],
    so_far: fn(&E) -> &Vec<u8>,
    finish: fn(E) -> Vec<u8>,
) -> Vec<Vec<u8>> {
    let (mut parts, mut done) = (Vec::new(), 0);
    for text in texts {
        encoder.write_all(text.as_ref()).unwrap();
        encoder.flush().unwrap();
        parts.push(so_far(&encoder)[done..].to_vec());
        done = so_far(&encoder).len();
    }
    parts.push(finish(encoder)[done..].to_vec());
    parts
}

fn zstd<T: AsRef<[u8]>>(texts: &[T]) -> Vec<Vec<u8>> {
    let mut context = zstd_safe::CCtx::create();
    let mut next = |text: &[u8], last: bool| {
        let mut part = Vec::with_capacity(zstd_safe::compress_bound(text.len()) + 1024);
        let mut output = zstd_safe::OutBuffer::around(&mut part);
        let mut input = zstd_safe::InBuffer::around(text);
        while input.pos() < text.len() {
            context.compress_stream(&mut output, &mut input).unwrap();
        }
        let left = if last { context.end_stream(&mut output) } else { context.flush_stream(&mut output) };
        assert_eq!(left.unwrap(), 0, "the room was too small");
        part
    };
    let mut parts: Vec<Vec<u8>> = texts.iter().map(|text| next(text.as_ref(), false)).collect();
    parts.push(next(b"", true));
    parts
}

/// Meta-blocks that store their text (RFC 7932, section 9.2): the dependency only decodes.
fn brotli<T: AsRef<[u8]>>(texts: &[T]) -> Vec<Vec<u8>> {
    let mut first = true;
    let mut parts = Vec::new();
    for text in texts {
        let mut part = Vec::new();
        for block in text.as_ref().chunks(1 << 16) {
            let length = u32::try_from(block.len() - 1).unwrap();
            // The size of the window stands before the first.
            let head = ((length << 3) | (1 << 19)) << u32::from(std::mem::take(&mut first));
            part.extend_from_slice(&head.to_le_bytes()[..3]);
            part.extend_from_slice(block);
        }
        parts.push(part);
    }
    parts.push(if first { vec![6] } else { vec![3] });
    parts
}
