//! Office documents: a zip of XML parts. The text of every part that a reader sees, in the order of the archive's names.

use std::io::{Cursor, Read as _};

use quick_xml::events::Event;

use super::{ExtractError, TEXT_BYTES_MAX};

/// Parts of one document.
const PARTS_MAX: usize = 10_000;

/// The text of a Word, `PowerPoint`, Excel or `OpenDocument` file.
pub(super) fn text(bytes: &[u8]) -> Result<String, ExtractError> {
    let broken = ExtractError::Broken("zip");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken.clone())?;
    let mut names: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| is_text(name))
        .map(std::borrow::Cow::into_owned)
        .collect();
    if names.is_empty() {
        return Err(ExtractError::Binary);
    }
    names.sort_by_key(|name| (name.len(), name.clone()));
    if names.len() > PARTS_MAX {
        return Err(ExtractError::Large);
    }
    let mut left = TEXT_BYTES_MAX;
    let mut out = String::new();
    for name in names {
        let part = archive.by_name(&name).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(_) => ExtractError::Encrypted,
            _ => broken.clone(),
        })?;
        let mut xml = Vec::new();
        // One byte more than is allowed tells that there is more.
        part.take(left as u64 + 1).read_to_end(&mut xml).map_err(|_| broken.clone())?;
        left = left.checked_sub(xml.len()).ok_or(ExtractError::Large)?;
        part_text(&xml, &mut out)?;
        out.push('\n');
    }
    Ok(out)
}

/// Parts that carry what a reader sees.
fn is_text(name: &str) -> bool {
    let is_xml = name.strip_suffix(".xml").is_some();
    let word = ["document", "footnotes", "endnotes", "comments", "header", "footer"];
    let in_word = name
        .strip_prefix("word/")
        .is_some_and(|part| !part.contains('/') && word.iter().any(|kind| part.starts_with(kind)));
    let slides = name.starts_with("ppt/slides/slide") || name.starts_with("ppt/notesSlides/notesSlide");
    let sheets =
        name == "xl/sharedStrings.xml" || name.starts_with("xl/worksheets/sheet") || name.starts_with("xl/comments");
    is_xml && (in_word || slides || sheets || name == "content.xml")
}

fn part_text(xml: &[u8], out: &mut String) -> Result<(), ExtractError> {
    let broken = |_| ExtractError::Broken("XML");
    let text = std::str::from_utf8(xml).map_err(|_| ExtractError::Broken("UTF-8"))?;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Text(text) => out.push_str(text.as_ref()),
            Event::CData(data) => out.push_str(data.as_ref()),
            Event::GeneralRef(reference) => match entity(reference.as_ref()) {
                Some(c) => out.push(c),
                None => out.push(' '),
            },
            Event::End(end) if PARTS.contains(&end.local_name().as_ref()) => out.push('\n'),
            Event::Empty(empty) => {
                if matches!(empty.local_name().as_ref(), "tab" | "br" | "cr" | "s" | "line-break" | "noBreakHyphen") {
                    out.push(' ');
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// A character reference without its `&` and `;`.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Elements that end a line: paragraphs, cells, headings.
const PARTS: &[&str] = &["p", "h", "tc", "tr", "si", "c", "is", "v", "table-cell", "list-item"];
