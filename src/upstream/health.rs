//! Whether a backend is worth asking, and how much it has to do.
//!
//! Two independent opinions, and a backend is available when neither objects:
//! - *passive*: requests that could not connect or broke before an answer. So many in a row eject the backend for a time
//!   that doubles; then one request at a time may try (half-open). An answer of any status counts as success: a caller could
//!   provoke a 500 or a timeout, and must not be able to push a home backend out and traffic abroad.
//! - *active*: a `GET` of the operator's path by a fresh connection, without data of any request. Here a 5xx is a failure.
//!
//! Time is an argument, so that the tests need no clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Denied, HealthCheck, SendError};
use crate::limits;

/// The state of one backend.
#[derive(Debug)]
pub(super) struct Health {
    settings: HealthCheck,
    outstanding: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that failed in a row.
    failures: u32,
    /// Ejections since the last success.
    ejections: u32,
    /// When the backend may be tried again, while it is ejected.
    ejected_until: Option<Instant>,
    /// Whether a request is trying it out.
    trying: bool,
    /// Active checks that failed in a row.
    checks_failed: u32,
    /// Why the last request or check failed, until one succeeds.
    why: Option<Why>,
}

/// Why a backend is not well, in closed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It could not be reached, could not prove itself, or broke off.
    #[error("{0}")]
    Unreached(SendError),
    /// No credential is held.
    #[error("no credential: {0}")]
    Credential(Denied),
    /// An answer came from another region than it must prove.
    #[error("in quarantine: an answer did not come from the region that it must prove")]
    Region,
    /// Its health path did not answer in time.
    #[error("its health path did not answer in time")]
    Silent,
    /// Its health path answered with this status.
    #[error("its health path answered with status {0}")]
    Status(u16),
}

impl Health {
    pub(super) fn new(settings: HealthCheck) -> Self {
        Self { settings, outstanding: AtomicUsize::new(0), state: Mutex::default() }
    }

    /// Whether a request sent now has a chance.
    pub(super) fn available(&self, now: Instant) -> bool {
        let state = self.state();
        let ejected = state.ejected_until.is_some_and(|until| now < until || state.trying);
        !ejected && state.checks_failed < self.settings.failures
    }

    /// Why the last request or check failed; nothing once one succeeded.
    pub(super) fn why(&self) -> Option<Why> {
        self.state().why
    }

    /// Requests whose answer has not ended.
    pub(super) fn outstanding(&self) -> usize {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// A request begins; it is outstanding until the ticket is dropped.
    pub(super) fn begin(self: &Arc<Self>, now: Instant) -> Ticket {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let trying = state.ejected_until.is_some_and(|until| now >= until) && !state.trying;
        state.trying |= trying;
        Ticket { health: Arc::clone(self), trying }
    }

    /// An active check ended; says whether that changed the backend's availability.
    pub(super) fn checked(&self, why: Option<Why>) -> bool {
        let mut state = self.state();
        let before = state.checks_failed >= self.settings.failures;
        state.checks_failed = if why.is_none() { 0 } else { state.checks_failed.saturating_add(1) };
        // A check that passes does not end an ejection: why that came is still worth knowing.
        if why.is_some() || state.ejected_until.is_none() {
            state.why = why;
        }
        before != (state.checks_failed >= self.settings.failures)
    }

    /// Leaves the backend alone for a time although it answers; says whether that is new.
    pub(super) fn eject(&self, now: Instant) -> bool {
        let mut state = self.state();
        let is_new = state.ejected_until.is_none_or(|until| now >= until);
        if is_new {
            state.ejected_until = Some(now + self.settings.ejection);
        }
        is_new
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one request at a backend.
#[derive(Debug)]
pub(super) struct Ticket {
    health: Arc<Health>,
    /// Whether this request tries out an ejected backend.
    trying: bool,
}

impl Ticket {
    /// The head of an answer came.
    pub(super) fn succeeded(&mut self) {
        let mut state = self.health.state();
        // The checks have an opinion of their own, and their reason.
        let why = state.why.filter(|_| state.checks_failed > 0);
        *state = State { checks_failed: state.checks_failed, why, ..State::default() };
        self.trying = false;
    }

    /// The backend could not be reached or broke off; says whether that ejected it.
    pub(super) fn failed(&mut self, now: Instant, why: SendError) -> bool {
        let settings = &self.health.settings;
        let mut state = self.health.state();
        state.why = Some(Why::Unreached(why));
        let trying = std::mem::take(&mut self.trying);
        if trying {
            state.trying = false;
        } else if state.ejected_until.is_some() {
            // Sent before the ejection: tells nothing new.
            return false;
        }
        state.failures = state.failures.saturating_add(1);
        if !trying && state.failures < settings.failures {
            return false;
        }
        let factor = 2_u32.saturating_pow(state.ejections);
        state.ejected_until = Some(now + settings.ejection.saturating_mul(factor).min(limits::EJECTION_MAX));
        state.ejections = state.ejections.saturating_add(1);
        state.failures = 0;
        true
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.health.outstanding.fetch_sub(1, Ordering::Relaxed);
        if self.trying {
            // Given up without a verdict: the next request may try.
            self.health.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn health() -> (Arc<Health>, Instant) {
        let settings = HealthCheck { failures: 3, ejection: Duration::from_secs(5), ..HealthCheck::default() };
        (Arc::new(Health::new(settings)), Instant::now())
    }

    fn fail(health: &Arc<Health>, times: usize, now: Instant) {
        for _ in 0..times {
            health.begin(now).failed(now, SendError::Broke);
        }
    }

    #[test]
    fn only_failures_in_a_row_eject() {
        let (health, now) = health();
        fail(&health, 2, now);
        health.begin(now).succeeded();
        fail(&health, 2, now);
        assert!(health.available(now));
        fail(&health, 1, now);
        assert!(!health.available(now));
    }

    #[test]
    fn an_ejected_backend_is_tried_by_one_request_at_a_time() {
        let (health, now) = health();
        fail(&health, 3, now);
        let later = now + Duration::from_secs(5);
        assert!(health.available(later));
        let trial = health.begin(later);
        assert!(!health.available(later), "one is trying");
        drop(trial);
        assert!(health.available(later), "it gave up without a verdict");
        health.begin(later).succeeded();
        assert!(health.available(now), "the ejection is over");
    }

    #[test]
    fn each_failed_trial_doubles_the_time_up_to_its_bound() {
        let (health, mut now) = health();
        fail(&health, 3, now);
        for seconds in [5, 10, 20, 40, 60, 60] {
            assert!(!health.available(now + Duration::from_secs(seconds) - Duration::from_millis(1)), "{seconds}");
            now += Duration::from_secs(seconds);
            assert!(health.available(now), "{seconds}");
            fail(&health, 1, now);
        }
    }

    #[test]
    fn failures_of_requests_sent_before_do_not_lengthen_an_ejection() {
        let (health, now) = health();
        let mut before: Vec<_> = (0..5).map(|_| health.begin(now)).collect();
        fail(&health, 3, now);
        for ticket in &mut before {
            assert!(!ticket.failed(now + Duration::from_secs(4), SendError::Broke));
        }
        assert!(health.available(now + Duration::from_secs(5)));
    }

    #[test]
    fn active_checks_are_an_opinion_of_their_own() {
        let (health, now) = health();
        let refused = Why::Unreached(SendError::Connect("refused"));
        let failed = [Why::Silent, Why::Silent, refused, refused].map(|why| health.checked(Some(why)));
        assert_eq!(failed, [false, false, true, false]);
        health.begin(now).succeeded();
        assert!(!health.available(now), "an answered request does not overrule the check");
        assert_eq!(health.why().map(|why| why.to_string()).as_deref(), Some("cannot connect: refused"));
        assert!(health.checked(None));
        assert!(health.available(now));
        assert_eq!(health.why(), None);
    }

    #[test]
    fn outstanding_counts_tickets() {
        let (health, now) = health();
        let tickets = [health.begin(now), health.begin(now)];
        assert_eq!(health.outstanding(), 2);
        drop(tickets);
        assert_eq!(health.outstanding(), 0);
    }
}
