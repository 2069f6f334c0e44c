//! From a file to the text that it holds: plain text of any kind, HTML, mail, office documents, PDF.
//!
//! Text formats (Markdown, CSV, JSON, source code) are read as they are: the normalised view opens their escapes, and words
//! are words. What cannot be read is an error that names its reason; nothing is guessed, and nothing is half read in silence.

mod html;
mod mail;
mod office;
mod pdf;
#[cfg(test)]
mod tests;

/// Bytes of a file that are read.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of text of one file.
pub const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Why a file has no text for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// Bytes that are no text in a format that is not known.
    #[error("it is no text, and of no format that is read here")]
    Binary,
    /// Text in an alphabet of bytes that is not known.
    #[error("it is in a character set that is not read here")]
    Charset,
    /// A document that breaks its own format's rules.
    #[error("it is not sound {0}")]
    Broken(&'static str),
    /// More text than is read of one file.
    #[error("it holds more than {TEXT_BYTES_MAX} bytes of text")]
    Large,
    /// Nothing to read: images of pages, an empty file.
    #[error("it holds no text (images of pages are not read)")]
    Empty,
    /// A document under a password.
    #[error("it is encrypted")]
    Encrypted,
}

/// Reads the text of a file. The name tells the format where the bytes do not.
///
/// # Errors
/// When there is no text or it cannot be read whole.
pub fn text(name: &str, bytes: &[u8]) -> Result<String, ExtractError> {
    let extension = extension(name);
    let text = if bytes.starts_with(b"%PDF-") {
        pdf::text(bytes)?
    } else if bytes.starts_with(b"PK\x03\x04") {
        office::text(bytes)?
    } else if mail::is_mail(&extension) {
        mail::text(bytes)?
    } else {
        let text = plain(bytes)?;
        match extension.as_str() {
            "html" | "htm" | "xhtml" => html::text(&text),
            _ => text,
        }
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(ExtractError::Large);
    }
    if text.trim().is_empty() {
        return Err(ExtractError::Empty);
    }
    Ok(text)
}

/// What a file's name ends with, in small letters.
fn extension(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}

/// Text in UTF-8, in UTF-16 with its mark, or in Windows' western alphabet.
fn plain(bytes: &[u8]) -> Result<String, ExtractError> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        char::decode_utf16(pairs.iter().copied().map(unit)).map(|c| c.unwrap_or('\u{FFFD}')).collect()
    };
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Ok(wide(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Ok(wide(rest, u16::from_be_bytes));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = bytes.get(..bytes.len().min(64 * 1024)).unwrap_or_default();
    let odd = head.iter().filter(|byte| **byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B)).count();
    if head.contains(&0) || odd * 50 > head.len() {
        return Err(ExtractError::Binary);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Ok(bytes.iter().map(|byte| western(*byte)).collect()),
    }
}

/// A byte of Windows-1252.
fn western(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => UPPER.get(usize::from(byte - 0x80)).copied().unwrap_or(' '),
        _ => char::from(byte),
    }
}
