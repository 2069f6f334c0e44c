//! The endpoints of one backend, and which of them gets a request: the core of [`crate::balance`] with a clock and a lock.
//!
//! One short lock is taken to choose, at each piece of an answer and at its end; none is held over an await. Whatever may
//! make room (a place given back, a server that told how it is, another set of endpoints) wakes one of those who wait for it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::health::{Ticket, Why};
use crate::balance::{Ask, Balancer, Full, Micros, Said, Seat, Tuning};
use crate::limits;

/// The endpoints.
pub(super) struct Fleet {
    state: Mutex<State>,
    origin: Instant,
    /// Wakes one of those who wait for room.
    freed: Notify,
    /// Whether requests wait for room here.
    queues: bool,
}

/// What came of asking for a place.
#[derive(Debug)]
pub enum Choice {
    /// A place, taken.
    Place(Place),
    /// Every endpoint that is well is full: wait for room.
    Full,
    /// None is left that is well and was not tried.
    None,
}

struct State {
    balancer: Balancer,
    /// By slot of the balancer; `None` where a slot is free.
    members: Vec<Option<Arc<Endpoint>>>,
    /// Priorities of the endpoints, lowest first.
    priorities: Vec<u32>,
}

impl Fleet {
    pub(super) fn new(members: &[Arc<Endpoint>], full: Option<Full>) -> Self {
        let mut seed = [0; 8];
        // Without randomness the draws are the same in every gateway; nothing secret hangs on them.
        rand::fill(&mut seed).unwrap_or_default();
        let balancer = Balancer::new(u64::from_le_bytes(seed), Tuning { full, ..Tuning::DEFAULT });
        let state = Mutex::new(State { balancer, members: Vec::new(), priorities: vec![0] });
        let fleet = Self { state, origin: Instant::now(), freed: Notify::new(), queues: full.is_some() };
        fleet.set(members);
        fleet
    }

    /// Sets which endpoints there are; those that stay must be handed in as they were.
    pub(super) fn set(&self, endpoints: &[Arc<Endpoint>]) {
        let mut state = self.state();
        let ids: Vec<u64> = endpoints.iter().map(|endpoint| endpoint.id).collect();
        let slots = state.balancer.set(&ids);
        state.members.clear();
        let size = slots.iter().max().map_or(0, |slot| slot + 1);
        state.members.resize(size, None);
        state.priorities = endpoints.iter().map(|endpoint| endpoint.priority()).collect();
        state.priorities.sort_unstable();
        state.priorities.dedup();
        for (slot, endpoint) in slots.into_iter().zip(endpoints) {
            state.balancer.weigh(slot, share(endpoint, endpoints));
            if let Some(member) = state.members.get_mut(slot) {
                *member = Some(Arc::clone(endpoint));
            }
        }
        drop(state);
        self.freed.notify_one();
    }

    /// Ends when there may be room that was not there before; of several who wait for that one is woken.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }

    /// Whether requests wait for room here.
    pub(super) const fn queues(&self) -> bool {
        self.queues
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

    /// Whether those that have a chance and were not tried are all avoided.
    pub(super) fn is_avoided(&self, now: Instant, tried: &[u64]) -> bool {
        let well = |endpoint: &Arc<Endpoint>| {
            !tried.contains(&endpoint.id) && endpoint.health.available(now) && !endpoint.is_avoided(now)
        };
        !self.state().members.iter().flatten().any(well)
    }

    /// Those that would serve as far as anybody knows.
    pub(super) fn proved_well(&self, now: Instant) -> Vec<u64> {
        let well = |endpoint: &&Arc<Endpoint>| endpoint.has_proved_well(now);
        self.state().members.iter().flatten().filter(well).map(|endpoint| endpoint.id).collect()
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

    /// Takes a place for a request: at an endpoint that is well, has room and was not tried; first of those with the lowest
    /// priority, and of these of those that are not avoided.
    pub(super) fn choose(self: &Arc<Self>, ask: &Ask<'_>, tried: &[u64]) -> Choice {
        let now = Instant::now();
        let open = |endpoint: &Endpoint| !tried.contains(&endpoint.id) && endpoint.health.available(now);
        let mut at = 0;
        while let Some(priority) = self.priority(at) {
            let open = |endpoint: &Endpoint| endpoint.priority() == priority && open(endpoint);
            let place = self.place(ask, now, |endpoint| open(endpoint) && !endpoint.is_avoided(now));
            if let Some(place) = place.or_else(|| self.place(ask, now, open)) {
                return Choice::Place(place);
            }
            at += 1;
        }
        if self.queues && self.is_available(now, tried) { Choice::Full } else { Choice::None }
    }

    /// One of the priorities, lowest first.
    fn priority(&self, at: usize) -> Option<u32> {
        self.state().priorities.get(at).copied()
    }

    /// Takes a place at any endpoint, well or not.
    pub(super) fn any(self: &Arc<Self>, ask: &Ask<'_>) -> Option<Place> {
        match self.choose(ask, &[]) {
            Choice::Place(place) => Some(place),
            Choice::Full | Choice::None => self.place(ask, Instant::now(), |_| true),
        }
    }

    fn place(self: &Arc<Self>, ask: &Ask<'_>, now: Instant, open: impl Fn(&Endpoint) -> bool) -> Option<Place> {
        let time = self.time(now);
        let mut state = self.state();
        let State { balancer, members, .. } = &mut *state;
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
        drop(state);
        self.freed.notify_one();
    }

    fn time(&self, now: Instant) -> Micros {
        u64::try_from(now.saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The weight of an endpoint beside those with the same priority, which have 1 on average.
fn share(endpoint: &Endpoint, all: &[Arc<Endpoint>]) -> f64 {
    let alike = || all.iter().filter(|other| other.priority() == endpoint.priority());
    let (sum, count) = alike().fold((0_u32, 0_u32), |(sum, count), other| (sum + other.weight(), count + 1));
    if sum == 0 { 1.0 } else { f64::from(endpoint.weight()) * f64::from(count) / f64::from(sum) }
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

    /// Whether its endpoint is still one of the fleet's.
    pub fn stands(&self) -> bool {
        self.fleet.state().members.iter().flatten().any(|member| Arc::ptr_eq(member, &self.endpoint))
    }

    /// The fleet that it is of.
    pub(super) fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// The endpoint turned the request away, and said when it may be asked again, or not: until then it has no room.
    pub(super) fn turned_away(&self, retry_after_s: Option<u32>) {
        let time = retry_after_s.map_or(limits::AVOIDED_AT_LEAST, |seconds| Duration::from_secs(seconds.into()));
        let until = Instant::now() + time.clamp(limits::AVOIDED_AT_LEAST, limits::AVOIDED_AT_MOST);
        let until = self.fleet.time(until);
        self.fleet.state().balancer.turned_away(&self.seat, until);
    }

    /// A piece of the answer came: of a stream the first one is its first token, and each counts as one.
    pub(super) fn piece(&mut self) {
        self.pieces = self.pieces.saturating_add(1);
        let time = self.fleet.time(Instant::now());
        let mut state = self.fleet.state();
        if self.pieces == 1 {
            state.balancer.first(&mut self.seat, time);
        } else {
            state.balancer.further(&self.seat, time);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let time = self.fleet.time(Instant::now());
        self.fleet.state().balancer.end(&self.seat, time, self.pieces);
        self.fleet.freed.notify_one();
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("endpoint", &self.endpoint.name).finish_non_exhaustive()
    }
}
