//! What a gateway remembers of the counters in Redis: what each showed last, what is to be put right there, and its own places.
//!
//! While Redis is down a gateway takes its part of what was left when it answered last: the rest divided by the gateways that
//! were alive then. A counter of a day or a month that this gateway has not seen may be used up, so that nothing is taken of
//! it; one whose window began since is not used by anybody yet. A minute is over soon: of one that was not seen its part is
//! taken. Of requests at once each gateway has its part of the limit, and counts its own.
//!
//! INVARIANT: what is owed to a counter is kept until Redis has said that it took it, one sum for each counter, so that nothing
//! that was used is forgotten however long it is away. Every map has its bound in [`crate::limits`].

use std::collections::{HashMap, HashSet, VecDeque};

use super::store::{Answer, Line, Settled, Step, StoreError};
use super::window::KEPT_MS;
use crate::limits;

/// The name of a counter in Redis, its window included.
pub(super) type Key = Vec<u8>;

/// What this gateway remembers.
#[derive(Debug, Default)]
pub(super) struct Local {
    seen: HashMap<Key, Seen>,
    owed: HashMap<Key, Owed>,
    /// Places held here.
    leases: HashMap<Key, HashSet<u128>>,
    /// Places that were given back and not told yet, the oldest first. One that is not told ends by itself.
    freed: VecDeque<(Key, u128)>,
    /// When Redis answered last, in milliseconds since the epoch.
    answered_ms: Option<i64>,
    /// When room was made last.
    swept_ms: i64,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    last: u64,
    ends_ms: i64,
}

/// How much more, or less, was used than a counter in Redis shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) more: i64,
    pub(super) ends_ms: i64,
}

/// What is told to Redis in one go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) owed: Vec<(Key, Owed)>,
    pub(super) freed: Vec<(Key, u128)>,
}

impl Local {
    /// Redis answered.
    pub(super) fn answered(&mut self, now_ms: i64) {
        self.answered_ms = self.answered_ms.max(Some(now_ms));
    }

    /// Remembers what Redis showed of a step.
    pub(super) fn remember(&mut self, step: &Step, answer: &Answer, key: impl Fn(&Line) -> Key) {
        self.answered(step.now_ms);
        self.make_room(step.now_ms);
        for (line, (current, _)) in step.lines.iter().zip(&answer.seen) {
            let key = key(line);
            if line.window.held {
                if answer.taken {
                    self.leases.entry(key).or_default().insert(step.lease);
                }
            } else if self.seen.len() < limits::QUOTA_REMEMBERED_MAX || self.seen.contains_key(&key) {
                self.seen.insert(key, Seen { last: *current, ends_ms: line.window.ends_ms });
            }
        }
    }

    /// Takes a step of this gateway's part of what was left last.
    ///
    /// # Errors
    /// Where nothing is known of what was left, or too much waits to be told.
    pub(super) fn take(
        &mut self,
        step: &Step,
        gateways: u64,
        key: impl Fn(&Line, i64) -> Key,
    ) -> Result<Answer, StoreError> {
        self.make_room(step.now_ms);
        let mut parts = Vec::with_capacity(step.lines.len());
        for line in &step.lines {
            parts.push(self.part(line, gateways.max(1), &key)?);
        }
        let fits = |(line, (used, part)): (&Line, &(u64, u64))| used.saturating_add(line.amount) <= *part;
        let taken = step.lines.iter().zip(&parts).all(fits);
        let keys: Vec<Key> = step.lines.iter().map(|line| key(line, line.window.number)).collect();
        if taken {
            let new = keys.iter().filter(|key| !self.owed.contains_key(*key)).count();
            if self.owed.len().saturating_add(new) > limits::QUOTA_OWED_MAX {
                return Err(StoreError::Full);
            }
            for (line, key) in step.lines.iter().zip(keys) {
                if line.window.held {
                    self.leases.entry(key).or_default().insert(step.lease);
                } else {
                    self.owe(&key, i64::try_from(line.amount).unwrap_or(i64::MAX), line.window.ends_ms);
                }
            }
        }
        // What is beyond the part of this gateway is as good as used.
        let seen = step.lines.iter().zip(parts).map(|(line, (used, part))| {
            let used = if taken { used.saturating_add(line.amount) } else { used };
            (used.saturating_add(line.limit.saturating_sub(part)), 0)
        });
        Ok(Answer { taken, seen: seen.collect() })
    }

    /// What is used of a line as far as this gateway knows, and how far it may go.
    fn part(&self, line: &Line, gateways: u64, key: &impl Fn(&Line, i64) -> Key) -> Result<(u64, u64), StoreError> {
        let own = key(line, line.window.number);
        let Some(answered_ms) = self.answered_ms else { return Err(StoreError::Unavailable) };
        if line.window.held {
            let held = self.leases.get(&own).map_or(0, |held| held.len() as u64);
            return Ok((held, line.limit / gateways));
        }
        let began_since = line.window.begins_ms > answered_ms;
        if !(began_since || line.what.is_of_a_minute() || self.seen.contains_key(&own)) {
            return Err(StoreError::Unavailable);
        }
        let last = |key: &Key| self.seen.get(key).map_or(0, |seen| seen.last);
        let owed = |key: &Key| self.owed.get(key).map_or(0, |owed| owed.more);
        let before = key(line, line.window.number - 1);
        let then = line.window.used(last(&own), last(&before));
        let now = (last(&own).saturating_add_signed(owed(&own)), last(&before).saturating_add_signed(owed(&before)));
        Ok((line.window.used(now.0, now.1), then.saturating_add(line.limit.saturating_sub(then) / gateways)))
    }

    /// Puts right what was taken, and gives places back.
    pub(super) fn settle(&mut self, settled: &Settled, key: impl Fn(&Line) -> Key) {
        for (line, more) in &settled.lines {
            let key = key(line);
            if !line.window.held {
                self.owe(&key, *more, line.window.ends_ms);
                continue;
            }
            if let Some(held) = self.leases.get_mut(&key) {
                held.remove(&settled.lease);
                if held.is_empty() {
                    self.leases.remove(&key);
                }
            }
            if self.freed.len() >= limits::QUOTA_FREED_MAX {
                self.freed.pop_front();
            }
            self.freed.push_back((key, settled.lease));
        }
    }

    fn owe(&mut self, key: &[u8], more: i64, ends_ms: i64) {
        if more == 0 {
            return;
        }
        let Some(owed) = self.owed.get_mut(key) else {
            self.owed.insert(key.to_vec(), Owed { more, ends_ms });
            return;
        };
        owed.more = owed.more.saturating_add(more);
        if owed.more == 0 {
            self.owed.remove(key);
        }
    }

    /// Whether too much waits to be told.
    pub(super) fn is_full(&self) -> bool {
        self.owed.len() > limits::QUOTA_OWED_MAX
    }

    /// What is to be told next; it stays until [`Local::told`].
    pub(super) fn batch(&self) -> Option<Batch> {
        let owed = self.owed.iter().take(limits::QUOTA_SENT_MAX).map(|(key, owed)| (key.clone(), *owed));
        let freed = self.freed.iter().take(limits::QUOTA_SENT_MAX).cloned();
        let batch = Batch { owed: owed.collect(), freed: freed.collect() };
        (batch != Batch::default()).then_some(batch)
    }

    /// Redis has taken a batch.
    pub(super) fn told(&mut self, batch: Batch) {
        for (key, told) in batch.owed {
            if let Some(seen) = self.seen.get_mut(&key) {
                seen.last = seen.last.saturating_add_signed(told.more);
            }
            self.owe(&key, told.more.saturating_neg(), told.ends_ms);
        }
        for freed in batch.freed {
            // Others may have been pushed out meanwhile.
            if self.freed.front() == Some(&freed) {
                self.freed.pop_front();
            }
        }
    }

    /// The places that are held here.
    pub(super) fn leases(&self) -> Vec<(Key, u128)> {
        let each = self.leases.iter().flat_map(|(key, held)| held.iter().map(|lease| (key.clone(), *lease)));
        each.collect()
    }

    /// Throws away what no window looks at any more, where room is wanted; once a second, since it looks at all there is.
    fn make_room(&mut self, now_ms: i64) {
        let full = self.seen.len() >= limits::QUOTA_REMEMBERED_MAX || self.owed.len() >= limits::QUOTA_OWED_MAX / 2;
        if full && now_ms.saturating_sub(self.swept_ms) >= 1_000 {
            self.swept_ms = now_ms;
            self.seen.retain(|_, seen| seen.ends_ms.saturating_add(KEPT_MS) > now_ms);
            self.owed.retain(|_, owed| owed.ends_ms.saturating_add(KEPT_MS) > now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Whose;
    use crate::quota::window::{What, Window};

    const NOON: i64 = 20_000 * 86_400_000 + 43_200_000;
    const DAY: i64 = 86_400_000;

    fn step(name: &str, what: What, (limit, amount): (u64, u64), (now_ms, lease): (i64, u128)) -> Step {
        let (key, window) = (Arc::from(name), Window::at(what, now_ms));
        Step { now_ms, lease, lines: vec![Line { of: Whose::App, what, key, limit, amount, window }] }
    }

    fn key(line: &Line, number: i64) -> Key {
        format!("{}:{number}", line.key).into_bytes()
    }

    fn key_now(line: &Line) -> Key {
        key(line, line.window.number)
    }

    fn used(local: &mut Local, step: &Step, more: i64) {
        let lines = step.lines.iter().map(|line| (line.clone(), more)).collect();
        local.settle(&Settled { lease: step.lease, lines }, key_now);
    }

    /// What may be taken at an instant of a limit of 100 that two gateways share, one by one.
    fn takes(local: &mut Local, name: &str, what: What, now_ms: i64) -> Result<u64, StoreError> {
        let mut taken = 0;
        while local.take(&step(name, what, (100, 1), (now_ms, taken.into())), 2, key)?.taken {
            taken += 1;
        }
        Ok(taken)
    }

    #[test]
    fn a_part_of_what_was_left_and_nothing_of_what_nobody_knows() {
        let seen = |what| {
            let mut local = Local::default();
            let there = step("seen", what, (100, 1), (NOON, 1_000));
            local.remember(&there, &Answer { taken: true, seen: vec![(40, 0)] }, key_now);
            local
        };
        for (name, what, counter, now_ms, taken) in [
            ("a day that was seen", What::OutputDay, "seen", NOON + 1, Ok(30)),
            ("a day that was not", What::OutputDay, "other", NOON + 1, Err(StoreError::Unavailable)),
            ("a month that was not", What::MoneyMonth, "other", NOON + 1, Err(StoreError::Unavailable)),
            ("a day that began since", What::OutputDay, "other", NOON + DAY, Ok(50)),
            ("a minute that was seen", What::InputMinute, "seen", NOON + 1, Ok(30)),
            ("a minute that was not", What::InputMinute, "other", NOON + 1, Ok(50)),
            ("the minute after one that was seen", What::RequestsMinute, "seen", NOON + 60_000, Ok(30)),
            ("requests at once, one of them here", What::Concurrent, "seen", NOON + 1, Ok(49)),
        ] {
            assert_eq!(takes(&mut seen(what), counter, what, now_ms), taken, "{name}");
        }
        let never = takes(&mut Local::default(), "x", What::InputMinute, NOON);
        assert_eq!(never, Err(StoreError::Unavailable), "it never answered");
    }

    /// Places are counted by who is there, and not by who was.
    #[test]
    fn places_that_are_given_back_are_free() {
        let mut local = Local::default();
        local.answered(NOON);
        for lease in 0..100 {
            let asked = |lease| step("x", What::Concurrent, (2, 1), (NOON + 1, lease));
            assert!(local.take(&asked(lease), 2, key).unwrap().taken, "{lease}");
            assert!(!local.take(&asked(1_000), 2, key).unwrap().taken);
            used(&mut local, &asked(lease), 0);
        }
        assert!(local.leases().is_empty());
    }

    /// One sum for each counter; what Redis did not take waits, and what it took is not told again.
    #[test]
    fn what_is_owed_is_told_once() {
        let mut local = Local::default();
        local.answered(NOON);
        let asked = step("x", What::InputMinute, (100, 20), (NOON + 1, 7));
        for _ in 0..2 {
            assert!(local.take(&asked, 1, key).unwrap().taken);
            used(&mut local, &asked, -5);
        }
        let batch = local.batch().unwrap();
        assert_eq!((batch.owed.len(), batch.owed[0].1.more), (1, 30));
        used(&mut local, &asked, 1);
        assert_eq!(local.batch().unwrap().owed[0].1.more, 31, "it was not taken");
        local.told(batch);
        let rest = local.batch().unwrap();
        assert_eq!(rest.owed[0].1.more, 1);
        local.told(rest);
        assert!(local.batch().is_none());
    }

    /// However long it is away and however many ask, what is remembered has its bound, and what was taken is not forgotten.
    #[test]
    fn an_outage_fills_no_memory() {
        let mut local = Local::default();
        local.answered(NOON);
        let asked = |number: usize, now_ms| step(&format!("{number}"), What::InputMinute, (100, 1), (now_ms, 0));
        let taken = (0..limits::QUOTA_OWED_MAX + 1_000).map(|number| local.take(&asked(number, NOON + 1), 1, key));
        let taken = taken.flatten().count();
        assert_eq!((taken, local.owed.len()), (limits::QUOTA_OWED_MAX, limits::QUOTA_OWED_MAX));
        assert!(local.take(&asked(0, NOON + 1), 1, key).unwrap().taken, "whoever is there already is counted on");
        let later = NOON + 60_000 + KEPT_MS;
        assert!(local.take(&asked(0, later), 1, key).unwrap().taken && local.owed.len() == 1, "minutes end");
        for number in 0..limits::QUOTA_FREED_MAX + 10 {
            used(&mut local, &step("x", What::Concurrent, (1, 1), (NOON, number as u128)), 0);
        }
        assert_eq!(local.freed.len(), limits::QUOTA_FREED_MAX);
        for number in 0..limits::QUOTA_REMEMBERED_MAX + 10 {
            local.remember(&asked(number, NOON), &Answer { taken: true, seen: vec![(1, 0)] }, key_now);
        }
        assert_eq!(local.seen.len(), limits::QUOTA_REMEMBERED_MAX);
    }
}
