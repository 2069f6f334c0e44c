//! Joins the passages of concurrent requests for one thread that computes them: a device's, which is fast at many and slow at one.
//!
//! ```text
//! request -> token ids -> its tenant's queue \
//! request -> …                                -> every 200 us, or as soon as 64 wait: one batch, a passage of each tenant in turn
//! ```
//! The queues are bounded together. Whoever finds no room, and everybody once the device failed or where there is none, computes
//! on the processor instead: what is slower is never skipped. What owns the device (context, stream) lives on the thread alone,
//! which makes it itself; a panic there is a failure like any other.
#![expect(clippy::disallowed_methods, reason = "batches are made by time")]

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Embedder, Work};
use crate::leak::encoder::{Batch, ModelError, TOKENS_MAX, quantised};
use crate::leak::model::{Model, ModelDigest};

/// Passages of one batch.
pub const BATCH_PASSAGES: usize = 64;
/// Time that a passage waits for others.
const WAIT: Duration = Duration::from_micros(200);
/// Passages that may wait: a second's work of a device. Whoever finds no room computes on the processor.
pub const QUEUE_PASSAGES_MAX: usize = 4_096;

/// Computes vectors; lives on one thread.
pub trait Computer {
    /// The unit vectors of a batch.
    ///
    /// # Errors
    /// One closed word for why it cannot; it is not asked again.
    fn vectors(&mut self, batch: &Batch) -> Result<Vec<Vec<f32>>, &'static str>;
}

/// Where passages are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The computer is being made.
    Starting,
    /// By the computer.
    Device,
    /// On the processor, and why.
    Processor(&'static str),
}

/// What was done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Batches of the computer.
    pub batches: u64,
    /// Passages in them.
    pub passages: u64,
    /// Passages that the processor computed in its stead.
    pub on_processor: u64,
}

/// Reads passages in batches.
#[derive(Debug)]
pub struct Batcher {
    model: Arc<Model>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    queues: Mutex<Queues>,
    /// Something waits, or it is over.
    news: Condvar,
    batches: AtomicU64,
    passages: AtomicU64,
    on_processor: AtomicU64,
}

#[derive(Debug)]
struct Queues {
    /// Tenants with what they wait for, the next one in front.
    tenants: VecDeque<(String, VecDeque<Waiting>)>,
    count: usize,
    /// When the first of them came.
    since: Option<Instant>,
    place: Place,
    is_over: bool,
}

impl Default for Queues {
    fn default() -> Self {
        Self { tenants: VecDeque::new(), count: 0, since: None, place: Place::Starting, is_over: false }
    }
}

/// A passage that waits.
#[derive(Debug)]
struct Waiting {
    ids: Vec<u32>,
    reply: Arc<Reply>,
    number: usize,
}

/// What one request waits for.
#[derive(Debug)]
struct Reply {
    answer: Mutex<Answer>,
    done: Condvar,
}

#[derive(Debug)]
struct Answer {
    rows: Vec<Option<Vec<i8>>>,
    left: usize,
    has_failed: bool,
}

impl Batcher {
    /// Starts the thread, which makes its computer by itself.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<C: Computer>(
        model: Arc<Model>,
        make: impl FnOnce() -> Result<C, &'static str> + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("encoder".to_owned()).spawn(move || {
            let work = AssertUnwindSafe(|| of_thread.work(make));
            let ended = std::panic::catch_unwind(work).unwrap_or(Err("panic"));
            of_thread.end(ended.err().unwrap_or("over"));
        })?;
        Ok(Self { model, shared, thread: Some(thread) })
    }

    /// Where passages are computed now.
    pub fn place(&self) -> Place {
        self.shared.queues().place
    }

    /// What was done so far.
    pub fn done(&self) -> Done {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Shared { batches, passages, on_processor, .. } = &*self.shared;
        Done { batches: count(batches), passages: count(passages), on_processor: count(on_processor) }
    }

    fn on_processor(&self, passages: &[&str], until: Option<Instant>) -> Result<Vec<Vec<i8>>, ModelError> {
        let rows = self.model.embed("", passages, until)?;
        self.shared.on_processor.fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(rows)
    }
}

impl Drop for Batcher {
    fn drop(&mut self) {
        self.shared.queues().is_over = true;
        self.shared.news.notify_all();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_default();
        }
    }
}

impl Embedder for Batcher {
    fn digest(&self) -> ModelDigest {
        self.model.digest()
    }

    fn dimension(&self) -> usize {
        self.model.dimension()
    }

    fn embed(&self, tenant: &str, passages: &[&str], until: Option<Instant>) -> Result<Vec<Vec<i8>>, ModelError> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        if self.place() != Place::Device {
            return self.on_processor(passages, until);
        }
        let answer = Answer { rows: vec![None; passages.len()], left: passages.len(), has_failed: false };
        let reply = Arc::new(Reply { answer: Mutex::new(answer), done: Condvar::new() });
        let waiting = passages.iter().enumerate().map(|(number, passage)| Waiting {
            ids: self.model.ids(passage),
            reply: Arc::clone(&reply),
            number,
        });
        if !self.shared.queues().push(tenant, waiting.collect()) {
            return self.on_processor(passages, until);
        }
        self.shared.news.notify_all();
        reply.wait(until).map_or_else(|| self.on_processor(passages, until), Ok)
    }

    fn work(&self) -> Work {
        let (place, done) = (self.place(), self.done());
        let why = if let Place::Processor(why) = place { Some(why) } else { None };
        let on_device = place == Place::Device;
        Work { on_device, why, passages_on_device: done.passages, passages_on_processor: done.on_processor }
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes batch after batch, until it is over or the computer fails.
    fn work<C: Computer>(&self, make: impl FnOnce() -> Result<C, &'static str>) -> Result<(), &'static str> {
        let mut computer = make()?;
        self.queues().place = Place::Device;
        loop {
            let waiting = self.next();
            if waiting.is_empty() {
                return Ok(());
            }
            // What the model does not take is answered at once.
            let mut batch = Batch::new();
            let (taken, refused): (Vec<Waiting>, Vec<Waiting>) =
                waiting.into_iter().partition(|waiting| batch.push(&waiting.ids).is_ok());
            for waiting in &refused {
                waiting.give(None);
            }
            let vectors = std::panic::catch_unwind(AssertUnwindSafe(|| computer.vectors(&batch)));
            let vectors = vectors
                .unwrap_or(Err("panic"))
                .and_then(|vectors| if vectors.len() == taken.len() { Ok(vectors) } else { Err("answer") });
            match vectors {
                Ok(vectors) => {
                    self.batches.fetch_add(1, Ordering::Relaxed);
                    self.passages.fetch_add(taken.len() as u64, Ordering::Relaxed);
                    taken.iter().zip(vectors).for_each(|(waiting, vector)| waiting.give(Some(&vector)));
                }
                Err(why) => {
                    for waiting in &taken {
                        waiting.give(None);
                    }
                    return Err(why);
                }
            }
        }
    }

    /// The next batch: as soon as it is full, or when the first of it has waited long enough. Empty when it is over.
    fn next(&self) -> Vec<Waiting> {
        let mut queues = self.queues();
        loop {
            if queues.is_over {
                return Vec::new();
            }
            let Some(since) = queues.since else {
                queues = self.news.wait(queues).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = WAIT.saturating_sub(since.elapsed());
            if queues.count >= BATCH_PASSAGES || left.is_zero() {
                return queues.take(BATCH_PASSAGES);
            }
            queues = self.news.wait_timeout(queues, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// From now on the processor computes; whoever waits is told.
    fn end(&self, why: &'static str) {
        let left = {
            let mut queues = self.queues();
            queues.place = Place::Processor(why);
            queues.count = 0;
            std::mem::take(&mut queues.tenants)
        };
        for waiting in left.iter().flat_map(|(_, queue)| queue) {
            waiting.give(None);
        }
    }
}

impl Queues {
    /// Adds all passages of a request, or none when there is no room or nobody computes any more.
    fn push(&mut self, tenant: &str, waiting: VecDeque<Waiting>) -> bool {
        if self.place != Place::Device || self.is_over || self.count + waiting.len() > QUEUE_PASSAGES_MAX {
            return false;
        }
        self.count += waiting.len();
        self.since.get_or_insert_with(Instant::now);
        match self.tenants.iter_mut().find(|(name, _)| name == tenant) {
            Some((_, queue)) => queue.extend(waiting),
            None => self.tenants.push_back((tenant.to_owned(), waiting)),
        }
        true
    }

    /// Takes so many, one of each tenant in turn, and no more tokens than a batch holds.
    fn take(&mut self, most: usize) -> Vec<Waiting> {
        let (mut taken, mut tokens) = (Vec::with_capacity(most.min(self.count)), 0);
        while taken.len() < most
            && let Some((tenant, mut queue)) = self.tenants.pop_front()
        {
            tokens += queue.front().map_or(0, |waiting| waiting.ids.len());
            let fits = tokens <= TOKENS_MAX || taken.is_empty();
            if fits {
                taken.extend(queue.pop_front());
            }
            if !queue.is_empty() && fits {
                self.tenants.push_back((tenant, queue));
            } else if !fits {
                self.tenants.push_front((tenant, queue));
                break;
            }
        }
        self.count = self.count.saturating_sub(taken.len());
        // What is left has waited already.
        self.since = self.since.filter(|_| self.count > 0);
        taken
    }
}

impl Waiting {
    fn give(&self, vector: Option<&Vec<f32>>) {
        let mut answer = self.reply.answer.lock().unwrap_or_else(PoisonError::into_inner);
        match (vector, answer.rows.get_mut(self.number)) {
            (Some(vector), Some(row)) => *row = Some(quantised(vector)),
            _ => answer.has_failed = true,
        }
        answer.left = answer.left.saturating_sub(1);
        self.reply.done.notify_all();
    }
}

impl Reply {
    /// The rows from the first on, all or those that are there at the moment; `None` when the computer failed.
    fn wait(&self, until: Option<Instant>) -> Option<Vec<Vec<i8>>> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        while answer.left > 0 && !answer.has_failed {
            let Some(until) = until else {
                answer = self.done.wait(answer).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            answer = self.done.wait_timeout(answer, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        (!answer.has_failed).then(|| std::mem::take(&mut answer.rows).into_iter().map_while(|row| row).collect())
    }
}
