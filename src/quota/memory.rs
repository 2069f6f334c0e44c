//! The store of one gateway: counters in memory, and a journal from which they come back after a restart.
//!
//! ```text
//! a line of the journal:   crc32c in hexadecimal, number of the window, its end in ms, value, name of the counter
//! ```
//! Values are absolute, so that reading is taking the last of each. What changed is appended once a second and when the gateway
//! stops: a crash forgets a second of use, and what was reserved and never settled stays counted. A journal of more than
//! a megabyte that is mostly past is written anew. Requests at once are not in it: after a restart there are none.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::store::{Answer, Coming, Line, Settled, Step, Store, StoreError};
use super::window::KEPT_MS;
use crate::disk;
use crate::limits::{QUOTA_COUNTERS_MAX, QUOTA_JOURNAL_BYTES_MAX};

/// Bytes from which a journal may be written anew.
const COMPACT_BYTES: u64 = 1024 * 1024;
/// Time between two writings of the journal.
const FLUSH: Duration = Duration::from_secs(1);

/// A counter: its name and the number of its window.
type Key = (Arc<str>, i64);

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    value: u64,
    ends_ms: i64,
}

#[derive(Debug, Default)]
struct State {
    counters: HashMap<Key, Counter>,
    held: HashMap<Arc<str>, HashSet<u128>>,
    changed: HashSet<Key>,
    /// The latest instant that a step told.
    now_ms: i64,
    /// When past counters were last thrown away.
    swept_ms: i64,
}

/// Counters in memory.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    journal: Option<PathBuf>,
    /// The journal may end within a line: a crash or a full disk left it so.
    is_torn: AtomicBool,
}

impl MemoryStore {
    /// Counters that a restart forgets.
    pub fn new() -> Self {
        Self { state: Mutex::default(), journal: None, is_torn: AtomicBool::default() }
    }

    /// Counters that come back from a journal; one that is not there yet is empty. What it holds that cannot be read is left
    /// out: a torn end is what a crash leaves.
    ///
    /// # Errors
    /// When the journal is there and cannot be read.
    pub fn open(journal: &Path) -> io::Result<Self> {
        let text = match disk::read(journal, QUOTA_JOURNAL_BYTES_MAX) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let is_torn = AtomicBool::new(!text.is_empty() && !text.ends_with('\n'));
        let mut state = State::default();
        for (key, counter) in text.lines().filter_map(read_line) {
            state.counters.insert(key, counter);
        }
        Ok(Self { state: Mutex::new(state), journal: Some(journal.to_owned()), is_torn })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what changed to the journal, or writes it anew.
    fn flush(&self) -> io::Result<()> {
        let Some(path) = &self.journal else { return Ok(()) };
        let changed: Vec<Key> = self.state().changed.drain().collect();
        if changed.is_empty() {
            return Ok(());
        }
        let written = self.write(path, &changed);
        if written.is_err() {
            self.state().changed.extend(changed);
        }
        written
    }

    fn write(&self, path: &Path, changed: &[Key]) -> io::Result<()> {
        let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        let whole = if bytes > COMPACT_BYTES { self.state().lines_of_all() } else { String::new() };
        if bytes <= COMPACT_BYTES || bytes < 4 * whole.len() as u64 {
            let lines = self.state().lines(changed.iter());
            // Behind a torn line the next one would be a part of it, and lost with it.
            let begin = if self.is_torn.swap(true, Ordering::Relaxed) { "\n" } else { "" };
            let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
            file.write_all(format!("{begin}{lines}").as_bytes())?;
            self.is_torn.store(false, Ordering::Relaxed);
            return file.sync_data();
        }
        disk::replace(path, whole.as_bytes(), 0o600)?;
        self.is_torn.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn lines<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> String {
        keys.filter_map(|key| Some(line_of(key, *self.counters.get(key)?))).collect()
    }

    fn lines_of_all(&self) -> String {
        self.lines(self.counters.keys())
    }

    fn value(&self, line: &Line, number: i64) -> u64 {
        self.counters.get(&(Arc::clone(&line.key), number)).map_or(0, |counter| counter.value)
    }

    fn seen(&self, line: &Line) -> (u64, u64) {
        if line.window.held {
            return (self.held.get(&line.key).map_or(0, |held| held.len() as u64), 0);
        }
        let before = if line.window.before > 0 { self.value(line, line.window.number - 1) } else { 0 };
        (self.value(line, line.window.number), before)
    }

    /// Takes a step, where no more than so many counters are kept.
    fn take(&mut self, step: &Step, counters_max: usize) -> Result<Answer, StoreError> {
        self.sweep(step.now_ms, KEPT_MS);
        if self.counters.len().saturating_add(step.lines.len()) > counters_max {
            // A second is as often as all of them may be looked at.
            self.sweep(step.now_ms, 1_000);
            let is_new = |line: &&Line| !line.window.held && !self.counters.contains_key(&key_of(line));
            if self.counters.len().saturating_add(step.lines.iter().filter(is_new).count()) > counters_max {
                return Err(StoreError::Full);
            }
        }
        let fits = |line: &Line| {
            let (current, previous) = self.seen(line);
            line.window.used(current, previous).saturating_add(line.amount) <= line.limit
        };
        let taken = step.lines.iter().all(fits);
        if taken {
            for line in &step.lines {
                if line.window.held {
                    self.held.entry(Arc::clone(&line.key)).or_default().insert(step.lease);
                } else {
                    self.add(line, i64::try_from(line.amount).unwrap_or(i64::MAX));
                }
            }
        }
        Ok(Answer { taken, seen: step.lines.iter().map(|line| self.seen(line)).collect() })
    }

    fn add(&mut self, line: &Line, more: i64) {
        if more == 0 {
            return;
        }
        let key = key_of(line);
        let counter = self.counters.entry(key.clone()).or_default();
        counter.value = counter.value.saturating_add_signed(more);
        counter.ends_ms = line.window.ends_ms;
        self.changed.insert(key);
    }

    fn settle(&mut self, settled: &Settled) {
        for (line, more) in &settled.lines {
            if line.window.held {
                if let Some(held) = self.held.get_mut(&line.key) {
                    held.remove(&settled.lease);
                    if held.is_empty() {
                        self.held.remove(&line.key);
                    }
                }
            } else {
                self.add(line, *more);
            }
        }
    }

    /// Throws away what no window looks at any more, if that was last done so long ago.
    fn sweep(&mut self, now_ms: i64, after_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        if self.now_ms - self.swept_ms < after_ms {
            return;
        }
        self.swept_ms = self.now_ms;
        let now_ms = self.now_ms;
        self.counters.retain(|_, counter| counter.ends_ms.saturating_add(KEPT_MS) > now_ms);
        let Self { changed, counters, .. } = self;
        changed.retain(|key| counters.contains_key(key));
    }
}

impl Store for MemoryStore {
    fn take<'a>(&'a self, step: &'a Step) -> Coming<'a, Result<Answer, StoreError>> {
        let answer = self.state().take(step, QUOTA_COUNTERS_MAX);
        Box::pin(std::future::ready(answer))
    }

    fn settle(&self, settled: Settled) {
        self.state().settle(&settled);
    }

    fn run(self: Arc<Self>, stop: CancellationToken) -> Coming<'static, ()> {
        Box::pin(async move {
            while tokio::time::timeout(FLUSH, stop.cancelled()).await.is_err() {
                let store = Arc::clone(&self);
                if let Ok(Err(error)) = tokio::task::spawn_blocking(move || store.flush()).await {
                    tracing::error!(kind = ?error.kind(), "What was used of limits could not be written down");
                }
            }
        })
    }

    fn settle_all(&self) -> Coming<'_, ()> {
        // Called when nothing is served any more, or by tests.
        if let Err(error) = self.flush() {
            tracing::error!(kind = ?error.kind(), "What was used of limits could not be written down");
        }
        Box::pin(std::future::ready(()))
    }

    fn is_up(&self) -> bool {
        true
    }
}

fn key_of(line: &Line) -> Key {
    (Arc::clone(&line.key), line.window.number)
}

fn line_of((name, number): &Key, counter: Counter) -> String {
    let rest = format!("{number} {} {} {name}", counter.ends_ms, counter.value);
    format!("{:08x} {rest}\n", crc32c::crc32c(rest.as_bytes()))
}

fn read_line(line: &str) -> Option<(Key, Counter)> {
    let (sum, rest) = line.split_once(' ')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32c::crc32c(rest.as_bytes()) {
        return None;
    }
    let mut parts = rest.splitn(4, ' ');
    let number = parts.next()?.parse().ok()?;
    let ends_ms = parts.next()?.parse().ok()?;
    let value = parts.next()?.parse().ok()?;
    Some(((Arc::from(parts.next()?), number), Counter { value, ends_ms }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Whose;
    use crate::quota::window::{What, Window};

    /// A full store counts on for those whom it counts, and takes others when windows have ended.
    #[test]
    fn counters_have_their_bound() {
        let mut state = State::default();
        let mut take = |name: &str, now_ms: i64| {
            let (what, window) = (What::InputMinute, Window::at(What::InputMinute, now_ms));
            let line = Line { of: Whose::Key, what, key: Arc::from(name), limit: 10, amount: 1, window };
            let taken = state.take(&Step { now_ms, lease: 0, lines: vec![line] }, 2);
            (taken.map(|answer| answer.taken), state.counters.len())
        };
        for (name, who, now_ms, taken) in [
            ("one", "a", 1_000, (Ok(true), 1)),
            ("two", "b", 1_001, (Ok(true), 2)),
            ("one too many", "c", 1_002, (Err(StoreError::Full), 2)),
            ("one who is there", "a", 1_003, (Ok(true), 2)),
            ("when both have ended", "c", 60_000 + KEPT_MS, (Ok(true), 1)),
        ] {
            assert_eq!(take(who, now_ms), taken, "{name}");
        }
    }
}
