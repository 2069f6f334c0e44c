//! Private keys in PEM (RFC 7468) or OpenSSH armour: any label that ends in `PRIVATE KEY`, PGP's block included.
//!
//! A block that was cut off before its footer is a key all the same. False friends: public keys, certificates.

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a label.
const LABEL_BYTES_MAX: usize = 64;
/// Bytes between header and footer: an RSA key of 16,384 bits has 12.5 KiB.
const BODY_BYTES_MAX: usize = 32 * 1024;
/// Characters of key material below which a header without footer is only talk of one.
const BODY_BYTES_MIN: usize = 40;

/// Characters of key material between header and footer: an Ed25519 seed has 43, a manual's `anything` eight.
const CLOSED_BYTES_MIN: usize = 16;

/// Finds private keys.
#[derive(Debug)]
pub(in crate::detect) struct PrivateKey;

impl Detector for PrivateKey {
    fn card(&self) -> Card {
        Card { id: "private_key", country: "*", method: "PEM header and footer" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["-----BEGIN"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(start) = *mark else { return };
        let label_from = start + "-----BEGIN".len();
        let label_to = page.right(label_from, LABEL_BYTES_MAX, is_label);
        let label = page.text.get(label_from..label_to).unwrap_or_default();
        let private = label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK");
        let body = label_to + 5;
        if !private || page.text.get(label_to..body) != Some("-----") {
            return;
        }
        // The next dashes are the footer's, or the next header's: either way no later block shares this stretch.
        let limit = page.text.floor_char_boundary((body + BODY_BYTES_MAX).min(page.text.len()));
        let rest = page.text.get(body..limit).unwrap_or_default();
        let dashes = memchr::memmem::find(rest.as_bytes(), b"-----").unwrap_or(rest.len());
        if rest.get(dashes..).is_some_and(|footer| footer.starts_with("-----END")) {
            let footer = body + dashes + "-----END".len();
            let end = page.right(footer, LABEL_BYTES_MAX, is_label);
            let end = page.right(end, 5, |byte| byte == b'-');
            if rest.bytes().take(dashes).filter(u8::is_ascii_alphanumeric).count() >= CLOSED_BYTES_MIN {
                report.push(start..end, 99);
            }
            return;
        }
        let end = page.right(body, dashes, |byte| byte.is_ascii_alphanumeric() || b"+/=\r\n\t :,-".contains(&byte));
        let material = page.text.get(body..end).unwrap_or_default();
        if material.bytes().filter(u8::is_ascii_alphanumeric).count() >= BODY_BYTES_MIN {
            report.push(start..body + material.trim_end().len(), 95);
        }
    }
}

const fn is_label(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
        for (name, text, found) in [
            ("PKCS 8", format!("x -----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY----- y"), true),
            (
                "OpenSSH",
                format!("x -----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY----- y"),
                true,
            ),
            (
                "encrypted",
                format!(
                    "x -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}\n-----END RSA PRIVATE KEY----- y"
                ),
                true,
            ),
            (
                "PGP",
                format!("x -----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{body}\n-----END PGP PRIVATE KEY BLOCK----- y"),
                true,
            ),
            ("cut off", format!("x -----BEGIN PRIVATE KEY-----\n{body}"), true),
            ("public", format!("x -----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY----- y"), false),
            ("talk of one", "x -----BEGIN PRIVATE KEY----- is the header.".to_owned(), false),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let page = Page { text: &text, key: None };
            PrivateKey.look(&page, &Mark::Literal(2), &mut Report { sink: &mut sink, detector: 0 });
            let whole = text.strip_suffix(" y").unwrap_or(&text);
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), found.then_some(&whole[2..]), "{name}");
        }
    }
}
