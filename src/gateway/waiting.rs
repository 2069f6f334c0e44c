//! Waiting at home: requests whose backends are full stand in a bounded queue, one for each tier, until an endpoint has room.
//!
//! Whose turn it is says [`crate::balance::Queue`]: interactive before batch, tenants by weight, apps alike. A turn hands over a
//! place that is already taken, so that nobody who comes later steals it on the way. There is no task of its own: whoever is
//! woken by a place that was given back serves the queue on behalf of all. Dropping the future of one that waits takes it out
//! of the queue at once, and a place that it had just been given goes to the next.
//!
//! INVARIANT: while somebody waits in a tier, nobody takes a place of a backend that queues except by the queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::prefix::Prefix;
use crate::balance::{Queue, Step, Turn};
use crate::limits;
use crate::model::{Tier, Word};
use crate::upstream::{Backend, Choice, Place};

/// Those who wait, by tier.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Queues>);

#[derive(Debug, Default)]
struct Queues {
    by_tier: BTreeMap<Tier, Queue<Word, Waiter>>,
    /// When a backend was last looked at without anybody having given back a place.
    looked: BTreeMap<Word, Instant>,
}

/// Whose request waits.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// From class to app.
    pub(super) path: [Step<Word>; 3],
    /// Tokens of the prompt and of a usual answer.
    pub(super) cost: u64,
    /// How many may wait in this queue.
    pub(super) bound: usize,
}

/// A backend at which a request would take a place.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) upstream: Arc<Backend>,
    /// The configured name of the model, which may be smaller than the one that was asked for.
    pub(super) model: Word,
    /// The backend's own name for it.
    pub(super) known_as: Option<Word>,
    /// Endpoints that are not asked again.
    pub(super) asked: Vec<u64>,
}

#[derive(Debug)]
struct Waiter {
    candidates: Vec<Candidate>,
    prefix: Prefix,
    granted: Option<oneshot::Sender<Box<(Candidate, Place)>>>,
}

/// How a wait ended.
#[derive(Debug)]
pub(super) enum Waited {
    /// With a place at this candidate.
    Granted(Candidate, Place),
    /// The queue has no room, or gave it to somebody who has less.
    Crowded,
    /// The time is up.
    Over,
    /// Another state is in force: look again at what is allowed.
    Stale,
}

impl Waited {
    /// The closed word.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Granted(..) => "served",
            Self::Crowded => "crowded",
            Self::Over => "over",
            Self::Stale => "reloaded",
        }
    }
}

impl Room {
    /// Whether somebody waits in a tier.
    pub(super) fn is_waited_in(&self, tier: Tier) -> bool {
        self.queues().by_tier.get(&tier).is_some_and(|queue| !queue.is_empty())
    }

    /// Waits for a place at one of the candidates until a time. From a `later` time on others will do too. `look` names those that
    /// have become well meanwhile; when it says nothing, the candidates are no longer those.
    pub(super) async fn wait(
        &self,
        (tier, line): (Tier, &Line),
        (candidates, (later, others)): (Vec<Candidate>, (Instant, Vec<Candidate>)),
        prefix: Prefix,
        (until, look): (Instant, &(dyn Fn() -> Option<Vec<Candidate>> + Sync)),
    ) -> Waited {
        let mut upstreams: Vec<Arc<Backend>> = candidates.iter().map(|it| Arc::clone(&it.upstream)).collect();
        let mut others = Some(others).filter(|others| !others.is_empty() && later < until);
        let (sender, mut granted) = oneshot::channel();
        let waiter = Waiter { candidates, prefix, granted: Some(sender) };
        let Some(standing) = self.join(tier, line, waiter) else { return Waited::Crowded };
        // Room may have come between the look that found none and this one.
        self.serve(tier, &upstreams);
        let mut ticks = tokio::time::interval_at(Instant::now() + limits::WAITING_LOOK, limits::WAITING_LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                answer = &mut granted => {
                    return answer.map_or(Waited::Crowded, |granted| Waited::Granted(granted.0, granted.1));
                }
                () = freed(&upstreams) => self.serve(tier, &upstreams),
                () = tokio::time::sleep_until(until) => return Waited::Over,
                () = tokio::time::sleep_until(later), if others.is_some() => {
                    let others = others.take().unwrap_or_default();
                    upstreams.extend(others.iter().map(|it| Arc::clone(&it.upstream)));
                    standing.may_also_go_to(others);
                    self.serve(tier, &upstreams);
                }
                _ = ticks.tick() => {
                    let Some(well) = look() else { return Waited::Stale };
                    self.serve(tier, &standing.may_go_to_again(well, &mut upstreams));
                    self.serve(tier, &self.due(&upstreams));
                }
            }
        }
    }

    fn join(&self, tier: Tier, line: &Line, waiter: Waiter) -> Option<Standing<'_>> {
        let mut queues = self.queues();
        let queue = queues.by_tier.entry(tier).or_default();
        let joined = queue.join(&line.path, line.cost, waiter, line.bound);
        drop(queues);
        // Whoever was pushed out sees that nobody can grant it anything any more.
        let (turn, _pushed_out) = joined.ok()?;
        Some(Standing { room: self, tier, turn })
    }

    /// Gives places at these backends to those whose turn it is, as long as there are any.
    fn serve(&self, tier: Tier, upstreams: &[Arc<Backend>]) {
        for upstream in upstreams {
            let mut queues = self.queues();
            let Some(queue) = queues.by_tier.get_mut(&tier) else { return };
            let mut full = false;
            while queue.serve(|waiter| !full && waiter.takes(upstream, &mut full)) {}
        }
    }

    /// Those at which nobody looked for some time: what ends by itself (an ejection, a time to wait) wakes nobody.
    fn due(&self, upstreams: &[Arc<Backend>]) -> Vec<Arc<Backend>> {
        let (now, mut queues) = (Instant::now(), self.queues());
        let mut due = Vec::new();
        for upstream in upstreams {
            let looked = queues.looked.get(upstream.name().as_str());
            if looked.is_none_or(|looked| now.duration_since(*looked) >= limits::WAITING_LOOK / 2) {
                queues.looked.insert(upstream.name().clone(), now);
                due.push(Arc::clone(upstream));
            }
        }
        due
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Takes a place at a backend, if it is one of its candidates; notes when that has no room for anybody.
    fn takes(&mut self, upstream: &Arc<Backend>, full: &mut bool) -> bool {
        let Some(candidate) = self.candidates.iter().find(|it| Arc::ptr_eq(&it.upstream, upstream)) else {
            return false;
        };
        match upstream.choose(&self.prefix.ask(candidate.known_as.as_ref().map(Word::as_str)), &candidate.asked) {
            Choice::Place(place) => {
                // One that has gone drops the place, which wakes the next.
                let grant = Box::new((candidate.clone(), place));
                self.granted.take().is_some_and(|granted| granted.send(grant).is_ok())
            }
            Choice::Full => {
                *full = candidate.asked.is_empty();
                false
            }
            Choice::None => false,
        }
    }
}

/// The place of one that waits, left when this is dropped.
struct Standing<'r> {
    room: &'r Room,
    tier: Tier,
    turn: Turn,
}

impl Standing<'_> {
    fn may_also_go_to(&self, others: Vec<Candidate>) {
        let mut queues = self.room.queues();
        if let Some(waiter) = queues.by_tier.get_mut(&self.tier).and_then(|queue| queue.at(self.turn)) {
            waiter.candidates.extend(others);
        }
    }

    /// Takes up backends that have become well: new ones, and those of which fewer endpoints are out of the question than before.
    /// Gives these.
    fn may_go_to_again(&self, well: Vec<Candidate>, upstreams: &mut Vec<Arc<Backend>>) -> Vec<Arc<Backend>> {
        let mut taken = Vec::new();
        let mut queues = self.room.queues();
        let waiter = queues.by_tier.get_mut(&self.tier).and_then(|queue| queue.at(self.turn));
        let Some(waiter) = waiter else { return taken };
        for candidate in well {
            let upstream = Arc::clone(&candidate.upstream);
            match waiter.candidates.iter_mut().find(|it| Arc::ptr_eq(&it.upstream, &upstream)) {
                Some(known) if known.asked.len() <= candidate.asked.len() => continue,
                Some(known) => known.asked = candidate.asked,
                None => {
                    waiter.candidates.push(candidate);
                    upstreams.push(Arc::clone(&upstream));
                }
            }
            taken.push(upstream);
        }
        taken
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let left = self.room.queues().by_tier.get_mut(&self.tier).and_then(|queue| queue.leave(self.turn));
        drop(left);
    }
}

/// Ends when one of the backends may have room.
async fn freed(upstreams: &[Arc<Backend>]) {
    let mut freed: Vec<_> = upstreams.iter().map(|upstream| Box::pin(upstream.freed())).collect();
    std::future::poll_fn(|context| {
        let any = freed.iter_mut().any(|freed| freed.as_mut().poll(context).is_ready());
        if any { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
