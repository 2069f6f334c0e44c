//! The pieces of a unigram model: of all ways to cut a word into pieces, the likeliest.
//!
//! ```text
//! best[0] = 0;  best[end] = max over pieces text[start..end] of best[start] + score(piece)        (Viterbi)
//! ```
//! Of equal ways the one with the earlier start wins. A character that no piece holds costs more than the rarest piece; several
//! in a row are one unknown. Blanks are written as `▁`, and a word begins with one.

use super::tree::Tree;
use crate::leak::encoder::ModelError;

/// What a character that no piece holds costs more than the rarest piece.
const UNKNOWN_PENALTY: f64 = 10.0;

/// How words are cut out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Whether any white space ends a word; else a blank alone does.
    pub(super) at_white_space: bool,
    /// The sign that stands for a blank.
    pub(super) blank: char,
    /// Where it is put before what has none.
    pub(super) prepended: Prepended,
    /// Whether words are looked at one by one.
    pub(super) is_split: bool,
}

/// Where the sign of a blank is put before a word that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepended {
    Always,
    First,
    Never,
}

/// Text to ids by the likeliest pieces.
#[derive(Debug)]
pub(super) struct Unigram {
    cut: Cut,
    pieces: Tree,
    scores: Vec<f64>,
    unknown: u32,
    unknown_score: f64,
}

/// The best way to a place.
#[derive(Debug, Clone, Copy)]
struct Best {
    score: f64,
    start: usize,
    id: u32,
}

/// No way leads there yet.
const NOWHERE: Best = Best { score: 0.0, start: usize::MAX, id: 0 };

impl Unigram {
    /// Lays out a vocabulary, whose pieces are named by their places; those of `special` are no text.
    pub(super) fn new(
        cut: Cut,
        vocabulary: &[(String, f64)],
        unknown: u32,
        special: &[String],
    ) -> Result<Self, ModelError> {
        let mut pieces = Tree::new();
        let mut least = f64::INFINITY;
        for (id, (piece, score)) in (0..).zip(vocabulary) {
            if !score.is_finite() {
                return Err(ModelError::Tokenizer("a score is not finite"));
            }
            least = least.min(*score);
            if !piece.is_empty() && id != unknown && !special.contains(piece) {
                pieces.insert(Tree::START, piece, id)?;
            }
        }
        let scores = vocabulary.iter().map(|(_, score)| *score).collect();
        Ok(Self { cut, pieces, scores, unknown, unknown_score: least - UNKNOWN_PENALTY })
    }

    /// Appends the ids of a normalised text, until there are `most`.
    pub(super) fn encode(&self, text: &str, most: usize, ids: &mut Vec<u32>) {
        let end = ids.len().saturating_add(most);
        let mut work = Work::default();
        if self.cut.at_white_space {
            for (number, word) in text.split_whitespace().enumerate() {
                let is_first = number == 0 && text.starts_with(word);
                self.section(word, is_first, end, (&mut work, ids));
                if ids.len() >= end {
                    break;
                }
            }
        } else if !text.is_empty() {
            self.section(text, true, end, (&mut work, ids));
        }
        ids.truncate(end);
    }

    /// What lies between white space, or all of a text: blanks become signs, and each begins a word.
    fn section(&self, text: &str, is_first: bool, end: usize, (work, ids): (&mut Work, &mut Vec<u32>)) {
        let Cut { blank, prepended, is_split, .. } = self.cut;
        let is_prepended = match prepended {
            Prepended::Always => true,
            Prepended::First => is_first,
            Prepended::Never => false,
        };
        work.word.clear();
        if is_prepended && !text.starts_with([' ', blank]) {
            work.word.push(blank);
        }
        for c in text.chars() {
            let c = if c == ' ' { blank } else { c };
            if is_split && c == blank && !work.word.is_empty() {
                self.word(work, ids);
                work.word.clear();
                if ids.len() >= end {
                    return;
                }
            }
            work.word.push(c);
        }
        self.word(work, ids);
    }

    /// The pieces of a word.
    fn word(&self, work: &mut Work, ids: &mut Vec<u32>) {
        let Work { word, best, back } = work;
        let bytes = word.as_bytes();
        best.clear();
        best.resize(bytes.len() + 1, NOWHERE);
        for (start, c) in word.char_indices() {
            let so_far = best.get(start).map_or(0.0, |best| best.score);
            let length = c.len_utf8();
            let mut is_held = false;
            self.pieces.each(Tree::START, bytes.get(start..).unwrap_or_default(), |id, bytes| {
                let score = so_far + self.scores.get(id as usize).copied().unwrap_or(0.0);
                is_held |= bytes == length;
                better(best, start + bytes, Best { score, start, id });
            });
            if !is_held {
                let score = so_far + self.unknown_score;
                better(best, start + length, Best { score, start, id: self.unknown });
            }
        }
        back.clear();
        let mut at = bytes.len();
        while at > 0 {
            let Some(way) = best.get(at).filter(|way| way.start < at) else { break };
            if way.id != self.unknown || back.last() != Some(&self.unknown) {
                back.push(way.id);
            }
            at = way.start;
        }
        ids.extend(back.iter().rev());
    }
}

#[inline]
fn better(best: &mut [Best], at: usize, way: Best) {
    if let Some(held) = best.get_mut(at)
        && (held.start == usize::MAX || way.score > held.score)
    {
        *held = way;
    }
}

/// What is used again from word to word.
#[derive(Debug, Default)]
struct Work {
    word: String,
    best: Vec<Best>,
    back: Vec<u32>,
}
