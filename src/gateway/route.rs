//! The way through a plan: which backend is tried next, and what is said when none is left.
//!
//! A backend is taken only from the decision. Within a tier the way goes freely from one to the next (`pick.rs`), waiting in a
//! queue where all are full (`waiting.rs`); the next tier opens only by a `fall back` clause: at once when every backend of the
//! tier before is unavailable, and after the clause's time of waiting when one of them is merely full or slow. From the second
//! attempt on, and after a wait, the newest policy must allow the backend too, with the strictest duties of both.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Gate;
use super::allowed::{allowed, fall_back};
use super::examine::Examined;
use super::exhausted::{Tally, exhausted};
use super::pick::{Next, Picked};
use super::prefix::Prefix;
use crate::limits;
use crate::model::entry::{Crossed, UNSENT_CAUSES};
use crate::model::{Backend, Duties, FallBack, Refusal, Tier, Word};
use crate::upstream::Place;

/// One backend that is about to be tried.
#[derive(Debug)]
pub struct Leg {
    /// What is sent is made from this: the newest examination of the request.
    pub examined: Arc<Examined>,
    /// The backend's declared truths.
    pub backend: Backend,
    /// Its connections.
    pub upstream: Arc<crate::upstream::Backend>,
    /// The endpoint that was chosen for it.
    pub place: Option<Place>,
    /// The configured name of the model that serves: the one that was asked for, or the smaller one.
    pub model: Word,
    /// What must be done to the request.
    pub duties: Duties,
    /// Hosts into whose addresses its answer may have values put back.
    pub value_hosts: Arc<[Word]>,
    /// 1 for the first backend tried.
    pub number: u32,
    /// Why the one before did not serve.
    pub cause: Word,
    /// Whether this leg is of a later tier than the first.
    pub fell_back: bool,
    /// The tier that was left for it, where none went there before.
    pub crossed: Option<Crossed>,
    /// How long the request waited for room.
    pub waited: Duration,
}

/// Why a leg did not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Down: ejected, not reachable, or broke before the first byte.
    Unavailable(&'static str),
    /// Full: it answered 429 or 503, or did not begin to answer in time.
    Waiting(&'static str),
    /// Its duties cannot be done on this request.
    Impossible(&'static str),
    /// It answered with what no client may see: another backend may do better, without crossing a tier.
    Faulty(&'static str),
}

impl Failure {
    /// The closed word for records.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Unavailable(cause) | Self::Waiting(cause) | Self::Impossible(cause) | Self::Faulty(cause) => cause,
        }
    }
}

/// A leg that did not serve.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub leg: Leg,
    /// Why.
    pub failure: Failure,
    /// Seconds after which the backend would be asked again, if it said so.
    pub retry_after_s: Option<u32>,
}

/// The way of one request through its plan.
#[derive(Debug)]
pub struct Route {
    pub(super) gate: Arc<Gate>,
    pub(super) first: Arc<Examined>,
    pub(super) newest: Arc<Examined>,
    pub(super) decided: Instant,
    pub(super) tier: Option<Tier>,
    /// Backends that are not asked again.
    pub(super) tried: Vec<Word>,
    /// Endpoints that were asked, by backend.
    pub(super) endpoints: Vec<(Word, u64)>,
    /// What the conversation begins with; read when a backend has several endpoints.
    pub(super) prefix: Option<Prefix>,
    /// Whether the next attempt within a tier costs nothing: of the last one nothing was sent.
    pub(super) unsent: bool,
    pub(super) tally: Tally,
    pub(super) overall: Tally,
    pub(super) number: u32,
    pub(super) cause: Word,
    /// A tier that was left, and nothing sent since.
    pub(super) crossed: Option<Crossed>,
    /// Time spent waiting for room.
    pub(super) waited: Duration,
    pub(super) has_waited: bool,
    /// Whether the tier is looked at once more before it is left.
    pub(super) looks_again: bool,
}

impl Route {
    /// Starts on a decided request.
    pub fn new(gate: &Arc<Gate>, examined: Arc<Examined>) -> Self {
        gate.retries.earn();
        Self {
            gate: Arc::clone(gate),
            newest: Arc::clone(&examined),
            first: examined,
            decided: Instant::now(),
            tier: None,
            tried: Vec::new(),
            endpoints: Vec::new(),
            prefix: None,
            unsent: true,
            tally: Tally::default(),
            overall: Tally::default(),
            number: 0,
            cause: Word::fixed("first"),
            crossed: None,
            waited: Duration::ZERO,
            has_waited: false,
            looks_again: false,
        }
    }

    /// Takes the next backend, waiting for room or where the clause says so.
    ///
    /// # Errors
    /// When none is left: 403 if policy allows no backend, 429 if one of those allowed is full, 502 if one failed and none is
    /// full, 503 if all are down.
    pub async fn next(&mut self) -> Result<Leg, Refusal> {
        loop {
            if self.number > 0 || self.has_waited || self.is_past() {
                self.renew().await;
            }
            let Some(tier) = self.current_tier() else { return Err(self.exhausted()) };
            match self.tier {
                // What came into force meanwhile left nothing of the tier: it is gone, and only the clause opens a later one.
                Some(gone) if gone < tier => {
                    self.tally.unavailable = true;
                    self.cross(gone).await?;
                    continue;
                }
                Some(_) => {}
                None => self.tier = Some(tier),
            }
            if self.may_try_here() {
                let model = self.newest.model.clone();
                let next = match self.pick(tier, &model) {
                    Picked::Leg(leg) => Next::Try(leg),
                    Picked::Full(full) => self.without_room(tier, full).await?,
                };
                match next {
                    Next::Try(leg) => return Ok(*leg),
                    Next::Again => continue,
                    Next::Leave => {}
                }
            }
            self.cross(tier).await?;
        }
    }

    /// Notes how a leg failed.
    pub fn failed(&mut self, failed: &Failed) {
        let Failed { leg, failure, retry_after_s } = failed;
        self.cause = Word::fixed(failure.cause());
        self.gate.telemetry.attempted(self.first.id, &leg.backend.name, &self.cause);
        match failure {
            Failure::Unavailable(_) => self.tally.unavailable = true,
            Failure::Waiting(_) => self.tally.waiting = true,
            Failure::Faulty(_) => self.tally.faulty = true,
            // The backend is taken out as policy would have done it; its tier is neither down nor full for that. Nothing was
            // recorded of it: it was no attempt, and the next one tells of a tier that was left.
            Failure::Impossible(_) => {
                self.crossed.clone_from(&leg.crossed);
                self.number = self.number.saturating_sub(1);
            }
        }
        // Neither is different at another endpoint.
        if matches!(failure, Failure::Impossible(_) | Failure::Faulty("credential" | "denied")) {
            self.tried.push(leg.backend.name.clone());
        }
        if matches!(failure, Failure::Waiting("overloaded")) && leg.upstream.queues() {
            // It has no room now, and is waited for like the others.
            let last = self.endpoints.iter().rposition(|(of, _)| *of == leg.backend.name);
            last.map(|at| self.endpoints.remove(at));
        }
        self.unsent = matches!(failure, Failure::Impossible(_)) || UNSENT_CAUSES.contains(&failure.cause());
        self.tally.retry_after_s = self.tally.retry_after_s.max(*retry_after_s);
    }

    /// Decides again when a newer snapshot is in force, or when the policy's validity has ended since.
    pub(super) async fn renew(&mut self) {
        let snapshot = self.gate.in_force().await;
        if !Arc::ptr_eq(&snapshot, &self.newest.snapshot) || self.is_past() {
            let leak = snapshot.scanner.scan(&self.first.caller, &self.first.call).await;
            self.newest = Arc::new(self.first.again(snapshot, leak, self.gate.now()));
        }
    }

    pub(super) fn is_past(&self) -> bool {
        self.newest.is_past(self.gate.now())
    }

    /// The newest examination of the request.
    pub fn newest(&self) -> &Examined {
        &self.newest
    }

    /// The tiers of the backends that serve the model that was asked for.
    fn tiers(&self) -> impl Iterator<Item = Tier> {
        allowed(&self.first, &self.newest, &self.newest.model).into_iter().map(|allowed| allowed.tier)
    }

    /// The nearest tier that is allowed and not left behind.
    fn current_tier(&self) -> Option<Tier> {
        let left = self.tier;
        self.tiers().filter(|tier| left.is_none_or(|left| *tier >= left)).min()
    }

    /// The tier that would come next, if another may be tried at all.
    pub(super) fn next_tier(&self, tier: Tier) -> Option<Tier> {
        self.tiers().find(|of| *of > tier).filter(|_| self.may_try())
    }

    const fn may_try(&self) -> bool {
        (self.number as usize) < limits::ATTEMPTS_MAX
    }

    /// The same within a tier: the last attempts are left for the next one, if there is one.
    fn may_try_here(&self) -> bool {
        let kept = if self.next_tier_is_open() { limits::ATTEMPTS_KEPT } else { 0 };
        (self.number as usize) < limits::ATTEMPTS_MAX - kept
    }

    fn next_tier_is_open(&self) -> bool {
        self.fall_back().open && self.tier.is_some_and(|tier| self.next_tier(tier).is_some())
    }

    /// Whether an attempt within this tier has failed, or a backend of it is down.
    pub(super) const fn has_failed_here(&self) -> bool {
        self.tally.unavailable || self.tally.waiting || self.tally.faulty
    }

    pub(super) fn fall_back(&self) -> FallBack {
        fall_back(&self.first, &self.newest)
    }

    /// Leaves a tier whose backends did not serve, if the clause lets the request go on; where the clause wants a wait, waits first, and
    /// leaves it when it is called again.
    async fn cross(&mut self, tier: Tier) -> Result<(), Refusal> {
        self.overall.unavailable |= self.tally.unavailable;
        self.overall.waiting |= self.tally.waiting;
        self.overall.faulty |= self.tally.faulty;
        self.overall.retry_after_s = self.overall.retry_after_s.max(self.tally.retry_after_s);
        let Some(next) = self.next_tier(tier) else { return Err(self.exhausted()) };
        let clause = self.fall_back();
        // A tier that only held backends whose duties cannot be done was never there for this request.
        if self.has_failed_here() {
            if !clause.open || self.tally.faulty {
                return Err(self.exhausted());
            }
            let mut cause = "unavailable";
            if self.tally.waiting {
                let Some(after_ms) = clause.after_ms else { return Err(self.exhausted()) };
                let (began, opens) = (Instant::now(), self.decided + Duration::from_millis(after_ms));
                if began < opens {
                    self.wait_for_recovery(tier, opens).await;
                    self.waited += began.elapsed();
                    return Ok(());
                }
                cause = if after_ms == 0 { "full" } else { "waited" };
            }
            let from = self.crossed.take().map_or_else(|| Word::fixed(tier.name()), |crossed| crossed.from);
            self.crossed = Some(Crossed { from, to: Word::fixed(next.name()), cause: Word::fixed(cause) });
        }
        self.tier = Some(next);
        (self.tally, self.looks_again) = (Tally::default(), false);
        Ok(())
    }

    /// Waits for a time, or until a backend of a tier has served others since it did not serve.
    async fn wait_for_recovery(&mut self, tier: Tier, until: Instant) {
        loop {
            let next = Instant::now() + limits::WAITING_LOOK;
            if next >= until {
                tokio::time::sleep_until(until).await;
                self.look_again();
                return;
            }
            tokio::time::sleep_until(next).await;
            if !self.recovered(tier).is_empty() {
                self.has_waited = true;
                self.endpoints.clear();
                return;
            }
        }
    }

    pub(super) fn exhausted(&self) -> Refusal {
        exhausted(&self.newest, &self.overall)
    }
}
