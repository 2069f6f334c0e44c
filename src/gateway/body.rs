//! Request bodies: read once, capped, by a deadline, and decompressed under the same cap.
//!
//! What is accepted is `application/json` in UTF-8, in `gzip`, `deflate`, `br`, `zstd` or as it is. One coding at a time; any
//! other is refused, as are bodies that unfold beyond their bounds.

use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body;
use http_body_util::BodyExt as _;

use super::budget::Share;
use super::edge;
use crate::limits;
use crate::model::{Fault, Refusal};
use crate::wire::unfold::{Coding, Codings, Layers};

/// A body, and its share of the memory for bodies, given back when it is dropped.
#[derive(Debug)]
pub struct ReadBody {
    /// The text.
    pub text: String,
    /// Its share.
    pub share: Share,
}

/// Checks the headers that describe a body; `untyped`: clients of the API may leave the type out, and mean JSON.
///
/// # Errors
/// 415 for another type, charset or coding; 413 for a declared length above the cap.
pub fn check_head(headers: &HeaderMap, bytes_max: usize, untyped: bool) -> Result<(), Refusal> {
    let unsupported = |what: &str| Refusal::new(Fault::Caller, 415, "unsupported_media_type", what);
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(one), None) if is_json(one.to_str().unwrap_or_default()) => {}
        (Some(_), None) => return Err(unsupported("the body must be `application/json` in UTF-8")),
        (None, _) if untyped => {}
        _ => return Err(unsupported("send exactly one `Content-Type: application/json`")),
    }
    coding(headers)?;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > bytes_max as u64) {
        return Err(too_large(bytes_max));
    }
    Ok(())
}

/// Whether a media type is JSON in UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
}

/// How a body is coded; nothing where it is as it is.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, Refusal> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = match (codings.next().map(|coding| coding.to_str().unwrap_or_default()), codings.next()) {
        (None, _) => Some(None),
        (Some(_), Some(_)) => None,
        (Some(name), None) if name.trim().eq_ignore_ascii_case("identity") => Some(None),
        (Some(name), None) => Coding::named(name).map(Some),
    };
    coding.ok_or_else(|| {
        Refusal::new(
            Fault::Caller,
            415,
            "unsupported_encoding",
            "this Content-Encoding cannot be read; use one of gzip, deflate, br, zstd, or none",
        )
    })
}

fn too_large(bytes_max: usize) -> Refusal {
    Refusal::new(Fault::Caller, 413, "body_too_large", format!("the body exceeds {bytes_max} bytes"))
}

/// Reads a whole body.
///
/// # Errors
/// 413 above the cap, 408 past the deadline, 400 when the connection breaks, the coding is false or the text is not UTF-8,
/// 429 or 503 when the memory for bodies is taken.
pub async fn read<B>(
    headers: &HeaderMap,
    body: B,
    bytes_max: usize,
    deadline: Duration,
    mut share: Share,
) -> Result<ReadBody, Refusal>
where
    B: Body + Unpin,
{
    let coding = coding(headers)?;
    let raw = match tokio::time::timeout(deadline, collect(body, bytes_max, &mut share)).await {
        Ok(read) => read?,
        Err(_) => {
            return Err(Refusal::new(Fault::Caller, 408, "body_timeout", "the body did not arrive in time"));
        }
    };
    let bytes = match coding {
        None => raw,
        Some(coding) => {
            // What may unfold is paid for before it does: many at once would otherwise take what none of them was given.
            let allowed = unfolds_to(raw.len(), bytes_max);
            share.grow(allowed)?;
            let unfolded =
                tokio::task::spawn_blocking(move || (unfold(coding.into(), raw.into(), allowed), share)).await;
            let unfolded = unfolded.map_err(|_| edge::failed_inside())?;
            share = unfolded.1;
            unfolded.0?
        }
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        Refusal::invalid("invalid_utf8", "the body is not UTF-8").at(at_byte(error.utf8_error().valid_up_to()))
    })?;
    // The text is held twice: as it came, and as it leaves. The coded bytes are gone.
    let held = text.len() * 2 + leaves(&text) * limits::LEAF_BYTES;
    share.cover(held)?;
    share.cut(held);
    Ok(ReadBody { text, share })
}

/// How many leaves a body has at most, keys included: each but the first stands behind a comma or a colon, or in a container
/// of its own.
fn leaves(text: &str) -> usize {
    let marks = memchr::memchr3_iter(b',', b':', b'[', text.as_bytes()).count();
    // A body with more is refused before its leaves take more.
    (marks + memchr::memchr_iter(b'{', text.as_bytes()).count()).min(limits::JSON_LEAVES_MAX)
}

fn at_byte(offset: usize) -> String {
    format!("byte {offset}")
}

async fn collect<B: Body + Unpin>(mut body: B, bytes_max: usize, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(64 * 1024));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::invalid("body_incomplete", "the body broke off"))?;
        // Trailers are dropped: nothing of them goes on.
        let Ok(mut data) = frame.into_data() else { continue };
        while data.has_remaining() {
            let chunk = data.chunk();
            let length = chunk.len();
            if bytes.len() + length > bytes_max {
                return Err(too_large(bytes_max));
            }
            share.cover(bytes.len() + length)?;
            bytes.extend_from_slice(chunk);
            data.advance(length);
        }
    }
    Ok(bytes)
}

/// The bytes that so many coded ones may unfold to.
fn unfolds_to(raw_bytes: usize, bytes_max: usize) -> usize {
    bytes_max.min(raw_bytes.saturating_mul(limits::INFLATE_RATIO_MAX).max(limits::INFLATE_FREE_BYTES))
}

/// Undoes the codings of a whole answer, within the bounds of an answer; nothing when it is false or unfolds beyond them.
pub fn unfold_answer(codings: Codings, raw: Vec<u8>) -> Option<Vec<u8>> {
    let allowed = answer_unfolds_to(raw.len());
    unfold(codings, raw.into(), allowed).ok()
}

/// The bytes that a coded answer may unfold to.
pub fn answer_unfolds_to(raw_bytes: usize) -> usize {
    unfolds_to(raw_bytes, limits::REPLY_BYTES_MAX)
}

/// Undoes codings, to `allowed` bytes at most.
fn unfold(codings: Codings, raw: Bytes, allowed: usize) -> Result<Vec<u8>, Refusal> {
    let broken =
        |_| Refusal::invalid("invalid_encoding", "the body cannot be decompressed as its Content-Encoding says");
    let mut out = Vec::with_capacity(raw.len().saturating_mul(4).min(allowed));
    let Some(mut layers) = Layers::new(codings).map_err(broken)? else { return Ok(raw.into()) };
    layers.push(raw);
    while let Some(piece) = layers.piece().map_err(broken)? {
        if layers.unfolded() > allowed {
            return Err(too_large(allowed));
        }
        out.extend_from_slice(&piece);
    }
    layers.finish().map_err(broken)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use http_body_util::Full;

    use super::super::budget::{Bounds, Budget};
    use super::*;
    use crate::model::Word;

    fn budget(kilobytes: usize) -> Budget {
        Budget::new(Bounds { all: kilobytes * 2048, each: kilobytes * 1024 })
    }

    fn share(budget: &Budget) -> Share {
        budget.share(&Word::fixed("demo"))
    }

    fn head(encoding: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json; charset=UTF-8"));
        if !encoding.is_empty() {
            headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static(encoding));
        }
        headers
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    async fn read_with(encoding: &'static str, body: Vec<u8>, max: usize) -> Result<String, u16> {
        let headers = head(encoding);
        check_head(&headers, max, false).map_err(|refusal| refusal.status)?;
        let body = Full::new(Bytes::from(body));
        let read = read(&headers, body, max, Duration::from_secs(5), share(&Budget::default())).await;
        read.map(|body| body.text).map_err(|refusal| refusal.status)
    }

    #[tokio::test]
    async fn bodies() {
        let zlib = {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(b"{}").unwrap();
            encoder.finish().unwrap()
        };
        let raw = {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(b"{}").unwrap();
            encoder.finish().unwrap()
        };
        let two_members = [gzip(b"{}"), gzip(b"{}")].concat();
        let trailing = [gzip(b"{}"), b"plain".to_vec()].concat();
        let bomb = gzip(&vec![b' '; 8 << 20]);
        for (name, encoding, body, max, expected) in [
            ("as it is", "", b"{}".to_vec(), 100, Ok("{}")),
            ("gzip", "gzip", gzip(b"{}"), 100, Ok("{}")),
            ("zlib", "deflate", zlib, 100, Ok("{}")),
            ("raw deflate", "deflate", raw, 100, Ok("{}")),
            ("too large", "", vec![b' '; 101], 100, Err(413)),
            ("too large unfolded", "gzip", gzip(&[b' '; 101]), 100, Err(413)),
            ("a bomb", "gzip", bomb, 1 << 30, Err(413)),
            ("two members", "gzip", two_members, 100, Ok("{}{}")),
            ("trailing plain", "gzip", trailing, 100, Err(400)),
            ("lying coding", "gzip", b"{}".to_vec(), 100, Err(400)),
            ("truncated", "gzip", gzip(b"{}")[..12].to_vec(), 100, Err(400)),
            ("lying brotli", "br", b"\xff\xff{}".to_vec(), 100, Err(400)),
            ("lying zstd", "zstd", b"{}".to_vec(), 100, Err(400)),
            ("unknown coding", "compress", b"{}".to_vec(), 100, Err(415)),
            ("stacked codings", "gzip, gzip", b"{}".to_vec(), 100, Err(415)),
            ("no UTF-8", "", b"\"\xff\"".to_vec(), 100, Err(400)),
        ] {
            assert_eq!(read_with(encoding, body, max).await.as_deref(), expected.as_ref().map(|text| *text), "{name}");
        }
    }

    #[test]
    fn media_types() {
        for (media_type, json) in [
            ("application/json", true),
            ("Application/JSON; Charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/json; boundary=x", false),
            ("text/plain", false),
            ("application/x-ndjson", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type), json, "{media_type}");
        }
    }

    #[tokio::test]
    async fn the_memory_of_all_bodies_is_bounded() {
        let budget = budget(70);
        let read = |bytes: &[u8]| {
            let (body, share) = (Full::new(Bytes::copy_from_slice(bytes)), share(&budget));
            async move { read(&head(""), body, 100_000, Duration::from_secs(5), share).await }
        };
        let first = read(b"{}").await.unwrap();
        assert_eq!(budget.bytes(), 2 * 2 + limits::LEAF_BYTES, "as it came, as it leaves, its leaf");
        for (name, bytes) in [("read", 80_000), ("sent", 40_000)] {
            assert_eq!(read(&vec![b' '; bytes]).await.unwrap_err().status, 429, "{name}");
        }
        drop(first);
        assert_eq!(budget.bytes(), 0);
    }

    /// Two bytes of a body make a leaf, and a leaf takes more than two bytes.
    #[tokio::test]
    async fn leaves_take_memory_too() {
        let budget = budget(1000);
        let body = |text: &str| Full::new(Bytes::copy_from_slice(text.as_bytes()));
        let wait = Duration::from_secs(5);
        let prose = format!("\"{}\"", "word ".repeat(4_000));
        let list = format!("[{}1]", "1,".repeat(10_000));
        for (name, text, fits) in [("prose", &prose, true), ("a list", &list, false)] {
            let read = read(&head(""), body(text), 1_000_000, wait, share(&budget)).await;
            assert_eq!(read.is_ok(), fits, "{name}");
            drop(read);
            assert_eq!(budget.bytes(), 0, "{name}");
        }
    }

    /// A body that may unfold beyond what is left is not unfolded.
    #[tokio::test]
    async fn what_may_unfold_is_paid_for_before_it_does() {
        let coded = gzip(b"{}");
        let read = |budget: &Budget| {
            let (body, share) = (Full::new(Bytes::from(coded.clone())), share(budget));
            async move { read(&head("gzip"), body, 32 << 20, Duration::from_secs(5), share).await }
        };
        assert_eq!(read(&budget(1000)).await.unwrap_err().status, 429);
        let budget = budget(1100);
        let held = read(&budget).await.unwrap();
        assert_eq!((held.text.as_str(), budget.bytes()), ("{}", 2 * 2 + limits::LEAF_BYTES));
    }
}
