//! From evidence to a score of 0 to 1000 and the passage that it is for.
//!
//! ```text
//! copied     weight of words that stand in a document as they are      c / (c + 250)
//! nearness   cosine of the nearest windows, and shared facts           a curve through measured points
//! score      the larger, and a quarter of the smaller
//! ```
//! The curve was put through what unrelated texts reach (`docs/leak.md`); a tenant's own calibration stretches it so that 500
//! is what one in a thousand of its harmless texts reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::evidence::{self, Evidence};
use super::{About, DocumentId, JudgeError, Question, Space};
use crate::leak::cores::Cores;
use crate::limits;
use crate::model::Leak;

/// Which stage a match is owed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Words that stand in the document as they are.
    Fingerprint,
    /// Source code with the shape of the document's.
    Code,
    /// The words and facts of a passage, in other words and order.
    Sketch,
    /// The meaning of a passage, whatever its words: for review.
    Encoder,
}

impl Stage {
    /// The word used in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fingerprint => "fingerprint",
            Self::Code => "code",
            Self::Sketch => "sketch",
            Self::Encoder => "encoder",
        }
    }
}

/// The document that a request is nearest to.
#[derive(Debug, Clone)]
pub struct Match {
    /// 0 to 1000.
    pub score: u16,
    /// Which stage it is owed to.
    pub stage: Stage,
    /// The document.
    pub about: About,
    /// The passage: a window of the document.
    pub window: u32,
    /// Words of the document.
    pub passage: Range<usize>,
    /// Words of the request.
    pub words: Range<usize>,
    /// Number of the text in the request, and the first and last byte there; from another text when the passage was split.
    pub asked: Option<((u32, u32), (u32, u32))>,
}

/// A passage that a request touches, however lightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The document.
    pub document: DocumentId,
    /// A window of it.
    pub window: u32,
    /// What that window alone would be worth, 0 to 1000.
    pub score: u16,
}

/// What a space says of a request.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The score of the nearest document.
    pub score: u16,
    /// The same before calibration: what a background is measured in.
    pub raw: u16,
    /// The nearest documents, the nearest first: at most `MATCHES_MAX`, and the nearest of each further class.
    pub matches: Vec<Match>,
    /// The classes of all documents that it is near to, however many, each with the best score of its documents.
    pub classes: BTreeMap<String, u16>,
    /// Passages that were touched; at most `TOUCHED_MAX`.
    pub touched: Vec<Touched>,
    /// The state of the space that it was made from.
    pub epoch: u64,
}

/// Documents that a verdict names.
pub(super) const MATCHES_MAX: usize = 4;
/// Passages that a verdict tells for the history.
pub(super) const TOUCHED_MAX: usize = 32;
/// Score from which a passage counts as touched.
const TOUCHED_MIN: u16 = 200;
/// Weight of copied words that is worth 500.
const COPIED_HALF: u32 = 250;
/// What facts may add to a cosine, in thousandths.
const FACTS_MAX: u32 = 60;

/// Cosine in thousandths, and what it is worth.
const CURVE: [(u32, u32); 8] =
    [(0, 0), (120, 100), (200, 250), (280, 500), (340, 650), (420, 800), (600, 920), (1000, 1000)];

/// Lowest score that a calibration may make 500: below it one common phrase would count as a copy.
pub const THRESHOLD_MIN: u16 = 300;
/// Highest: above it copies would pass.
pub const THRESHOLD_MAX: u16 = 800;

/// Which evidence is worth 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    threshold: u32,
}

impl Default for Scale {
    fn default() -> Self {
        Self { threshold: 500 }
    }
}

impl Scale {
    /// A scale on which this score becomes 500.
    pub(super) fn at(threshold: u16) -> Self {
        Self { threshold: u32::from(threshold.clamp(THRESHOLD_MIN, THRESHOLD_MAX)) }
    }

    fn of(self, score: u32) -> u32 {
        if score <= self.threshold {
            score * 500 / self.threshold
        } else {
            500 + (score - self.threshold) * 500 / (1000 - self.threshold)
        }
    }
}

impl Space {
    /// Compares a request with every live document, on this thread alone.
    ///
    /// # Errors
    /// When the scan fails, or `stop` says so: the score is then unknown.
    pub fn judge(&self, question: &Question, stop: &dyn Fn() -> bool) -> Result<Verdict, JudgeError> {
        self.judge_on(&Cores::none(), question, stop)
    }

    /// The same on idle cores too, where there are many documents. Who computed changes nothing of what is said.
    ///
    /// # Errors
    /// Those of [`Space::judge`], and a thread that was lost.
    pub fn judge_on(&self, cores: &Cores, question: &Question, stop: &dyn Fn() -> bool) -> Result<Verdict, JudgeError> {
        let mut verdict = Verdict { epoch: self.epoch, ..Verdict::default() };
        if self.is_empty() {
            return Ok(verdict);
        }
        let found = evidence::gather(self, question, cores, stop)?;
        let mut judged: Vec<(u32, Stage, usize, &Evidence)> = found
            .iter()
            .map(|(index, evidence)| {
                let (score, stage) = score(evidence);
                (score, stage, *index, evidence)
            })
            .collect();
        judged.sort_by_key(|(score, _, index, _)| (std::cmp::Reverse(*score), *index));
        verdict.raw = judged.first().map_or(0, |(score, ..)| small(*score));
        verdict.score = small(self.scale.of(u32::from(verdict.raw)));
        for (score, _, index, _) in &judged {
            let score = small(self.scale.of(*score));
            if let Some(document) = self.documents.get(*index).filter(|_| score >= Leak::POSSIBLY) {
                let best = verdict.classes.entry(document.about.class.clone()).or_default();
                *best = score.max(*best);
            }
        }
        let mut classes = BTreeSet::new();
        for (place, (score, stage, index, evidence)) in judged.iter().enumerate() {
            let score = self.scale.of(*score);
            let class = self.documents.get(*index).map(|document| &document.about.class);
            let is_named = score >= u32::from(Leak::POSSIBLY)
                && classes.len() <= limits::LEAK_CLASSES_NAMED_MAX
                && classes.insert(class);
            if place < MATCHES_MAX || is_named {
                verdict.matches.extend(self.matched(question, score, *stage, (*index, evidence)));
            }
        }
        // One passage of each document, then a second: no document takes the places of all others.
        let touched: Vec<Vec<Touched>> =
            judged.iter().take(TOUCHED_MAX).map(|(.., index, evidence)| self.touched(*index, evidence)).collect();
        let most = touched.iter().map(Vec::len).max().unwrap_or(0);
        let in_turn = (0..most).flat_map(|round| touched.iter().filter_map(move |of_one| of_one.get(round)));
        verdict.touched = in_turn.take(TOUCHED_MAX).copied().collect();
        Ok(verdict)
    }

    fn matched(
        &self,
        question: &Question,
        score: u32,
        stage: Stage,
        (index, evidence): (usize, &Evidence),
    ) -> Option<Match> {
        let document = self.documents.get(index)?;
        let (asked, passage) = match stage {
            Stage::Code => {
                evidence.longest_code.clone().map(|(asked, known)| (asked.clone(), known..known + asked.len()))?
            }
            Stage::Fingerprint => {
                evidence.longest.clone().map(|(asked, known)| (asked.clone(), known..known + asked.len()))?
            }
            // What an encoder saw is matched where its rows are held.
            Stage::Encoder => return None,
            Stage::Sketch => {
                let found = self.aligned(question, index, evidence.pairs.first()?)?;
                (found.asked, found.known)
            }
        };
        let places = if stage == Stage::Code { &question.code_places } else { &question.places };
        let first = places.get(asked.start).map(|(text, range)| (*text, range.start));
        let last = asked.end.checked_sub(1).and_then(|last| places.get(last)).map(|(text, range)| (*text, range.end));
        let window = match stage {
            Stage::Sketch => evidence.pairs.first()?.window,
            _ => (passage.start / crate::leak::sketch::BLOCK_WORDS).min(document.windows().saturating_sub(1)),
        };
        Some(Match {
            score: small(score),
            stage,
            about: document.about.clone(),
            window: u32::try_from(window).unwrap_or(u32::MAX),
            passage,
            words: asked,
            asked: first.zip(last),
        })
    }

    fn touched(&self, index: usize, evidence: &Evidence) -> Vec<Touched> {
        let Some(document) = self.documents.get(index) else { return Vec::new() };
        let mut out = Vec::new();
        let mut touch = |window: usize, score: u32| {
            let score = small(self.scale.of(score));
            if score >= TOUCHED_MIN && out.len() < TOUCHED_MAX {
                let window = u32::try_from(window).unwrap_or(u32::MAX);
                out.push(Touched { document: document.about.id, window, score });
            }
        };
        if let Some((_, known)) = &evidence.longest {
            touch(known / crate::leak::sketch::BLOCK_WORDS, share(evidence.copied));
        }
        for pair in &evidence.pairs {
            touch(pair.window, curve(with_facts(pair)));
        }
        out
    }
}

fn score(evidence: &Evidence) -> (u32, Stage) {
    let copied = share(evidence.copied);
    let code = share(evidence.copied_code);
    let near = curve(nearness(evidence));
    let (largest, stage) = [(copied, Stage::Fingerprint), (code, Stage::Code), (near, Stage::Sketch)]
        .into_iter()
        .max_by_key(|(score, stage)| (*score, *stage == Stage::Fingerprint))
        .unwrap_or((0, Stage::Sketch));
    let beside = match stage {
        Stage::Sketch => copied.max(code),
        _ => near,
    };
    // Where the words stand in the document as they are, that is what is said, however near the sketches are too.
    let is_copy = stage == Stage::Sketch && share(evidence.longest_worth) >= u32::from(Leak::SURELY);
    ((largest + beside / 4).min(1000), if is_copy { Stage::Fingerprint } else { stage })
}

fn share(copied: u32) -> u32 {
    // Half a megabyte of copied words is worth millions.
    let copied = u64::from(copied);
    u32::try_from(copied * 1000 / (copied + u64::from(COPIED_HALF))).unwrap_or(1000)
}

fn with_facts(pair: &evidence::Pair) -> u32 {
    pair.cosine + (pair.facts / 12).min(FACTS_MAX)
}

/// The nearest window, and a little for each further one that is near to the same document.
fn nearness(evidence: &Evidence) -> u32 {
    let mut near: Vec<u32> = evidence.pairs.iter().map(with_facts).collect();
    near.sort_unstable_by(|one, other| other.cmp(one));
    let further: u32 = near.iter().skip(1).take(2).sum();
    near.first().map_or(0, |first| first + further / 10)
}

/// Reads the curve.
fn curve(cosine: u32) -> u32 {
    for pair in CURVE.windows(2) {
        let [(from, low), (to, high)] = pair else { continue };
        if cosine < *to {
            return low + (cosine - from) * (high - low) / (to - from);
        }
    }
    1000
}

fn small(score: u32) -> u16 {
    u16::try_from(score.min(1000)).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_never_exceeds_the_whole() {
        for (copied, expected) in [(0, 0), (COPIED_HALF, 500), (5_000_000, 999), (u32::MAX, 999)] {
            assert_eq!(share(copied), expected, "{copied}");
        }
    }
}
