//! A request at the endpoint that was chosen for it, from its beginning to its end, and what is learned of it.

use super::chooser::{Balancer, Chosen};
use super::estimate::{Forecast, float};
use super::{Ask, Estimate, Micros, Said};

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
            let beginning = ask.blocks.first();
            if let Some(block) = beginning.filter(|block| self.memory.holders(block.key).next().is_some()) {
                self.popular.note(block.key, chosen.slot, sent);
            }
            for block in beginning.into_iter().chain(ask.blocks.get(inner..).unwrap_or_default()) {
                self.memory.note(block.key, number, sent);
            }
        }
        self.look_at(chosen.slot, now);
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
            return self.look_at(seat.slot, now);
        }
        let took = float(now.saturating_sub(seat.began));
        let (tuning, mut typical) = (self.tuning, self.typical);
        let Some(estimate) = self.seated(seat) else { return };
        estimate.saw_first((took, seat.forecast), &typical, now, &tuning);
        estimate.was_read(u64::from(seat.uncached));
        estimate.decoding = estimate.decoding.saturating_add(1);
        typical.follow(estimate);
        self.typical = typical;
        self.look_at(seat.slot, now);
    }

    /// A further token of a stream came: the endpoint has just ended a step.
    pub fn further(&mut self, seat: &Seat, now: Micros) {
        let typical = self.typical;
        let estimate = self.seated(seat).filter(|_| seat.stream);
        if estimate.is_some_and(|estimate| estimate.was_seen(now, &typical)) {
            self.look_at(seat.slot, now);
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
        self.look_at(seat.slot, now);
    }

    /// The endpoint of a seat turned the request away: it has no room until then.
    pub fn turned_away(&mut self, seat: &Seat, until: Micros) {
        if let Some(estimate) = self.seated(seat) {
            estimate.turned_away(until);
        }
    }

    /// An endpoint says how it is.
    pub fn says(&mut self, slot: usize, said: Said, now: Micros) {
        if let Some(it) = self.slots.get_mut(slot).filter(|it| it.id.is_some()) {
            for adapter in said.adapters.iter().flatten() {
                if self.adapters.len() < ADAPTERS_MAX {
                    self.adapters.insert(*adapter);
                }
            }
            it.estimate.hears(said, now);
            let others = it.estimate.others();
            self.others += OTHERS_FOLLOW * (others - self.others);
        }
        self.look_at(slot, now);
    }

    /// The estimate of a seat's endpoint, if that is still there.
    fn seated(&mut self, seat: &Seat) -> Option<&mut Estimate> {
        self.slots.get_mut(seat.slot).filter(|slot| slot.id == Some(seat.id)).map(|slot| &mut slot.estimate)
    }
}

/// Microseconds for a token of a prompt whose answer comes whole, so that its first token is not seen.
const READING_US: u64 = 100;
/// Share by which one page of one endpoint moves what is known of other gateways.
const OTHERS_FOLLOW: f64 = 0.02;
/// Adapters that are remembered.
const ADAPTERS_MAX: usize = 4_096;
