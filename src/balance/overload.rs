//! How many requests the gateway works on at one time: a limit that follows how long its own work takes.
//!
//! Beyond what the processors can do, every further request makes all of them wait, and past some point nobody is served in
//! time. So the time of the gateway's own work (parse, inspect, decide; no backend's time is in it) is held against what the
//! same work takes when nothing else is done: the least that was seen for bodies of about that size. When more than a tenth
//! of a window took longer than that by the target, the limit falls to four fifths of what was in work; while it is made use of
//! and all goes well, it grows by a twentieth (additive increase and multiplicative decrease, as TCP does, on delay instead of
//! loss, as Vegas does). What is turned away costs next to nothing and is told when to come back.
//!
//! Batches get three quarters of the limit: interactive work is still taken on when they are not.

use super::{Micros, Priority};

/// The limit, and what it is found by.
#[derive(Debug, Clone)]
pub struct Limit {
    at: f64,
    bounds: Bounds,
    /// Least time of work on bodies of a size, in microseconds; by the size's binary logarithm.
    unloaded: [f64; SIZES],
    window: Window,
}

/// Between what, and for what the limit is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The limit never falls below it.
    pub least: usize,
    /// The limit never grows beyond it.
    pub most: usize,
    /// Time that work may take longer than when nothing else is done.
    pub target: Micros,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    began: Option<Micros>,
    ended: u32,
    slow: u32,
    /// Most that were in work at one time.
    peak: usize,
}

/// Sizes that are told apart: up to 2^31 bytes.
const SIZES: usize = 32;
/// Length of a window at least …
const WINDOW: Micros = 250_000;
/// … and requests in it at least.
const ENDED_MIN: u32 = 10;
/// Microseconds for a byte of a body that nobody read before: a history that was is read in a tenth of that, and no less
/// patience is due to one that was not.
const BYTE_US: f64 = 1.0;
/// Requests in work up to which a window is quiet.
const QUIET: usize = 4;
/// By how much what is known of unloaded work ages with each request: half as much again after a thousand.
const AGES: f64 = 1.0004;

impl Limit {
    /// A limit that nothing has lowered yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { at: size(bounds.most), bounds, unloaded: [f64::INFINITY; SIZES], window: Window::default() }
    }

    /// Sets other bounds.
    pub fn set(&mut self, bounds: Bounds) {
        if bounds != self.bounds {
            *self = Self { unloaded: self.unloaded, ..Self::new(bounds) };
        }
    }

    /// How many may be in work at one time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two counts")]
    pub const fn limit(&self) -> usize {
        self.at as usize
    }

    /// Whether one more is taken on beside those in work.
    pub fn admits(&mut self, in_work: usize, priority: Priority) -> bool {
        let admitted = size(in_work) + 1.0 <= (self.at * priority.share()).max(1.0);
        // What was wanted counts, or a limit that is full would not grow.
        self.window.peak = self.window.peak.max(in_work.saturating_add(1));
        admitted
    }

    /// Work on a body of so many bytes took so long.
    pub fn ended(&mut self, bytes: usize, took: Micros, now: Micros) {
        let at = (usize::BITS - bytes.leading_zeros()) as usize;
        let took = super::estimate::float(took);
        let Some(unloaded) = self.unloaded.get_mut(at.min(SIZES - 1)) else { return };
        let patience = super::estimate::float(self.bounds.target) + size(bytes) * BYTE_US;
        let is_slow = took > unloaded.min(took) * 2.0 + patience;
        // It ages only while next to nothing is done: else a load that lasts would be taken for how things are.
        let ages = if self.window.peak <= QUIET { AGES } else { 1.0 };
        *unloaded = (*unloaded * ages).min(took);
        let began = *self.window.began.get_or_insert(now);
        self.window.ended = self.window.ended.saturating_add(1);
        self.window.slow = self.window.slow.saturating_add(u32::from(is_slow));
        if now.saturating_sub(began) >= WINDOW && self.window.ended >= ENDED_MIN {
            self.turn();
        }
    }

    /// Draws the sum of a window.
    fn turn(&mut self) {
        let Window { ended, slow, peak, .. } = std::mem::take(&mut self.window);
        let (least, most) = (size(self.bounds.least), size(self.bounds.most));
        if slow.saturating_mul(10) > ended {
            self.at = (self.at.min(size(peak)) * 0.8).max(least.min(most));
        } else if size(peak) * 2.0 >= self.at {
            self.at = (self.at + (self.at * 0.05).max(1.0)).min(most);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
const fn size(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const BOUNDS: Bounds = Bounds { least: 16, most: 2_048, target: 500_000 };
    const WORK: Micros = 10_000;

    /// What came of a load.
    #[derive(Debug, Default)]
    struct Run {
        served: Vec<Micros>,
        shed: usize,
        batch_shed: usize,
    }

    impl Run {
        fn p99(&self) -> Micros {
            let mut sorted = self.served.clone();
            sorted.sort_unstable();
            sorted.get(sorted.len() * 99 / 100).copied().unwrap_or_default()
        }
    }

    /// Two processors, first come first served, requests at fixed times: each takes 10 ms when alone. Every tenth is a batch.
    fn run(limit: &mut Limit, start: Micros, each: Micros, seconds: u64) -> Run {
        let (mut run, mut free): (Run, [Micros; 2]) = (Run::default(), [start; 2]);
        let mut in_work: VecDeque<(Micros, Micros)> = VecDeque::new();
        for number in 0..seconds * 1_000_000 / each {
            let now = start + number * each;
            while let Some((end, began)) = in_work.front().copied().filter(|(end, _)| *end <= now) {
                in_work.pop_front();
                run.served.push(end - began);
                limit.ended(1_000, end - began, end);
            }
            let is_batch = number % 10 == 0;
            let priority = if is_batch { Priority::Batch } else { Priority::Interactive };
            if !limit.admits(in_work.len(), priority) {
                run.shed += 1;
                run.batch_shed += usize::from(is_batch);
                continue;
            }
            let processor = usize::from(free[1] < free[0]);
            free[processor] = free[processor].max(now) + WORK;
            in_work.push_back((free[processor], now));
        }
        run
    }

    #[test]
    fn nothing_is_shed_that_can_be_served() {
        let mut limit = Limit::new(BOUNDS);
        let run = run(&mut limit, 0, 6_000, 60);
        assert_eq!(run.shed, 0);
        assert!(run.p99() <= 2 * WORK, "{}", run.p99());
    }

    #[test]
    fn three_times_what_can_be_served_is_served_in_time() {
        let mut limit = Limit::new(BOUNDS);
        run(&mut limit, 0, 6_000, 5);
        // Twenty seconds to find the limit, then a minute of it.
        run(&mut limit, 5_000_000, 1_667, 20);
        let run = run(&mut limit, 25_000_000, 1_667, 60);
        assert!(run.p99() <= 1_000_000, "{}", run.p99());
        assert!(run.served.len() >= 60 * 190, "the processors are busy: {}", run.served.len());
        assert!(run.batch_shed >= 60 * 60 * 9 / 10, "batches are shed first: {} of 3600", run.batch_shed);
    }

    #[test]
    fn without_a_limit_it_would_not_be() {
        let mut limit = Limit::new(Bounds { target: u64::MAX / 4, ..BOUNDS });
        let run = run(&mut limit, 0, 1_667, 60);
        assert!(run.p99() > 9_000_000, "{}", run.p99());
    }

    #[test]
    fn the_limit_comes_back_when_the_load_goes() {
        let mut limit = Limit::new(BOUNDS);
        run(&mut limit, 0, 1_667, 30);
        let low = limit.limit();
        assert!((16..200).contains(&low), "{low}");
        // Bursts that it could serve in time are not shed for long.
        let after = run(&mut limit, 40_000_000, 5_100, 60);
        assert_eq!(after.shed, 0);
    }

    #[test]
    fn large_bodies_are_held_against_their_like() {
        let mut limit = Limit::new(BOUNDS);
        for number in 0..200 {
            limit.admits(1, Priority::Interactive);
            limit.ended(30_000_000, 8_000_000, number * 10_000);
        }
        assert_eq!(limit.limit(), 2_048, "they take eight seconds when alone");
    }
}
