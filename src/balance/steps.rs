//! The step that an endpoint is at: when it began, and what it reads.
//!
//! A server that batches continuously sends tokens at the ends of its steps, so that a token of any stream tells that one has
//! ended and the next begins. What it reads in the next one follows from what was sent there and is not read yet. So each step
//! is a measurement: one that reads nothing tells how long a step takes, one that reads much how long a token of a prompt does.

use super::Micros;
use super::estimate::float;

/// The step at hand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps {
    /// When it began.
    began: Micros,
    /// Tokens of prompts that it reads.
    chunk: u64,
    /// Tokens of streams whose first token was not seen that earlier steps read.
    done: u64,
}

/// How an endpoint stands at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    /// Microseconds that are left of the step at hand.
    pub(super) left_us: f64,
    /// Tokens that were sent there and no step has begun to read.
    pub(super) ahead: f64,
}

/// How long things take at an endpoint, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speed {
    /// Microseconds of a step with those that decode now, without a prompt in it.
    pub(super) step_us: f64,
    /// Microseconds for a token of a prompt.
    pub(super) rate_us: f64,
    /// Tokens of prompts that a step reads at most.
    pub(super) chunk: f64,
}

/// What a step that has ended took, and what it read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) took_us: f64,
    pub(super) chunk: f64,
}

impl Steps {
    /// A request came to an endpoint that had nothing to do: a step begins.
    pub(super) fn wake(&mut self, now: Micros, tokens: u64) {
        *self = Self { began: now, chunk: tokens.min(CHUNK), done: 0 };
    }

    /// A token came from there. `None` if it is one more of the step that was seen to end before.
    pub(super) fn token(&mut self, now: Micros, reading: u64, speed: Speed) -> Option<Ended> {
        let took_us = float(now.saturating_sub(self.began));
        let chunk = float(self.chunk);
        if took_us * 2.0 < speed.step_us + chunk * speed.rate_us {
            return None;
        }
        self.done = self.done.saturating_add(self.chunk).min(reading);
        self.chunk = (reading - self.done).min(CHUNK);
        self.began = now;
        Some(Ended { took_us, chunk })
    }

    /// A request is read, or is not read any more.
    pub(super) fn was_read(&mut self, tokens: u64) {
        self.done = self.done.saturating_sub(tokens);
    }

    /// How it stands. `is_seen`: some request decodes there, so that every end of a step is seen.
    pub(super) fn stand(&self, now: Micros, reading: u64, is_seen: bool, speed: Speed) -> Stand {
        let mut since = float(now.saturating_sub(self.began));
        let mut ahead = float(reading.saturating_sub(self.done).saturating_sub(self.chunk));
        let mut length = speed.step_us + float(self.chunk) * speed.rate_us;
        if !is_seen && since > length {
            // Steps that only read have ended since.
            since -= length;
            length = speed.step_us + speed.chunk * speed.rate_us;
            let more = (since / length).floor();
            since -= more * length;
            ahead = (ahead - (more + 1.0) * speed.chunk).max(0.0);
        }
        Stand { left_us: (length - since).max(length * 0.05), ahead }
    }
}

/// Tokens of prompts that a step reads at most: vLLM's default, and what others are near to.
pub(super) const CHUNK: u64 = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    const SPEED: Speed = Speed { step_us: 30_000.0, rate_us: 50.0, chunk: 2_048.0 };

    #[test]
    fn a_token_ends_a_step_once() {
        let mut steps = Steps::default();
        steps.wake(0, 3_000);
        assert!(steps.token(1_000, 3_000, SPEED).is_none(), "too soon");
        let ended = steps.token(132_400, 3_000, SPEED).unwrap();
        assert_eq!((ended.took_us, ended.chunk), (132_400.0, 2_048.0));
        assert!(steps.token(132_500, 3_000, SPEED).is_none(), "one more of the same step");
        let ended = steps.token(210_000, 3_000, SPEED).unwrap();
        assert_eq!((ended.took_us, ended.chunk), (77_600.0, 952.0));
    }

    #[test]
    fn what_is_left_shrinks_with_time() {
        let mut steps = Steps::default();
        steps.wake(0, 5_000);
        let stand = steps.stand(32_400, 5_000, true, SPEED);
        assert_eq!((stand.left_us, stand.ahead), (100_000.0, 2_952.0));
        // Nobody decodes there, so that the second step began unseen.
        let stand = steps.stand(142_400, 5_000, false, SPEED);
        assert_eq!((stand.left_us, stand.ahead), (122_400.0, 904.0));
    }
}
