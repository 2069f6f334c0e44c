//! Means of what is measured at an endpoint: a slow one that drifts to what is typical, and one that follows peaks.

use super::estimate::float;
use super::{Micros, Tuning};

/// A slow mean of what is measured at one endpoint. It drifts to what is typical, so that no endpoint is exiled by what it was.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    pub(super) value: Option<f64>,
    count: f64,
    at: Micros,
}

impl Learned {
    pub(super) fn at(&self, now: Micros, typical: f64) -> f64 {
        let unknown = typical * UNKNOWN;
        let Some(value) = self.value else { return unknown };
        let since = float(now.saturating_sub(self.at));
        unknown + (value - unknown) * (-since / LEARNED_HALF_LIFE_US).exp2()
    }

    pub(super) fn saw(&mut self, value: f64, now: Micros, typical: f64) {
        let value = value.clamp(typical / FAR, typical * FAR);
        let before = if self.value.is_some() { self.at(now, typical) } else { value };
        self.count += 1.0;
        self.value = Some(before + LEARNS.max(1.0 / self.count) * (value - before));
        self.at = now;
    }
}

/// A mean that follows worse values at once and better ones slowly, and falls back with time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Peak {
    value: f64,
    /// What it falls back to: the plain mean.
    mean: f64,
    at: Option<Micros>,
}

impl Peak {
    pub(super) fn at(&self, now: Micros, tuning: &Tuning) -> Option<f64> {
        let since = float(now.saturating_sub(self.at?));
        if since > FORGOTTEN * tuning.half_life_us {
            return None;
        }
        Some(self.mean + (self.value - self.mean) * (-since / tuning.half_life_us).exp2())
    }

    pub(super) fn saw(&mut self, value: f64, now: Micros, tuning: &Tuning) {
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

/// Share of a worse measurement that counts at once, and of a better one.
const UP: f64 = 0.5;
const DOWN: f64 = 0.1;

/// How much better than its siblings an endpoint is taken to be that is not known, so that it gets to show it.
const UNKNOWN: f64 = 0.9;
/// Share of a measurement in what is learned of an endpoint; the first ones count for more.
const LEARNS: f64 = 0.02;
/// How far from what is typical a single measurement may be: what is beyond is the pace.
const FAR: f64 = 4.0;
/// Microseconds in which what was learned is half forgotten while nothing is measured.
const LEARNED_HALF_LIFE_US: f64 = 10e6;
/// Half-lives after which a measurement counts no more: an endpoint that was slow and got nothing since is tried again as one
/// that is not known.
const FORGOTTEN: f64 = 8.0;
