//! The one thread that writes: it takes whatever waits, writes it as one batch, syncs once, then wakes all who wait.
//!
//! No timer delays what somebody waits for: a batch forms while the one before it is being synced. Outcomes, for which nobody
//! waits, may wait a moment for the next decision and share its sync. Entries get their number and time here.
//!
//! After a failed write or sync nothing is known about that file, so it is dropped and never written again. The batch goes,
//! once, to a new segment that begins with the same sequence number; what the failed file holds from that number on is not
//! part of the log, so nothing can stand in it twice. If that fails too, all who wait are told [`AuditError::Closed`], and so
//! is everybody from then on, until a new segment can be made: that is tried every [`RETRY_INTERVAL`](super::store::RETRY_INTERVAL), so that a disk that
//! has room again is used without a restart. Outcomes wait for that, in the places that were reserved for them. What is durable is
//! signed meanwhile, as soon as there is room for a checkpoint: else its end could be cut off unseen for as long as that lasts.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use octroi_verify::checkpoint::Checkpoint;
use octroi_verify::entry::{ENVELOPE_BYTES_MAX, Kind, wrap};
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::note::SignerKey;
use octroi_verify::problem::ProblemKind;
use octroi_verify::relations::Relations;
use octroi_verify::segment::{BATCH_BYTES_MAX, BATCH_FRAME_BYTES, BatchBuilder, FRAME_HEAD_BYTES, Header};
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::Place;

use super::access;
use super::log::{AuditError, Position};
use super::queue::{Item, Wake};
use super::shared::Shared;
use super::state::State;
use super::storage::{Storage, replace};
use super::store::Clock;
use super::tail::{Segments, Tail};
use super::upkeep::Upkeep;
use crate::limits::AUDIT_BATCH_MAX;

/// The writer of a log.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Clock,
    pub(super) key: SignerKey,
    pub(super) tree: Frontier,
    /// The story so far, by the verifier's own rules: what it would not accept is not written.
    pub(super) relations: Relations,
    pub(super) segments: Segments,
    /// The segment that is being written; `None` when the next batch needs a new one.
    pub(super) tail: Option<Tail>,
    /// Where the log ends: behind the last entry that is durable. `None` before the first one.
    pub(super) end: Option<Place>,
    pub(super) signed: u64,
    pub(super) signed_at: Instant,
    pub(super) checkpoint_interval: Duration,
    pub(super) retry_interval: Duration,
    /// What the log records of itself.
    pub(super) upkeep: Upkeep,
    /// Outcomes that wait for the storage to work again.
    pub(super) held: VecDeque<Item>,
}

impl fmt::Debug for Committer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committer").field("size", &self.tree.size()).finish_non_exhaustive()
    }
}

/// A batch in the form in which it is written, and what holds once it is.
struct Batch {
    bytes: Vec<u8>,
    count: usize,
    tree: Frontier,
}

impl Committer {
    /// Writes until the log is stopped and nothing waits any more; then signs.
    pub(super) fn run(mut self) {
        let mut items = VecDeque::with_capacity(AUDIT_BATCH_MAX);
        loop {
            match self.shared.queue.drain(AUDIT_BATCH_MAX, Some(self.due()), &mut items) {
                Wake::Stopped => break,
                Wake::Due if !self.shared.is_healthy() => self.recover(),
                Wake::Due => {}
                Wake::Items => {
                    self.admit(&mut items);
                    if self.shared.is_healthy() { self.take(&mut items) } else { self.refuse(&mut items) }
                }
            }
            if self.upkeep.due().is_zero() && self.shared.is_healthy() {
                self.upkeep();
            }
            if self.is_unsigned() && self.signed_at.elapsed() >= self.checkpoint_interval {
                self.sign();
            }
        }
        self.finish();
    }

    /// Writes entries that nobody else can have handed in yet. Used while the log opens.
    pub(super) fn write_first(&mut self, mut items: VecDeque<Item>) -> io::Result<()> {
        self.admit(&mut items);
        while !items.is_empty() {
            self.write_batch(&mut items)?;
        }
        self.try_sign()
    }

    /// How long to wait when nothing comes in.
    fn due(&self) -> Duration {
        if !self.shared.is_healthy() {
            return self.retry_interval;
        }
        let sign = self.is_unsigned().then(|| self.checkpoint_interval.saturating_sub(self.signed_at.elapsed()));
        sign.unwrap_or(Duration::MAX).min(self.upkeep.due())
    }

    /// Adds what was turned away before it reached the queue.
    fn count_refused(&mut self) {
        self.upkeep.refuse(self.shared.take_refused());
    }

    /// Writes what the log records of itself: that it lives, and who read it.
    fn upkeep(&mut self) {
        self.count_refused();
        let mut items = self.upkeep.entries(self.relations.open().len());
        let accesses = access::waiting(self.storage.as_ref());
        items.extend(accesses.iter().map(|(_, item)| item.again()));
        self.take(&mut items);
        if self.shared.is_healthy() {
            for (name, _) in accesses {
                access::done(self.storage.as_ref(), &name);
            }
        }
    }

    fn take(&mut self, items: &mut VecDeque<Item>) {
        while !items.is_empty() {
            if let Err(error) = self.write_batch(items) {
                tracing::error!(error = %error.kind(), "The audit log cannot write: requests are refused");
                self.shared.set_healthy(false);
                self.upkeep.failed((self.clock)());
                self.refuse(items);
                // At once, and again with each attempt to write: nobody knows how long this lasts.
                if self.is_unsigned() {
                    self.sign();
                }
                return;
            }
        }
    }

    /// Writes as many entries from the front as one batch takes. After an error none of them is in the log.
    fn write_batch(&mut self, items: &mut VecDeque<Item>) -> io::Result<()> {
        let Some(first) = items.front() else {
            return Ok(());
        };
        let first_bytes = first.body.len() + ENVELOPE_BYTES_MAX;
        let mut failed = None;
        for _ in 0..2 {
            let mut tail = match self.tail.take().filter(|tail| tail.fits(first_bytes)) {
                Some(tail) => tail,
                None => self.segments.create(self.header())?,
            };
            let batch = self.build(items, tail.room());
            match tail.write(&batch.bytes) {
                Ok(()) => {
                    if tail.half_full() {
                        self.segments.prepare();
                    }
                    self.end = Some(tail.place(batch.tree.size()));
                    self.tail = Some(tail);
                    self.durable(batch, items);
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(error = %error.kind(), "An audit segment failed and is given up");
                    failed = Some(error);
                }
            }
        }
        Err(failed.unwrap_or_else(|| io::ErrorKind::Other.into()))
    }

    fn build(&self, items: &VecDeque<Item>, room: usize) -> Batch {
        let time = format!("{:.9}", (self.clock)());
        let bytes_max = room.min(BATCH_FRAME_BYTES + BATCH_BYTES_MAX);
        let taken = || items.iter().take(AUDIT_BATCH_MAX);
        let wanted: usize = taken().map(|item| item.body.len() + ENVELOPE_BYTES_MAX + FRAME_HEAD_BYTES).sum();
        let mut builder = BatchBuilder::with_room((BATCH_FRAME_BYTES + wanted).min(bytes_max));
        let (mut tree, mut count) = (self.tree.clone(), 0);
        for item in taken() {
            if builder.bytes_with(item.body.len() + ENVELOPE_BYTES_MAX) > bytes_max {
                break;
            }
            let seq = tree.size();
            tree.push(leaf_hash(builder.push_with(|out| wrap(&item.body, seq, &time, out))));
            count += 1;
        }
        Batch { bytes: builder.finish(self.tree.size()), count, tree }
    }

    /// Does what follows from a batch being durable: only now does anybody hear of it.
    fn durable(&mut self, batch: Batch, items: &mut VecDeque<Item>) {
        let first_seq = self.tree.size();
        self.tree = batch.tree;
        self.shared.set_head(&self.tree, self.signed);
        let mut places = 0;
        for (item, seq) in items.iter_mut().take(batch.count).zip(first_seq..) {
            places += usize::from(item.placed);
            self.upkeep.decisions += u64::from(item.about.kind == Kind::Decision);
            answer(item.reply.take(), Ok(Position { seq }));
        }
        self.shared.queue.give_back(places);
        // Those who wait are told before memory is given back.
        drop(items.drain(..batch.count));
    }

    /// Turns away what does not fit the entries before it.
    fn admit(&mut self, items: &mut VecDeque<Item>) {
        let before = items.len();
        for mut item in items.split_off(0) {
            match self.relations.take(&item.about) {
                Ok(()) => items.push_back(item),
                Err((kind, what)) => {
                    let full = kind == ProblemKind::TooManyOpen;
                    answer(item.reply.take(), Err(if full { AuditError::Full } else { AuditError::Misplaced }));
                    tracing::error!(kind = item.about.kind.name(), what, "An audit entry does not fit and is left out");
                }
            }
        }
        self.shared.queue.give_back(before.saturating_sub(items.len()));
    }

    /// Refuses admitted entries while the storage does not work. Outcomes are kept for when it does, unless their decision
    /// is among those refused.
    fn refuse(&mut self, items: &mut VecDeque<Item>) {
        let placed = |items: &VecDeque<Item>| items.iter().filter(|item| item.placed).count();
        let before = placed(&self.held).saturating_add(placed(items));
        let (mut lost, mut refused) = (HashSet::new(), 0);
        for mut item in items.drain(..) {
            if !item.placed {
                // What the log records of itself waits where it came from.
                continue;
            }
            let Some(reply) = item.reply.take() else {
                self.held.push_back(item);
                continue;
            };
            if let (Kind::Decision, Some(request)) = (item.about.kind, item.about.request) {
                self.relations.forget(request);
                lost.insert(request);
            }
            answer(Some(reply), Err(AuditError::Closed));
            refused += 1;
        }
        self.upkeep.refuse(refused);
        self.held.retain(|item| item.about.request.is_none_or(|request| !lost.contains(&request)));
        self.shared.queue.give_back(before.saturating_sub(placed(&self.held)));
    }

    /// Tries to write again in a new segment.
    fn recover(&mut self) {
        match self.segments.create(self.header()) {
            Ok(tail) => {
                self.tail = Some(tail);
                self.shared.set_healthy(true);
                tracing::info!("The audit log can write again");
                let mut held = std::mem::take(&mut self.held);
                self.count_refused();
                if let Some(gap) = self.upkeep.gap() {
                    held.push_front(gap);
                }
                self.take(&mut held);
                // One that could not be written either is told with the next, from the first failure on.
                if self.shared.is_healthy() {
                    self.upkeep.gap_told();
                }
            }
            Err(error) => {
                self.count_refused();
                tracing::warn!(error = %error.kind(), "The audit log still cannot write");
            }
        }
    }

    fn header(&self) -> Header {
        Header {
            number: self.segments.next_number(),
            first_seq: self.tree.size(),
            root: self.tree.root(),
            origin: self.key.verifier().name().to_owned(),
        }
    }

    fn is_unsigned(&self) -> bool {
        self.signed < self.tree.size()
    }

    fn sign(&mut self) {
        if let Err(error) = self.try_sign() {
            // What is durable stays durable; the next attempt comes after the interval.
            tracing::error!(error = %error.kind(), "The audit checkpoint could not be written");
            self.signed_at = now();
        }
    }

    /// Signs what is durable. The state goes first: it remembers the size that is about to be published.
    fn try_sign(&mut self) -> io::Result<()> {
        let Some(place) = self.end else {
            return Ok(());
        };
        let origin = self.key.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size: self.tree.size(), root: self.tree.root() }.sign(&self.key);
        // A request whose outcome is held is open to whoever reads the log up to here.
        let held = self.held.iter().filter(|item| item.about.kind == Kind::Outcome);
        let open = self.relations.open().chain(held.filter_map(|item| item.about.request)).collect();
        State { tree: self.tree.clone(), place, open }.save(self.storage.as_ref(), &checkpoint)?;
        replace(self.storage.as_ref(), CHECKPOINT, checkpoint.as_bytes(), false)?;
        (self.signed, self.signed_at) = (self.tree.size(), now());
        self.shared.set_head(&self.tree, self.signed);
        Ok(())
    }

    /// Says goodbye: outcomes that are held get a last chance, and what is durable is signed.
    fn finish(&mut self) {
        if !self.shared.is_healthy() {
            self.recover();
        }
        if self.shared.is_healthy() {
            self.upkeep();
        }
        if let Some(stop) = self.shared.last_entry()
            && self.shared.is_healthy()
        {
            self.take(&mut VecDeque::from([stop]));
        }
        if self.is_unsigned() {
            self.sign();
        }
        self.shared.set_healthy(false);
    }
}

/// Tells whoever waits.
fn answer(
    reply: Option<tokio::sync::oneshot::Sender<Result<Position, AuditError>>>,
    answer: Result<Position, AuditError>,
) {
    if reply.is_some_and(|reply| reply.send(answer).is_err()) {
        tracing::debug!("A request was given up before its audit entry was written");
    }
}

#[expect(clippy::disallowed_methods, reason = "the committer's own waiting time, never recorded")]
pub(super) fn now() -> Instant {
    Instant::now()
}
