//! What the front of the log and its committer share: the queue, the head, and whether it can be written.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use octroi_verify::merkle::Frontier;

use super::body::prepare;
use super::clock::Watch;
use super::log::{AuditError, Head, Place};
use super::queue::{Item, Queue};
use crate::model::entry::Entry;

/// What the front and the committer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) watch: Watch,
    head: Mutex<Head>,
    healthy: AtomicBool,
    fenced: AtomicBool,
    /// Entries turned away since the committer last asked, because the storage fails.
    refused: AtomicU64,
    last_entry: Mutex<Option<Item>>,
}

impl Shared {
    pub(super) fn new(queue_max: usize, tree: &Frontier, signed: u64) -> Self {
        Self {
            queue: Queue::new(queue_max),
            watch: Watch::new(),
            head: Mutex::new(Head { size: tree.size(), root: tree.root().0, signed }),
            healthy: AtomicBool::new(true),
            fenced: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            last_entry: Mutex::new(None),
        }
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }

    /// Whether entries may be handed in.
    pub(super) fn check(&self) -> Result<(), AuditError> {
        if self.is_healthy() {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(self.closed())
    }

    pub(super) fn take_refused(&self) -> u64 {
        self.refused.swap(0, Ordering::Relaxed)
    }

    /// Why nothing can be written.
    pub(super) fn closed(&self) -> AuditError {
        if self.fenced.load(Ordering::Acquire) { AuditError::Fenced } else { AuditError::Closed }
    }

    pub(super) fn take_place(&self) -> Result<(), AuditError> {
        self.queue.take_place().map_err(|error| if error == AuditError::Closed { self.closed() } else { error })
    }

    /// A writer of a later epoch has the log.
    pub(super) fn set_fenced(&self) {
        self.fenced.store(true, Ordering::Release);
    }

    pub(super) fn set_healthy(&self, healthy: bool) {
        self.healthy.store(healthy, Ordering::Release);
    }

    pub(super) fn head(&self) -> Head {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_head(&self, tree: &Frontier, signed: u64) {
        let head = Head { size: tree.size(), root: tree.root().0, signed };
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }

    /// The entry to write when the log stops.
    pub(super) fn last_entry(&self) -> Option<Item> {
        self.last_entry.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn set_last_entry(&self, item: Item) {
        *self.last_entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
    }
}

/// A place in the queue for an outcome.
pub(super) struct Reserved {
    shared: Arc<Shared>,
    unused: bool,
}

impl Reserved {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), unused: true }
    }
}

impl Place for Reserved {
    fn submit(mut self: Box<Self>, entry: Entry) {
        match prepare(&entry) {
            Ok(item) => {
                // The committer gives the place back. After the log has stopped the next start records the outcome.
                self.unused = self.shared.queue.push(item).is_err();
            }
            // By its types an outcome is a hundredth of the limit.
            Err(error) => tracing::error!(%error, "An outcome could not be recorded"),
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.unused {
            self.shared.queue.give_back(1);
        }
    }
}
