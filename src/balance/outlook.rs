//! What a request would meet at each endpoint, in three numbers, so that all of a thousand can be looked at in a microsecond.
//!
//! The time to a first token is nearly a line over the tokens to be read, behind a step that ends at a known time:
//!
//! ```text
//! time = (when the step at hand ends - now, or 0) + what comes first + tokens to be read * what one costs
//! ```
//!
//! The three are kept by slot and made anew whenever something happens at the endpoint; the best of every fourth slot is then
//! looked at closely by the chooser. They are rough: nothing is decided here.

use super::Micros;
use super::estimate::float;

/// Endpoints that are compared at once.
pub(super) const LANES: usize = 8;
/// Endpoints that a look at all brings: the best of each residue of their slots.
pub(super) const FOUND: usize = 4;

/// What a request would meet at one endpoint, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// What passes with time.
    pub(super) left: f64,
    /// What comes before its own tokens are read, behind that.
    pub(super) before: f64,
    /// For each token of its own.
    pub(super) token: f64,
}

/// Those of all endpoints.
#[derive(Debug, Default)]
pub(super) struct Outlooks {
    /// Times are relative to this one: `f32` has microseconds for sixteen seconds.
    origin: Micros,
    lanes: Vec<Lanes>,
    /// The slot that is made anew next, whatever happens there.
    turn: usize,
    slots: usize,
    /// The latest time that was heard of.
    latest: Micros,
}

/// Eight endpoints.
#[derive(Debug, Clone, Copy)]
struct Lanes {
    ends: [f32; LANES],
    before: [f32; LANES],
    token: [f32; LANES],
}

const NONE: Lanes = Lanes { ends: [0.0; LANES], before: [f32::INFINITY; LANES], token: [0.0; LANES] };

impl Outlooks {
    pub(super) fn fit(&mut self, slots: usize) {
        self.lanes.resize(slots.div_ceil(LANES), NONE);
        self.slots = slots;
    }

    /// The slot whose turn it is to be made anew: what is known of an endpoint changes with time alone, too.
    pub(super) fn turn(&mut self) -> usize {
        self.turn = if self.turn + 1 < self.slots { self.turn + 1 } else { 0 };
        self.turn
    }

    /// Sets how an endpoint is; `None`: it is not to be found until it is set again.
    pub(super) fn set(&mut self, slot: usize, now: Micros, outlook: Option<Outlook>) {
        let now = self.since(now);
        let (place, lane) = (slot / LANES, slot % LANES);
        let Some(lanes) = self.lanes.get_mut(place) else { return };
        let of = outlook
            .map_or([0.0, f32::INFINITY, 0.0], |it| [now + narrow(it.left), narrow(it.before), narrow(it.token)]);
        for (value, field) in of.into_iter().zip([&mut lanes.ends, &mut lanes.before, &mut lanes.token]) {
            if let Some(place) = field.get_mut(lane) {
                *place = value;
            }
        }
    }

    /// The latest time that was heard of.
    pub(super) const fn latest(&self) -> Micros {
        self.latest
    }

    /// Time since the origin, which moves along.
    fn since(&mut self, now: Micros) -> f32 {
        self.latest = now;
        let since = now.saturating_sub(self.origin);
        if since < ORIGIN_US {
            return narrow(float(since));
        }
        for ends in self.lanes.iter_mut().flat_map(|lanes| &mut lanes.ends) {
            *ends -= narrow(float(since));
        }
        self.origin = now;
        0.0
    }

    /// The endpoint of every fourth where a request with so many tokens looks best; those whose mark is not 0 hold so many of
    /// them.
    pub(super) fn best(&mut self, now: Micros, tokens: u32, (marks, held): (&[u32], u32)) -> [Option<usize>; FOUND] {
        let now = self.since(now);
        let whole = narrow(f64::from(tokens));
        let rest = narrow(f64::from(tokens.saturating_sub(held)));
        let (mut least, mut at) = ([f32::INFINITY; LANES], [u32::MAX; LANES]);
        let (marked, unmarked) = self.lanes.split_at_checked(marks.len() / LANES).unwrap_or((&self.lanes, &[]));
        let (marks, _) = marks.as_chunks::<LANES>();
        for ((place, lanes), marks) in (0..).zip(marked).zip(marks) {
            lanes.compare((place, now), |mark| if mark > 0 { rest } else { whole }, marks, (&mut least, &mut at));
        }
        let behind = u32::try_from(marked.len()).unwrap_or(u32::MAX);
        for (place, lanes) in (behind..).zip(unmarked) {
            lanes.compare((place, now), |_| whole, &[0; LANES], (&mut least, &mut at));
        }
        let mut found = [None; FOUND];
        for (lane, found) in (0..).zip(&mut found) {
            let of = |lane: usize| Some((*least.get(lane)?, *at.get(lane)?, lane));
            let best = [of(lane), of(lane + FOUND)].into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0));
            let best = best.filter(|(_, at, _)| *at != u32::MAX);
            *found = best.and_then(|(_, at, lane)| Some(usize::try_from(at).ok()? * LANES + lane));
        }
        found
    }
}

impl Lanes {
    /// Without branches, so that several lanes are compared at once.
    #[inline]
    fn compare(
        &self,
        (place, now): (u32, f32),
        tokens: impl Fn(u32) -> f32,
        marks: &[u32; LANES],
        (least, at): (&mut [f32; LANES], &mut [u32; LANES]),
    ) {
        let lanes = self.ends.iter().zip(&self.before).zip(&self.token).zip(marks).zip(least).zip(at);
        for (((((ends, before), token), mark), least), at) in lanes {
            let left = *ends - now;
            let left = if left > 0.0 { left } else { 0.0 };
            let time = left + *before + *token * tokens(*mark);
            let is_better = time < *least;
            *least = if is_better { time } else { *least };
            *at = if is_better { place } else { *at };
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rough times are enough")]
const fn narrow(number: f64) -> f32 {
    number as f32
}

/// Microseconds after which the origin moves.
const ORIGIN_US: u64 = 8_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_each_lane_is_found_as_time_passes() {
        let mut outlooks = Outlooks::default();
        outlooks.fit(20);
        for slot in 0..20 {
            let token = if slot == 9 { 0.5 } else { 1.0 };
            let left = if slot == 17 { 20_000_000.0 } else { 1_000.0 };
            outlooks.set(slot, 5, Some(Outlook { left, before: 100.0, token }));
        }
        outlooks.set(2, 5, None);
        let mut marks = [0; 20];
        marks[8] = 1;
        let best = outlooks.best(10, 1_000, (&marks, 900));
        assert_eq!(best, [Some(8), Some(9), Some(10), Some(3)]);
        outlooks.set(17, 30_000_000, Some(Outlook { left: 0.0, before: 0.0, token: 0.1 }));
        assert_eq!(outlooks.best(30_000_000, 1_000, (&[], 0))[1], Some(17));
    }
}
