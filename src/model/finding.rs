//! What the detectors found, by place and kind. A finding holds offsets, never the value.

use std::ops::Range;

use super::{EntityId, Word};

/// One detected value: where it is and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub entity: EntityId,
    /// Index into [`super::Call::fields`].
    pub field: u32,
    /// Byte range in the field's decoded text, half-open, on character boundaries.
    pub range: Range<u32>,
    /// 0 to 100: *possibly* from 50, *surely* from 80.
    pub confidence: u8,
    /// The detector that found it.
    pub detector: Word,
}

/// Confidence from which a finding counts as *possibly* there.
pub const POSSIBLY: u8 = 50;
/// Confidence from which a finding counts as *surely* there.
pub const SURELY: u8 = 80;

/// Whether the whole request was read by every detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ScanStatus {
    /// Every field that can be read was read.
    #[default]
    Complete,
    /// A budget ran out: what was not read may hold anything.
    Partial,
    /// The scan did not take place.
    Failed,
}

impl ScanStatus {
    /// The word used in records and sheets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// What was read, counted from what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Fields of the call.
    pub leaves: u32,
    /// Fields that the detectors read.
    pub scanned: u32,
    /// Bytes of decoded text that the detectors read.
    pub bytes: u64,
    /// Fields at paths that no table names.
    pub unknown: u32,
    /// Fields that cannot be read (role `binary`, `reference`).
    pub unreadable: u32,
}

/// The result of inspecting one call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Sorted by field, then start, then longest first. Ranges may overlap; a type that another finding of the same
    /// range explains (a SIREN within a SIRET) has been left out.
    pub list: Vec<Finding>,
    /// Whether all was read.
    pub scan: ScanStatus,
    /// What was read.
    pub coverage: Coverage,
}
