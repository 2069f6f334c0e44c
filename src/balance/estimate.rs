//! What is known of one endpoint, and when it would give the first token of one more request.
//!
//! The expected time is that of a server which batches continuously: it reads waiting prompts one after the other, in chunks
//! between the steps in which the running requests get a token each. So what is ahead of a request is the prompt tokens that
//! were sent there and have not led to a first token yet, without what the KV cache holds. A pace, measured over expected,
//! corrects for how fast the server really is. It is a peak-EWMA: a worse measurement counts at once, and its memory halves
//! with time, so that a server which begins to stall is left alone long before it has failed, and is tried again soon.

use super::{Full, Micros, Tuning};

/// What a server says of itself. A value that it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Requests that wait.
    pub waiting: Option<u32>,
    /// Requests that run.
    pub running: Option<u32>,
    /// Use of the KV cache, 0 to 1.
    pub kv_use: Option<f64>,
    /// Tokens that the KV cache holds.
    pub kv_tokens: Option<u64>,
    /// Hashes of the adapters that are loaded; `None`: it does not say.
    pub adapters: Option<Vec<u64>>,
}

/// What is known of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Estimate {
    /// Requests sent there whose answer has not ended.
    pub outstanding: u32,
    /// Those of them whose first token was seen.
    pub decoding: u32,
    /// Tokens that its cache does not hold, of streams whose first token was not seen.
    pub reading: u64,
    /// Tokens of all outstanding requests.
    pub holding: u64,
    /// Until when it reads prompts whose first token will not be seen.
    pub reading_until: Micros,
    /// Tokens that were ever sent there and had to be read, or came from it.
    pub sent: u64,
    /// Measured over expected time to the first token.
    pace: Peak,
    /// Time to the first token, in microseconds.
    first: Peak,
    /// Time of a token after the first, in microseconds.
    each: Peak,
    said: Option<(Micros, Said)>,
    /// Requests that others than this gateway have there, by what it said last.
    others_waiting: u32,
    others_running: u32,
    /// Requests sent there since it said anything, whose first token was not seen.
    unheard: u32,
    /// Requests at which it turned the next one away; grows with each that it serves.
    learned: Option<u32>,
    /// Until when it said that it takes no more.
    full_until: Micros,
}

/// The parts of a cost, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// What is compared: the expected time to the first token, and what the request does to others.
    pub(super) us: f64,
    /// The expected time to the first token of a server at the nominal pace.
    pub(super) nominal_us: f64,
}

/// A request as one endpoint would see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Tokens of its prompt.
    pub(super) tokens: u32,
    /// Those that the endpoint is believed to hold.
    pub(super) cached: u32,
    /// The adapter that it needs.
    pub(super) adapter: Option<u64>,
}

impl Estimate {
    /// Peak-EWMA of the time to the first token, in microseconds.
    pub fn first_us(&self, now: Micros, tuning: &Tuning) -> Option<f64> {
        self.first.at(now, tuning)
    }

    /// Peak-EWMA of the time of each further token, in microseconds.
    pub fn each_us(&self, now: Micros, tuning: &Tuning) -> Option<f64> {
        self.each.at(now, tuning)
    }

    /// How many times slower than expected it is.
    pub fn pace(&self, now: Micros, tuning: &Tuning) -> Option<f64> {
        self.pace.at(now, tuning)
    }

    /// What it said, while that is fresh.
    pub fn said(&self, now: Micros, tuning: &Tuning) -> Option<&Said> {
        let (at, said) = self.said.as_ref()?;
        (now.saturating_sub(*at) <= tuning.stale_us).then_some(said)
    }

    /// Whether one more request would have to wait there.
    pub(super) fn is_full(&self, full: &Full, now: Micros, tuning: &Tuning) -> bool {
        let waiting = || self.said(now, tuning)?.waiting.map(|waiting| waiting.saturating_add(self.unheard));
        now < self.full_until
            || full.requests.is_some_and(|most| self.outstanding >= most)
            || self.learned.is_some_and(|most| self.outstanding >= most)
            || full.waiting.is_some_and(|most| waiting().is_some_and(|waiting| waiting >= most))
    }

    /// It turned a request away that counts among those outstanding: it takes no more for a time, and then as many as it had.
    pub(super) fn turned_away(&mut self, until: Micros) {
        self.full_until = self.full_until.max(until);
        self.learned = Some(self.outstanding.saturating_sub(1).max(1));
    }

    /// It serves a request: it may have one more.
    pub(super) const fn serves(&mut self) {
        if let Some(learned) = self.learned {
            self.learned = Some(learned.saturating_add(1));
        }
    }

    /// A request was sent there.
    pub(super) const fn was_sent(&mut self) {
        self.unheard = self.unheard.saturating_add(1);
    }

    /// The first token of a request came, or its end, that was sent there at this time.
    pub(super) fn was_heard(&mut self, began: Micros) {
        // What was sent before it spoke is in what it said.
        if self.said.as_ref().is_none_or(|(at, _)| began >= *at) {
            self.unheard = self.unheard.saturating_sub(1);
        }
    }

    /// Takes in what it says of itself.
    pub(super) fn hears(&mut self, said: Said, now: Micros) {
        let all = said.waiting.unwrap_or(0).saturating_add(said.running.unwrap_or(0));
        let others = all.saturating_sub(self.outstanding);
        self.others_waiting = others.min(said.waiting.unwrap_or(0));
        self.others_running = others - self.others_waiting;
        self.unheard = 0;
        self.said = Some((now, said));
    }

    /// When it would give the first token of one more request; `typical` is the pace of its siblings, for one that was never
    /// measured, and `mean` the tokens of a usual request.
    pub(super) fn cost(&self, load: Load, (typical, mean): (f64, f64), now: Micros, tuning: &Tuning) -> Cost {
        let uncached = load.tokens.saturating_sub(load.cached);
        let mut ahead = float(self.reading);
        let (mut decoding, mut blocked, mut capacity) = (f64::from(self.decoding), 0.0, tuning.cache_tokens);
        if let Some(said) = self.said(now, tuning) {
            ahead += f64::from(self.others_waiting) * mean;
            decoding += f64::from(self.others_running);
            capacity = said.kv_tokens.unwrap_or(capacity);
            if let (Some(adapter), Some(loaded)) = (load.adapter, &said.adapters)
                && !loaded.contains(&adapter)
            {
                blocked += tuning.adapter_us;
            }
        }
        let nominal_us = tuning.step_us + (ahead + f64::from(uncached)) * tuning.prefill_us;
        let pace = self.pace.at(now, tuning).unwrap_or(typical * UNKNOWN);
        blocked += float(self.reading_until.saturating_sub(now));
        blocked += self.room(load.tokens, (capacity, mean), now, tuning);
        Cost { us: nominal_us * pace + blocked + decoding * tuning.decoding_us, nominal_us }
    }

    /// Time until the KV cache has room for the request: running ones must end first.
    fn room(&self, tokens: u32, (capacity, mean): (u64, f64), now: Micros, tuning: &Tuning) -> f64 {
        let others = f64::from(self.others_running + self.others_waiting) * mean;
        let others = if self.said(now, tuning).is_some() { others } else { 0.0 };
        let held = float(self.holding) + others;
        let missing = held + f64::from(tokens) - float(capacity);
        if missing <= 0.0 || held <= 0.0 {
            return 0.0;
        }
        // Requests end evenly over the time of one whole answer.
        missing / held * ANSWER_TOKENS * self.each.at(now, tuning).unwrap_or(tuning.step_us)
    }

    /// The first token of a request came.
    pub(super) fn saw_first(&mut self, (took_us, nominal_us): (f64, f64), now: Micros, tuning: &Tuning) {
        self.first.saw(took_us, now, tuning);
        self.pace.saw((took_us / nominal_us.max(1.0)).clamp(PACE_MIN, PACE_MAX), now, tuning);
    }

    /// Tokens came at this pace.
    pub(super) fn saw_each(&mut self, each_us: f64, now: Micros, tuning: &Tuning) {
        self.each.saw(each_us, now, tuning);
    }
}

/// Tokens of a usual answer.
const ANSWER_TOKENS: f64 = 200.0;
/// Bounds of a pace: one answer that took a minute must not exile a server for hours.
const PACE_MIN: f64 = 0.05;
const PACE_MAX: f64 = 50.0;
/// Share of a worse measurement that counts at once, and of a better one.
const UP: f64 = 0.5;
const DOWN: f64 = 0.1;

/// How much better than its siblings an endpoint is taken to be that is not known, so that it gets to show it.
const UNKNOWN: f64 = 0.9;
/// Half-lives after which a measurement counts no more: an endpoint that was slow and got nothing since is tried again as one
/// that is not known.
const FORGOTTEN: f64 = 8.0;

/// A mean that follows worse values at once and better ones slowly, and falls back with time.
#[derive(Debug, Clone, Copy, Default)]
struct Peak {
    value: f64,
    /// What it falls back to: the plain mean.
    mean: f64,
    at: Option<Micros>,
}

impl Peak {
    fn at(&self, now: Micros, tuning: &Tuning) -> Option<f64> {
        let since = float(now.saturating_sub(self.at?));
        if since > FORGOTTEN * tuning.half_life_us {
            return None;
        }
        Some(self.mean + (self.value - self.mean) * (-since / tuning.half_life_us).exp2())
    }

    fn saw(&mut self, value: f64, now: Micros, tuning: &Tuning) {
        match self.at(now, tuning) {
            None => (self.value, self.mean) = (value, value),
            Some(before) => {
                let share = if value > before { UP } else { DOWN };
                self.value = before + share * (value - before);
                self.mean += DOWN * (value - self.mean);
            }
        }
        self.at = Some(now);
    }
}

#[expect(clippy::cast_precision_loss, reason = "times and counts are far below 2^53")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}
