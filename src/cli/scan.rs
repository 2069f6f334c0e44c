//! `octroi scan`: what the detectors find in a text, or in each line of a JSONL file.
#![expect(clippy::disallowed_types, reason = "the command line names a file")]

use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::{Exit, Printer};
use crate::detect::{self, Engine};
use crate::limits::BODY_BYTES_MAX;
use crate::model::Catalogue;
use crate::policy;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to read; `-` or nothing: standard input
    file: Option<PathBuf>,
    /// Read lines `{"id","text"}` and write lines `{"id","findings"}`
    #[arg(long)]
    jsonl: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// Count offsets in code points instead of bytes of UTF-8
    #[arg(long)]
    chars: bool,
    /// Only these types, separated by commas
    #[arg(long, value_delimiter = ',')]
    types: Vec<String>,
    /// Also use the detectors of this folder
    #[arg(long, value_name = "FOLDER")]
    detectors: Option<PathBuf>,
    /// Only findings of at least this confidence, 0 to 100
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    min_confidence: u8,
}

#[derive(Serialize)]
struct Found {
    r#type: String,
    start: usize,
    end: usize,
    confidence: u8,
    detector: String,
}

#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Scanned {
    id: serde_json::Value,
    findings: Vec<Found>,
}

/// The engine of this build, with the data files of a folder, and its catalogue.
#[expect(clippy::disallowed_methods, reason = "the command line names a folder")]
pub(super) fn engine(folder: Option<&Path>) -> anyhow::Result<(Engine, Catalogue)> {
    let rendered = |found: Vec<policy::Diagnostic>| {
        anyhow::anyhow!(found.iter().map(policy::render).collect::<Vec<_>>().join("\n"))
    };
    let catalogue = policy::catalogue(&[]).map_err(rendered)?;
    let mut own: Vec<(String, String)> = Vec::new();
    if let Some(folder) = folder {
        for entry in std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
                own.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
            }
        }
        own.sort();
    }
    let mut sources = detect::embedded().to_vec();
    sources.extend(own.iter().map(|(name, toml)| detect::Source { name, toml }));
    let engine = Engine::new(&sources, &catalogue)
        .map_err(|faults| anyhow::anyhow!(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    Ok((engine, catalogue))
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let (engine, catalogue) = engine(arguments.detectors.as_deref())?;
    let asked = arguments.types.iter().any(|name| name == "organisation");
    let engine = if asked { engine.with_organisations() } else { engine };
    let served = engine.served();
    for name in &arguments.types {
        if catalogue.entity(name).is_none_or(|entity| !served.contains(&entity)) {
            bail!("no detector finds `{name}`; `octroi detectors` lists what they find");
        }
    }
    let find = |text: &str| found(&engine, &catalogue, arguments, text);
    let mut input: Box<dyn std::io::BufRead> = match arguments.file.as_deref() {
        None => Box::new(std::io::stdin().lock()),
        Some(path) if path.as_os_str() == "-" => Box::new(std::io::stdin().lock()),
        Some(path) if path.is_dir() => {
            bail!(
                "`{0}` is a folder, and one file is scanned at a time\n  help: find {0} -type f -exec octroi scan {{}} \\;",
                path.display()
            );
        }
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
            Box::new(std::io::BufReader::new(file))
        }
    };
    if arguments.jsonl {
        each_line(&mut input, |line| printer.json(&Scanned { id: line.id, findings: find(&line.text) }))?;
        return Ok(Exit::Well);
    }
    let mut text = String::new();
    input.take(BODY_BYTES_MAX as u64).read_to_string(&mut text).context("the text is not UTF-8")?;
    let findings = find(&text);
    if arguments.json {
        printer.json(&findings);
    } else {
        for finding in &findings {
            printer.line(format!(
                "{}..{}\t{}\t{}\t{}",
                finding.start, finding.end, finding.r#type, finding.confidence, finding.detector
            ));
        }
    }
    Ok(if findings.is_empty() { Exit::Well } else { Exit::Findings })
}

/// Reads lines one after the other, so that an answer leaves before the next line is read.
fn each_line(mut input: impl std::io::BufRead, mut scan: impl FnMut(Line)) -> anyhow::Result<()> {
    // A text of the longest body, every byte of it escaped, and its id.
    let limit = 6 * BODY_BYTES_MAX as u64;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        scan(serde_json::from_slice(&line).with_context(|| format!("line {number}"))?);
    }
    Ok(())
}

fn found(engine: &Engine, catalogue: &Catalogue, arguments: &Arguments, text: &str) -> Vec<Found> {
    let named = engine.find(text).into_iter().filter_map(|found| {
        let name = catalogue.info(found.entity)?.name.to_string();
        let wanted = arguments.types.is_empty() || arguments.types.contains(&name);
        (wanted && found.confidence >= arguments.min_confidence).then(|| Found {
            r#type: name,
            start: found.range.start,
            end: found.range.end,
            confidence: found.confidence,
            detector: found.detector.to_string(),
        })
    });
    let mut named: Vec<Found> = named.collect();
    if arguments.chars && !text.is_ascii() {
        count_characters(text, &mut named);
    }
    named
}

/// Turns offsets in bytes into offsets in code points, reading the text once.
fn count_characters(text: &str, findings: &mut [Found]) {
    let mut places: Vec<&mut usize> =
        findings.iter_mut().flat_map(|found| [&mut found.start, &mut found.end]).collect();
    places.sort_unstable();
    let (mut bytes, mut characters) = (0, 0);
    for place in places {
        characters += text.get(bytes..*place).map_or(0, |stretch| stretch.chars().count());
        bytes = *place;
        *place = characters;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_by_one_and_a_bad_one_is_named() {
        let mut texts = Vec::new();
        let mut input = &b"{\"id\":1,\"text\":\"a\"}\n\n{\"id\":\"x\",\"text\":\"b\",\"more\":0}"[..];
        each_line(&mut input, |line| texts.push(line.text)).unwrap();
        assert_eq!(texts, ["a", "b"]);
        let mut input = &b"{\"id\":1,\"text\":\"a\"}\n{\"id\":2}\n"[..];
        let error = each_line(&mut input, |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "line 2");
    }

    #[test]
    fn offsets_count_code_points_when_asked() {
        let found = |start, end| Found { r#type: String::new(), start, end, confidence: 90, detector: String::new() };
        // é has two bytes, 日 three, 😀 four.
        let mut findings = [found(0, 11), found(2, 7), found(3, 6)];
        count_characters("éa日b😀", &mut findings);
        let ranges: Vec<(usize, usize)> = findings.iter().map(|found| (found.start, found.end)).collect();
        assert_eq!(ranges, [(0, 5), (1, 4), (2, 3)]);
    }
}
