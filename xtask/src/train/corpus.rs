//! Reads the annotated texts and brings their labels to three kinds.
//!
//! What the sources do not mean as a name of somebody is not learnt as one: common nouns that RONEC marks as persons, and the
//! initials that German courts print in place of parties.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::names::decode::Kind;

/// Texts of one block: neighbours in a source share names, so a block goes into one fold as a whole.
const BLOCK_TEXTS: usize = 40;

/// A text with the names in it.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) body: String,
    /// File stem and language.
    pub(super) source: String,
    pub(super) fold: usize,
    /// How much it counts in training.
    pub(super) weight: f32,
    /// Names by place, in bytes.
    pub(super) spans: Vec<(Range<usize>, Kind)>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    spans: Vec<RawSpan>,
}

#[derive(Deserialize)]
struct RawSpan {
    start: usize,
    end: usize,
    r#type: String,
}

/// Reads every file of a folder, in the order of their names.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Text>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("{}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(source) = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".jsonl") else { continue };
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let text = if packed { unpack(&path)? } else { std::fs::read_to_string(&path)? };
        for (index, line) in text.lines().enumerate() {
            let line: Line = serde_json::from_str(line).with_context(|| format!("{name}, line {}", index + 1))?;
            if let Some(text) = convert(line, source, index / BLOCK_TEXTS % super::FOLDS) {
                texts.push(text);
            }
        }
    }
    Ok(texts)
}

/// The text of a gzip file.
pub(super) fn unpack(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    Ok(text)
}

fn convert(line: Line, source: &str, fold: usize) -> Option<Text> {
    let mut places: Vec<usize> = line.text.char_indices().map(|(at, _)| at).collect();
    places.push(line.text.len());
    let mut spans = Vec::new();
    for span in line.spans {
        let range = *places.get(span.start)?..*places.get(span.end)?;
        let body = line.text.get(range.clone())?;
        let kind = match span.r#type.as_str() {
            "person" if source.starts_with("ler_") && initials(body) => return None,
            "person" => Kind::Person,
            "person_mention" => match capitals(body) {
                Some(own) => {
                    spans.push((range.start + own.start..range.start + own.end, Kind::Person));
                    continue;
                }
                None => continue,
            },
            "location" => Kind::Location,
            "organisation" => Kind::Organisation,
            _ => continue,
        };
        spans.push((range, kind));
    }
    // Labels of newspapers read by machine are loose.
    let weight = if source.starts_with("europeana") { 0.4 } else { 1.0 };
    Some(Text { body: line.text, source: source.to_owned(), fold, weight, spans })
}

/// `K...`, `A. B.`: nothing but initials.
fn initials(body: &str) -> bool {
    body.split(|c: char| !c.is_alphabetic()).all(|word| word.chars().count() < 3)
}

/// The stretch from the first capitalised word to the last.
fn capitals(body: &str) -> Option<Range<usize>> {
    let words = body.split_ascii_whitespace();
    let place = |word: &str| word.as_ptr() as usize - body.as_ptr() as usize;
    let mut named = words.filter(|word| word.starts_with(char::is_uppercase));
    let first = named.next()?;
    let last = named.next_back().unwrap_or(first);
    Some(place(first)..place(last) + last.len())
}
