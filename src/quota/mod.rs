//! How much tenants, apps and keys may use: requests, tokens, requests at once, money.
//!
//! What a request may take is reserved before anything is sent, by an estimate, and settled when its answer has ended, by what
//! the backend counted or the gateway saw pass. Both are steps of a [`Store`]: in memory with a journal that survives a restart
//! ([`memory`]), or in Redis for several gateways ([`redis`]). A step takes all of its lines or none.
//!
//! Windows: requests and tokens of a minute slide (what the minute before took counts for the part of it that is less than a
//! minute ago), days and months are those of UTC. Money is counted in millionths of the operator's currency.

mod lease;
pub mod memory;
pub mod redis;
mod resp;
mod rules;
mod scripts;
pub mod store;
#[cfg(test)]
mod tests;
mod window;

use std::sync::Arc;

use jiff::Timestamp;

pub use rules::{Allowance, Price, Rules, Subject, Tokens};
pub use store::{Settled, Store};
pub use window::What;

use self::store::{Answer, Line, Step, StoreError};
use crate::model::{Fault, Refusal, Whose, Word};

/// What a request may take, or took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Tokens of the request.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// Millionths of the currency.
    pub money: u64,
}

/// Rules and where they are counted.
#[derive(Debug, Clone)]
pub struct Quota {
    /// Who may use how much.
    pub rules: Arc<Rules>,
    /// Where it is counted.
    pub store: Arc<dyn Store>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { rules: Arc::default(), store: Arc::new(memory::MemoryStore::new()) }
    }
}

/// What is left of the tightest limit on requests and on tokens: for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests or tokens.
    pub what: What,
    /// The limit.
    pub limit: u64,
    /// What is left of it.
    pub left: u64,
    /// Milliseconds until all of it is there again.
    pub reset_ms: u64,
}

/// A request's reservation. It is settled once, at the latest when it is dropped: then by what was reserved.
#[derive(Debug)]
pub struct Ticket {
    store: Arc<dyn Store>,
    rules: Arc<Rules>,
    step: Step,
    reserved: Amounts,
    /// What is left, for headers.
    pub left: Vec<Left>,
    done: bool,
}

impl Quota {
    /// Reserves what a request may take. Nothing where no limit concerns the caller.
    ///
    /// # Errors
    /// 429 with the limit that is used up, 503 when the store is down and the operator wants refusals then.
    pub async fn reserve(
        &self,
        subject: Subject<'_>,
        amounts: Amounts,
        (now, lease): (Timestamp, u128),
    ) -> Result<Option<Ticket>, Exceeded> {
        let now_ms = now.as_millisecond();
        let lines = self.rules.lines(&subject, amounts, now_ms);
        if lines.is_empty() {
            return Ok(None);
        }
        let step = Step { now_ms, lease, lines };
        let answer = self.store.take(&step).await;
        match answer {
            Ok(answer) if answer.taken => {
                let left = left(&step, &answer);
                let (store, rules) = (Arc::clone(&self.store), Arc::clone(&self.rules));
                Ok(Some(Ticket { store, rules, step, reserved: amounts, left, done: false }))
            }
            Ok(answer) => Err(exceeded(&step, &answer)),
            Err(StoreError::Unavailable | StoreError::Full) => Err(Exceeded {
                refusal: Refusal::new(
                    Fault::Gateway,
                    503,
                    "quota_unavailable",
                    "limits cannot be counted now, and this gateway serves nothing uncounted; try again",
                )
                .retry_after(2),
                left: Vec::new(),
                by: None,
            }),
        }
    }
}

/// A request that would take too much.
#[derive(Debug)]
pub struct Exceeded {
    /// What the client is told.
    pub refusal: Refusal,
    /// What is left, for headers.
    pub left: Vec<Left>,
    /// Whose limit, and of what.
    pub by: Option<(Whose, What)>,
}

impl Ticket {
    /// Settles by what the request took in the end.
    pub fn settle(mut self, took: Amounts) {
        self.finish(took);
    }

    /// What tokens cost at a backend.
    pub fn money(&self, backend: &Word, model: &Word, tokens: Tokens) -> u64 {
        self.rules.money(backend, model, tokens)
    }

    /// What was reserved.
    pub const fn reserved(&self) -> Amounts {
        self.reserved
    }

    fn finish(&mut self, took: Amounts) {
        if !std::mem::replace(&mut self.done, true) {
            self.store.settle(Settled::of(&self.step, self.reserved, took));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.finish(self.reserved);
    }
}

/// The tightest line of requests and the tightest of tokens.
fn left(step: &Step, answer: &Answer) -> Vec<Left> {
    let of = |line: &Line, (current, previous): (u64, u64)| {
        let used = line.window.used(current, previous);
        let reset_ms = line.window.reset_ms(step.now_ms, previous);
        Left { what: line.what, limit: line.limit, left: line.limit.saturating_sub(used), reset_ms }
    };
    let all: Vec<Left> = step.lines.iter().zip(&answer.seen).map(|(line, seen)| of(line, *seen)).collect();
    let tightest = |wanted: fn(What) -> bool| {
        let fits = all.iter().filter(|left| wanted(left.what));
        fits.min_by(|a, b| (u128::from(a.left) * u128::from(b.limit)).cmp(&(u128::from(b.left) * u128::from(a.limit))))
    };
    [tightest(|what| what == What::RequestsMinute), tightest(What::is_tokens)].into_iter().flatten().copied().collect()
}

/// Which line stands in the way, and for how long.
fn exceeded(step: &Step, answer: &Answer) -> Exceeded {
    let full = step.lines.iter().zip(&answer.seen).filter(|(line, (current, previous))| {
        line.window.used(*current, *previous).saturating_add(line.amount) > line.limit
    });
    let waits = full.map(|(line, (current, previous))| {
        let wait = line.window.wait_ms(step.now_ms, (*current, *previous), (line.limit, line.amount));
        (wait, line)
    });
    let left = left(step, answer);
    let Some((wait_ms, line)) = waits.max_by_key(|(wait, _)| *wait) else {
        // Somebody else took the rest between the look and the answer: a moment later it is known better.
        let refusal = Refusal::new(Fault::Caller, 429, CODE, "a limit is used up; try again").retry_after(1);
        return Exceeded { refusal, left, by: None };
    };
    let whose = line.of.name();
    let message = if line.amount > line.limit {
        format!(
            "this request may take more {} than the {whose} is allowed as a whole; ask for a shorter answer, or send less",
            line.what.words()
        )
    } else {
        format!("the limit of this {whose} on {} is used up; try again when it is free", line.what.words())
    };
    let seconds = u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX).max(1);
    let refusal = Refusal::new(Fault::Caller, 429, CODE, message).retry_after(seconds);
    Exceeded { refusal, left, by: Some((line.of, line.what)) }
}

/// The code of a refusal by a limit.
const CODE: &str = "quota_exceeded";
