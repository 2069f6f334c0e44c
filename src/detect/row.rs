//! One pattern of the data files: what it matches, its check digit, and how sure a match is with context and without.
//!
//! It reads a candidate that [`super::rows`] found, and never looks for one.

use std::ops::Range;

use smallvec::SmallVec;

use super::engine::CONFIDENCE_MIN;
use super::near::Near;
use super::page::Page;
use super::rows::parse;
use super::source::{Fault, RawPattern};
use super::validate::{self, Candidate, Validator, Verdict};

/// Bytes of a prefix that are compared.
pub(super) const PREFIX_BYTES_MAX: usize = 32;
/// What `~` stands for in a pattern: one separator or none. The view has turned other blanks and dashes into these.
const SEPARATOR: &str = r"[ \t\n./_-]?";

/// One row, ready to run.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number in the engine.
    pub(super) detector: u16,
    pub(super) pattern: Box<str>,
    pub(super) prefix: Vec<String>,
    pub(super) validator: Option<Validator>,
    pub(super) confidence: u8,
    pub(super) with_context: u8,
    reach_bytes: Option<u8>,
    /// How values begin that the issuer itself prints.
    published: Vec<String>,
}

impl Row {
    /// Resolves a row as written; every fault of it but those of its pattern is reported.
    pub(super) fn resolve(raw: &RawPattern, detector: u16) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let validator = raw.validator.as_deref().and_then(validate::named);
        if let (Some(name), None) = (&raw.validator, validator) {
            faults.push(Fault::UnknownValidator(name.clone()));
        }
        let with_context = raw.with_context.unwrap_or(raw.confidence);
        if with_context > 100 || with_context < raw.confidence {
            faults.push(Fault::Confidence);
        }
        if raw.examples.is_empty() || raw.counter_examples.is_empty() {
            faults.push(Fault::NoExamples);
        }
        let lengths = 3..=PREFIX_BYTES_MAX;
        faults.extend(raw.prefix.iter().filter(|prefix| !lengths.contains(&prefix.len())).cloned().map(Fault::Prefix));
        let pattern = raw.pattern.replace('~', SEPARATOR);
        faults.extend(parse(&pattern).err());
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            detector,
            pattern: pattern.into(),
            prefix: raw.prefix.clone(),
            validator,
            confidence: raw.confidence,
            with_context,
            reach_bytes: raw.reach,
            published: raw.published.clone(),
        })
    }

    /// The confidence in a candidate, `None` when it is none.
    pub(super) fn judge(
        &self,
        page: &Page<'_>,
        (range, raw): (&Range<usize>, &str),
        compact: &mut Compact,
        near: &mut Near<'_>,
    ) -> Option<u8> {
        if self.published.iter().any(|beginning| raw.starts_with(beginning.as_str())) {
            return None;
        }
        // Without context it would be no finding.
        let needed = self.confidence < CONFIDENCE_MIN;
        if needed && (self.with_context < CONFIDENCE_MIN || near.is_far(range, self.detector)) {
            return None;
        }
        let verdict = self.validator.map_or(Verdict::Right, |validator| {
            let before = [page.before(range.start.saturating_sub(1)), page.before(range.start)];
            validator(&Candidate { raw, compact: compact.up_to(page.text.as_bytes(), range.end), before })
        });
        let alone = match verdict {
            Verdict::Wrong => return None,
            Verdict::Weak => self.confidence.min(CONFIDENCE_MIN - 1),
            Verdict::Right => self.confidence,
        };
        let nearby = (needed || self.with_context > alone)
            && near.is_within(page, range, (self.detector, self.reach_bytes.map_or(usize::MAX, usize::from)));
        match (nearby, needed) {
            (false, true) => None,
            (true, _) => Some(self.with_context),
            (false, false) => Some(alone),
        }
    }
}

/// The letters and digits of a candidate, in capitals: those of a shorter end begin those of a longer one, so that each place
/// is read once.
#[derive(Debug, Default)]
pub(super) struct Compact {
    symbols: SmallVec<[u8; 64]>,
    /// Where reading goes on.
    read: usize,
    pub(super) start: usize,
}

impl Compact {
    pub(super) fn at(start: usize) -> Self {
        Self { start, read: start, ..Self::default() }
    }

    /// What stands from the start to an end.
    fn up_to(&mut self, bytes: &[u8], end: usize) -> &[u8] {
        let is_symbol = |byte: &&u8| byte.is_ascii_alphanumeric();
        if let Some(fresh) = bytes.get(self.read..end) {
            self.symbols.extend(fresh.iter().filter(is_symbol).map(u8::to_ascii_uppercase));
            self.read = end;
            return &self.symbols;
        }
        let behind = bytes.get(end..self.read).unwrap_or_default().iter().filter(is_symbol).count();
        self.symbols.get(..self.symbols.len().saturating_sub(behind)).unwrap_or_default()
    }
}
