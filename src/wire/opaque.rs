//! Runs of base64 and hexadecimal that hold no text: images, documents, archives, ciphertext, wherever a body carries them.
//!
//! An attachment that an API's table names is known by its place. One that stands elsewhere (in a field of tomorrow, pasted
//! into a prompt, in what a tool answered) is known here, by what it decodes to: what begins as a file of a binary format
//! does, and any long run that is not text. Nobody has read it, so it must count as unreadable and not as text in which
//! nothing was found. Runs that decode to text are the detectors' to open.
//!
//! A run of [`OPAQUE_FILE_BYTES_MIN`] characters must cover some place of every so many: prose is passed in strides.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::deflated::{Inflated, inflated, is_zlib};
use crate::limits::{OPAQUE_BYTES_MIN, OPAQUE_FILE_BYTES_MIN, OPAQUE_TEXT_BYTES_MAX};

/// Characters of a line that may be continued on the next: PEM breaks at 64, MIME at 76.
const LINE_BYTES_MIN: usize = 60;
/// Characters of a run that are decoded to see how it begins.
const HEAD_BYTES: usize = 32;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// First bytes of binary files (PDF, ZIP and Office, PNG, JPEG, GIF, `WebP` and WAV, Ogg, MP3, FLAC, OLE, gzip, Zstandard, xz,
/// bzip2, 7z, Matroska).
const MAGICS: [&[u8]; 16] = [
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xFF\xD8\xFF",
    b"GIF8",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"\xD0\xCF\x11\xE0",
    b"\x1F\x8B",
    b"\x28\xB5\x2F\xFD",
    b"\xFD7zXZ",
    b"BZh",
    b"7z\xBC\xAF\x27\x1C",
    b"\x1A\x45\xDF\xA3",
];

/// Whether a text holds a run that cannot be read.
pub fn holds_opaque(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut done) = (OPAQUE_FILE_BYTES_MIN - 1, 0);
    while let Some(&byte) = bytes.get(at) {
        if !is_code(byte) {
            at += OPAQUE_FILE_BYTES_MIN;
            continue;
        }
        let before = bytes.get(done..at).unwrap_or_default();
        let start = at - before.iter().rev().take_while(|byte| is_code(**byte)).count();
        let end = run_end(bytes, start);
        if end - start >= OPAQUE_FILE_BYTES_MIN && bytes.get(start..end).is_some_and(is_opaque) {
            return true;
        }
        done = end;
        at = end + OPAQUE_FILE_BYTES_MIN;
    }
    false
}

/// Opens an attachment: base64, alone or as a `data:` URL, whose bytes are text and no document of a format that hides it.
/// Returns what stands before the code, and the text. What the attachment is said to be counts for nothing, but it leaves as it is:
/// a head that says more than a known type and charset (a name of the file, a type of one's own) hides what nobody read, and is not opened.
pub fn attached(token: &str) -> Option<(&str, String)> {
    let code = match token.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => {
            let (head, code) = token.split_once(',')?;
            head.get(head.len().checked_sub(7)?..)?.eq_ignore_ascii_case(";base64").then_some(code)?
        }
        _ => token,
    };
    let before = token.get(..token.len() - code.len())?;
    if !says_no_more_than_type(before) {
        return None;
    }
    let engine = GeneralPurpose::new(&STANDARD, LENIENT);
    // A file of a known format is known by its first bytes, and need not be decoded whole.
    if begins_file(&engine.decode(code.get(..HEAD_BYTES).unwrap_or(code)).ok()?) {
        return None;
    }
    let bytes = engine.decode(code).ok().filter(|bytes| !bytes.is_empty())?;
    let hidden = [b"%!PS".as_slice(), b"{\\rtf", b"%FDF-"].iter().any(|magic| bytes.starts_with(magic));
    if hidden || begins_file(&bytes) || code.len() > OPAQUE_TEXT_BYTES_MAX || !is_text(&bytes) {
        return None;
    }
    Some((before, String::from_utf8(bytes).ok()?))
}

/// Whether the head of a `data:` URL, or nothing, is made of closed words alone.
fn says_no_more_than_type(head: &str) -> bool {
    let known = |word: &str, words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    let inside = head.get(5..head.len().saturating_sub(1)).unwrap_or_default();
    let mut parts = inside.split(';');
    let media = parts.next().unwrap_or_default();
    let (kind, own) = media.split_once('/').unwrap_or(("", media));
    let kind_is_known = known(kind, &["text", "application", "image", "audio", "video", "font", "model", ""]);
    let parameter = |part: &str| {
        let charset = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        part.eq_ignore_ascii_case("base64")
            || charset.is_some_and(|(_, value)| known(value.trim_matches('"'), CHARSETS))
    };
    kind_is_known && (media.is_empty() || known(own, SUBTYPES)) && parts.all(|part| parameter(part.trim()))
}

/// Types of media that attachments are said to be, whatever they are.
#[rustfmt::skip]
const SUBTYPES: &[&str] = &[
    "plain", "csv", "tab-separated-values", "html", "xhtml+xml", "xml", "json", "ld+json", "jsonl", "x-jsonlines", "x-ndjson", "geo+json",
    "markdown", "x-markdown", "x-rst", "yaml", "x-yaml", "toml", "x-toml", "css", "javascript", "x-javascript", "typescript", "x-typescript",
    "x-python", "x-python-script", "x-rust", "x-java", "x-java-source", "x-c", "x-c++", "x-csharp", "x-go", "x-ruby", "x-php", "x-sh",
    "x-shellscript", "sql", "x-sql", "x-tex", "x-latex", "calendar", "vcard", "x-vcard", "rtf", "rfc822", "log", "x-log", "x-diff", "x-patch",
    "svg+xml", "octet-stream", "pdf", "zip", "gzip", "png", "jpeg", "jpg", "gif", "webp", "bmp", "tiff", "heic", "heif", "avif",
    "mpeg", "mp3", "mp4", "wav", "x-wav", "wave", "ogg", "flac", "aac", "webm", "quicktime", "msword", "epub+zip",
    "vnd.ms-excel", "vnd.ms-powerpoint", "vnd.oasis.opendocument.text", "vnd.oasis.opendocument.spreadsheet",
    "vnd.openxmlformats-officedocument.wordprocessingml.document", "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// Names of charsets (IANA) that clients write.
const CHARSETS: &[&str] = &[
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "iso-8859-1",
    "iso-8859-15",
    "latin1",
    "windows-1252",
    "cp1252",
    "utf-16",
    "utf-16le",
    "utf-16be",
];

const fn is_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Where the run ends that begins at an offset, over the line breaks within it.
fn run_end(bytes: &[u8], start: usize) -> usize {
    let mut line = start;
    loop {
        let rest = bytes.get(line..).unwrap_or_default();
        let end = line + rest.iter().take_while(|byte| is_code(**byte)).count();
        let next = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([b'\n', ..]) => end + 1,
            _ => return end,
        };
        if end - line < LINE_BYTES_MIN || !bytes.get(next).is_some_and(|byte| is_code(*byte)) {
            return end;
        }
        line = next;
    }
}

fn is_opaque(run: &[u8]) -> bool {
    let joined: Vec<u8>;
    let code = if run.contains(&b'\n') {
        joined = run.iter().copied().filter(|byte| is_code(*byte)).collect();
        joined.as_slice()
    } else {
        run
    };
    let coding = Coding::of(code);
    let head = code.get(..code.len().min(HEAD_BYTES)).and_then(|head| coding.decode(head)).unwrap_or_default();
    if begins_file(&head) {
        return true;
    }
    // Compressed text is the detectors' to open, as far as they do.
    if is_zlib(&head)
        && let Some(Inflated { whole, text }) = coding.decode(code).and_then(|bytes| inflated(&bytes))
    {
        return code.len() > OPAQUE_TEXT_BYTES_MAX || !(whole && is_text(text.as_bytes()));
    }
    // Words, paths and sequences of letters are no code, however long; digests under each other are a list.
    let list = code.len() < run.len() && matches!(coding, Coding::Hexadecimal);
    if code.len() < OPAQUE_BYTES_MIN || list || !is_mixed(code, coding) {
        return false;
    }
    code.len() > OPAQUE_TEXT_BYTES_MAX || coding.decode(code).is_some_and(|bytes| !is_text(&bytes))
}

/// Whether bytes begin as a binary file does, or as text in UTF-16, which nobody opens.
fn begins_file(head: &[u8]) -> bool {
    let box_of_mp4 = head.get(4..8) == Some(b"ftyp");
    let (pairs, _) = head.as_chunks::<2>();
    let wide = |high: usize| {
        pairs.len() >= 8
            && pairs.iter().skip(1).all(|pair| pair.get(high) == Some(&0) && pair.get(1 - high) != Some(&0))
    };
    box_of_mp4 || MAGICS.iter().any(|magic| head.starts_with(magic)) || wide(0) || wide(1)
}

/// Whether the characters are those of a coding and not of words, numbers or the letters of a sequence.
fn is_mixed(code: &[u8], coding: Coding) -> bool {
    let sample = code.get(..code.len().min(OPAQUE_BYTES_MIN)).unwrap_or_default();
    let any = |kind: fn(&u8) -> bool| sample.iter().any(kind);
    let letters = any(u8::is_ascii_lowercase) || any(u8::is_ascii_uppercase);
    match coding {
        Coding::Hexadecimal => any(u8::is_ascii_digit) && letters,
        _ => any(u8::is_ascii_digit) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(readable))
}

#[derive(Clone, Copy)]
enum Coding {
    Hexadecimal,
    Base64,
    Base64Url,
}

impl Coding {
    fn of(code: &[u8]) -> Self {
        if code.len().is_multiple_of(2) && code.iter().all(u8::is_ascii_hexdigit) {
            Self::Hexadecimal
        } else if code.iter().any(|byte| matches!(byte, b'-' | b'_')) {
            Self::Base64Url
        } else {
            Self::Base64
        }
    }

    fn decode(self, code: &[u8]) -> Option<Vec<u8>> {
        let whole = code.get(..code.len() - usize::from(code.len() % 4 == 1))?;
        let engine = |alphabet| GeneralPurpose::new(alphabet, LENIENT);
        match self {
            Self::Hexadecimal => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (pairs, _) = code.as_chunks::<2>();
                pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()).collect()
            }
            Self::Base64 => engine(&STANDARD).decode(whole).ok(),
            Self::Base64Url => engine(&URL_SAFE).decode(whole).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as PADDED;

    use super::*;

    #[test]
    fn attachments_of_text_are_opened_whatever_they_are_said_to_be() {
        let code = |text: &str| PADDED.encode(text);
        let rows = [
            ("text", code("Jean Dupont\r\n"), Some(("", "Jean Dupont\r\n"))),
            ("a data url", format!("data:text/csv;base64,{}", code("a;b")), Some(("data:text/csv;base64,", "a;b"))),
            ("a lying type", format!("DATA:image/png;BASE64,{}", code("a;b")), Some(("DATA:image/png;BASE64,", "a;b"))),
            ("letters that are not ascii", code("é"), Some(("", "é"))),
            (
                "a charset",
                format!("data:text/csv; charset=\"UTF-8\";base64,{}", code("a;b")),
                Some(("data:text/csv; charset=\"UTF-8\";base64,", "a;b")),
            ),
            ("no type", format!("data:;base64,{}", code("a;b")), Some(("data:;base64,", "a;b"))),
            ("the name of a file", format!("data:text/csv;name=camille.csv;base64,{}", code("a;b")), None),
            ("a charset of one's own", format!("data:text/csv;charset=camille;base64,{}", code("a;b")), None),
            ("an address for a type", format!("data:camille@example.com;base64,{}", code("a;b")), None),
            ("a type of one's own", format!("data:text/camille.aubertin;base64,{}", code("a;b")), None),
            ("a document", code("%PDF-1.7 plain"), None),
            ("rich text", code("{\\rtf1 J\\'e9r\\'f4me}"), None),
            ("postscript", code("%!PS-Adobe"), None),
            ("an image", PADDED.encode(b"\x89PNG\r\n\x1a\n"), None),
            ("control characters", PADDED.encode(b"a\0b"), None),
            ("not base64", "Jean Dupont".to_owned(), None),
            ("a url", "https://a.example/x".to_owned(), None),
            ("a data url in the clear", "data:text/plain,Jean".to_owned(), None),
            ("nothing", String::new(), None),
        ];
        for (name, token, expected) in rows {
            let opened = attached(&token);
            assert_eq!(opened.as_ref().map(|(before, text)| (*before, text.as_str())), expected, "{name}");
        }
    }

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes without a pattern.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 7_u32;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect()
    }

    fn lines(code: &str, end: &str) -> String {
        let lines: Vec<&str> = code.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(end)
    }

    #[test]
    fn rows() {
        let code = |bytes: &[u8]| PADDED.encode(bytes);
        let digits = |byte: &u8| format!("{byte:02x}").into_bytes();
        let hex = |bytes: &[u8]| String::from_utf8(bytes.iter().flat_map(digits).collect()).unwrap();
        let pdf = [b"%PDF-1.7\n".to_vec(), noise(40)].concat();
        let utf16: Vec<u8> = "anna@example.com".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, text, expected) in [
            ("a document", code(&pdf), true),
            ("a document in prose", format!("Please read {} and answer.", code(&pdf)), true),
            ("a document in an address", format!("data:application/pdf;base64,{}", code(&pdf)), true),
            ("a document in hexadecimal", hex(&pdf), true),
            ("an archive", code(b"\x1f\x8b\x08\x00\x37\x54\xc2\x6a\x02\x0b\x4b\xcc\xcb\xd2\x2a\xcc\x90\xce"), true),
            ("compressed text", code(&deflated(b"jean.dupont@example.com asks")), false),
            ("compressed text that is longer than is read", code(&deflated("la ".repeat(9_000).as_bytes())), true),
            ("compressed bytes", code(&deflated(&[b"text".to_vec(), noise(40)].concat())), true),
            ("text in UTF-16", code(&utf16), true),
            ("noise", code(&noise(400)), true),
            ("noise in the alphabet of URLs", code(&noise(400)).replace('+', "-").replace('/', "_"), true),
            ("noise in lines", lines(&code(&noise(400)), "\n"), true),
            ("noise in lines of mail", lines(&code(&noise(400)), "\r\n"), true),
            (
                "text that ends in noise",
                code(&["Dear customer 4711. ".repeat(30).into_bytes(), vec![0]].concat()),
                true,
            ),
            ("little noise", code(&noise(200)), false),
            ("text", code("Dear customer 4711, we have received your letter. ".repeat(20).as_bytes()), false),
            ("a digest", hex(&noise(64)), false),
            ("digests under each other", lines(&hex(&noise(640)), "\n"), false),
            ("a file in lines of hexadecimal", lines(&hex(&pdf), "\n"), true),
            ("prose", "A perfectly ordinary sentence about trains. ".repeat(40), false),
            ("a sequence", "ACGT".repeat(400), false),
            ("digits", "31415926535897932384626433832795".repeat(40), false),
            ("words without blanks", "Donaudampfschifffahrtsgesellschaft".repeat(40), false),
            ("nothing", String::new(), false),
        ] {
            assert_eq!(holds_opaque(&text), expected, "{name}");
        }
    }
}
