//! Two policies over time: what a newer one makes possible today, and on each day on which either changes by itself.
//!
//! A window that opens next month, a certificate whose new evidence reaches further: neither shows today, and whoever signs
//! today signs it. So the two are compared at every instant at which a truth, a window or an exception of either begins or
//! ends. Instants at which nothing that decides is other than before are passed over.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::Policy;
use super::super::resolved::Resolved;
use super::Study;
use super::diff::{self, GivenUp, Opened};
use super::search::{Effort, Looked};
use super::side::Side;
use crate::model::Word;

/// Instants that are looked at; beyond it what lies later is undecided.
const INSTANTS_MAX: usize = 64;

/// Differences in both directions.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) opened: Dated,
    pub(super) refused: Dated,
}

/// Differences, each with the day from which it shows; none for today.
#[derive(Debug, Default)]
pub(super) struct Dated {
    pub(super) changes: Vec<(Option<Date>, diff::Change)>,
    pub(super) undecided: Vec<GivenUp>,
    seen: BTreeSet<(Option<Word>, Word, diff::Kind)>,
}

impl Dated {
    /// Adds what an instant shows; what showed before is told once.
    fn add(&mut self, day: Option<Date>, opened: Opened) {
        for change in opened.changes {
            if self.seen.insert((change.backend.clone(), change.cause.clone(), change.kind)) {
                self.changes.push((day, change));
            }
        }
        for what in opened.undecided {
            self.give_up(what);
        }
    }

    /// Adds a search that was given up, once, whatever the instants.
    fn give_up(&mut self, one: GivenUp) {
        if !self.undecided.iter().any(|known| known.what == one.what) {
            self.undecided.push(one);
        }
    }
}

/// A study as it stands at another instant.
struct Then {
    policy: Policy,
    today: Resolved,
}

impl Study {
    /// What a newer policy makes possible, and what it refuses, now and later.
    pub(super) fn changes(&self, new: &Self, watch: &dyn Fn(Looked)) -> Changes {
        let mut changes = Changes::default();
        let mut instants = self.instants();
        instants.extend(new.instants());
        let more = instants.len() > INSTANTS_MAX;
        let mut before: Option<String> = None;
        let backends = self.policy.backends().len() + new.policy.backends().len();
        let effort = Effort::new((instants.len().min(INSTANTS_MAX) + 1) * backends, watch);
        for instant in [self.now].into_iter().chain(instants.into_iter().take(INSTANTS_MAX)) {
            let (Some(old), Some(new)) = (self.then(instant), new.then(instant)) else {
                changes.opened.give_up(GivenUp { what: instant.to_string(), looked: None });
                continue;
            };
            let decides = format!("{}{}", old.decides(), new.decides());
            if before.as_ref() == Some(&decides) {
                effort.compared(backends);
                continue;
            }
            before = Some(decides);
            let day = (instant != self.now).then(|| self.gathered.day(instant));
            let (old, new) = (old.side(instant), new.side(instant));
            changes.opened.add(day, diff::opened(old, new, &effort));
            changes.refused.add(day, diff::opened(new, old, &effort));
        }
        if more {
            changes.opened.give_up(GivenUp { what: format!("> {INSTANTS_MAX}"), looked: None });
        }
        changes
    }

    /// The instants to come at which something begins or ends, one more than are looked at.
    fn instants(&self) -> BTreeSet<Timestamp> {
        let next = |at: &Timestamp| self.gathered.next_change(*at);
        std::iter::successors(next(&self.now), next).take(INSTANTS_MAX + 1).collect()
    }

    fn then(&self, instant: Timestamp) -> Option<Then> {
        let policy = self.gathered.policy(&self.catalogue, &self.vocabulary, instant).ok()?;
        Some(Then { policy, today: self.gathered.resolved.on(self.gathered.today(instant)) })
    }
}

impl Then {
    fn side(&self, now: Timestamp) -> Side<'_> {
        Side { policy: &self.policy, today: &self.today, now, told: false }
    }

    /// All that a decision rests on, as text.
    fn decides(&self) -> String {
        let backends: Vec<_> = self.policy.backends().iter().map(|backend| (backend.tier, &backend.binding)).collect();
        format!("{:?}{backends:?}{:?}", self.policy.program(), self.policy.labels())
    }
}
