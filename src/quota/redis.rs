//! The store of several gateways: counters in Redis (or Valkey), one script a step.
//!
//! Every script runs whole or not at all, so that two gateways cannot take the same rest. Counters end with their windows.
//! Places among requests at once are held under leases that their gateway renews: one that died gives them back within a
//! minute. What is settled goes to Redis by and by, as one sum for each counter.
//!
//! While Redis is down the operator's choice holds: `refuse` serves nothing uncounted; `last-lease` lets each gateway take its
//! part of what was left when Redis answered last (`lease.rs`). What was taken meanwhile is added when Redis is back,
//! before anything else is taken of it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lease::{Key, Local};
pub use super::resp::Address;
use super::resp::{Client, Reply};
use super::scripts::SCRIPTS;
use super::store::{Answer, Coming, Line, Settled, Step, Store, StoreError};
use super::window::{KEPT_MS, LEASE_MS};
use crate::limits::QUOTA_SENT_MAX;

/// Time that a step may take.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time for which Redis is not asked after it did not answer.
const REST: Duration = Duration::from_secs(1);
/// Time between two renewals.
const RENEWAL: Duration = Duration::from_secs(15);

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
    up: AtomicBool,
    gateways: AtomicU64,
    local: Mutex<Local>,
    /// Until when Redis is not asked.
    rests_until: Mutex<Option<Instant>>,
    wake: Notify,
    /// Held by whoever sends what waits: in order, and each once.
    sending: tokio::sync::Mutex<()>,
}

impl RedisStore {
    /// A store at an address. `prefix` stands before each key, `gateway` tells this gateway from others.
    pub fn new(address: Address, (prefix, gateway): (&str, &str), unavailable: Unavailable) -> Self {
        Self {
            client: Client::new(address, SCRIPTS),
            prefix: prefix.to_owned(),
            gateway: gateway.to_owned(),
            unavailable,
            up: AtomicBool::new(true),
            gateways: AtomicU64::new(1),
            local: Mutex::default(),
            rests_until: Mutex::default(),
            wake: Notify::new(),
            sending: tokio::sync::Mutex::default(),
        }
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn key(&self, line: &Line, number: i64) -> Key {
        format!("{}{}:{number}", self.prefix, line.key).into_bytes()
    }

    fn gateways_key(&self) -> Key {
        format!("{}gateways", self.prefix).into_bytes()
    }

    /// Asks Redis; notes whether it is up.
    async fn ask(&self, script: usize, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> io::Result<Reply> {
        let asked = self.client.run(script, (keys, arguments), PATIENCE).await;
        let rest = asked.is_err().then(|| Instant::now() + REST);
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = rest;
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
        self.local().remember(step, &answer, |line| self.key(line, line.window.number));
        Ok(answer)
    }

    /// Sends what waits. Ends when nothing is left, or Redis does not answer.
    async fn send(&self) {
        let _alone = self.sending.lock().await;
        loop {
            // Whoever waited here does not ask in vain what another has just asked.
            let batch = if self.rests() { None } else { self.local().batch() };
            let Some(batch) = batch else { return };
            let (mut keys, mut arguments) = (Vec::new(), Vec::new());
            for (key, owed) in &batch.owed {
                keys.push(key.clone());
                arguments.extend([text(owed.more), text(kept_until(owed.ends_ms, now_ms()))]);
            }
            for (key, lease) in &batch.freed {
                keys.push(key.clone());
                arguments.extend([text(lease), text(-1)]);
            }
            if self.ask(1, &keys, &arguments).await.is_err() {
                return;
            }
            self.local().told(batch);
        }
    }

    /// Says that this gateway is alive, and renews its places.
    async fn renew(&self, now_ms: i64) {
        let leases = self.local().leases();
        let mut batches: Vec<&[(Key, u128)]> = leases.chunks(QUOTA_SENT_MAX).collect();
        if batches.is_empty() {
            batches.push(&[]);
        }
        for batch in batches {
            let mut keys = vec![self.gateways_key()];
            let mut arguments = vec![text(now_ms), text(LEASE_MS), self.gateway.clone().into_bytes()];
            for (key, lease) in batch {
                keys.push(key.clone());
                arguments.push(text(lease));
            }
            let Ok(Reply::Number(gateways)) = self.ask(2, &keys, &arguments).await else { return };
            self.gateways.store(u64::try_from(gateways).unwrap_or(1).max(1), Ordering::Relaxed);
        }
        self.local().answered(now_ms);
    }
}

impl Store for RedisStore {
    fn take<'a>(&'a self, step: &'a Step) -> Coming<'a, Result<Answer, StoreError>> {
        Box::pin(async move {
            if self.local().is_full() {
                return Err(StoreError::Full);
            }
            if !self.is_up() {
                // What was used meanwhile is there before more is taken.
                self.send().await;
            }
            if !self.rests()
                && let Ok(answer) = self.take_there(step).await
            {
                return Ok(answer);
            }
            match self.unavailable {
                Unavailable::Refuse => Err(StoreError::Unavailable),
                Unavailable::LastLease => {
                    let gateways = self.gateways.load(Ordering::Relaxed);
                    let answer = self.local().take(step, gateways, |line, number| self.key(line, number));
                    self.wake.notify_one();
                    answer
                }
            }
        })
    }

    fn settle(&self, settled: Settled) {
        self.local().settle(&settled, |line| self.key(line, line.window.number));
        self.wake.notify_one();
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
