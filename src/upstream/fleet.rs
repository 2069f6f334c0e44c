//! The endpoints of one backend, and which of them gets a request: the core of [`crate::balance`] with a clock and a lock.
//!
//! One short lock is taken to choose, at the first piece of an answer and at its end; none is held over an await.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::health::{Ticket, Why};
use crate::balance::{Ask, Balancer, Micros, Said, Seat, Tuning};

/// The endpoints.
pub(super) struct Fleet {
    state: Mutex<State>,
    origin: Instant,
}

struct State {
    balancer: Balancer,
    /// By slot of the balancer; `None` where a slot is free.
    members: Vec<Option<Arc<Endpoint>>>,
}

impl Fleet {
    pub(super) fn new(members: Vec<Arc<Endpoint>>) -> Self {
        let mut seed = [0; 8];
        // Without randomness the draws are the same in every gateway; nothing secret hangs on them.
        rand::fill(&mut seed).unwrap_or_default();
        let balancer = Balancer::new(u64::from_le_bytes(seed), Tuning::DEFAULT);
        let fleet = Self { state: Mutex::new(State { balancer, members: Vec::new() }), origin: Instant::now() };
        fleet.set(members);
        fleet
    }

    /// Sets which endpoints there are; those that stay must be handed in as they were.
    pub(super) fn set(&self, endpoints: Vec<Arc<Endpoint>>) {
        let mut state = self.state();
        let ids: Vec<u64> = endpoints.iter().map(|endpoint| endpoint.id).collect();
        let slots = state.balancer.set(&ids);
        state.members.clear();
        let size = slots.iter().max().map_or(0, |slot| slot + 1);
        state.members.resize(size, None);
        for (slot, endpoint) in slots.into_iter().zip(endpoints) {
            if let Some(member) = state.members.get_mut(slot) {
                *member = Some(endpoint);
            }
        }
    }

    /// All endpoints.
    pub(super) fn members(&self) -> Vec<Arc<Endpoint>> {
        self.state().members.iter().flatten().cloned().collect()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.state().members.iter().flatten().count()
    }

    /// Whether a request sent now has a chance at an endpoint that is not among those tried.
    pub(super) fn is_available(&self, now: Instant, tried: &[u64]) -> bool {
        let open = |endpoint: &Arc<Endpoint>| !tried.contains(&endpoint.id) && endpoint.health.available(now);
        self.state().members.iter().flatten().any(open)
    }

    /// Requests whose answer has not ended.
    pub(super) fn outstanding(&self) -> usize {
        self.state().members.iter().flatten().map(|endpoint| endpoint.health.outstanding()).sum()
    }

    /// Why an endpoint is not well: one that is not in use, if there is one.
    pub(super) fn why(&self, now: Instant) -> Option<Why> {
        let members = self.members();
        let down = members.iter().find(|endpoint| !endpoint.health.available(now) && endpoint.health.why().is_some());
        down.or_else(|| members.iter().find(|endpoint| endpoint.health.why().is_some()))?.health.why()
    }

    /// Takes a place for a request: at an endpoint that is well and was not tried; first of those
    /// that are not avoided.
    pub(super) fn choose(self: &Arc<Self>, ask: &Ask<'_>, tried: &[u64]) -> Option<Place> {
        let now = Instant::now();
        self.place(ask, now, |endpoint| {
            !tried.contains(&endpoint.id) && endpoint.health.available(now) && !endpoint.is_avoided(now)
        })
        .or_else(|| self.place(ask, now, |endpoint| !tried.contains(&endpoint.id) && endpoint.health.available(now)))
    }

    /// Takes a place at any endpoint, well or not.
    pub(super) fn any(self: &Arc<Self>, ask: &Ask<'_>) -> Option<Place> {
        self.choose(ask, &[]).or_else(|| self.place(ask, Instant::now(), |_| true))
    }

    fn place(self: &Arc<Self>, ask: &Ask<'_>, now: Instant, open: impl Fn(&Endpoint) -> bool) -> Option<Place> {
        let time = self.time(now);
        let mut state = self.state();
        let State { balancer, members } = &mut *state;
        let chosen =
            balancer.choose(ask, time, |slot| members.get(slot).is_some_and(|it| it.as_deref().is_some_and(&open)))?;
        let endpoint = members.get(chosen.slot)?.clone()?;
        let seat = balancer.begin(&chosen, ask, time)?;
        let ticket = endpoint.health.begin(now);
        Some(Place { fleet: Arc::clone(self), endpoint, ticket, seat, pieces: 0 })
    }

    /// An endpoint gave so many wrong answers in a row. It is left alone for a time if most of its siblings are well: then the
    /// fault is its own. A caller who provokes errors meets them at all, and can empty no backend.
    pub(super) fn outlier(&self, endpoint: &Endpoint, now: Instant) -> bool {
        let members = self.members();
        let well = members.iter().filter(|other| other.id != endpoint.id && other.health.available(now)).count();
        // More than half of all stay.
        let may = well * 2 > members.len();
        may && endpoint.health.eject(now)
    }

    /// An endpoint told how it is.
    pub(super) fn says(&self, id: u64, said: Said) {
        let time = self.time(Instant::now());
        let mut state = self.state();
        let slot = state.members.iter().position(|member| member.as_ref().is_some_and(|endpoint| endpoint.id == id));
        if let Some(slot) = slot {
            state.balancer.says(slot, said, time);
        }
    }

    fn time(&self, now: Instant) -> Micros {
        u64::try_from(now.saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members()).finish()
    }
}

/// The place of one request at one endpoint, taken when it is chosen and given free when the answer has ended or nothing came
/// of it.
pub struct Place {
    fleet: Arc<Fleet>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) ticket: Ticket,
    seat: Seat,
    pieces: u32,
}

impl Place {
    /// Which endpoint.
    pub fn endpoint(&self) -> u64 {
        self.endpoint.id
    }

    /// The fleet that it is of.
    pub(super) fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// A piece of the answer came: of a stream the first one is its first token, and each counts as one.
    pub(super) fn piece(&mut self) {
        self.pieces = self.pieces.saturating_add(1);
        if self.pieces == 1 {
            let time = self.fleet.time(Instant::now());
            self.fleet.state().balancer.first(&mut self.seat, time);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let time = self.fleet.time(Instant::now());
        self.fleet.state().balancer.end(&self.seat, time, self.pieces);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("endpoint", &self.endpoint.name).finish_non_exhaustive()
    }
}
