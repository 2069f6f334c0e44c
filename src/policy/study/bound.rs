//! What is certain of an atom while part of a request is still open.

use crate::model::Certainty;

/// Bounds of a certainty over all that is still open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) least: Certainty,
    pub(super) most: Certainty,
}

impl Bound {
    pub(super) const TRUE: Self = Self { least: Certainty::TRUE, most: Certainty::TRUE };
    pub(super) const FALSE: Self = Self { least: Certainty::FALSE, most: Certainty::FALSE };

    pub(super) fn and(self, other: Self) -> Self {
        Self { least: self.least.and(other.least), most: self.most.and(other.most) }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { least: self.least.or(other.least), most: self.most.or(other.most) }
    }

    pub(super) fn negated(self) -> Self {
        Self { least: self.most.negated(), most: self.least.negated() }
    }
}
