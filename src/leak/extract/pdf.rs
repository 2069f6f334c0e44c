//! PDF, by the `pdf-extract` crate. The format is hostile ground and its readers panic on some files: it is read on a thread of
//! its own, and what ends in a panic is a broken document.

use super::ExtractError;

/// Bytes of the reader's stack: page trees and fonts are read by recursion.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// The text of a document, page by page.
pub(super) fn text(bytes: &[u8]) -> Result<String, ExtractError> {
    let read = || pdf_extract::extract_text_from_mem(bytes);
    let ended = std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("pdf".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, read);
        thread.map(std::thread::ScopedJoinHandle::join)
    });
    match ended {
        Ok(Ok(Ok(text))) => Ok(text),
        Ok(Ok(Err(error))) if error.to_string().to_ascii_lowercase().contains("crypt") => Err(ExtractError::Encrypted),
        Ok(_) => Err(ExtractError::Broken("PDF")),
        Err(_) => Err(ExtractError::Large),
    }
}
