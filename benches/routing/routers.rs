//! The routers that are compared.

use std::collections::HashMap;

use octroi::balance::{Ask, Balancer, Random, Said, Seat, Tuning};

use crate::load::Job;
use crate::server::Server;

/// Chooses a server.
pub(crate) trait Router {
    fn choose(&mut self, servers: &[Server], job: &Job, now: u64, tried: &[usize]) -> Option<usize>;
    fn began(&mut self, _server: usize, _job: &Job, _now: u64) {}
    fn refused(&mut self, _server: usize, _job: &Job, _now: u64) {}
    fn first(&mut self, _job: &Job, _now: u64) {}
    fn further(&mut self, _job: usize, _now: u64) {}
    fn ended(&mut self, _server: usize, _job: &Job, _now: u64) {}
    fn poll(&mut self, _servers: &[Server], _now: u64) {}
}

/// One after the other.
#[derive(Default)]
pub(crate) struct RoundRobin(usize);

impl Router for RoundRobin {
    fn choose(&mut self, servers: &[Server], _: &Job, _: u64, tried: &[usize]) -> Option<usize> {
        for _ in 0..servers.len() {
            self.0 = (self.0 + 1) % servers.len();
            if !tried.contains(&self.0) {
                return Some(self.0);
            }
        }
        None
    }
}

/// The one with the fewest requests of this gateway; of equals, one at random.
pub(crate) struct LeastOutstanding {
    counts: Vec<u32>,
    random: Random,
}

impl LeastOutstanding {
    pub(crate) fn new(seed: u64, servers: usize) -> Self {
        Self { counts: vec![0; servers], random: Random::new(seed) }
    }
}

impl Router for LeastOutstanding {
    fn choose(&mut self, servers: &[Server], _: &Job, _: u64, tried: &[usize]) -> Option<usize> {
        let start = self.random.below(servers.len());
        let order = (start..servers.len()).chain(0..start).filter(|server| !tried.contains(server));
        order.min_by_key(|server| self.counts[*server])
    }

    fn began(&mut self, server: usize, _: &Job, _: u64) {
        self.counts[server] += 1;
    }

    fn ended(&mut self, server: usize, _: &Job, _: u64) {
        self.counts[server] -= 1;
    }
}

/// Knows every queue, every cache and the length of every answer, and takes the server with the earliest first token.
#[derive(Default)]
pub(crate) struct Oracle {
    /// Where it sent each conversation last, if it knows of no cache what other gateways brought there.
    own: Option<HashMap<u64, usize>>,
}

impl Oracle {
    /// One that knows all but where other gateways sent a conversation.
    pub(crate) fn apart() -> Self {
        Self { own: Some(HashMap::new()) }
    }
}

impl Router for Oracle {
    fn choose(&mut self, servers: &[Server], job: &Job, now: u64, tried: &[usize]) -> Option<usize> {
        let knows = |server: usize| {
            self.own.as_ref().is_none_or(|own| own.get(&job.conversation).is_some_and(|last| *last == server))
        };
        let open = (0..servers.len()).filter(|server| !tried.contains(server) && !servers[*server].is_full());
        let told =
            open.map(|server| (servers[server].foretell(job, now, knows(server)), servers[server].running(), server));
        told.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, _, server)| server)
    }

    fn began(&mut self, server: usize, job: &Job, _: u64) {
        if let Some(own) = &mut self.own {
            own.insert(job.conversation, server);
        }
    }
}

/// The product's own code.
pub(crate) struct Ours {
    balancer: Balancer,
    seats: HashMap<usize, Seat>,
    chosen: Option<octroi::balance::Chosen>,
    polls: bool,
    /// By server until when its siblings are asked first, as the gateway does with one that refused.
    avoided: Vec<u64>,
}

/// What the gateway leaves one alone for that does not say for how long.
const AVOIDED_US: u64 = 500_000;

impl Ours {
    pub(crate) fn new(seed: u64, servers: usize, tuning: Tuning, polls: bool) -> Self {
        let mut balancer = Balancer::new(seed, tuning);
        balancer.set(&(0..servers as u64).map(|id| Random::new(id + 1).bits()).collect::<Vec<_>>());
        Self { balancer, seats: HashMap::new(), chosen: None, polls, avoided: vec![0; servers] }
    }

    fn ask(job: &Job) -> Ask<'_> {
        let home = job.blocks.get(1).map(|block| block.key);
        Ask { tokens: job.prompt as u32, blocks: &job.blocks, home, adapter: None, stream: true }
    }
}

impl Router for Ours {
    fn choose(&mut self, _: &[Server], job: &Job, now: u64, tried: &[usize]) -> Option<usize> {
        let (ask, open) = (Self::ask(job), |slot| !tried.contains(&slot));
        let well = self.balancer.choose(&ask, now, |slot| open(slot) && self.avoided[slot] <= now);
        self.chosen = well.or_else(|| self.balancer.choose(&ask, now, open));
        self.chosen.map(|chosen| chosen.slot)
    }

    fn began(&mut self, _: usize, job: &Job, now: u64) {
        if let Some(chosen) = self.chosen.take() {
            let seat = self.balancer.begin(&chosen, &Self::ask(job), now).unwrap();
            self.seats.insert(job.id, seat);
        }
    }

    fn refused(&mut self, server: usize, job: &Job, now: u64) {
        self.avoided[server] = now + AVOIDED_US;
        if let Some(chosen) = self.chosen.take() {
            let seat = self.balancer.begin(&chosen, &Self::ask(job), now).unwrap();
            self.balancer.turned_away(&seat, now + AVOIDED_US);
            self.balancer.end(&seat, now, 0);
        }
    }

    fn first(&mut self, job: &Job, now: u64) {
        if let Some(seat) = self.seats.get_mut(&job.id) {
            self.balancer.first(seat, now);
        }
    }

    fn further(&mut self, job: usize, now: u64) {
        if let Some(seat) = self.seats.get(&job) {
            self.balancer.further(seat, now);
        }
    }

    fn ended(&mut self, _: usize, job: &Job, now: u64) {
        if let Some(seat) = self.seats.remove(&job.id) {
            self.balancer.end(&seat, now, job.output as u32);
        }
    }

    fn poll(&mut self, servers: &[Server], now: u64) {
        if !self.polls {
            return;
        }
        for (slot, server) in servers.iter().enumerate() {
            let said = Said {
                waiting: Some(server.waiting() as u32),
                running: Some(server.running() as u32),
                kv_use: Some(server.kv_use()),
                kv_tokens: Some(server.gpu.kv_tokens),
                adapters: None,
            };
            self.balancer.says(slot, said, now);
        }
    }
}
