//! Scores models on texts that they never saw, and learns from it what their probabilities are worth.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Context;

use super::corpus::Text;
use crate::names::decode::{ALL, KINDS, Kind, Lattice};
use crate::names::model::{HEADER_BYTES, Model, STEPS};
use crate::names::token::Block;

/// Sources whose labels are good enough to say what a probability is worth.
const CLEAN: &[&str] = &["wikigold", "germeval", "meddocan", "swedish", "wnut"];

/// Counts of one kind in one source.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    gold: usize,
    hit: usize,
    found: usize,
    right: usize,
    exact: usize,
}

/// Gathers counts.
#[derive(Default)]
pub(super) struct Judge {
    counts: BTreeMap<(String, Kind), Count>,
    /// Probability and whether it was right, by kind.
    trials: [Vec<(f32, bool)>; KINDS],
    tokens: BTreeMap<String, usize>,
    block: Block,
    lattice: Lattice,
    /// The source whose errors are shown.
    pub(super) show: Option<String>,
}

impl Judge {
    /// Reads a text with a model that has not seen it.
    pub(super) fn score(&mut self, model: &Model<'_>, text: &Text) {
        let mut found = Vec::new();
        let mut at = 0;
        while self.block.read(&text.body, at, &model.lexicon()) {
            at = self.block.end;
            model.names(&self.block.tokens, &mut self.lattice, |named| found.push(named));
        }
        *self.tokens.entry(text.source.clone()).or_default() += text.body.split_ascii_whitespace().count();
        let clean = CLEAN.iter().any(|name| text.source.starts_with(name));
        for kind in ALL {
            let count = self.counts.entry((text.source.clone(), kind)).or_default();
            let own: Vec<_> = found.iter().filter(|named| named.kind == kind).collect();
            let gold: Vec<_> = text.spans.iter().filter(|(_, of)| *of == kind).map(|(range, _)| range).collect();
            count.gold += gold.len();
            count.found += own.len();
            count.hit += gold
                .iter()
                .filter(|gold| own.iter().any(|own| own.range.start < gold.end && gold.start < own.range.end))
                .count();
            for gold in gold.iter().filter(|_| self.show.as_ref().is_some_and(|show| text.source.starts_with(show))) {
                if !own.iter().any(|own| own.range.start < gold.end && gold.start < own.range.end) {
                    show_near("missed", text, gold, &format!("{kind:?}"));
                }
            }
            for own in own {
                let right = gold.iter().any(|gold| own.range.start < gold.end && gold.start < own.range.end);
                if !right && self.show.as_ref().is_some_and(|show| text.source.starts_with(show)) {
                    show_near("wrong", text, &own.range, &format!("{:?} {:.2}", own.kind, own.probability));
                }
                count.right += usize::from(right);
                count.exact += usize::from(gold.contains(&&own.range));
                if let Some(trials) = self.trials.get_mut(kind as usize).filter(|_| clean) {
                    trials.push((own.probability, right));
                }
            }
        }
    }

    /// The figures, for people.
    pub(super) fn table(&self) -> String {
        let mut out = String::from(
            "source                         kind           gold  precision  recall  overlap-F1  exact-F1\n",
        );
        for ((source, kind), count) in &self.counts {
            let (precision, recall) = (ratio(count.right, count.found), ratio(count.hit, count.gold));
            let exact = 2.0 * ratio(count.exact, count.found + count.gold);
            let mean = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
            let rate = 1_000.0 * ratio(count.found, self.tokens.get(source).copied().unwrap_or(1));
            _ = writeln!(
                out,
                "{source:30} {:13} {:5}  {precision:9.3}  {recall:6.3}  {mean:10.3}  {exact:8.3}  {rate:6.2} per 1,000 tokens",
                format!("{kind:?}").to_lowercase(),
                count.gold
            );
        }
        out
    }

    /// What probabilities are worth: for each step the share of findings that were right, never falling.
    pub(super) fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        for (values, trials) in kept.0.iter_mut().zip(&self.trials) {
            // Pools of steps, merged while a higher one is worth less (isotonic regression); one trial of each is assumed.
            let mut pools: Vec<(f64, f64, usize)> = Vec::new();
            for step in 0..STEPS {
                let own = trials.iter().filter(|(probability, _)| step_of(*probability) == step);
                let (right, all) =
                    own.fold((0.0, 0.0), |(right, all), (_, hit)| (right + f64::from(u8::from(*hit)), all + 1.0));
                let prior = ratio(step, STEPS);
                pools.push((right + 2.0 * prior, all + 2.0, 1));
                while let [.., (a, m, p), (b, n, q)] = pools.as_slice()
                    && a / m > b / n
                {
                    let merged = (a + b, m + n, p + q);
                    pools.truncate(pools.len() - 2);
                    pools.push(merged);
                }
            }
            let steps = pools.iter().flat_map(|(right, all, steps)| std::iter::repeat_n(right / all, *steps));
            for (value, share) in values.iter_mut().zip(steps) {
                *value = percent(share);
            }
            count_from(values, trials);
        }
        kept
    }
}

/// Lets findings count from the least probability from which half of those below the next ten are right. A finding below 50 is
/// dropped, so that this is where most names are won for what is found wrong besides.
fn count_from(values: &mut [u8; STEPS], trials: &[(f32, bool)]) {
    let from = |least: u8, values: &[u8; STEPS]| values.iter().position(|value| *value >= least).unwrap_or(STEPS);
    let (counts, end) = (from(HALF, values), from(HALF + 10, values));
    let is_half = |first: &usize| {
        let own = trials.iter().filter(|(probability, _)| (*first..end).contains(&step_of(*probability)));
        let (right, all) = own.fold((0, 0), |(right, all), (_, hit)| (right + usize::from(*hit), all + 1));
        2 * right >= all
    };
    let first = (0..counts).rev().take_while(is_half).last().unwrap_or(counts);
    for value in values.get_mut(first..counts).into_iter().flatten() {
        *value = HALF;
    }
}

/// The least confidence of a finding that is reported.
const HALF: u8 = 50;

/// A part of a whole, 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of texts")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The step of a calibration that a probability falls into.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 31")]
fn step_of(probability: f32) -> usize {
    (probability.clamp(0.0, 1.0) * 31.99) as usize
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 99.0) as u8
}

/// Shows an error in its place.
fn show_near(what: &str, text: &Text, range: &std::ops::Range<usize>, note: &str) {
    let (from, to) = (
        text.body.floor_char_boundary(range.start.saturating_sub(40)),
        text.body.ceil_char_boundary((range.end + 30).min(text.body.len())),
    );
    let part = |range: std::ops::Range<usize>| text.body.get(range).unwrap_or_default().replace('\n', "\\n");
    super::say(&format!(
        "{what} {note}: {}[[{}]]{}",
        part(from..range.start),
        part(range.clone()),
        part(range.end..to)
    ));
}

/// A calibration.
pub(super) struct Kept([[u8; STEPS]; KINDS]);

impl Default for Kept {
    fn default() -> Self {
        Self([std::array::from_fn(|step| percent(ratio(step, STEPS))); KINDS])
    }
}

impl Kept {
    /// As it lies in a model.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flatten().copied().collect()
    }

    /// Puts it in the place of another.
    pub(super) fn write_into(&self, model: &mut [u8]) -> anyhow::Result<()> {
        let bytes = self.bytes();
        let place = model.get_mut(HEADER_BYTES - bytes.len()..HEADER_BYTES).context("the model is too short")?;
        place.copy_from_slice(&bytes);
        Ok(())
    }
}
