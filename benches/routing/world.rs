//! The events of one run, in order of time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use octroi::balance::Tuning;

use crate::load::{Job, Load, MIXED};
use crate::routers::{LeastOutstanding, Oracle, Ours, RoundRobin, Router};
use crate::server::{A100, Event, Gpu, H100, Server};

/// Which router.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    RoundRobin,
    Least,
    /// With this tuning.
    Ours(Tuning),
    Oracle,
    /// An oracle for each gateway, which knows nothing of what the others brought into caches.
    OracleApart,
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) servers: usize,
    /// Every second server is an A100.
    pub(crate) mixed: bool,
    /// What is offered, in multiples of what [`capacity`] says is comfortable.
    pub(crate) load: f64,
    /// Gateways that share the servers and know nothing of each other.
    pub(crate) gateways: usize,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Times to the first token in milliseconds, ascending.
    pub(crate) first_ms: Vec<f64>,
    pub(crate) tokens_per_s: f64,
    /// Mean time of a further token, ms.
    pub(crate) each_ms: f64,
    /// Share of requests that were served here.
    pub(crate) home: f64,
    /// Share of prompt tokens that the caches held.
    pub(crate) hit: f64,
}

impl Outcome {
    /// What came of several runs together.
    pub(crate) fn of(runs: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
        let mut first_ms: Vec<f64> = runs.iter().flat_map(|run| &run.first_ms).copied().collect();
        first_ms.sort_by(f64::total_cmp);
        Self {
            first_ms,
            tokens_per_s: mean(|run| run.tokens_per_s),
            each_ms: mean(|run| run.each_ms),
            home: mean(|run| run.home),
            hit: mean(|run| run.hit),
        }
    }

    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let index = ((self.first_ms.len() as f64 * share) as usize).min(self.first_ms.len().saturating_sub(1));
        self.first_ms.get(index).copied().unwrap_or(0.0)
    }
}

#[derive(Debug)]
enum What {
    Conversation,
    Turn(Box<Job>),
    Step(usize),
    Poll,
}

struct World {
    servers: Vec<Server>,
    routers: Vec<Box<dyn Router>>,
    load: Load,
    heap: BinaryHeap<Reverse<(u64, u64)>>,
    events: HashMap<u64, What>,
    number: u64,
    /// Server and first token of requests at work.
    at_work: HashMap<usize, (usize, usize, u64)>,
    warm: u64,
    first_ms: Vec<f64>,
    each: (f64, f64),
    tokens: u64,
    served: u64,
    left: u64,
    hits_before: BTreeMap<usize, (u64, u64)>,
}

/// Requests per second that so many servers take with 48 at once on each.
pub(crate) fn capacity(servers: usize, mixed: bool) -> f64 {
    // Means of the load: 560 tokens of a prompt that no cache holds, 210 of an answer, 48 requests at once.
    let each = |gpu: Gpu| 1e6 / (210.0 * (gpu.step_us / 48.0 + gpu.each_us) + 560.0 * gpu.prefill_us);
    let (fast, slow) = (each(H100), each(A100));
    let half = servers / 2;
    if mixed { (servers - half) as f64 * fast + half as f64 * slow } else { servers as f64 * fast }
}

pub(crate) fn run(run: &Run, kind: Kind) -> Outcome {
    let gpu = |index: usize| if run.mixed && index % 2 == 1 { A100 } else { H100 };
    let router = |gateway: usize| -> Box<dyn Router> {
        let seed = run.seed + gateway as u64;
        match kind {
            Kind::RoundRobin => Box::<RoundRobin>::default(),
            Kind::Least => Box::new(LeastOutstanding::new(seed, run.servers)),
            Kind::Ours(tuning) => Box::new(Ours::new(seed, run.servers, tuning, true)),
            Kind::Oracle => Box::<Oracle>::default(),
            Kind::OracleApart => Box::new(Oracle::apart()),
        }
    };
    let end = run.seconds * 1_000_000;
    let mut world = World {
        servers: (0..run.servers).map(|index| Server::new(gpu(index))).collect(),
        routers: (0..run.gateways).map(router).collect(),
        load: Load::new(run.seed, MIXED),
        heap: BinaryHeap::new(),
        events: HashMap::new(),
        number: 0,
        at_work: HashMap::new(),
        warm: end / 3,
        first_ms: Vec::new(),
        each: (0.0, 0.0),
        tokens: 0,
        served: 0,
        left: 0,
        hits_before: BTreeMap::new(),
    };
    // Each conversation brings so many requests.
    let between = 1e6 * MIXED.turns / (run.load * capacity(run.servers, run.mixed));
    world.at(0, What::Conversation);
    world.at(0, What::Poll);
    while let Some(Reverse((now, number))) = world.heap.pop() {
        if now > end {
            break;
        }
        let what = world.events.remove(&number).unwrap();
        world.happens(what, now, between);
    }
    let seconds = (end - world.warm) as f64 / 1e6;
    world.first_ms.sort_by(f64::total_cmp);
    let mut sums = (0, 0);
    for (index, server) in world.servers.iter().enumerate() {
        let before = world.hits_before.get(&index).copied().unwrap_or_default();
        sums = (sums.0 + server.read - before.0, sums.1 + server.hit - before.1);
    }
    Outcome {
        tokens_per_s: world.tokens as f64 / seconds,
        each_ms: world.each.0 / world.each.1.max(1.0) / 1_000.0,
        home: world.served as f64 / (world.served + world.left).max(1) as f64,
        hit: sums.1 as f64 / (sums.0 + sums.1).max(1) as f64,
        first_ms: world.first_ms,
    }
}

/// Microseconds between two polls of a server.
const POLL_US: u64 = 1_000_000;
/// Servers that are tried for a request before it leaves home.
const TRIES: usize = 3;

impl World {
    fn at(&mut self, time: u64, what: What) {
        self.number += 1;
        self.heap.push(Reverse((time, self.number)));
        self.events.insert(self.number, what);
    }

    fn happens(&mut self, what: What, now: u64, between: f64) {
        match what {
            What::Conversation => {
                let job = self.load.begin(now);
                self.place(job, now);
                let next = now + self.load.pause(between);
                self.at(next, What::Conversation);
            }
            What::Turn(job) => self.place(*job, now),
            What::Step(server) => self.step(server, now),
            What::Poll => {
                for router in &mut self.routers {
                    router.poll(&self.servers, now);
                }
                if now <= self.warm {
                    for (index, server) in self.servers.iter().enumerate() {
                        self.hits_before.insert(index, (server.read, server.hit));
                    }
                }
                self.at(now + POLL_US, What::Poll);
            }
        }
    }

    fn place(&mut self, job: Job, now: u64) {
        let gateway = job.id % self.routers.len();
        let mut tried = Vec::new();
        while tried.len() < TRIES {
            let Some(server) = self.routers[gateway].choose(&self.servers, &job, now, &tried) else { break };
            if self.servers[server].is_full() {
                self.routers[gateway].refused(server, &job, now);
                tried.push(server);
                continue;
            }
            self.routers[gateway].began(server, &job, now);
            self.at_work.insert(job.id, (server, gateway, 0));
            if let Some(ends) = self.servers[server].take(job, now) {
                self.at(ends, What::Step(server));
            }
            return;
        }
        if now > self.warm {
            self.left += 1;
        }
        // The conversation goes on elsewhere, and comes back here with its next turn.
        let answered = now + job.output * 30_000;
        if let Some(next) = self.load.next(&job, answered) {
            self.at(next.at, What::Turn(Box::new(next)));
        }
    }

    fn step(&mut self, server: usize, now: u64) {
        // One of those that a gateway sent here tells it that the step has ended.
        let mut told = vec![false; self.routers.len()];
        for id in self.servers[server].decoding() {
            let gateway = self.at_work[&id].1;
            if !std::mem::replace(&mut told[gateway], true) {
                self.routers[gateway].further(id, now);
            }
            if told.iter().all(|told| *told) {
                break;
            }
        }
        let mut events = Vec::new();
        if let Some(ends) = self.servers[server].end_step(now, &mut events) {
            self.at(ends, What::Step(server));
        }
        for event in events {
            match event {
                Event::First(job) => {
                    let work = self.at_work.get_mut(&job.id).unwrap();
                    work.2 = now;
                    let gateway = work.1;
                    self.routers[gateway].first(&job, now);
                    if job.at > self.warm {
                        self.first_ms.push((now - job.at) as f64 / 1_000.0);
                        self.served += 1;
                    }
                }
                Event::Last(job) => {
                    let (_, gateway, first) = self.at_work.remove(&job.id).unwrap();
                    self.routers[gateway].ended(server, &job, now);
                    if now > self.warm {
                        self.tokens += job.output;
                        if job.output > 1 {
                            self.each.0 += (now - first) as f64;
                            self.each.1 += (job.output - 1) as f64;
                        }
                    }
                    if let Some(next) = self.load.next(&job, now) {
                        self.at(next.at, What::Turn(Box::new(next)));
                    }
                }
            }
        }
    }
}
