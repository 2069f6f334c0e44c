//! What the log records of itself while it runs: a heartbeat about once a minute, and a gap when it could write again.
//!
//! Silence in a log may be quiet, or a tail that was cut off; with heartbeats the two are told apart to the minute. They
//! carry what an auditor can count against the entries, and how far the clock that dates them may be off.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::body::own;
use super::clock;
use super::committer::now;
use super::queue::Item;
use crate::model::Word;
use crate::model::entry::{Entry, Gap, Heartbeat};

/// Time between two looks at what waits to be recorded.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Counts of one run, and when the next entry is due.
#[derive(Debug)]
pub(super) struct Upkeep {
    interval: Duration,
    beaten: Instant,
    looked: Instant,
    /// Decisions written by this run.
    pub(super) decisions: u64,
    /// Entries that could not be written in this run.
    pub(super) refused: u64,
    /// When the storage failed, and the refused entries at that moment.
    failed: Option<(jiff::Timestamp, u64)>,
}

impl Upkeep {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, beaten: now(), looked: now(), decisions: 0, refused: 0, failed: None }
    }

    /// How long until there is something to do.
    pub(super) fn due(&self) -> Duration {
        let beat = self.interval.saturating_sub(self.beaten.elapsed());
        beat.min(LOOK_INTERVAL.min(self.interval).saturating_sub(self.looked.elapsed()))
    }

    /// The entries that are due.
    pub(super) fn entries(&mut self, open: usize) -> VecDeque<Item> {
        self.looked = now();
        let mut entries = VecDeque::new();
        if self.beaten.elapsed() >= self.interval {
            self.beaten = now();
            let (clock, error) = clock::state();
            let beat = Heartbeat {
                clock: Word::fixed(clock),
                clock_error_us: error,
                decisions: self.decisions,
                open: open as u64,
                refused: self.refused,
            };
            entries.extend(own(&Entry::Heartbeat(beat)));
        }
        entries
    }

    /// The storage failed.
    pub(super) fn failed(&mut self, at: jiff::Timestamp) {
        self.failed.get_or_insert((at, self.refused));
    }

    /// The storage works again: the entry that says for how long it did not, as long as it is not written.
    pub(super) fn gap(&self) -> Option<Item> {
        let (at, refused) = self.failed?;
        own(&Entry::Gap(Gap {
            cause: Word::fixed("storage"),
            refused: self.refused.saturating_sub(refused),
            since: Some(Word::configured(&format!("{at:.9}"))),
        }))
        .ok()
    }

    /// The gap is in the log.
    pub(super) fn gap_told(&mut self) {
        self.failed = None;
    }
}
