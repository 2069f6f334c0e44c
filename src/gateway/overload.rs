//! Load is shed before memory or time run out: [`crate::balance::Limit`] with a clock and a lock.
//!
//! Between the last byte of a body and the decision a request is the gateway's own work. Waiting, whether for the client, the
//! log or a backend, is not in it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::snapshot::Snapshot;
use crate::balance::{Bounds, Limit, Micros, Priority};
use crate::limits;
use crate::model::{Fault, Refusal};

/// What the gateway works on, and may.
#[derive(Debug)]
pub struct Overload {
    origin: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: Limit,
    in_work: usize,
}

impl Overload {
    /// Nothing is worked on yet.
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let state = State { limit: Limit::new(bounds(snapshot)), in_work: 0 };
        Self { origin: Instant::now(), state: Mutex::new(state) }
    }

    /// Puts other bounds in force.
    pub(super) fn set(&self, snapshot: &Snapshot) {
        self.state().limit.set(bounds(snapshot));
    }

    /// Begins the work on a body of so many bytes.
    ///
    /// # Errors
    /// 503 when it would come too late, and make others late.
    pub(super) fn begin(&self, bytes: usize, priority: Priority) -> Result<Work<'_>, Refusal> {
        let mut state = self.state();
        let in_work = state.in_work;
        if !state.limit.admits(in_work, priority) {
            let message = "the gateway has more to do than it can do in time; try again";
            return Err(Refusal::new(Fault::Gateway, 503, "overloaded", message).retry_after(limits::SHED_RETRY_S));
        }
        state.in_work = in_work.saturating_add(1);
        Ok(Work { overload: self, bytes, began: self.now(), beside: 0 })
    }

    /// Requests in work, and how many may be.
    pub fn load(&self) -> (usize, usize) {
        let state = self.state();
        (state.in_work, state.limit.limit())
    }

    fn now(&self) -> Micros {
        Micros::try_from(self.origin.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bounds(snapshot: &Snapshot) -> Bounds {
    let most = snapshot.limits.requests;
    let target = Micros::try_from(snapshot.limits.own_work.as_micros()).unwrap_or(Micros::MAX);
    Bounds { least: limits::OWN_WORK_REQUESTS_MIN.min(most), most, target }
}

/// The work on one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Work<'o> {
    overload: &'o Overload,
    bytes: usize,
    began: Micros,
    /// Time that went into what is not own work.
    beside: Micros,
}

impl Work<'_> {
    /// Waits for somebody else, which is no own work.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let began = self.overload.now();
        let done = other.await;
        self.beside = self.beside.saturating_add(self.overload.now().saturating_sub(began));
        done
    }

    /// It came to its end. What was given up on the way tells nothing of how long work takes.
    pub(super) fn done(self) {
        let now = self.overload.now();
        let took = now.saturating_sub(self.began).saturating_sub(self.beside);
        self.overload.state().limit.ended(self.bytes, took, now);
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let mut state = self.overload.state();
        state.in_work = state.in_work.saturating_sub(1);
    }
}
