//! Annotated texts as they lie in files.

use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

/// One text with its annotations, in bytes.
pub(crate) struct Text {
    pub(crate) body: String,
    pub(crate) lang: String,
    pub(crate) part: Option<String>,
    pub(crate) spans: Vec<(Range<usize>, String)>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    lang: String,
    part: Option<String>,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    start: usize,
    end: usize,
    r#type: String,
}

/// Every file of a folder, by name.
pub(crate) fn folder(path: &Path) -> Vec<(String, Vec<Text>)> {
    let mut paths: Vec<_> =
        std::fs::read_dir(path).expect("the folder can be listed").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let stem = |path: &Path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.split(".jsonl").next())
            .unwrap_or_default()
            .to_owned()
    };
    paths.iter().filter(|path| path.to_string_lossy().contains(".jsonl")).map(|path| (stem(path), file(path))).collect()
}

/// The texts of a file, packed or not.
pub(crate) fn file(path: &Path) -> Vec<Text> {
    lines(path).lines().map(|line| convert(serde_json::from_str(line).expect("a line of annotations"))).collect()
}

/// The lines of a file, packed or not.
pub(crate) fn lines(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("the file can be read");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    text
}

fn convert(line: Line) -> Text {
    let mut places: Vec<usize> = line.text.char_indices().map(|(at, _)| at).collect();
    places.push(line.text.len());
    let spans = line.spans.into_iter();
    let spans =
        spans.filter_map(|span| Some((*places.get(span.start)?..*places.get(span.end)?, span.r#type))).collect();
    Text { body: line.text, lang: line.lang, part: line.part, spans }
}
