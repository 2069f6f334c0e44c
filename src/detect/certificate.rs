//! What certificates and requests for them say in PEM (RFC 7468, RFC 5280): names, addresses and hosts, as a text of lines.
//!
//! The block is base64 of a binary structure, which no other reader opens. Of it only the strings are read, and of the types of names
//! those that people have: `name: Camille Aubertin`. What is found inside is a finding over what is encoded.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes between the lines that begin and end a block.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// What the block of a certificate, of a chain of them and of a request begins with.
const OPENS: [&str; 4] =
    ["CERTIFICATE-----", "CERTIFICATE REQUEST-----", "NEW CERTIFICATE REQUEST-----", "TRUSTED CERTIFICATE-----"];
/// Bytes of a string.
const STRING_BYTES: std::ops::RangeInclusive<usize> = 2..=512;
/// Types of names (X.520), by the end of their identifier `2.5.4.n`, and what is read before their values.
const TYPES: &[(u8, &str)] = &[
    (3, "full name: "),
    (4, "surname: "),
    (42, "given name: "),
    (5, "serial number: "),
    (9, "street: "),
    (12, "title: "),
];

/// Reports what each certificate of a text says: its range and the text.
pub(super) fn each(text: &str, mut found: impl FnMut(Range<usize>, &str)) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"-----BEGIN ") {
        let head = at + "-----BEGIN ".len();
        let rest = text.get(head..).unwrap_or_default();
        let Some(opens) = OPENS.iter().find(|opens| rest.starts_with(**opens)) else { continue };
        let start = head + opens.len();
        let body =
            text.get(start..text.floor_char_boundary(text.len().min(start + BODY_BYTES_MAX))).unwrap_or_default();
        let body = body.split("-----").next().unwrap_or_default();
        let code: String = body.chars().filter(char::is_ascii_graphic).collect();
        // A block that was cut off is read as far as it goes.
        let whole = code.len() - code.len() % 4;
        let Some(bytes) = code.get(..whole).and_then(|code| STANDARD.decode(code).ok()) else { continue };
        let says = strings(&bytes);
        if !says.is_empty() {
            let from = start + body.len() - body.trim_start().len();
            found(from..from + body.trim().len(), &says);
        }
    }
}

/// The strings of a structure of DER, a line each.
fn strings(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some([tag, len, rest @ ..]) = bytes.get(at..) {
        let (len, skip) = match (len, rest) {
            (0x81, [len, ..]) => (usize::from(*len), 3),
            (0x82, [high, low, ..]) => (usize::from(*high) << 8 | usize::from(*low), 4),
            _ => (usize::from(*len), 2),
        };
        let value = bytes.get(at + skip..at + skip + len).filter(|_| STRING_BYTES.contains(&len));
        let value = match tag {
            // UTF8, Printable, Teletex, IA5 and Visible strings; an address, a host and a URL of an alternative name.
            0x0C | 0x13 | 0x14 | 0x16 | 0x1A | 0x81 | 0x82 | 0x86 => {
                value.and_then(|value| match std::str::from_utf8(value) {
                    Ok(text) => Some(text.to_owned()),
                    // Teletex was Latin-1 to all that wrote it.
                    Err(_) => (*tag == 0x14).then(|| value.iter().map(|byte| char::from(*byte)).collect()),
                })
            }
            0x1E => value.map(|value| {
                let (pairs, _) = value.as_chunks::<2>();
                let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
                String::from_utf16_lossy(&units)
            }),
            _ => None,
        };
        match value.filter(|value| !value.chars().any(char::is_control)) {
            Some(value) => {
                out.push_str(typed(bytes.get(..at).unwrap_or_default()));
                out.push_str(&value);
                out.push('\n');
                at += skip + len;
            }
            // What holds others is gone into; what holds none is gone over byte for byte, which finds no string that is not there.
            None => at += 1,
        }
    }
    out
}

/// What is read before the value of a type of name that stands before it.
fn typed(before: &[u8]) -> &'static str {
    let [.., 0x06, 0x03, 0x55, 0x04, last] = before else { return "" };
    TYPES.iter().find(|(number, _)| number == last).map_or("", |(_, says)| *says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_say_whose_they_are() {
        let mut der = b"\x30\x82\x01\x0a\x31\x19\x30\x17\x06\x03\x55\x04\x03\x0c\x10Camille Aubertin".to_vec();
        der.extend(b"\x81\x0ajo@x.testx\x1e\x04\x00A\x00\xe9\x02\x03\x80\x81\xff");
        let code = STANDARD.encode(&der);
        let text = format!("see -----BEGIN CERTIFICATE-----\n{code}\n-----END CERTIFICATE----- there");
        let mut found = Vec::new();
        each(&text, |range, says| found.push((text.get(range).unwrap().to_owned(), says.to_owned())));
        assert_eq!(found, [(code, "full name: Camille Aubertin\njo@x.testx\nAé\n".to_owned())]);
        for text in
            ["-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!!\n", "-----BEGIN PUBLIC KEY-----\nAAAA"]
        {
            each(text, |_, says| panic!("{says}"));
        }
    }
}
