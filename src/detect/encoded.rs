//! Runs of base64 and hexadecimal that decode to readable text: what is found inside is a finding over the whole run.
//!
//! A run of fourteen characters that begins behind a place has its last at the fourteenth from there: looking back from it finds
//! either the run or a later place to go on from, so that each is found for next to nothing. Decoding stops at the first byte that no text has; images and ciphertext end within a few bytes.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// Characters, padding included, below which a run is not opened.
const PADDED_BYTES_MIN: usize = 16;
/// Characters of such a run without its padding.
const RUN_BYTES_MIN: usize = PADDED_BYTES_MIN - 2;
/// Characters of a run that are opened; a longer one is opened up to here, and is a finding whole.
const RUN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Of so many characters of a text, one may be a control character.
const CONTROL_SHARE: usize = 8;
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
            && let Some(decoded) = text.get(start..end.min(start + RUN_BYTES_MAX)).and_then(open)
        {
            found(start..end + padding, &decoded);
        }
        done = end;
        at = end + RUN_BYTES_MIN;
    }
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
    let hexadecimal = run.len().is_multiple_of(2) && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let decode = |run: &str| -> Option<Vec<u8>> {
        if hexadecimal {
            return hex(run.as_bytes());
        }
        let whole = run.len() - usize::from(run.len() % 4 == 1);
        let run = run.get(..whole)?;
        if run.contains(['-', '_']) { URL_SAFE.decode(run) } else { STANDARD.decode(run) }.ok()
    };
    let probe = decode(run.get(..PROBE_BYTES.min(run.len()))?)?;
    // The probe may end within a character.
    let valid = probe.utf8_chunks().next()?.valid();
    if valid.len() + 3 < probe.len() || !is_readable(valid) {
        return None;
    }
    let text = String::from_utf8(decode(run)?).ok()?;
    (text.len() >= 8 && is_readable(&text)).then_some(text)
}

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
    use super::*;

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
            ("prose", "anticonstitutionnellement antidisestablishmentarianism", None),
            ("hash", "d41d8cd98f00b204e9800998ecf8427e", None),
            ("path", "/usr/share/applications/something", None),
        ] {
            let mut found = None;
            runs(text, |range, decoded| found = Some((range, decoded.to_owned())));
            assert_eq!(found, expected.map(|(range, text)| (range, text.to_owned())), "{name}");
        }
    }
}
