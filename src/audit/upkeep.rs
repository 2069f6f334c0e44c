//! What the log records of itself while it runs: a heartbeat about once a minute, and a gap when it could write again.
//!
//! Silence in a log may be quiet, or a tail that was cut off; with heartbeats the two are told apart to the minute. They
//! carry what an auditor can count against the entries, and how far the clock that dates them may be off.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::body::own;
use super::clock;
use super::committer::now;
use super::outage::{Outage, OutageNote};
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
    /// Not before the first look: what waited for the start is taken with it.
    looked: Option<Instant>,
    /// Decisions written by this run.
    pub(super) decisions: u64,
    /// Entries that could not be written in this run.
    pub(super) refused: u64,
    /// When the storage failed, and the refused entries at that moment.
    failed: Option<(jiff::Timestamp, u64)>,
    /// Where that is noted for whoever opens the log next.
    note: OutageNote,
}

impl Upkeep {
    pub(super) fn new(interval: Duration, note: OutageNote) -> Self {
        Self { interval, beaten: now(), looked: None, decisions: 0, refused: 0, failed: None, note }
    }

    /// How long until there is something to do.
    pub(super) fn due(&self) -> Duration {
        let beat = self.interval.saturating_sub(self.beaten.elapsed());
        let look = |looked: Instant| LOOK_INTERVAL.min(self.interval).saturating_sub(looked.elapsed());
        beat.min(self.looked.map_or(Duration::ZERO, look))
    }

    /// The entries that are due.
    pub(super) fn entries(&mut self, open: usize) -> VecDeque<Item> {
        self.looked = Some(now());
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
        self.note();
    }

    /// Adds entries that were refused because the storage does not work.
    pub(super) fn refuse(&mut self, count: u64) {
        self.refused = self.refused.saturating_add(count);
        if count > 0 {
            self.note();
        }
    }

    fn note(&self) {
        if let Some((since, before)) = self.failed {
            self.note.note(Some(Outage { since, refused: self.refused.saturating_sub(before) }));
        }
    }

    /// The storage works again: the entry that says for how long it did not, as long as it is not written.
    pub(super) fn gap(&self) -> Option<Item> {
        let (since, before) = self.failed?;
        own(&gap(Outage { since, refused: self.refused.saturating_sub(before) })).ok()
    }

    /// The gap is in the log.
    pub(super) fn gap_told(&mut self) {
        if self.failed.take().is_some() {
            self.note.note(None);
        }
    }

    /// What an earlier run noted is in the log.
    pub(super) fn earlier_told(&self) {
        self.note.note(None);
    }
}

/// The entry of an outage.
pub(super) fn gap(outage: Outage) -> Entry {
    Entry::Gap(Gap {
        cause: Word::fixed("storage"),
        refused: outage.refused,
        since: Some(Word::configured(&format!("{:.9}", outage.since))),
    })
}
