//! Nearness by meaning: what an encoder sees of a request that no word of a document is in.
//!
//! ```text
//! passage    96 words, 48 apart, as they read: a thought needs more words than a copy
//! row        the encoder's unit vector of a passage, 127 times, rounded to bytes: a dot product is 16 129 times the cosine
//! cohort     of each row, the 50 nearest rows of other documents; their mean is taken off what the row scores
//! margin     dot product less that mean, in thousandths of a cosine
//! ```
//! An encoder says "the same subject". Within a company nearly everything is of the same subject: a threshold that leaves
//! strangers alone would take a fifth of its other papers for the protected one. The cohort's mean says how near to a row its
//! own field lies anyhow, without a text from outside. What remains is still a hint and no proof, so a margin is worth 300 to
//! 499 at most: enough to be looked at by a person and to keep a request from falling back abroad, never enough to be the
//! document's class.
//!
//! Rows are integers from here on: a score replays from them. [`Embedder`] is the seam: the processor is one, a device that
//! joins the passages of many requests is another.

pub mod batch;
mod cohort;
mod index;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::Instant;

pub use index::{Index, Sight};

use super::corpus::EVERYBODY;
use super::encoder::ModelError;
use super::model::ModelDigest;
use super::sketch;

/// The dot product of two equal rows, nearly: rows are rounded.
pub const UNIT: i32 = 127 * 127;
/// Neighbours of a row whose mean is taken off.
pub const COHORT: usize = 50;
/// What stands in for each neighbour that a small corpus lacks, as a dot product: how near passages of one field lie.
pub const PRIOR: i16 = 3_226;
/// Margin, in thousandths of a cosine, that is worth 300 unless harmless texts were measured: few harmless texts reach it.
pub const MARGIN_MIN: i32 = 200;
/// Margin that is worth 499.
pub const MARGIN_MAX: i32 = 500;

/// Lowest margin that a measurement may make worth 300: below it lie texts that only share a language.
pub const LEAST_MIN: u16 = 100;
/// Highest: above it lie copies.
pub const LEAST_MAX: u16 = 450;

/// Words between the beginnings of two passages.
pub const STEP_WORDS: usize = 48;
/// Words of a passage.
pub const PASSAGE_WORDS: usize = 2 * STEP_WORDS;

/// Words of a text that is read alone.
const TEXT_WORDS_MIN: usize = 24;

/// Passages that a run of words has.
pub const fn passages(words: usize) -> usize {
    let steps = words.div_ceil(STEP_WORDS);
    if steps > 1 { steps - 1 } else { steps }
}

/// The words of a passage.
pub fn range(passage: usize, words: usize) -> Range<usize> {
    let start = passage * STEP_WORDS;
    start..words.min(start + PASSAGE_WORDS)
}

/// The passages of several texts: a text has its own, so that what it says is not thinned by what stands around it; short ones
/// are read with what follows, as one that was split is written.
pub fn cut(ends: &[usize]) -> Vec<Range<usize>> {
    let (mut passages_of_all, mut start) = (Vec::new(), 0);
    for (number, end) in ends.iter().enumerate() {
        if end - start < TEXT_WORDS_MIN && number + 1 < ends.len() {
            continue;
        }
        let words = end - start;
        passages_of_all.extend((0..passages(words)).map(|passage| {
            let Range { start: from, end: to } = range(passage, words);
            start + from..start + to
        }));
        start = *end;
    }
    passages_of_all
}

/// The window of the sketch that a passage begins with: what records name.
pub const fn window(passage: usize) -> usize {
    passage * (STEP_WORDS / sketch::BLOCK_WORDS)
}

/// Reads passages into rows.
pub trait Embedder: Send + Sync + std::fmt::Debug {
    /// What tells its rows from those of another model.
    fn digest(&self) -> ModelDigest;

    /// Values of a row.
    fn dimension(&self) -> usize;

    /// The rows of a tenant's passages from the first on: all of them, or as many as were done by a moment.
    ///
    /// # Errors
    /// What the encoder does not compute.
    fn embed(&self, tenant: &str, passages: &[&str], until: Option<Instant>) -> Result<Vec<Vec<i8>>, ModelError>;

    /// Where it computes, and how much it did.
    fn work(&self) -> Work {
        Work { on_device: false, why: None, passages_on_device: 0, passages_on_processor: 0 }
    }
}

/// What an encoder did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Whether a device computes now.
    pub on_device: bool,
    /// Why none does, one closed word; `None` where one does, is being brought up, or was not asked for.
    pub why: Option<&'static str>,
    /// Passages that a device has computed.
    pub passages_on_device: u64,
    /// Passages that the processor has computed.
    pub passages_on_processor: u64,
}

/// The rows of all passages, computed on as many cores as there are.
///
/// # Errors
/// What the encoder does not compute.
pub fn embed_all(embedder: &dyn Embedder, passages: &[&str]) -> Result<Vec<Vec<i8>>, ModelError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = passages.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let parts = passages.chunks(share);
        let working: Vec<_> = parts.map(|part| scope.spawn(|| embedder.embed(EVERYBODY, part, None))).collect();
        let mut rows = Vec::with_capacity(passages.len());
        for work in working {
            rows.extend(work.join().unwrap_or(Err(ModelError::Input))?);
        }
        Ok(rows)
    })
}

/// What a margin is worth, given the one that is worth 300; nothing below that.
pub fn worth(margin: i32, least: i32) -> u16 {
    if margin < least {
        return 0;
    }
    let (floor, top) = (i32::from(crate::model::Leak::REVIEW), i32::from(crate::model::Leak::REVIEW_MAX));
    let span = (MARGIN_MAX - MARGIN_MIN).max(1);
    let worth = floor + (top - floor) * (margin - least).min(span) / span;
    u16::try_from(worth).unwrap_or(crate::model::Leak::REVIEW_MAX)
}
