//! The choice: a few candidates, and the least cost.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::estimate::{Cost, Forecast, Load, Typical};
use super::memory::Memory;
use super::outlook::{FOUND, Outlooks};
use super::popular::Popular;
use super::ring::Ring;
use super::wish::{Held, Holders, Wish};
use super::{Ask, BLOCKS_MAX, Block, Estimate, Micros, Random, Tuning};

/// The endpoints of one backend.
#[derive(Debug)]
pub struct Balancer {
    pub(super) tuning: Tuning,
    pub(super) slots: Vec<Slot>,
    ring: Ring,
    pub(super) memory: Memory,
    pub(super) popular: Popular,
    outlooks: Outlooks,
    random: Random,
    /// Whether some are to get more than others.
    is_weighed: bool,
    /// Endpoints in use.
    count: u32,
    /// Requests outstanding at all of them.
    pub(super) outstanding: u32,
    /// What is known of them together.
    pub(super) typical: Typical,
    /// Share of the requests at endpoints that other gateways sent there, as the endpoints tell.
    pub(super) others: f64,
    /// Names that a server listed as an adapter, or as a model that it loads and unloads: only these can be missing.
    pub(super) adapters: BTreeSet<u64>,
}

#[derive(Debug)]
pub(super) struct Slot {
    /// `None` while the slot is free.
    pub(super) id: Option<u64>,
    pub(super) estimate: Estimate,
    /// How much it is to get beside its siblings, which have 1 on average.
    weight: f64,
}

impl Slot {
    fn new(id: Option<u64>) -> Self {
        Self { id, estimate: Estimate::default(), weight: 1.0 }
    }
}

/// An endpoint that was chosen: hand it back to [`Balancer::begin`] at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen {
    /// Which: the slot of the endpoint.
    pub slot: usize,
    /// Expected time to the first token, in microseconds.
    pub cost_us: f64,
    /// Tokens that its KV cache is believed to hold.
    pub cached: u32,
    pub(super) forecast: Forecast,
}

impl Balancer {
    /// A balancer without endpoints; its draws follow from the seed.
    pub fn new(seed: u64, tuning: Tuning) -> Self {
        Self {
            tuning,
            slots: Vec::new(),
            ring: Ring::default(),
            memory: Memory::default(),
            popular: Popular::default(),
            outlooks: Outlooks::default(),
            random: Random::new(seed),
            is_weighed: false,
            count: 0,
            outstanding: 0,
            typical: Typical::of(&tuning),
            others: 0.0,
            adapters: BTreeSet::new(),
        }
    }

    /// Sets which endpoints there are, by ids that stay the same as long as the endpoint is the same. Those that were there
    /// keep their slots and estimates. Returns the slot of each.
    pub fn set(&mut self, ids: &[u64]) -> Vec<usize> {
        for (number, slot) in (0_u32..).zip(&mut self.slots) {
            if slot.id.is_some_and(|id| !ids.contains(&id)) {
                self.outstanding = self.outstanding.saturating_sub(slot.estimate.outstanding);
                *slot = Slot::new(None);
                self.memory.forget(number);
                self.popular.forget(number as usize);
            }
        }
        let slots: Vec<usize> = ids.iter().map(|id| self.place(*id)).collect();
        let used = || (0_u32..).zip(&self.slots).filter_map(|(number, slot)| Some((number, slot.id?)));
        self.count = u32::try_from(used().count()).unwrap_or(u32::MAX);
        self.ring = Ring::new(used());
        self.memory.fit(self.slots.len());
        self.popular.fit(self.slots.len());
        self.outlooks.fit(self.slots.len());
        for slot in 0..self.slots.len() {
            self.look_at(slot, self.outlooks.latest());
        }
        slots
    }

    fn place(&mut self, id: u64) -> usize {
        let known = self.slots.iter().position(|slot| slot.id == Some(id));
        let free = || self.slots.iter().position(|slot| slot.id.is_none());
        if let Some(index) = known.or_else(free) {
            if let Some(slot) = self.slots.get_mut(index) {
                slot.id = Some(id);
            }
            return index;
        }
        self.slots.push(Slot::new(Some(id)));
        self.slots.len() - 1
    }

    /// Sets how much an endpoint is to get beside its siblings, which have 1 on average.
    pub fn weigh(&mut self, slot: usize, weight: f64) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.weight = if weight.is_finite() { weight.clamp(WEIGHT_MIN, 1.0 / WEIGHT_MIN) } else { 1.0 };
        }
        self.is_weighed = self.slots.iter().any(|slot| (slot.weight - 1.0).abs() > f64::EPSILON);
    }

    /// What is known of an endpoint.
    pub fn estimate(&self, slot: usize) -> Option<&Estimate> {
        self.slots.get(slot).filter(|slot| slot.id.is_some()).map(|slot| &slot.estimate)
    }

    /// How it weighs.
    pub const fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// Requests outstanding at all endpoints.
    pub const fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// Chooses an endpoint for a request, of those that are open and have room. `None` when there is none.
    pub fn choose(&mut self, ask: &Ask<'_>, now: Micros, open: impl Fn(usize) -> bool) -> Option<Chosen> {
        let open = |balancer: &Self, slot: usize| open(slot) && !balancer.is_full(slot, now);
        let mut best = None;
        let beginning = ask.blocks.first().and_then(|block| Some((self.popular.find(block.key)?, block.tokens)));
        let wish = Wish { ask, held: self.held(ask.blocks), beginning, now };
        let home = self.home(ask, &open, now);
        if self.slots.len() <= self.tuning.all_up_to as usize {
            for slot in 0..self.slots.len() {
                self.consider(&mut best, (slot, home == Some(slot)), &wish, &open);
            }
            return best;
        }
        let longest = wish.held.first().map(|held| held.tokens);
        for held in wish.held.iter().take_while(|held| Some(held.tokens) == longest) {
            self.consider(&mut best, (held.slot as usize, false), &wish, &open);
        }
        if let Some(home) = home {
            self.consider(&mut best, (home, true), &wish, &open);
        }
        for _ in 0..self.tuning.draws {
            if let Some(slot) = self.draw(&open) {
                self.consider(&mut best, (slot, false), &wish, &open);
            }
        }
        // Where little is to do, looking at all costs no conversation its cache.
        if self.is_calm() {
            for slot in self.promising(&wish).into_iter().flatten() {
                let slot = if open(self, slot) {
                    slot
                } else {
                    // Until something happens there, or its turn comes, others are found.
                    self.outlooks.set(slot, now, None);
                    let Some(other) = self.draw(&open) else { continue };
                    other
                };
                self.consider(&mut best, (slot, home == Some(slot)), &wish, &open);
            }
        }
        best
    }

    /// Whether the endpoints have little to do, requests of other gateways included.
    fn is_calm(&self) -> bool {
        let few = f64::from(self.count) * f64::from(self.tuning.idle_below);
        f64::from(self.outstanding) < few * (1.0 - self.others)
    }

    /// Of all endpoints those where a request looks best at a glance.
    fn promising(&mut self, wish: &Wish<'_>) -> [Option<usize>; FOUND] {
        let turn = self.outlooks.turn();
        self.look_at(turn, wish.now);
        let beginning = wish.beginning.map(|(row, tokens)| (self.popular.marks(row), tokens));
        self.outlooks.best(wish.now, wish.ask.tokens, beginning.unwrap_or_default())
    }

    /// Something happened at an endpoint: what a request would meet there is another.
    pub(super) fn look_at(&mut self, slot: usize, now: Micros) {
        let Some(it) = self.slots.get(slot).filter(|it| it.id.is_some()) else {
            return self.outlooks.set(slot, now, None);
        };
        let mut outlook = it.estimate.outlook(&self.typical, now, &self.tuning);
        if self.is_weighed {
            outlook.before += f64::from(it.estimate.outstanding) * WEIGHED_US / it.weight;
        }
        self.outlooks.set(slot, now, Some(outlook));
    }

    /// Which endpoints are believed to hold which blocks; the longest first. Looked up once for all candidates.
    fn held(&self, blocks: &[Block]) -> Holders {
        let mut holders = Holders::default();
        let long = blocks.len().saturating_sub(BLOCKS_MAX);
        for block in blocks.get(long..).unwrap_or_default().iter().rev() {
            for (slot, sent) in self.memory.holders(block.key) {
                holders.push(Held { slot, sent, tokens: block.tokens });
            }
        }
        holders
    }

    /// An open endpoint at random: some draws, then the next one behind the last draw.
    fn draw(&mut self, open: &impl Fn(&Self, usize) -> bool) -> Option<usize> {
        let is_open =
            |it: &Self, slot: usize| it.slots.get(slot).is_some_and(|slot| slot.id.is_some()) && open(it, slot);
        let count = self.slots.len();
        for _ in 0..4 {
            let slot = self.random.below(count);
            if is_open(self, slot) {
                return Some(slot);
            }
        }
        let start = self.random.below(count);
        (start..count).chain(0..start).find(|slot| is_open(self, *slot))
    }

    /// Whether one more request would have to wait at an endpoint.
    pub fn is_full(&self, slot: usize, now: Micros) -> bool {
        let Some(full) = &self.tuning.full else { return false };
        self.slots.get(slot).is_some_and(|slot| slot.estimate.is_full(full, now, &self.tuning))
    }

    /// The first open endpoint behind the conversation's hash that is not loaded past its share; the one behind it, if that
    /// reads prompts so much faster that every gateway finds the same.
    fn home(&self, ask: &Ask<'_>, open: &impl Fn(&Self, usize) -> bool, now: Micros) -> Option<usize> {
        let behind = self.ring.behind(ask.home?).take(HOMES_TRIED).map(|slot| slot as usize);
        let mut homes = behind.filter(|slot| open(self, *slot) && self.has_share_left(*slot));
        let first = homes.next()?;
        if self.others < SHARED {
            return Some(first);
        }
        let rate = |slot: usize| self.slots.get(slot).map_or(f64::MAX, |it| it.estimate.step_us(&self.typical, now));
        let other = homes.find(|slot| *slot != first);
        Some(other.filter(|other| rate(*other) * MUCH_FASTER < rate(first)).unwrap_or(first))
    }

    /// Whether one more request leaves an endpoint within its bounded share of all.
    fn has_share_left(&self, slot: usize) -> bool {
        let all = f64::from(self.outstanding.saturating_add(1));
        let share = (self.tuning.load_factor * all / f64::from(self.count.max(1))).ceil();
        let bound = share.max(f64::from(self.tuning.load_slack));
        self.slots.get(slot).is_some_and(|it| f64::from(it.estimate.outstanding) + 1.0 <= bound * it.weight.max(1.0))
    }

    fn consider(
        &self,
        best: &mut Option<Chosen>,
        (slot, is_home): (usize, bool),
        wish: &Wish<'_>,
        open: &impl Fn(&Self, usize) -> bool,
    ) {
        let Some(Slot { id: Some(_), estimate, weight }) = self.slots.get(slot) else { return };
        if !open(self, slot) {
            return;
        }
        let ask = wish.ask;
        // Past its share an endpoint is taken for no better than others for what it holds.
        let mut cached = 0;
        if self.has_share_left(slot) {
            cached = self.cached(slot, estimate, wish);
            if is_home {
                cached = cached.max(wish.assumed());
            }
        }
        let adapter = ask.adapter.filter(|adapter| self.adapters.contains(adapter));
        let load = Load { tokens: ask.tokens, cached: cached.min(ask.tokens), adapter };
        let Cost { us, forecast, .. } = estimate.cost(load, &self.typical, wish.now, &self.tuning);
        // Under load one with twice the weight has twice as much to do.
        let weighed = f64::from(estimate.outstanding) * WEIGHED_US / weight;
        let us = if self.is_weighed { us + weighed } else { us };
        let us = if is_home { us - self.home_us(ask) } else { us };
        if best.is_none_or(|best| us.total_cmp(&best.cost_us) == Ordering::Less) {
            *best = Some(Chosen { slot, cost_us: us, cached: load.cached, forecast });
        }
    }

    /// Microseconds by which the home of a conversation may be worse and still be taken. Where other gateways send to the same
    /// endpoints its next turn may come through one of them, which can find the home and nothing else.
    fn home_us(&self, ask: &Ask<'_>) -> f64 {
        let reading = f64::from(ask.tokens) * self.typical.rate;
        self.tuning.home_us + reading * self.others * self.tuning.home_shared
    }

    /// Tokens of the longest leading block that an endpoint is believed to hold.
    fn cached(&self, slot: usize, estimate: &Estimate, wish: &Wish<'_>) -> u32 {
        let said = estimate.said(wish.now, &self.tuning).and_then(|said| said.kv_tokens);
        // What runs cannot be given up for what was.
        let room = said.unwrap_or(self.tuning.cache_tokens).saturating_sub(estimate.holding);
        let is_there = |sent: u64| estimate.sent.saturating_sub(sent) < room;
        let mut own = wish.held.iter().filter(|held| held.slot as usize == slot);
        let own = own.find(|held| is_there(held.sent)).map_or(0, |held| held.tokens);
        let Some((row, tokens)) = wish.beginning.filter(|(_, tokens)| *tokens > own) else { return own };
        if self.popular.sent(row, slot).is_some_and(is_there) { tokens } else { own }
    }
}

/// What a request outstanding at an endpoint of mean weight counts, in microseconds: enough to outweigh a short prompt's cache.
const WEIGHED_US: f64 = 30_000.0;
/// What even the lightest endpoint gets.
const WEIGHT_MIN: f64 = 0.05;
/// Share of the requests that other gateways send from which on homes matter to them.
const SHARED: f64 = 0.1;
/// How many times faster the second home must be to be preferred.
const MUCH_FASTER: f64 = 1.3;
/// Endpoints behind a hash that are tried for a home; the same one may come several times.
const HOMES_TRIED: usize = 16;
