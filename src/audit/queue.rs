//! The bounded queue in front of the committer, and the places in it.
//!
//! A place is taken before an entry is handed over and given back when the entry has been written or refused. So what
//! waits, what is being written and what was promised to later outcomes is together never more than the bound (law 7), and
//! an outcome always finds room.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octroi_verify::entry::About;
use tokio::sync::oneshot;

use super::committer::now;
use super::log::{AuditError, Position};
use crate::limits::OUTCOME_PATIENCE;

/// An entry on its way to the disk.
pub(super) struct Item {
    /// Canonical JSON, without the envelope.
    pub(super) body: Vec<u8>,
    /// What it is about.
    pub(super) about: About,
    /// Whether it has a place, which goes back when it is written. The log's own entries have none.
    pub(super) placed: bool,
    /// Who waits for it; nobody for an entry that came through a slot.
    pub(super) reply: Option<oneshot::Sender<Result<Position, AuditError>>>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("bytes", &self.body.len()).field("about", &self.about).finish_non_exhaustive()
    }
}

impl Item {
    /// The same entry once more; nobody waits for it.
    pub(super) fn again(&self) -> Self {
        Self { body: self.body.clone(), about: self.about, placed: self.placed, reply: None }
    }
}

/// Why the committer woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// There are entries.
    Items,
    /// The time that it asked for has come.
    Due,
    /// Nothing waits and nothing will: the log is stopping.
    Stopped,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    places_max: usize,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Item>,
    /// How many of those somebody waits for.
    awaited: usize,
    places: usize,
    stopped: bool,
    /// Whom the next entry would wake.
    asleep: Asleep,
}

/// Whether the committer sleeps. Waking it is a call of the system, which nobody makes in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asleep {
    /// It is at work, or woken already.
    No,
    /// Until there is any entry.
    Idle,
    /// For the sake of entries that nobody waits for, until there is one that somebody does, or a full batch.
    Patient {
        /// Entries of a batch.
        count_max: usize,
    },
}

impl Queue {
    pub(super) fn new(places_max: usize) -> Self {
        let state = State { waiting: VecDeque::new(), awaited: 0, places: 0, stopped: false, asleep: Asleep::No };
        Self { state: Mutex::new(state), ready: Condvar::new(), places_max }
    }

    /// Takes a place.
    pub(super) fn take_place(&self) -> Result<(), AuditError> {
        let mut state = self.state();
        if state.stopped {
            return Err(AuditError::Closed);
        }
        if state.places >= self.places_max {
            return Err(AuditError::Full);
        }
        state.places = state.places.saturating_add(1);
        Ok(())
    }

    /// Gives places back.
    pub(super) fn give_back(&self, places: usize) {
        let mut state = self.state();
        state.places = state.places.saturating_sub(places);
    }

    /// Hands over an entry that has a place. Once the log has stopped the entry comes back.
    pub(super) fn push(&self, item: Item) -> Result<(), Item> {
        let mut state = self.state();
        if state.stopped {
            return Err(item);
        }
        state.awaited += usize::from(item.reply.is_some());
        state.waiting.push_back(item);
        let wakes = match state.asleep {
            Asleep::No => false,
            Asleep::Idle => true,
            Asleep::Patient { count_max } => state.awaited > 0 || state.waiting.len() >= count_max,
        };
        if wakes {
            state.asleep = Asleep::No;
        }
        drop(state);
        if wakes {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Waits until there is something to do, and takes at most `count_max` entries. What waited when the log was stopped is
    /// still handed out before [`Wake::Stopped`].
    ///
    /// Entries that nobody waits for are left for at most [`OUTCOME_PATIENCE`], so that they share the sync of the next
    /// decision: half as many syncs where requests come one by one.
    pub(super) fn drain(&self, count_max: usize, due: Option<Duration>, into: &mut VecDeque<Item>) -> Wake {
        let called = now();
        let mut patience_ends = None;
        let mut state = self.state();
        loop {
            let full = state.waiting.len() >= count_max;
            let (wait, wake, asleep) = if state.awaited > 0 || full || state.stopped {
                let wake = if state.waiting.is_empty() { Wake::Stopped } else { Wake::Items };
                (Some(Duration::ZERO), wake, Asleep::No)
            } else if state.waiting.is_empty() {
                (due.map(|due| due.saturating_sub(called.elapsed())), Wake::Due, Asleep::Idle)
            } else {
                let ends = *patience_ends.get_or_insert_with(|| now() + OUTCOME_PATIENCE);
                (Some(ends.saturating_duration_since(now())), Wake::Items, Asleep::Patient { count_max })
            };
            state.asleep = asleep;
            state = match wait {
                Some(Duration::ZERO) => {
                    state.asleep = Asleep::No;
                    let count = state.waiting.len().min(count_max);
                    into.extend(state.waiting.drain(..count));
                    state.awaited = state.waiting.iter().filter(|item| item.reply.is_some()).count();
                    return wake;
                }
                Some(wait) => self.ready.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None => self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Lets nothing more in.
    pub(super) fn stop(&self) {
        self.state().stopped = true;
        self.ready.notify_all();
    }

    /// A thread that panicked while it held the lock left the queue as it was: each change is one step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        let about = About { kind: octroi_verify::entry::Kind::Stop, request: None, refuses: false };
        Item { body: Vec::new(), about, placed: true, reply: None }
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let queue = Queue::new(2);
        assert_eq!([queue.take_place(), queue.take_place()], [Ok(()), Ok(())]);
        assert_eq!(queue.take_place(), Err(AuditError::Full));
        queue.give_back(1);
        assert_eq!(queue.take_place(), Ok(()));
    }

    #[test]
    fn what_nobody_waits_for_comes_with_what_somebody_waits_for() {
        let (queue, mut taken) = (Queue::new(8), VecDeque::new());
        queue.push(item()).unwrap();
        let (reply, _waits) = oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| queue.push(Item { reply: Some(reply), ..item() }));
            while taken.len() < 2 {
                assert_eq!(queue.drain(8, Some(Duration::ZERO), &mut taken), Wake::Items);
            }
        });
        queue.push(item()).unwrap();
        assert_eq!((queue.drain(8, None, &mut taken), taken.len()), (Wake::Items, 3), "alone after a while");
    }

    #[test]
    fn hands_out_what_waits_then_stops() {
        let queue = Queue::new(8);
        let mut taken = VecDeque::new();
        (0..3).for_each(|_| queue.push(item()).unwrap());
        assert_eq!((queue.drain(2, None, &mut taken), taken.len()), (Wake::Items, 2));
        queue.stop();
        assert!(queue.push(item()).is_err());
        assert_eq!(queue.take_place(), Err(AuditError::Closed));
        assert_eq!((queue.drain(2, None, &mut taken), taken.len()), (Wake::Items, 3));
        assert_eq!(queue.drain(2, None, &mut taken), Wake::Stopped);
        let idle = Queue::new(1);
        assert_eq!(idle.drain(1, Some(Duration::ZERO), &mut taken), Wake::Due);
    }
}
