//! JSON Web Tokens (RFC 7519, compact form of RFC 7515): three parts of base64url, the first of which decodes to a JSON object
//! with `alg`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a header that are decoded.
const HEADER_BYTES_MAX: usize = 4096;
/// Bytes of a payload or signature.
const PART_BYTES_MAX: usize = 64 * 1024;

/// Finds JSON Web Tokens.
#[derive(Debug)]
pub(in crate::detect) struct Jwt;

impl Detector for Jwt {
    fn card(&self) -> Card {
        Card { id: "jwt", country: "*", method: "three parts of base64url, the header decodes to JSON with `alg`" }
    }

    fn wake(&self) -> Wake {
        // `{"` in base64.
        Wake::Literals(&["eyJ"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(start) = *mark else { return };
        if is_part(page.before(start)) || page.before(start) == b'.' {
            return;
        }
        let header = page.right(start, HEADER_BYTES_MAX, is_part);
        if page.byte(header) != b'.' {
            return;
        }
        let payload = page.right(header + 1, PART_BYTES_MAX, is_part);
        if payload == header + 1 || page.byte(payload) != b'.' {
            return;
        }
        let end = page.right(payload + 1, PART_BYTES_MAX, is_part);
        let names_algorithm =
            page.text.get(start..header).and_then(|header| URL_SAFE_NO_PAD.decode(header).ok()).is_some_and(|json| {
                serde_json::from_slice::<serde_json::Value>(&json).is_ok_and(|header| header.get("alg").is_some())
            });
        if names_algorithm {
            report.push(start..end, 99);
        }
    }
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
