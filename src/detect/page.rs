//! What the detectors share: the text they read, the place that woke one of them, and where findings go.

use std::ops::Range;

use crate::limits::{FINDINGS_MAX, SCAN_PLACES_MAX};

/// One text as the detectors see it: normalised, with the key it stands under.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// The text; all ranges are bytes of it.
    pub(super) text: &'a str,
    /// The key it stands under, if that says something.
    pub(super) key: Option<&'a str>,
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page({} bytes)", self.text.len())
    }
}

impl Page<'_> {
    /// The byte at an offset, 0 outside the text.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The byte before an offset, 0 at the start.
    pub(super) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |at| self.byte(at))
    }

    /// Whether a byte stands in the text: a search that costs next to nothing, before a reader that cannot do without it.
    pub(super) fn holds(&self, byte: u8) -> bool {
        memchr::memchr(byte, self.text.as_bytes()).is_some()
    }

    /// The lines, without what ends them.
    pub(super) fn lines(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        memchr::memchr_iter(b'\n', self.text.as_bytes()).chain([self.text.len()]).map(move |end| {
            let line = start..if end > start && self.before(end) == b'\r' { end - 1 } else { end };
            start = end + 1;
            line
        })
    }

    /// Walks right from `at` while bytes satisfy the predicate, at most `limit` of them.
    pub(super) fn right(&self, at: usize, limit: usize, keep: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take(limit).take_while(|&&byte| keep(byte)).count()
    }

    /// Walks left from `at` while bytes satisfy the predicate, at most `limit` of them.
    pub(super) fn left(&self, at: usize, limit: usize, keep: impl Fn(u8) -> bool) -> usize {
        let head = self.text.as_bytes().get(..at).unwrap_or_default();
        at - head.iter().rev().take(limit).take_while(|&&byte| keep(byte)).count()
    }
}

/// The place that woke a detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// A byte that the detector named.
    Byte(usize),
    /// The start of a literal that the detector named.
    Literal(usize),
    /// A whole run of ASCII letters and digits that holds a digit.
    Number(Range<usize>),
    /// A UUID.
    Uuid(Range<usize>),
}

/// What wakes a detector. One pass over the text finds all of these places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// A byte that is rare in text.
    Byte(u8),
    /// Literals of three bytes and more.
    Literals(&'static [&'static str]),
    /// A run of letters and digits that holds a digit.
    Number,
    /// A UUID, whose runs are no numbers.
    Uuid,
}

/// A finding in the view's offsets; `detector` is its number in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) detector: u16,
    pub(super) range: Range<usize>,
    pub(super) confidence: u8,
}

/// What a request has used of its budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Hits that were kept.
    pub(super) hits: usize,
    /// Places that were looked at.
    pub(super) places: usize,
}

/// Collects hits up to a budget.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) hits: Vec<Hit>,
    /// Set when a hit or a place had to be left out: the scan is then partial.
    pub(super) full: bool,
    /// Set when a run of the text decoded to another.
    pub(super) encoded: bool,
    /// Places that were looked at for this sink.
    pub(super) places: usize,
    places_max: usize,
    budget: usize,
}

impl Sink {
    /// An empty sink for as many hits and places as a request may still have.
    pub(super) fn new(used: Used) -> Self {
        let budget = FINDINGS_MAX.saturating_sub(used.hits);
        Self {
            hits: Vec::new(),
            full: false,
            encoded: false,
            places: 0,
            places_max: SCAN_PLACES_MAX.saturating_sub(used.places),
            budget,
        }
    }

    /// An empty sink for what is decoded from a stretch of the text: its hits do not count, its places do.
    pub(super) fn inner(&self) -> Self {
        let places_max = self.places_max.saturating_sub(self.places);
        Self { hits: Vec::new(), full: false, encoded: false, places: 0, places_max, budget: FINDINGS_MAX }
    }

    /// Whether one more place may be looked at.
    pub(super) fn look(&mut self) -> bool {
        let may = self.places < self.places_max;
        self.places += usize::from(may);
        self.full |= !may;
        may
    }

    /// Notes a hit.
    pub(super) fn push(&mut self, detector: u16, range: Range<usize>, confidence: u8) {
        if range.is_empty() {
            return;
        }
        if self.hits.len() >= self.budget {
            self.full = true;
            return;
        }
        self.hits.push(Hit { detector, range, confidence });
    }
}

/// Where one detector reports.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) sink: &'a mut Sink,
    pub(super) detector: u16,
}

impl Report<'_> {
    /// Reports a finding with a confidence of 0 to 100.
    pub(super) fn push(&mut self, range: Range<usize>, confidence: u8) {
        self.sink.push(self.detector, range, confidence);
    }
}
