//! What is known of one endpoint, and when it would give the first token of one more request.
//!
//! The expected time is that of a server which batches continuously: it reads waiting prompts one after the other, in chunks
//! within the steps in which the running requests get a token each. So a first token takes
//!
//! ```text
//!   what is left of the step at hand     when it began, what it reads (steps.rs), less the time since
//! + steps                                one for each CHUNK tokens that are ahead or the request's own; longer the more decode
//! + reading                              those tokens at the server's rate, without what its KV cache is believed to hold
//! ```
//! How long a step and a token of a prompt take there is learned from every step that is seen to end: two slow means, which
//! drift to those of its siblings while nothing is measured. What is beyond them is the pace, measured over expected: a
//! peak-EWMA, for which a worse measurement counts at once and whose memory halves with time, so that a server which begins to
//! stall is left alone long before it has failed, and is tried again soon. Below [`Tuning::calm`] it is noise, and counts for
//! nothing.

use super::learned::{Learned, Peak};
use super::outlook::Outlook;
use super::steps::{CHUNK, Ended, Speed, Stand, Steps};
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
    /// Microseconds of a step in which one request decodes.
    step: Learned,
    /// Microseconds for a token of a prompt.
    rate: Learned,
    /// The step that it is at.
    steps: Steps,
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
    /// What is expected of a server at its usual pace.
    pub(super) forecast: Forecast,
    /// Of that what passes with time, and what each token of the request adds, roughly.
    left: f64,
    token: f64,
}

/// An expected time to the first token, which the measured one will correct.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    /// Microseconds that steps take until then.
    steps_us: f64,
    /// Microseconds that it takes to read `read` tokens.
    reading_us: f64,
    /// Tokens that are read until then: those ahead and its own.
    read: f64,
}

impl Forecast {
    fn us(self) -> f64 {
        self.steps_us + self.reading_us
    }
}

/// What is known of the endpoints of a backend together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typical {
    /// Microseconds of a step in which one request decodes.
    pub(super) step: f64,
    /// Microseconds for a token of a prompt.
    pub(super) rate: f64,
    /// Tokens of a usual request.
    pub(super) tokens: f64,
}

impl Typical {
    /// What is assumed before anything is measured.
    pub(super) const fn of(tuning: &Tuning) -> Self {
        Self { step: tuning.step_us, rate: tuning.prefill_us, tokens: 1_000.0 }
    }

    /// Follows what was just learned of one of them.
    pub(super) fn follow(&mut self, estimate: &Estimate) {
        self.step += FOLLOWS * estimate.step.value.map_or(0.0, |step| step - self.step);
        self.rate += FOLLOWS * estimate.rate.value.map_or(0.0, |rate| rate - self.rate);
    }
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

    /// Microseconds of a step in which one request decodes, as far as is known.
    pub(super) fn step_us(&self, typical: &Typical, now: Micros) -> f64 {
        self.step.at(now, typical.step)
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

    /// Share of its requests that are others' than this gateway's, by what it said last.
    pub(super) fn others(&self) -> f64 {
        let others = f64::from(self.others_running.saturating_add(self.others_waiting));
        others / (others + f64::from(self.outstanding)).max(1.0)
    }

    /// A request begins, of which so many tokens have to be read.
    pub(super) fn reads(&mut self, tokens: u64, now: Micros) {
        if self.outstanding <= 1 {
            self.steps.wake(now, tokens);
        }
        self.reading = self.reading.saturating_add(tokens);
    }

    /// A request was read, or is not read any more.
    pub(super) fn was_read(&mut self, tokens: u64) {
        self.reading = self.reading.saturating_sub(tokens);
        self.steps.was_read(tokens);
    }

    /// A token of a stream came from it: a step has ended, and tells how long steps and prompts take.
    /// Whether it is the first of that step.
    pub(super) fn was_seen(&mut self, now: Micros, typical: &Typical) -> bool {
        let decoding = self.decodes();
        let speed = self.speed(decoding, typical, now);
        let Some(Ended { took_us, chunk }) = self.steps.token(now, self.reading, speed) else { return false };
        if self.decoding == 0 {
            return true;
        }
        if chunk < READ_TOKENS_FEW {
            self.step.saw((took_us - chunk * speed.rate_us) / crowd(decoding), now, typical.step);
        } else if chunk >= READ_TOKENS_MIN {
            self.rate.saw((took_us - speed.step_us) / chunk, now, typical.rate);
        }
        true
    }

    /// Requests that decode there, of whichever gateway.
    fn decodes(&self) -> f64 {
        f64::from(self.decoding.saturating_add(self.others_running))
    }

    fn speed(&self, decoding: f64, typical: &Typical, now: Micros) -> Speed {
        let step_us = self.step.at(now, typical.step);
        // Whoever is slow at one is slow at the other.
        let rate_us = self.rate.at(now, typical.rate * step_us / typical.step);
        Speed { step_us: step_us * crowd(decoding), rate_us, chunk: (float(CHUNK) - decoding).max(1.0) }
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

    /// When it would give the first token of one more request; `typical` stands for what was not measured.
    pub(super) fn cost(&self, load: Load, typical: &Typical, now: Micros, tuning: &Tuning) -> Cost {
        let uncached = f64::from(load.tokens.saturating_sub(load.cached).max(1));
        let (mut decoding, mut blocked, mut capacity) = (f64::from(self.decoding), 0.0, tuning.cache_tokens);
        let mut others = 0.0;
        if let Some(said) = self.said(now, tuning) {
            others = f64::from(self.others_waiting) * typical.tokens;
            decoding += f64::from(self.others_running);
            capacity = said.kv_tokens.unwrap_or(capacity);
            if let (Some(adapter), Some(loaded)) = (load.adapter, &said.adapters)
                && !loaded.contains(&adapter)
            {
                blocked += tuning.adapter_us;
            }
        }
        let speed = self.speed(decoding, typical, now);
        let rate = speed.rate_us;
        let Stand { left_us, ahead } = self.stand(decoding, now, speed);
        let read = ahead + others + uncached;
        let steps_us = left_us + speed.step_us * (read / speed.chunk).ceil();
        let forecast = Forecast { steps_us, reading_us: read * rate, read };
        let pace = (self.pace.at(now, tuning).unwrap_or(1.0) / tuning.calm).max(1.0);
        // Of what reads without a sign of it all passes with time, of others the step at hand.
        let waits = if self.decoding > 0 { left_us } else { forecast.us() - speed.step_us - uncached * rate };
        let left = waits.max(0.0) * pace + float(self.reading_until.saturating_sub(now));
        blocked += float(self.reading_until.saturating_sub(now));
        blocked += self.room(load.tokens, (capacity, typical.tokens), now, tuning);
        // What the request does to others: it shares their steps, and what it reads they wait for.
        let burden = decoding * tuning.decoding_us + uncached * rate * tuning.work;
        let token = rate * (pace + tuning.work) + speed.step_us * pace / speed.chunk;
        Cost { us: forecast.us() * pace + blocked + burden, forecast, left, token }
    }

    /// What a request would meet there, roughly.
    pub(super) fn outlook(&self, typical: &Typical, now: Micros, tuning: &Tuning) -> Outlook {
        let load = Load { tokens: 1, cached: 0, adapter: None };
        let Cost { us, left, token, .. } = self.cost(load, typical, now, tuning);
        Outlook { left, before: us - left, token }
    }

    /// How the step at hand stands.
    fn stand(&self, decoding: f64, now: Micros, speed: Speed) -> Stand {
        if self.outstanding > 0 {
            return self.steps.stand(now, self.reading, self.decoding > 0, speed);
        }
        // Steps of others end unseen.
        Stand { left_us: if decoding > 0.0 { speed.step_us / 2.0 } else { 0.0 }, ahead: 0.0 }
    }

    /// Time until the KV cache has room for the request: running ones must end first.
    fn room(&self, tokens: u32, (capacity, mean): (u64, f64), now: Micros, tuning: &Tuning) -> f64 {
        let others = f64::from(self.others_running + self.others_waiting) * mean;
        let said = self.said(now, tuning);
        let others = if said.is_some() { others } else { 0.0 };
        let (mut held, mut usable) = (float(self.holding) + others, float(capacity));
        // What it says itself counts for more than what is believed; answers that grow need the last of it.
        if let Some(kv_use) = said.and_then(|said| said.kv_use) {
            held = held.max(kv_use * usable);
            usable *= KV_USABLE;
        }
        let missing = held + f64::from(tokens) - usable;
        if missing <= 0.0 || held <= 0.0 {
            return 0.0;
        }
        // Requests end evenly over the time of one whole answer.
        missing / held * ANSWER_TOKENS * self.each.at(now, tuning).unwrap_or(tuning.step_us)
    }

    /// The first token of a request came.
    pub(super) fn saw_first(
        &mut self,
        (took_us, forecast): (f64, Forecast),
        typical: &Typical,
        now: Micros,
        tuning: &Tuning,
    ) {
        self.first.saw(took_us, now, tuning);
        self.pace.saw((took_us / forecast.us().max(1.0)).clamp(PACE_MIN, PACE_MAX), now, tuning);
        self.was_seen(now, typical);
    }

    /// Tokens came at this pace.
    pub(super) fn saw_each(&mut self, each_us: f64, now: Micros, tuning: &Tuning) {
        self.each.saw(each_us, now, tuning);
    }
}

/// How much longer a step takes with so many that decode: twice as long with 64 (Patel et al., *Splitwise*, ISCA 2024).
fn crowd(decoding: f64) -> f64 {
    1.0 + decoding / 64.0
}

/// Tokens that a step must have read for its time to tell of the reading, and below which it tells of the step.
const READ_TOKENS_FEW: f64 = 100.0;
const READ_TOKENS_MIN: f64 = 400.0;
/// Share of a KV cache that is full for one more request: from there on servers put off or give up what runs.
const KV_USABLE: f64 = 0.95;
/// Tokens of a usual answer.
const ANSWER_TOKENS: f64 = 200.0;
/// Bounds of a pace: one answer that took a minute must not exile a server for hours.
const PACE_MIN: f64 = 0.05;
const PACE_MAX: f64 = 50.0;
/// Share by which what is typical follows one measurement of one endpoint.
const FOLLOWS: f64 = 0.02;

#[expect(clippy::cast_precision_loss, reason = "times and counts are far below 2^53")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}
