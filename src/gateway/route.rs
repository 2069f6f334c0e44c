//! The way through a plan: which backend is tried next, and what is said when none is left.
//!
//! A backend is taken only from the decision. Within a tier the way goes freely from one to the next; the next tier opens
//! only by a `fall back` clause: at once when every backend of the tier before is unavailable, and after the clause's time
//! of waiting when one of them is merely full or slow. From the second attempt on, the newest policy must allow the backend
//! too, with the strictest duties of both.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Gate;
use super::examine::Examined;
use super::exhausted::{Tally, exhausted};
use super::prefix::Prefix;
use crate::limits;
use crate::model::{Backend, Duties, FallBack, Refusal, Tier, Word};
use crate::upstream::{Place, Pool};

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
    /// What must be done to the request.
    pub duties: Duties,
    /// 1 for the first backend tried.
    pub number: u32,
    /// Why the one before did not serve.
    pub cause: Word,
    /// Whether this leg is of a later tier than the first.
    pub fell_back: bool,
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
    gate: Arc<Gate>,
    first: Arc<Examined>,
    newest: Arc<Examined>,
    decided: Instant,
    tier: Option<Tier>,
    /// Backends that are not asked again.
    tried: Vec<Word>,
    /// Endpoints that were asked, by backend.
    endpoints: Vec<(Word, u64)>,
    /// What the conversation begins with; read when a backend has several endpoints.
    prefix: Option<Prefix>,
    /// Whether the next attempt within a tier costs nothing: of the last one nothing was sent.
    unsent: bool,
    tally: Tally,
    overall: Tally,
    number: u32,
    cause: Word,
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
        }
    }

    /// Takes the next backend, waiting where the clause says so.
    ///
    /// # Errors
    /// When none is left: 403 if policy allows no backend, 429 if one of those allowed is full, 502 if one failed and none is
    /// full, 503 if all are down.
    pub async fn next(&mut self) -> Result<Leg, Refusal> {
        loop {
            if self.number > 0 {
                self.renew().await;
            }
            let Some(tier) = self.current_tier() else { return Err(self.exhausted()) };
            if self.tier.replace(tier) != Some(tier) {
                self.tally = Tally::default();
            }
            if self.may_try()
                && let Some(leg) = self.pick(tier)
            {
                return Ok(leg);
            }
            self.cross(tier).await?;
        }
    }

    /// Notes how a leg failed.
    pub fn failed(&mut self, failed: &Failed) {
        let Failed { leg, failure, retry_after_s } = failed;
        self.cause = Word::fixed(failure.cause());
        self.gate.telemetry.attempted(self.first_id(), &leg.backend.name, &self.cause);
        match failure {
            Failure::Unavailable(_) => self.tally.unavailable = true,
            Failure::Waiting(_) => self.tally.waiting = true,
            Failure::Faulty(_) => self.tally.faulty = true,
            // The backend is taken out as policy would have done it; its tier is neither down nor full for that.
            Failure::Impossible(_) => {}
        }
        // Neither is different at another endpoint.
        if matches!(failure, Failure::Impossible(_) | Failure::Faulty("credential")) {
            self.tried.push(leg.backend.name.clone());
        }
        self.unsent =
            matches!(failure, Failure::Impossible(_) | Failure::Unavailable("connect" | "address" | "identity"));
        self.tally.retry_after_s = self.tally.retry_after_s.max(*retry_after_s);
    }

    /// Which request, for the log.
    fn first_id(&self) -> crate::model::entry::RequestId {
        self.first.id
    }

    /// Decides again when a newer snapshot is in force.
    async fn renew(&mut self) {
        let snapshot = self.gate.snapshot();
        if !Arc::ptr_eq(&snapshot, &self.newest.snapshot) {
            let leak = snapshot.scanner.scan(&self.first.caller, &self.first.call).await;
            self.newest = Arc::new(self.first.again(snapshot, leak, self.gate.now()));
        }
    }

    /// The backends that both decisions allow, with the strictest duties of both: name, tier, rank, duties.
    fn allowed(&self) -> Vec<(Word, Tier, u32, Duties)> {
        let mut allowed = Vec::new();
        for choice in &self.newest.plan.choices {
            let Some(backend) = self.newest.backend(choice.backend) else { continue };
            if Arc::ptr_eq(&self.first, &self.newest) {
                allowed.push((backend.name.clone(), choice.tier, choice.rank, choice.duties.clone()));
                continue;
            }
            let earlier = self.first.plan.choices.iter().find(|earlier| {
                self.first.backend(earlier.backend).is_some_and(|earlier| earlier.name == backend.name)
            });
            let Some(earlier) = earlier else { continue };
            // The catalogues may number types differently: duties are carried over by name, and a type that the newest
            // catalogue does not know cannot be looked after.
            let Some(carried) = self.carried(&earlier.duties) else { continue };
            let mut duties = choice.duties.clone();
            duties.merge(&carried);
            allowed.push((backend.name.clone(), choice.tier.max(earlier.tier), choice.rank, duties));
        }
        allowed.sort_by_key(|(_, tier, rank, _)| (*tier, *rank));
        allowed
    }

    fn carried(&self, duties: &Duties) -> Option<Duties> {
        let mut carried = Duties { actions: Vec::new(), log_sealed: duties.log_sealed };
        for (entity, action) in &duties.actions {
            let name = &self.first.snapshot.catalogue.info(*entity)?.name;
            carried.require(self.newest.snapshot.catalogue.entity(name.as_str())?, *action);
        }
        Some(carried)
    }

    /// The nearest tier that is allowed and not left behind.
    fn current_tier(&self) -> Option<Tier> {
        let tiers = self.allowed().into_iter().map(|(_, tier, ..)| tier);
        match self.tier {
            None => tiers.min(),
            Some(current) => tiers.filter(|tier| *tier >= current).min(),
        }
    }

    fn may_try(&self) -> bool {
        (self.number as usize) < limits::ATTEMPTS_MAX
    }

    /// Takes the best backend of a tier that was not tried yet (in use, preferred, least outstanding), and of it the best
    /// endpoint.
    fn pick(&mut self, tier: Tier) -> Option<Leg> {
        let pool = Arc::clone(&self.newest.snapshot.pool);
        let mut open: Vec<_> = self.allowed();
        open.retain(|(name, of, ..)| *of == tier && self.may_serve(&pool, name));
        let candidates: Vec<_> = open.iter().map(|(name, _, rank, _)| (name.clone(), *rank)).collect();
        for index in pool.pick(&candidates) {
            let (name, _, _, duties) = open.get(index)?.clone();
            let upstream = Arc::clone(pool.backend(name.as_str())?);
            if !upstream.available() {
                // They come in order: all that follow are ejected too.
                self.tally.unavailable = true;
                self.cause = Word::fixed("unavailable");
                return None;
            }
            let Some(backend) = self.newest.snapshot.policy.backends().iter().find(|backend| backend.name == name)
            else {
                continue;
            };
            let backend = backend.clone();
            let asked = self.asked(&name);
            if self.has_failed_here() && !self.unsent && !self.gate.retries.take() {
                // Others are left that were not asked: the tier counts as full, not as down.
                self.tally.waiting = true;
                self.cause = Word::fixed("retries");
                return None;
            }
            let Some(place) = self.place(&upstream, &asked, &name) else {
                self.tally.unavailable |= asked.is_empty();
                self.tried.push(name);
                continue;
            };
            self.endpoints.push((name, place.endpoint()));
            self.number += 1;
            return Some(self.leg(tier, (backend, upstream, place), duties));
        }
        None
    }

    /// The endpoints of a backend that were asked.
    fn asked(&self, name: &Word) -> Vec<u64> {
        self.endpoints.iter().filter(|(of, _)| of == name).map(|(_, endpoint)| *endpoint).collect()
    }

    /// Whether a backend is not out, and was not asked at every endpoint that is well.
    fn may_serve(&self, pool: &Pool, name: &Word) -> bool {
        let asked = self.asked(name);
        let is_left = || pool.backend(name.as_str()).is_some_and(|upstream| upstream.has_untried(&asked));
        !self.tried.contains(name) && (asked.is_empty() || is_left())
    }

    /// Whether an attempt within this tier has failed.
    const fn has_failed_here(&self) -> bool {
        self.tally.unavailable || self.tally.waiting || self.tally.faulty
    }

    fn place(&mut self, upstream: &crate::upstream::Backend, asked: &[u64], name: &Word) -> Option<Place> {
        let hashed = upstream.endpoints() > 1;
        if hashed || self.prefix.is_none() {
            let is_read = self.prefix.as_ref().is_some_and(Prefix::is_hashed);
            if !is_read {
                self.prefix = Some(Prefix::new(&self.first, hashed));
            }
        }
        let model = self.newest.snapshot.upstream_model(&self.newest.model, name);
        let ask = self.prefix.as_ref()?.ask(model.map(Word::as_str));
        upstream.choose(&ask, asked)
    }

    fn leg(
        &self,
        tier: Tier,
        (backend, upstream, place): (Backend, Arc<crate::upstream::Backend>, Place),
        duties: Duties,
    ) -> Leg {
        let first_tier = self.first.plan.choices.iter().map(|choice| choice.tier).min();
        Leg {
            examined: Arc::clone(&self.newest),
            backend,
            upstream,
            place: Some(place),
            duties,
            number: self.number,
            cause: self.cause.clone(),
            fell_back: first_tier.is_some_and(|first| first < tier),
        }
    }

    /// The clause, as both decisions have it.
    fn fall_back(&self) -> FallBack {
        let (first, newest) = (self.first.plan.fall_back, self.newest.plan.fall_back);
        FallBack {
            open: first.open && newest.open,
            after_ms: first.after_ms.zip(newest.after_ms).map(|(first, newest)| first.max(newest)),
        }
    }

    /// Leaves a tier whose backends did not serve, if the clause lets the request go on.
    async fn cross(&mut self, tier: Tier) -> Result<(), Refusal> {
        self.overall.unavailable |= self.tally.unavailable;
        self.overall.waiting |= self.tally.waiting;
        self.overall.faulty |= self.tally.faulty;
        self.overall.retry_after_s = self.overall.retry_after_s.max(self.tally.retry_after_s);
        let next = self.allowed().into_iter().map(|(_, tier, ..)| tier).find(|of| *of > tier);
        let Some(next) = next.filter(|_| self.may_try()) else { return Err(self.exhausted()) };
        let clause = self.fall_back();
        // A tier that only held backends whose duties cannot be done was never there for this request.
        let was_there = self.tally.unavailable || self.tally.waiting || self.tally.faulty;
        if was_there {
            if !clause.open || self.tally.faulty {
                return Err(self.exhausted());
            }
            if self.tally.waiting {
                let Some(after_ms) = clause.after_ms else { return Err(self.exhausted()) };
                tokio::time::sleep_until(self.decided + Duration::from_millis(after_ms)).await;
            }
            self.gate.telemetry.crossed(self.first_id(), &Word::fixed(next.name()), &self.cause);
        }
        self.tier = Some(next);
        self.tally = Tally::default();
        Ok(())
    }

    fn exhausted(&self) -> Refusal {
        exhausted(&self.newest, &self.overall)
    }
}
