//! Where use is counted: one step takes all lines of a request or none, another settles it. One conformance suite
//! (`tests/quota.rs`) runs on every store.

use std::pin::Pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Amounts;
use super::rules;
use super::window::{What, Window};
use crate::model::Whose;

/// One limit that a request counts against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose limit.
    pub of: Whose,
    /// Of what.
    pub what: What,
    /// The counter's name; with the window's number it is one counter.
    pub key: Arc<str>,
    /// How much may be used.
    pub limit: u64,
    /// How much is to be taken.
    pub amount: u64,
    /// Over which time.
    pub window: Window,
}

/// A request's lines at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Which request: places among those at once are held under this number.
    pub lease: u128,
    /// What it counts against.
    pub lines: Vec<Line>,
}

/// What was seen of a step's counters: behind it where it was taken, before it where not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether all of it was taken; else nothing was.
    pub taken: bool,
    /// For each line the counter of its window, and that of the window before where it counts.
    pub seen: Vec<(u64, u64)>,
}

/// The end of a step: what is put right, and places that are given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which request.
    pub lease: u128,
    /// For each line how much more, or less, was used than taken; for places nothing.
    pub lines: Vec<(Line, i64)>,
}

/// Why a store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It is down, and nothing may be served uncounted.
    #[error("the store of limits is not available")]
    Unavailable,
    /// It counts for as many as it can, and this is one more.
    #[error("the store of limits is full")]
    Full,
}

/// An answer that is to come.
pub type Coming<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where use is counted.
pub trait Store: std::fmt::Debug + Send + Sync + 'static {
    /// Takes all lines of a step, or none.
    fn take<'a>(&'a self, step: &'a Step) -> Coming<'a, Result<Answer, StoreError>>;

    /// Puts right what was taken. It waits for nothing: a store that is elsewhere does it by and by.
    fn settle(&self, settled: Settled);

    /// Does what must be done meanwhile, until `stop`: journals, renewals, what was settled.
    fn run(self: Arc<Self>, stop: CancellationToken) -> Coming<'static, ()>;

    /// Writes or sends all that was settled so far.
    fn settle_all(&self) -> Coming<'_, ()>;

    /// Whether it answers; shown as a metric.
    fn is_up(&self) -> bool;
}

impl Settled {
    /// What a step took in the end.
    pub(super) fn of(step: &Step, reserved: Amounts, took: Amounts) -> Self {
        let more = |line: &Line| {
            let (before, then) = (rules::amount(line.what, reserved), rules::amount(line.what, took));
            i64::try_from(then).unwrap_or(i64::MAX).saturating_sub(i64::try_from(before).unwrap_or(i64::MAX))
        };
        Self { lease: step.lease, lines: step.lines.iter().map(|line| (line.clone(), more(line))).collect() }
    }
}
