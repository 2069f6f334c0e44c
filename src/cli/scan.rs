//! `octroi scan`: what the detectors find in a text, or in each line of a JSONL file.
#![expect(clippy::disallowed_types, reason = "the command line names a file")]

use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::{Exit, Printer};
use crate::detect::{self, Engine};
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
    /// Only findings of at least this confidence, 0 to 100
    #[arg(long, default_value_t = 50)]
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

/// The engine of this build and its catalogue.
pub(super) fn engine() -> anyhow::Result<(Engine, Catalogue)> {
    let rendered = |found: Vec<policy::Diagnostic>| {
        anyhow::anyhow!(found.iter().map(policy::render).collect::<Vec<_>>().join("\n"))
    };
    let catalogue = policy::catalogue(&[]).map_err(rendered)?;
    let engine = Engine::new(detect::embedded(), &catalogue)
        .map_err(|faults| anyhow::anyhow!(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    Ok((engine, catalogue))
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let (engine, catalogue) = engine()?;
    let asked = arguments.types.iter().any(|name| name == "organisation");
    let engine = if asked { engine.with_organisations() } else { engine };
    for name in &arguments.types {
        if catalogue.entity(name).is_none() {
            bail!("no detector finds `{name}`; `octroi detectors` lists what they find");
        }
    }
    let find = |text: &str| found(&engine, &catalogue, arguments, text);
    let input: Box<dyn std::io::BufRead> = match arguments.file.as_deref() {
        None => Box::new(std::io::stdin().lock()),
        Some(path) if path.as_os_str() == "-" => Box::new(std::io::stdin().lock()),
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
            Box::new(std::io::BufReader::new(file))
        }
    };
    if arguments.jsonl {
        for (number, line) in (1..).zip(input.lines()) {
            let line: Line = serde_json::from_str(&line?).with_context(|| format!("line {number}"))?;
            let findings = find(&line.text);
            printer.json(&Scanned { id: line.id, findings });
        }
        return Ok(Exit::Well);
    }
    let mut text = String::new();
    input.take(crate::limits::BODY_BYTES_MAX as u64).read_to_string(&mut text).context("the text is not UTF-8")?;
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

fn found(engine: &Engine, catalogue: &Catalogue, arguments: &Arguments, text: &str) -> Vec<Found> {
    let offset =
        |byte: usize| if arguments.chars { text.get(..byte).map_or(0, |before| before.chars().count()) } else { byte };
    let named = engine.find(text).into_iter().filter_map(|found| {
        let name = catalogue.info(found.entity)?.name.to_string();
        let wanted = arguments.types.is_empty() || arguments.types.contains(&name);
        (wanted && found.confidence >= arguments.min_confidence).then(|| Found {
            r#type: name,
            start: offset(found.range.start),
            end: offset(found.range.end),
            confidence: found.confidence,
            detector: found.detector.to_string(),
        })
    });
    named.collect()
}
