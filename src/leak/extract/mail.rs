//! Mail as it is kept in a file (RFC 5322, MIME): the subject, every text, and every attachment of a format that is read here.
//!
//! A message may hold others, to a depth of [`DEPTH_MAX`]. Pictures and other attachments without text are passed over, as those of
//! an office document are; a document among them that cannot be read whole makes the mail unreadable.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{ExtractError, TEXT_BYTES_MAX, html, plain};
use crate::detect::encoded_words;

/// Messages and groups of parts within one another.
const DEPTH_MAX: usize = 16;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text of a mail. What begins with no field is none, whatever its name.
pub(super) fn text(mail: &[u8]) -> Result<String, ExtractError> {
    let first = mail.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !first.contains(&b':') {
        return plain(mail);
    }
    let mut out = String::new();
    part(mail, 0, &mut out)?;
    Ok(out)
}

/// Whether files with this ending are mails.
pub(super) fn is_mail(extension: &str) -> bool {
    matches!(extension, "eml" | "mht" | "mhtml")
}

/// Takes what a message or a part of one says.
fn part(bytes: &[u8], depth: usize, out: &mut String) -> Result<(), ExtractError> {
    if depth > DEPTH_MAX {
        return Err(ExtractError::Broken("mail"));
    }
    let (head, body) = halves(bytes);
    if let Some(subject) = field(head, "subject") {
        out.push_str(&words(&subject));
        out.push('\n');
    }
    let kind = field(head, "content-type").unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media.starts_with("multipart/") {
        let boundary = parameter(&kind, "boundary").ok_or(ExtractError::Broken("mail"))?;
        return parts(body, &boundary).try_for_each(|bytes| part(bytes, depth + 1, out));
    }
    let body = transferred(body, &field(head, "content-transfer-encoding").unwrap_or_default())?;
    let named = field(head, "content-disposition").and_then(|field| parameter(&field, "filename"));
    let named = named.or_else(|| parameter(&kind, "name")).map(|name| words(&name));
    if media == "message/rfc822" || named.as_ref().is_some_and(|name| is_mail(&super::extension(name))) {
        return part(&body, depth + 1, out);
    }
    let is_text = media.is_empty() || media.starts_with("text/");
    if is_text && !is_known(&body, &kind) {
        return Err(ExtractError::Charset);
    }
    match named {
        None if media == "text/html" => out.push_str(&html::text(&plain(&body)?)),
        None if is_text => out.push_str(&plain(&body)?),
        name => match super::text(&name.unwrap_or_default(), &body) {
            Ok(text) => out.push_str(&text),
            Err(ExtractError::Binary | ExtractError::Empty) => {}
            Err(error) => return Err(error),
        },
    }
    out.push('\n');
    if out.len() > TEXT_BYTES_MAX { Err(ExtractError::Large) } else { Ok(()) }
}

/// The head and the body, parted by the first blank line.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() {
            return bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        }
    }
    (bytes, &[])
}

/// A field of a head, in one line.
fn field(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut found: Option<String> = None;
    for line in head.lines() {
        if let Some(value) = &mut found {
            if !line.starts_with([' ', '\t']) {
                break;
            }
            value.push(' ');
            value.push_str(line.trim());
        } else {
            let own = line.split_once(':').filter(|(own, _)| own.trim().eq_ignore_ascii_case(name));
            found = own.map(|(_, value)| value.trim().to_owned());
        }
    }
    found
}

/// A parameter of a field: `boundary="…"`; of one that says its character set (RFC 2231) what stands behind it.
fn parameter(field: &str, name: &str) -> Option<String> {
    field.split(';').skip(1).find_map(|part| {
        let (own, value) = part.split_once('=')?;
        let own = own.trim();
        let is_own = own.trim_end_matches('*').eq_ignore_ascii_case(name);
        let value = value.trim().trim_matches('"');
        is_own.then(|| if own.ends_with('*') { value.rsplit('\'').next().unwrap_or(value) } else { value }.to_owned())
    })
}

/// What stands between the lines of a boundary.
fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let mark = format!("--{boundary}");
    let mut at = 0;
    // Where each line begins that is a boundary, where it ends, and whether it is the last.
    let mut lines: Vec<(usize, usize, bool)> = Vec::new();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(mark.as_bytes()).map(<[u8]>::trim_ascii);
        if let Some(rest @ (b"" | b"--")) = rest {
            lines.push((at, at + line.len(), !rest.is_empty()));
        }
        at += line.len();
    }
    // A mail that was cut ends with its last part.
    let ends: Vec<usize> = lines.iter().skip(1).map(|(start, ..)| *start).chain([body.len()]).collect();
    let opened = lines.into_iter().zip(ends).filter(|((.., is_last), _)| !is_last);
    opened.filter_map(move |((_, from, _), to)| body.get(from..to)).filter(|part| !part.trim_ascii().is_empty())
}

/// A body as it was before it was sent.
fn transferred(body: &[u8], encoding: &str) -> Result<Vec<u8>, ExtractError> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let codes: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            LENIENT.decode(codes).map_err(|_| ExtractError::Broken("mail"))
        }
        "quoted-printable" => Ok(printable(body)),
        _ => Ok(body.to_vec()),
    }
}

fn printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'=' {
            out.push(*byte);
            continue;
        }
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else if let Some(next) = behind.strip_prefix(b"\r\n").or_else(|| behind.strip_prefix(b"\n")) {
            rest = next;
        } else {
            out.push(b'=');
        }
    }
    out
}

/// Whether a text is in a character set that is read here: UTF-8, or an alphabet of western Europe.
fn is_known(body: &[u8], kind: &str) -> bool {
    let set = parameter(kind, "charset").unwrap_or_default().to_ascii_lowercase();
    // Those that shift between alphabets look like ASCII.
    let shifts = ["iso-2022", "utf-7", "hz-"].iter().any(|name| set.starts_with(name));
    let western = ["", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"].contains(&set.as_str());
    western || (!shifts && std::str::from_utf8(body).is_ok())
}

/// A field with its encoded words read.
fn words(field: &str) -> String {
    let (mut out, mut done) = (String::new(), 0);
    encoded_words(field, |inside, text| {
        let before = field.get(done..inside.start).unwrap_or_default();
        out.push_str(before.rfind("=?").and_then(|start| before.get(..start)).unwrap_or_default());
        out.push_str(text);
        done = inside.end + 2;
    });
    out.push_str(field.get(done..).unwrap_or_default());
    out
}
