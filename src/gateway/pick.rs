//! Within a tier: the best backend with room, else a place in the queue, else the smaller model.
//!
//! The smaller model is taken only at home and only instead of waiting longer, crossing or refusing. It is decided on like any
//! other: its backends are in the plan, under the same facts and rules, each with its own duties.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::allowed::{Allowed, allowed, value_hosts};
use super::prefix::Prefix;
use super::route::{Leg, Route};
use super::waiting::{Candidate, Line, Waited};
use crate::balance::Step;
use crate::model::{Refusal, Tier, Word};
use crate::upstream::{Choice, Place, Pool};

/// What a look at a tier brought.
#[derive(Debug)]
pub(super) enum Picked {
    /// A place at a backend.
    Leg(Box<Leg>),
    /// Backends that are well and full; none where none is.
    Full(Vec<Candidate>),
}

/// What is to be done after a wait.
#[derive(Debug)]
pub(super) enum Next {
    /// To try this.
    Try(Box<Leg>),
    /// To look again.
    Again,
    /// To leave the tier, if that may be.
    Leave,
}

impl Route {
    /// Takes the best backend of a tier that serves a model and was not tried yet (in use, preferred, least outstanding), and
    /// of it the best endpoint.
    pub(super) fn pick(&mut self, tier: Tier, model: &Word) -> Picked {
        let pool = Arc::clone(&self.newest.snapshot.pool);
        let mut open = allowed(&self.first, &self.newest, model);
        open.retain(|allowed| allowed.tier == tier && self.may_serve(&pool, &allowed.name));
        let ranked: Vec<_> = open.iter().map(|allowed| (allowed.name.clone(), allowed.rank)).collect();
        let mut full = Vec::new();
        for index in pool.pick(&ranked) {
            let Some(allowed) = open.get(index) else { continue };
            let Some(candidate) = self.candidate(&pool, &allowed.name, model) else { continue };
            if !candidate.upstream.available() {
                // They come in order: all that follow are ejected too.
                self.tally.unavailable = true;
                if full.is_empty() {
                    self.cause = Word::fixed("unavailable");
                }
                break;
            }
            // One that is well is asked whatever others did, or a tier would be left that can serve. What did not serve a moment ago is
            // asked again within the budget.
            let is_ill = candidate.upstream.is_avoided(&candidate.asked);
            if is_ill && self.has_failed_here() && !self.unsent && (self.looks_again || !self.gate.retries.take()) {
                // Those that are left are up: the tier counts as full, not as down. One that failed at the request is told of as
                // that, for its siblings that are ill have room.
                self.tally.waiting |= !self.tally.faulty;
                if !self.looks_again {
                    self.cause = Word::fixed("retries");
                }
                break;
            }
            if candidate.upstream.queues() && self.gate.room.is_waited_in(tier) {
                full.push(candidate);
                continue;
            }
            match self.place(&candidate) {
                Choice::Place(place) => {
                    if let Some(leg) = self.leg(allowed, &candidate, place) {
                        return Picked::Leg(Box::new(leg));
                    }
                }
                Choice::Full => full.push(candidate),
                Choice::None => {
                    self.tally.unavailable |= !self.has_asked(&allowed.name);
                    self.tried.push(allowed.name.clone());
                }
            }
        }
        Picked::Full(full)
    }

    /// Takes the smaller model at home, if it has room.
    pub(super) fn pick_smaller(&mut self, tier: Tier) -> Picked {
        let mut full = Vec::new();
        let Some(smaller) = self.newest.smaller.clone() else { return Picked::Full(full) };
        // Never farther than the tier that would be left: that would need the clause.
        for near in [Tier::OnPremises, Tier::Domestic].into_iter().filter(|near| *near <= tier) {
            match self.pick(near, &smaller) {
                Picked::Leg(leg) => return Picked::Leg(leg),
                Picked::Full(more) => full.extend(more),
            }
        }
        Picked::Full(full)
    }

    /// What is done when the tier has nothing that could be asked now: waits for those that are full, takes the smaller model,
    /// or leaves.
    ///
    /// # Errors
    /// 429 when the queue has no room.
    pub(super) async fn without_room(&mut self, tier: Tier, full: Vec<Candidate>) -> Result<Next, Refusal> {
        if full.is_empty() {
            // One that failed at the request itself would be no better with a smaller model.
            let was_there = (self.tally.unavailable || self.tally.waiting) && !self.tally.faulty;
            return Ok(match if was_there { self.pick_smaller(tier) } else { Picked::Full(Vec::new()) } {
                Picked::Leg(leg) => Next::Try(leg),
                Picked::Full(_) => Next::Leave,
            });
        }
        let snapshot = Arc::clone(&self.newest.snapshot);
        let hashed = full.iter().any(|candidate| candidate.upstream.endpoints() > 1);
        let prefix = self.prefix(hashed).clone();
        let line = self.line(prefix.cost());
        let later = (self.decided + snapshot.waiting.smaller_after, self.smaller_candidates(tier));
        let (gate, began) = (Arc::clone(&self.gate), Instant::now());
        let waits = gate.telemetry.waits(&Word::fixed(tier.name()));
        let route = &*self;
        let look = || {
            let stale = !Arc::ptr_eq(&route.gate.snapshot(), &route.newest.snapshot) || route.is_past();
            if stale { None } else { Some(route.recovered(tier)) }
        };
        let waited = gate.room.wait((tier, &line), (full, later), prefix, (self.patience(tier), &look)).await;
        waits.ended(waited.name());
        self.waited += began.elapsed();
        self.has_waited = true;
        match waited {
            Waited::Granted(candidate, place) => {
                // What came into force meanwhile has a word to say: it may allow less, or have other connections.
                self.renew().await;
                Ok(self.granted(&candidate, place).map_or(Next::Again, |leg| Next::Try(Box::new(leg))))
            }
            Waited::Stale => Ok(Next::Again),
            Waited::Over => {
                self.tally.waiting = true;
                self.cause = Word::fixed("waited");
                Ok(if self.look_again() { Next::Again } else { Next::Leave })
            }
            Waited::Crowded => match self.pick_smaller(tier) {
                Picked::Leg(leg) => Ok(Next::Try(leg)),
                Picked::Full(_) => {
                    self.tally.waiting = true;
                    self.overall.waiting = true;
                    self.cause = Word::fixed("full");
                    Err(self.exhausted())
                }
            },
        }
    }

    /// The leg of a place that the queue gave, if all that is in force allows it still.
    fn granted(&mut self, candidate: &Candidate, place: Place) -> Option<Leg> {
        let name = candidate.upstream.name();
        let pool = Arc::clone(&self.newest.snapshot.pool);
        let is_same = pool.backend(name.as_str()).is_some_and(|now| Arc::ptr_eq(now, &candidate.upstream));
        let still = allowed(&self.first, &self.newest, &candidate.model);
        let tier = self.tier;
        let still = still.into_iter().find(|allowed| allowed.name == *name && Some(allowed.tier) <= tier)?;
        // The endpoint may have gone since the queue gave it: nothing more is sent to a server that was taken out.
        if is_same && place.stands() { self.leg(&still, candidate, place) } else { None }
    }

    /// Has the tier looked at once more before it is left, and those asked again that were asked: what was full or ill may be well by
    /// now. Says whether there is such a look to come; one that failed at the request itself would fail at it again.
    pub(super) fn look_again(&mut self) -> bool {
        if self.looks_again || self.tally.faulty {
            return false;
        }
        (self.has_waited, self.looks_again) = (true, true);
        self.endpoints.clear();
        true
    }

    /// The backends of a tier that would serve as far as anybody knows, whether or not this request met them ill: while it waits, they
    /// may have served others.
    pub(super) fn recovered(&self, tier: Tier) -> Vec<Candidate> {
        if self.tally.faulty {
            return Vec::new();
        }
        let pool = &self.newest.snapshot.pool;
        let mut open = allowed(&self.first, &self.newest, &self.newest.model);
        open.retain(|allowed| allowed.tier == tier && !self.tried.contains(&allowed.name));
        let candidates = open.iter().filter_map(|allowed| self.candidate(pool, &allowed.name, &self.newest.model));
        let again = candidates.filter_map(|mut candidate| {
            let well = candidate.upstream.proved_well();
            let keeps = |endpoint: &u64| self.first.stored.as_ref().is_none_or(|stored| stored.endpoint == *endpoint);
            candidate.asked.retain(|asked| !(well.contains(asked) && keeps(asked)));
            well.iter().any(|endpoint| !candidate.asked.contains(endpoint)).then_some(candidate)
        });
        again.collect()
    }

    /// Until when a request waits in a tier: to its deadline, or to the time at which the clause opens the next tier.
    fn patience(&self, tier: Tier) -> Instant {
        let deadline = self.decided + self.newest.snapshot.waiting.deadline;
        let clause = self.fall_back();
        let opens = clause.after_ms.filter(|_| clause.open && !self.tally.faulty && self.next_tier(tier).is_some());
        opens.map_or(deadline, |after_ms| deadline.min(self.decided + Duration::from_millis(after_ms)))
    }

    /// Whose request waits, and what it weighs.
    fn line(&self, cost: u64) -> Line {
        let (waiting, caller) = (&self.newest.snapshot.waiting, &self.first.caller);
        let priority = waiting.priority(&caller.app, self.first.declared.priority);
        let shares = &self.newest.snapshot.weights;
        let weight = shares.tenants.get(&caller.tenant);
        let path = [
            Step { key: Word::fixed(priority.name()), weight: priority.weight() },
            Step { key: caller.tenant.clone(), weight: weight.copied().unwrap_or(1) },
            Step { key: caller.app.clone(), weight: shares.apps.get(&caller.app).copied().unwrap_or(1) },
        ];
        Line { path, cost, bound: waiting.requests }
    }

    /// The backends of the smaller model at home, with room or without.
    fn smaller_candidates(&self, tier: Tier) -> Vec<Candidate> {
        let Some(smaller) = &self.newest.smaller else { return Vec::new() };
        let pool = Arc::clone(&self.newest.snapshot.pool);
        let mut near = allowed(&self.first, &self.newest, smaller);
        near.retain(|allowed| allowed.tier <= tier.min(Tier::Domestic) && self.may_serve(&pool, &allowed.name));
        near.iter().filter_map(|allowed| self.candidate(&pool, &allowed.name, smaller)).collect()
    }

    fn candidate(&self, pool: &Pool, name: &Word, model: &Word) -> Option<Candidate> {
        Some(Candidate {
            upstream: Arc::clone(pool.backend(name.as_str())?),
            model: model.clone(),
            known_as: self.newest.snapshot.upstream_model(model, name).cloned(),
            asked: self.asked(pool, name),
        })
    }

    /// The endpoints of a backend that are not asked: those that were, and those that do not keep what the request names.
    fn asked(&self, pool: &Pool, name: &Word) -> Vec<u64> {
        let mut asked: Vec<u64> =
            self.endpoints.iter().filter(|(of, _)| of == name).map(|(_, endpoint)| *endpoint).collect();
        if let (Some(stored), Some(upstream)) = (&self.first.stored, pool.backend(name.as_str())) {
            asked.extend(upstream.endpoint_ids().into_iter().filter(|endpoint| *endpoint != stored.endpoint));
        }
        asked
    }

    /// Whether an endpoint of a backend was asked.
    fn has_asked(&self, name: &Word) -> bool {
        self.endpoints.iter().any(|(of, _)| of == name)
    }

    /// Whether a backend is not out, and was not asked at every endpoint that is well.
    fn may_serve(&self, pool: &Pool, name: &Word) -> bool {
        let is_left =
            || pool.backend(name.as_str()).is_some_and(|upstream| upstream.has_untried(&self.asked(pool, name)));
        !self.tried.contains(name) && (!self.has_asked(name) || is_left())
    }

    fn place(&mut self, candidate: &Candidate) -> Choice {
        let upstream = &candidate.upstream;
        let ask = self.prefix(upstream.endpoints() > 1).ask(candidate.known_as.as_ref().map(Word::as_str));
        upstream.choose(&ask, &candidate.asked)
    }

    /// What the conversation begins with; its hashes are read where somebody asks for them.
    fn prefix(&mut self, hashed: bool) -> &Prefix {
        let read = self.prefix.take().filter(|prefix| prefix.is_hashed() || !hashed);
        self.prefix.insert(read.unwrap_or_else(|| Prefix::new(&self.first, hashed)))
    }

    fn leg(&mut self, allowed: &Allowed, candidate: &Candidate, place: Place) -> Option<Leg> {
        let known = self.newest.snapshot.policy.backends();
        let backend = known.iter().find(|backend| backend.name == allowed.name)?.clone();
        let first_tier = self.first.choices_for(&self.first.model).map(|choice| choice.tier).min();
        self.endpoints.push((allowed.name.clone(), place.endpoint()));
        self.number += 1;
        Some(Leg {
            examined: Arc::clone(&self.newest),
            backend,
            upstream: Arc::clone(&candidate.upstream),
            place: Some(place),
            model: candidate.model.clone(),
            duties: allowed.duties.clone(),
            value_hosts: value_hosts(&self.first, &self.newest),
            number: self.number,
            cause: self.cause.clone(),
            fell_back: first_tier.is_some_and(|first| first < allowed.tier),
            crossed: self.crossed.take(),
            waited: self.waited,
        })
    }
}
