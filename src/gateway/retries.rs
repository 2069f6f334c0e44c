//! The retry budget of the gateway: [`crate::balance::Retries`] with a clock and a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::balance::{Micros, Retries};

/// What may be tried again within a tier, over all requests.
#[derive(Debug)]
pub(super) struct Budget {
    origin: Instant,
    left: Mutex<Retries>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), left: Mutex::new(Retries::new(0)) }
    }

    /// A request begins.
    pub(super) fn earn(&self) {
        let now = Micros::try_from(self.origin.elapsed().as_micros()).unwrap_or(Micros::MAX);
        self.left().earn(now);
    }

    /// Takes one retry, if one is left.
    pub(super) fn take(&self) -> bool {
        self.left().take()
    }

    fn left(&self) -> MutexGuard<'_, Retries> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
