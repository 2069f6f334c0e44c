//! Runs of base64, hexadecimal and tag characters that decode to readable text, also where it was compressed before (RFC 1950, as SAML
//! and many a log have it): what is found inside is a finding over the whole run.
//!
//! A run of fourteen characters that begins behind a place has its last at the fourteenth from there: looking back from it finds
//! either the run or a later place to go on from, so that each is found for next to nothing. Decoding stops at the first byte that no text has; images and ciphertext end within a few bytes.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use memchr::memmem;

use super::{certificate, mime};
use crate::wire::{Inflated, inflated, is_zlib};

/// Characters, padding included, below which a run is not opened.
const PADDED_BYTES_MIN: usize = 16;
/// Characters of such a run without its padding.
const RUN_BYTES_MIN: usize = PADDED_BYTES_MIN - 2;
/// Characters of a run that are opened; a longer one is opened up to here, and is a finding whole.
const RUN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Of so many characters of a text, one may be a control character.
const CONTROL_SHARE: usize = 8;
/// Of so many bytes of a text that is not UTF-8, one may be other than ASCII.
const FOREIGN_SHARE: usize = 4;
/// Bytes of a text that was decoded, below which it says nothing.
const TEXT_BYTES_MIN: usize = 8;
/// What the tag characters' UTF-8 begins with.
const TAG_HEAD: [u8; 2] = [0xF3, 0xA0];
/// Characters of a line that may be a part of a wrapped run.
const WRAPPED_BYTES_MIN: usize = 16;
/// Characters of a run behind a letter that is none of it.
const GLUED_BYTES_MIN: usize = 24;
/// Characters that are decoded to see whether text comes out.
const PROBE_BYTES: usize = 64;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Reports every run that decodes to text: its range and the text.
pub fn runs(text: &str, mut found: impl FnMut(Range<usize>, &str)) {
    let bytes = text.as_bytes();
    let mut at = RUN_BYTES_MIN - 1;
    let mut done = 0;
    while at < bytes.len() {
        let head = bytes.get(done..=at).unwrap_or_default();
        let start = at + 1 - head.iter().rev().take_while(|&&byte| is_code(byte)).count();
        // A run that begins here has its fourteenth character there, and so has every later one behind it.
        if at < start + RUN_BYTES_MIN - 1 {
            at = start + RUN_BYTES_MIN - 1;
            continue;
        }
        let tail = bytes.get(at..).unwrap_or_default();
        let end = at + tail.iter().take_while(|&&byte| is_code(byte)).count();
        let padding = bytes.get(end..).unwrap_or_default().iter().take(2).take_while(|&&byte| byte == b'=').count();
        if end + padding - start >= PADDED_BYTES_MIN
            && let Some(run) = text.get(start..end.min(start + RUN_BYTES_MAX))
        {
            match open(run).map(|decoded| (start, end + padding, decoded)).or_else(|| {
                let (inner, decoded) = within(run)?;
                let whole = inner.end == run.len();
                Some((start + inner.start, if whole { end + padding } else { start + inner.end }, decoded))
            }) {
                Some((from, to, decoded)) => found(from..to, &decoded),
                None => parts(run, |part, decoded| found(start + part.start..start + part.end, decoded)),
            }
        }
        done = end;
        at = end + RUN_BYTES_MIN;
    }
    tagged(bytes, &mut found);
}

/// Reports what lines decode to together into which an encoder wrapped its output (RFC 2045 section 6.8): their range and the
/// text. It may begin behind something else on its line, end before something else, and be indented. A line that decodes alone is a
/// run too.
pub fn wrapped(text: &str, mut found: impl FnMut(Range<usize>, &str)) {
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return;
    }
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').map(|line| {
        at += line.len();
        let written = line.trim_start();
        (at - written.len(), written.trim_end())
    });
    let whole = |line: &str| line.len() >= WRAPPED_BYTES_MIN && line.bytes().all(is_code);
    let mut next = lines.next();
    while let Some((start, line)) = next {
        next = lines.next();
        let first = line.len() - line.bytes().rev().take_while(|byte| is_code(*byte)).count();
        if line.len() - first < WRAPPED_BYTES_MIN {
            continue;
        }
        let (from, mut end, mut count) = (start + first, start + line.len(), 1);
        let mut run = line.get(first..).unwrap_or_default().to_owned();
        while let Some((start, line)) = next.filter(|(_, line)| whole(line)) {
            run.push_str(line);
            (end, count, next) = (start + line.len(), count + 1, lines.next());
        }
        // The last line of an encoding is shorter, and may end with padding. It may also be no part of it.
        let (complete, mut is_open) = (run.len(), false);
        if let Some((start, line)) = next {
            let codes = line.bytes().take_while(|byte| is_code(*byte)).count();
            let padding = line.bytes().skip(codes).take(2).take_while(|byte| *byte == b'=').count();
            run.push_str(line.get(..codes + padding).unwrap_or_default());
            if codes > 0 {
                runs(&run, |_, decoded| {
                    is_open = true;
                    found(from..start + codes + padding, decoded);
                });
            }
        }
        if !is_open && count > 1 {
            runs(run.get(..complete).unwrap_or_default(), |_, decoded| found(from..end, decoded));
        }
    }
}

/// Reports every run, every wrapped one and every word of a mail's head: what stands in none of them is not encoded.
pub(super) fn each(text: &str, mut found: impl FnMut(Range<usize>, &str)) {
    runs(text, &mut found);
    wrapped(text, &mut found);
    // The search for one byte costs less than that for several, and most texts lack it.
    if memchr::memchr(b'=', text.as_bytes()).is_some() {
        mime::each(text, &mut found);
    }
    if memchr::memchr(b'-', text.as_bytes()).is_some() {
        certificate::each(text, &mut found);
    }
}

/// What a run holds beside marks of its own alphabet (`--TW1l…--`) or behind a letter that is none of it (`xTW1l…`).
fn within(run: &str) -> Option<(Range<usize>, String)> {
    let bare = run.trim_matches(['-', '_', '/', '+']);
    let start = run.len() - run.trim_start_matches(['-', '_', '/', '+']).len();
    if bare.len() < run.len()
        && bare.len() >= RUN_BYTES_MIN
        && let Some(decoded) = open(bare)
    {
        return Some((start..start + bare.len(), decoded));
    }
    // One letter more or less turns any text to noise: what comes out as text is one.
    let rest = bare
        .get(1..)
        .filter(|rest| rest.len() >= GLUED_BYTES_MIN && bare.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    open(rest).filter(|text| text.is_ascii()).map(|decoded| (start + 1..start + bare.len(), decoded))
}

/// Reports the parts of a path that decode: a slash is a character of base64, and stands between names in a URL.
fn parts(run: &str, mut found: impl FnMut(Range<usize>, &str)) {
    let mut start = 0;
    for part in run.split('/') {
        let range = start..start + part.len();
        start = range.end + 1;
        if range.len() >= RUN_BYTES_MIN
            && range.len() < run.len()
            && let Some(decoded) = open(part)
        {
            found(range, &decoded);
        }
    }
}

/// Reports every run of tag characters (U+E0020 to U+E007E): nobody sees them, and a model reads them as the ASCII that each of
/// them stands for. One here and there is noise.
fn tagged(bytes: &[u8], found: &mut impl FnMut(Range<usize>, &str)) {
    let [first, _] = TAG_HEAD;
    let mut from = memchr::memchr(first, bytes).unwrap_or(bytes.len());
    while let Some(next) = bytes.get(from..).and_then(|rest| memmem::find(rest, &TAG_HEAD)) {
        let start = from + next;
        let (tags, _) = bytes.get(start..).unwrap_or_default().as_chunks::<4>();
        let decoded: String = tags.iter().map_while(|tag| untagged(*tag)).take(RUN_BYTES_MAX / 4).collect();
        from = start + TAG_HEAD.len().max(4 * decoded.len());
        if decoded.len() >= TEXT_BYTES_MIN {
            found(start..start + 4 * decoded.len(), &decoded);
        }
    }
}

/// The character that the four bytes of a tag stand for.
fn untagged([first, second, third, fourth]: [u8; 4]) -> Option<char> {
    let code = (third & 1) << 6 | fourth & 0x3F;
    let is_tag = [first, second] == TAG_HEAD && matches!(third, 0x80 | 0x81) && fourth & 0xC0 == 0x80;
    (is_tag && matches!(code, b' '..=b'~')).then_some(char::from(code))
}

fn is_code(byte: u8) -> bool {
    CODE.get(usize::from(byte)).is_some_and(|&code| code)
}

/// The characters of base64 and of its variant for URLs.
#[expect(clippy::indexing_slicing, reason = "computed when this is compiled")]
const CODE: [bool; 256] = {
    let mut code = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        code[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    code
};

/// Decodes a run when readable text comes out.
fn open(run: &str) -> Option<String> {
    // `0x4d6d`, and `\x4d6d` behind its backslash.
    let digits = ["0x", "0X", "x"].iter().find_map(|head| run.strip_prefix(head)).unwrap_or(run);
    let hexadecimal = digits.len().is_multiple_of(2) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let run = if hexadecimal { digits } else { run };
    let decode = |run: &str| -> Option<Vec<u8>> {
        if hexadecimal {
            return hex(run.as_bytes());
        }
        let whole = run.len() - usize::from(run.len() % 4 == 1);
        let run = run.get(..whole)?;
        if run.contains(['-', '_']) { URL_SAFE.decode(run) } else { STANDARD.decode(run) }.ok()
    };
    let probe = decode(run.get(..PROBE_BYTES.min(run.len()))?)?;
    if is_zlib(&probe)
        && let Some(Inflated { text, .. }) = inflated(&decode(run)?)
    {
        // Where that is not all of it, the run counts as unreadable besides (`wire::holds_opaque`).
        return (text.len() >= TEXT_BYTES_MIN && is_readable(&text)).then_some(text);
    }
    // The probe may end within a character.
    let valid = probe.utf8_chunks().next()?.valid();
    if valid.len() + 3 < probe.len() {
        western(&probe)?;
    } else if !is_readable(valid) {
        return None;
    }
    let text = String::from_utf8(decode(run)?).or_else(|bytes| western(bytes.as_bytes()).ok_or(())).ok()?;
    (text.len() >= TEXT_BYTES_MIN && is_readable(&text)).then_some(text)
}

/// The text that bytes are in Windows-1252, which holds Latin-1: spreadsheets and older programs write it. Mostly ASCII, and no
/// control character, else it is no text.
fn western(bytes: &[u8]) -> Option<String> {
    let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t');
    let foreign = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    if foreign * FOREIGN_SHARE > bytes.len() || bytes.iter().any(control) {
        return None;
    }
    let high = |byte: u8| WESTERN.chars().nth(usize::from(byte & 0x1F)).filter(|c| !c.is_control());
    bytes.iter().map(|&byte| if matches!(byte, 0x80..=0x9F) { high(byte) } else { Some(char::from(byte)) }).collect()
}

/// What Windows-1252 has where Latin-1 has control characters, 0x80 to 0x9F.
const WESTERN: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, _) = digits.as_chunks::<2>();
    let value = |byte: u8| char::from(byte).to_digit(16);
    pairs.iter().map(|[high, low]| u8::try_from(value(*high)? * 16 + value(*low)?).ok()).collect()
}

/// Whether these are words rather than numbers that happen to be valid UTF-8. A control character here and there does not make
/// a text unreadable: one could be put into any.
fn is_readable(text: &str) -> bool {
    let controls = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')).count();
    controls * CONTROL_SHARE <= text.chars().count()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_was_compressed_is_read() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"jean.dupont@example.com asks, and asks again").unwrap();
        let run = STANDARD.encode(encoder.finish().unwrap());
        let mut found = None;
        each(&format!("see {run} there"), |range, decoded| found = Some((range, decoded.to_owned())));
        assert_eq!(found, Some((4..4 + run.len(), "jean.dupont@example.com asks, and asks again".to_owned())));
    }

    #[test]
    fn rows() {
        for (name, text, expected) in [
            ("base64", "see amVhbi5kdXBvbnRAZXhhbXBsZS5jb20= there", Some((4..36, "jean.dupont@example.com"))),
            ("base64url", "(SsOpcsO0bWUgPz8_ww_)", None),
            ("base64url of text", "xx MTIzNDU2Nzg5MDEyMzQ_Pz8_ xx", Some((3..27, "12345678901234????"))),
            ("hexadecimal", "6a65616e406578616d706c652e636f6d", Some((0..32, "jean@example.com"))),
            (
                "base64 with a control character",
                "AWplYW4uZHVwb250QGV4YW1wbGUuY29t",
                Some((0..32, "\u{1}jean.dupont@example.com")),
            ),
            (
                "base64 in lines",
                "see: amVhbi5kdXBvbnRA\r\n  ZXhhbXBsZS5jb20gYW5k\r\n  IG1vcmU= there",
                Some((5..57, "jean.dupont@example.com and more")),
            ),
            (
                "base64 in lines with a text behind",
                "amVhbi5kdXBvbnRA\nZXhhbXBsZS5jb20g\nthere it is",
                Some((0..33, "jean.dupont@example.com ")),
            ),
            (
                "words in lines",
                "anticonstitutionnellement\nantidisestablishmentarianism\nfloccinaucinihilipilification",
                None,
            ),
            ("prose", "anticonstitutionnellement antidisestablishmentarianism", None),
            ("hash", "d41d8cd98f00b204e9800998ecf8427e", None),
            ("path", "/usr/share/applications/something", None),
            ("behind 0x", "0x6a65616e406578616d706c652e636f6d", Some((0..34, "jean@example.com"))),
            (
                "in a URL",
                "https://example.com/v1/amVhbi5kdXBvbnRAZXhhbXBsZS5jb20/view",
                Some((23..54, "jean.dupont@example.com")),
            ),
            (
                "tag characters",
                "see \u{E006A}\u{E0065}\u{E0061}\u{E006E}\u{E0040}\u{E0061}\u{E002E}\u{E0065}\u{E0075} there",
                Some((4..40, "jean@a.eu")),
            ),
            (
                "base64 of Windows-1252",
                "see SOls6G5lIEdhcm5pZXIs4CBs4JJhaXI= there",
                Some((4..36, "Hélène Garnier,à là’air")),
            ),
            ("behind a backslash", "see \\x6a65616e406578616d706c652e636f6d there", Some((5..38, "jean@example.com"))),
            ("between dashes", "--amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=--", Some((2..34, "jean.dupont@example.com"))),
            ("behind a letter", "xamVhbi5kdXBvbnRAZXhhbXBsZS5jb20=", Some((1..33, "jean.dupont@example.com"))),
            ("noise", "see 8J+Yg4GCg4SFhoeIiYqLjI2Oj5CRkpOUlZY= there", None),
            ("a tag here and there", "s\u{E0061}e\u{E006E}\u{E007F}e", None),
        ] {
            let mut found = None;
            each(text, |range, decoded| found = Some((range, decoded.to_owned())));
            assert_eq!(found, expected.map(|(range, text)| (range, text.to_owned())), "{name}");
        }
    }
}
