//! The choice: a few candidates, the least cost, and what is learned of it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::estimate::{Cost, Forecast, Load, Typical, float};
use super::memory::Memory;
use super::ring::Ring;
use super::wish::{Held, Holders, Wish};
use super::{Ask, BLOCKS_MAX, Block, Estimate, Micros, Random, Said, Tuning};

/// The endpoints of one backend.
#[derive(Debug)]
pub struct Balancer {
    tuning: Tuning,
    slots: Vec<Slot>,
    ring: Ring,
    memory: Memory,
    random: Random,
    /// Whether some are to get more than others.
    is_weighed: bool,
    /// Endpoints in use.
    count: u32,
    /// Requests outstanding at all of them.
    outstanding: u32,
    /// What is known of them together.
    typical: Typical,
    /// Share of the requests at endpoints that other gateways sent there, as the endpoints tell.
    others: f64,
    /// Names that a server listed as an adapter, or as a model that it loads and unloads: only these can be missing.
    adapters: BTreeSet<u64>,
}

#[derive(Debug)]
struct Slot {
    /// `None` while the slot is free.
    id: Option<u64>,
    estimate: Estimate,
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
    forecast: Forecast,
}

/// The place of one request at an endpoint, from its beginning to its end.
#[derive(Debug)]
pub struct Seat {
    slot: usize,
    id: u64,
    tokens: u32,
    uncached: u32,
    forecast: Forecast,
    began: Micros,
    first: Option<Micros>,
    stream: bool,
}

impl Balancer {
    /// A balancer without endpoints; its draws follow from the seed.
    pub fn new(seed: u64, tuning: Tuning) -> Self {
        Self {
            tuning,
            slots: Vec::new(),
            ring: Ring::default(),
            memory: Memory::default(),
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
            }
        }
        let slots: Vec<usize> = ids.iter().map(|id| self.place(*id)).collect();
        let used = || (0_u32..).zip(&self.slots).filter_map(|(number, slot)| Some((number, slot.id?)));
        self.count = u32::try_from(used().count()).unwrap_or(u32::MAX);
        self.ring = Ring::new(used());
        self.memory.fit(self.slots.len());
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
        let wish = Wish { ask, held: self.held(ask.blocks), now };
        let home = self.home(ask, &open);
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
        // Where little is to do, looking at more costs no conversation its cache.
        let is_calm = self.outstanding < self.count.saturating_mul(self.tuning.idle_below);
        for _ in 0..if is_calm { self.tuning.draws_idle } else { self.tuning.draws } {
            if let Some(slot) = self.draw(&open) {
                self.consider(&mut best, (slot, false), &wish, &open);
            }
        }
        best
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

    /// The first open endpoint behind the conversation's hash that is not loaded past its share.
    fn home(&self, ask: &Ask<'_>, open: &impl Fn(&Self, usize) -> bool) -> Option<usize> {
        let behind = self.ring.behind(ask.home?).take(HOMES_TRIED);
        behind.map(|slot| slot as usize).find(|slot| open(self, *slot) && self.has_share_left(*slot))
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
        let Cost { us, forecast } = estimate.cost(load, &self.typical, wish.now, &self.tuning);
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
        let mut own = wish.held.iter().filter(|held| held.slot as usize == slot).peekable();
        if own.peek().is_none() {
            return 0;
        }
        let said = estimate.said(wish.now, &self.tuning).and_then(|said| said.kv_tokens);
        // What runs cannot be given up for what was.
        let room = said.unwrap_or(self.tuning.cache_tokens).saturating_sub(estimate.holding);
        own.find(|held| estimate.sent.saturating_sub(held.sent) < room).map_or(0, |held| held.tokens)
    }

    /// A request is sent to an endpoint that was chosen for it.
    pub fn begin(&mut self, chosen: &Chosen, ask: &Ask<'_>, now: Micros) -> Option<Seat> {
        let slot = self.slots.get_mut(chosen.slot)?;
        let id = slot.id?;
        let uncached = ask.tokens.saturating_sub(chosen.cached);
        let estimate = &mut slot.estimate;
        estimate.outstanding = estimate.outstanding.saturating_add(1);
        estimate.was_sent();
        estimate.holding = estimate.holding.saturating_add(u64::from(ask.tokens));
        estimate.sent = estimate.sent.saturating_add(u64::from(uncached));
        if ask.stream {
            estimate.reads(u64::from(uncached), now);
        } else {
            estimate.reading_until = estimate.reading_until.max(now).saturating_add(u64::from(uncached) * READING_US);
        }
        let sent = estimate.sent;
        self.outstanding = self.outstanding.saturating_add(1);
        self.typical.tokens += 0.02 * (f64::from(ask.tokens) - self.typical.tokens);
        if let Ok(number) = u32::try_from(chosen.slot) {
            // Those between were noted when they were the last.
            let inner = ask.blocks.len().saturating_sub(1).max(1);
            for block in ask.blocks.iter().take(1).chain(ask.blocks.get(inner..).unwrap_or_default()) {
                self.memory.note(block.key, number, sent);
            }
        }
        let (tokens, forecast, stream) = (ask.tokens, chosen.forecast, ask.stream);
        Some(Seat { slot: chosen.slot, id, tokens, uncached, forecast, began: now, first: None, stream })
    }

    /// The first piece of an answer came: of a stream its first token.
    pub fn first(&mut self, seat: &mut Seat, now: Micros) {
        if seat.first.replace(now).is_some() {
            return;
        }
        if let Some(estimate) = self.seated(seat) {
            estimate.serves();
            estimate.was_heard(seat.began);
        }
        if !seat.stream {
            return;
        }
        let took = float(now.saturating_sub(seat.began));
        let (tuning, mut typical) = (self.tuning, self.typical);
        let Some(estimate) = self.seated(seat) else { return };
        estimate.saw_first((took, seat.forecast), &typical, now, &tuning);
        estimate.was_read(u64::from(seat.uncached));
        estimate.decoding = estimate.decoding.saturating_add(1);
        typical.follow(estimate);
        self.typical = typical;
    }

    /// A further token of a stream came: the endpoint has just ended a step.
    pub fn further(&mut self, seat: &Seat, now: Micros) {
        let typical = self.typical;
        if let Some(estimate) = self.seated(seat).filter(|_| seat.stream) {
            estimate.was_seen(now, &typical);
        }
    }

    /// The request ended, well or not, after so many tokens.
    pub fn end(&mut self, seat: &Seat, now: Micros, tokens: u32) {
        let tuning = self.tuning;
        let Some(estimate) = self.seated(seat) else { return };
        estimate.outstanding = estimate.outstanding.saturating_sub(1);
        estimate.holding = estimate.holding.saturating_sub(u64::from(seat.tokens));
        estimate.sent = estimate.sent.saturating_add(u64::from(tokens));
        if seat.first.is_none() {
            estimate.was_heard(seat.began);
        }
        match seat.first.filter(|_| seat.stream) {
            Some(first) => {
                estimate.decoding = estimate.decoding.saturating_sub(1);
                if tokens > 1 {
                    let each = float(now.saturating_sub(first)) / f64::from(tokens - 1);
                    estimate.saw_each(each, now, &tuning);
                }
            }
            None if seat.stream => estimate.was_read(u64::from(seat.uncached)),
            None => {}
        }
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// The endpoint of a seat turned the request away: it has no room until then.
    pub fn turned_away(&mut self, seat: &Seat, until: Micros) {
        if let Some(estimate) = self.seated(seat) {
            estimate.turned_away(until);
        }
    }

    /// An endpoint says how it is.
    pub fn says(&mut self, slot: usize, said: Said, now: Micros) {
        if let Some(slot) = self.slots.get_mut(slot).filter(|slot| slot.id.is_some()) {
            for adapter in said.adapters.iter().flatten() {
                if self.adapters.len() < ADAPTERS_MAX {
                    self.adapters.insert(*adapter);
                }
            }
            slot.estimate.hears(said, now);
            let others = slot.estimate.others();
            self.others += OTHERS_FOLLOW * (others - self.others);
        }
    }

    /// The estimate of a seat's endpoint, if that is still there.
    fn seated(&mut self, seat: &Seat) -> Option<&mut Estimate> {
        self.slots.get_mut(seat.slot).filter(|slot| slot.id == Some(seat.id)).map(|slot| &mut slot.estimate)
    }
}

/// Microseconds for a token of a prompt whose answer comes whole, so that its first token is not seen.
const READING_US: u64 = 100;
/// What a request outstanding at an endpoint of mean weight counts, in microseconds: enough to outweigh a short prompt's cache.
const WEIGHED_US: f64 = 30_000.0;
/// What even the lightest endpoint gets.
const WEIGHT_MIN: f64 = 0.05;
/// Share by which one page of one endpoint moves what is known of other gateways.
const OTHERS_FOLLOW: f64 = 0.02;
/// Adapters that are remembered.
const ADAPTERS_MAX: usize = 4_096;
/// Endpoints behind a hash that are tried for a home; the same one may come several times.
const HOMES_TRIED: usize = 16;
