//! `octroi corpus calibrate`: what harmless texts score, and the scale that follows.
//!
//! The threshold is the score that a share of harmless texts reaches (split conformal prediction): of `n` texts like them and
//! one more, no more than that share lie above it. With few texts that says little, and the bounds say how little.
#![expect(clippy::cast_precision_loss, reason = "counts of texts")]

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::{Exit, Place, Printer, files, read_text, shown};
use crate::leak::cores::Cores;
use crate::leak::corpus::{Corpus, EVERYBODY, Tenant};
use crate::leak::disguised::Texts;
use crate::leak::meaning::{self, Embedder as _, Index};
use crate::leak::model::Model;
use crate::leak::space::{Question, THRESHOLD_MAX, THRESHOLD_MIN};
use crate::leak::store::{Background, Lock, Margin, Record, Writer};

/// Words of a piece of a longer text: about a prompt.
const PIECE_WORDS: usize = 150;
/// Texts below which nothing is set: their scores say nothing of the next text.
const TEXTS_MIN: usize = 100;
/// Words that a text must have to count as one: a shorter one scores 0 whatever it is.
const TEXT_WORDS_MIN: usize = 20;
/// Scores that are kept.
const SCORES_MAX: usize = 100_000;
/// Thresholds of the curve.
const CURVE: [u16; 9] = [100, 200, 300, 400, 500, 600, 700, 800, 900];

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Harmless texts: files and folders; `.jsonl` has one text a line, under `text`
    #[arg(required = true)]
    background: Vec<PathBuf>,
    /// The tenant whose scale it is; without it that of documents that are everybody's
    #[arg(long, default_value = EVERYBODY, hide_default_value = true)]
    tenant: String,
    /// Share of harmless texts that may score 500 and more
    #[arg(long, default_value_t = 0.001)]
    share: f64,
    /// Share of harmless texts that an encoder alone may take for near to a document
    #[arg(long, default_value_t = 0.01)]
    encoder_share: f64,
    /// Set the scale though there are fewer than 100 texts of 20 words
    #[arg(long)]
    force: bool,
    /// Only measure
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    for share in [arguments.share, arguments.encoder_share] {
        anyhow::ensure!(share > 0.0 && share < 0.5, "a share lies between 0 and 0.5");
    }
    let (folder, keys) = arguments.place.open(false, printer)?;
    let lock = Lock::take(&folder)?;
    let model = arguments.place.model(None)?;
    let corpus = Corpus::open_for(&folder, keys, model.as_ref().map(|model| (model.digest(), model.dimension())))?;
    corpus.settle()?;
    let tenants = corpus.tenants();
    let tenant = tenants
        .get(&arguments.tenant)
        .with_context(|| format!("tenant {} has no documents", shown(&arguments.tenant)))?;
    let Measured { scores, mut margins, long } = measure(tenant, model.as_ref(), &files(&arguments.background)?.files)?;
    anyhow::ensure!(!scores.is_empty(), "there is no text to measure");
    curve(&scores, printer);
    let threshold = chosen(&scores, arguments.share);
    let needed = (1.0 / arguments.share).ceil() - 1.0;
    if (scores.len() as f64) < needed {
        printer.say(format!(
            "{} texts are too few to promise a share of {}: {needed} would do; the threshold is the highest score seen",
            scores.len(),
            arguments.share
        ));
    }
    let measured = threshold;
    let threshold = threshold.clamp(THRESHOLD_MIN, THRESHOLD_MAX);
    if threshold != measured {
        printer.say(format!(
            "these texts ask for {measured}; a threshold lies between {THRESHOLD_MIN} and {THRESHOLD_MAX}, so {threshold} is taken"
        ));
    }
    printer.line(format!("chosen threshold {threshold}: it becomes 500"));
    let margin = model.as_ref().and_then(|model| measured_by(model, &mut margins, arguments.encoder_share));
    if let Some(margin) = &margin {
        printer.line(format!("by meaning: a margin of {} thousandths becomes 300", margin.least));
    }
    if !arguments.dry_run {
        anyhow::ensure!(
            long >= TEXTS_MIN || arguments.force,
            "{long} of these texts have {TEXT_WORDS_MIN} words or more, too few to set a scale by: nothing was changed\n  help: bring {TEXTS_MIN} \
             and better 1000 harmless texts such as your people send; --dry-run only measures, --force sets the scale nevertheless"
        );
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 0.5")]
        let share = (arguments.share * 1e6) as u32;
        let measured_ms = jiff::Timestamp::now().as_millisecond();
        let mut writer = Writer::open(&folder, corpus.keys(), &arguments.tenant, &lock, drop)?;
        writer.append(&Record::Background(Background { threshold, share, measured_ms, scores }))?;
        margin.map_or(Ok(()), |margin| writer.append(&Record::Margin(margin)))?;
        writer.sync()?;
    }
    Ok(Exit::Well)
}

/// What harmless texts reach, the scores ascending.
struct Measured {
    scores: Vec<u16>,
    /// By meaning; none without a model.
    margins: Vec<u16>,
    /// Texts of enough words to count.
    long: usize,
}

fn measure(tenant: &Tenant, model: Option<&Model>, files: &[PathBuf]) -> anyhow::Result<Measured> {
    let cores = Cores::beside_this();
    let mut measured = Measured { scores: Vec::new(), margins: Vec::new(), long: 0 };
    for text in files.iter().map(|file| texts(file)).collect::<anyhow::Result<Vec<_>>>()?.concat() {
        if measured.scores.len() >= SCORES_MAX {
            break;
        }
        measured.long += usize::from(text.split_whitespace().nth(TEXT_WORDS_MIN - 1).is_some());
        if let (Some(model), Some(index)) = (model, &tenant.index) {
            measured.margins.push(margin(model, index, &text)?);
        }
        let question = Question::new(Texts::of(&text).iter(), tenant.space.keys(), &|| false)?;
        measured.scores.push(tenant.space.judge_on(&cores, &question, &|| false)?.raw);
    }
    measured.scores.sort_unstable();
    Ok(measured)
}

fn curve(scores: &[u16], printer: Printer) {
    printer.line("score   reached by   share      95 % bounds");
    for threshold in CURVE {
        let reached = scores.len() - scores.partition_point(|score| *score < threshold);
        let (low, high) = bounds(reached, scores.len());
        let share = reached as f64 / scores.len() as f64;
        printer.line(format!(
            "{threshold:>5} {reached:>12}   {:>6.3} %   {:.3} % to {:.3} %",
            100.0 * share,
            100.0 * low,
            100.0 * high
        ));
    }
}

/// How near a text comes to a document by meaning, in thousandths of a cosine above the cohort's mean; 0 where it comes near to none.
fn margin(model: &Model, index: &Index, text: &str) -> anyhow::Result<u16> {
    let texts = Texts::spoken_of([(0, text)].into_iter());
    let spoken = texts.spoken();
    let passages: Vec<&str> = meaning::cut(&spoken.ends()).into_iter().map(|range| spoken.passage(range)).collect();
    let near = index.near(&meaning::embed_all(model, &passages)?, 1)?;
    Ok(near.first().and_then(|sight| u16::try_from(sight.margin).ok()).unwrap_or(0))
}

/// The margin that at most a share of harmless texts reaches, within what can be meant.
fn measured_by(model: &Model, margins: &mut [u16], share: f64) -> Option<Margin> {
    margins.sort_unstable();
    let texts = u32::try_from(margins.len()).ok().filter(|texts| *texts > 0)?;
    let least = chosen(margins, share).clamp(meaning::LEAST_MIN, meaning::LEAST_MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 0.5")]
    let share = (share * 1e6) as u32;
    let measured_ms = jiff::Timestamp::now().as_millisecond();
    Some(Margin { model: model.digest(), least, share, texts, measured_ms })
}

/// The smallest score that at most the share of these texts and one more lie at or above.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of texts")]
fn chosen(scores: &[u16], share: f64) -> u16 {
    let may = (share * (scores.len() as f64 + 1.0)).floor() as usize;
    // `may` of `n + 1` may reach it, the new text among them.
    let place = (scores.len() + 1).saturating_sub(may.max(1));
    scores.get(place).or_else(|| scores.last()).map_or(500, |score| score.saturating_add(1))
}

/// The texts of a file.
fn texts(file: &Path) -> anyhow::Result<Vec<String>> {
    if file.extension().is_some_and(|extension| extension == "jsonl") {
        let lines = std::io::BufReader::new(std::fs::File::open(file)?).lines();
        let text = |line: std::io::Result<String>| -> anyhow::Result<Option<String>> {
            let line = line?;
            if line.trim().is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str::<Line>(&line)?.text)) }
        };
        return lines
            .filter_map(|line| text(line).transpose())
            .collect::<anyhow::Result<_>>()
            .with_context(|| format!("{}", file.display()));
    }
    let (_, text) = read_text(file).with_context(|| format!("{}", file.display()))?;
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(words.chunks(PIECE_WORDS).map(|piece| piece.join(" ")).collect())
}

/// Clopper and Pearson's bounds of a share, 95 %, by bisection of the binomial tail.
fn bounds(reached: usize, of: usize) -> (f64, f64) {
    let solve = |at_least: bool| {
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let tail = if at_least {
                1.0 - cumulative(reached.saturating_sub(1), of, middle)
            } else {
                cumulative(reached, of, middle)
            };
            let beyond = if at_least { tail > 0.025 } else { tail < 0.025 };
            if beyond { high = middle } else { low = middle }
        }
        f64::midpoint(low, high)
    };
    let low = if reached == 0 { 0.0 } else { solve(true) };
    let high = if reached == of { 1.0 } else { solve(false) };
    (low, high)
}

/// The probability of at most `most` of `of`.
fn cumulative(most: usize, of: usize, share: f64) -> f64 {
    if share <= 0.0 {
        return 1.0;
    }
    if share >= 1.0 {
        return if most >= of { 1.0 } else { 0.0 };
    }
    let (n, mut log) = (of as f64, of as f64 * (1.0 - share).ln());
    let mut sum = log.exp();
    for k in 1..=most.min(of) {
        log += ((n - k as f64 + 1.0) / k as f64).ln() + (share / (1.0 - share)).ln();
        sum += log.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        for (reached, of, low, high) in
            [(0, 1000, 0.0, 0.003_68), (1, 1000, 0.000_025, 0.005_56), (5, 100, 0.0164, 0.1128)]
        {
            let (found_low, found_high) = bounds(reached, of);
            assert!(
                (found_low - low).abs() < 2e-4 && (found_high - high).abs() < 2e-4,
                "{reached} of {of}: {found_low} {found_high}"
            );
        }
    }

    #[test]
    fn the_threshold_leaves_the_share() {
        let scores: Vec<u16> = (1..=999).collect();
        assert_eq!(chosen(&scores, 0.001), 1000, "none of these reaches it: the new text may be the one");
        let scores: Vec<u16> = (0..2000).map(|number| number / 4).collect();
        let threshold = chosen(&scores, 0.01);
        assert!(scores.iter().filter(|score| **score >= threshold).count() <= 20);
        assert_eq!(chosen(&[7], 0.001), 8);
    }
}
