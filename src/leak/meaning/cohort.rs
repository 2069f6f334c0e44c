//! The neighbours of each row among other documents, kept as documents come and go.
//!
//! A row's list holds the 50 highest scores that rows of other documents have with it; places that nothing has taken hold the
//! prior. A document that comes is compared with every row before it, and both sides' lists take what is nearer; one that goes
//! has the lists computed anew that it was in. Versions of one document count once, as they do for the words. What is kept is
//! what a computation from nothing gives: a property holds it to that.

use super::{COHORT, PRIOR};

/// The nearest scores of a row, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nearest([i16; COHORT]);

impl Default for Nearest {
    fn default() -> Self {
        Self([PRIOR; COHORT])
    }
}

impl Nearest {
    /// What a score must exceed to be among them.
    pub(super) fn floor(&self) -> i16 {
        self.0.first().copied().unwrap_or(PRIOR)
    }

    /// Takes a score if it is among the nearest.
    pub(super) fn take(&mut self, score: i16) {
        let at = self.0.partition_point(|held| *held < score);
        let Some(lower) = self.0.get_mut(..at).filter(|lower| !lower.is_empty()) else { return };
        lower.rotate_left(1);
        if let Some(last) = lower.last_mut() {
            *last = score;
        }
    }

    /// Their mean, rounded towards zero.
    pub(super) fn mean(&self) -> i32 {
        let sum: i32 = self.0.iter().map(|score| i32::from(*score)).sum();
        sum / i32::try_from(COHORT).unwrap_or(1)
    }
}

/// A dot product as lists keep it: those of unit vectors fit.
pub(super) fn kept(score: i32) -> i16 {
    i16::try_from(score.clamp(i32::from(i16::MIN), i32::from(i16::MAX))).unwrap_or(i16::MAX)
}
