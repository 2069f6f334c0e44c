//! `octroi corpus scan`: what would be found, with the passage beside it. For the officer's eyes.

use std::io::BufRead as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{Exit, Place, Printer, read_text, shown};
use crate::leak::cores::Cores;
use crate::leak::corpus::{Answer, Corpus};
use crate::leak::disguised::Texts;
use crate::leak::meaning::Embedder as _;
use crate::leak::space::Match;
use crate::leak::text::Words;

/// Score from which a class is possibly there: what the gateway acts on.
const POSSIBLE: u16 = 500;
/// Characters of a column.
const COLUMN: usize = 58;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The text or document; `-`: standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Read lines `{"id","text"}` and write `{"id","score","doc","passage","stage"}`
    #[arg(long)]
    jsonl: bool,
    /// Compare with this tenant's documents and those of every tenant; without it with all
    #[arg(long)]
    tenant: Option<String>,
    /// The model that reads for meaning; without it the configuration's
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Deserialize)]
struct Asked {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Told<'a> {
    id: serde_json::Value,
    score: u16,
    doc: Option<&'a str>,
    /// Words of the document, from and to.
    passage: Option<[usize; 2]>,
    stage: Option<&'static str>,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let (folder, keys) = arguments.place.open(false, printer)?;
    let model = arguments.place.model(arguments.model.as_deref())?;
    let corpus = Corpus::open_for(&folder, keys, model.as_ref().map(|model| (model.digest(), model.dimension())))?;
    corpus.settle()?;
    let tenant = arguments.tenant.as_deref();
    let cores = Cores::beside_this();
    let ask = |text: &str| -> anyhow::Result<Answer> {
        let Some(model) = &model else { return Ok(corpus.ask(&Texts::of(text), tenant, &cores, &|| false)?) };
        let texts = Texts::spoken_of([(0, text)].into_iter());
        let mut answer = corpus.ask(&texts, tenant, &cores, &|| false)?;
        answer.see((&corpus, tenant), &texts, (model, None))?;
        Ok(answer)
    };
    if let (Some(model), (all, read)) = (&model, corpus.read_by_model())
        && read < all
    {
        printer.say(format!(
            "the model {} has read {read} of {all} documents: what it would say of the others is unknown\n  help: `octroi corpus add` with the same files lets it read them",
            model.name()
        ));
    }
    if arguments.jsonl {
        return lines(&arguments.file, printer, ask);
    }
    let text = if arguments.file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        read_text(&arguments.file).with_context(|| format!("{}", arguments.file.display()))?.1
    };
    let answer = ask(&text)?;
    show(&answer, &text, printer);
    Ok(if answer.score >= POSSIBLE { Exit::Findings } else { Exit::Well })
}

fn lines(file: &Path, printer: Printer, ask: impl Fn(&str) -> anyhow::Result<Answer>) -> anyhow::Result<Exit> {
    let input: Box<dyn std::io::BufRead> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(file).with_context(|| format!("{}", file.display()))?;
        Box::new(std::io::BufReader::new(file))
    };
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let Asked { id, text } = serde_json::from_str(&line).with_context(|| format!("line {number}"))?;
        let answer = ask(&text)?;
        let best = answer.matches.first().map(|(_, found)| found);
        printer.json(&Told {
            id,
            score: answer.score,
            doc: best.map(|found| found.about.path.as_str()),
            passage: best.map(|found| [found.passage.start, found.passage.end]),
            stage: best.map(|found| found.stage.name()),
        });
    }
    Ok(Exit::Well)
}

fn show(answer: &Answer, text: &str, printer: Printer) {
    printer.line(format!("score {} of 1000 (state {} of the corpus)", answer.score, answer.epoch));
    if answer.unseen {
        printer.line("what the encoder would say is not known of every document");
    }
    if let Some(chance) = answer.chance {
        printer.line(format!("of a million harmless texts {chance} would score as much"));
    }
    for (tenant, found) in &answer.matches {
        let about = &found.about;
        printer.line(format!(
            "\n{} by {} in {} ({}, tenant {}, {}), words {} to {}",
            found.score,
            found.stage.name(),
            about.path,
            about.class,
            shown(tenant),
            about.id,
            found.passage.start,
            found.passage.end
        ));
        let asked = found.asked.and_then(|((_, start), (_, end))| text.get(start as usize..end as usize));
        let known = passage(found).unwrap_or_else(|problem| format!("({problem})"));
        side_by_side(asked.unwrap_or("(another reading of the text)"), &known, printer);
    }
}

/// The passage, from the registered file.
fn passage(found: &Match) -> Result<String, String> {
    let path = Path::new(&found.about.path);
    let (bytes, text) = read_text(path).map_err(|error| format!("the document cannot be read: {error}"))?;
    if aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref() != found.about.sha256 {
        return Err("the document has changed since it was registered".to_owned());
    }
    let words = Words::of(&text);
    let words = if found.stage.name() == "code" { &words.code } else { &words.prose };
    let Range { start, end } = found.passage.clone();
    let bytes = words.get(start..end).and_then(|words| Some(words.first()?.start as usize..words.last()?.end as usize));
    bytes.and_then(|range| text.get(range)).map(str::to_owned).ok_or_else(|| "a later part of the document".to_owned())
}

fn side_by_side(asked: &str, known: &str, printer: Printer) {
    let (asked, known) = (wrapped(asked), wrapped(known));
    printer.line(format!("  {:COLUMN$} │ {}", "the text", "the document"));
    for line in 0..asked.len().max(known.len()) {
        let cell = |lines: &[String]| lines.get(line).cloned().unwrap_or_default();
        let (left, right) = (cell(&asked), cell(&known));
        let gap = " ".repeat(COLUMN.saturating_sub(left.chars().count()));
        printer.line(format!("  {left}{gap} │ {right}").trim_end());
    }
}

/// Breaks a text into lines of a column.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !c.is_control()).take(COLUMN).collect();
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > COLUMN {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}
