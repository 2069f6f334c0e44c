//! Everything that reloads, in one value: swapped whole, so that no request sees half of a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::Timestamp;

use super::budget::Weights;
use super::scan_memory::ScanMemory;
use crate::audit::seal::Sealer;
use crate::config::{Limits, Waiting};
use crate::detect::Engine;
use crate::identity::{Callers, Purpose, RootKey};
use crate::leak::Scanner;
use crate::model::entry::Digest;
use crate::model::{BackendId, Catalogue, Dialect, Tier, Word};
use crate::policy::{BackendSet, Policy};
use crate::quota::Quota;
use crate::upstream::Pool;

/// One consistent state of the gateway.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// An emergency freeze that lasts.
    pub freeze: Option<Freeze>,
    /// A candidate that is evaluated beside the policy and never enforced. It has the same catalogue.
    pub shadow: Option<Arc<Policy>>,
    /// Its entity types and classes.
    pub catalogue: Arc<Catalogue>,
    /// The detectors.
    pub engine: Arc<Engine>,
    /// What texts were found to hold before; it outlives a reload.
    pub memory: Arc<ScanMemory>,
    /// The registered keys.
    pub callers: Arc<Callers>,
    /// What a client may ask for, and each backend's own name for it.
    pub models: BTreeMap<Word, BTreeMap<Word, Word>>,
    /// How requests wait for room, and what serves in the place of what.
    pub waiting: Arc<Waiting>,
    /// Connections to the backends.
    pub pool: Arc<Pool>,
    /// Comparison with protected documents.
    pub scanner: Arc<dyn Scanner>,
    /// The root of all keys.
    pub root: Arc<RootKey>,
    /// Seals content where policy wants it; `None` without custodians.
    pub sealer: Option<Arc<Sealer>>,
    /// How much callers may use.
    pub quota: Quota,
    /// Weights of tenants and apps when places are shared; 1 for those that are not there.
    pub weights: Arc<Weights>,
    /// Bounds that the operator set.
    pub limits: Limits,
}

/// An emergency freeze: until it ends only backends on premises are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// When it ends by itself.
    pub until: Timestamp,
    /// Who ordered it.
    pub by: Vec<Word>,
    /// Why.
    pub because: Word,
    /// SHA-256 of the order.
    pub order: Digest,
}

/// Generation of derived keys; it changes when an operator rotates the root.
pub(super) const EPOCH: &str = "1";

impl Snapshot {
    /// The backends that speak one of the dialects and serve the model, under names that the inventory binds, as a policy
    /// numbers them; and those at home that serve the smaller model.
    pub fn servable_of(
        &self,
        policy: &Policy,
        dialects: &[Dialect],
        (model, smaller): (&Word, Option<&Word>),
    ) -> BackendSet {
        let able = (0..).zip(policy.backends()).filter(|(_, backend)| {
            let is_home = backend.tier <= Tier::Domestic;
            self.serves(&backend.name, dialects, model)
                || smaller.is_some_and(|smaller| is_home && self.serves(&backend.name, dialects, smaller))
        });
        able.map(|(index, _)| BackendId(index)).collect()
    }

    /// Whether a backend speaks one of the dialects and serves the model, under a name that the inventory binds.
    pub fn serves(&self, backend: &Word, dialects: &[Dialect], model: &Word) -> bool {
        let Some(name) = self.upstream_model(model, backend) else { return false };
        let upstream = self.pool.backend(backend.as_str());
        upstream.is_some_and(|upstream| {
            dialects.iter().any(|dialect| upstream.speaks(*dialect)) && upstream.serves(name.as_str())
        })
    }

    /// Whether a freeze lasts at an instant.
    pub fn is_frozen(&self, now: Timestamp) -> bool {
        self.freeze.as_ref().is_some_and(|freeze| now < freeze.until)
    }

    /// The backend's own name for a model.
    pub fn upstream_model(&self, model: &Word, backend: &Word) -> Option<&Word> {
        self.models.get(model)?.get(backend)
    }

    /// The key of pseudonyms, stable within tenant and app.
    pub fn token_key(&self, tenant: &Word, app: &Word) -> hmac::Key {
        self.root.mac_key(Purpose::WireToken, &[tenant.as_str(), app.as_str(), EPOCH])
    }

    /// The key of the codes of cases, per tenant.
    pub fn case_key(&self, tenant: &Word) -> hmac::Key {
        self.root.mac_key(Purpose::SealCase, &[tenant.as_str()])
    }

    /// The key of content MACs in the record, per tenant and month (`2026-11`).
    pub fn content_key(&self, tenant: &Word, month: &str) -> hmac::Key {
        self.root.mac_key(Purpose::ContentMac, &[tenant.as_str(), month])
    }

    /// The key of hashes by which conversations meet their cache, per tenant.
    pub fn affinity_key(&self, tenant: &Word) -> hmac::Key {
        self.root.mac_key(Purpose::Affinity, &[tenant.as_str()])
    }
}
