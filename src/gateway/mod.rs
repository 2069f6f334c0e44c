//! The gateway: accepts requests, leads each through the journey, and turns refusals into answers.
//!
//! tower layers stand at the edge only; inside is one straight function, [`journey`]. Each stage takes the type that the one
//! before it made, so that none can be skipped. `docs/journey.md` follows a request through this folder.

pub mod accept;
mod allowed;
mod alternatives;
mod attend;
pub mod body;
pub mod budget;
mod charge;
mod cite;
pub mod credentials;
pub mod dispatch;
pub mod edge;
pub mod end;
pub mod entries;
pub mod examine;
mod exhausted;
mod fitted;
pub mod journey;
pub mod kept;
mod landing;
pub mod ledger;
mod line;
mod linger;
mod logprobs;
pub mod outbound;
pub mod overload;
mod pace;
pub mod peer;
mod pick;
mod plain;
mod prefix;
pub mod record;
mod residue;
pub mod respond;
pub mod restore;
mod retries;
pub mod route;
pub mod scan_memory;
mod sealed;
pub mod server;
pub mod shadow;
pub mod snapshot;
mod source;
mod threads;
pub mod tls;
mod trace;
pub mod upload;
mod waiting;
pub mod whole;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::rand;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::snapshot::Snapshot;
use crate::audit::AuditLog;
use crate::limits;
use crate::model::entry::RequestId;
use crate::telemetry::Telemetry;

/// A body that breaks off on purpose: the backend's answer did, and a clean end would be a lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off")]
pub struct BrokenOff;

/// The body of every answer.
pub type Body = UnsyncBoxBody<Bytes, BrokenOff>;

/// What every request needs and no reload replaces.
#[derive(Debug)]
pub struct Gate {
    /// The state that reloads.
    current: ArcSwap<Snapshot>,
    /// The log.
    pub audit: Arc<dyn AuditLog>,
    /// Metrics and events.
    pub telemetry: Arc<Telemetry>,
    /// Memory that bodies may take together.
    pub budget: budget::Budget,
    /// Room for requests in work, whoever sends them.
    pub requests: Arc<Semaphore>,
    /// What may be tried again within a tier.
    retries: retries::Budget,
    /// Those who wait for room at a backend.
    room: waiting::Room,
    /// How much of its own work the gateway takes on.
    pub overload: overload::Overload,
    /// The same, shared out between tenants.
    pub places: budget::Budget,
    /// The same, shared out between apps.
    pub app_places: budget::Budget,
    /// Held while the log takes changes of keys, so that it takes each once.
    keys: tokio::sync::Mutex<()>,
    /// Answers that are being sealed. The log stays open until they are.
    sealing: TaskTracker,
    /// Told when another snapshot comes into force.
    replaced: tokio::sync::Notify,
    /// Done when the gateway cuts what has not ended by itself, since it stops.
    pub cut: CancellationToken,
}

impl Gate {
    /// Opens the gate on a first snapshot.
    pub fn new(snapshot: Arc<Snapshot>, audit: Arc<dyn AuditLog>, telemetry: Arc<Telemetry>) -> Self {
        let requests = Arc::new(Semaphore::new(snapshot.limits.requests));
        let places = budget::Budget::of_places(snapshot.limits.requests);
        let app_places = budget::Budget::of_app_places(snapshot.limits.requests);
        places.weigh(&snapshot.weights.tenants);
        let budget = budget::Budget::new(bounds(&snapshot));
        let retries = retries::Budget::new();
        let (room, overload) = (waiting::Room::default(), overload::Overload::new(&snapshot));
        let keys = tokio::sync::Mutex::default();
        let current = ArcSwap::new(snapshot);
        let (sealing, cut) = (TaskTracker::new(), CancellationToken::new());
        Self {
            current,
            audit,
            telemetry,
            budget,
            requests,
            retries,
            room,
            overload,
            places,
            app_places,
            keys,
            sealing,
            replaced: tokio::sync::Notify::new(),
            cut,
        }
    }

    /// Returns when the answers of requests that have ended are sealed and their outcomes are on their way to the log, or when
    /// that takes too long: then the next start records that their ends are not known.
    pub async fn sealed(&self) {
        self.sealing.close();
        if tokio::time::timeout(limits::SEALING_DEADLINE, self.sealing.wait()).await.is_err() {
            tracing::error!(answers = self.sealing.len(), "Answers are not sealed in time");
        }
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// The snapshot that decides now. When the validity of a policy ends, the one that is compiled for the time behind it is waited
    /// for, a moment: under the old one nothing but backends on premises would be allowed, and a client takes a refusal for final.
    pub async fn in_force(&self) -> Arc<Snapshot> {
        loop {
            let replaced = self.replaced.notified();
            let (snapshot, now) = (self.snapshot(), self.now());
            let Some(ended) = snapshot.policy.valid_until().filter(|until| *until <= now) else { return snapshot };
            let since = Duration::try_from(now.duration_since(ended)).unwrap_or(Duration::MAX);
            let Some(left) = limits::RENEWAL_WAIT.checked_sub(since) else { return snapshot };
            if tokio::time::timeout(left, replaced).await.is_err() {
                return self.snapshot();
            }
        }
    }

    /// Puts a new snapshot in force; requests in work keep theirs, their further attempts must pass both.
    pub fn replace(&self, snapshot: Arc<Snapshot>) {
        self.budget.set(bounds(&snapshot));
        self.overload.set(&snapshot);
        self.places.weigh(&snapshot.weights.tenants);
        self.current.store(snapshot);
        self.replaced.notify_waiters();
    }

    /// The time, for decisions.
    #[expect(clippy::disallowed_methods, reason = "the gateway is the layer that knows the time and passes it down")]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// A new request id.
    #[expect(clippy::disallowed_methods, reason = "the gateway is the layer that makes ids and passes them down")]
    pub fn new_id(&self) -> RequestId {
        RequestId(*uuid::Uuid::now_v7().as_bytes())
    }

    /// Fresh randomness for pseudonyms that must not be linked. `None` when the system gives none: then nothing is sent.
    pub fn salt(&self) -> Option<[u8; 16]> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).ok().map(|()| salt)
    }
}

/// How much memory bodies may take, as the operator says.
fn bounds(snapshot: &Snapshot) -> budget::Bounds {
    budget::Bounds { all: snapshot.limits.bodies_bytes, each: snapshot.limits.tenant_bodies_bytes }
}
