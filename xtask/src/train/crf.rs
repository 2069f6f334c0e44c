//! The conditional random field: its data, its likelihood, and the descent.
//!
//! Stochastic gradient with `AdaGrad`'s step for each weight. Features that occur once are left out; words are hidden from the
//! model now and then, so that it also learns from what surrounds them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use anyhow::Context;

use super::corpus::Text;
use super::random::Chance;
use crate::names::decode::{PerTag, TAGS, may_follow};
use crate::names::features::{LEXICAL, TEMPLATES, keys};
use crate::names::lexicon::Lexicon;
use crate::names::runs;
use crate::names::token::{Block, Token};

/// Passes over the data.
pub(super) const EPOCHS: usize = 8;
/// Last passes whose weights are averaged: the mean is steadier than any of them.
const AVERAGED: usize = 5;
/// Occurrences of a feature that is kept.
const COUNT_MIN: u32 = 2;
/// The first step.
const RATE: f32 = 0.12;
/// How much a weight shrinks each time it is touched, in units of the step.
const DECAY: f32 = 2e-5;
/// Times in a thousand that a token's own word is hidden.
const HIDDEN: usize = 150;
/// What a feature that was left out has for a number.
const NONE: u32 = u32::MAX;

/// Features are hashes already.
#[derive(Default)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The training set: sequences of tokens as rows of feature numbers.
#[derive(Default)]
pub(super) struct Set {
    /// Keys of all tokens; after [`Set::close`], numbers of features.
    raw: Vec<u64>,
    rows: Vec<[u32; TEMPLATES]>,
    tags: Vec<u8>,
    /// First token and weight of each sequence.
    sequences: Vec<(usize, usize, f32)>,
    /// The key and the template-wise count of each feature that is kept.
    pub(super) keys: Vec<u64>,
}

impl Set {
    /// Adds the runs of a text.
    pub(super) fn add(&mut self, text: &Text, lexicon: &[u8]) -> anyhow::Result<()> {
        let lexicon = Lexicon::new(lexicon).context("the word list cannot be read")?;
        let mut block = Block::default();
        let mut at = 0;
        let mut row = [0; TEMPLATES];
        while block.read(&text.body, at, &lexicon) {
            at = block.end;
            let tags = gold(&block.tokens, text);
            runs::active(&block.tokens, |run| {
                self.sequences.push((self.tags.len(), self.tags.len() + run.len(), text.weight));
                let mut inside = false;
                for token in run {
                    keys(&block.tokens, token, &mut row);
                    self.raw.extend(row);
                    let mut tag = tags.get(token).copied().unwrap_or_default();
                    // The head of a name may lie before the run: its first token here begins it.
                    if tag > 0 && tag % 2 == 0 && !inside {
                        tag -= 1;
                    }
                    inside = tag > 0;
                    self.tags.push(tag);
                }
            });
        }
        Ok(())
    }

    /// Numbers the features that occur often enough.
    pub(super) fn close(&mut self) {
        let mut counts: HashMap<u64, u32, BuildHasherDefault<Same>> = HashMap::default();
        for key in &self.raw {
            *counts.entry(*key).or_default() += 1;
        }
        let mut numbers: HashMap<u64, u32, BuildHasherDefault<Same>> = HashMap::default();
        let (rows, _) = self.raw.as_chunks::<TEMPLATES>();
        for row in rows {
            let row = row.map(|key| {
                if counts.get(&key).is_none_or(|count| *count < COUNT_MIN) {
                    return NONE;
                }
                *numbers.entry(key).or_insert_with(|| {
                    self.keys.push(key);
                    u32::try_from(self.keys.len() - 1).unwrap_or(NONE)
                })
            });
            self.rows.push(row);
        }
        self.raw = Vec::new();
    }
}

/// The tag of every token of a block.
fn gold(tokens: &[Token], text: &Text) -> Vec<u8> {
    let mut tags = vec![0; tokens.len()];
    for (range, kind) in &text.spans {
        let first = tokens.partition_point(|token| (token.end as usize) <= range.start);
        let mut begun = false;
        let inside: Vec<usize> = (first..tokens.len())
            .take_while(|at| tokens.get(*at).is_some_and(|token| (token.start as usize) < range.end))
            .collect();
        // Marks at the ends of a label are none of the name.
        let word = |at: &&usize| tokens.get(**at).is_some_and(|token| token.mark() == 0);
        let (Some(from), Some(to)) = (inside.iter().find(word), inside.iter().rev().find(word)) else { continue };
        for at in *from..=*to {
            if let Some(tag) = tags.get_mut(at) {
                *tag = 1 + 2 * (*kind as u8) + u8::from(begun);
                begun = true;
            }
        }
    }
    tags
}

/// What training yields.
pub(super) struct Weights {
    /// For each feature of the set.
    pub(super) features: Vec<PerTag>,
    pub(super) transitions: [PerTag; TAGS],
}

impl Weights {
    /// Adds its part of a mean.
    fn add(&mut self, other: &Self, parts: usize) {
        let share = 1.0 / f32::from(u8::try_from(parts).unwrap_or(u8::MAX));
        let rows = self.features.iter_mut().zip(&other.features);
        let steps = self.transitions.iter_mut().zip(&other.transitions);
        for (row, other) in rows.chain(steps) {
            for (value, other) in row.iter_mut().zip(other) {
                *value += other * share;
            }
        }
    }
}

/// Trains.
pub(super) fn train(set: &Set, epochs: usize, chance: &mut Chance) -> Weights {
    let mut work = Work {
        weights: Weights { features: vec![[0.0; TAGS]; set.keys.len()], transitions: [[0.0; TAGS]; TAGS] },
        squares: vec![[1e-6; TAGS]; set.keys.len()],
        step_squares: [[1e-6; TAGS]; TAGS],
        hidden: Vec::new(),
        scores: Vec::new(),
        forward: Vec::new(),
    };
    let mut order: Vec<usize> = (0..set.sequences.len()).collect();
    let averaged = AVERAGED.min(epochs);
    let mut mean = Weights { features: vec![[0.0; TAGS]; set.keys.len()], transitions: [[0.0; TAGS]; TAGS] };
    for epoch in 0..epochs {
        chance.shuffle(&mut order);
        let mut loss = 0.0;
        for place in &order {
            if let Some((from, to, weight)) = set.sequences.get(*place) {
                loss += f64::from(work.learn(set, *from..*to, *weight, chance));
            }
        }
        if epoch + averaged >= epochs {
            mean.add(&work.weights, averaged);
        }
        super::say(&format!("  pass {epoch}: {} sequences, {} features, loss {loss:.0}", order.len(), set.keys.len()));
    }
    mean
}

struct Work {
    weights: Weights,
    squares: Vec<PerTag>,
    step_squares: [PerTag; TAGS],
    hidden: Vec<bool>,
    scores: Vec<PerTag>,
    forward: Vec<PerTag>,
}

impl Work {
    /// One step on one sequence; its loss.
    fn learn(&mut self, set: &Set, range: std::ops::Range<usize>, weight: f32, chance: &mut Chance) -> f32 {
        let (Some(rows), Some(tags)) = (set.rows.get(range.clone()), set.tags.get(range)) else { return 0.0 };
        self.hidden.clear();
        self.hidden.extend(rows.iter().map(|_| chance.per_thousand(HIDDEN)));
        self.score(rows);
        let steps = self.steps();
        let (mut behind, loss) = self.forward(&steps, tags);
        // Backward: at each token the gradient of its tag, and of the step to the next.
        let mut after: Option<(usize, PerTag)> = None;
        let mut gradient_steps = [[0.0_f32; TAGS]; TAGS];
        let last = rows.len() - 1;
        for at in (0..rows.len()).rev() {
            let (Some(alpha), Some(scores), Some(gold)) = (self.forward.get(at), self.scores.get(at), tags.get(at))
            else {
                break;
            };
            let gold = usize::from(*gold);
            let mut likely: PerTag = std::array::from_fn(|tag| value(alpha, tag) * value(&behind, tag));
            scale_to_one(&mut likely);
            if at == last {
                for (tag, row) in gradient_steps.iter_mut().enumerate() {
                    row[0] += value(&likely, tag) - f32::from(u8::from(tag == gold));
                }
            } else if let Some((next_gold, weighted)) = &after {
                let mut pairs: [PerTag; TAGS] = std::array::from_fn(|from| {
                    std::array::from_fn(|to| {
                        value(alpha, from) * value(steps.get(from).unwrap_or(&[0.0; TAGS]), to) * value(weighted, to)
                    })
                });
                let sum: f32 = pairs.iter().flatten().sum();
                for (from, row) in pairs.iter_mut().enumerate() {
                    for (to, pair) in row.iter_mut().enumerate() {
                        let target = f32::from(u8::from(from == gold && to == *next_gold));
                        if let Some(slot) = gradient_steps.get_mut(from).and_then(|row| row.get_mut(to)) {
                            *slot += *pair / sum.max(f32::MIN_POSITIVE) - target;
                        }
                    }
                }
            }
            let weighted: PerTag = std::array::from_fn(|tag| value(scores, tag) * value(&behind, tag));
            if at == 0 {
                let mut first: PerTag = std::array::from_fn(|tag| {
                    value(steps.first().unwrap_or(&[0.0; TAGS]), tag) * value(&weighted, tag)
                });
                scale_to_one(&mut first);
                for (tag, slot) in gradient_steps.iter_mut().take(1).flat_map(|row| row.iter_mut().enumerate()) {
                    *slot += value(&first, tag) - f32::from(u8::from(tag == gold));
                }
            }
            let mut before: PerTag = std::array::from_fn(|from| {
                (0..TAGS).map(|to| value(steps.get(from).unwrap_or(&[0.0; TAGS]), to) * value(&weighted, to)).sum()
            });
            scale_to_one(&mut before);
            after = Some((gold, weighted));
            behind = before;
            for (tag, likely) in likely.iter_mut().enumerate() {
                *likely = (*likely - f32::from(u8::from(tag == gold))) * weight;
            }
            self.update(rows.get(at), at, &likely);
        }
        self.update_steps(&gradient_steps, weight);
        loss * weight
    }

    /// Exponentials of the transitions.
    fn steps(&self) -> [PerTag; TAGS] {
        let weight = |from: usize, to: usize| self.weights.transitions.get(from).map_or(0.0, |row| value(row, to));
        let step = |from: usize, to: usize| if may_follow(from, to) { weight(from, to).exp() } else { 0.0 };
        std::array::from_fn(|from| std::array::from_fn(|to| step(from, to)))
    }

    fn update_steps(&mut self, gradients: &[PerTag; TAGS], weight: f32) {
        for (from, row) in gradients.iter().enumerate() {
            for (to, gradient) in row.iter().enumerate() {
                let slots = self.weights.transitions.get_mut(from).and_then(|row| row.get_mut(to));
                let squares = self.step_squares.get_mut(from).and_then(|row| row.get_mut(to));
                if let (Some(slot), Some(square)) = (slots, squares) {
                    step(slot, square, gradient * weight);
                }
            }
        }
    }

    fn score(&mut self, rows: &[[u32; TEMPLATES]]) {
        self.scores.clear();
        for (row, hidden) in rows.iter().zip(&self.hidden) {
            let mut scores = [0.0; TAGS];
            for (template, feature) in row.iter().enumerate() {
                if *hidden && template < LEXICAL {
                    continue;
                }
                if let Some(weights) = self.weights.features.get(*feature as usize) {
                    for (score, weight) in scores.iter_mut().zip(weights) {
                        *score += weight;
                    }
                }
            }
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            self.scores.push(scores.map(|score| (score - top).exp()));
        }
    }

    /// Forward; returns what stands behind the last token and the loss.
    fn forward(&mut self, steps: &[PerTag; TAGS], tags: &[u8]) -> (PerTag, f32) {
        self.forward.clear();
        let mut last = [0.0; TAGS];
        last[0] = 1.0;
        let (mut loss, mut before) = (0.0_f32, 0);
        for (scores, tag) in self.scores.iter().zip(tags) {
            let mut next: PerTag = [0.0; TAGS];
            for (from, row) in last.iter().zip(steps) {
                for (to, step) in next.iter_mut().zip(row) {
                    *to += from * step;
                }
            }
            for (to, score) in next.iter_mut().zip(scores) {
                *to *= score;
            }
            loss += scale_to_one(&mut next).ln();
            let own =
                steps.get(before).map_or(0.0, |row| value(row, usize::from(*tag))) * value(scores, usize::from(*tag));
            loss -= own.max(f32::MIN_POSITIVE).ln();
            before = usize::from(*tag);
            self.forward.push(next);
            last = next;
        }
        let behind: PerTag = std::array::from_fn(|tag| steps.get(tag).map_or(0.0, |row| value(row, 0)));
        let end: f32 = last.iter().zip(&behind).map(|(alpha, step)| alpha * step).sum();
        loss += end.max(f32::MIN_POSITIVE).ln() - value(&behind, before).max(f32::MIN_POSITIVE).ln();
        (behind, loss)
    }

    fn update(&mut self, row: Option<&[u32; TEMPLATES]>, at: usize, gradient: &PerTag) {
        let hidden = self.hidden.get(at).copied().unwrap_or_default();
        // What is as good as right moves nothing.
        if gradient.iter().all(|value| value.abs() < 1e-3) {
            return;
        }
        for (template, feature) in row.into_iter().flatten().enumerate() {
            if hidden && template < LEXICAL {
                continue;
            }
            let feature = *feature as usize;
            if let (Some(weights), Some(squares)) =
                (self.weights.features.get_mut(feature), self.squares.get_mut(feature))
            {
                for ((weight, square), gradient) in weights.iter_mut().zip(squares).zip(gradient) {
                    step(weight, square, *gradient);
                }
            }
        }
    }
}

/// One step of one weight.
fn step(weight: &mut f32, square: &mut f32, gradient: f32) {
    *square += gradient * gradient;
    let rate = RATE / square.sqrt().max(0.5);
    *weight -= rate * (gradient + DECAY * *weight);
}

fn value(values: &PerTag, tag: usize) -> f32 {
    values.get(tag).copied().unwrap_or_default()
}

/// Scales values so that they sum to one; returns their sum.
fn scale_to_one(values: &mut PerTag) -> f32 {
    let sum = values.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    for value in values {
        *value /= sum;
    }
    sum
}
