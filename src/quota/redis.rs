//! The store of several gateways: counters in Redis (or Valkey), one script a step.
//!
//! Every script runs whole or not at all, so that two gateways cannot take the same rest. Counters end with their windows.
//! Places among requests at once are held under leases that their gateway renews: one that died gives them back within a
//! minute. What is settled goes to Redis by and by, in order, from a bounded queue.
//!
//! While Redis is down the operator's choice holds: `refuse` serves nothing uncounted; `last-lease` lets each gateway take its
//! part of what was left when Redis answered last: the rest divided by the gateways that were alive then. What was taken
//! meanwhile is added when Redis is back.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use super::resp::Address;
use super::resp::{Client, Reply};
use super::scripts::SCRIPTS;
use super::store::{Answer, Coming, Line, Settled, Step, Store, StoreError};
use super::window::LEASE_MS;

/// Time that a step may take.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time for which Redis is not asked after it did not answer.
const REST: Duration = Duration::from_secs(1);
/// Time between two renewals.
const RENEWAL: Duration = Duration::from_secs(15);
/// Steps that wait to be settled; beyond it what is oldest stays as it was reserved.
const QUEUE_MAX: usize = 65_536;
/// Leases renewed at once.
const RENEWED_MAX: usize = 4_096;
/// Counters whose last value is remembered.
const REMEMBERED_MAX: usize = 65_536;
/// Time for which a counter is kept behind the end of its window.
const KEPT_MS: i64 = 120_000;

/// What holds while Redis is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// Each gateway takes its part of what was left last.
    LastLease,
    /// Nothing is served.
    Refuse,
}

/// Counters in Redis.
#[derive(Debug)]
pub struct RedisStore {
    client: Client,
    prefix: String,
    gateway: String,
    unavailable: Unavailable,
    opened_by: String,
    up: AtomicBool,
    gateways: AtomicU64,
    local: Mutex<Local>,
    wake: Notify,
    /// Held by whoever sends what waits: in order, and each once.
    sending: tokio::sync::Mutex<()>,
}

/// What this gateway remembers.
#[derive(Debug, Default)]
struct Local {
    /// By key and window: what Redis said last, and what was taken here since it went down.
    seen: HashMap<Vec<u8>, Seen>,
    /// Places held here: key and lease.
    leases: HashSet<(Vec<u8>, u128)>,
    queue: VecDeque<Waiting>,
    /// Until when Redis is not asked.
    rests_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    last: u64,
    since: u64,
    ends_ms: i64,
}

/// What waits to be put right.
#[derive(Debug, Clone)]
struct Waiting {
    lease: u128,
    /// For each key.
    parts: Vec<(Vec<u8>, Part)>,
}

/// What is added and when the window ends; `None`: a lease that is given back.
type Part = Option<(i64, i64)>;

impl RedisStore {
    /// A store at an address. `prefix` stands before each key, `gateway` tells this gateway from others.
    pub fn new(address: Address, (prefix, gateway): (&str, &str), unavailable: Unavailable, opened_by: String) -> Self {
        Self {
            client: Client::new(address, SCRIPTS),
            prefix: prefix.to_owned(),
            gateway: gateway.to_owned(),
            unavailable,
            opened_by,
            up: AtomicBool::new(true),
            gateways: AtomicU64::new(1),
            local: Mutex::default(),
            wake: Notify::new(),
            sending: tokio::sync::Mutex::default(),
        }
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, line: &Line, number: i64) -> Vec<u8> {
        format!("{}{}:{number}", self.prefix, line.key).into_bytes()
    }

    fn gateways_key(&self) -> Vec<u8> {
        format!("{}gateways", self.prefix).into_bytes()
    }

    /// Asks Redis; notes whether it is up.
    async fn ask(&self, script: usize, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> io::Result<Reply> {
        let asked = self.client.run(script, (keys, arguments), PATIENCE).await;
        self.local().rests_until = asked.is_err().then(|| Instant::now() + REST);
        if self.up.swap(asked.is_ok(), Ordering::Relaxed) != asked.is_ok() {
            match &asked {
                Ok(_) => tracing::warn!("Redis answers again: limits are counted together"),
                Err(error) => {
                    tracing::error!(kind = ?error.kind(), "Redis does not answer: limits are not counted together");
                }
            }
        }
        asked
    }

    async fn take_there(&self, step: &Step) -> io::Result<Answer> {
        let mut keys = vec![self.gateways_key()];
        let mut arguments = vec![text(step.now_ms), text(step.lease)];
        for line in &step.lines {
            keys.push(self.key(line, line.window.number));
            keys.push(self.key(line, line.window.number - 1));
            let part = if line.window.held { "-1".to_owned() } else { line.window.before.to_string() };
            arguments.extend([
                text(line.limit),
                text(line.amount),
                part.into_bytes(),
                text(kept_ms(line, step.now_ms)),
            ]);
        }
        let Reply::Many(numbers) = self.ask(0, &keys, &arguments).await? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let number = |reply: &Reply| match reply {
            Reply::Number(number) => u64::try_from(*number).unwrap_or(0),
            _ => 0,
        };
        let numbers: Vec<u64> = numbers.iter().map(number).collect();
        let [taken, gateways, seen @ ..] = numbers.as_slice() else { return Err(io::ErrorKind::InvalidData.into()) };
        self.gateways.store((*gateways).max(1), Ordering::Relaxed);
        let seen: Vec<(u64, u64)> =
            seen.as_chunks::<2>().0.iter().map(|[current, before]| (*current, *before)).collect();
        if seen.len() != step.lines.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let answer = Answer { taken: *taken == 1, seen };
        self.remember(step, &answer);
        Ok(answer)
    }

    fn remember(&self, step: &Step, answer: &Answer) {
        let mut local = self.local();
        if local.seen.len() >= REMEMBERED_MAX {
            local.seen.retain(|_, seen| seen.ends_ms > step.now_ms);
        }
        for (line, (current, _)) in step.lines.iter().zip(&answer.seen) {
            let key = self.key(line, line.window.number);
            if line.window.held && answer.taken {
                local.leases.insert((key.clone(), step.lease));
            }
            if local.seen.len() < REMEMBERED_MAX || local.seen.contains_key(&key) {
                let ends_ms = line.window.ends_ms;
                local.seen.insert(key, Seen { last: *current, since: 0, ends_ms });
            }
        }
    }

    /// Takes a step of this gateway's part of what was left last.
    fn take_here(&self, step: &Step) -> Answer {
        let gateways = self.gateways.load(Ordering::Relaxed).max(1);
        let mut local = self.local();
        let mut seen = Vec::with_capacity(step.lines.len());
        let mut taken = true;
        for line in &step.lines {
            let known = local.seen.get(&self.key(line, line.window.number)).copied().unwrap_or_default();
            // The part of this gateway is all that it may see of the limit.
            let part = known.last.saturating_add(line.limit.saturating_sub(known.last) / gateways);
            let used = known.last.saturating_add(known.since);
            taken &= used.saturating_add(line.amount) <= part;
            seen.push((used.saturating_add(line.limit.saturating_sub(part)), 0));
        }
        if taken {
            let mut parts = Vec::new();
            for (line, (current, _)) in step.lines.iter().zip(&mut seen) {
                let key = self.key(line, line.window.number);
                let known = local.seen.entry(key.clone()).or_default();
                known.since = known.since.saturating_add(line.amount);
                known.ends_ms = line.window.ends_ms;
                *current = current.saturating_add(line.amount);
                if line.window.held {
                    local.leases.insert((key, step.lease));
                } else {
                    let more = i64::try_from(line.amount).unwrap_or(i64::MAX);
                    parts.push((key, Some((more, line.window.ends_ms))));
                }
            }
            local.wait(Waiting { lease: step.lease, parts });
        }
        Answer { taken, seen }
    }

    fn front(&self) -> Option<Waiting> {
        self.local().queue.front().cloned()
    }

    /// Sends what waits, in order. Ends when nothing is left, or Redis does not answer.
    async fn send(&self) {
        let _alone = self.sending.lock().await;
        while let Some(waiting) = self.front() {
            let keys: Vec<Vec<u8>> = waiting.parts.iter().map(|(key, _)| key.clone()).collect();
            let mut arguments = vec![text(waiting.lease)];
            for (_, part) in &waiting.parts {
                let (more, kept) = part.map_or((0, -1), |(more, ends_ms)| (more, kept_until(ends_ms, now_ms())));
                arguments.extend([text(more), text(kept)]);
            }
            if self.ask(1, &keys, &arguments).await.is_err() {
                return;
            }
            self.local().queue.pop_front();
        }
    }

    /// Says that this gateway is alive, and renews its places.
    async fn renew(&self, now_ms: i64) {
        let leases: Vec<(Vec<u8>, u128)> = self.local().leases.iter().take(RENEWED_MAX).cloned().collect();
        let mut keys = vec![self.gateways_key()];
        let mut arguments = vec![text(now_ms), text(LEASE_MS), self.gateway.clone().into_bytes()];
        for (key, lease) in leases {
            keys.push(key);
            arguments.push(text(lease));
        }
        if let Ok(Reply::Number(gateways)) = self.ask(2, &keys, &arguments).await {
            self.gateways.store(u64::try_from(gateways).unwrap_or(1).max(1), Ordering::Relaxed);
        }
    }
}

impl Local {
    fn wait(&mut self, waiting: Waiting) {
        if self.queue.len() >= QUEUE_MAX {
            self.queue.pop_front();
        }
        self.queue.push_back(waiting);
    }
}

impl Store for RedisStore {
    fn take<'a>(&'a self, step: &'a Step) -> Coming<'a, Result<Answer, StoreError>> {
        Box::pin(async move {
            let rests = self.local().rests_until.is_some_and(|until| Instant::now() < until);
            if !rests && let Ok(answer) = self.take_there(step).await {
                return Ok(answer);
            }
            match self.unavailable {
                Unavailable::Refuse => Err(StoreError::Unavailable),
                Unavailable::LastLease => {
                    let answer = self.take_here(step);
                    self.wake.notify_one();
                    Ok(answer)
                }
            }
        })
    }

    fn settle(&self, settled: Settled) {
        let mut parts = Vec::new();
        let mut local = self.local();
        for (line, more) in &settled.lines {
            let key = self.key(line, line.window.number);
            if line.window.held {
                local.leases.remove(&(key.clone(), settled.lease));
                if let Some(seen) = local.seen.get_mut(&key) {
                    seen.last = seen.last.saturating_sub(1);
                }
                parts.push((key, None));
            } else if *more != 0 {
                if let Some(seen) = local.seen.get_mut(&key) {
                    seen.last = seen.last.saturating_add_signed(*more);
                }
                parts.push((key, Some((*more, line.window.ends_ms))));
            }
        }
        if !parts.is_empty() {
            local.wait(Waiting { lease: settled.lease, parts });
            drop(local);
            self.wake.notify_one();
        }
    }

    fn run(self: Arc<Self>, stop: CancellationToken) -> Coming<'static, ()> {
        Box::pin(async move {
            let mut renewal = tokio::time::interval(RENEWAL);
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = self.wake.notified() => {}
                    _ = renewal.tick() => self.renew(now_ms()).await,
                }
                self.send().await;
                if !self.is_up() {
                    // What waits is tried again when Redis is asked again.
                    tokio::time::timeout(REST, stop.cancelled()).await.unwrap_or_default();
                    self.wake.notify_one();
                }
            }
        })
    }

    fn settle_all(&self) -> Coming<'_, ()> {
        Box::pin(self.send())
    }

    fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    fn opened_by(&self) -> &str {
        &self.opened_by
    }
}

/// For how long a counter is kept from now on, in milliseconds.
fn kept_ms(line: &Line, now_ms: i64) -> i64 {
    if line.window.held { LEASE_MS } else { kept_until(line.window.ends_ms, now_ms) }
}

fn kept_until(ends_ms: i64, now_ms: i64) -> i64 {
    (ends_ms - now_ms).max(0).saturating_add(KEPT_MS)
}

#[expect(clippy::disallowed_methods, reason = "leases are renewed by the clock of the machine")]
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[expect(clippy::needless_pass_by_value, reason = "numbers are written where they are made")]
fn text(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}
