//! What a long text was found to hold is remembered, so that an agent's history is scanned once and not at every turn.
//!
//! Remembered is what depends on one text and the key it stands under alone: places, types, confidences, and never a byte of
//! the text. Neighbours read joined, names and values known elsewhere, and overlaps are looked at in every turn, so that what
//! is remembered and what is scanned afresh lead to the same findings. The memory itself is state and lives outside: whoever
//! keeps it decides under which secret and for whom.

use std::ops::Range;
use std::sync::Arc;

use super::page::Hit;

/// Bytes of a text from which looking it up is cheaper than reading it.
pub(super) const BLOCK_BYTES_MIN: usize = 512;

/// A text to be looked up. Its identity is all three.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    /// The text.
    pub text: &'a str,
    /// The key that it stands under.
    pub key: Option<&'a str>,
    /// Which detectors read it.
    pub engine: u64,
}

impl std::fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} bytes)", self.text.len())
    }
}

/// What one text holds: places and types, no text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    pub(super) hits: Box<[Place]>,
    /// Places that were looked at to find them.
    pub(super) places: usize,
    /// Whether the text has a normalised view of its own.
    pub(super) viewed: bool,
    /// Whether a run of it decodes to another text.
    pub(super) encoded: bool,
}

/// A finding, in the view and in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) detector: u16,
    pub(super) confidence: u8,
    pub(super) view: Range<u32>,
    pub(super) own: Range<u32>,
}

impl Remembered {
    /// Bytes that it takes to remember this.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.hits)
    }

    /// The hits in the offsets of the view.
    pub(super) fn seen(&self) -> Vec<Hit> {
        self.hits.iter().map(|place| place.hit(&place.view)).collect()
    }

    /// The hits in the offsets of the text.
    pub(super) fn found(&self) -> Vec<Hit> {
        self.hits.iter().map(|place| place.hit(&place.own)).collect()
    }
}

impl Place {
    /// Brings together where a hit lies in the view and in the text; `None` for a text of more than 4 GiB.
    pub(super) fn new(seen: &Hit, found: &Hit) -> Option<Self> {
        let small = |range: &Range<usize>| Some(u32::try_from(range.start).ok()?..u32::try_from(range.end).ok()?);
        Some(Self {
            detector: seen.detector,
            confidence: seen.confidence,
            view: small(&seen.range)?,
            own: small(&found.range)?,
        })
    }

    fn hit(&self, range: &Range<u32>) -> Hit {
        Hit { detector: self.detector, range: range.start as usize..range.end as usize, confidence: self.confidence }
    }
}

/// Keeps what texts were found to hold. May forget at any time.
pub trait Memory: std::fmt::Debug + Send + Sync {
    /// What a text was found to hold, if that is still known.
    fn recall(&self, block: &Block<'_>) -> Option<Arc<Remembered>>;

    /// Keeps what a text was found to hold.
    fn keep(&self, block: &Block<'_>, found: Remembered);
}
