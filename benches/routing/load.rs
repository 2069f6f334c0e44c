//! What is asked: conversations that arrive at random, each of several turns with a system prompt shared by its app.

use octroi::balance::{Block, Random};

/// One request: a turn of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: usize,
    pub(crate) conversation: u64,
    pub(crate) turn: u32,
    pub(crate) app: u64,
    /// Tokens of the system prompt.
    pub(crate) system: u64,
    /// Tokens of the whole prompt.
    pub(crate) prompt: u64,
    /// Tokens of the answer: the router does not know them.
    pub(crate) output: u64,
    pub(crate) at: u64,
    /// Boundaries of the turns so far, as a gateway sees them.
    pub(crate) blocks: Vec<Block>,
}

impl Job {
    pub(crate) fn total(&self) -> u64 {
        self.prompt + self.output
    }

    pub(crate) fn app_key(&self) -> u64 {
        self.app
    }

    pub(crate) fn conversation_key(&self) -> u64 {
        (1 << 40) + self.conversation
    }
}

/// Parameters of the load. Medians of prompts and answers of the conversation trace of Splitwise (1,020 and 129 tokens; Azure
/// 2023) are met by the mix of turns; a quarter of the conversations begins with a document, as in the trace of Mooncake (Qin
/// et al., FAST 2025), whose prompts have 7,590 tokens on average.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) apps: u64,
    pub(crate) document_share: f64,
    pub(crate) turns: f64,
    pub(crate) think_us: f64,
}

pub(crate) const MIXED: Shape = Shape { apps: 40, document_share: 0.25, turns: 3.5, think_us: 15_000_000.0 };

/// Makes the conversations.
pub(crate) struct Load {
    /// Times between arrivals.
    arrivals: Random,
    /// What the conversation at hand is like: from its number, so that every router meets the same ones.
    random: Random,
    seed: u64,
    shape: Shape,
    next: u64,
    ids: usize,
}

impl Load {
    pub(crate) fn new(seed: u64, shape: Shape) -> Self {
        Self { arrivals: Random::new(seed), random: Random::new(0), seed, shape, next: 0, ids: 0 }
    }

    /// A normal draw (Box and Muller).
    fn normal(&mut self) -> f64 {
        let (a, b) = (self.random.unit().max(1e-12), self.random.unit());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    fn lognormal(&mut self, median: f64, sigma: f64, max: f64) -> u64 {
        (median * (self.normal() * sigma).exp()).clamp(2.0, max) as u64
    }

    /// Microseconds until the next conversation.
    pub(crate) fn pause(&mut self, mean: f64) -> u64 {
        exponential(&mut self.arrivals, mean)
    }

    /// The first turn of a new conversation.
    pub(crate) fn begin(&mut self, at: u64) -> Job {
        self.next += 1;
        self.random = Random::new(self.seed ^ Random::new(self.next * 1_000).bits());
        let app = self.random.below(self.shape.apps as usize) as u64;
        let system = 200 + Random::new(app).bits() % 1_300;
        let document = self.random.unit() < self.shape.document_share;
        let message =
            if document { self.lognormal(5_000.0, 0.7, 60_000.0) } else { self.lognormal(120.0, 0.9, 4_000.0) };
        let mut job = Job {
            id: 0,
            conversation: self.next,
            turn: 0,
            app,
            system,
            prompt: system + message,
            output: 0,
            at,
            blocks: vec![Block { key: Random::new(app).bits(), tokens: system as u32 }],
        };
        self.finish(&mut job);
        job
    }

    /// The next turn, if the conversation goes on.
    pub(crate) fn next(&mut self, before: &Job, at: u64) -> Option<Job> {
        let turn = before.conversation * 1_000 + u64::from(before.turn) + 1;
        self.random = Random::new(self.seed ^ Random::new(turn).bits());
        if self.random.unit() < 1.0 / self.shape.turns || before.total() > 100_000 {
            return None;
        }
        let at = at + exponential(&mut self.random, self.shape.think_us);
        let message = self.lognormal(60.0, 0.9, 4_000.0);
        let mut job = Job { turn: before.turn + 1, at, prompt: before.total() + message, ..before.clone() };
        self.finish(&mut job);
        Some(job)
    }

    fn finish(&mut self, job: &mut Job) {
        self.ids += 1;
        job.id = self.ids;
        job.output = self.lognormal(129.0, 1.0, 2_000.0);
        let key = Random::new(job.conversation * 1_000 + u64::from(job.turn)).bits();
        job.blocks.push(Block { key, tokens: job.prompt as u32 });
    }
}

fn exponential(random: &mut Random, mean: f64) -> u64 {
    (-random.unit().max(1e-12).ln() * mean) as u64
}
