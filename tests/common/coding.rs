//! Bodies in the codings that clients use.

use std::io::Write as _;

/// A brotli stream that stores its text (RFC 7932, section 9.2): the dependency only decodes.
fn brotli(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len() - 1).unwrap();
    let head = (length << 4) | (1 << 20);
    [&head.to_le_bytes()[..3], text, &[3]].concat()
}

/// A text in a coding; any other word leaves it as it is.
pub(crate) fn coded(coding: &str, text: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest),
        "br" => brotli(text),
        _ => text.to_vec(),
    }
}
