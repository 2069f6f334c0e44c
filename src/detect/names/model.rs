//! The model file, and the recogniser over it.
//!
//! ```text
//! "octroi names 1\n\0"    16 bytes
//! bytes of the word list, bytes of the table, scale, doubt      4 x 4: u32 u32 f32 f32, little-endian
//! transitions             7 x 7 x f32, row = from
//! calibration             3 x 32 x u8: for each kind, what a probability of i/32 is worth, in percent
//! word list, table
//! ```

use std::ops::Range;

use super::decode::{KINDS, Kind, Lattice, PerTag, TAGS, may_follow};
use super::features::{self, TEMPLATES};
use super::lexicon::Lexicon;
use super::runs;
use super::table::Table;
use super::token::Token;

/// How a model file begins.
pub(crate) const MAGIC: &[u8; 16] = b"octroi names 1\n\0";
/// Steps of a calibration.
pub(crate) const STEPS: usize = 32;
/// Bytes before the word list.
pub(crate) const HEADER_BYTES: usize = 16 + 16 + 4 * TAGS * TAGS + KINDS * STEPS;

/// A name in a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    /// What it names.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// What the model makes of it, 0 to 1.
    pub(crate) probability: f32,
    /// How often such a finding is right, in percent.
    pub(crate) confidence: u8,
}

/// A model, ready to read texts.
#[derive(Clone)]
pub(crate) struct Model<'a> {
    lexicon: Lexicon<'a>,
    table: Table<'a>,
    /// What one unit of the table is worth.
    scale: f32,
    /// How much likelier than a name its absence may be before the name is dropped.
    doubt: f32,
    /// Exponentials of the transitions.
    steps: [PerTag; TAGS],
    calibration: [[u8; STEPS]; KINDS],
}

impl std::fmt::Debug for Model<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("lexicon", &self.lexicon).field("table", &self.table).finish_non_exhaustive()
    }
}

impl<'a> Model<'a> {
    /// Reads a model as it lies in its file; `None` when it is none.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
        let header = header.strip_prefix(MAGIC)?;
        let (words, calibration) = header.split_at_checked(16 + 4 * TAGS * TAGS)?;
        let mut words = words.as_chunks::<4>().0.iter().copied();
        let lexicon_bytes = u32::from_le_bytes(words.next()?) as usize;
        let table_bytes = u32::from_le_bytes(words.next()?) as usize;
        let (lexicon, table) = rest.split_at_checked(lexicon_bytes)?;
        let mut numbers = words.map(f32::from_le_bytes);
        let (scale, doubt) = (numbers.next()?, numbers.next()?);
        let mut steps = [[0.0; TAGS]; TAGS];
        for (from, row) in steps.iter_mut().enumerate() {
            for (to, step) in row.iter_mut().enumerate() {
                let weight = numbers.next()?;
                *step = if may_follow(from, to) { weight.exp() } else { 0.0 };
            }
        }
        let mut kinds = [[0; STEPS]; KINDS];
        for (kind, values) in kinds.iter_mut().zip(calibration.as_chunks::<STEPS>().0) {
            *kind = *values;
        }
        let table = Table::new(table.get(..table_bytes)?)?;
        Some(Self { lexicon: Lexicon::new(lexicon)?, table, scale, doubt, steps, calibration: kinds })
    }

    /// The word list.
    pub(crate) fn lexicon(&self) -> Lexicon<'a> {
        self.lexicon
    }

    /// Reports the names among the tokens of a block, in order.
    pub(crate) fn names(&self, tokens: &[Token], lattice: &mut Lattice, mut found: impl FnMut(Named)) {
        runs::active(tokens, |run| {
            self.score(tokens, &run, &mut lattice.scores);
            lattice.solve(&self.steps);
            lattice.spans(self.doubt, |span| {
                let own = run.start + span.tokens.start..run.start + span.tokens.end;
                let Some(range) = trimmed(tokens.get(own).unwrap_or_default()) else { return };
                let confidence = self.confidence(span.kind, span.probability);
                found(Named { kind: span.kind, range, probability: span.probability, confidence });
            });
        });
    }

    /// Scores every tag for every token of a run.
    fn score(&self, tokens: &[Token], run: &Range<usize>, scores: &mut Vec<PerTag>) {
        scores.clear();
        let mut keys = [0; TEMPLATES];
        for at in run.clone() {
            features::keys(tokens, at, &mut keys);
            let mut sums = [0; TAGS];
            self.table.add(&keys, &mut sums);
            #[expect(clippy::cast_precision_loss, reason = "a sum of forty bytes")]
            scores.push(sums.map(|sum| sum as f32 * self.scale));
        }
    }

    /// What a probability is worth, in percent, between the steps of the table.
    fn confidence(&self, kind: Kind, probability: f32) -> u8 {
        let Some(values) = self.calibration.get(kind as usize) else { return 0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 31")]
        let step = (probability.clamp(0.0, 1.0) * 31.99) as usize;
        values.get(step).copied().unwrap_or_default()
    }
}

/// The bytes of a span without the marks at its ends.
fn trimmed(tokens: &[Token]) -> Option<Range<usize>> {
    let first = tokens.iter().find(|token| token.mark() == 0)?;
    let last = tokens.iter().rev().find(|token| token.mark() == 0)?;
    Some(first.start as usize..last.end as usize)
}
