//! A GPU server that batches continuously, as vLLM does: each step gives every running request one token and reads a chunk of
//! the waiting prompts; a prompt begins when the KV cache has room for it, and finished conversations stay in the cache until
//! the room is needed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};

use crate::load::Job;

/// One kind of server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gpu {
    /// Microseconds of a step with one running request.
    pub(crate) step_us: f64,
    /// Microseconds that each running request adds to a step.
    pub(crate) each_us: f64,
    /// Microseconds for a token of a prompt.
    pub(crate) prefill_us: f64,
    /// Tokens that the KV cache holds.
    pub(crate) kv_tokens: u64,
}

/// Eight H100 with a model of 70 billion parameters. Splitwise (Patel et al., ISCA 2024, table IV): the first token of 1,500
/// after 95 ms, each further one after 31 ms; its figure of batches: 64 at once double that. 640 GB less 140 of weights, 0.32 MB
/// a token (80 layers, 8 heads of 128, two bytes, keys and values), nine tenths of it usable.
pub(crate) const H100: Gpu = Gpu { step_us: 31_000.0, each_us: 480.0, prefill_us: 43.0, kv_tokens: 1_330_000 };

/// Eight A100 with the same model: 185 ms and 52 ms in the same table.
pub(crate) const A100: Gpu = Gpu { step_us: 52_000.0, each_us: 810.0, prefill_us: 89.0, kv_tokens: 1_330_000 };

/// Tokens of prompts that one step reads at most, vLLM's default `max_num_batched_tokens`.
const CHUNK: u64 = 2_048;
/// Requests that run at once, vLLM's default `max_num_seqs`.
const RUNNING_MAX: usize = 256;
/// Requests that may wait; the next is answered with 429.
pub(crate) const WAITING_MAX: usize = 32;

/// A request at a server.
#[derive(Debug)]
struct Waiting {
    job: Job,
    /// Tokens still to be read; known once it was admitted.
    left: Option<u64>,
}

/// What a step brought.
#[derive(Debug)]
pub(crate) enum Event {
    /// The first token of a request.
    First(Job),
    /// The last one, and when the first came.
    Last(Job),
}

/// One server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) gpu: Gpu,
    waiting: VecDeque<Waiting>,
    /// By the number of the step in which they end.
    running: BinaryHeap<Reverse<(u64, usize)>>,
    jobs: HashMap<usize, Job>,
    step: u64,
    ends: Option<u64>,
    /// Tokens of the prompts that wait, as they would be read now.
    queued: u64,
    used: u64,
    cache: Cache,
    /// Tokens of prompts that were read, and that were found in the cache.
    pub(crate) read: u64,
    pub(crate) hit: u64,
}

impl Server {
    pub(crate) fn new(gpu: Gpu) -> Self {
        Self {
            gpu,
            waiting: VecDeque::new(),
            running: BinaryHeap::new(),
            jobs: HashMap::new(),
            step: 0,
            ends: None,
            queued: 0,
            used: 0,
            cache: Cache::default(),
            read: 0,
            hit: 0,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// Requests that get a token with the step at hand.
    pub(crate) fn decoding(&self) -> impl Iterator<Item = usize> {
        self.running.iter().map(|Reverse((_, id))| *id)
    }

    pub(crate) fn kv_use(&self) -> f64 {
        self.used as f64 / self.gpu.kv_tokens as f64
    }

    /// Takes a request; the returned time is when its step ends, if one has to begin.
    pub(crate) fn take(&mut self, job: Job, now: u64) -> Option<u64> {
        self.queued += self.uncached(&job);
        self.waiting.push_back(Waiting { job, left: None });
        if self.ends.is_none() { self.begin(now) } else { None }
    }

    fn uncached(&self, job: &Job) -> u64 {
        (job.prompt - self.cache.held(job)).max(1)
    }

    /// Tokens that are to be read if the cache holds the system prompt at most.
    fn uncached_begun(&self, job: &Job) -> u64 {
        (job.prompt - self.cache.held_of_app(job)).max(1)
    }

    /// When the first token of a request would come, all being known; of its conversation's cache only if that is so.
    pub(crate) fn foretell(&self, job: &Job, now: u64, knows_conversation: bool) -> f64 {
        let own = if knows_conversation { self.uncached(job) } else { self.uncached_begun(job) };
        let ahead = self.queued + own;
        let batch = self.running.len() as u64;
        let room = CHUNK.saturating_sub(batch).max(1);
        let steps = ahead.div_ceil(room) as f64;
        let step = self.gpu.step_us + batch as f64 * self.gpu.each_us;
        let rest = self.ends.map_or(0.0, |ends| ends.saturating_sub(now) as f64);
        let reserved: u64 = self.used + self.waiting.iter().map(|it| it.job.prompt + it.job.output).sum::<u64>();
        let missing = (reserved + job.prompt + job.output).saturating_sub(self.gpu.kv_tokens);
        let mut until = 0.0;
        if missing > 0 {
            let mut ends: Vec<_> =
                self.running.iter().map(|Reverse((end, id))| (*end, self.jobs[id].total())).collect();
            ends.sort_unstable();
            let mut free = 0;
            for (end, tokens) in ends {
                free += tokens;
                until = end.saturating_sub(self.step) as f64 * step;
                if free >= missing {
                    break;
                }
            }
        }
        rest + until.max(steps * step + ahead as f64 * self.gpu.prefill_us)
    }

    /// Begins a step, if there is anything to do.
    fn begin(&mut self, now: u64) -> Option<u64> {
        self.ends = None;
        let batch = self.running.len() as u64;
        let mut room = CHUNK.saturating_sub(batch).max(1);
        let mut tokens = 0;
        for index in 0..self.waiting.len() {
            if room == 0 || self.running.len() + index >= RUNNING_MAX {
                break;
            }
            if self.waiting[index].left.is_none() && !self.admit(index) {
                break;
            }
            let left = self.waiting[index].left.as_mut().unwrap();
            let now_read = (*left).min(room);
            *left -= now_read;
            room -= now_read;
            tokens += now_read;
        }
        if batch == 0 && tokens == 0 {
            return None;
        }
        self.queued = self.queued.saturating_sub(tokens);
        self.read += tokens;
        let took = self.gpu.step_us + batch as f64 * self.gpu.each_us + tokens as f64 * self.gpu.prefill_us;
        self.ends = Some(now + took as u64);
        self.ends
    }

    /// Gives a waiting request its room in the KV cache.
    fn admit(&mut self, index: usize) -> bool {
        let job = self.waiting[index].job.clone();
        let total = job.total();
        if self.used + total > self.gpu.kv_tokens && self.used > 0 {
            return false;
        }
        let cached = self.cache.held(&job);
        self.cache.pin(&job);
        self.used += total;
        self.cache.shrink(self.gpu.kv_tokens.saturating_sub(self.used));
        self.hit += cached;
        self.waiting[index].left = Some((job.prompt - cached).max(1));
        true
    }

    /// Ends the step; says what it brought and when the next one ends.
    pub(crate) fn end_step(&mut self, now: u64, events: &mut Vec<Event>) -> Option<u64> {
        self.step += 1;
        while self.running.peek().is_some_and(|Reverse((end, _))| *end <= self.step) {
            let Reverse((_, id)) = self.running.pop().unwrap();
            let job = self.jobs.remove(&id).unwrap();
            self.finish(&job);
            events.push(Event::Last(job));
        }
        while self.waiting.front().is_some_and(|it| it.left == Some(0)) {
            let job = self.waiting.pop_front().unwrap().job;
            events.push(Event::First(job.clone()));
            if job.output <= 1 {
                self.finish(&job);
                events.push(Event::Last(job));
            } else {
                self.running.push(Reverse((self.step + job.output - 1, job.id)));
                self.jobs.insert(job.id, job);
            }
        }
        if self.waiting.is_empty() {
            self.queued = 0;
        }
        self.begin(now)
    }

    fn finish(&mut self, job: &Job) {
        self.used -= job.total();
        self.cache.keep(job);
        self.cache.shrink(self.gpu.kv_tokens.saturating_sub(self.used));
    }
}

/// What finished requests left in the KV cache, by when it was last used.
#[derive(Debug, Default)]
struct Cache {
    held: HashMap<u64, (u64, u64)>,
    order: BTreeMap<u64, u64>,
    tokens: u64,
    clock: u64,
}

impl Cache {
    fn held(&self, job: &Job) -> u64 {
        let system = self.held_of_app(job);
        let own = self.held.get(&job.conversation_key()).map_or(0, |(tokens, _)| *tokens + job.system);
        system.max(own).min(job.prompt - 1)
    }

    fn held_of_app(&self, job: &Job) -> u64 {
        self.held.get(&job.app_key()).map_or(0, |(tokens, _)| *tokens)
    }

    /// Takes out what a request now holds itself.
    fn pin(&mut self, job: &Job) {
        self.drop_key(job.conversation_key());
    }

    fn keep(&mut self, job: &Job) {
        self.put(job.app_key(), job.system);
        self.put(job.conversation_key(), job.total() - job.system);
    }

    fn put(&mut self, key: u64, tokens: u64) {
        self.drop_key(key);
        self.clock += 1;
        self.held.insert(key, (tokens, self.clock));
        self.order.insert(self.clock, key);
        self.tokens += tokens;
    }

    fn drop_key(&mut self, key: u64) {
        if let Some((tokens, at)) = self.held.remove(&key) {
            self.order.remove(&at);
            self.tokens -= tokens;
        }
    }

    fn shrink(&mut self, room: u64) {
        while self.tokens > room {
            let Some((_, key)) = self.order.pop_first() else { return };
            let (tokens, _) = self.held.remove(&key).unwrap();
            self.tokens -= tokens;
        }
    }
}
